#include "quant/q8.h"

#include <math.h>

#include "kernels/kernels.h"
#include "quant/rounding.h"

float q8_quantize_weights(const float *x, int n, int8_t *q)
{
    float most = 0, debt = 0;
    for (int i = 0; i < n; i++)
        if (fabsf(x[i]) > most) most = fabsf(x[i]);
    float scale = most / Q8_WEIGHT_MAX, inverse = most > Q8_ZERO ? Q8_WEIGHT_MAX / most : 0;
    for (int i = 0; i < n; i += ROUNDING_RUN) {
        int run = n - i < ROUNDING_RUN ? n - i : ROUNDING_RUN, rounded[ROUNDING_RUN];
        float exact[ROUNDING_RUN];
        for (int k = 0; k < run; k++) exact[k] = x[i + k] * inverse;
        rounding_keep_sum(exact, run, -Q8_WEIGHT_MAX, Q8_WEIGHT_MAX, scale, &debt, rounded);
        for (int k = 0; k < run; k++) q[i + k] = (int8_t)rounded[k];
    }
    return scale;
}
