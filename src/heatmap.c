#include "heatmap.h"

#include <stdlib.h>

bool heatmap_begin(heatmap *h, rollout *r, const model *m, int rows, error *err)
{
    if (!h->values) h->values = calloc((size_t)h->height * (size_t)h->width, sizeof *h->values);
    if (!h->values) return fail_memory(err, "not enough memory for the heat map");
    return rollout_begin(r, m->blocks, m->heads, rows, err);
}

void heatmap_end(heatmap *h, rollout *r)
{
    int patches = h->height * h->width;
    const float *relevance = rollout_end(r) + r->rows - patches;
    float most = 0;
    for (int i = 0; i < patches; i++)
        if (relevance[i] > most) most = relevance[i];
    for (int i = 0; i < patches; i++) h->values[i] = most > 0 ? relevance[i] / most : 0;
}
