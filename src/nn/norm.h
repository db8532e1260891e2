/* y = (x - mean) / sqrt(variance + eps) * weight + bias over each row (torch.nn.LayerNorm). */
#ifndef VQA_NN_NORM_H
#define VQA_NN_NORM_H

#include "nn/compute.h"
#include "quant/weights.h"

typedef struct {
    int size;
    const float *weight, *bias; /* [size] */
    float eps;
} norm;

/* Take "<name>.weight" and "<name>.bias" (old checkpoints: "gamma" and "beta"), both [size], out of
 * `w`. */
bool norm_bind(norm *n, weights *w, const char *name, int size, float eps, error *err);

/* y[r] = norm(x[r]) for every row; y may be x. */
void nn_norm(const compute *c, const norm *n, tensor x, tensor y);

#endif
