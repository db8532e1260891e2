#include "nn/linear.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "kernels/panel.h"
#include "quant/q4.h"

enum { MAX_LAYERS = 4, PANELS_A_TASK = 4 };

bool linear_bind_named(linear *l, weights *w, const char *weight_name, const char *bias_name,
                       int in, int out, int rank, const int64_t *shape, error *err)
{
    *l = (linear){ .in = in, .out = out };
    weight *t = weights_need(w, weight_name, rank, shape, err);
    if (!t) return false;
    if (t->packed) return fail(err, "tensor '%s' is used by two layers", weight_name);
    if (t->form == FORM_Q8 && t->largest > Q8_WEIGHT_MAX)
        return fail(err, "tensor '%s' holds the int8 value %d, matrices of products keep to %d",
                    weight_name, t->largest, Q8_WEIGHT_MAX);
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
        panel_pack_in_place_f32(t->scale, out, q4_groups(in), panel);
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
    int8_t *q;    /* [rows, padded in] */
    float *scale; /* [rows] */
    const linear *const *layers;
    tensor *y;
    int count;
} product;

static void quantize_one(void *context, int row)
{
    const product *p = context;
    p->scale[row] = p->c->k->quantize_row(tensor_row(p->x, row), p->x.cols,
                                          p->q + (size_t)row * (size_t)q8_padded(p->x.cols));
}

static int tasks(const linear *l)
{
    return (panel_count(l->out) + PANELS_A_TASK - 1) / PANELS_A_TASK;
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
    if (l->q8)
        p->c->k->matmul_q8(p->q, p->scale, p->x.rows, q8_padded(l->in), l->q8, l->scale, l->bias,
                           p->y[i].data, p->y[i].cols, l->out, first, last);
    else if (l->q4)
        p->c->k->matmul_q4(p->q, p->scale, p->x.rows, l->in, l->q4, l->scale, l->bias,
                           p->y[i].data, p->y[i].cols, l->out, first, last);
    else
        p->c->k->matmul_f32(p->x.data, p->x.cols, p->x.rows, l->in, l->floats, l->bias,
                            p->y[i].data, p->y[i].cols, l->out, first, last);
}

void nn_linear_many(const compute *c, const linear *const *layers, int count, tensor x, tensor *y,
                    arena tmp)
{
    assert(count <= MAX_LAYERS);
    product p = { .c = c, .x = x, .layers = layers, .y = y, .count = count };
    int total = 0;
    bool quantized = false;
    for (int i = 0; i < count; i++) {
        assert(x.cols == layers[i]->in && y[i].rows == x.rows && y[i].cols == layers[i]->out);
        total += tasks(layers[i]);
        quantized |= layers[i]->floats == NULL;
    }
    if (quantized) {
        p.q = arena_take(&tmp, (size_t)x.rows, (size_t)q8_padded(x.cols));
        p.scale = arena_take(&tmp, (size_t)x.rows, sizeof(float));
        pool_run(c->threads, x.rows, quantize_one, &p);
    }
    pool_run(c->threads, total, multiply, &p);
}

size_t linear_scratch(int rows, int in)
{
    return arena_cost((size_t)rows, (size_t)q8_padded(in)) +
           arena_cost((size_t)rows, sizeof(float));
}

void nn_linear(const compute *c, const linear *l, tensor x, tensor y, arena tmp)
{
    nn_linear_many(c, &l, 1, x, &y, tmp);
}
