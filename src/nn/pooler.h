/* tanh(dense(first row)): BertPooler, ViTPooler. */
#ifndef VQA_NN_POOLER_H
#define VQA_NN_POOLER_H

#include "nn/linear.h"

typedef struct {
    bool present; /* checkpoints may leave it out */
    linear dense;
} pooler;

/* Take "<name>.dense" [hidden, hidden] out of `w` if it is there. */
bool pooler_bind(pooler *p, weights *w, const char *name, int hidden, error *err);

/* y [1, hidden] from the first row of x. */
void nn_pooler(const compute *c, const pooler *p, tensor x, tensor y, arena tmp);

#endif
