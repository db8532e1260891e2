/* vqa goldens: run every family of a fixtures folder that this engine knows, one line each. */
#include "tools/goldens.h"

#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/json.h"
#include "tools/files.h"
#include "tools/tools.h"

static const struct {
    const char *folder;
    golden_family *run;
    bool large; /* generates full-size models: minutes under a sanitizer */
} families[] = {
    { "safetensors_format", golden_safetensors, false },
    { "tokenizer_wordpiece", golden_wordpiece, false },
    { "preprocess", golden_preprocess, false },
    { "bert", golden_bert, false },
    { "bert_legacy_names", golden_bert, false },
    { "vit", golden_vit, false },
    { "vit_classifier_f16", golden_vit, false },
    { "fusion/concat", golden_fusion, false },
    { "fusion/sum", golden_fusion, false },
    { "fusion/multiplicative_gate", golden_fusion, false },
    { "fusion/additive_gate", golden_fusion, false },
    { "fusion/additive_gate_vector", golden_fusion, false },
    { "fusion/decision_average", golden_fusion, false },
    { "fusion/decision_weighted", golden_fusion, false },
    { "fusion/hybrid", golden_fusion, false },
    { "fusion/token_attention_cls", golden_fusion, false },
    { "fusion/token_attention_mean", golden_fusion, false },
    { "realistic/bert_vit_concat", golden_realistic, true },
};
enum { FAMILIES = sizeof families / sizeof *families };

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
    double worst =
        each == n ? golden_error(value.data, t->floats + each * (size_t)w->row, n) : INFINITY;
    w->compared++;
    if (!(worst <= w->worst)) {
        w->worst = worst;
        snprintf(w->worst_output, sizeof w->worst_output, "%.127s", name);
    }
}

bool golden_check(const golden_watch *w, const cJSON *golden_case, double allowed,
                  golden_result *result, error *err)
{
    int outputs = cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(golden_case, "outputs"));
    result->cases++;
    result->comparisons += w->compared;
    if (!(w->worst <= result->worst)) result->worst = w->worst;
    if (w->compared != outputs * w->batch)
        return fail(err, "case '%s': %d of %d outputs were compared", w->name, w->compared,
                    outputs * w->batch);
    if (!(w->worst <= allowed))
        return fail(err, "'%s' is off by %.3g, allowed are %.3g", w->worst_output, w->worst,
                    allowed);
    return true;
}

static void list_unknown(const char *folder)
{
    error err;
    if (!file_exists_in(folder, "index.json")) return;
    cJSON *index = json_read_in(folder, "index.json", &err);
    const cJSON *entry;
    cJSON_ArrayForEach(entry, cJSON_GetObjectItemCaseSensitive(index, "families"))
    {
        const char *name = json_text(entry, "dir", "");
        bool known = false;
        for (int i = 0; i < FAMILIES; i++)
            known |= strncmp(families[i].folder, name, strlen(name)) == 0;
        if (!known) printf("%-30s not supported yet\n", name);
    }
    cJSON_Delete(index);
}

int command_goldens(int argc, char **argv)
{
    static const struct option options[] = { { "only", required_argument, NULL, 'o' },
                                             { "small", no_argument, NULL, 's' },
                                             { 0 } };
    const char *only = NULL;
    int threads = tool_threads(), ran = 0, failed = 0;
    bool small = false, ok = true;
    for (int o; (o = getopt_long(argc, argv, "t:o:s", options, NULL)) != -1 && ok;) {
        if (o == 't')
            threads = tool_number("-t", optarg, 1, 64, &ok);
        else if (o == 'o')
            only = optarg;
        else if (o == 's')
            small = true;
        else
            return tool_bad_option(argv);
    }
    if (!ok) return TOOL_USAGE;
    if (argc - optind != 1) return tool_usage("goldens takes a folder of fixtures");
    if (!file_is_folder(argv[optind]))
        return tool_failed("%s: there is no such folder", argv[optind]);
    compute c = { .k = kernels_best(), .threads = pool_new(threads) };
    for (int i = 0; i < FAMILIES; i++) {
        if ((only && strncmp(families[i].folder, only, strlen(only)) != 0) ||
            (small && families[i].large))
            continue;
        char folder[4096];
        snprintf(folder, sizeof folder, "%s/%s", argv[optind], families[i].folder);
        if (!file_is_folder(folder)) continue;
        error err;
        golden_result r = { .measure = "relative error" };
        ok = families[i].run(folder, &c, &r, &err);
        if (ok)
            printf("%-30s ok      %4d cases, worst %s %.2g%s%s\n", families[i].folder, r.cases,
                   r.measure, r.worst, *r.note ? "; " : "", r.note);
        else
            printf("%-30s FAILED  %s\n", families[i].folder, err.text);
        fflush(stdout);
        ran++;
        failed += !ok;
    }
    pool_free(c.threads);
    if (!only) list_unknown(argv[optind]);
    if (ran == 0)
        return tool_failed("%s: there are no fixtures that this program knows", argv[optind]);
    printf("%d passed, %d failed\n", ran - failed, failed);
    return failed ? TOOL_FAILED : TOOL_OK;
}
