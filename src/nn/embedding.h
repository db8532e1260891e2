/* A table whose rows are looked up by id (torch.nn.Embedding), as floats, q8 or q4. */
#ifndef VQA_NN_EMBEDDING_H
#define VQA_NN_EMBEDDING_H

#include "core/tensor.h"
#include "quant/weights.h"

typedef struct {
    const weight *table; /* [count, size] */
} embedding;

/* Take "<name>.weight" [count, size] out of `w`. */
bool embedding_bind(embedding *e, const weights *w, const char *name, int count, int size,
                    error *err);

/* row += table[id], 0 <= id < count; row: [size]. */
void embedding_add(const embedding *e, int id, float *row);

#endif
