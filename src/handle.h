/* What is behind the handle of vqa.h; private to vqa.c and vqa_load.c. `vqa bench` reads its settings and
 * lends it kernels with clocks. */
#ifndef VQA_HANDLE_H
#define VQA_HANDLE_H

#include "choices.h"
#include "heads/answer.h"
#include "heatmap.h"
#include "image/preprocess.h"
#include "loading.h"
#include "models/model.h"
#include "text/tokenizer.h"
#include "vqa.h"

typedef struct picture {
    int id;
    arena block; /* owns the features */
    tensor features;
    heatmap heat; /* of the picture if it has one row of features, else of the last question */
    struct picture *next;
} picture;

typedef enum { PROBLEM_SOFTMAX, PROBLEM_SIGMOID, PROBLEM_REGRESSION } problem;

struct vqa {
    error err;
    compute compute;
    enum { LOADING, READY, BROKEN } state;
    char *licence;   /* that the caller has set, or NULL */
    loading loading; /* owns the settings and weights of the model */
    /* the model */
    model model;
    preprocessor preprocessor;
    tokenizer *tokenizer;
    problem problem;
    char *info;
    pack_writer *pack; /* that is being read, or NULL */
    /* scratch: one block for whatever runs, grown only for a picture larger than any before */
    arena scratch;
    /* the pictures that are open */
    picture *pictures;
    int last_id;
    /* the last answer */
    arena results; /* owns ids, logits and scores */
    int *ids;      /* [max_tokens + 1] */
    tensor logits, scores;
    choices choices; /* of the last vqa_choose() */
    answer best[VQA_MAX_ANSWERS];
    int best_count;
    char number[32]; /* the text of a regressed value */
    /* where answers come from */
    bool explain;
    rollout rollout;
    const picture *explained; /* whose heat belongs to the last answer, or NULL */
    /* of the last calls */
    atomic_int stop;
    double milliseconds[VQA_TIMES];
};

/* Keep the sentence for vqa_error() and return the status. */
int handle_refuse(vqa *v, vqa_status status, const char *sentence);

/* VQA_OK where a model is ready, else a refusal. */
int handle_ready(vqa *v);

/* The rows of features for pixels of that size; 0 and a sentence if there are none. */
int handle_feature_rows(const vqa *v, int height, int width, error *err);

/* Room for a question of any length about a picture of that size, and for encoding it. */
bool handle_plan_scratch(vqa *v, int height, int width, error *err);

#endif
