#include "models/multimodal.h"

#include <stdio.h>
#include <stdlib.h>

#include "encoders/image_vit.h"
#include "encoders/text_bert.h"
#include "format/json.h"
#include "fusion/fusion.h"

typedef struct {
    text_bert text;
    image_vit image;
    fusion fusion;
} multimodal;

static bool bind(model *m, weights *w, const cJSON *config, error *err)
{
    multimodal *self = m->self = calloc(1, sizeof *self);
    if (!self) return fail_memory(err, "not enough memory for the model");
    const cJSON *text = cJSON_GetObjectItemCaseSensitive(config, "text_config");
    const cJSON *vision = cJSON_GetObjectItemCaseSensitive(config, "vision_config");
    if (!cJSON_IsObject(text)) return fail(err, "config: \"text_config\" is missing");
    if (!cJSON_IsObject(vision)) return fail(err, "config: \"vision_config\" is missing");
    if (!json_int(config, "num_labels", 0, 1, 1 << 20, &m->answers, err) ||
        !text_bert_bind(&self->text, w, "text_encoder.", text, err) ||
        !image_vit_bind(&self->image, w, "image_encoder.", vision, err))
        return false;
    const transformer_shape *t = &self->text.layers.shape, *i = &self->image.layers.shape;
    if (t->hidden != i->hidden)
        return fail(err, "config: the encoders' \"hidden_size\" differ (text %d, vision %d)",
                    t->hidden, i->hidden);
    m->hidden = t->hidden;
    m->vocabulary = self->text.embeddings.vocabulary;
    m->max_tokens = self->text.embeddings.positions;
    if (m->max_tokens > MODEL_MAX_TOKENS) m->max_tokens = MODEL_MAX_TOKENS;
    if (!fusion_bind(&self->fusion, w, config, m->hidden, m->answers, err)) return false;
    m->patch = self->image.patches.patch;
    m->blocks = self->fusion.kind->all_rows ? self->fusion.blocks : i->layers;
    m->heads = self->fusion.kind->all_rows ? self->fusion.heads : i->heads;
    snprintf(m->summary, sizeof m->summary, "BERT %d x %d + ViT %d x %d, fusion %s", t->layers,
             t->hidden, i->layers, i->hidden, self->fusion.kind->name);
    return true;
}

static void free_model(model *m)
{
    multimodal *self = m->self;
    if (!self) return;
    text_bert_free(&self->text);
    image_vit_free(&self->image);
    fusion_free(&self->fusion);
    free(self);
}

/* Fusions of the two [CLS] rows need no others: the last layer computes just these, and one row is
 * kept. */
static int feature_rows(const model *m, int height, int width)
{
    const multimodal *self = m->self;
    int tokens = image_vit_tokens(&self->image, height, width);
    if (tokens > 1 + MODEL_MAX_PATCHES) return -1;
    return tokens && !self->fusion.kind->all_rows ? 1 : tokens;
}

static void encode(const compute *c, const model *m, const float *pixels, int height, int width,
                   tensor features, arena tmp)
{
    const multimodal *self = m->self;
    tensor y = features;
    if (!self->fusion.kind->all_rows)
        y = tensor_new(&tmp, image_vit_tokens(&self->image, height, width), m->hidden);
    image_vit_encode(c, &self->image, pixels, height, width, features.rows, y, tmp);
    if (y.data != features.data)
        for (int i = 0; i < m->hidden; i++) features.data[i] = y.data[i];
}

static size_t encode_scratch(const model *m, int height, int width)
{
    const multimodal *self = m->self;
    return tensor_cost(image_vit_tokens(&self->image, height, width), m->hidden) +
           image_vit_scratch(&self->image, height, width);
}

static void answer_question(const compute *c, const model *m, const int *ids, const int *types,
                            const uint8_t *mask, int tokens, tensor features, tensor logits,
                            arena tmp)
{
    const multimodal *self = m->self;
    tensor text = tensor_new(&tmp, tokens, m->hidden);
    compute reading = *c;
    reading.rollout = NULL; /* words alone don't lead to the picture */
    text_bert_encode(&reading, &self->text, ids, types, mask, tokens,
                     self->fusion.kind->all_rows ? tokens : 1, text, tmp);
    compute_show(c, "x1_text_cls", 0, tensor_rows(text, 0, 1));
    compute_show(c, "x2_image_cls", 0, tensor_rows(features, 0, 1));
    self->fusion.kind->fuse(c, &self->fusion, text, mask, features, logits, tmp);
    compute_show(c, "logits", 0, logits);
}

static size_t answer_scratch(const model *m, int tokens, int rows)
{
    const multimodal *self = m->self;
    size_t text = text_bert_scratch(&self->text, tokens),
           fused = self->fusion.kind->scratch(&self->fusion, tokens, rows);
    return tensor_cost(tokens, m->hidden) + (text > fused ? text : fused);
}

const architecture multimodal_architecture = {
    .name = "multimodal",
    .model_types = { "multimodal", "bert_vit_fusion", NULL },
    .problem_type = "single_label_classification",
    .bind = bind,
    .free = free_model,
    .feature_rows = feature_rows,
    .encode = encode,
    .answer = answer_question,
    .encode_scratch = encode_scratch,
    .answer_scratch = answer_scratch,
};
