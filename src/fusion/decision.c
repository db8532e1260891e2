/* Each modality answers on its own; the logits are mixed.
 * average:   logits = (head_text(x1) + head_image(x2)) / 2
 * weighted:  logits = w0 head_text(x1) + w1 head_image(x2) */
#include <stdio.h>

#include "fusion/fusion.h"

bool decision_bind(fusion *f, weights *w, error *err)
{
    for (int i = 0; i < f->count; i++) {
        char name[16];
        snprintf(name, sizeof name, "head_%s", modality_names[f->which[i]]);
        if (!classifier_bind(&f->own_head[i], w, name, f->hidden, f->inner, f->act, f->answers,
                             err))
            return false;
    }
    return true;
}

void decision_fuse(const compute *c, const fusion *f, const fusion_input *x, const float *shares,
                   tensor logits, arena tmp)
{
    tensor own = tensor_new(&tmp, 1, f->answers);
    for (int i = 0; i < f->count; i++) {
        float share = shares ? shares[i] : 1.0f / (float)f->count;
        nn_classifier(c, &f->own_head[i], tensor_rows(x[i].rows, 0, 1), own, tmp);
        for (int k = 0; k < f->answers; k++)
            logits.data[k] = (i ? logits.data[k] : 0) + share * own.data[k];
    }
}

uint64_t decision_scratch(const fusion *f)
{
    return tensor_cost(1, f->answers) + classifier_scratch(&f->own_head[0]);
}

static bool bind_average(fusion *f, weights *w, const cJSON *config, error *err)
{
    (void)config;
    return decision_bind(f, w, err);
}

static bool bind_weighted(fusion *f, weights *w, const cJSON *config, error *err)
{
    return bind_average(f, w, config, err) &&
           (f->weights = weights_floats(w, "fusion.weights", SHAPE(f->count), err));
}

static void fuse(const compute *c, const fusion *f, const fusion_input *x, tensor logits, arena tmp)
{
    decision_fuse(c, f, x, f->weights, logits, tmp);
}

static uint64_t scratch(const fusion *f, int rows)
{
    (void)rows;
    return decision_scratch(f);
}

const fusion_kind fusion_decision_average = { "decision_average", false, bind_average, fuse,
                                              scratch };
const fusion_kind fusion_decision_weighted = { "decision_weighted", false, bind_weighted, fuse,
                                               scratch };
