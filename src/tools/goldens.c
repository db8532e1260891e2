/* vqa goldens: run every family of a fixtures folder that this engine knows, one line each.
 * What a folder holds is told by its files, so that another set of the same form runs too. */
#include "tools/goldens.h"

#include <dirent.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/json.h"
#include "tools/files.h"
#include "tools/tools.h"

bool golden_read(const char *folder, golden_data *g, error *err)
{
    *g = (golden_data){ 0 };
    if (!(g->cases = json_read_in(folder, "cases.json", err)) ||
        !tensors_read_in(folder, "inputs.safetensors", KEEP_AS_STORED, &g->inputs, err) ||
        !tensors_read_in(folder, "expected.safetensors", KEEP_AS_STORED, &g->expected, err))
        return false;
    g->list = cJSON_GetObjectItemCaseSensitive(g->cases, "cases");
    return cJSON_GetArraySize(g->list) > 0 || fail(err, "%s/cases.json lists no cases", folder);
}

void golden_free(golden_data *g)
{
    cJSON_Delete(g->cases);
    weights_free(&g->inputs);
    weights_free(&g->expected);
}

const weight *golden_input(const golden_data *g, const char *name, const char *input)
{
    char full[256];
    snprintf(full, sizeof full, "%s.%s", name, input);
    return weights_find(&g->inputs, full);
}

void golden_ints(const weight *t, int row, int *out)
{
    for (int i = 0; i < t->cols; i++)
        out[i] = (int)t->floats[(size_t)row * (size_t)t->cols + (size_t)i];
}

double golden_error(const float *got, const float *expected, size_t n)
{
    double difference = 0, largest = 1;
    for (size_t i = 0; i < n; i++) {
        double d = fabs((double)got[i] - (double)expected[i]);
        if (!(d <= difference)) difference = d; /* NaN counts as larger */
        if (fabs((double)expected[i]) > largest) largest = fabs((double)expected[i]);
    }
    return difference / largest;
}

double golden_cosine(const float *a, const float *b, size_t n)
{
    double ab = 0, aa = 0, bb = 0;
    for (size_t i = 0; i < n; i++)
        ab += (double)a[i] * b[i], aa += (double)a[i] * a[i], bb += (double)b[i] * b[i];
    return ab / sqrt(aa * bb);
}

void golden_show(void *context, const char *output, int layer, tensor value)
{
    golden_watch *w = context;
    char name[256];
    bool layered = strcmp(output, "hidden_states") == 0;
    snprintf(name, sizeof name, layered ? "%s.%s.%d" : "%s.%s", w->name, output, layer);
    const weight *t = weights_find(&w->data->expected, name);
    if (!t) return;
    size_t total = (size_t)t->rows * (size_t)t->cols, each = total / (size_t)w->batch,
           n = (size_t)value.rows * (size_t)value.cols;
    bool first_rows = layered && n < each && value.cols == t->info.shape[t->info.rank - 1];
    double worst = each == n || first_rows
                       ? golden_error(value.data, t->floats + each * (size_t)w->row, n)
                       : INFINITY;
    w->compared++;
    if (!(worst <= w->worst)) {
        w->worst = worst;
        snprintf(w->worst_output, sizeof w->worst_output, "%.127s", name);
    }
}

bool golden_check(const golden_watch *w, const cJSON *golden_case, double allowed,
                  golden_result *result, error *err)
{
    int rows = 0; /* of all outputs; each was to be compared */
    const cJSON *output;
    cJSON_ArrayForEach(output, cJSON_GetObjectItemCaseSensitive(golden_case, "outputs"))
    {
        const cJSON *shape = cJSON_GetObjectItemCaseSensitive(output, "shape");
        rows += cJSON_GetArraySize(shape) ? cJSON_GetArrayItem(shape, 0)->valueint : 1;
    }
    result->cases++;
    if (!(w->worst <= result->worst)) result->worst = w->worst;
    if (w->compared != rows)
        return fail(err, "case '%s': %d of %d rows of outputs were compared", w->name, w->compared,
                    rows);
    if (!(w->worst <= allowed))
        return fail(err, "'%s' is off by %.3g, allowed are %.3g", w->worst_output, w->worst,
                    allowed);
    return true;
}

static const struct {
    const char *model_type;
    golden_family *family;
} encoders[] = {
    { "bert", golden_bert },
    { "vit", golden_vit },
    { "vit_hybrid", golden_classical },
    { "clip", golden_clip },
    { "audio-spectrogram-transformer", golden_ast },
    { "whisper", golden_whisper },
    { "resnet", golden_classical },
    { "mobilenet_v2", golden_classical },
    { "gru", golden_classical },
    { "lstm", golden_classical },
    { "multimodal", golden_multimodal },
};

/* A kind of fixture, and what its folder has. */
static golden_family *family_of(const char *folder, char *type, size_t size)
{
    error err;
    *type = 0;
    if (file_exists_in(folder, "decode_cases.json")) {
        snprintf(type, size, "tokenizer");
        return file_exists_in(folder, "vocab.txt") ? golden_wordpiece : NULL;
    }
    if (file_exists_in(folder, "merges.txt") && !file_exists_in(folder, "config.json"))
        return golden_bpe;
    if (file_exists_in(folder, "processors")) return golden_preprocess;
    if (file_exists_in(folder, "invalid")) return golden_safetensors;
    snprintf(type, size, "no model");
    if (file_exists_in(folder, "audio_16k_mono.wav") && !file_exists_in(folder, "config.json"))
        return golden_logmel;
    cJSON *config =
        file_exists_in(folder, "config.json") ? json_read_in(folder, "config.json", &err) : NULL;
    if (config) snprintf(type, size, "%s", json_text(config, "model_type", "no model_type"));
    bool known = config && model_known(config, &err);
    cJSON_Delete(config);
    for (size_t i = 0; i < sizeof encoders / sizeof *encoders; i++)
        if (strcmp(type, encoders[i].model_type) == 0) return encoders[i].family;
    if (!known) return NULL;
    return file_exists_in(folder, "manifest.json") ? golden_realistic : golden_fusion;
}

typedef struct {
    const char *root, *only;
    bool small;
    compute compute;
    int ran, failed;
} goldens_run;

/* One folder of fixtures, `name` below the root. */
static void run_folder(goldens_run *run, const char *folder, const char *name)
{
    char type[64];
    error err;
    golden_family *family = family_of(folder, type, sizeof type);
    if (run->only && strncmp(name, run->only, strlen(run->only)) != 0) return;
    if (!family) {
        printf("%-30s not supported yet (%s)\n", name, type);
        return;
    }
    if (run->small && file_exists_in(folder, "manifest.json")) return;
    golden_result r = { .measure = "relative error" };
    bool ok = family(folder, &run->compute, &r, &err);
    if (ok)
        printf("%-30s ok      %4d cases, worst %s %.2g%s%s\n", name, r.cases, r.measure, r.worst,
               *r.note ? "; " : "", r.note);
    else
        printf("%-30s FAILED  %s\n", name, err.text);
    fflush(stdout);
    run->ran++;
    run->failed += !ok;
}

static int visible(const struct dirent *entry) { return entry->d_name[0] != '.'; }

/* Every folder below `folder` that has a cases.json, two levels deep at most, in order of name. */
static void run_folders(goldens_run *run, const char *folder, int levels)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, visible, alphasort);
    for (int i = 0; i < count; i++) {
        char path[4096];
        int length = snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        free(entries[i]);
        if (length >= (int)sizeof path || !file_is_folder(path)) continue;
        if (file_exists_in(path, "cases.json"))
            run_folder(run, path, path + strlen(run->root) + 1);
        else if (levels > 1)
            run_folders(run, path, levels - 1);
    }
    if (count >= 0) free(entries);
}

int command_goldens(int argc, char **argv)
{
    static const struct option options[] = { { "only", required_argument, NULL, 'o' },
                                             { "small", no_argument, NULL, 's' },
                                             { 0 } };
    goldens_run run = { 0 };
    int threads = tool_threads();
    bool ok = true;
    for (int o; (o = getopt_long(argc, argv, "t:o:s", options, NULL)) != -1 && ok;) {
        if (o == 't')
            threads = tool_number("-t", optarg, 1, 64, &ok);
        else if (o == 'o')
            run.only = optarg;
        else if (o == 's')
            run.small = true;
        else
            return tool_bad_option(argv);
    }
    if (!ok) return TOOL_USAGE;
    if (argc - optind != 1) return tool_usage("goldens takes a folder of fixtures");
    if (!file_is_folder(argv[optind]))
        return tool_failed("%s: there is no such folder", argv[optind]);
    run.root = argv[optind];
    run.compute = (compute){ .k = kernels_best(), .threads = pool_new(threads) };
    run_folders(&run, run.root, 2);
    pool_free(run.compute.threads);
    if (run.ran == 0)
        return tool_failed("%s: there are no fixtures that this program knows", argv[optind]);
    printf("%d passed, %d failed\n", run.ran - run.failed, run.failed);
    return run.failed ? TOOL_FAILED : TOOL_OK;
}
