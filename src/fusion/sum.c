/* logits = head(x1 + x2) */
#include <string.h>

#include "fusion/fusion.h"

static bool bind(fusion *f, weights *w, const cJSON *config, error *err)
{
    (void)config;
    return fusion_head_bind(f, w, f->hidden, err);
}

static void fuse(const compute *c, const fusion *f, tensor text, const uint8_t *text_mask,
                 tensor image, tensor logits, arena tmp)
{
    (void)text_mask;
    tensor fused = tensor_new(&tmp, 1, f->hidden);
    memcpy(fused.data, text.data, (size_t)f->hidden * sizeof(float));
    c->k->add(fused.data, image.data, (size_t)f->hidden);
    compute_show(c, "fused", 0, fused);
    nn_classifier(c, &f->head, fused, logits, tmp);
}

static size_t scratch(const fusion *f, int text_rows, int image_rows)
{
    (void)text_rows, (void)image_rows;
    return tensor_cost(1, f->hidden) + classifier_scratch(&f->head);
}

const fusion_kind fusion_sum = { "sum", false, bind, fuse, scratch };
