#include "nn/pooling.h"

#include <assert.h>
#include <string.h>

#include "core/build.h"

typedef struct {
    pooling kind;
    const window *window;
    feature_map x, y;
} work;

/* A line of y. */
static void pool_line(void *context, int line)
{
    const work *w = context;
    const float *taps[WINDOW_MOST];
    int pixels = w->window->height * w->window->width, channels = w->y.rows.cols;
    for (int column = 0; column < w->y.width; column++) {
        float *y = tensor_row(w->y.rows, line * w->y.width + column);
        window_taps(w->window, w->x, line, column, NULL, taps);
        bool any = false;
        for (int t = 0; t < pixels; t++) {
            const float *x = taps[t];
            if (!x) continue;
            if (!any)
                memcpy(y, x, (size_t)channels * sizeof *y);
            else if (!VQA_FULL || w->kind == POOLING_MAX)
                for (int i = 0; i < channels; i++) y[i] = x[i] > y[i] ? x[i] : y[i];
            else
                for (int i = 0; i < channels; i++) y[i] += x[i];
            any = true;
        }
        for (int i = 0; VQA_FULL && w->kind == POOLING_AVERAGE && i < channels; i++)
            y[i] /= (float)pixels;
    }
}

void nn_pooling(const compute *c, pooling kind, const window *w, feature_map x, feature_map y)
{
    assert(x.rows.cols == y.rows.cols && w->padding < w->height && w->padding < w->width);
    assert(y.height == window_lines(w, x.height) && y.width == window_columns(w, x.width));
    pool_run(c->threads, y.height, pool_line, &(work){ kind, w, x, y });
}

void nn_global_average(const compute *c, feature_map x, float *y)
{
    size_t channels = (size_t)x.rows.cols;
    memset(y, 0, channels * sizeof *y);
    for (int r = 0; r < x.rows.rows; r++) c->k->add(y, tensor_row(x.rows, r), channels);
    for (size_t i = 0; i < channels; i++) y[i] /= (float)x.rows.rows;
}
