#include "models/multimodal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/build.h"
#include "encoders/image.h"
#include "encoders/speech.h"
#include "encoders/text.h"
#include "format/json.h"
#include "fusion/fusion.h"

typedef struct {
    text_encoder text;
    speech_encoder speech;
    image_encoder image;
    bool projected[MODALITIES]; /* whether an encoder's rows have another width than the fusion's */
    linear projection[MODALITIES];
    const float *stand_in[MODALITIES]; /* [hidden], where the modality STANDS_IN */
    fusion fusion;
} multimodal;

/* ---- loading ---- */

static bool bind_text(model *m, weights *w, const cJSON *config, error *err)
{
    multimodal *self = m->self;
    if (!text_encoder_bind(&self->text, w, "text_encoder.", config, err)) return false;
    m->vocabulary = self->text.vocabulary;
    m->max_tokens = self->text.most < MODEL_MAX_TOKENS ? self->text.most : MODEL_MAX_TOKENS;
    m->extra_text_rows = self->text.extra;
    return true;
}

static bool bind_speech(model *m, weights *w, const cJSON *config, error *err)
{
    multimodal *self = m->self;
    if (!speech_encoder_bind(&self->speech, w, "speech_encoder.", config, err)) return false;
    if (speech_encoder_rows(&self->speech, self->speech.most) > 1 + MODEL_MAX_PATCHES)
        return fail(err, "config: the speech encoder makes more than %d rows", MODEL_MAX_PATCHES);
    m->mels = self->speech.mels;
    m->most_frames = self->speech.most;
    m->all_frames = self->speech.patches;
    return true;
}

static bool bind_image(model *m, weights *w, const cJSON *config, error *err)
{
    multimodal *self = m->self;
    if (!image_encoder_bind(&self->image, w, "image_encoder.", config, err)) return false;
    m->patch = self->image.patch;
    m->rest = self->image.rest;
    return true;
}

/* "absent": {"speech": "omit", ...}: what the model does without a modality. */
static bool bind_absence(model *m, weights *w, const cJSON *config, modality i, error *err)
{
    multimodal *self = m->self;
    char name[32];
    const cJSON *absent = cJSON_GetObjectItemCaseSensitive(config, "absent");
    const char *what = json_text(absent, modality_names[i], "error");
    m->takes[i] = NEEDED;
    if (strcmp(what, "error") == 0) return true;
    if (strcmp(what, "learned") == 0) {
        m->takes[i] = STANDS_IN;
        snprintf(name, sizeof name, "absent.%s", modality_names[i]);
        return (self->stand_in[i] = weights_floats(w, name, SHAPE(m->hidden), err));
    }
    m->takes[i] = LEFT_OUT;
    if (strcmp(what, "omit") == 0 && self->fusion.kind->all_rows) return true;
    return fail(err, "config: \"absent\" of \"%s\" is '%s', expected error%s%s", modality_names[i],
                what, self->fusion.kind->all_rows ? ", omit" : "", " or learned");
}

/* The width of the fusion, and a projection where an encoder has another. */
static bool bind_projections(model *m, weights *w, const cJSON *config,
                             const bool there[MODALITIES], error *err)
{
    multimodal *self = m->self;
    const int widths[MODALITIES] = {
        [TEXT] = self->text.hidden, [SPEECH] = self->speech.hidden, [PICTURE] = self->image.hidden
    };
    int first = there[TEXT] ? widths[TEXT] : widths[SPEECH];
    if (!json_int(config, "hidden_size", first, 1, 1 << 13, &m->hidden, err)) return false;
    for (modality i = 0; i < MODALITIES; i++) {
        char name[32];
        snprintf(name, sizeof name, "%s_projection", modality_names[i]);
        self->projected[i] = there[i] && widths[i] != m->hidden;
        if (!self->projected[i]) continue;
        char needed[48];
        snprintf(needed, sizeof needed, "%s.weight", name);
        if (!weights_find(w, needed))
            return fail(err,
                        "config: the encoder of \"%s\" has \"hidden_size\" %d, the fusion %d, and "
                        "there is no tensor '%s'",
                        modality_names[i], widths[i], m->hidden, needed);
        if (!linear_bind(&self->projection[i], w, name, widths[i], m->hidden, true, err))
            return false;
    }
    return true;
}

static void summarize(model *m, const bool there[MODALITIES])
{
    const multimodal *self = m->self;
    const char *const summary[MODALITIES] = { [TEXT] = self->text.summary,
                                              [SPEECH] = self->speech.summary,
                                              [PICTURE] = self->image.summary };
    size_t used = 0;
    for (modality i = 0; i < MODALITIES; i++)
        if (there[i])
            used += (size_t)snprintf(m->summary + used, sizeof m->summary - used, "%s%s",
                                     used ? " + " : "", summary[i]);
    snprintf(m->summary + used, sizeof m->summary - used, ", fusion %s", self->fusion.kind->name);
}

static bool bind(model *m, weights *w, const cJSON *config, error *err)
{
    static const struct {
        const char *key;
        bool (*bind)(model *m, weights *w, const cJSON *config, error *err);
    } encoders[MODALITIES] = { [TEXT] = { "text_config", bind_text },
                               [SPEECH] = { "speech_config", VQA_FULL ? bind_speech : NULL },
                               [PICTURE] = { "vision_config", bind_image } };
    multimodal *self = m->self = calloc(1, sizeof *self);
    bool there[MODALITIES];
    int count = 0;
    if (!self) return fail_memory(err, "not enough memory for the model");
    for (modality i = 0; i < MODALITIES; i++) {
        const cJSON *own = cJSON_GetObjectItemCaseSensitive(config, encoders[i].key);
        there[i] = cJSON_IsObject(own);
        count += there[i];
        if (own && !there[i]) return fail(err, "config: \"%s\" is not an object", encoders[i].key);
        if (there[i] && !encoders[i].bind(m, w, own, err)) return false;
    }
    if (count < 2)
        return fail(err,
                    "config: of \"text_config\", \"speech_config\" and \"vision_config\" "
                    "there are %d, expected two at least",
                    count);
    if (!json_int(config, "num_labels", 0, 1, 1 << 20, &m->answers, err) ||
        !bind_projections(m, w, config, there, err) ||
        !fusion_bind(&self->fusion, w, config, there, m->hidden, m->answers, err))
        return false;
    for (modality i = 0; i < MODALITIES; i++)
        if (there[i] && !bind_absence(m, w, config, i, err)) return false;
    m->blocks = self->fusion.kind->all_rows ? self->fusion.blocks : self->image.blocks;
    m->heads = self->fusion.kind->all_rows ? self->fusion.heads : self->image.heads;
    summarize(m, there);
    return true;
}

static void free_model(model *m)
{
    multimodal *self = m->self;
    if (!self) return;
    text_encoder_free(&self->text);
    if (VQA_FULL) speech_encoder_free(&self->speech);
    image_encoder_free(&self->image);
    fusion_free(&self->fusion);
    free(self);
}

/* ---- from an encoder to the fusion ---- */

/* Fusions of the rows that stand for the whole need no others: the last layer computes just these. */
static int wanted(const multimodal *self, int rows)
{
    return rows && !self->fusion.kind->all_rows ? 1 : rows;
}

/* Whether an encoder's rows are what the fusion takes. */
static bool direct(const multimodal *self, modality i)
{
    return self->fusion.kind->all_rows && !self->projected[i];
}

/* Where an encoder leaves so many rows: in the features themselves if they are what the fusion takes. */
static tensor encoder_rows(const multimodal *self, modality i, int rows, int width, tensor features,
                           arena *tmp)
{
    return direct(self, i) ? features : tensor_new(tmp, rows, width);
}

static void hand_over(const compute *c, const multimodal *self, modality i, tensor y,
                      tensor features, arena tmp)
{
    y = tensor_rows(y, 0, features.rows);
    if (self->projected[i])
        nn_linear(c, &self->projection[i], y, features, tmp);
    else if (!direct(self, i))
        memcpy(features.data, y.data, (size_t)y.rows * (size_t)y.cols * sizeof(float));
}

/* What these two need, besides what the encoder needs. */
static uint64_t hand_over_scratch(const multimodal *self, modality i, int rows, int width,
                                  uint64_t encoder)
{
    if (direct(self, i)) return encoder;
    uint64_t projection = self->projected[i] ? linear_scratch(wanted(self, rows), width) : 0;
    return tensor_cost(rows, width) + (encoder > projection ? encoder : projection);
}

/* ---- pictures ---- */

static int feature_rows(const model *m, int height, int width)
{
    const multimodal *self = m->self;
    if (m->takes[PICTURE] == NOT_TAKEN) return 0;
    int rows = image_encoder_rows(&self->image, height, width);
    return rows > 1 + MODEL_MAX_PATCHES ? -1 : wanted(self, rows);
}

static void encode(const compute *c, const model *m, const float *pixels, int height, int width,
                   tensor features, arena tmp)
{
    const multimodal *self = m->self;
    int rows = image_encoder_rows(&self->image, height, width);
    tensor y = encoder_rows(self, PICTURE, rows, self->image.hidden, features, &tmp);
    image_encoder_encode(c, &self->image, pixels, height, width, features.rows, y, tmp);
    hand_over(c, self, PICTURE, y, features, tmp);
}

static uint64_t encode_scratch(const model *m, int height, int width)
{
    const multimodal *self = m->self;
    return hand_over_scratch(self, PICTURE, image_encoder_rows(&self->image, height, width),
                             self->image.hidden,
                             image_encoder_scratch(&self->image, height, width));
}

/* ---- sounds ---- */

static int speech_rows(const model *m, int frames)
{
    const multimodal *self = m->self;
    return wanted(self, speech_encoder_rows(&self->speech, frames));
}

static void hear(const compute *c, const model *m, tensor spectrogram, tensor features, arena tmp)
{
    const multimodal *self = m->self;
    int rows = speech_encoder_rows(&self->speech, spectrogram.rows);
    tensor y = encoder_rows(self, SPEECH, rows, self->speech.hidden, features, &tmp);
    speech_encoder_encode(c, &self->speech, spectrogram, y, tmp);
    hand_over(c, self, SPEECH, y, features, tmp);
}

static uint64_t hear_scratch(const model *m, int frames)
{
    const multimodal *self = m->self;
    return hand_over_scratch(self, SPEECH, speech_encoder_rows(&self->speech, frames),
                             self->speech.hidden, speech_encoder_scratch(&self->speech, frames));
}

/* ---- questions ---- */

/* What the words of a question give the fusion. */
static fusion_input read_text(const compute *c, const model *m, const request *q, arena *tmp)
{
    const multimodal *self = m->self;
    int extra = self->text.extra, rows = extra + q->tokens;
    tensor features = tensor_new(tmp, wanted(self, rows), m->hidden);
    uint8_t *mask = q->mask ? arena_take(tmp, (size_t)rows, 1) : NULL;
    if (mask) {
        memset(mask, 1, (size_t)extra);
        memcpy(mask + extra, q->mask, (size_t)q->tokens);
    }
    compute reading = *c;
    reading.rollout = NULL; /* words alone don't lead to the picture */
    arena room = *tmp;
    tensor y = encoder_rows(self, TEXT, rows, self->text.hidden, features, &room);
    text_encoder_encode(&reading, &self->text, q->ids, q->types, q->mask, q->tokens, features.rows,
                        y, room);
    hand_over(c, self, TEXT, y, features, room);
    return (fusion_input){ features, mask };
}

static void answer_question(const compute *c, const model *m, const request *q, tensor logits,
                            arena tmp)
{
    static const char *const shown[MODALITIES] = {
        [TEXT] = "x1_text_cls", [SPEECH] = "x3_speech_cls", [PICTURE] = "x2_image_cls"
    };
    const multimodal *self = m->self;
    fusion_input x[MODALITIES];
    for (int i = 0; i < self->fusion.count; i++) {
        modality which = self->fusion.which[i];
        x[i] = (fusion_input){ which == SPEECH    ? q->speech
                               : which == PICTURE ? q->picture
                                                  : (tensor){ 0 },
                               NULL };
        if (which == TEXT && q->tokens) x[i] = read_text(c, m, q, &tmp);
        if (!x[i].rows.rows && m->takes[which] == STANDS_IN)
            x[i].rows = (tensor){ (float *)self->stand_in[which], 1, m->hidden };
        x[i].rows.cols = m->hidden;
        if (x[i].rows.rows) compute_show(c, shown[which], 0, tensor_rows(x[i].rows, 0, 1));
    }
    self->fusion.kind->fuse(c, &self->fusion, x, logits, tmp);
    compute_show(c, "logits", 0, logits);
}

static uint64_t answer_scratch(const model *m, int tokens, int of_speech, int of_picture)
{
    const multimodal *self = m->self;
    uint64_t fused =
        self->fusion.kind->scratch(&self->fusion, model_rows(m, tokens, of_speech, of_picture));
    if (!tokens) return fused;
    int rows = self->text.extra + tokens;
    uint64_t text = hand_over_scratch(self, TEXT, rows, self->text.hidden,
                                      text_encoder_scratch(&self->text, tokens));
    return tensor_cost(rows, m->hidden) + arena_cost((uint64_t)rows, 1) +
           (text > fused ? text : fused);
}

const architecture multimodal_architecture = {
    .name = "multimodal",
    .model_types = { "multimodal", "bert_vit_fusion", NULL },
    .problem_type = "single_label_classification",
    .bind = bind,
    .free = free_model,
    .feature_rows = feature_rows,
    .encode = encode,
    .encode_scratch = encode_scratch,
    .speech_rows = VQA_FULL ? speech_rows : NULL,
    .hear = VQA_FULL ? hear : NULL,
    .hear_scratch = VQA_FULL ? hear_scratch : NULL,
    .answer = answer_question,
    .answer_scratch = answer_scratch,
};
