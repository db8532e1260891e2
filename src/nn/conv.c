#include "nn/conv.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "core/build.h"
#include "kernels/panel.h"
#include "nn/batch_norm.h"

/* Values that are gathered at once: what the nearer caches hold; and rows, so that reading the weights
 * pays. */
enum { GATHERED = 1 << 16, GATHERED_ROWS = 64 };

bool conv_bind(conv *v, weights *w, const char *name, const char *batch_norm, error *err)
{
    const window *win = &v->window;
    char weight_name[256], bias_name[256];
    snprintf(weight_name, sizeof weight_name, "%s.weight", name);
    snprintf(bias_name, sizeof bias_name, "%s.bias", batch_norm ? batch_norm : name);
    assert(window_valid(win) && v->in % v->groups == 0 && v->out % v->groups == 0);
    int in = v->in / v->groups;
    weight *t = weights_find(w, weight_name);
    if (t && v->groups > 1 && t->form != FORM_FLOAT)
        return fail(err, "tensor '%s' is stored as quantized values, expected floats", weight_name);
    if (t && batch_norm && !t->packed && t->rows == v->out &&
        !batch_norm_fold(w, batch_norm, t, err))
        return false;
    return linear_bind_named(&v->product, w, weight_name, bias_name, in * win->height * win->width,
                             v->out, SHAPE(v->out, in, win->height, win->width), err);
}

/* What the tasks of a convolution share. */
typedef struct {
    const kernels *k;
    const conv *v;
    feature_map x, y;
    const float *outside; /* [in], zeros: a pixel of the padding */
    tensor rows;          /* that were gathered */
    int first;            /* of these: its place in y */
    void (*act)(float *x, size_t n);
} work;

/* The inputs of one pixel of y. */
static void gather(void *context, int i)
{
    const work *w = context;
    const window *win = &w->v->window;
    const float *taps[WINDOW_MOST];
    int place = w->first + i, count = win->height * win->width;
    float *row = tensor_row(w->rows, i);
    window_taps(win, w->x, place / w->y.width, place % w->y.width, w->outside, taps);
    if (count == 1)
        memcpy(row, taps[0], (size_t)w->v->in * sizeof *row);
    else
        w->k->interleave(taps, count, w->v->in, row);
}

/* The sum of one output of any group. */
static float sum_group(const conv *v, const float *const *taps, int pixels, int output)
{
    const float *panel =
        v->product.floats + (size_t)(output / PANEL) * PANEL * (size_t)v->product.in;
    int in = v->in / v->groups, first = output / (v->out / v->groups) * in;
    float sum = 0;
    for (int i = 0; i < in; i++)
        for (int t = 0; t < pixels; t++)
            sum += taps[t][first + i] * panel[(i * pixels + t) * PANEL + output % PANEL];
    return sum;
}

/* A line of y, in groups. */
static void sum_line(void *context, int line)
{
    const work *w = context;
    const conv *v = w->v;
    const linear *l = &v->product;
    const float *taps[WINDOW_MOST];
    int pixels = v->window.height * v->window.width;
    for (int column = 0; column < w->y.width; column++) {
        float *y = tensor_row(w->y.rows, line * w->y.width + column);
        window_taps(&v->window, w->x, line, column, w->outside, taps);
        if (v->in == v->groups && v->out == v->groups)
            w->k->depthwise(taps, pixels, v->out, l->floats, l->bias, y);
        else
            for (int i = 0; i < v->out; i++) y[i] = sum_group(v, taps, pixels, i) + l->bias[i];
        if (w->act) w->act(y, (size_t)v->out);
    }
}

/* Whether the rows of the map are the inputs of the product as they are. */
static bool as_they_are(const conv *v)
{
    const window *win = &v->window;
    return win->height == 1 && win->width == 1 && win->stride == 1 && win->padding == 0;
}

/* Rows of y that are computed at once. */
static int rows_at_once(const conv *v, int rows)
{
    int most = GATHERED / v->product.in;
    if (most < GATHERED_ROWS) most = GATHERED_ROWS;
    return rows < most ? rows : most;
}

void nn_conv(const compute *c, const conv *v, feature_map x, feature_map y, activation act,
             bool add, arena tmp)
{
    assert(v->groups == 1 || !add);
    assert(x.rows.cols == v->in && y.rows.cols == v->out);
    assert(y.height == window_lines(&v->window, x.height));
    assert(y.width == window_columns(&v->window, x.width));
    float *zeros = arena_take(&tmp, (size_t)v->in, sizeof *zeros);
    memset(zeros, 0, (size_t)v->in * sizeof *zeros);
    work w = {
        .k = c->k, .v = v, .x = x, .y = y, .outside = zeros, .act = activation_function(c->k, act)
    };
    if (VQA_FULL && v->groups > 1) {
        pool_run(c->threads, y.height, sum_line, &w);
        return;
    }
    compute plain = *c;
    plain.finest = -1;
    int most = rows_at_once(v, y.rows.rows);
    bool direct = as_they_are(v);
    if (!direct) w.rows = tensor_new(&tmp, most, v->product.in);
    for (int count; w.first < y.rows.rows; w.first += count) {
        count = y.rows.rows - w.first < most ? y.rows.rows - w.first : most;
        if (!direct) pool_run(c->threads, count, gather, &w);
        linear_call call = { .x =
                                 tensor_rows(direct ? x.rows : w.rows, direct ? w.first : 0, count),
                             .count = 1,
                             .layers = { &v->product },
                             .y = { tensor_rows(y.rows, w.first, count) },
                             .act = act,
                             .add = add };
        nn_linear_call(&plain, &call, tmp);
    }
}

uint64_t conv_scratch(const conv *v, int height, int width)
{
    uint64_t zeros = arena_cost((uint64_t)v->in, sizeof(float));
    if (v->groups > 1) return zeros;
    int rows =
        rows_at_once(v, window_lines(&v->window, height) * window_columns(&v->window, width));
    return zeros + tensor_cost(rows, v->product.in) + linear_scratch(rows, v->product.in);
}
