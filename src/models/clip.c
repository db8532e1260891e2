#include "models/clip.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "encoders/image_clip.h"
#include "encoders/text_clip.h"
#include "format/json.h"

typedef struct {
    text_clip text;
    image_clip image;
    linear text_projection, image_projection; /* without bias, to [1, projection_dim] */
    float scale;                              /* exp(logit_scale) */
} clip;

/* The settings of one encoder, NULL and a sentence if there are none. Very old files have them
 * under the old key, beside none or an empty object. */
static const cJSON *part_config(const cJSON *config, const char *key, const char *old_key,
                                error *err)
{
    const cJSON *part = cJSON_GetObjectItemCaseSensitive(config, key);
    const cJSON *old = cJSON_GetObjectItemCaseSensitive(config, old_key);
    if (cJSON_IsObject(old) && !(cJSON_IsObject(part) && part->child)) part = old;
    if (cJSON_IsObject(part)) return part;
    fail(err, "config: \"%s\" is missing", key);
    return NULL;
}

/* e^x, |x| finite, to 1e-13 of it: the 2^halvings-th power of e^(x / 2^halvings), whose series is
 * short. In double, and not the C library's, so that every build has the same float of it. */
static double exponential(double x)
{
    int halvings = 0;
    while (fabs(x) > 0.25) {
        x /= 2;
        halvings++;
    }
    double y = 1;
    for (int i = 12; i > 0; i--) y = 1 + x / i * y;
    while (halvings-- > 0) y *= y;
    return y;
}

static bool bind(model *m, weights *w, const cJSON *config, error *err)
{
    clip *self = m->self = calloc(1, sizeof *self);
    if (!self) return fail_memory(err, "not enough memory for the model");
    const cJSON *text = part_config(config, "text_config", "text_config_dict", err);
    const cJSON *vision =
        text ? part_config(config, "vision_config", "vision_config_dict", err) : NULL;
    if (!vision || !json_int(config, "projection_dim", 512, 1, 1 << 13, &m->hidden, err) ||
        !text_clip_bind(&self->text, w, "text_model.", text, err) ||
        !image_clip_bind(&self->image, w, "vision_model.", vision, err))
        return false;
    const transformer_shape *t = &self->text.layers.shape, *i = &self->image.layers.shape;
    const float *scale;
    if (!linear_bind(&self->text_projection, w, "text_projection", t->hidden, m->hidden, false,
                     err) ||
        !linear_bind(&self->image_projection, w, "visual_projection", i->hidden, m->hidden, false,
                     err) ||
        !(scale = weights_floats(w, "logit_scale", 0, NULL, err)))
        return false;
    self->scale = (float)exponential((double)*scale);
    m->ranks = true;
    m->answers = 1;
    m->takes[TEXT] = m->takes[PICTURE] = NEEDED;
    m->patch = self->image.patch;
    m->blocks = i->layers;
    m->heads = i->heads;
    m->vocabulary = self->text.vocabulary;
    m->max_tokens = self->text.positions;
    if (m->max_tokens > MODEL_MAX_TOKENS) m->max_tokens = MODEL_MAX_TOKENS;
    snprintf(m->summary, sizeof m->summary, "CLIP, text %d x %d + picture %d x %d", t->layers,
             t->hidden, i->layers, i->hidden);
    return true;
}

static void free_model(model *m)
{
    clip *self = m->self;
    if (!self) return;
    text_clip_free(&self->text);
    image_clip_free(&self->image);
    free(self);
}

static int feature_rows(const model *m, int height, int width)
{
    const clip *self = m->self;
    int side = self->image.side;
    if (height < side || width < side) return 0;
    if (height > side || width > side) return -1;
    return image_clip_tokens(&self->image) > 1 + MODEL_MAX_PATCHES ? -1 : 1;
}

/* Sums in order, so that every build has the same bits. */
static float dot(const float *a, const float *b, int n)
{
    float sum = 0;
    for (int i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}

/* The direction that a row has in the common space: its projection, brought to length 1. */
static void embed(const compute *c, const linear *projection, tensor row, tensor direction,
                  arena tmp)
{
    nn_linear(c, projection, row, direction, tmp);
    float length = sqrtf(dot(direction.data, direction.data, direction.cols));
    for (int i = 0; i < direction.cols; i++) direction.data[i] /= length;
}

static void encode(const compute *c, const model *m, const float *pixels, int height, int width,
                   tensor features, arena tmp)
{
    (void)height, (void)width; /* of the only size there is */
    const clip *self = m->self;
    tensor y = tensor_new(&tmp, image_clip_tokens(&self->image), self->image.layers.shape.hidden),
           pooled = tensor_rows(y, 0, 1);
    image_clip_encode(c, &self->image, pixels, 1, y, tmp);
    nn_norm(c, &self->image.after, pooled, pooled);
    compute_show(c, "vision_pooler_output", 0, pooled);
    embed(c, &self->image_projection, pooled, features, tmp);
    compute_show(c, "image_embeds", 0, features);
}

static uint64_t encode_scratch(const model *m, int height, int width)
{
    (void)height, (void)width;
    const clip *self = m->self;
    int hidden = self->image.layers.shape.hidden;
    uint64_t image = image_clip_scratch(&self->image), projection = linear_scratch(1, hidden);
    return tensor_cost(image_clip_tokens(&self->image), hidden) +
           (image > projection ? image : projection);
}

/* How well one text fits the picture. */
static void answer_text(const compute *c, const model *m, const request *q, tensor logits,
                        arena tmp)
{
    const clip *self = m->self;
    tensor y = tensor_new(&tmp, q->tokens, self->text.layers.shape.hidden),
           direction = tensor_new(&tmp, 1, m->hidden);
    text_clip_encode(c, &self->text, q->ids, q->mask, q->tokens, y, tmp);
    tensor pooled = tensor_rows(y, text_clip_pooled_row(&self->text, q->ids, q->tokens), 1);
    compute_show(c, "text_last_hidden_state", 0, y);
    compute_show(c, "text_pooler_output", 0, pooled);
    embed(c, &self->text_projection, pooled, direction, tmp);
    compute_show(c, "text_embeds", 0, direction);
    logits.data[0] = self->scale * dot(q->picture.data, direction.data, m->hidden);
}

static uint64_t answer_scratch(const model *m, int tokens, int speech_rows, int picture_rows)
{
    (void)speech_rows, (void)picture_rows;
    const clip *self = m->self;
    int hidden = self->text.layers.shape.hidden;
    uint64_t text = text_clip_scratch(&self->text, tokens), projection = linear_scratch(1, hidden);
    return tensor_cost(tokens, hidden) + tensor_cost(1, m->hidden) +
           (text > projection ? text : projection);
}

const architecture clip_architecture = {
    .name = "clip",
    .model_types = { "clip", NULL },
    .problem_type = "single_label_classification",
    .bind = bind,
    .free = free_model,
    .feature_rows = feature_rows,
    .encode = encode,
    .encode_scratch = encode_scratch,
    .answer = answer_text,
    .answer_scratch = answer_scratch,
};
