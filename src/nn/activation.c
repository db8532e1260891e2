#include "nn/activation.h"

#include <string.h>

#include "core/build.h"

bool activation_named(const char *name, activation *a, error *err)
{
    static const char *const names[] = {
        [ACTIVATION_NONE] = "none",
        [ACTIVATION_GELU] = "gelu",
        [ACTIVATION_QUICK_GELU] = "quick_gelu",
        [ACTIVATION_RELU] = "relu",
        [ACTIVATION_RELU6] = "relu6",
        [ACTIVATION_TANH] = "tanh",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0) {
            if (!VQA_FULL && i == ACTIVATION_RELU6) return fail_build(err, "relu6");
            *a = (activation)i;
            return true;
        }
    return fail(err, "activation '%s' is not known (gelu, quick_gelu, relu, relu6, tanh, none)",
                name);
}

void (*activation_function(const kernels *k, activation a))(float *x, size_t n)
{
    switch (a) {
    case ACTIVATION_GELU: return k->gelu;
    case ACTIVATION_QUICK_GELU: return k->quick_gelu;
    case ACTIVATION_RELU: return k->relu;
    case ACTIVATION_RELU6: return k->relu6;
    case ACTIVATION_TANH: return k->tanh;
    case ACTIVATION_NONE: break;
    }
    return NULL;
}

void nn_activate(const compute *c, activation a, tensor x)
{
    if (a != ACTIVATION_NONE) activation_function(c->k, a)(x.data, (size_t)x.rows * (size_t)x.cols);
}
