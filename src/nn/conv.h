/* Convolution (torch.nn.Conv2d) over rows of channels, with W as floats, q8 or q4, and with the batch
 * norm behind it, if there is one (nn/batch_norm.h).
 *
 * The pixels under the window are gathered into rows, some at a time, and these multiplied as by
 * nn/linear.h, where no row is finer than the others. With a window of one pixel that moves by one the
 * rows of the map are taken as they are. Groups, of one channel (depthwise) or more, are summed
 * directly and need W as floats: of depthwise ones quant/precision.h leaves it so, they are small. */
#ifndef VQA_NN_CONV_H
#define VQA_NN_CONV_H

#include "nn/feature_map.h"
#include "nn/linear.h"

typedef struct {
    int in, out, groups; /* channels; groups divides both */
    window window;
    linear product; /* W [out, in / groups * window.height * window.width] */
} conv;

/* Take "<name>.weight" [out, in / groups, window.height, window.width] out of `w`, and either
 * "<batch_norm>.weight", ".bias", ".running_mean", ".running_var" or, where `batch_norm` is NULL, "<name>.bias".
 * The caller has set all of *v but the product. */
bool conv_bind(conv *v, weights *w, const char *name, const char *batch_norm, error *err);

/* y = act(v(x)), or, not in groups, y += act(v(x)); y is a map as window_map() takes it, and not x. */
void nn_conv(const compute *c, const conv *v, feature_map x, feature_map y, activation act,
             bool add, arena tmp);

/* Bytes of `tmp` that nn_conv needs for a map x of that size. */
uint64_t conv_scratch(const conv *v, int height, int width);

#endif
