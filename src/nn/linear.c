#include "nn/linear.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/panel.h"
#include "quant/packed.h"

enum { PANELS_A_TASK = 4 };

bool linear_bind_named(linear *l, weights *w, const char *weight_name, const char *bias_name,
                       int in, int out, int rank, const int64_t *shape, error *err)
{
    *l = (linear){ .in = in, .out = out };
    weight *t = weights_need(w, weight_name, rank, shape, err);
    if (!t) return false;
    if (t->packed) return fail(err, "tensor '%s' is used by two layers", weight_name);
    if (!weight_has_panels(t)) return fail(err, "tensor '%s' is no matrix", weight_name);
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
        kernels_best()->facts_q8(t->bytes, q8_padded(in), 0, panel_count(out), t->offset, t->wide);
        l->q8 = (q8_matrix){ t->bytes, t->scale, t->offset, t->wide };
        break;
    case FORM_Q4:
        panel_pack_in_place_q4((uint8_t *)t->bytes, out, in, panel);
        panel_pack_in_place_f32(t->scale, out, packed_groups(in, 4), panel);
        l->q4 = (q4_matrix){ (const uint8_t *)t->bytes, t->scale };
        break;
    }
    free(panel);
    t->packed = true;
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

void linear_expect_positive(linear *l)
{
    if (!l->q8.panels) return;
    memset((int32_t *)l->q8.offset, 0, (size_t)panel_count(l->out) * PANEL * sizeof *l->q8.offset);
    l->positive = true;
}

/* What the tasks of a call share. */
typedef struct {
    const compute *c;
    const linear_call *call;
    quantized_rows rows;
    int8_t *q;
    q8_input *u;   /* or NULL: no layer is q8 */
    int32_t *sums; /* or NULL: no layer is q4 */
    float *scale;
    float *rest; /* [in]: what rounding left of the finest row */
    bool quantized;
} work;

static void quantize(const work *w, const float *x, int row)
{
    int in = w->call->x.cols;
    size_t before = (size_t)row * (size_t)w->rows.in;
    w->scale[row] = w->c->k->quantize_row(x, in, w->call->layers[0]->positive, w->q + before,
                                          w->u ? w->u + before : NULL,
                                          w->sums ? w->sums + before / Q4_GROUP : NULL);
}

/* The row as the layers take it: normed, quantized. */
static void prepare(void *context, int row)
{
    const work *w = context;
    const linear_call *call = w->call;
    const float *x = tensor_row(call->x, row);
    if (call->norm) {
        nn_norm(w->c, call->norm, tensor_rows(call->x, row, 1), tensor_rows(call->normed, row, 1));
        x = tensor_row(call->normed, row);
    }
    if (!w->quantized) return;
    quantize(w, x, row);
    if (row != w->rows.finest) return;
    const int8_t *q = w->q + (size_t)row * (size_t)w->rows.in;
    for (int i = 0; i < call->x.cols; i++) w->rest[i] = x[i] - (float)q[i] * w->scale[row];
    quantize(w, w->rest, w->rows.rows);
}

static int tasks(const linear *l)
{
    return (panel_count(l->out) + PANELS_A_TASK - 1) / PANELS_A_TASK;
}

/* All rows of some panels of one layer. */
static void multiply(void *context, int task)
{
    const work *w = context;
    const linear_call *call = w->call;
    const kernels *k = w->c->k;
    int i = 0;
    while (task >= tasks(call->layers[i])) task -= tasks(call->layers[i++]);
    const linear *l = call->layers[i];
    const product p = { .y = call->y[i].data,
                        .y_stride = l->out,
                        .out = l->out,
                        .bias = l->bias,
                        .activation = activation_function(k, call->act),
                        .add = call->add };
    int first = task * PANELS_A_TASK, last = first + PANELS_A_TASK;
    if (last > panel_count(l->out)) last = panel_count(l->out);
    tensor x = call->norm ? call->normed : call->x;
    if (l->floats)
        k->matmul_f32(x.data, x.cols, x.rows, l->in, l->floats, &p, first, last);
    else if (l->q8.panels)
        k->matmul_q8(&w->rows, &l->q8, &p, first, last);
    else
        k->matmul_q4(&w->rows, &l->q4, &p, first, last);
}

void nn_linear_call(const compute *c, const linear_call *call, arena tmp)
{
    tensor x = call->x;
    work w = { .c = c, .call = call };
    int total = 0;
    bool q8 = false, q4 = false;
    for (int i = 0; i < call->count; i++) {
        const linear *l = call->layers[i];
        assert(x.cols == l->in && call->y[i].rows == x.rows && call->y[i].cols == l->out);
        total += tasks(l);
        q8 |= l->q8.panels != NULL;
        q4 |= l->q4.panels != NULL;
    }
    assert(!call->layers[0]->positive || (call->count == 1 && c->finest < 0));
    assert(!call->norm || (call->normed.rows == x.rows && call->normed.cols == x.cols));
    w.quantized = q8 || q4;
    if (w.quantized) {
        size_t rows = (size_t)x.rows + 1, in = (size_t)q8_padded(x.cols);
        w.q = arena_take(&tmp, rows, in);
        w.u = q8 ? arena_take(&tmp, rows * in, sizeof *w.u) : NULL;
        w.sums = q4 ? arena_take(&tmp, rows * (in / Q4_GROUP), sizeof *w.sums) : NULL;
        w.scale = arena_take(&tmp, rows, sizeof *w.scale);
        w.rest = arena_take(&tmp, (size_t)x.cols, sizeof *w.rest);
        w.rows = (quantized_rows){ .rows = x.rows,
                                   .in = (int)in,
                                   .q = w.q,
                                   .u = w.u,
                                   .sums = w.sums,
                                   .scale = w.scale,
                                   .finest = c->finest < x.rows ? c->finest : 0 };
    }
    if (w.quantized || call->norm) pool_run(c->threads, x.rows, prepare, &w);
    pool_run(c->threads, total, multiply, &w);
}

void linear_add_row(const linear *l, int r, float *y)
{
    size_t in = (size_t)l->in, output = (size_t)r, lane = output % PANEL, first = output - lane;
    assert(r >= 0 && r < l->out);
    if (l->floats) {
        for (size_t k = 0; k < in; k++) y[k] += l->floats[first * in + k * PANEL + lane];
    } else if (l->q8.panels) {
        size_t padded = (size_t)q8_padded(l->in);
        for (size_t k = 0; k < in; k++)
            y[k] += (float)l->q8.panels[panel_place_q8(output, k, padded)] * l->q8.scale[r];
    } else {
        const float *scale = l->q4.scale + first * (in / Q4_GROUP) + lane;
        for (size_t k = 0; k < in; k++) {
            int nibble = l->q4.panels[panel_place_q4(output, k, in)] >> panel_shift_q4(k) & 15;
            y[k] += (float)(2 * nibble - (Q4_LEVELS - 1)) * scale[k / Q4_GROUP * PANEL];
        }
    }
}

uint64_t linear_scratch(int rows, int in)
{
    uint64_t all = (uint64_t)rows + 1, padded = (uint64_t)q8_padded(in);
    return arena_cost(all, padded) + arena_cost(all * padded, sizeof(q8_input)) +
           arena_cost(all * (padded / Q4_GROUP), sizeof(int32_t)) + arena_cost(all, sizeof(float)) +
           arena_cost((uint64_t)in, sizeof(float));
}

void nn_linear(const compute *c, const linear *l, tensor x, tensor y, arena tmp)
{
    nn_linear_call(c, &(linear_call){ .x = x, .layers = { l }, .y = { y }, .count = 1 }, tmp);
}
