/* Gates that weigh text against picture.
 * multiplicative:  f = x1 * s(Wx[x1;x2] + bx) + x2 * s(Wy[x1;x2] + by)
 * additive:        (l1, l2) = s(Wl[x1;x2] + bl), two scalars or two vectors;  f = l1 * x1 + l2 * x2
 * logits = head(f) */
#include "fusion/fusion.h"

bool multiplicative_bind(fusion *f, weights *w, error *err)
{
    return linear_bind(&f->gate_x, w, "fusion.wx", 2 * f->hidden, f->hidden, true, err) &&
           linear_bind(&f->gate_y, w, "fusion.wy", 2 * f->hidden, f->hidden, true, err);
}

void multiplicative_fuse(const compute *c, const fusion *f, tensor text, tensor image, tensor fused,
                         arena tmp)
{
    tensor pair = fusion_pair(text, image, &tmp);
    tensor gates[2] = { tensor_new(&tmp, 1, f->hidden), tensor_new(&tmp, 1, f->hidden) };
    linear_call both = {
        .x = pair, .layers = { &f->gate_x, &f->gate_y }, .y = { gates[0], gates[1] }, .count = 2
    };
    nn_linear_call(c, &both, tmp);
    for (int i = 0; i < 2; i++) c->k->sigmoid(gates[i].data, (size_t)f->hidden);
    for (int i = 0; i < f->hidden; i++)
        fused.data[i] = text.data[i] * gates[0].data[i] + image.data[i] * gates[1].data[i];
}

size_t multiplicative_scratch(const fusion *f)
{
    return tensor_cost(1, 2 * f->hidden) + 2 * tensor_cost(1, f->hidden) +
           linear_scratch(1, 2 * f->hidden);
}

static bool bind_multiplicative(fusion *f, weights *w, const cJSON *config, error *err)
{
    (void)config;
    return multiplicative_bind(f, w, err) && fusion_head_bind(f, w, f->hidden, err);
}

static void fuse_multiplicative(const compute *c, const fusion *f, tensor text,
                                const uint8_t *text_mask, tensor image, tensor logits, arena tmp)
{
    (void)text_mask;
    tensor fused = tensor_new(&tmp, 1, f->hidden);
    multiplicative_fuse(c, f, text, image, fused, tmp);
    compute_show(c, "fused", 0, fused);
    nn_classifier(c, &f->head, fused, logits, tmp);
}

static size_t scratch_multiplicative(const fusion *f, int text_rows, int image_rows)
{
    (void)text_rows, (void)image_rows;
    return tensor_cost(1, f->hidden) + multiplicative_scratch(f) + classifier_scratch(&f->head);
}

/* lambda has 2 outputs (scalars) or 2 hidden (vectors). */
static bool bind_additive(fusion *f, weights *w, const cJSON *config, error *err)
{
    (void)config;
    int outputs = f->kind == &fusion_additive_gate ? 2 : 2 * f->hidden;
    return linear_bind(&f->lambda, w, "fusion.wlambda", 2 * f->hidden, outputs, true, err) &&
           fusion_head_bind(f, w, f->hidden, err);
}

static void fuse_additive(const compute *c, const fusion *f, tensor text, const uint8_t *text_mask,
                          tensor image, tensor logits, arena tmp)
{
    (void)text_mask;
    int each = f->lambda.out / 2; /* gates a modality: 1 or hidden */
    tensor pair = fusion_pair(text, image, &tmp), gates = tensor_new(&tmp, 1, f->lambda.out),
           fused = tensor_new(&tmp, 1, f->hidden);
    nn_linear(c, &f->lambda, pair, gates, tmp);
    c->k->sigmoid(gates.data, (size_t)f->lambda.out);
    for (int i = 0; i < f->hidden; i++) {
        int gate = each == 1 ? 0 : i;
        fused.data[i] = gates.data[gate] * text.data[i] + gates.data[each + gate] * image.data[i];
    }
    compute_show(c, "fused", 0, fused);
    nn_classifier(c, &f->head, fused, logits, tmp);
}

static size_t scratch_additive(const fusion *f, int text_rows, int image_rows)
{
    (void)text_rows, (void)image_rows;
    return tensor_cost(1, 2 * f->hidden) + tensor_cost(1, f->lambda.out) +
           tensor_cost(1, f->hidden) + linear_scratch(1, 2 * f->hidden) +
           classifier_scratch(&f->head);
}

const fusion_kind fusion_multiplicative_gate = { "multiplicative_gate", false, bind_multiplicative,
                                                 fuse_multiplicative, scratch_multiplicative };
const fusion_kind fusion_additive_gate = { "additive_gate", false, bind_additive, fuse_additive,
                                           scratch_additive };
const fusion_kind fusion_additive_gate_vector = { "additive_gate_vector", false, bind_additive,
                                                  fuse_additive, scratch_additive };
