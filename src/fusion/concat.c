/* logits = head([x1;x2]) */
#include "fusion/fusion.h"

static bool bind(fusion *f, weights *w, const cJSON *config, error *err)
{
    (void)config;
    return fusion_head_bind(f, w, f->count * f->hidden, err);
}

static void fuse(const compute *c, const fusion *f, const fusion_input *x, tensor logits, arena tmp)
{
    tensor joined = fusion_joined(f, x, &tmp);
    compute_show(c, "fused", 0, joined);
    nn_classifier(c, &f->head, joined, logits, tmp);
}

static uint64_t scratch(const fusion *f, int rows)
{
    (void)rows;
    return tensor_cost(1, f->count * f->hidden) + classifier_scratch(&f->head);
}

const fusion_kind fusion_concat = { "concat", false, bind, fuse, scratch };
