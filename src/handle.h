/* What is behind the handle of vqa.h; private to vqa*.c. `vqa bench` reads its settings and
 * lends it kernels with clocks, `vqa ask --scalar` those that define the others. */
#ifndef VQA_HANDLE_H
#define VQA_HANDLE_H

#include "audio/feature_extractor.h"
#include "choices.h"
#include "heads/answer.h"
#include "heatmap.h"
#include "image/preprocess.h"
#include "loading.h"
#include "models/model.h"
#include "text/tokenizer.h"
#include "vqa.h"

/* A picture or a sound that is open. */
typedef struct encoded {
    int id;
    modality which;
    arena block;     /* owns the features */
    tensor features; /* for a model that transcribes: the spectrogram, a whole window at least */
    int frames;      /* of a spectrogram that are the sound's own */
    heatmap
        heat; /* of a picture: its own if it has one row of features, else the last question's */
    struct encoded *next;
} encoded;

typedef enum { PROBLEM_SOFTMAX, PROBLEM_SIGMOID, PROBLEM_REGRESSION } problem;

struct vqa {
    error err;
    compute compute;
    enum { LOADING, READY, BROKEN } state;
    char *licence;   /* that the caller has set, or NULL */
    loading loading; /* owns the settings and weights of the model */
    /* the model */
    model model;
    preprocessor preprocessor;   /* of pictures */
    feature_extractor extractor; /* of sounds */
    tokenizer *tokenizer;
    problem problem;
    char *info;
    pack_writer *pack; /* that is being read, or NULL */
    /* scratch: one block for whatever runs, grown only for a picture larger than any before */
    arena scratch;
    int most_rows[MODALITIES]; /* of features that it has room for */
    encoded *open;             /* pictures and sounds */
    int last_id;
    /* the last answer */
    arena results; /* owns ids, logits and scores */
    int *ids;      /* [max_tokens + 1] */
    tensor logits, scores;
    choices choices; /* of the last vqa_choose() */
    answer best[VQA_MAX_ANSWERS];
    int best_count;
    char number[VQA_MAX_ANSWERS][64]; /* the texts of regressed values */
    char *transcript;                 /* the last one, as JSON; or NULL */
    /* where answers come from */
    bool explain;
    rollout rollout;
    const encoded *explained; /* whose heat belongs to the last answer, or NULL */
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

/* Room for an encoder that needs `encoding` bytes, and for a question of any length about its rows
 * together with those of anything encoded before. */
bool handle_plan_scratch(vqa *v, modality which, uint64_t encoding, int rows, error *err);

/* Keep it among those that are open, with an id of its own, which is returned. */
int handle_keep(vqa *v, encoded *e);
void handle_free_encoded(encoded *e);

/* The open picture or sound of that id; NULL and a sentence if there is none. */
encoded *handle_find(vqa *v, modality which, int id);

/* Close it: VQA_OK, or VQA_BAD_CALL if there is none. */
int handle_close(vqa *v, modality which, int id);

/* What began at `begin` (clock_now()) has ended; returns now. */
double handle_ended(vqa *v, vqa_time what, double begin);

#endif
