/* Weights and pixels that follow a recipe, so that a full-size checkpoint need not be stored:
 * element i of the tensor called `name` is center + scale * r, r in -1..1 from a hash of i, name
 * and seed. */
#ifndef VQA_TOOLS_RECIPE_H
#define VQA_TOOLS_RECIPE_H

#include <cjson/cJSON.h>

#include "quant/weights.h"

/* The weights that folder/manifest.json describes, kept as `keep` says; each tensor's CRC-32 is
 * checked. Give them back with weights_free(), also after a failure. */
bool recipe_weights(const char *folder, precision keep, weights *w, error *err);

/* Row `row` of a batch of pictures, {"name", "shape" [batch, 3, height, width], "seed", "center",
 * "scale"}: [3, height, width] for the caller to free(). */
float *recipe_pixels(const cJSON *recipe, int row, int *height, int *width, error *err);

#endif
