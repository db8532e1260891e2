/* Where text and picture meet: rows of both encoders to one logit per answer. One kind a file; all
 * have the same three functions. Logits come out, not features, since decision-level fusion mixes
 * logits.
 *
 * x1 is the [CLS] row of the text, x2 that of the picture, both [hidden]; [x1;x2] is concatenation,
 * s() the sigmoid. "fusion" in the config names the kind. */
#ifndef VQA_FUSION_FUSION_H
#define VQA_FUSION_FUSION_H

#include <cjson/cJSON.h>

#include "nn/classifier.h"
#include "nn/norm.h"
#include "nn/transformer.h"

typedef struct fusion fusion;

typedef struct {
    const char *name;
    bool all_rows; /* fuse() wants the rows of all tokens, not just the two of [CLS] */
    /* Take the weights of this kind out of `w`; hidden, answers, inner and act are set already. */
    bool (*bind)(fusion *f, weights *w, const cJSON *config, error *err);
    /* text: [tokens or 1, hidden]; text_mask: [tokens], 0 for padding, NULL for none; image:
     * [patches or 1, hidden]; logits: [1, answers], allocated by the caller. Shows "fused" where
     * there is such a thing. */
    void (*fuse)(const compute *c, const fusion *f, tensor text, const uint8_t *text_mask,
                 tensor image, tensor logits, arena tmp);
    /* Bytes of `tmp` that fuse() needs. */
    size_t (*scratch)(const fusion *f, int text_rows, int image_rows);
} fusion_kind;

/* What the kinds need between them; each uses what its formula names. */
struct fusion {
    const fusion_kind *kind;
    int hidden, answers;
    int inner;      /* config "head_hidden_size": width of a layer inside the heads; 0: none */
    activation act; /* config "head_hidden_act" */
    classifier head, text_head, image_head;
    linear gate_x, gate_y, lambda;
    const float *weights; /* [2] */
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

/* Bind the kind that `config` names; an unknown name gets a sentence that lists the known ones. */
bool fusion_bind(fusion *f, weights *w, const cJSON *config, int hidden, int answers, error *err);
void fusion_free(fusion *f);

/* f = x1 * s(Wx[x1;x2] + bx) + x2 * s(Wy[x1;x2] + by), shared by multiplicative_gate and hybrid.
 * fused: [1, hidden], allocated by the caller. */
bool multiplicative_bind(fusion *f, weights *w, error *err);
void multiplicative_fuse(const compute *c, const fusion *f, tensor text, tensor image, tensor fused,
                         arena tmp);
size_t multiplicative_scratch(const fusion *f);

/* logits = a head_text(x1) + b head_image(x2), shared by decision_* and hybrid. */
bool decision_bind(fusion *f, weights *w, error *err);
void decision_fuse(const compute *c, const fusion *f, tensor text, tensor image, float a, float b,
                   tensor logits, arena tmp);
size_t decision_scratch(const fusion *f);

/* [x1;x2]: [1, 2 hidden], taken from `a`. */
tensor fusion_pair(tensor text, tensor image, arena *a);

/* All text rows, then all image rows: taken from `a`. */
tensor fusion_sequence(tensor text, tensor image, arena *a);

/* The mask of that sequence, taken from `a`: image rows are never hidden. NULL for a NULL mask. */
const uint8_t *fusion_sequence_mask(int text_rows, const uint8_t *text_mask, int image_rows,
                                    arena *a);

/* Config "fusion_num_attention_heads", which must divide the hidden size. */
bool fusion_heads(const fusion *f, const cJSON *config, int *heads, error *err);

/* The head of fused features, under its name in the file, "head". */
bool fusion_head_bind(fusion *f, weights *w, int in, error *err);

#endif
