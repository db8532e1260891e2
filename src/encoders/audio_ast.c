#include "encoders/audio_ast.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "encoders/config.h"

enum { SPECIAL = 2 };

/* Patches side by side over `size` mels or frames. */
static int patches_over(int size, int patch, int step) { return (size - patch) / step + 1; }

int audio_ast_rows(const audio_ast *a)
{
    return SPECIAL + patches_over(a->mels, a->patch, a->mel_step) *
                         patches_over(a->frames, a->patch, a->frame_step);
}

static bool read_sizes(audio_ast *a, const cJSON *config, error *err)
{
    if (!json_int(config, "num_mel_bins", 128, 1, 512, &a->mels, err) ||
        !json_int(config, "max_length", 1024, 1, 1 << 14, &a->frames, err) ||
        !json_int(config, "patch_size", 16, 1, 256, &a->patch, err) ||
        !json_int(config, "frequency_stride", 10, 1, 256, &a->mel_step, err) ||
        !json_int(config, "time_stride", 10, 1, 256, &a->frame_step, err))
        return false;
    if (a->patch <= a->mels && a->patch <= a->frames) return true;
    return fail(err, "config: \"patch_size\" %d is more than a spectrogram of %d x %d", a->patch,
                a->frames, a->mels);
}

bool audio_ast_bind(audio_ast *a, weights *w, const char *prefix, const cJSON *config, error *err)
{
    *a = (audio_ast){ 0 };
    transformer_shape shape;
    if (!transformer_config(&shape, config, err) || !read_sizes(a, config, err)) return false;
    shape.pre_norm = true;
    shape.quantized_attention = true;
    enum { CLS, DISTILLATION, POSITIONS, WEIGHT, BIAS, LAYER, NORM, NAMES };
    static const char *const parts[NAMES] = {
        [CLS] = "embeddings.cls_token",
        [DISTILLATION] = "embeddings.distillation_token",
        [POSITIONS] = "embeddings.position_embeddings",
        [WEIGHT] = "embeddings.patch_embeddings.projection.weight",
        [BIAS] = "embeddings.patch_embeddings.projection.bias",
        [LAYER] = "encoder.layer.",
        [NORM] = "layernorm",
    };
    char name[NAMES][200];
    for (int i = 0; i < NAMES; i++) snprintf(name[i], sizeof name[i], "%s%s", prefix, parts[i]);
    const int hidden = shape.hidden, patch = a->patch;
    return (a->special[0] = weights_floats(w, name[CLS], SHAPE(1, 1, hidden), err)) &&
           (a->special[1] = weights_floats(w, name[DISTILLATION], SHAPE(1, 1, hidden), err)) &&
           (a->positions =
                weights_floats(w, name[POSITIONS], SHAPE(1, audio_ast_rows(a), hidden), err)) &&
           linear_bind_named(&a->projection, w, name[WEIGHT], name[BIAS], patch * patch, hidden,
                             SHAPE(hidden, 1, patch, patch), err) &&
           transformer_bind(&a->layers, &shape, w, name[LAYER], &transformer_vit_names, err) &&
           norm_bind(&a->final, w, name[NORM], hidden, shape.eps, err);
}

void audio_ast_free(audio_ast *a) { transformer_free(&a->layers); }

/* Patches as rows, each in the order of a convolution's weights: mel, frame. */
static void cut(const audio_ast *a, tensor spectrogram, tensor rows)
{
    const int across = patches_over(a->frames, a->patch, a->frame_step);
    for (int i = 0; i < rows.rows; i++) {
        float *out = tensor_row(rows, i);
        const int mel = i / across * a->mel_step, frame = i % across * a->frame_step;
        for (int m = 0; m < a->patch; m++)
            for (int t = 0; t < a->patch; t++) *out++ = tensor_row(spectrogram, frame + t)[mel + m];
    }
}

void audio_ast_encode(const compute *c, const audio_ast *a, tensor spectrogram, int wanted,
                      tensor y, arena tmp)
{
    const size_t hidden = (size_t)y.cols;
    assert(spectrogram.rows == a->frames && spectrogram.cols == a->mels);
    assert(y.rows == audio_ast_rows(a) && y.cols == a->layers.shape.hidden);
    arena room = tmp;
    tensor patches = tensor_new(&room, y.rows - SPECIAL, a->projection.in);
    cut(a, spectrogram, patches);
    nn_linear(c, &a->projection, patches, tensor_rows(y, SPECIAL, patches.rows), room);
    for (int i = 0; i < SPECIAL; i++)
        memcpy(tensor_row(y, i), a->special[i], hidden * sizeof(float));
    c->k->add(y.data, a->positions, (size_t)y.rows * hidden);
    nn_transformer(c, &a->layers, y, NULL, wanted, tmp);
    tensor result = tensor_rows(y, 0, wanted);
    nn_norm(c, &a->final, result, result);
}

uint64_t audio_ast_scratch(const audio_ast *a)
{
    int rows = audio_ast_rows(a), patches = rows - SPECIAL, in = a->projection.in;
    uint64_t cutting = tensor_cost(patches, in) + linear_scratch(patches, in),
             layers = transformer_scratch(&a->layers.shape, rows);
    return cutting > layers ? cutting : layers;
}

void audio_ast_pool(tensor y)
{
    float *first = tensor_row(y, 0), *second = tensor_row(y, 1);
    for (int i = 0; i < y.cols; i++) first[i] = (first[i] + second[i]) / 2;
}
