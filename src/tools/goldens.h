/* Comparison with the outputs of reference implementations: one function a family of fixtures. */
#ifndef VQA_TOOLS_GOLDENS_H
#define VQA_TOOLS_GOLDENS_H

#include "models/model.h"
#include "tools/folder.h"

/* What a family came to. */
typedef struct {
    int cases;
    double worst; /* the largest error seen, in the measure that `measure` names */
    const char *measure;
    char note[160]; /* what was left out, or "" */
} golden_result;

/* Compare everything in `folder`; false with a sentence naming the first case that differs too
 * much. */
typedef bool golden_family(const char *folder, const compute *c, golden_result *result, error *err);
golden_family golden_bert, golden_vit, golden_fusion, golden_realistic, golden_wordpiece,
    golden_bpe, golden_preprocess, golden_safetensors;

/* Inputs, outputs and cases of a folder. */
typedef struct {
    cJSON *cases;             /* the file cases.json */
    const cJSON *list;        /* its array "cases" */
    weights inputs, expected; /* tensors "<case>.<name>" */
} golden_data;

bool golden_read(const char *folder, golden_data *g, error *err);
void golden_free(golden_data *g);

/* The input "<case>.<name>", NULL if there is none. */
const weight *golden_input(const golden_data *g, const char *name, const char *input);

/* Integers of one batch row of such an input: [length], into `out`. */
void golden_ints(const weight *t, int row, int *out);

/* Collects what a model shows through compute.watch and compares it with "<case>.<name>" or, for
 * layers,
 * "<case>.<name>.<layer>". Relative error: max |got - expected| / max(1, max |expected|). */
typedef struct {
    const golden_data *data;
    const char *name; /* of the case */
    int batch, row;   /* rows in the batch, and the one that runs */
    int last_layer;   /* of a picture encoder */
    int compared;
    double worst;
    char worst_output[128];
} golden_watch;

void golden_show(void *watch, const char *output, int layer, tensor value);

/* After all rows of a case: every listed output must have been compared, and the error stay within
 * `allowed`. */
bool golden_check(const golden_watch *w, const cJSON *golden_case, double allowed,
                  golden_result *result, error *err);

/* The largest |got - expected| / max(1, max |expected|). */
double golden_error(const float *got, const float *expected, size_t n);

#endif
