/* Resizing a grid of position embeddings to another picture size. */
#ifndef VQA_NN_INTERPOLATE_H
#define VQA_NN_INTERPOLATE_H

#include "core/tensor.h"

/* from: [rows * cols, size] of a grid of rows x cols; to: [to_rows * to_cols, size], allocated by
 * the caller. As torch.nn.functional.interpolate does it. */
typedef void interpolation(tensor from, int rows, int cols, tensor to, int to_rows, int to_cols);

/* Bicubic for ViT: a = -0.75, align_corners false, edges clamped. */
interpolation interpolate_bicubic;

/* Bilinear for ViLT: align_corners true, so that corners stay corners; to one line, the first. */
interpolation interpolate_bilinear;

#endif
