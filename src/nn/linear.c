#include "nn/linear.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "kernels/panel.h"
#include "quant/packed.h"

enum { MAX_LAYERS = 4, PANELS_A_TASK = 4 };

bool linear_bind_named(linear *l, weights *w, const char *weight_name, const char *bias_name,
                       int in, int out, int rank, const int64_t *shape, error *err)
{
    *l = (linear){ .in = in, .out = out };
    weight *t = weights_need(w, weight_name, rank, shape, err);
    if (!t) return false;
    if (t->packed) return fail(err, "tensor '%s' is used by two layers", weight_name);
    if (bias_name && !(l->bias = weights_floats(w, bias_name, SHAPE(out), err))) return false;
    void *panel = malloc((size_t)PANEL * (size_t)q8_padded(in) * sizeof(float));
    if (!panel) return fail_memory(err, "not enough memory to prepare tensor '%s'", weight_name);
    switch (t->form) {
    case FORM_FLOAT:
        panel_pack_in_place_f32(t->floats, out, in, panel);
        l->floats = t->floats;
        break;
    case FORM_Q8:
        panel_pack_in_place_q8(t->bytes, out, in, panel);
        l->q8 = t->bytes;
        break;
    case FORM_Q4:
        panel_pack_in_place_q4((uint8_t *)t->bytes, out, in, panel);
        panel_pack_in_place_f32(t->scale, out, packed_groups(in, 4), panel);
        l->q4 = (const uint8_t *)t->bytes;
        break;
    }
    free(panel);
    t->packed = true;
    l->scale = t->scale;
    return true;
}

bool linear_bind(linear *l, weights *w, const char *name, int in, int out, bool bias, error *err)
{
    char weight_name[256], bias_name[256];
    snprintf(weight_name, sizeof weight_name, "%s.weight", name);
    snprintf(bias_name, sizeof bias_name, "%s.bias", name);
    return linear_bind_named(l, w, weight_name, bias ? bias_name : NULL, in, out, SHAPE(out, in),
                             err);
}

typedef struct {
    const compute *c;
    tensor x;
    int8_t *q;    /* [rows + 1, padded in]: behind the rows, what rounding left of the finest */
    float *scale; /* [rows + 1] */
    float *rest;  /* [in]: what rounding left of the finest row */
    int finest;
    const linear *const *layers;
    tensor *y;
    int count;
} product;

static void quantize_one(void *context, int row)
{
    const product *p = context;
    size_t cols = (size_t)p->x.cols, padded = (size_t)q8_padded(p->x.cols);
    float *x = tensor_row(p->x, row);
    int8_t *q = p->q + (size_t)row * padded;
    p->scale[row] = p->c->k->quantize_row(x, p->x.cols, q);
    if (row != p->finest) return;
    for (size_t i = 0; i < cols; i++) p->rest[i] = x[i] - (float)q[i] * p->scale[row];
    p->scale[p->x.rows] =
        p->c->k->quantize_row(p->rest, p->x.cols, p->q + (size_t)p->x.rows * padded);
}

static int tasks(const linear *l)
{
    return (panel_count(l->out) + PANELS_A_TASK - 1) / PANELS_A_TASK;
}

/* y = q W^T + bias for `rows` rows of q and the outputs of panels first..last-1, which come at the
 * start of each row of y. */
static void multiply_quantized(const kernels *k, const linear *l, const int8_t *q,
                               const float *scale, int rows, const float *bias, float *y,
                               int y_stride, int first, int last)
{
    int in = q8_padded(l->in), outputs = l->out - first * PANEL, count = last - first;
    size_t before = (size_t)first * PANEL;
    if (bias) bias += before;
    if (l->q8)
        k->matmul_q8(q, scale, rows, in, l->q8 + before * (size_t)in, l->scale + before, bias, y,
                     y_stride, outputs, 0, count);
    else
        k->matmul_q4(q, scale, rows, in, l->q4 + before * (size_t)in / 2,
                     l->scale + before * (size_t)in / Q4_GROUP, bias, y, y_stride, outputs, 0,
                     count);
}

/* All rows of some panels of one layer. */
static void multiply(void *context, int task)
{
    const product *p = context;
    int i = 0;
    while (task >= tasks(p->layers[i])) task -= tasks(p->layers[i++]);
    const linear *l = p->layers[i];
    int first = task * PANELS_A_TASK, last = first + PANELS_A_TASK;
    if (last > panel_count(l->out)) last = panel_count(l->out);
    if (!l->floats) {
        float extra[PANELS_A_TASK * PANEL],
            *y = p->y[i].data + first * PANEL,
            *finest = tensor_row(p->y[i], p->finest) + first * PANEL;
        int outputs = (last * PANEL < l->out ? last * PANEL : l->out) - first * PANEL;
        const int8_t *rest = p->q + (size_t)p->x.rows * (size_t)q8_padded(l->in);
        multiply_quantized(p->c->k, l, p->q, p->scale, p->x.rows, l->bias, y, l->out, first, last);
        multiply_quantized(p->c->k, l, rest, p->scale + p->x.rows, 1, NULL, extra, PANEL, first,
                           last);
        for (int j = 0; j < outputs; j++) finest[j] += extra[j];
    } else
        p->c->k->matmul_f32(p->x.data, p->x.cols, p->x.rows, l->in, l->floats, l->bias,
                            p->y[i].data, p->y[i].cols, l->out, first, last);
}

void nn_linear_many(const compute *c, const linear *const *layers, int count, tensor x, tensor *y,
                    arena tmp)
{
    assert(count <= MAX_LAYERS);
    product p = { .c = c, .x = x, .layers = layers, .y = y, .count = count };
    p.finest = c->finest < x.rows ? c->finest : 0;
    int total = 0;
    bool quantized = false;
    for (int i = 0; i < count; i++) {
        assert(x.cols == layers[i]->in && y[i].rows == x.rows && y[i].cols == layers[i]->out);
        total += tasks(layers[i]);
        quantized |= layers[i]->floats == NULL;
    }
    if (quantized) {
        p.q = arena_take(&tmp, (size_t)x.rows + 1, (size_t)q8_padded(x.cols));
        p.scale = arena_take(&tmp, (size_t)x.rows + 1, sizeof(float));
        p.rest = arena_take(&tmp, (size_t)x.cols, sizeof(float));
        pool_run(c->threads, x.rows, quantize_one, &p);
    }
    pool_run(c->threads, total, multiply, &p);
}

size_t linear_scratch(int rows, int in)
{
    return arena_cost((size_t)rows + 1, (size_t)q8_padded(in)) +
           arena_cost((size_t)rows + 1, sizeof(float)) + arena_cost((size_t)in, sizeof(float));
}

void nn_linear(const compute *c, const linear *l, tensor x, tensor y, arena tmp)
{
    nn_linear_many(c, &l, 1, x, &y, tmp);
}
