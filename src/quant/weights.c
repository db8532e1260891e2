#include "quant/weights.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/kernels.h"
#include "kernels/panel.h"
#include "quant/q8.h"

/* Products sum up to this many int8 products in int32: 127 * 63 * 65536 < 2^31. */
enum { MAX_SIDE = 1 << 24, MAX_Q8_COLS = 1 << 16 };

static bool is_q8(const weight *t, precision keep)
{
    if (t->info.rank < 2 || t->rows == 0 || t->cols == 0) return false;
    if (t->info.type == DTYPE_I8) return true;
    return keep == QUANTIZE_Q8 && q8_largest(t->info.name, t->info.rank) > 0;
}

/* Rows that a tensor takes up: of a matrix also those that fill its last panel. Vectors, and tables
 * that come as [1, rows, columns], are never brought into panels. */
static size_t room(const weight *t)
{
    bool matrix = t->info.rank == 2 || (t->info.rank > 2 && t->rows > 1);
    return matrix ? (size_t)panel_count(t->rows) * PANEL : (size_t)t->rows;
}

static size_t unit_size(const weight *t)
{
    return dtype_size(t->info.type) * (t->q8 ? (size_t)t->cols : 1);
}

/* Values of a row in memory, and of all rows with those that fill the last panel. */
static size_t row_room(const weight *t)
{
    return t->q8 ? (size_t)q8_padded(t->cols) : (size_t)t->cols;
}

static size_t all_room(const weight *t) { return room(t) * row_room(t); }

static size_t cost(const weight *t)
{
    return t->q8 ? arena_cost(all_room(t), 1) + arena_cost((size_t)t->rows, sizeof(float))
                 : arena_cost(all_room(t), sizeof(float));
}

/* Whether the products above fit a size_t, which may have 32 bits. */
static bool countable(const weight *t)
{
    double values = (double)(room(t) + 1) * (double)row_room(t);
    return values * sizeof(float) < (double)(SIZE_MAX / 4);
}

static bool measure(weight *t, precision keep, error *err)
{
    int64_t rows = t->info.rank > 1 ? t->info.shape[0] : 1, cols = 1;
    for (int d = t->info.rank > 1 ? 1 : 0; d < t->info.rank; d++) {
        if (t->info.shape[d] > MAX_SIDE || cols > MAX_SIDE)
            cols = INT64_MAX / 2;
        else
            cols *= t->info.shape[d];
    }
    if (rows > MAX_SIDE || cols > MAX_SIDE)
        return fail(err, "tensor '%s': dimension beyond %d", t->info.name, MAX_SIDE);
    t->rows = (int)rows;
    t->cols = (int)cols;
    t->q8 = is_q8(t, keep);
    if (t->q8 && t->cols > MAX_Q8_COLS)
        return fail(err, "tensor '%s': rows of %d values, at most %d as q8", t->info.name, t->cols,
                    MAX_Q8_COLS);
    return true;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp((*(const weight *const *)a)->info.name, (*(const weight *const *)b)->info.name);
}

bool weights_plan(weights *w, const tensor_info *tensors, int count, precision keep, error *err)
{
    *w = (weights){ 0 };
    size_t total = 0, unit = 1, names = 1;
    int row = 0;
    for (int i = 0; i < count; i++) names += strlen(tensors[i].name) + 1;
    w->all = calloc((size_t)count + 1, sizeof *w->all);
    w->by_name = calloc((size_t)count + 1, sizeof *w->by_name);
    if (!w->all || !w->by_name)
        return fail_memory(err, "not enough memory for the names of %d tensors", count);
    for (int i = 0; i < count; i++) {
        weight *t = &w->all[i];
        t->info = tensors[i];
        if (!measure(t, keep, err)) return false;
        if (unit_size(t) > unit) unit = unit_size(t);
        if (t->q8 && t->info.type != DTYPE_I8 && t->cols > row) row = t->cols;
        if (!countable(t) || cost(t) > SIZE_MAX / 2 - total)
            return fail_memory(err, "not enough memory for tensor '%s'", t->info.name);
        total += cost(t);
    }
    size_t extra =
        arena_cost(unit, 1) + arena_cost((size_t)row, sizeof(float)) + arena_cost(names, 1);
    if (!arena_new(&w->block, total + extra, "the weights", err)) return false;
    w->unit = arena_take(&w->block, unit, 1);
    w->row = arena_take(&w->block, (size_t)row, sizeof(float));
    char *name = arena_take(&w->block, names, 1);
    for (w->count = 0; w->count < count; w->count++) {
        weight *t = &w->all[w->count];
        size_t length = strlen(t->info.name) + 1;
        t->info.name = memcpy(name, t->info.name, length);
        name += length;
        /* only what no bytes will fill is set to zero here, so that a false size costs nothing */
        size_t filled = (size_t)t->rows * row_room(t), rest = all_room(t) - filled;
        if (t->q8) {
            t->bytes = arena_take(&w->block, all_room(t), 1);
            memset(t->bytes + filled, 0, rest);
            t->scale = arena_take(&w->block, (size_t)t->rows, sizeof(float));
            t->largest = t->info.type == DTYPE_I8 ? 0 : q8_largest(t->info.name, t->info.rank);
        } else {
            t->floats = arena_take(&w->block, all_room(t), sizeof(float));
            memset(t->floats + filled, 0, rest * sizeof(float));
        }
        w->by_name[w->count] = t;
    }
    qsort(w->by_name, (size_t)count, sizeof *w->by_name, compare_names);
    return true;
}

void weights_free(weights *w)
{
    arena_free(&w->block);
    free(w->by_name);
    free(w->all);
    *w = (weights){ 0 };
}

static bool all_finite(const weight *t, const float *x, size_t n, size_t first, error *err)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(x[i]))
            return fail(err, "tensor '%s': value %zu is not a finite number", t->info.name,
                        first + i);
    return true;
}

/* One whole row of a tensor that is kept as q8. */
static bool take_row(weight *t, const uint8_t *bytes, float *row, error *err)
{
    int8_t *q = t->bytes + t->arrived * row_room(t);
    memset(q + t->cols, 0, row_room(t) - (size_t)t->cols);
    if (t->info.type == DTYPE_I8) {
        memcpy(q, bytes, (size_t)t->cols);
        for (int i = 0; i < t->cols; i++)
            if (abs(q[i]) > t->largest) t->largest = abs(q[i]);
        return true;
    }
    dtype_to_floats(t->info.type, bytes, (size_t)t->cols, row);
    if (!all_finite(t, row, (size_t)t->cols, t->arrived * (size_t)t->cols, err)) return false;
    t->scale[t->arrived] = q8_quantize_weights(row, t->cols, t->largest, q);
    return true;
}

static bool take_units(weight *t, const uint8_t *bytes, size_t count, float *row, error *err)
{
    if (t->q8) {
        for (size_t i = 0; i < count; i++, t->arrived++)
            if (!take_row(t, bytes + i * unit_size(t), row, err)) return false;
        return true;
    }
    float *to = t->floats + t->arrived;
    dtype_to_floats(t->info.type, bytes, count, to);
    if (!all_finite(t, to, count, t->arrived, err)) return false;
    t->arrived += count;
    return true;
}

bool weights_take(weights *w, int index, const uint8_t *bytes, size_t size, error *err)
{
    weight *t = &w->all[index];
    size_t unit = unit_size(t);
    while (size > 0) {
        if (w->unit_filled == 0 && size >= unit) {
            size_t count = size / unit;
            if (!take_units(t, bytes, count, w->row, err)) return false;
            bytes += count * unit;
            size -= count * unit;
        } else {
            size_t part = unit - w->unit_filled < size ? unit - w->unit_filled : size;
            memcpy(w->unit + w->unit_filled, bytes, part);
            w->unit_filled += part;
            bytes += part;
            size -= part;
            if (w->unit_filled < unit) break;
            w->unit_filled = 0;
            if (!take_units(t, w->unit, 1, w->row, err)) return false;
        }
    }
    return true;
}

bool weights_finish(weights *w, error *err)
{
    for (int i = 0; i < w->count; i++) {
        weight *t = &w->all[i];
        if (!t->q8 || t->info.type != DTYPE_I8) continue;
        char name[512];
        snprintf(name, sizeof name, "%s" Q8_SCALE_SUFFIX, t->info.name);
        const float *scale = weights_floats(w, name, SHAPE(t->rows), err);
        if (!scale) return false;
        t->scale = (float *)scale;
    }
    return true;
}

weight *weights_find(const weights *w, const char *name)
{
    const weight key = { .info.name = name }, *wanted = &key;
    if (w->count == 0) return NULL;
    const weight **found =
        bsearch(&wanted, w->by_name, (size_t)w->count, sizeof *w->by_name, compare_names);
    return found ? (weight *)*found : NULL;
}
/* "[768, 3, 16, 16]" */
static const char *shape_text(int rank, const int64_t *shape, char *text, size_t size)
{
    size_t used = (size_t)snprintf(text, size, "[");
    for (int d = 0; d < rank && used < size; d++)
        used +=
            (size_t)snprintf(text + used, size - used, d ? ", %lld" : "%lld", (long long)shape[d]);
    if (used < size) snprintf(text + used, size - used, "]");
    return text;
}

weight *weights_need(const weights *w, const char *name, int rank, const int64_t *shape, error *err)
{
    weight *t = weights_find(w, name);
    if (!t) {
        fail(err, "the model has no tensor '%s'", name);
        return NULL;
    }
    bool same = t->info.rank == rank;
    for (int d = 0; same && d < rank; d++) same = t->info.shape[d] == shape[d];
    if (same) return t;
    char have[160], want[160];
    fail(err, "tensor '%s' has the shape %s, expected %s", name,
         shape_text(t->info.rank, t->info.shape, have, sizeof have),
         shape_text(rank, shape, want, sizeof want));
    return NULL;
}

const float *weights_floats(const weights *w, const char *name, int rank, const int64_t *shape,
                            error *err)
{
    const weight *t = weights_need(w, name, rank, shape, err);
    if (!t) return NULL;
    if (!t->q8 && !t->packed) return t->floats;
    fail(err, "tensor '%s' is stored as int8, expected floats", name);
    return NULL;
}

bool weights_is_scale(const weights *w, const weight *t)
{
    char name[512];
    size_t length = strlen(t->info.name), suffix = strlen(Q8_SCALE_SUFFIX);
    if (length <= suffix || length >= sizeof name ||
        strcmp(t->info.name + length - suffix, Q8_SCALE_SUFFIX) != 0)
        return false;
    snprintf(name, sizeof name, "%.*s", (int)(length - suffix), t->info.name);
    const weight *base = weights_find(w, name);
    return base && base->q8;
}

int64_t weights_parameters(const weights *w)
{
    int64_t total = 0;
    for (int i = 0; i < w->count; i++)
        if (!weights_is_scale(w, &w->all[i])) total += (int64_t)w->all[i].rows * w->all[i].cols;
    return total;
}
