/* A picture cut into square patches (Dosovitskiy et al. 2020): pixels to one row per patch, behind
 * the row of [CLS], each with its position. What ViT and ViLT begin with; of a hybrid ViT the patches are
 * the cells that a convolutional encoder makes of the picture. */
#ifndef VQA_ENCODERS_IMAGE_PATCHES_H
#define VQA_ENCODERS_IMAGE_PATCHES_H

#include <cjson/cJSON.h>

#include "encoders/image_cnn.h"
#include "nn/interpolate.h"

/* What sets one architecture apart from another. */
typedef struct {
    int image_size, patch_size; /* in pixels, where the config names none */
    interpolation *resize;      /* the grid of positions, to pictures of another size */
    bool backbone;              /* the patches are its cells */
} image_patches_kind;

typedef struct {
    const image_patches_kind *kind;
    int height, width, patch,
        channels;           /* the picture size the positions were trained for, in pixels */
    int hidden;             /* columns of its rows */
    const float *cls;       /* [hidden] */
    const float *positions; /* [1 + patches, hidden], the first for [CLS] */
    linear projection;      /* of a patch: [channels, patch, patch] -> hidden; or else: */
    image_cnn backbone;     /* with the projection of its cells, which are the patches */
} image_patches;

/* Take "<prefix>cls_token", "<prefix>position_embeddings" and
 * "<prefix>patch_embeddings.projection" out of `w`, and what begins with
 * "<prefix>patch_embeddings.backbone.". `config`: image_size, patch_size (a number or [height, width]; of
 * a backbone's cells 1), num_channels (3), backbone_config (see encoders/image_cnn.h). Give it back with
 * image_patches_free(), also after a failure. */
bool image_patches_bind(image_patches *p, const image_patches_kind *kind, weights *w,
                        const char *prefix, const cJSON *config, int hidden, error *err);
void image_patches_free(image_patches *p);

/* Rows that a picture of that size becomes: 1 + patches; 0 if a side is less than a patch. What is
 * left over at the right and at the bottom of whole patches is not looked at, as by the reference;
 * that of cells is a cell. */
int image_patches_rows(const image_patches *p, int height, int width);

/* Embed pixels [channels, height, width]. The grid of positions is resized to other picture sizes
 * than the trained one. y: [rows, hidden], allocated by the caller. */
void image_patches_embed(const compute *c, const image_patches *p, const float *pixels, int height,
                         int width, tensor y, arena tmp);

/* Bytes of `tmp` that a picture of that size needs. */
uint64_t image_patches_scratch(const image_patches *p, int height, int width);

#endif
