/* An architecture: how pictures and sounds become features that are kept, and how features and a
 * question become logits. */
#ifndef VQA_MODELS_MODEL_H
#define VQA_MODELS_MODEL_H

#include <cjson/cJSON.h>

#include "core/tensor.h"
#include "fusion/modality.h"
#include "models/transcript.h"
#include "nn/compute.h"
#include "quant/weights.h"

typedef struct model model;

/* What a model takes at once. Attention's time grows with the square; and settings of outside
 * origin must not plan more working memory than 32 bits count. */
enum { MODEL_MAX_TOKENS = 4096, MODEL_MAX_PATCHES = 4096 };

/* What is asked: one or more of words, a sound's features and a picture's, as the model takes them. */
typedef struct {
    const int *ids;   /* [tokens], each below m->vocabulary, at most m->max_tokens; 0: no words */
    const int *types; /* [tokens] token type ids; NULL: all 0 */
    const uint8_t *mask; /* [tokens], 0 for padding; NULL: none */
    int tokens;
    tensor speech, picture; /* [rows, hidden]; no rows: there is none */
} request;

typedef struct {
    const char *name;
    const char *model_types[4]; /* the config's "model_type" values that mean it, NULL at the end */
    const char *problem_type;   /* what the config's "problem_type" is where it has none */
    bool (*bind)(model *m, weights *w, const cJSON *config, error *err);
    void (*free)(model *m);

    /* Pictures; NULL in all three slots where the model takes none. Rows of features for pixels [3,
     * height, width]; 0 if the picture is too small, -1 if it is too large: more than
     * MODEL_MAX_PATCHES patches, or than a model of one size takes. */
    int (*feature_rows)(const model *m, int height, int width);
    /* features: [feature_rows, hidden], allocated by the caller. */
    void (*encode)(const compute *c, const model *m, const float *pixels, int height, int width,
                   tensor features, arena tmp);
    uint64_t (*encode_scratch)(const model *m, int height, int width); /* bytes of `tmp` */

    /* Sounds; NULL in all three slots where the model takes none. Rows of features for a spectrogram
     * of that many frames (1..m->most_frames). */
    int (*speech_rows)(const model *m, int frames);
    /* spectrogram: [frames, m->mels]; features: [speech_rows, hidden], allocated by the caller. */
    void (*hear)(const compute *c, const model *m, tensor spectrogram, tensor features, arena tmp);
    uint64_t (*hear_scratch)(const model *m, int frames);

    /* Questions. logits: [1, m->answers], allocated by the caller. */
    void (*answer)(const compute *c, const model *m, const request *q, tensor logits, arena tmp);
    uint64_t (*answer_scratch)(const model *m, int tokens, int speech_rows, int picture_rows);

    /* Write down what is said in a spectrogram [rows, m->mels], of which the first `frames` rows are the
     * sound: see whisper_transcribe(). NULL where the model answers questions; where it is there, all slots
     * above are NULL but those that bind and free. */
    bool (*transcribe)(const compute *c, const model *m, tensor spectrogram, int frames,
                       const transcribe_options *options, transcript *out, error *err);
} architecture;

/* What a modality is to a model. */
typedef enum {
    NOT_TAKEN, /* it has no place for it */
    NEEDED,    /* it can't answer without */
    STANDS_IN, /* without it a vector that was learned stands in its place */
    LEFT_OUT,  /* without it its rows are just not there */
} model_input;

struct model {
    const architecture *arch;
    void *self; /* the architecture's own, on the heap */
    model_input takes[MODALITIES];
    int hidden; /* columns of the features */
    int answers, vocabulary, max_tokens;
    int extra_text_rows;   /* of a text, in front of those of its tokens */
    int mels, most_frames; /* of a spectrogram; 0: the model takes no sound */
    bool all_frames;       /* it takes that many, no fewer: the feature extractor fills them up */
    int patch;             /* side of the squares that a picture is cut into, in pixels */
    bool rest;             /* the last of them are narrower, not left away */
    int blocks,
        heads;  /* of attention that lead from the patches to what a compute's rollout follows:
                          those of encode() where a picture has one row of features, else those of
                          answer(), over the rows of the question and then the picture's; 0: none does */
    bool ranks; /* the caller gives the answers: each is a text for answer(), which has 1 logit */
    char summary[128]; /* for people: "BERT 2 x 128 + ViT 4 x 128, fusion concat" */
};

/* Whether we run the architecture that the config's "model_type" names; one that we don't gets a
 * sentence that names it and lists those we do. */
bool model_known(const cJSON *config, error *err);

/* Find the architecture by the config's "model_type" and take its weights. The config has to live as
 * long as the model. Give the model back with model_free(). */
bool model_bind(model *m, weights *w, const cJSON *config, error *err);
void model_free(model *m);

/* Rows of all modalities together that answer() makes of these; 0: there is none. */
int model_rows(const model *m, int tokens, int speech_rows, int picture_rows);

#endif
