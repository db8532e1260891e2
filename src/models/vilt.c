#include "models/vilt.h"

#include <stdio.h>
#include <stdlib.h>

#include "encoders/config.h"
#include "encoders/image_patches.h"
#include "encoders/text_embeddings.h"
#include "format/json.h"
#include "fusion/fusion.h"
#include "nn/pooler.h"

typedef struct {
    text_embeddings text;
    image_patches image;
    embedding modality; /* row 0 is added to the text's rows, row 1 to the picture's */
    transformer layers;
    norm final;
    pooler pooler;
    linear inner; /* the head: inner - norm - GELU - output */
    norm inner_norm;
    linear output;
} vilt;

static const image_patches_kind patches = { 384, 32, interpolate_bilinear, false };

static bool bind_head(vilt *self, weights *w, int hidden, int answers, error *err)
{
    self->pooler.present = true;
    return linear_bind(&self->pooler.dense, w, "vilt.pooler.dense", hidden, hidden, true, err) &&
           linear_bind(&self->inner, w, "classifier.0", hidden, 2 * hidden, true, err) &&
           norm_bind(&self->inner_norm, w, "classifier.1", 2 * hidden, 1e-5f, err) &&
           linear_bind(&self->output, w, "classifier.3", 2 * hidden, answers, true, err);
}

static bool bind(model *m, weights *w, const cJSON *config, error *err)
{
    vilt *self = m->self = calloc(1, sizeof *self);
    if (!self) return fail_memory(err, "not enough memory for the model");
    transformer_shape shape;
    int modalities;
    int labels = cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(config, "id2label"));
    if (!labels && !cJSON_HasObjectItem(config, "num_labels"))
        return fail(err, "config: this ViLT has no answers (\"id2label\"): it is not one that was "
                         "trained to answer questions");
    if (!json_int(config, "num_labels", labels, 1, 1 << 20, &m->answers, err) ||
        !json_int(config, "modality_type_vocab_size", 2, 2, 1 << 10, &modalities, err) ||
        !transformer_config(&shape, config, err))
        return false;
    shape.pre_norm = true;
    int hidden = m->hidden = shape.hidden;
    if (!text_embeddings_bind(&self->text, w, "vilt.embeddings.text_embeddings.", config, 40,
                              hidden, shape.eps, err) ||
        !image_patches_bind(&self->image, &patches, w, "vilt.embeddings.", config, hidden, err) ||
        !embedding_bind(&self->modality, w, "vilt.embeddings.token_type_embeddings", modalities,
                        hidden, err) ||
        !transformer_bind(&self->layers, &shape, w, "vilt.encoder.layer.", &transformer_vit_names,
                          err) ||
        !norm_bind(&self->final, w, "vilt.layernorm", hidden, shape.eps, err) ||
        !bind_head(self, w, hidden, m->answers, err))
        return false;
    m->takes[TEXT] = m->takes[PICTURE] = NEEDED;
    m->patch = self->image.patch;
    m->blocks = shape.layers;
    m->heads = shape.heads;
    m->vocabulary = self->text.vocabulary;
    m->max_tokens = self->text.positions;
    if (m->max_tokens > MODEL_MAX_TOKENS) m->max_tokens = MODEL_MAX_TOKENS;
    snprintf(m->summary, sizeof m->summary, "ViLT %d x %d, patches of %d x %d", shape.layers,
             hidden, self->image.patch, self->image.patch);
    return true;
}

static void free_model(model *m)
{
    vilt *self = m->self;
    if (!self) return;
    image_patches_free(&self->image);
    transformer_free(&self->layers);
    free(self);
}

static int feature_rows(const model *m, int height, int width)
{
    const vilt *self = m->self;
    int rows = image_patches_rows(&self->image, height, width);
    return rows > 1 + MODEL_MAX_PATCHES ? -1 : rows;
}

/* x += the row of that modality's id, for every row of x. */
static void add_modality(const vilt *self, int id, tensor x)
{
    for (int i = 0; i < x.rows; i++) embedding_add(&self->modality, id, tensor_row(x, i));
}

static void encode(const compute *c, const model *m, const float *pixels, int height, int width,
                   tensor features, arena tmp)
{
    const vilt *self = m->self;
    image_patches_embed(c, &self->image, pixels, height, width, features, tmp);
    add_modality(self, 1, features);
}

static uint64_t encode_scratch(const model *m, int height, int width)
{
    const vilt *self = m->self;
    return image_patches_scratch(&self->image, height, width);
}

/* logits from the transformer's first row, which is that of [CLS] */
static void classify(const compute *c, const vilt *self, tensor first, tensor logits, arena tmp)
{
    tensor pooled = tensor_new(&tmp, 1, first.cols), inner = tensor_new(&tmp, 1, self->inner.out);
    compute_show(c, "last_hidden_state_cls_before_final_norm", 0, first);
    nn_norm(c, &self->final, first, first);
    nn_pooler(c, &self->pooler, first, pooled, tmp);
    compute_show(c, "pooler_output", 0, pooled);
    nn_linear(c, &self->inner, pooled, inner, tmp);
    nn_norm(c, &self->inner_norm, inner, inner);
    nn_activate(c, ACTIVATION_GELU, inner);
    nn_linear(c, &self->output, inner, logits, tmp);
    compute_show(c, "logits", 0, logits);
}

static uint64_t classify_scratch(const vilt *self)
{
    int hidden = self->inner.in, inner = self->inner.out;
    return tensor_cost(1, hidden) + tensor_cost(1, inner) + linear_scratch(1, inner);
}

static void answer_question(const compute *c, const model *m, const request *q, tensor logits,
                            arena tmp)
{
    const vilt *self = m->self;
    tensor text = tensor_new(&tmp, q->tokens, m->hidden);
    text_embeddings_embed(c, &self->text, q->ids, q->types, q->tokens, text);
    add_modality(self, 0, text);
    const fusion_input x[] = { { text, q->mask }, { q->picture, NULL } };
    tensor all = fusion_sequence(2, x, &tmp);
    const uint8_t *mask = fusion_sequence_mask(2, x, &tmp);
    nn_transformer(c, &self->layers, all, mask, 1, tmp);
    classify(c, self, tensor_rows(all, 0, 1), logits, tmp);
}

static uint64_t answer_scratch(const model *m, int tokens, int speech_rows, int picture_rows)
{
    const vilt *self = m->self;
    int all = model_rows(m, tokens, speech_rows, picture_rows);
    uint64_t layers = transformer_scratch(&self->layers.shape, all), head = classify_scratch(self);
    return tensor_cost(tokens, m->hidden) + tensor_cost(all, m->hidden) +
           arena_cost((uint64_t)all, 1) + (layers > head ? layers : head);
}

const architecture vilt_architecture = {
    .name = "vilt",
    .model_types = { "vilt", NULL },
    .problem_type = "multi_label_classification",
    .bind = bind,
    .free = free_model,
    .feature_rows = feature_rows,
    .encode = encode,
    .encode_scratch = encode_scratch,
    .answer = answer_question,
    .answer_scratch = answer_scratch,
};
