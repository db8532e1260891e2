/* q8: a row of weights as int8 with one float scale, weight = q * scale (symmetric, no zero point,
 * q in -127..127).
 *
 * In a file, tensor "x" of type I8 and shape [rows, ...] has a companion "x.scale" of type F32 and
 * shape [rows]. */
#ifndef VQA_QUANT_Q8_H
#define VQA_QUANT_Q8_H

#include <stdint.h>

enum { Q8_WEIGHT_MAX = 127 };

/* q = x / scale rounded, scale = max|x| / Q8_WEIGHT_MAX; returns the scale (0 for zeros). The sum
 * of the weights is kept as well as can be, see rounding.h. */
float q8_quantize_weights(const float *x, int n, int8_t *q);

#endif
