/* Scaled dot-product attention of several heads: softmax(q k^T / sqrt(d)) v for each head
 * (Vaswani et al. 2017, equation 1; the projections are the caller's linear layers). */
#ifndef VQA_NN_ATTENTION_H
#define VQA_NN_ATTENTION_H

#include "nn/compute.h"

/* q: [queries, hidden], k and v: [keys, hidden], hidden = heads * d; head h has the columns h*d ..
 * h*d+d-1. mask: [keys], 0 hides a key from every query; NULL shows all. causal: query i sees the
 * keys 0..i only, so that its row has the same bits whatever follows. y: [queries, hidden],
 * allocated by the caller. A c->rollout gets the weights. */
void nn_attention(const compute *c, int heads, tensor q, tensor k, tensor v, const uint8_t *mask,
                  bool causal, tensor y, arena tmp);

/* Bytes of `tmp` that nn_attention needs. */
uint64_t attention_scratch(int heads, int queries, int keys, int hidden);

/* The same for keys and values that many queries come to: they are brought into panels once.
 * attention_pack() fills attention_panels() floats from k and v [keys, hidden]. */
size_t attention_panels(int heads, int keys, int hidden);
void attention_pack(int heads, tensor k, tensor v, float *panels);
void nn_attention_packed(const compute *c, int heads, tensor q, int keys, const float *panels,
                         tensor y, arena tmp);

/* Bytes of `tmp` that nn_attention_packed needs. */
uint64_t attention_packed_scratch(int heads, int queries, int keys);

#endif
