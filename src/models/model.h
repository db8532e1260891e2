/* An architecture: how pixels become the features of a picture that are kept, and how features and
 * a question become logits. */
#ifndef VQA_MODELS_MODEL_H
#define VQA_MODELS_MODEL_H

#include <cjson/cJSON.h>

#include "core/tensor.h"
#include "models/transcript.h"
#include "nn/compute.h"
#include "quant/weights.h"

typedef struct model model;

/* What a model takes at once. Attention's time grows with the square; and settings of outside
 * origin must not plan more working memory than 32 bits count. */
enum { MODEL_MAX_TOKENS = 4096, MODEL_MAX_PATCHES = 4096 };

typedef struct {
    const char *name;
    const char *model_types[4]; /* the config's "model_type" values that mean it, NULL at the end */
    const char *problem_type;   /* what the config's "problem_type" is where it has none */
    bool (*bind)(model *m, weights *w, const cJSON *config, error *err);
    void (*free)(model *m);
    /* Rows of features for pixels [3, height, width]; 0 if the picture is too small, -1 if it is
     * too large: more than MODEL_MAX_PATCHES patches, or than a model of one size takes. */
    int (*feature_rows)(const model *m, int height, int width);
    /* features: [feature_rows, hidden], allocated by the caller. */
    void (*encode)(const compute *c, const model *m, const float *pixels, int height, int width,
                   tensor features, arena tmp);
    /* ids: [tokens], each below m->vocabulary, tokens 1..m->max_tokens; types and mask as
     * text_bert_encode(); logits: [1, m->answers], allocated by the caller. */
    void (*answer)(const compute *c, const model *m, const int *ids, const int *types,
                   const uint8_t *mask, int tokens, tensor features, tensor logits, arena tmp);
    /* Bytes of `tmp` that encode() and answer() need. */
    size_t (*encode_scratch)(const model *m, int height, int width);
    size_t (*answer_scratch)(const model *m, int tokens, int feature_rows);
    /* Write down what is said in a spectrogram [rows, mels], of which the first `frames` rows are the
     * sound: see whisper_transcribe(). NULL where the model does something else; where it is there, the
     * slots above from feature_rows on are NULL. */
    bool (*transcribe)(const compute *c, const model *m, tensor spectrogram, int frames,
                       const transcribe_options *options, transcript *out, error *err);
} architecture;

struct model {
    const architecture *arch;
    void *self; /* the architecture's own, on the heap */
    int hidden; /* columns of the features */
    int answers, vocabulary, max_tokens;
    int patch; /* side of the squares that a picture is cut into, in pixels */
    int blocks,
        heads;  /* of attention that lead from the patches to what a compute's rollout follows:
                          those of encode() where a picture has one row of features, else those of
                          answer(), over the rows of the text and then the picture's */
    bool ranks; /* the caller gives the answers: each is a text for answer(), which has 1 logit */
    char summary[128]; /* for people: "BERT 2 x 128 + ViT 4 x 128, fusion concat" */
};

/* Whether we run the architecture that the config's "model_type" names; one that we don't gets a
 * sentence that names it and lists those we do. */
bool model_known(const cJSON *config, error *err);

/* Find the architecture by the config's "model_type" and take its weights. The config has to live as long
 * as the model. Give the model back with
 * model_free(). */
bool model_bind(model *m, weights *w, const cJSON *config, error *err);
void model_free(model *m);

#endif
