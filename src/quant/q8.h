/* q8: a row of weights as int8 with one float scale, weight = q * scale (symmetric, no zero point).
 *
 * In a file, tensor "x" of type I8 and shape [rows, ...] has a companion "x.scale" of type F32 and
 * shape [rows]. Matrices of products keep to -63..63 (Q8_WEIGHT_MAX), which leaves one bit so that
 * the relaxed i8 x i7 product of WebAssembly stays exact; tables that are only looked up use
 * -127..127. */
#ifndef VQA_QUANT_Q8_H
#define VQA_QUANT_Q8_H

#include <stdbool.h>
#include <stdint.h>

/* q = round(x / scale), halves to even, scale = max|x| / largest; returns the scale (0 for zeros).
 */
float q8_quantize_weights(const float *x, int n, int largest, int8_t *q);

/* How a tensor of that name and rank is kept when q8 is asked for: the largest |q|, or 0 for float.
 * Matrices called "...weight" are quantized, but not position and token-type tables, which are
 * small, nor the projection of patches, whose errors all later layers would carry on. */
int q8_largest(const char *name, int rank);

#endif
