/* Any picture encoder, by the "model_type" of its config: "vit" (the default), "vit_hybrid",
 * "resnet", "mobilenet_v2". */
#ifndef VQA_ENCODERS_IMAGE_H
#define VQA_ENCODERS_IMAGE_H

#include "encoders/image_cnn.h"
#include "encoders/image_vit.h"

typedef struct {
    bool convolutional; /* cnn, not vit */
    image_vit vit;
    image_cnn cnn;
    int hidden;        /* columns of its rows */
    int patch;         /* side of what a row stands for, in pixels */
    bool rest;         /* the last ones are narrower, not left away */
    int blocks, heads; /* of attention between the patches; 0: none */
    char summary[48];  /* for people: "ViT 4 x 128" */
} image_encoder;

/* Take the weights called "<prefix>..." out of `w`. Give it back with image_encoder_free(). */
bool image_encoder_bind(image_encoder *e, weights *w, const char *prefix, const cJSON *config,
                        error *err);
void image_encoder_free(image_encoder *e);

/* Rows that a picture of that size becomes: one that stands for the whole, and one a patch; 0 if it is
 * too small. */
int image_encoder_rows(const image_encoder *e, int height, int width);

/* Encode pixels [3, height, width]. y: [rows, hidden], allocated by the caller, its first `wanted`
 * rows. */
void image_encoder_encode(const compute *c, const image_encoder *e, const float *pixels, int height,
                          int width, int wanted, tensor y, arena tmp);

/* Bytes of `tmp` that encoding a picture of that size needs. */
uint64_t image_encoder_scratch(const image_encoder *e, int height, int width);

#endif
