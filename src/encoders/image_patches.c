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

/* Squares of pixels. */
static bool bind_squares(image_patches *p, weights *w, const char *projection, const cJSON *config,
                         int hidden, error *err)
{
    int patch_width = 0;
    if (!side_config(config, "patch_size", p->kind->patch_size, &p->patch, &patch_width, err))
        return false;
    if (patch_width != p->patch || p->patch > 256 || p->patch > p->height || p->patch > p->width)
        return fail(err, "config: \"patch_size\" %d x %d does not fit the picture size %d x %d",
                    p->patch, patch_width, p->height, p->width);
    char weight_name[240], bias_name[240];
    snprintf(weight_name, sizeof weight_name, "%s.weight", projection);
    snprintf(bias_name, sizeof bias_name, "%s.bias", projection);
    return linear_bind_named(&p->projection, w, weight_name, bias_name,
                             p->channels * p->patch * p->patch, hidden,
                             SHAPE(hidden, p->channels, p->patch, p->patch), err);
}

/* Cells of a backbone. */
static bool bind_cells(image_patches *p, weights *w, const char *backbone, const char *projection,
                       const cJSON *config, int hidden, error *err)
{
    const cJSON *own = cJSON_GetObjectItemCaseSensitive(config, "backbone_config");
    if (!cJSON_IsObject(own)) return fail(err, "config: \"backbone_config\" is missing");
    if (!json_int(config, "patch_size", 1, 1, 1, &p->patch, err) ||
        !image_cnn_bind(&p->backbone, w, backbone, own, err))
        return false;
    p->patch = p->backbone.cell;
    if (p->patch > p->height || p->patch > p->width)
        return fail(err, "config: \"image_size\" %d x %d is less than a cell of the backbone, %d",
                    p->height, p->width, p->patch);
    return image_cnn_project(&p->backbone, w, projection, hidden, err);
}

bool image_patches_bind(image_patches *p, const image_patches_kind *kind, weights *w,
                        const char *prefix, const cJSON *config, int hidden, error *err)
{
    *p = (image_patches){ .kind = kind, .hidden = hidden };
    char name[4][200];
    const char *const parts[4] = { "cls_token", "position_embeddings",
                                   "patch_embeddings.projection", "patch_embeddings.backbone." };
    for (int i = 0; i < 4; i++) snprintf(name[i], sizeof name[i], "%s%s", prefix, parts[i]);
    return side_config(config, "image_size", kind->image_size, &p->height, &p->width, err) &&
           json_int(config, "num_channels", 3, 3, 3, &p->channels, err) &&
           (kind->backbone ? bind_cells(p, w, name[3], name[2], config, hidden, err)
                           : bind_squares(p, w, name[2], config, hidden, err)) &&
           (p->cls = weights_floats(w, name[0], SHAPE(1, 1, hidden), err)) &&
           (p->positions = weights_floats(
                w, name[1], SHAPE(1, image_patches_rows(p, p->height, p->width), hidden), err));
}

void image_patches_free(image_patches *p) { image_cnn_free(&p->backbone); }

/* Patches along a side of so many pixels. */
static int along(const image_patches *p, int side)
{
    return p->kind->backbone ? image_cnn_cells(&p->backbone, side) : side / p->patch;
}

int image_patches_rows(const image_patches *p, int height, int width)
{
    return height < p->patch || width < p->patch ? 0 : 1 + along(p, height) * along(p, width);
}

/* y[1..] += the position of each patch, y[0] = [CLS] with its position. */
static void add_positions(const compute *c, const image_patches *p, int height, int width, tensor y,
                          arena tmp)
{
    size_t hidden = (size_t)y.cols;
    memcpy(y.data, p->cls, hidden * sizeof(float));
    c->k->add(y.data, p->positions, hidden);
    int rows = along(p, height), cols = along(p, width), trained_rows = along(p, p->height),
        trained_cols = along(p, p->width);
    tensor grid = { (float *)p->positions + hidden, trained_rows * trained_cols, y.cols };
    if (rows != trained_rows || cols != trained_cols) {
        tensor resized = tensor_new(&tmp, rows * cols, y.cols);
        p->kind->resize(grid, trained_rows, trained_cols, resized, rows, cols);
        grid = resized;
    }
    c->k->add(tensor_row(y, 1), grid.data, (size_t)grid.rows * hidden);
}

/* y[1..] = the squares of pixels, projected. */
static void embed_squares(const compute *c, const image_patches *p, const float *pixels, int height,
                          int width, tensor y, arena tmp)
{
    tensor patches = tensor_new(&tmp, y.rows - 1, p->projection.in);
    patches_cut(pixels, p->channels, height, width, p->patch, patches);
    nn_linear(c, &p->projection, patches, tensor_rows(y, 1, y.rows - 1), tmp);
}

/* y[1..] = the cells, which the backbone projects. */
static void embed_cells(const compute *c, const image_patches *p, const float *pixels, int height,
                        int width, tensor y, arena tmp)
{
    compute unseen = *c;
    unseen.watch = NULL; /* its layers are not those of the ViT */
    image_cnn_encode(&unseen, &p->backbone, pixels, height, width, y, tmp);
}

void image_patches_embed(const compute *c, const image_patches *p, const float *pixels, int height,
                         int width, tensor y, arena tmp)
{
    assert(y.rows && y.rows == image_patches_rows(p, height, width) && y.cols == p->hidden);
    if (p->kind->backbone)
        embed_cells(c, p, pixels, height, width, y, tmp);
    else
        embed_squares(c, p, pixels, height, width, y, tmp);
    add_positions(c, p, height, width, y, tmp);
}

uint64_t image_patches_scratch(const image_patches *p, int height, int width)
{
    int rows = image_patches_rows(p, height, width);
    uint64_t cut = p->kind->backbone ? image_cnn_scratch(&p->backbone, height, width)
                                     : tensor_cost(rows, p->projection.in) +
                                           linear_scratch(rows, p->projection.in),
             positions = tensor_cost(rows, p->hidden);
    return cut > positions ? cut : positions;
}
