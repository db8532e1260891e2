#include "nn/pooler.h"

#include <stdio.h>

bool pooler_bind(pooler *p, weights *w, const char *name, int hidden, error *err)
{
    char dense[256], weight_name[272];
    snprintf(dense, sizeof dense, "%s.dense", name);
    snprintf(weight_name, sizeof weight_name, "%s.weight", dense);
    p->present = weights_find(w, weight_name) != NULL;
    return !p->present || linear_bind(&p->dense, w, dense, hidden, hidden, true, err);
}

void nn_pooler(const compute *c, const pooler *p, tensor x, tensor y, arena tmp)
{
    nn_linear(c, &p->dense, tensor_rows(x, 0, 1), y, tmp);
    c->k->tanh(y.data, (size_t)y.cols);
}
