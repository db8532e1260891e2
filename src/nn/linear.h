/* y = x W^T + b (torch.nn.Linear), W as floats, q8 or q4.
 *
 * With a quantized W each row of x is rounded to -Q8_MAX..Q8_MAX; of the row c->finest, which carries
 * the result, what rounding has left is quantized and multiplied too. One row more costs next to
 * nothing, and takes away most of the error of the activations: the other rows reach the result only
 * as averages that attention makes. */
#ifndef VQA_NN_LINEAR_H
#define VQA_NN_LINEAR_H

#include "nn/activation.h"
#include "nn/norm.h"
#include "quant/weights.h"

typedef struct {
    int in, out;
    const float *floats; /* panels of W, or NULL */
    q8_matrix q8;        /* or its panels are NULL */
    q4_matrix q4;        /* or its panels are NULL; one of the three there is */
    const float *bias;   /* [out], or NULL */
    bool positive;       /* see linear_expect_positive() */
} linear;

/* Take "<name>.weight" [out, in] and "<name>.bias" [out] out of `w`; a layer may lack the bias only
 * if bias is false. The weight is brought into panel order where it lies. False: missing, wrong
 * shape, or already taken. */
bool linear_bind(linear *l, weights *w, const char *name, int in, int out, bool bias, error *err);

/* The same for a weight of the given shape (its product: out * in) and full names; bias_name may be
 * NULL. */
bool linear_bind_named(linear *l, weights *w, const char *weight_name, const char *bias_name,
                       int in, int out, int rank, const int64_t *shape, error *err);

/* From now on no input is below 0, as behind a ReLU: with q8 they are rounded to 0..Q8_MAX_POSITIVE,
 * half the error. For layers that are called alone and have no finest row. */
void linear_expect_positive(linear *l);

/* y = l(x): x [rows, in] -> y [rows, out], allocated by the caller and not x. */
void nn_linear(const compute *c, const linear *l, tensor x, tensor y, arena tmp);

/* Layers of the same input, which is normed and quantized once, and what is done on the way:
 * y[i] = act(layers[i](norm(x))), or y[i] += ... */
typedef struct {
    tensor x;
    const norm *norm; /* or NULL */
    tensor normed;    /* room for norm(x), allocated by the caller */
    int count;        /* of layers, 1..3 */
    const linear *layers[3];
    tensor y[3]; /* [rows, layers[i]->out], allocated by the caller and not x */
    activation act;
    bool add; /* y is there already, and the result is added: the residual connection */
} linear_call;

void nn_linear_call(const compute *c, const linear_call *call, arena tmp);

/* y += row `r` of W, r < out; y: [in]. For an output layer that is the table of its words, too. */
void linear_add_row(const linear *l, int r, float *y);

/* Bytes of `tmp` that nn_linear and nn_linear_call need. */
uint64_t linear_scratch(int rows, int in);

#endif
