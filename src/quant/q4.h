/* q4: a row of weights as nibbles 0..15 in groups of Q4_GROUP with one scale each,
 * weight = (2 * nibble - 15) * scale: sixteen levels, symmetric, without a zero.
 *
 * In a file, a matrix "x" is of type U8 and shape [rows, columns / 2] (of each byte the low nibble
 * first) and has a companion "x.scale" of type F16 and shape [rows, columns / Q4_GROUP]. */
#ifndef VQA_QUANT_Q4_H
#define VQA_QUANT_Q4_H

#include <stdbool.h>
#include <stdint.h>

/* Groups of a row of n weights, a multiple of Q4_GROUP. */
int q4_groups(int n);

/* Quantize a row: x [n] -> pairs [n / 2], scale [q4_groups(n)], each exact as F16. */
void q4_quantize_weights(const float *x, int n, uint8_t *pairs, float *scale);

/* Whether a tensor of that name, rank and row length is kept as q4 when that is asked for. */
bool q4_suits(const char *name, int rank, int cols);

#endif
