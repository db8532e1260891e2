/* logits = head(x1 + x2) */
#include <string.h>

#include "fusion/fusion.h"

static bool bind(fusion *f, weights *w, const cJSON *config, error *err)
{
    (void)config;
    return fusion_head_bind(f, w, f->hidden, err);
}

static void fuse(const compute *c, const fusion *f, const fusion_input *x, tensor logits, arena tmp)
{
    tensor fused = tensor_new(&tmp, 1, f->hidden);
    memcpy(fused.data, x[0].rows.data, (size_t)f->hidden * sizeof(float));
    for (int i = 1; i < f->count; i++) c->k->add(fused.data, x[i].rows.data, (size_t)f->hidden);
    compute_show(c, "fused", 0, fused);
    nn_classifier(c, &f->head, fused, logits, tmp);
}

static uint64_t scratch(const fusion *f, int rows)
{
    (void)rows;
    return tensor_cost(1, f->hidden) + classifier_scratch(&f->head);
}

const fusion_kind fusion_sum = { "sum", false, bind, fuse, scratch };
