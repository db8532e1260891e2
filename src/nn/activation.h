/* Activation functions by the names that configurations use. */
#ifndef VQA_NN_ACTIVATION_H
#define VQA_NN_ACTIVATION_H

#include "core/error.h"
#include "nn/compute.h"

typedef enum {
    ACTIVATION_NONE,
    ACTIVATION_GELU,
    ACTIVATION_QUICK_GELU,
    ACTIVATION_RELU,
    ACTIVATION_RELU6,
    ACTIVATION_TANH
} activation;

/* "gelu" (erf), "quick_gelu", "relu", "relu6", "tanh", "none"; other names: false and a sentence that lists
 * these. */
bool activation_named(const char *name, activation *a, error *err);

/* The kernel that does it, NULL for ACTIVATION_NONE. */
void (*activation_function(const kernels *k, activation a))(float *x, size_t n);

/* x = a(x), in place. */
void nn_activate(const compute *c, activation a, tensor x);

#endif
