/* logits = head([x1;x2]) */
#include "fusion/fusion.h"

static bool bind(fusion *f, weights *w, const cJSON *config, error *err)
{
    (void)config;
    return fusion_head_bind(f, w, 2 * f->hidden, err);
}

static void fuse(const compute *c, const fusion *f, tensor text, const uint8_t *text_mask,
                 tensor image, tensor logits, arena tmp)
{
    (void)text_mask;
    tensor pair = fusion_pair(text, image, &tmp);
    compute_show(c, "fused", 0, pair);
    nn_classifier(c, &f->head, pair, logits, tmp);
}

static size_t scratch(const fusion *f, int text_rows, int image_rows)
{
    (void)text_rows, (void)image_rows;
    return tensor_cost(1, 2 * f->hidden) + classifier_scratch(&f->head);
}

const fusion_kind fusion_concat = { "concat", false, bind, fuse, scratch };
