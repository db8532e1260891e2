/* nn/attention.h in integers, for long sequences of speech between layers of integers: of Whisper's 1500 rows half of
 * the time is attention. Queries and keys are rounded to 7 bits for each row and head, the keys less
 * their mean, which adds the same to all scores of a row (Zhang et al. 2024, SageAttention, section
 * 4.2); softmax gives 15 bits, and the values have 10 bits for each column. */
#ifndef VQA_NN_QUANTIZED_ATTENTION_H
#define VQA_NN_QUANTIZED_ATTENTION_H

#include "nn/compute.h"

/* Keys from which on this pays, by measurement, and up to which its integers fit. */
enum { QUANTIZED_ATTENTION_FROM = 512, QUANTIZED_ATTENTION_TO = 1 << 15 };

/* q: [queries, hidden], k and v: [keys, hidden]; y: [queries, hidden], allocated by the caller. */
void nn_quantized_attention(const compute *c, int heads, tensor q, tensor k, tensor v, tensor y,
                            arena tmp);

/* Bytes of `tmp` that it needs. */
uint64_t quantized_attention_scratch(int heads, int queries, int keys, int hidden);

#endif
