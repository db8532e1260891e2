/* Gates that weigh the modalities against each other.
 * multiplicative:  f = x1 * s(Wx[x1;x2] + bx) + x2 * s(Wy[x1;x2] + by)
 * additive:        (l1, l2) = s(Wl[x1;x2] + bl), scalars or vectors;  f = l1 * x1 + l2 * x2
 * logits = head(f) */
#include "fusion/fusion.h"

bool multiplicative_bind(fusion *f, weights *w, error *err)
{
    static const char *const names[MODALITIES] = { "fusion.wx", "fusion.wy", "fusion.wz" };
    for (int i = 0; i < f->count && i < MODALITIES; i++)
        if (!linear_bind(&f->gates[i], w, names[i], f->count * f->hidden, f->hidden, true, err))
            return false;
    return true;
}

void multiplicative_fuse(const compute *c, const fusion *f, const fusion_input *x, tensor fused,
                         arena tmp)
{
    linear_call call = { .x = fusion_joined(f, x, &tmp), .count = f->count };
    for (int i = 0; i < f->count; i++) {
        call.layers[i] = &f->gates[i];
        call.y[i] = tensor_new(&tmp, 1, f->hidden);
    }
    nn_linear_call(c, &call, tmp);
    for (int i = 0; i < f->count; i++) {
        c->k->sigmoid(call.y[i].data, (size_t)f->hidden);
        for (int k = 0; k < f->hidden; k++)
            fused.data[k] = (i ? fused.data[k] : 0) + x[i].rows.data[k] * call.y[i].data[k];
    }
}

uint64_t multiplicative_scratch(const fusion *f)
{
    return tensor_cost(1, f->count * f->hidden) + (uint64_t)f->count * tensor_cost(1, f->hidden) +
           linear_scratch(1, f->count * f->hidden);
}

static bool bind_multiplicative(fusion *f, weights *w, const cJSON *config, error *err)
{
    (void)config;
    return multiplicative_bind(f, w, err) && fusion_head_bind(f, w, f->hidden, err);
}

static void fuse_multiplicative(const compute *c, const fusion *f, const fusion_input *x,
                                tensor logits, arena tmp)
{
    tensor fused = tensor_new(&tmp, 1, f->hidden);
    multiplicative_fuse(c, f, x, fused, tmp);
    compute_show(c, "fused", 0, fused);
    nn_classifier(c, &f->head, fused, logits, tmp);
}

static uint64_t scratch_multiplicative(const fusion *f, int rows)
{
    (void)rows;
    return tensor_cost(1, f->hidden) + multiplicative_scratch(f) + classifier_scratch(&f->head);
}

/* lambda has an output (scalars) or `hidden` outputs (vectors) for each modality. */
static bool bind_additive(fusion *f, weights *w, const cJSON *config, error *err)
{
    (void)config;
    int each = f->kind == &fusion_additive_gate ? 1 : f->hidden;
    return linear_bind(&f->lambda, w, "fusion.wlambda", f->count * f->hidden, f->count * each, true,
                       err) &&
           fusion_head_bind(f, w, f->hidden, err);
}

static void fuse_additive(const compute *c, const fusion *f, const fusion_input *x, tensor logits,
                          arena tmp)
{
    int each = f->lambda.out / f->count;
    tensor joined = fusion_joined(f, x, &tmp), gates = tensor_new(&tmp, 1, f->lambda.out),
           fused = tensor_new(&tmp, 1, f->hidden);
    nn_linear(c, &f->lambda, joined, gates, tmp);
    c->k->sigmoid(gates.data, (size_t)f->lambda.out);
    for (int i = 0; i < f->count; i++)
        for (int k = 0; k < f->hidden; k++)
            fused.data[k] = (i ? fused.data[k] : 0) +
                            gates.data[i * each + (each == 1 ? 0 : k)] * x[i].rows.data[k];
    compute_show(c, "fused", 0, fused);
    nn_classifier(c, &f->head, fused, logits, tmp);
}

static uint64_t scratch_additive(const fusion *f, int rows)
{
    (void)rows;
    return tensor_cost(1, f->count * f->hidden) + tensor_cost(1, f->lambda.out) +
           tensor_cost(1, f->hidden) + linear_scratch(1, f->count * f->hidden) +
           classifier_scratch(&f->head);
}

const fusion_kind fusion_multiplicative_gate = { "multiplicative_gate", false, bind_multiplicative,
                                                 fuse_multiplicative, scratch_multiplicative };
const fusion_kind fusion_additive_gate = { "additive_gate", false, bind_additive, fuse_additive,
                                           scratch_additive };
const fusion_kind fusion_additive_gate_vector = { "additive_gate_vector", false, bind_additive,
                                                  fuse_additive, scratch_additive };
