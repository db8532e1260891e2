#include "nn/recurrent.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int gates(const recurrent *r) { return (r->kind == RECURRENT_GRU ? 3 : 4) * r->hidden; }

static bool bind_product(linear *l, weights *w, const char *prefix, const char *what, int layer,
                         int direction, int in, int out, error *err)
{
    char names[2][256];
    for (int i = 0; i < 2; i++)
        snprintf(names[i], sizeof names[i], "%s%s_%s_l%d%s", prefix, i ? "bias" : "weight", what,
                 layer, direction ? "_reverse" : "");
    return linear_bind_named(l, w, names[0], names[1], in, out, SHAPE(out, in), err);
}

bool recurrent_bind(recurrent *r, weights *w, const char *prefix, error *err)
{
    r->cells = calloc((size_t)r->layers * (size_t)r->directions, sizeof *r->cells);
    if (!r->cells) return fail_memory(err, "not enough memory for %d layers", r->layers);
    for (int i = 0; i < r->layers * r->directions; i++) {
        int layer = i / r->directions, direction = i % r->directions,
            in = layer ? r->hidden * r->directions : r->in;
        recurrent_cell *cell = &r->cells[i];
        if (!bind_product(&cell->input, w, prefix, "ih", layer, direction, in, gates(r), err) ||
            !bind_product(&cell->state, w, prefix, "hh", layer, direction, r->hidden, gates(r),
                          err))
            return false;
    }
    return true;
}

void recurrent_free(recurrent *r)
{
    free(r->cells);
    r->cells = NULL;
}

/* One direction of a layer. */
typedef struct {
    const recurrent *r;
    const recurrent_cell *cell;
    compute alone; /* a step is too short to be shared */
    const uint8_t *mask;
    tensor x;       /* [rows, gates]: products with the inputs, which become the gates */
    tensor product; /* [1, gates]: with the state */
    tensor h, c;    /* [1, hidden] */
    tensor y;       /* [rows, hidden * directions] */
    arena tmp;
} course;

static void step_gru(const course *w, float *x)
{
    const kernels *k = w->alone.k;
    size_t n = (size_t)w->r->hidden;
    const float *state = w->product.data;
    float *h = w->h.data, *update = x + n, *fresh = x + 2 * n;
    k->add(x, state, 2 * n);
    k->sigmoid(x, 2 * n);
    for (size_t i = 0; i < n; i++) fresh[i] += x[i] * state[2 * n + i];
    k->tanh(fresh, n);
    for (size_t i = 0; i < n; i++) h[i] = (1 - update[i]) * fresh[i] + update[i] * h[i];
}

static void step_lstm(const course *w, float *x)
{
    const kernels *k = w->alone.k;
    size_t n = (size_t)w->r->hidden;
    float *h = w->h.data, *c = w->c.data, *forget = x + n, *fresh = x + 2 * n, *out = x + 3 * n;
    k->add(x, w->product.data, 4 * n);
    k->sigmoid(x, 2 * n);
    k->tanh(fresh, n);
    k->sigmoid(out, n);
    for (size_t i = 0; i < n; i++) h[i] = c[i] = forget[i] * c[i] + x[i] * fresh[i];
    k->tanh(h, n);
    for (size_t i = 0; i < n; i++) h[i] *= out[i];
}

static void run(void *context, int direction)
{
    const course *w = (const course *)context + direction;
    int hidden = w->r->hidden, rows = w->x.rows;
    size_t size = (size_t)hidden * sizeof(float);
    memset(w->h.data, 0, size);
    memset(w->c.data, 0, size);
    for (int i = 0; i < rows; i++) {
        int row = direction ? rows - 1 - i : i;
        float *y = tensor_row(w->y, row) + direction * hidden;
        if (w->mask && !w->mask[row]) {
            memset(y, 0, size);
            continue;
        }
        nn_linear(&w->alone, &w->cell->state, w->h, w->product, w->tmp);
        if (w->r->kind == RECURRENT_GRU)
            step_gru(w, tensor_row(w->x, row));
        else
            step_lstm(w, tensor_row(w->x, row));
        memcpy(y, w->h.data, size);
    }
}

static uint64_t course_scratch(const recurrent *r, int rows)
{
    return tensor_cost(rows, gates(r)) + tensor_cost(1, gates(r)) + 2 * tensor_cost(1, r->hidden) +
           linear_scratch(1, r->hidden);
}

void nn_recurrent(const compute *c, const recurrent *r, tensor x, const uint8_t *mask, tensor y,
                  float *last, arena tmp)
{
    int hidden = r->hidden, outputs = hidden * r->directions;
    course courses[2];
    tensor between[2] = { 0 };
    assert(x.cols == r->in && y.rows == x.rows && y.cols == outputs && r->directions <= 2);
    for (int i = 0; i < 2 && i < r->layers - 1; i++) between[i] = tensor_new(&tmp, x.rows, outputs);
    for (int d = 0; d < r->directions; d++) {
        courses[d] = (course){ .r = r,
                               .alone = *c,
                               .mask = mask,
                               .x = tensor_new(&tmp, x.rows, gates(r)),
                               .product = tensor_new(&tmp, 1, gates(r)),
                               .h = tensor_new(&tmp, 1, hidden),
                               .c = tensor_new(&tmp, 1, hidden) };
        courses[d].alone.threads = NULL;
        courses[d].tmp = tmp;
        courses[d].tmp.size = tmp.used + (size_t)linear_scratch(1, hidden);
        tmp.used = courses[d].tmp.size;
    }
    for (int layer = 0; layer < r->layers && !compute_stopped(c); layer++) {
        tensor to = layer == r->layers - 1 ? y : between[layer % 2];
        linear_call call = { .x = x, .count = r->directions };
        for (int d = 0; d < r->directions; d++) {
            courses[d].cell = &r->cells[layer * r->directions + d];
            courses[d].y = to;
            call.layers[d] = &courses[d].cell->input;
            call.y[d] = courses[d].x;
        }
        nn_linear_call(c, &call, tmp);
        pool_run(c->threads, r->directions, run, courses);
        x = to;
    }
    for (int d = 0; d < r->directions; d++)
        memcpy(last + d * hidden, courses[d].h.data, (size_t)hidden * sizeof *last);
}

uint64_t recurrent_scratch(const recurrent *r, int rows)
{
    int outputs = r->hidden * r->directions, widest = r->in;
    if (r->layers > 1 && outputs > widest) widest = outputs;
    return 2 * tensor_cost(rows, outputs) + (uint64_t)r->directions * course_scratch(r, rows) +
           linear_scratch(rows, widest);
}
