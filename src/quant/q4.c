#include "quant/q4.h"

#include <math.h>
#include <string.h>

#include "kernels/kernels.h"
#include "quant/dtype.h"
#include "quant/q8.h"

int q4_groups(int n) { return n / Q4_GROUP; }

static int nibble(float x, float inverse)
{
    float n = nearbyintf((x * inverse + Q4_LEVELS - 1) * 0.5f);
    return n < 0 ? 0 : n > Q4_LEVELS - 1 ? Q4_LEVELS - 1 : (int)n;
}

static float group_scale(const float *x)
{
    float most = 0;
    for (int i = 0; i < Q4_GROUP; i++)
        if (fabsf(x[i]) > most) most = fabsf(x[i]);
    return half_to_float(float_to_half(most / Q4_LEVELS));
}

void q4_quantize_weights(const float *x, int n, uint8_t *pairs, float *scale)
{
    for (int g = 0; g < q4_groups(n); g++, x += Q4_GROUP, pairs += Q4_GROUP / 2) {
        scale[g] = group_scale(x);
        float inverse = scale[g] > Q8_ZERO ? 1 / scale[g] : 0;
        for (int i = 0; i < Q4_GROUP; i += 2)
            pairs[i / 2] = (uint8_t)(nibble(x[i], inverse) | nibble(x[i + 1], inverse) << 4);
    }
}

bool q4_suits(const char *name, int rank, int cols)
{
    return q8_largest(name, rank) > 0 && cols % Q4_GROUP == 0;
}
