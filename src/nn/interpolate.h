/* Resizing a grid of position embeddings to another picture size. */
#ifndef VQA_NN_INTERPOLATE_H
#define VQA_NN_INTERPOLATE_H

#include "core/tensor.h"

/* Bicubic (a = -0.75, align_corners false, edges clamped), as torch.nn.functional.interpolate does
 * it for ViT. from: [rows * cols, size] of a grid of rows x cols; to: [to_rows * to_cols, size],
 * allocated by the caller. */
void interpolate_bicubic(tensor from, int rows, int cols, tensor to, int to_rows, int to_cols);

#endif
