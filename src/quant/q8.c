#include "quant/q8.h"

#include <math.h>
#include <string.h>

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

int q8_largest(const char *name, int rank)
{
    size_t length = strlen(name);
    bool weight = length >= 6 && strcmp(name + length - 6, "weight") == 0;
    if (!weight || rank < 2) return 0;
    static const char *const floats[] = { "position_embedding", "token_type_embeddings",
                                          "patch_embedding" };
    for (int i = 0; i < 3; i++)
        if (strstr(name, floats[i])) return 0;
    bool words = strstr(name, "word_embeddings") || strstr(name, "token_embedding");
    return words ? 127 : Q8_WEIGHT_MAX;
}
