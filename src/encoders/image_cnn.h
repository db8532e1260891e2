/* Convolutional picture encoders: pixels to one row per cell of a grid, behind the row of their
 * average, which stands for the whole picture. The last cells are what is left.
 *   "resnet"        residual networks (He et al. 2015; torchvision's ResNet, tensor names too):
 *                   ResNet-18 to -152, or their first two or three stages. image_resnet.c
 *   "mobilenet_v2"  inverted residuals (Sandler et al. 2018; torchvision's MobileNetV2).
 *                   image_mobilenet.c
 * Both are blocks of up to three convolutions with a way around them. */
#ifndef VQA_ENCODERS_IMAGE_CNN_H
#define VQA_ENCODERS_IMAGE_CNN_H

#include <cjson/cJSON.h>

#include "nn/conv.h"

/* y = after(convs(x) + around(x)). */
typedef struct {
    int count; /* of convolutions, 1..3 */
    conv convs[3];
    activation act[3]; /* behind each; of the last before the sum */
    enum { AROUND_NONE, AROUND_AS_IT_IS, AROUND_CONV } around;
    conv shortcut;    /* AROUND_CONV */
    activation after; /* behind the sum */
} cnn_block;

typedef struct {
    const char *family; /* for people: "ResNet" */
    int cell;           /* its width and height in pixels: 2 to the number of steps of two */
    int hidden;         /* columns of a row: channels of the last block */
    bool max_pool;      /* 3 x 3, moving by 2, behind the first block */
    cnn_block *blocks;  /* [count], on the heap */
    int count;
} image_cnn;

/* Take the weights called "<prefix>conv1.weight", "<prefix>bn1...", "<prefix>layer1.0.conv1..." or
 * "<prefix>features.0.0.weight" ... out of `w`, see the two files; a classifier behind them is not
 * looked at. `config` names the family as "model_type":
 *   resnet        depths ([2, 2, 2, 2]; of two or three stages cells are 8 or 16 pixels, not 32),
 *                 hidden_sizes ([64, 128, 256, 512]; of blocks with a bottleneck, which the weights
 *                 tell, four times their width), embedding_size (64)
 *   mobilenet_v2  width_multiplier (1), hidden_size (1280 and more as torchvision has it)
 * Give it back with image_cnn_free(), also after a failure. */
bool image_cnn_bind(image_cnn *v, weights *w, const char *prefix, const cJSON *config, error *err);
void image_cnn_free(image_cnn *v);

/* Let rows have `out` columns, by a product behind the last block: "<name>.weight" [out, v->hidden, 1,
 * 1] and "<name>.bias". */
bool image_cnn_project(image_cnn *v, weights *w, const char *name, int out, error *err);

/* Cells in a side of so many pixels. */
int image_cnn_cells(const image_cnn *v, int side);

/* Rows that a picture of that size becomes: 1 + cells; 0 if a side is less than a cell. */
int image_cnn_rows(const image_cnn *v, int height, int width);

/* Encode pixels [3, height, width]. y: [rows, hidden], allocated by the caller: the average, then the
 * cells line by line. */
void image_cnn_encode(const compute *c, const image_cnn *v, const float *pixels, int height,
                      int width, tensor y, arena tmp);

/* Bytes of `tmp` that encoding a picture of that size needs. */
uint64_t image_cnn_scratch(const image_cnn *v, int height, int width);

/* A convolution of side x side pixels, with a padding of half of that, and the batch norm behind it,
 * by their full names. */
bool cnn_conv_bind(conv *v, weights *w, const char *name, const char *batch_norm, int in, int out,
                   int side, int stride, int groups, error *err);

/* Each family fills v->family, cell, max_pool and blocks, for image_cnn_bind(). */
bool image_resnet_bind(image_cnn *v, weights *w, const char *prefix, const cJSON *config,
                       error *err);
bool image_mobilenet_bind(image_cnn *v, weights *w, const char *prefix, const cJSON *config,
                          error *err);

#endif
