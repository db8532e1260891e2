#include "nn/classifier.h"

#include <stdio.h>

bool classifier_bind(classifier *h, weights *w, const char *name, int in, int inner, activation act,
                     int answers, error *err)
{
    *h = (classifier){ .inner = inner, .act = act };
    if (inner == 0) return linear_bind(&h->output, w, name, in, answers, true, err);
    char dense[200], output[200];
    snprintf(dense, sizeof dense, "%s.dense", name);
    snprintf(output, sizeof output, "%s.output", name);
    return linear_bind(&h->dense, w, dense, in, inner, true, err) &&
           linear_bind(&h->output, w, output, inner, answers, true, err);
}

void nn_classifier(const compute *c, const classifier *h, tensor x, tensor logits, arena tmp)
{
    if (h->inner) {
        tensor dense = tensor_new(&tmp, x.rows, h->inner);
        nn_linear(c, &h->dense, x, dense, tmp);
        nn_activate(c, h->act, dense);
        x = dense;
    }
    nn_linear(c, &h->output, x, logits, tmp);
}

uint64_t classifier_scratch(const classifier *h)
{
    uint64_t output = linear_scratch(1, h->output.in);
    if (!h->inner) return output;
    uint64_t dense = linear_scratch(1, h->dense.in);
    return tensor_cost(1, h->inner) + (dense > output ? dense : output);
}
