/* A stack of transformer blocks (Vaswani et al. 2017). Post-norm as in BertLayer:
 *     x = norm1(x + attention(x));  x = norm2(x + mlp(x))
 * pre-norm as in ViTLayer:
 *     x = x + attention(norm1(x));  x = x + mlp(norm2(x))
 * with attention(x) = output(softmax(q k^T / sqrt d) v) and mlp(x) = down(activation(up(x))). */
#ifndef VQA_NN_TRANSFORMER_H
#define VQA_NN_TRANSFORMER_H

#include "nn/activation.h"
#include "nn/linear.h"
#include "nn/norm.h"

typedef struct {
    int layers, hidden, heads, intermediate;
    activation act;
    float eps; /* of the norms */
    bool pre_norm;
    bool qkv_bias;     /* of queries, keys and values */
    bool causal;       /* a token sees itself and those before it, not those behind */
    bool key_unbiased; /* qkv_bias, but not of keys */
    /* Attention as nn/quantized_attention.h has it, of long sequences between layers of integers; for
     * speech: other encoders compute the same in small runtimes, which have it not. */
    bool quantized_attention;
} transformer_shape;

/* What a checkpoint calls the parts of a block, behind "<prefix><layer>.". */
typedef struct {
    const char *query, *key, *value, *output, *norm1, *up, *down, *norm2;
} transformer_names;

/* ViTLayer's names, which later architectures took over. */
extern const transformer_names transformer_vit_names;

/* CLIPEncoderLayer's, of its text and of its pictures. */
extern const transformer_names transformer_clip_names;

/* WhisperEncoderLayer's, and of a WhisperDecoderLayer's self-attention and MLP. */
extern const transformer_names transformer_whisper_names;

typedef struct {
    linear query, key, value, output, up, down;
    norm norm1, norm2;
} transformer_block;

typedef struct {
    transformer_shape shape;
    transformer_block *blocks; /* [layers], owned */
} transformer;

/* Take the weights of all blocks: "<prefix><layer>.<name>...". Give it back with
 * transformer_free(). */
bool transformer_bind(transformer *t, const transformer_shape *shape, weights *w,
                      const char *prefix, const transformer_names *names, error *err);
void transformer_free(transformer *t);

/* Run x [tokens, hidden] through all blocks, in place. Only the first `wanted` rows (1..tokens) of
 * the result are computed; the rows behind them are left as they come. mask: [tokens], 0 hides a
 * token as key; NULL shows all. Shows "hidden_states" 0..layers,
 * the rows that were computed. */
void nn_transformer(const compute *c, const transformer *t, tensor x, const uint8_t *mask,
                    int wanted, arena tmp);

/* Bytes of `tmp` that nn_transformer needs. */
uint64_t transformer_scratch(const transformer_shape *shape, int tokens);

/* The second half of one block by itself: x = x + mlp(norm2(x)), or norm2(x + mlp(x)), in place. */
void transformer_mlp(const compute *c, const transformer *t, int layer, tensor x, arena tmp);
uint64_t transformer_mlp_scratch(const transformer_shape *shape, int tokens);

#endif
