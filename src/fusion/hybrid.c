/* Feature level and decision level mixed: a = s(alpha), f as multiplicative_gate,
 * logits = a head(f) + (1 - a) (head_text(x1) + head_image(x2)) / 2 */
#include "fusion/fusion.h"

static bool bind(fusion *f, weights *w, const cJSON *config, error *err)
{
    (void)config;
    return multiplicative_bind(f, w, err) && fusion_head_bind(f, w, f->hidden, err) &&
           decision_bind(f, w, err) &&
           (f->alpha = weights_floats(w, "fusion.alpha", SHAPE(1), err));
}

static void fuse(const compute *c, const fusion *f, const fusion_input *x, tensor logits, arena tmp)
{
    tensor fused = tensor_new(&tmp, 1, f->hidden), features = tensor_new(&tmp, 1, f->answers);
    multiplicative_fuse(c, f, x, fused, tmp);
    compute_show(c, "fused", 0, fused);
    nn_classifier(c, &f->head, fused, features, tmp);
    decision_fuse(c, f, x, NULL, logits, tmp);
    float a = f->alpha[0];
    c->k->sigmoid(&a, 1);
    for (int i = 0; i < f->answers; i++)
        logits.data[i] = a * features.data[i] + (1.0f - a) * logits.data[i];
}

static uint64_t scratch(const fusion *f, int rows)
{
    (void)rows;
    return tensor_cost(1, f->hidden) + tensor_cost(1, f->answers) + multiplicative_scratch(f) +
           classifier_scratch(&f->head) + decision_scratch(f);
}

const fusion_kind fusion_hybrid = { "hybrid", false, bind, fuse, scratch };
