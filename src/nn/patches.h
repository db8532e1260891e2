/* A picture cut into square patches, as a convolution sees it whose stride is its size. */
#ifndef VQA_NN_PATCHES_H
#define VQA_NN_PATCHES_H

#include "core/tensor.h"

/* Patches of `patch` x `patch` pixels as rows, line by line, each in the order of a convolution's
 * weights: channel, y, x. What is left over at the right and at the bottom is not looked at.
 *   pixels  [channels, height, width]
 *   rows    [height / patch * (width / patch), channels * patch * patch], allocated by the caller */
void patches_cut(const float *pixels, int channels, int height, int width, int patch, tensor rows);

#endif
