#include "models/whisper.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "encoders/config.h"

static bool bind(model *m, weights *w, const cJSON *config, error *err)
{
    whisper *self = m->self = calloc(1, sizeof *self);
    if (!self) return fail_memory(err, "not enough memory for the model");
    transformer_shape shape;
    if (!audio_whisper_bind(&self->encoder, w, "model.encoder.", config, err) ||
        !whisper_config(&shape, config, "decoder", err) ||
        !json_int(config, "vocab_size", 51865, 1, 1 << 20, &m->vocabulary, err) ||
        !json_int(config, "max_target_positions", 448, WHISPER_MAX_PROMPT + 1, 1 << 12,
                  &self->positions, err) ||
        !whisper_settings_read(&self->settings, config, m->vocabulary, self->positions, err) ||
        !decoder_bind(&self->decoder, &shape, w, "model.decoder.layers.", err) ||
        !embedding_bind(&self->position, w, "model.decoder.embed_positions", self->positions,
                        shape.hidden, err) ||
        !norm_bind(&self->final, w, "model.decoder.layer_norm", shape.hidden, shape.eps, err) ||
        !linear_bind(&self->words, w, "model.decoder.embed_tokens", shape.hidden, m->vocabulary,
                     false, err))
        return false;
    m->hidden = shape.hidden;
    m->max_tokens = self->positions;
    m->takes[SPEECH] = NEEDED;
    m->mels = self->encoder.mels;
    m->most_frames = whisper_window(self);
    const transformer_shape *e = &self->encoder.layers.shape;
    snprintf(m->summary, sizeof m->summary, "Whisper, encoder %d x %d + decoder %d x %d", e->layers,
             e->hidden, shape.layers, shape.hidden);
    return true;
}

static void free_model(model *m)
{
    whisper *self = m->self;
    if (!self) return;
    audio_whisper_free(&self->encoder);
    decoder_free(&self->decoder);
    whisper_settings_free(&self->settings);
    free(self);
}

int whisper_window(const whisper *w) { return 2 * w->encoder.positions; }

static uint64_t larger(uint64_t a, uint64_t b) { return a > b ? a : b; }

whisper_hearing whisper_hearing_new(const compute *c, const whisper *w, int sequences, int rows,
                                    arena *a)
{
    whisper_hearing h = { .c = c, .w = w, .rows = rows };
    h.cache = decoder_cache_new(&w->decoder, sequences, w->positions, w->encoder.positions, a);
    h.tmp = *a;
    return h;
}

uint64_t whisper_hearing_cost(const whisper *w, int sequences, int rows)
{
    const decoder_cache k = { .positions = w->positions, .source = w->encoder.positions };
    int frames = whisper_window(w), source = w->encoder.positions, hidden = w->words.in;
    uint64_t decode = decoder_scratch(&w->decoder, &k, rows),
             listen = tensor_cost(frames, w->encoder.mels) + tensor_cost(source, hidden) +
                      larger(audio_whisper_scratch(&w->encoder, frames), decode),
             next = tensor_cost(rows, hidden) + larger(decode, linear_scratch(sequences, hidden));
    return decoder_cache_cost(&w->decoder, sequences, w->positions, source) + larger(listen, next);
}

void whisper_listen(whisper_hearing *h, tensor spectrogram, int first)
{
    const audio_whisper *e = &h->w->encoder;
    arena tmp = h->tmp;
    tensor window = tensor_new(&tmp, whisper_window(h->w), e->mels),
           y = tensor_new(&tmp, e->positions, h->w->words.in);
    int there = spectrogram.rows - first < window.rows ? spectrogram.rows - first : window.rows;
    size_t filled = (size_t)there * (size_t)e->mels, all = (size_t)window.rows * (size_t)e->mels;
    assert(there > 0 && spectrogram.cols == e->mels);
    memcpy(window.data, tensor_row(spectrogram, first), filled * sizeof(float));
    memset(window.data + filled, 0, (all - filled) * sizeof(float));
    audio_whisper_encode(h->c, e, window, y.rows, y, tmp);
    compute_show(h->c, "encoder_last_hidden_state", 0, y);
    decoder_begin(h->c, &h->w->decoder, &h->cache, y, tmp);
}

void whisper_next(whisper_hearing *h, const int *ids, int sequences, int tokens, tensor logits)
{
    const whisper *w = h->w;
    arena tmp = h->tmp;
    tensor x = tensor_new(&tmp, sequences * tokens, w->words.in);
    assert(x.rows <= h->rows && (sequences == 1 || tokens == 1) && logits.rows == sequences &&
           logits.cols == w->words.out);
    compute c = *h->c;
    c.finest = sequences == 1 ? tokens - 1 : -1; /* what follows the last one is asked for */
    memset(x.data, 0, (size_t)x.rows * (size_t)x.cols * sizeof(float));
    for (int i = 0; i < x.rows; i++) {
        linear_add_row(&w->words, ids[i], tensor_row(x, i));
        embedding_add(&w->position, h->cache.count + i % tokens, tensor_row(x, i));
    }
    nn_decoder(&c, &w->decoder, &h->cache, sequences, x, tmp);
    nn_norm(&c, &w->final, x, x);
    compute_show(&c, "decoder_last_hidden_state", 0, x);
    if (c.finest > 0) c.finest = 0;
    nn_linear(&c, &w->words, sequences == 1 ? tensor_rows(x, tokens - 1, 1) : x, logits, tmp);
    size_t count = (size_t)logits.rows * (size_t)logits.cols;
    for (size_t i = 0; i < count && !compute_stopped(&c); i++)
        h->overflowed |= !isfinite(logits.data[i]);
}

const architecture whisper_architecture = {
    .name = "whisper",
    .model_types = { "whisper", NULL },
    .problem_type = "single_label_classification",
    .bind = bind,
    .free = free_model,
    .transcribe = whisper_transcribe,
};
