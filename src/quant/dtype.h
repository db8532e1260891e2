/* The element types of safetensors files and how they become floats. */
#ifndef VQA_QUANT_DTYPE_H
#define VQA_QUANT_DTYPE_H

#include <stddef.h>
#include <stdint.h>

typedef enum {
    DTYPE_F64,
    DTYPE_F32,
    DTYPE_F16,
    DTYPE_BF16,
    DTYPE_I64,
    DTYPE_I32,
    DTYPE_I16,
    DTYPE_I8,
    DTYPE_U8,
    DTYPE_BOOL,
    DTYPE_COUNT,
} dtype;

/* The type of that name ("F32"), DTYPE_COUNT for other names. */
dtype dtype_named(const char *name);

/* Its name, and the bytes of one element. */
const char *dtype_name(dtype type);
size_t dtype_size(dtype type);

/* `n` little-endian elements at `bytes` (any alignment) as floats: F16 and BF16 exactly, F64 and
 * integers rounded to the nearest. */
void dtype_to_floats(dtype type, const uint8_t *bytes, size_t n, float *floats);

/* IEEE 754 binary16 and back: rounded to the nearest, halves to even; too large becomes infinity.
 */
uint16_t float_to_half(float value);
float half_to_float(uint16_t half);

#endif
