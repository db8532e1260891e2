/* Where an answer comes from: how much each patch of the picture counts for it. */
#ifndef VQA_HEATMAP_H
#define VQA_HEATMAP_H

#include "models/model.h"

typedef struct {
    int height, width; /* in patches */
    float box[4];      /* what they cover: x, y, width, height in fractions of the picture */
    float *values;     /* [height, width], 0..1, the largest 1; owned; NULL: not made */
} heatmap;

/* Make ready to follow the attention of encode() or answer() over that many rows, the last of which
 * are the patches'. False and a sentence without memory. */
bool heatmap_begin(heatmap *h, rollout *r, const model *m, int rows, error *err);

/* Take the values from what was followed. */
void heatmap_end(heatmap *h, rollout *r);

#endif
