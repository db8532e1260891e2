/* y = x W^T + b (torch.nn.Linear), W as floats, q8 or q4.
 *
 * With a quantized W each row of x is rounded to -Q8_MAX..Q8_MAX; of the row c->finest, which carries
 * the result, what rounding has left is quantized and multiplied too. One row more costs next to
 * nothing, and takes away most of the error of the activations: the other rows reach the result only
 * as averages that attention makes. */
#ifndef VQA_NN_LINEAR_H
#define VQA_NN_LINEAR_H

#include "nn/compute.h"
#include "quant/weights.h"

typedef struct {
    int in, out;
    const float *floats; /* panels of W, or NULL */
    const int8_t *q8;    /* panels of W as q8 with one scale per output, or NULL */
    const uint8_t *q4;   /* panels of W as q4, or NULL */
    const float *scale;  /* q8: [out]; q4: panels of [in / Q4_GROUP, PANEL] */
    const float *bias;   /* [out], or NULL */
} linear;

/* Take "<name>.weight" [out, in] and "<name>.bias" [out] out of `w`; a layer may lack the bias only
 * if bias is false. The weight is brought into panel order where it lies. False: missing, wrong
 * shape, or already taken. */
bool linear_bind(linear *l, weights *w, const char *name, int in, int out, bool bias, error *err);

/* The same for a weight of the given shape (its product: out * in) and full names; bias_name may be
 * NULL. */
bool linear_bind_named(linear *l, weights *w, const char *weight_name, const char *bias_name,
                       int in, int out, int rank, const int64_t *shape, error *err);

/* y = l(x): x [rows, in] -> y [rows, out], allocated by the caller and not x. */
void nn_linear(const compute *c, const linear *l, tensor x, tensor y, arena tmp);

/* `count` (1..4) layers of the same input, quantized once: y[i] = layers[i](x), each [rows,
 * layers[i]->out] and allocated by the caller. */
void nn_linear_many(const compute *c, const linear *const *layers, int count, tensor x, tensor *y,
                    arena tmp);

/* Bytes of `tmp` that nn_linear and nn_linear_many need. */
size_t linear_scratch(int rows, int in);

#endif
