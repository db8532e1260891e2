/* Packed rows: weights of fewer than eight bits. Each is a level n in 0..2^bits - 1 that means
 * (2 n - (2^bits - 1)) * scale: symmetric, without a zero, so that no level is lost. With 4 bits each
 * PACKED_GROUP neighbours have a scale of their own, otherwise the whole row has one.
 *
 * In a file, a matrix "x" [rows, cols] is a tensor of type U8 and shape [rows, cols / 8, bits]: eight
 * levels in `bits` bytes, the first in the lowest bits. Its companion "x.scale" has type F16 and shape
 * [rows, packed_groups(cols, bits)]. */
#ifndef VQA_QUANT_PACKED_H
#define VQA_QUANT_PACKED_H

#include <stdint.h>

#include "kernels/kernels.h"

enum {
    PACKED_EIGHT = 8,
    PACKED_GROUP = Q4_GROUP,
    PACKED_MAX_COLS = 1 << 16, /* of any quantized row: 128 * (127 + 64) * 65536 < 2^31, the sum of
                                  a product with its offset */
};

/* Scales of a row of `cols` weights. */
int packed_groups(int cols, int bits);

/* Quantize a row: x [cols] -> levels [cols], scale [packed_groups(cols, bits)], each exact as F16.
 * The sum of the weights is kept as well as can be, see rounding.h. */
void packed_quantize(const float *x, int cols, int bits, uint8_t *levels, float *scale);

/* Levels [cols] to bytes [cols / 8 * bits] and back. */
void packed_write(const uint8_t *levels, int cols, int bits, uint8_t *bytes);
void packed_read(const uint8_t *bytes, int cols, int bits, uint8_t *levels);

#endif
