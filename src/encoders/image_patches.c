#include "encoders/image_patches.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "format/json.h"
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

bool image_patches_bind(image_patches *p, const image_patches_kind *kind, weights *w,
                        const char *prefix, const cJSON *config, int hidden, error *err)
{
    *p = (image_patches){ .kind = kind };
    int patch_width = 0;
    if (!side_config(config, "image_size", kind->image_size, &p->height, &p->width, err) ||
        !side_config(config, "patch_size", kind->patch_size, &p->patch, &patch_width, err) ||
        !json_int(config, "num_channels", 3, 3, 3, &p->channels, err))
        return false;
    if (patch_width != p->patch || p->patch > 256 || p->patch > p->height || p->patch > p->width)
        return fail(err, "config: \"patch_size\" %d x %d does not fit the picture size %d x %d",
                    p->patch, patch_width, p->height, p->width);
    int inputs = p->channels * p->patch * p->patch,
        trained = image_patches_rows(p, p->height, p->width);
    char name[4][200];
    const char *const parts[4] = { "cls_token", "position_embeddings",
                                   "patch_embeddings.projection.weight",
                                   "patch_embeddings.projection.bias" };
    for (int i = 0; i < 4; i++) snprintf(name[i], sizeof name[i], "%s%s", prefix, parts[i]);
    return (p->cls = weights_floats(w, name[0], SHAPE(1, 1, hidden), err)) &&
           (p->positions = weights_floats(w, name[1], SHAPE(1, trained, hidden), err)) &&
           linear_bind_named(&p->projection, w, name[2], name[3], inputs, hidden,
                             SHAPE(hidden, p->channels, p->patch, p->patch), err);
}

int image_patches_rows(const image_patches *p, int height, int width)
{
    int patches = (height / p->patch) * (width / p->patch);
    return patches ? 1 + patches : 0;
}

/* y[1..] += the position of each patch, y[0] = [CLS] with its position. */
static void add_positions(const compute *c, const image_patches *p, int height, int width, tensor y,
                          arena tmp)
{
    size_t hidden = (size_t)y.cols;
    memcpy(y.data, p->cls, hidden * sizeof(float));
    c->k->add(y.data, p->positions, hidden);
    int rows = height / p->patch, cols = width / p->patch, trained_rows = p->height / p->patch,
        trained_cols = p->width / p->patch;
    tensor grid = { (float *)p->positions + hidden, trained_rows * trained_cols, y.cols };
    if (rows != trained_rows || cols != trained_cols) {
        tensor resized = tensor_new(&tmp, rows * cols, y.cols);
        p->kind->resize(grid, trained_rows, trained_cols, resized, rows, cols);
        grid = resized;
    }
    c->k->add(tensor_row(y, 1), grid.data, (size_t)grid.rows * hidden);
}

void image_patches_embed(const compute *c, const image_patches *p, const float *pixels, int height,
                         int width, tensor y, arena tmp)
{
    int rows = image_patches_rows(p, height, width);
    assert(rows && y.rows == rows && y.cols == p->projection.out);
    arena patches_room = tmp;
    tensor patches = tensor_new(&patches_room, rows - 1, p->projection.in);
    patches_cut(pixels, p->channels, height, width, p->patch, patches);
    nn_linear(c, &p->projection, patches, tensor_rows(y, 1, rows - 1), patches_room);
    add_positions(c, p, height, width, y, tmp);
}

uint64_t image_patches_scratch(const image_patches *p, int height, int width)
{
    int rows = image_patches_rows(p, height, width);
    uint64_t cut = tensor_cost(rows, p->projection.in) + linear_scratch(rows, p->projection.in),
             positions = tensor_cost(rows, p->projection.out);
    return cut > positions ? cut : positions;
}
