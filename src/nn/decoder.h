/* A stack of decoder blocks (Vaswani et al. 2017; pre-norm as in WhisperDecoderLayer):
 *     x = x + self_attention(norm1(x));  x = x + cross_attention(norm(x), source);  x = x + mlp(norm2(x))
 * run token by token: what a token leaves for later ones, its keys and values, is kept in a cache. */
#ifndef VQA_NN_DECODER_H
#define VQA_NN_DECODER_H

#include "nn/transformer.h"

typedef struct {
    linear query, key, value, output;
    norm norm;
} cross_attention;

typedef struct {
    transformer layers;     /* self-attention and MLP */
    cross_attention *cross; /* [layers], owned */
} decoder;

/* Take the weights of all blocks: "<prefix><layer>.<name>..." with transformer_whisper_names, and
 * "<prefix><layer>.encoder_attn...". shape: pre_norm. Give it back with decoder_free(). */
bool decoder_bind(decoder *d, const transformer_shape *shape, weights *w, const char *prefix,
                  error *err);
void decoder_free(decoder *d);

/* What is kept of one source and of the tokens of several sequences so far. Rows once written stay
 * where they are: a sequence knows for each position whose row is its own, so that sequences can part. */
typedef struct {
    int sequences, positions, source; /* room: sequences, positions of each, rows of the source */
    int count;                        /* positions that are filled */
    float *panels;                    /* [layers, attention_panels()] of the source */
    float *keys, *values;             /* [layers, positions, sequences, hidden] */
    int *owner;                       /* [sequences, positions] */
} decoder_cache;

/* A cache in `a`, which takes decoder_cache_cost() bytes. */
decoder_cache decoder_cache_new(const decoder *d, int sequences, int positions, int source,
                                arena *a);
uint64_t decoder_cache_cost(const decoder *d, int sequences, int positions, int source);

/* Begin with another source: [cache->source, hidden], the encoder's rows. No positions are filled. */
void decoder_begin(const compute *c, const decoder *d, decoder_cache *cache, tensor source,
                   arena tmp);

/* Run the next tokens of the first `sequences` sequences through all blocks, in place. x:
 * [sequences * tokens, hidden], sequence by sequence; cache->count + tokens <= positions. Shows
 * "hidden_states" 0..layers. Given up between layers where it is stopped. */
void nn_decoder(const compute *c, const decoder *d, decoder_cache *cache, int sequences, tensor x,
                arena tmp);

/* Sequence i goes on from what was sequence from[i]; [sequences]. */
void decoder_follow(decoder_cache *cache, const int *from, int sequences);

/* Bytes of `tmp` that decoder_begin() and nn_decoder() of so many rows need. */
uint64_t decoder_scratch(const decoder *d, const decoder_cache *cache, int rows);

#endif
