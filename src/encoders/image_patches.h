/* A picture cut into square patches (Dosovitskiy et al. 2020): pixels to one row per patch, behind
 * the row of [CLS], each with its position. What ViT and ViLT begin with. */
#ifndef VQA_ENCODERS_IMAGE_PATCHES_H
#define VQA_ENCODERS_IMAGE_PATCHES_H

#include <cjson/cJSON.h>

#include "nn/interpolate.h"
#include "nn/linear.h"

/* What sets one architecture apart from another. */
typedef struct {
    int image_size, patch_size; /* in pixels, where the config names none */
    interpolation *resize;      /* the grid of positions, to pictures of another size */
} image_patches_kind;

typedef struct {
    const image_patches_kind *kind;
    int height, width, patch,
        channels;           /* the picture size the positions were trained for, in pixels */
    const float *cls;       /* [hidden] */
    const float *positions; /* [1 + patches, hidden], the first for [CLS] */
    linear projection;      /* of a patch: [channels, patch, patch] -> hidden */
} image_patches;

/* Take "<prefix>cls_token", "<prefix>position_embeddings" and
 * "<prefix>patch_embeddings.projection" out of `w`. `config`: image_size, patch_size (a number or
 * [height, width]), num_channels (3). */
bool image_patches_bind(image_patches *p, const image_patches_kind *kind, weights *w,
                        const char *prefix, const cJSON *config, int hidden, error *err);

/* Rows that a picture of that size becomes: 1 + patches; 0 if a side is less than a patch. What is
 * left over at the right and at the bottom of whole patches is not looked at, as by the reference.
 */
int image_patches_rows(const image_patches *p, int height, int width);

/* Embed pixels [channels, height, width]. The grid of positions is resized to other picture sizes
 * than the trained one. y: [rows, hidden], allocated by the caller. */
void image_patches_embed(const compute *c, const image_patches *p, const float *pixels, int height,
                         int width, tensor y, arena tmp);

/* Bytes of `tmp` that a picture of that size needs. */
uint64_t image_patches_scratch(const image_patches *p, int height, int width);

#endif
