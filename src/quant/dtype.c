#include "quant/dtype.h"

#include <math.h>
#include <string.h>

/* Numbers are read with memcpy: all platforms this runs on (x86, ARM, WebAssembly) are
 * little-endian. */
static const struct {
    const char *name;
    size_t size;
} types[DTYPE_COUNT] = {
    [DTYPE_F64] = { "F64", 8 },   [DTYPE_F32] = { "F32", 4 }, [DTYPE_F16] = { "F16", 2 },
    [DTYPE_BF16] = { "BF16", 2 }, [DTYPE_I64] = { "I64", 8 }, [DTYPE_I32] = { "I32", 4 },
    [DTYPE_I16] = { "I16", 2 },   [DTYPE_I8] = { "I8", 1 },   [DTYPE_U8] = { "U8", 1 },
    [DTYPE_BOOL] = { "BOOL", 1 },
};

dtype dtype_named(const char *name)
{
    dtype type = 0;
    while (type < DTYPE_COUNT && strcmp(types[type].name, name) != 0) type++;
    return type;
}

const char *dtype_name(dtype type) { return types[type].name; }

size_t dtype_size(dtype type) { return types[type].size; }

static float from_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* IEEE 754 binary16: 1 sign, 5 exponent, 10 mantissa bits. */
float half_to_float(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000) << 16;
    uint32_t exponent = half >> 10 & 31, mantissa = half & 0x3ff;
    if (exponent == 31) return from_bits(sign | 0x7f800000 | mantissa << 13);
    if (exponent > 0) return from_bits(sign | (exponent + 112) << 23 | mantissa << 13);
    float small = (float)mantissa * 0x1p-24f; /* zero and subnormals, exact */
    return sign ? -small : small;
}

uint16_t float_to_half(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint32_t sign = bits >> 16 & 0x8000, rest = bits & 0x7fffffff;
    if (rest > 0x7f800000) return (uint16_t)(sign | 0x7e00);  /* NaN */
    if (rest >= 0x477ff000) return (uint16_t)(sign | 0x7c00); /* rounds beyond 65504 */
    if (rest < 0x38800000) { /* subnormal: whole multiples of 2^-24 */
        float magnitude = from_bits(rest);
        return (uint16_t)(sign | (uint32_t)nearbyintf(magnitude * 0x1p24f));
    }
    rest += 0xfff + (rest >> 13 & 1); /* a carry into the exponent is right */
    return (uint16_t)(sign | (rest - 0x38000000) >> 13);
}

void dtype_to_floats(dtype type, const uint8_t *bytes, size_t n, float *floats)
{
    if (type == DTYPE_F32) {
        if (n) memcpy(floats, bytes, n * sizeof *floats);
        return;
    }
    for (size_t i = 0; i < n; i++, bytes += types[type].size) {
        uint64_t raw = 0;
        memcpy(&raw, bytes, types[type].size);
        switch (type) {
        case DTYPE_F64: {
            double value;
            memcpy(&value, &raw, sizeof value);
            floats[i] = (float)value;
            break;
        }
        case DTYPE_F16: floats[i] = half_to_float((uint16_t)raw); break;
        case DTYPE_BF16: floats[i] = from_bits((uint32_t)raw << 16); break;
        case DTYPE_I64: floats[i] = (float)(int64_t)raw; break;
        case DTYPE_I32: floats[i] = (float)(int32_t)raw; break;
        case DTYPE_I16: floats[i] = (float)(int16_t)raw; break;
        case DTYPE_I8: floats[i] = (float)(int8_t)raw; break;
        default: floats[i] = (float)raw; break; /* U8, BOOL */
        }
    }
}
