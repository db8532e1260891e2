/* Each modality answers on its own; the logits are mixed.
 * average:   logits = (head_text(x1) + head_image(x2)) / 2
 * weighted:  logits = w0 head_text(x1) + w1 head_image(x2) */
#include "fusion/fusion.h"

bool decision_bind(fusion *f, weights *w, error *err)
{
    return classifier_bind(&f->text_head, w, "head_text", f->hidden, f->inner, f->act, f->answers,
                           err) &&
           classifier_bind(&f->image_head, w, "head_image", f->hidden, f->inner, f->act, f->answers,
                           err);
}

void decision_fuse(const compute *c, const fusion *f, tensor text, tensor image, float a, float b,
                   tensor logits, arena tmp)
{
    tensor other = tensor_new(&tmp, 1, f->answers);
    nn_classifier(c, &f->text_head, tensor_rows(text, 0, 1), logits, tmp);
    nn_classifier(c, &f->image_head, tensor_rows(image, 0, 1), other, tmp);
    for (int i = 0; i < f->answers; i++) logits.data[i] = a * logits.data[i] + b * other.data[i];
}

size_t decision_scratch(const fusion *f)
{
    return tensor_cost(1, f->answers) + classifier_scratch(&f->text_head);
}

static bool bind_average(fusion *f, weights *w, const cJSON *config, error *err)
{
    (void)config;
    return decision_bind(f, w, err);
}

static bool bind_weighted(fusion *f, weights *w, const cJSON *config, error *err)
{
    return bind_average(f, w, config, err) &&
           (f->weights = weights_floats(w, "fusion.weights", SHAPE(2), err));
}

static void fuse(const compute *c, const fusion *f, tensor text, const uint8_t *text_mask,
                 tensor image, tensor logits, arena tmp)
{
    (void)text_mask;
    decision_fuse(c, f, text, image, f->weights ? f->weights[0] : 0.5f,
                  f->weights ? f->weights[1] : 0.5f, logits, tmp);
}

static size_t scratch(const fusion *f, int text_rows, int image_rows)
{
    (void)text_rows, (void)image_rows;
    return decision_scratch(f);
}

const fusion_kind fusion_decision_average = { "decision_average", false, bind_average, fuse,
                                              scratch };
const fusion_kind fusion_decision_weighted = { "decision_weighted", false, bind_weighted, fuse,
                                               scratch };
