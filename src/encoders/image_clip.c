#include "encoders/image_clip.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "encoders/config.h"
#include "nn/patches.h"

bool image_clip_bind(image_clip *v, weights *w, const char *prefix, const cJSON *config, error *err)
{
    *v = (image_clip){ 0 };
    transformer_shape shape = { .layers = 12,
                                .hidden = 768,
                                .heads = 12,
                                .intermediate = 3072,
                                .act = ACTIVATION_QUICK_GELU,
                                .eps = 1e-5f,
                                .pre_norm = true,
                                .qkv_bias = true };
    if (!transformer_config_with_defaults(&shape, config, err) ||
        !json_int(config, "image_size", 224, 1, 1 << 14, &v->side, err) ||
        !json_int(config, "patch_size", 32, 1, 256, &v->patch, err) ||
        !json_int(config, "num_channels", 3, 3, 3, &v->channels, err))
        return false;
    if (v->patch > v->side)
        return fail(err, "config: \"patch_size\" %d does not fit the picture size %d", v->patch,
                    v->side);
    char name[6][200];
    const char *const parts[6] = { "embeddings.class_embedding",
                                   "embeddings.position_embedding",
                                   "embeddings.patch_embedding.weight",
                                   "pre_layrnorm",
                                   "encoder.layers.",
                                   "post_layernorm" };
    for (int i = 0; i < 6; i++) snprintf(name[i], sizeof name[i], "%s%s", prefix, parts[i]);
    return (v->first = weights_floats(w, name[0], SHAPE(shape.hidden), err)) &&
           embedding_bind(&v->position, w, name[1], image_clip_tokens(v), shape.hidden, err) &&
           linear_bind_named(&v->projection, w, name[2], NULL, v->channels * v->patch * v->patch,
                             shape.hidden, SHAPE(shape.hidden, v->channels, v->patch, v->patch),
                             err) &&
           norm_bind(&v->before, w, name[3], shape.hidden, shape.eps, err) &&
           transformer_bind(&v->layers, &shape, w, name[4], &transformer_clip_names, err) &&
           norm_bind(&v->after, w, name[5], shape.hidden, shape.eps, err);
}

void image_clip_free(image_clip *v) { transformer_free(&v->layers); }

int image_clip_tokens(const image_clip *v)
{
    return 1 + (v->side / v->patch) * (v->side / v->patch);
}

void image_clip_encode(const compute *c, const image_clip *v, const float *pixels, int wanted,
                       tensor y, arena tmp)
{
    int tokens = image_clip_tokens(v);
    assert(y.rows == tokens && y.cols == v->layers.shape.hidden);
    arena patches_room = tmp;
    tensor patches = tensor_new(&patches_room, tokens - 1, v->projection.in);
    patches_cut(pixels, v->channels, v->side, v->side, v->patch, patches);
    memcpy(y.data, v->first, (size_t)y.cols * sizeof *y.data);
    nn_linear(c, &v->projection, patches, tensor_rows(y, 1, tokens - 1), patches_room);
    for (int i = 0; i < tokens; i++) embedding_add(&v->position, i, tensor_row(y, i));
    nn_norm(c, &v->before, y, y);
    nn_transformer(c, &v->layers, y, NULL, wanted, tmp);
}

uint64_t image_clip_scratch(const image_clip *v)
{
    int tokens = image_clip_tokens(v);
    uint64_t cut = tensor_cost(tokens - 1, v->projection.in) +
                   linear_scratch(tokens - 1, v->projection.in),
             layers = transformer_scratch(&v->layers.shape, tokens);
    return cut > layers ? cut : layers;
}
