#include "quant/q8.h"

#include <math.h>

#include "kernels/kernels.h"

float q8_quantize_weights(const float *x, int n, int largest, int8_t *q)
{
    float most = 0;
    for (int i = 0; i < n; i++)
        if (fabsf(x[i]) > most) most = fabsf(x[i]);
    float inverse = most > Q8_ZERO ? (float)largest / most : 0;
    for (int i = 0; i < n; i++) q[i] = (int8_t)nearbyintf(x[i] * inverse);
    return most / (float)largest;
}
