/* Pooling over rows of channels. */
#ifndef VQA_NN_POOLING_H
#define VQA_NN_POOLING_H

#include "nn/compute.h"
#include "nn/feature_map.h"

/* torch.nn.MaxPool2d and AvgPool2d: the padding is not looked at by the one and counts as zeros with
 * the other. */
typedef enum { POOLING_MAX, POOLING_AVERAGE } pooling;

/* y: a map as window_map() takes it, and not x. */
void nn_pooling(const compute *c, pooling kind, const window *w, feature_map x, feature_map y);

/* y [channels] = the average of all pixels (AdaptiveAvgPool2d(1)). */
void nn_global_average(const compute *c, feature_map x, float *y);

#endif
