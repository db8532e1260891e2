/* What a layer computes with. */
#ifndef VQA_NN_COMPUTE_H
#define VQA_NN_COMPUTE_H

#include <stdatomic.h>

#include "core/parallel.h"
#include "core/tensor.h"
#include "kernels/kernels.h"
#include "nn/rollout.h"

typedef struct {
    const kernels *k;
    pool *threads; /* NULL: the caller alone */
    int finest; /* the row that the head reads, [CLS] unless told otherwise, or -1: see nn/linear.h */
    /* Shown every named intermediate result while it is alive, for comparison with a reference: the
     * name as in the reference ("hidden_states", "fused"), the layer or 0. NULL: nobody looks. */
    void (*watch)(void *context, const char *name, int layer, tensor value);
    void *watch_context;
    rollout *rollout;       /* follows the attention of all blocks that run; NULL: nobody asks */
    const atomic_int *stop; /* not 0: what is computed is not wanted any more; or NULL */
} compute;

/* To be asked now and then: whoever gives up leaves any numbers behind. */
static inline bool compute_stopped(const compute *c)
{
    return c->stop && atomic_load_explicit(c->stop, memory_order_relaxed) != 0;
}

static inline void compute_show(const compute *c, const char *name, int layer, tensor value)
{
    if (c->watch) c->watch(c->watch_context, name, layer, value);
}

#endif
