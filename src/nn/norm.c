#include "nn/norm.h"

#include <assert.h>
#include <stdio.h>

bool norm_bind(norm *n, weights *w, const char *name, int size, float eps, error *err)
{
    char weight_name[256], bias_name[256];
    snprintf(weight_name, sizeof weight_name, "%s.gamma", name);
    bool old = weights_find(w, weight_name) != NULL;
    snprintf(weight_name, sizeof weight_name, "%s.%s", name, old ? "gamma" : "weight");
    snprintf(bias_name, sizeof bias_name, "%s.%s", name, old ? "beta" : "bias");
    *n = (norm){ .size = size, .eps = eps };
    return (n->weight = weights_floats(w, weight_name, SHAPE(size), err)) &&
           (n->bias = weights_floats(w, bias_name, SHAPE(size), err));
}

void nn_norm(const compute *c, const norm *n, tensor x, tensor y)
{
    assert(x.cols == n->size && y.cols == n->size && y.rows == x.rows);
    for (int r = 0; r < x.rows; r++)
        c->k->layer_norm(tensor_row(x, r), n->weight, n->bias, n->eps, tensor_row(y, r), n->size);
}
