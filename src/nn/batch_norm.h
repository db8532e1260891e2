/* y = (x - running_mean) / sqrt(running_var + eps) * weight + bias for each channel
 * (torch.nn.BatchNorm2d in evaluation) as part of the layer before it. */
#ifndef VQA_NN_BATCH_NORM_H
#define VQA_NN_BATCH_NORM_H

#include "quant/weights.h"

/* torch's default. */
#define BATCH_NORM_EPS 1e-5f

/* Multiply the rows of `before`, which no layer has taken yet, by what the batch norm "<name>" of as
 * many channels multiplies them by. Of the norm's own tensors running_mean, running_var and weight are
 * set so that they do nothing from then on, and its bias to what is still to be added: the bias of the
 * layer. So a pack of these weights reads back as the same layer. False: a tensor is missing, has the
 * wrong shape, or the results are no finite numbers. */
bool batch_norm_fold(weights *w, const char *name, weight *before, error *err);

#endif
