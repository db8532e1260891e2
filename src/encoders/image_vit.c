#include "encoders/image_vit.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "encoders/config.h"
#include "nn/interpolate.h"
#include "nn/patches.h"

/* "image_size" and the like: one number or [height, width]. */
static bool side_config(const cJSON *config, const char *key, int missing, int *height, int *width,
                        error *err)
{
    const cJSON *pair = cJSON_GetObjectItemCaseSensitive(config, key);
    if (!cJSON_IsArray(pair)) {
        if (!json_int(config, key, missing, 1, 1 << 14, height, err)) return false;
        *width = *height;
        return true;
    }
    const cJSON *h = cJSON_GetArrayItem(pair, 0), *w = cJSON_GetArrayItem(pair, 1);
    if (!cJSON_IsNumber(h) || !cJSON_IsNumber(w) || h->valueint < 1 || w->valueint < 1 ||
        h->valueint > 1 << 14 || w->valueint > 1 << 14)
        return fail(err, "config: \"%s\" is not a size or a pair of sizes", key);
    *height = h->valueint;
    *width = w->valueint;
    return true;
}

bool image_vit_bind(image_vit *v, weights *w, const char *prefix, const cJSON *config, error *err)
{
    *v = (image_vit){ 0 };
    transformer_shape shape;
    int patch_width;
    if (!transformer_config(&shape, config, err) ||
        !side_config(config, "image_size", 224, &v->height, &v->width, err) ||
        !side_config(config, "patch_size", 16, &v->patch, &patch_width, err) ||
        !json_int(config, "num_channels", 3, 3, 3, &v->channels, err))
        return false;
    if (patch_width != v->patch || v->patch > 256 || v->patch > v->height || v->patch > v->width)
        return fail(err, "config: \"patch_size\" %d x %d does not fit the picture size %d x %d",
                    v->patch, patch_width, v->height, v->width);
    shape.pre_norm = true;
    int inputs = v->channels * v->patch * v->patch,
        trained = image_vit_tokens(v, v->height, v->width);
    char name[7][200];
    const char *const parts[7] = { "embeddings.cls_token",
                                   "embeddings.position_embeddings",
                                   "embeddings.patch_embeddings.projection.weight",
                                   "embeddings.patch_embeddings.projection.bias",
                                   "encoder.layer.",
                                   "layernorm",
                                   "pooler" };
    for (int i = 0; i < 7; i++) snprintf(name[i], sizeof name[i], "%s%s", prefix, parts[i]);
    return (v->cls = weights_floats(w, name[0], SHAPE(1, 1, shape.hidden), err)) &&
           (v->positions = weights_floats(w, name[1], SHAPE(1, trained, shape.hidden), err)) &&
           linear_bind_named(&v->projection, w, name[2], name[3], inputs, shape.hidden,
                             SHAPE(shape.hidden, v->channels, v->patch, v->patch), err) &&
           transformer_bind(&v->layers, &shape, w, name[4], &transformer_vit_names, err) &&
           norm_bind(&v->final, w, name[5], shape.hidden, shape.eps, err) &&
           pooler_bind(&v->pooler, w, name[6], shape.hidden, err);
}

void image_vit_free(image_vit *v) { transformer_free(&v->layers); }

int image_vit_tokens(const image_vit *v, int height, int width)
{
    int patches = (height / v->patch) * (width / v->patch);
    return patches ? 1 + patches : 0;
}

/* y[1..] += the position of each patch, y[0] = [CLS] with its position. */
static void add_positions(const compute *c, const image_vit *v, int height, int width, tensor y,
                          arena tmp)
{
    size_t hidden = (size_t)y.cols;
    memcpy(y.data, v->cls, hidden * sizeof(float));
    c->k->add(y.data, v->positions, hidden);
    int rows = height / v->patch, cols = width / v->patch, trained_rows = v->height / v->patch,
        trained_cols = v->width / v->patch;
    tensor grid = { (float *)v->positions + hidden, trained_rows * trained_cols, y.cols };
    if (rows != trained_rows || cols != trained_cols) {
        tensor resized = tensor_new(&tmp, rows * cols, y.cols);
        interpolate_bicubic(grid, trained_rows, trained_cols, resized, rows, cols);
        grid = resized;
    }
    c->k->add(tensor_row(y, 1), grid.data, (size_t)grid.rows * hidden);
}

void image_vit_encode(const compute *c, const image_vit *v, const float *pixels, int height,
                      int width, int wanted, tensor y, arena tmp)
{
    int tokens = image_vit_tokens(v, height, width);
    assert(tokens && y.rows == tokens && y.cols == v->layers.shape.hidden);
    arena patches_room = tmp;
    tensor patches = tensor_new(&patches_room, tokens - 1, v->projection.in);
    patches_cut(pixels, v->channels, height, width, v->patch, patches);
    nn_linear(c, &v->projection, patches, tensor_rows(y, 1, tokens - 1), patches_room);
    add_positions(c, v, height, width, y, tmp);
    nn_transformer(c, &v->layers, y, NULL, wanted, tmp);
    tensor result = tensor_rows(y, 0, wanted);
    nn_norm(c, &v->final, result, result);
}

size_t image_vit_scratch(const image_vit *v, int height, int width)
{
    int tokens = image_vit_tokens(v, height, width), hidden = v->layers.shape.hidden;
    size_t cut = tensor_cost(tokens, v->projection.in) + linear_scratch(tokens, v->projection.in);
    size_t positions = tensor_cost(tokens, hidden),
           layers = transformer_scratch(&v->layers.shape, tokens);
    size_t most = cut > positions ? cut : positions;
    return most > layers ? most : layers;
}
