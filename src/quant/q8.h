/* q8: a row of weights as int8 with one float scale, weight = q * scale (symmetric, no zero point,
 * q in -127..127).
 *
 * In a file, tensor "x" of type I8 and shape [rows, ...] has a companion "x.scale" of type F32 and
 * shape [rows]. */
#ifndef VQA_QUANT_Q8_H
#define VQA_QUANT_Q8_H

#include <stdint.h>

/* q = round(x / scale), halves to even, scale = max|x| / largest (1..127); returns the scale (0 for
 * zeros). */
float q8_quantize_weights(const float *x, int n, int largest, int8_t *q);

#endif
