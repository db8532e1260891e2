#include "nn/activation.h"

#include <string.h>

bool activation_named(const char *name, activation *a, error *err)
{
    static const char *const names[] = {
        [ACTIVATION_NONE] = "none",
        [ACTIVATION_GELU] = "gelu",
        [ACTIVATION_QUICK_GELU] = "quick_gelu",
        [ACTIVATION_RELU] = "relu",
        [ACTIVATION_TANH] = "tanh",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0) {
            *a = (activation)i;
            return true;
        }
    return fail(err, "activation '%s' is not known (gelu, quick_gelu, relu, tanh, none)", name);
}

typedef struct {
    const compute *c;
    activation a;
    tensor x;
} rows_to_do;

static void activate_row(void *context, int r)
{
    const rows_to_do *todo = context;
    const kernels *k = todo->c->k;
    float *x = tensor_row(todo->x, r);
    size_t n = (size_t)todo->x.cols;
    switch (todo->a) {
    case ACTIVATION_GELU: k->gelu(x, n); break;
    case ACTIVATION_QUICK_GELU: k->quick_gelu(x, n); break;
    case ACTIVATION_TANH: k->tanh(x, n); break;
    case ACTIVATION_RELU:
        for (size_t i = 0; i < n; i++) x[i] = x[i] > 0 ? x[i] : 0;
        break;
    case ACTIVATION_NONE: break;
    }
}

void nn_activate(const compute *c, activation a, tensor x)
{
    rows_to_do todo = { c, a, x };
    pool_run(c->threads, x.rows, activate_row, &todo);
}
