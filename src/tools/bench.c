/* vqa bench: how long loading, encoding a picture, hearing a sound and answering take, or writing down a sound, and what of it. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "handle.h"
#include "image/decode.h"
#include "tools/files.h"
#include "tools/profile.h"
#include "tools/tools.h"

enum { MAX_RUNS = 1000 };

typedef enum { LOAD, DECODE, RESIZE, ENCODE, HEAR, ANSWER, STAGES } stage;

static const char *const stage_names[STAGES] = {
    [LOAD] = "load",
    [DECODE] = "decode",
    [RESIZE] = "resize, normalise",
    [ENCODE] = "decode, resize, encode",
    [HEAR] = "hear",
    [ANSWER] = "answer",
};

typedef struct {
    const char *model, *picture, *speech, *question; /* no picture: the speech is written down */
    uint8_t *bytes, *wav;                            /* of the files, or NULL */
    size_t size, wav_size;
    int threads;
    vqa_precision keep;
    bool explain;
    double ms[STAGES][MAX_RUNS];
} bench;

static vqa *open_model(bench *b, int run)
{
    double start = clock_now();
    vqa *v = tool_open(b->model, b->threads, b->keep);
    b->ms[LOAD][run] = clock_now() - start;
    return v;
}

/* What vqa_encode() does before the encoder. */
static bool decode(bench *b, const vqa *v, int run)
{
    error err;
    image pixels8;
    int width, height;
    double start = clock_now();
    if (!image_decode(b->bytes, b->size, (decode_options){ 0 }, &pixels8, &err)) {
        tool_failed("%s: %s", b->picture, err.text);
        return false;
    }
    b->ms[DECODE][run] = clock_now() - start;
    float *pixels = NULL;
    bool ok =
        preprocess_size(&v->preprocessor, pixels8.width, pixels8.height, &width, &height, &err);
    if (ok && !(pixels = malloc(3 * (size_t)width * (size_t)height * sizeof *pixels)))
        ok = fail_memory(&err, "not enough memory for the picture");
    start = clock_now();
    if (!ok || !preprocess(&v->preprocessor, &pixels8, NULL, pixels, &err))
        ok = tool_failed("%s: %s", b->picture, err.text) == TOOL_OK;
    b->ms[RESIZE][run] = clock_now() - start;
    free(pixels);
    image_free(&pixels8);
    return ok;
}

/* Whether it is part of a run. */
static bool takes_place(const bench *b, stage s)
{
    return s == HEAR ? b->speech != NULL : s == LOAD || s == ANSWER || b->picture;
}

/* A stage has ended, with an id or a status. in[stage]: what the kernels did, where they are those of
 * profile_kernels(). */
static bool ended(bench *b, vqa *v, stage s, int run, double start, int status, profile in[STAGES])
{
    b->ms[s][run] = clock_now() - start;
    in[s] = profile_take();
    if (status >= 0) return true;
    tool_failed("%s: %s",
                s == ENCODE ? b->picture
                : s == HEAR ? b->speech
                            : b->model,
                vqa_error(v));
    return false;
}

static bool encode_and_answer(bench *b, vqa *v, int run, profile in[STAGES])
{
    int picture = 0, sound = 0, status;
    profile_take();
    double start = clock_now();
    if (b->picture) {
        picture = vqa_encode(v, b->bytes, b->size);
        if (!ended(b, v, ENCODE, run, start, picture, in)) return false;
        start = clock_now();
    }
    if (b->speech) {
        sound = vqa_hear(v, b->wav, b->wav_size);
        if (!ended(b, v, HEAR, run, start, sound, in)) return false;
        start = clock_now();
    }
    if (b->picture)
        status = vqa_ask(v, picture, sound, b->question, strlen(b->question), 5);
    else
        status = vqa_transcribe(v, sound, "", 0);
    bool ok = ended(b, v, ANSWER, run, start, status, in);
    if (picture) vqa_close_picture(v, picture);
    if (sound) vqa_close_sound(v, sound);
    return ok;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print_times(const char *what, double *ms, int runs)
{
    double first = ms[0];
    qsort(ms, (size_t)runs, sizeof *ms, by_value);
    printf("%-26s median %9.3f ms   fastest %9.3f ms   first %9.3f ms\n", what, ms[runs / 2], ms[0],
           first);
}

/* Once more with clocks in the kernels: the fastest run of each stage. */
static bool print_profiles(bench *b, vqa *v, int runs)
{
    static profile now[STAGES], fastest[STAGES];
    double ms[STAGES] = { 0 };
    const kernels *k = v->compute.k;
    v->compute.k = profile_kernels(k);
    for (int r = 0; r < runs; r++) {
        if (!encode_and_answer(b, v, r, now)) return false;
        for (int s = ENCODE; s <= ANSWER; s++)
            if (r == 0 || b->ms[s][r] < ms[s]) {
                ms[s] = b->ms[s][r];
                fastest[s] = now[s];
            }
    }
    v->compute.k = k;
    for (int s = ENCODE; s <= ANSWER; s++) {
        if (!takes_place(b, s)) continue;
        printf("\n%s: the fastest of %d more runs, with clocks, %.3f ms%s\n", stage_names[s], runs,
               ms[s], b->threads > 1 ? " of each thread" : "");
        profile_print(&fastest[s], ms[s], b->threads);
    }
    return true;
}

static bool measure(bench *b, int runs)
{
    static profile unused[STAGES];
    vqa *v = NULL;
    for (int r = 0; r < runs; r++) {
        vqa_free(v);
        if (!(v = open_model(b, r))) return false;
    }
    vqa_set_explain(v, b->explain);
    bool ok = true;
    for (int r = 0; r < runs && ok; r++)
        ok = (!b->picture || decode(b, v, r)) && encode_and_answer(b, v, r, unused);
    if (ok) {
        printf("%s, kernels %s, %d threads, %d runs\n", b->model, v->compute.k->name, b->threads,
               runs);
        for (int s = 0; s < STAGES; s++)
            if (takes_place(b, s)) print_times(stage_names[s], b->ms[s], runs);
        ok = print_profiles(b, v, runs);
    }
    vqa_free(v);
    return ok;
}

int command_bench(int argc, char **argv)
{
    static const struct option options[] = { { "precision", required_argument, NULL, 'p' },
                                             { "explain", no_argument, NULL, 'e' },
                                             { "speech", required_argument, NULL, 's' },
                                             { 0 } };
    static bench b;
    int runs = 20;
    bool ok = true;
    b = (bench){ .threads = 1, .keep = VQA_FLOAT };
    for (int o; ok && (o = getopt_long(argc, argv, "n:t:p:", options, NULL)) != -1;) {
        if (o == 'p')
            b.keep = tool_precision(optarg, &ok);
        else if (o == 'e')
            b.explain = true;
        else if (o == 's')
            b.speech = optarg;
        else if (o == 'n')
            runs = tool_number("-n", optarg, 1, MAX_RUNS, &ok);
        else if (o == 't')
            b.threads = tool_number("-t", optarg, 1, 64, &ok);
        else
            return tool_bad_option(argv);
    }
    if (!ok) return TOOL_USAGE;
    int given = argc - optind;
    if (given != 3 && !(b.speech && (given == 1 || given == 2)))
        return tool_usage("bench takes a model, a picture and a question, in words or as --speech; "
                          "or a model and --speech");
    b.model = argv[optind];
    b.picture = given > 1 ? argv[optind + 1] : NULL;
    b.question = given > 2 ? argv[optind + 2] : "";
    error err;
    ok = (!b.picture || (b.bytes = file_read(b.picture, &b.size, &err))) &&
         (!b.speech || (b.wav = file_read(b.speech, &b.wav_size, &err)));
    if (!ok) tool_failed("%s", err.text);
    ok = ok && measure(&b, runs);
    free(b.bytes);
    free(b.wav);
    return ok ? TOOL_OK : TOOL_FAILED;
}
