/* vqa eval: accuracy on questions with known answers, overall, per answer type and per question
 * type; with annotations that of VQA v2. */
#include <cjson/cJSON.h>
#include <ctype.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/utf8.h"
#include "format/json.h"
#include "tools/tally.h"
#include "tools/tools.h"
#include "tools/vqav2.h"

enum { MAX_TYPES = 2000 };

typedef struct {
    tally of[MAX_TYPES];
    int count;
} tallies;

typedef struct {
    vqa *v;
    bool official;    /* the metric of VQA v2 */
    bool blank;       /* a grey picture takes the place of all */
    double sure_from; /* the score from which on an answer is sure; 0: values have no scores */
    int picture;      /* that is open, so that it is encoded once for its questions; 0: none */
    tally total;
    tallies answer_types, question_types;
} evaluation;

static tally *find(tallies *t, const char *name)
{
    int i = 0;
    while (i < t->count && strcmp(t->of[i].name, name) != 0) i++;
    if (i == MAX_TYPES)
        i = MAX_TYPES - 1; /* what comes too late is counted with the last */
    else if (i == t->count)
        snprintf(t->of[t->count++].name, TALLY_NAME, "%s", name);
    return &t->of[i];
}

/* VQA v2's three answer types: the record's own, or what the answer looks like. */
static const char *answer_type(const cJSON *record, const char *answer)
{
    const char *given = json_text(record, "answer_type", NULL);
    if (given) return given;
    if (strcasecmp(answer, "yes") == 0 || strcasecmp(answer, "no") == 0) return "yes/no";
    const char *c = answer;
    while (isdigit((unsigned char)*c)) c++;
    return c > answer && *c == 0 ? "number" : "other";
}

/* The record's own "question_type" or "type", else the question's first two words in lower case. */
static void question_type(const cJSON *record, const char *question, char type[TALLY_NAME])
{
    const char *given = json_text(record, "question_type", json_text(record, "type", NULL));
    size_t length = given ? strlen(given) : strcspn(question, " ?");
    if (!given && question[length] == ' ') length += 1 + strcspn(question + length + 1, " ?");
    if (length >= TALLY_NAME) length = TALLY_NAME - 1;
    length = utf8_valid(given ? given : question, length); /* no half code point at the end */
    memcpy(type, given ? given : question, length);
    type[length] = 0;
    for (char *c = type; *c && !given; c++) *c = (char)tolower((unsigned char)*c);
}

static void show_progress(const evaluation *e, bool last)
{
    if (isatty(2))
        fprintf(stderr, "\r%d questions, %.2f %% right%s", e->total.all,
                100.0 * e->total.right / e->total.all, last ? "\n" : "");
    else if (e->total.all % 1000 == 0)
        fprintf(stderr, "%d questions, %.2f %% right\n", e->total.all,
                100.0 * e->total.right / e->total.all);
}

static int encode(const evaluation *e, const picture_question *q)
{
    static const uint8_t grey[4] = { 128, 128, 128, 255 };
    return e->blank ? vqa_encode_pixels(e->v, grey, 1, 1) : vqa_encode(e->v, q->picture, q->size);
}

static bool ask_one(void *context, const picture_question *q, error *err)
{
    evaluation *e = context;
    const char *answer = json_text(q->record, "answer", e->official ? "" : NULL);
    if (!answer) return fail(err, "the record lacks a text \"answer\"");
    if (!q->same && !(e->blank && e->picture)) {
        if (e->picture) vqa_close_picture(e->v, e->picture);
        e->picture = encode(e, q);
        if (e->picture < 0) return fail(err, "%s: %s", q->file, vqa_error(e->v));
    }
    if (vqa_ask(e->v, e->picture, 0, q->question, strlen(q->question), 1) < 0)
        return fail(err, "%s", vqa_error(e->v));
    char type[TALLY_NAME];
    double right = strcasecmp(vqa_answer_text(e->v, 0), answer) == 0;
    if (e->official && !vqav2_score(vqa_answer_text(e->v, 0), q->record, &right, err)) return false;
    question_type(q->record, q->question, type);
    double score = vqa_answer_score(e->v, 0);
    tally *counted[] = { &e->total, find(&e->answer_types, answer_type(q->record, answer)),
                         find(&e->question_types, type) };
    for (int i = 0; i < 3; i++) tally_add(counted[i], right, score, score >= e->sure_from);
    if (e->total.all % 100 == 0) show_progress(e, false);
    return true;
}

static int by_size(const void *a, const void *b)
{
    return ((const tally *)b)->all - ((const tally *)a)->all;
}

static void print_scores(const tally *t, bool scored)
{
    if (scored)
        printf("; sure of %.1f %%, %.1f %% of those right; calibration error %.1f %%",
               100.0 * t->sure / t->all, t->sure ? 100.0 * t->sure_right / t->sure : 0,
               100.0 * tally_calibration_error(t));
    putchar('\n');
}

static void print_tallies(const char *title, tallies *t, bool scored)
{
    qsort(t->of, (size_t)t->count, sizeof *t->of, by_size);
    printf("%s\n", title);
    for (int i = 0; i < t->count; i++) {
        printf("  %-40s %6.2f %%  (%.10g of %d)", t->of[i].name,
               100.0 * t->of[i].right / t->of[i].all, t->of[i].right, t->of[i].all);
        print_scores(&t->of[i], scored);
    }
}

static void print_json(const evaluation *e)
{
    bool scored = e->sure_from > 0;
    cJSON *json = tally_json(&e->total, scored);
    const struct {
        const char *name;
        const tallies *t;
    } groups[] = { { "answer_types", &e->answer_types }, { "question_types", &e->question_types } };
    for (int g = 0; g < 2; g++) {
        cJSON *group = cJSON_AddObjectToObject(json, groups[g].name);
        for (int i = 0; i < groups[g].t->count; i++)
            cJSON_AddItemToObject(group, groups[g].t->of[i].name,
                                  tally_json(&groups[g].t->of[i], scored));
    }
    char *text = cJSON_Print(json);
    puts(text);
    cJSON_free(text);
    cJSON_Delete(json);
}

int command_eval(int argc, char **argv)
{
    static const struct option options[] = { { "json", no_argument, NULL, 'j' },
                                             { "precision", required_argument, NULL, 'p' },
                                             { "annotations", required_argument, NULL, 'a' },
                                             { "blank", no_argument, NULL, 'b' },
                                             { 0 } };
    int threads = tool_threads();
    vqa_precision keep = VQA_FLOAT;
    const char *annotations = NULL;
    bool json = false, blank = false, ok = true;
    for (int o; ok && (o = getopt_long(argc, argv, "t:jp:", options, NULL)) != -1;) {
        if (o == 'p')
            keep = tool_precision(optarg, &ok);
        else if (o == 't')
            threads = tool_number("-t", optarg, 1, 64, &ok);
        else if (o == 'j')
            json = true;
        else if (o == 'a')
            annotations = optarg;
        else if (o == 'b')
            blank = true;
        else
            return tool_bad_option(argv);
    }
    if (!ok) return TOOL_USAGE;
    if (argc - optind != 3)
        return tool_usage(
            "eval takes a model, a file of questions and a folder or .tar file of pictures");
    static evaluation e;
    error err;
    archive *pictures = NULL;
    if (!(e.v = tool_open(argv[optind], threads, keep))) return TOOL_FAILED;
    e.official = annotations != NULL;
    e.blank = blank;
    cJSON *info = cJSON_Parse(vqa_info(e.v));
    e.sure_from = cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(info, "sureFrom"));
    cJSON_Delete(info);
    ok = (pictures = archive_open(argv[optind + 2], &err)) != NULL &&
         (annotations ? vqav2_each(argv[optind + 1], annotations, pictures, ask_one, &e, &err)
                      : questions_each(argv[optind + 1], pictures, INT_MAX, ask_one, &e, &err));
    if (!ok)
        tool_failed("%s", err.text);
    else if (isatty(2))
        show_progress(&e, true);
    if (ok && json)
        print_json(&e);
    else if (ok) {
        printf("accuracy %.2f %% (%.10g of %d questions)", 100.0 * e.total.right / e.total.all,
               e.total.right, e.total.all);
        print_scores(&e.total, e.sure_from > 0);
        print_tallies("by answer type", &e.answer_types, e.sure_from > 0);
        print_tallies("by question type", &e.question_types, e.sure_from > 0);
    }
    archive_close(pictures);
    vqa_free(e.v);
    return ok ? TOOL_OK : TOOL_FAILED;
}
