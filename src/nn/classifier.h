/* The last layers: features to one logit per answer. Linear, or Linear - activation - Linear. */
#ifndef VQA_NN_CLASSIFIER_H
#define VQA_NN_CLASSIFIER_H

#include "nn/activation.h"
#include "nn/linear.h"

typedef struct {
    linear dense; /* used if inner > 0 */
    int inner;
    activation act;
    linear output;
} classifier;

/* Take "<name>" [answers, in] out of `w`; with inner > 0 "<name>.dense" [inner, in] and
 * "<name>.output" [answers, inner]. */
bool classifier_bind(classifier *h, weights *w, const char *name, int in, int inner, activation act,
                     int answers, error *err);

/* logits [x.rows, answers], allocated by the caller. */
void nn_classifier(const compute *c, const classifier *h, tensor x, tensor logits, arena tmp);

/* Bytes of `tmp` that nn_classifier needs for one row. */
uint64_t classifier_scratch(const classifier *h);

#endif
