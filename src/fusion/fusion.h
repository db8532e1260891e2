/* Where modalities meet: rows of the encoders to one logit per answer. One kind a file; all have the
 * same three functions. Logits come out, not features, since decision-level fusion mixes logits.
 *
 * Two or three modalities take part, always in the order text, speech, picture: x1, x2 (and x3) are the
 * rows that stand for each as a whole ([CLS]), all [hidden]; [x1;x2] is concatenation, s() the sigmoid.
 * Formulas are for two; a third one joins in the same way. "fusion" in the config names the kind. */
#ifndef VQA_FUSION_FUSION_H
#define VQA_FUSION_FUSION_H

#include <cjson/cJSON.h>

#include "fusion/modality.h"
#include "nn/classifier.h"
#include "nn/norm.h"
#include "nn/transformer.h"

/* What an encoder says of its modality. */
typedef struct {
    tensor rows;         /* [rows, hidden], the first stands for all; the others are not looked at
                            unless the kind wants all rows. No rows: that modality is left out */
    const uint8_t *mask; /* [rows], 0 for padding; NULL for none */
} fusion_input;

typedef struct fusion fusion;

typedef struct {
    const char *name;
    bool all_rows; /* fuse() wants the rows of all tokens, and a modality may be left out */
    /* Take the weights of this kind out of `w`; hidden, answers, inner, act and the modalities are set
     * already. */
    bool (*bind)(fusion *f, weights *w, const cJSON *config, error *err);
    /* x: [f->count]; logits: [1, answers], allocated by the caller. Shows "fused" where there is such
     * a thing. */
    void (*fuse)(const compute *c, const fusion *f, const fusion_input *x, tensor logits,
                 arena tmp);
    /* Bytes of `tmp` that fuse() needs for so many rows of all modalities together. */
    uint64_t (*scratch)(const fusion *f, int rows);
} fusion_kind;

/* What the kinds need between them; each uses what its formula names. */
struct fusion {
    const fusion_kind *kind;
    int hidden, answers;
    int count; /* of modalities that take part: 2 or 3 */
    modality which[MODALITIES];
    int inner;      /* config "head_hidden_size": width of a layer inside the heads; 0: none */
    activation act; /* config "head_hidden_act" */
    classifier head, own_head[MODALITIES];
    linear gates[MODALITIES], lambda;
    const float *weights; /* [count] */
    const float *alpha;   /* [1] */
    int blocks, heads;    /* of attention over all rows; 0 where there is none */
    linear in_projection, out_projection;
    norm norm;
    transformer layers;
};

extern const fusion_kind fusion_concat, fusion_sum, fusion_multiplicative_gate,
    fusion_additive_gate, fusion_additive_gate_vector, fusion_decision_average,
    fusion_decision_weighted, fusion_hybrid, fusion_token_attention_cls,
    fusion_token_attention_mean, fusion_token_transformer_cls;

/* Bind the kind that `config` names for the modalities that are `there`, two at least; an unknown name
 * gets a sentence that lists the known ones. */
bool fusion_bind(fusion *f, weights *w, const cJSON *config, const bool there[MODALITIES],
                 int hidden, int answers, error *err);
void fusion_free(fusion *f);

/* f = x1 * s(Wx[x1;x2] + bx) + x2 * s(Wy[x1;x2] + by), shared by multiplicative_gate and hybrid.
 * fused: [1, hidden], allocated by the caller. */
bool multiplicative_bind(fusion *f, weights *w, error *err);
void multiplicative_fuse(const compute *c, const fusion *f, const fusion_input *x, tensor fused,
                         arena tmp);
uint64_t multiplicative_scratch(const fusion *f);

/* logits = the sum of shares[i] times the logits of each modality's own head, shared by decision_*
 * and hybrid; shares: [count], NULL: the average. */
bool decision_bind(fusion *f, weights *w, error *err);
void decision_fuse(const compute *c, const fusion *f, const fusion_input *x, const float *shares,
                   tensor logits, arena tmp);
uint64_t decision_scratch(const fusion *f);

/* [x1;x2]: [1, count * hidden], taken from `a`. */
tensor fusion_joined(const fusion *f, const fusion_input *x, arena *a);

/* All rows of x [count], one modality behind the other: taken from `a`. */
tensor fusion_sequence(int count, const fusion_input *x, arena *a);

/* The mask of that sequence, taken from `a`. NULL where no modality has one. */
const uint8_t *fusion_sequence_mask(int count, const fusion_input *x, arena *a);

/* Config "fusion_num_attention_heads", which must divide the hidden size. */
bool fusion_heads(const fusion *f, const cJSON *config, int *heads, error *err);

/* The head of fused features, under its name in the file, "head". */
bool fusion_head_bind(fusion *f, weights *w, int in, error *err);

#endif
