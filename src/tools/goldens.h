/* Comparison with the outputs of reference implementations: one function a family of fixtures. */
#ifndef VQA_TOOLS_GOLDENS_H
#define VQA_TOOLS_GOLDENS_H

#include "image/preprocess.h"
#include "models/model.h"
#include "text/tokenizer.h"
#include "tools/fixture_files.h"

/* What a family came to. */
typedef struct {
    int cases;
    double worst; /* the largest error seen, in the measure that `measure` names */
    const char *measure;
    char note[240]; /* what was left out, or "" */
} golden_result;

/* Compare everything in `folder`; false with a sentence naming the first case that differs too
 * much. */
typedef bool golden_family(const char *folder, const compute *c, golden_result *result, error *err);
golden_family golden_bert, golden_vit, golden_classical, golden_fusion, golden_clip,
    golden_realistic, golden_wordpiece, golden_bpe, golden_preprocess, golden_safetensors,
    golden_whisper, golden_logmel, golden_ast, golden_multimodal;

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
 * layers, "<case>.<name>.<layer>", of which only the first rows may be shown: a last layer computes
 * no others. Relative error: max |got - expected| / max(1, max |expected|). */
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

/* The cosine of the angle between two vectors: what quantized results are measured by. */
double golden_cosine(const float *a, const float *b, size_t n);

/* A whole model with its data. */
typedef struct {
    const char *folder;
    cJSON *config;
    weights weights;
    model model;
    golden_data data;
    preprocessor preprocessor;
    tokenizer *tokenizer; /* NULL: no vocabulary at hand, questions are not tokenized */
} golden_model;

void golden_model_close(golden_model *f);

/* Whether the tokenizer makes these ids of the text: [tokens], behind them padding that the mask
 * (NULL: there is none) does not show. True without a tokenizer. */
bool golden_check_text(const golden_model *f, const char *text, const int *ids, const uint8_t *mask,
                       int tokens, error *err);

/* The text that a case names for row i of its batch, under `one` or in the list `many`; or NULL. */
const char *golden_text(const cJSON *golden_case, const char *one, const char *many, int i);

/* The precisions in which full-size models run again, and the cosine that their outputs have to
 * keep. */
typedef struct {
    precision keep;
    const char *name;
    double least;
} golden_precision;
enum { GOLDEN_PRECISIONS = 2 };
extern const golden_precision golden_precisions[GOLDEN_PRECISIONS];

/* Add to the note of a result, printf style, behind a semicolon where there is one already. */
void golden_note(golden_result *result, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The pixels of row watch->row of a case. From the picture it names, by the reference's settings,
 * if that is at hand; these must equal the stored ones, if there are any (JPEG decoders differ, so
 * only of other pictures); or from a recipe. [3, height, width] for the caller to free(). */
float *golden_pixels(const golden_model *f, const cJSON *golden_case, const golden_watch *watch,
                     int *height, int *width, error *err);

#endif
