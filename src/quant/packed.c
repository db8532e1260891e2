#include "quant/packed.h"

#include <math.h>
#include <string.h>

#include "quant/dtype.h"
#include "quant/rounding.h"

int packed_groups(int cols, int bits) { return bits == 4 ? cols / PACKED_GROUP : 1; }

static float largest(const float *x, int n)
{
    float most = 0;
    for (int i = 0; i < n; i++)
        if (fabsf(x[i]) > most) most = fabsf(x[i]);
    return most;
}

void packed_quantize(const float *x, int cols, int bits, uint8_t *levels, float *scale)
{
    int most = (1 << bits) - 1, group = cols / packed_groups(cols, bits);
    float debt = 0;
    for (int g = 0; g < cols / group; g++) {
        scale[g] = half_to_float(float_to_half(largest(x + g * group, group) / (float)most));
        float inverse = scale[g] > Q8_ZERO ? 1 / scale[g] : 0;
        for (int i = g * group; i < (g + 1) * group; i += ROUNDING_RUN) {
            int n = (g + 1) * group - i < ROUNDING_RUN ? (g + 1) * group - i : ROUNDING_RUN,
                rounded[ROUNDING_RUN];
            float exact[ROUNDING_RUN];
            for (int k = 0; k < n; k++) exact[k] = (x[i + k] * inverse + (float)most) * 0.5f;
            rounding_keep_sum(exact, n, 0, most, 2 * scale[g], &debt, rounded);
            for (int k = 0; k < n; k++) levels[i + k] = (uint8_t)rounded[k];
        }
    }
}

void packed_write(const uint8_t *levels, int cols, int bits, uint8_t *bytes)
{
    for (int i = 0; i < cols; i += PACKED_EIGHT, bytes += bits) {
        uint64_t eight = 0;
        for (int k = 0; k < PACKED_EIGHT; k++) eight |= (uint64_t)levels[i + k] << (k * bits);
        memcpy(bytes, &eight, (size_t)bits);
    }
}

void packed_read(const uint8_t *bytes, int cols, int bits, uint8_t *levels)
{
    for (int i = 0; i < cols; i += PACKED_EIGHT, bytes += bits) {
        uint64_t eight = 0;
        memcpy(&eight, bytes, (size_t)bits);
        for (int k = 0; k < PACKED_EIGHT; k++)
            levels[i + k] = (uint8_t)(eight >> (k * bits) & ((1u << bits) - 1));
    }
}
