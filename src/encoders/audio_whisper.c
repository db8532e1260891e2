#include "encoders/audio_whisper.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "encoders/config.h"

enum { TAPS = 3 }; /* frames that a convolution sees, the middle one at its place */

bool audio_whisper_bind(audio_whisper *e, weights *w, const char *prefix, const cJSON *config,
                        error *err)
{
    *e = (audio_whisper){ 0 };
    transformer_shape shape;
    if (!whisper_config(&shape, config, "encoder", err) ||
        !json_int(config, "num_mel_bins", 80, 1, 1 << 10, &e->mels, err) ||
        !json_int(config, "max_source_positions", 1500, 1, 1 << 12, &e->positions, err))
        return false;
    shape.quantized_attention = true;
    int hidden = shape.hidden;
    char name[7][200];
    const char *const parts[7] = { "conv1.weight",    "conv1.bias", "conv2.weight", "conv2.bias",
                                   "embed_positions", "layers.",    "layer_norm" };
    for (int i = 0; i < 7; i++) snprintf(name[i], sizeof name[i], "%s%s", prefix, parts[i]);
    return linear_bind_named(&e->first, w, name[0], name[1], e->mels * TAPS, hidden,
                             SHAPE(hidden, e->mels, TAPS), err) &&
           linear_bind_named(&e->second, w, name[2], name[3], hidden * TAPS, hidden,
                             SHAPE(hidden, hidden, TAPS), err) &&
           embedding_bind(&e->position, w, name[4], e->positions, hidden, err) &&
           transformer_bind(&e->layers, &shape, w, name[5], &transformer_whisper_names, err) &&
           norm_bind(&e->final, w, name[6], hidden, shape.eps, err);
}

void audio_whisper_free(audio_whisper *e) { transformer_free(&e->layers); }

/* Frames that are looked at. */
static int heard(const audio_whisper *e, int frames)
{
    return frames < 2 * e->positions ? frames : 2 * e->positions;
}

int audio_whisper_rows(const audio_whisper *e, int frames) { return (heard(e, frames) + 1) / 2; }

/* What the convolution sees at every `stride`-th frame of x: rows of [x.cols, TAPS], zeros beyond the
 * ends. */
static void windows(tensor x, int stride, tensor rows)
{
    for (int r = 0; r < rows.rows; r++)
        for (int tap = 0; tap < TAPS; tap++) {
            int frame = r * stride + tap - TAPS / 2;
            const float *from = frame < 0 || frame >= x.rows ? NULL : tensor_row(x, frame);
            float *to = tensor_row(rows, r) + tap;
            for (int i = 0; i < x.cols; i++) to[i * TAPS] = from ? from[i] : 0;
        }
}

/* y = gelu(convolution(x)) */
static void convolve(const compute *c, const linear *l, tensor x, int stride, tensor y, arena tmp)
{
    tensor rows = tensor_new(&tmp, y.rows, l->in);
    windows(x, stride, rows);
    nn_linear_call(c,
                   &(linear_call){
                       .x = rows, .layers = { l }, .y = { y }, .count = 1, .act = ACTIVATION_GELU },
                   tmp);
}

void audio_whisper_encode(const compute *c, const audio_whisper *e, tensor spectrogram, int wanted,
                          tensor y, arena tmp)
{
    int frames = heard(e, spectrogram.rows);
    assert(frames >= 1 && spectrogram.cols == e->mels && y.rows == audio_whisper_rows(e, frames) &&
           y.cols == e->layers.shape.hidden);
    arena room = tmp;
    tensor inner = tensor_new(&room, frames, y.cols);
    convolve(c, &e->first, tensor_rows(spectrogram, 0, frames), 1, inner, room);
    convolve(c, &e->second, inner, 2, y, room);
    for (int i = 0; i < y.rows; i++) embedding_add(&e->position, i, tensor_row(y, i));
    nn_transformer(c, &e->layers, y, NULL, wanted, tmp);
    tensor result = tensor_rows(y, 0, wanted);
    nn_norm(c, &e->final, result, result);
}

static uint64_t convolve_scratch(const linear *l, int rows)
{
    return tensor_cost(rows, l->in) + linear_scratch(rows, l->in);
}

uint64_t audio_whisper_scratch(const audio_whisper *e, int frames)
{
    int rows = audio_whisper_rows(e, frames);
    frames = heard(e, frames);
    uint64_t first = convolve_scratch(&e->first, frames),
             second = convolve_scratch(&e->second, rows),
             layers = transformer_scratch(&e->layers.shape, rows);
    uint64_t convolutions =
        tensor_cost(frames, e->layers.shape.hidden) + (first > second ? first : second);
    return convolutions > layers ? convolutions : layers;
}
