#include "quant/weights.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/kernels.h"
#include "kernels/panel.h"
#include "quant/q4.h"
#include "quant/q8.h"

/* Products sum up to this many int8 products in int32: 127 * 63 * 65536 < 2^31. */
enum { MAX_SIDE = 1 << 24, MAX_QUANTIZED_COLS = 1 << 16 };

/* A matrix of U8 in a file is one of nibbles. */
static weight_form form_of(const weight *t, precision keep)
{
    const tensor_info *info = &t->info;
    if (info->rank < 2 || t->rows == 0 || t->cols == 0) return FORM_FLOAT;
    if (info->type == DTYPE_I8) return FORM_Q8;
    if (info->type == DTYPE_U8 && info->rank == 2) return FORM_Q4;
    if (keep == QUANTIZE_Q4 && q4_suits(info->name, info->rank, t->cols)) return FORM_Q4;
    return keep != KEEP_AS_STORED && q8_largest(info->name, info->rank) > 0 ? FORM_Q8 : FORM_FLOAT;
}

/* Whether it comes as it is kept. */
static bool as_stored(const weight *t)
{
    return t->info.type == (t->form == FORM_Q8 ? DTYPE_I8 : DTYPE_U8);
}

/* Rows that a tensor takes up: of a matrix also those that fill its last panel. Vectors, and tables
 * that come as [1, rows, columns], are never brought into panels. */
static size_t room(const weight *t)
{
    bool matrix = t->info.rank == 2 || (t->info.rank > 2 && t->rows > 1);
    return matrix ? (size_t)panel_count(t->rows) * PANEL : (size_t)t->rows;
}

/* Bytes that are taken at once: a row, or a value that becomes a float. */
static size_t unit_size(const weight *t)
{
    if (t->form == FORM_FLOAT) return dtype_size(t->info.type);
    return as_stored(t) ? weight_row_bytes(t) : dtype_size(t->info.type) * (size_t)t->cols;
}

/* Bytes of a row in memory, and of all rows with those that fill the last panel. */
static size_t row_room(const weight *t)
{
    return t->form == FORM_Q8 ? (size_t)q8_padded(t->cols) : weight_row_bytes(t);
}

static size_t all_room(const weight *t) { return room(t) * row_room(t); }

/* Floats that its scales take, of a q4 matrix also those of the rows that fill the last panel. The
 * scales of a quantized file are tensors themselves. */
static size_t scale_room(const weight *t)
{
    if (t->form == FORM_FLOAT || as_stored(t)) return 0;
    return (t->form == FORM_Q4 ? room(t) : (size_t)t->rows) * (size_t)weight_scales(t);
}

static size_t cost(const weight *t)
{
    return arena_cost(all_room(t), 1) + arena_cost(scale_room(t), sizeof(float));
}

/* Whether the products above fit a size_t, which may have 32 bits. */
static bool countable(const weight *t)
{
    return (double)(room(t) + 1) * ((double)t->cols + Q8_STEP) * sizeof(float) <
           (double)(SIZE_MAX / 4);
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
    t->form = form_of(t, keep);
    if (t->form == FORM_Q4 && as_stored(t)) {
        t->cols *= 2;
        if (t->cols % Q4_GROUP)
            return fail(err, "tensor '%s': rows of %d nibbles, expected a multiple of %d",
                        t->info.name, t->cols, Q4_GROUP);
    }
    if (t->form != FORM_FLOAT && t->cols > MAX_QUANTIZED_COLS)
        return fail(err, "tensor '%s': rows of %d values, at most %d as %s", t->info.name, t->cols,
                    MAX_QUANTIZED_COLS, t->form == FORM_Q8 ? "q8" : "q4");
    return true;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp((*(const weight *const *)a)->info.name, (*(const weight *const *)b)->info.name);
}

static bool grow(weights *w, int count, error *err)
{
    size_t total = (size_t)w->count + (size_t)count + 1;
    weight *all = realloc(w->all, total * sizeof *all);
    if (all) w->all = all;
    const weight **by_name = realloc(w->by_name, total * sizeof *by_name);
    if (by_name) w->by_name = by_name;
    arena *blocks = realloc(w->blocks, ((size_t)w->files + 1) * sizeof *blocks);
    if (blocks) w->blocks = blocks;
    if (all && by_name && blocks) return true;
    return fail_memory(err, "not enough memory for the names of %d tensors", count);
}

/* Only what no bytes will fill is set to zero here, so that a false size costs nothing. */
static void place(weight *t, arena *block)
{
    size_t filled = (size_t)t->rows * row_room(t);
    uint8_t *room_of_t = arena_take(block, all_room(t), 1);
    memset(room_of_t + filled, 0, all_room(t) - filled);
    if (t->form == FORM_FLOAT)
        t->floats = (float *)room_of_t;
    else
        t->bytes = (int8_t *)room_of_t;
    if (t->form == FORM_Q8 && !as_stored(t))
        t->largest = q8_largest(t->info.name, t->info.rank);
    if (scale_room(t) == 0) return;
    size_t scales = (size_t)t->rows * (size_t)weight_scales(t);
    t->scale = arena_take(block, scale_room(t), sizeof(float));
    memset(t->scale + scales, 0, (scale_room(t) - scales) * sizeof(float));
}

/* Sort the names anew; no two may be the same. */
static bool sort_names(weights *w, error *err)
{
    for (int i = 0; i < w->count; i++) w->by_name[i] = &w->all[i];
    qsort(w->by_name, (size_t)w->count, sizeof *w->by_name, compare_names);
    for (int i = 1; i < w->count; i++)
        if (compare_names(&w->by_name[i - 1], &w->by_name[i]) == 0)
            return fail(err, "tensor '%s' stands in two files", w->by_name[i]->info.name);
    return true;
}

bool weights_plan(weights *w, const tensor_info *tensors, int count, precision keep, error *err)
{
    size_t total = 0, unit = 1, names = 1;
    int row = 0;
    if (!grow(w, count, err)) return false;
    weight *file = w->all + w->count;
    for (int i = 0; i < count; i++) {
        weight *t = &file[i];
        *t = (weight){ .info = tensors[i] };
        names += strlen(t->info.name) + 1;
        if (!measure(t, keep, err)) return false;
        if (!countable(t) || cost(t) > SIZE_MAX / 2 - total)
            return fail_memory(err, "not enough memory for tensor '%s'", t->info.name);
        if (unit_size(t) > unit) unit = unit_size(t);
        if (t->form != FORM_FLOAT && !as_stored(t) && t->cols > row) row = t->cols;
        total += cost(t);
    }
    arena *block = &w->blocks[w->files];
    size_t extra =
        arena_cost(unit, 1) + arena_cost((size_t)row, sizeof(float)) + arena_cost(names, 1);
    if (!arena_new(block, total + extra, "the weights", err)) return false;
    w->files++;
    w->unit = arena_take(block, unit, 1);
    w->unit_filled = 0;
    w->row = arena_take(block, (size_t)row, sizeof(float));
    char *name = arena_take(block, names, 1);
    for (int i = 0; i < count; i++) {
        size_t length = strlen(file[i].info.name) + 1;
        file[i].info.name = memcpy(name, file[i].info.name, length);
        name += length;
        place(&file[i], block);
    }
    w->first = w->count;
    w->count += count;
    return sort_names(w, err);
}

void weights_free(weights *w)
{
    for (int i = 0; i < w->files; i++) arena_free(&w->blocks[i]);
    free(w->blocks);
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

/* One whole row of a tensor that is quantized. */
static bool take_row(weight *t, const uint8_t *bytes, float *row, error *err)
{
    int8_t *q = t->bytes + t->arrived * row_room(t);
    size_t own = weight_row_bytes(t);
    memset(q + own, 0, row_room(t) - own);
    if (as_stored(t)) {
        memcpy(q, bytes, own);
        for (int i = 0; i < t->cols && t->form == FORM_Q8; i++)
            if (abs(q[i]) > t->largest) t->largest = abs(q[i]);
        return true;
    }
    dtype_to_floats(t->info.type, bytes, (size_t)t->cols, row);
    if (!all_finite(t, row, (size_t)t->cols, t->arrived * (size_t)t->cols, err)) return false;
    float *scale = t->scale + t->arrived * (size_t)weight_scales(t);
    if (t->form == FORM_Q4)
        q4_quantize_weights(row, t->cols, (uint8_t *)q, scale);
    else
        *scale = q8_quantize_weights(row, t->cols, t->largest, q);
    return true;
}

static bool take_units(weight *t, const uint8_t *bytes, size_t count, float *row, error *err)
{
    if (t->form != FORM_FLOAT) {
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
    weight *t = &w->all[w->first + index];
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
        if (t->form == FORM_FLOAT || !as_stored(t)) continue;
        char name[512];
        snprintf(name, sizeof name, "%s" WEIGHT_SCALE_SUFFIX, t->info.name);
        const weight *scale = t->form == FORM_Q8
                                  ? weights_need(w, name, SHAPE(t->rows), err)
                                  : weights_need(w, name, SHAPE(t->rows, weight_scales(t)), err);
        if (!scale) return false;
        if (scale->form != FORM_FLOAT)
            return fail(err, "tensor '%s' is quantized itself, expected floats", name);
        t->scale = scale->floats;
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
    if (t->form == FORM_Q4 && as_stored(t)) { /* its own shape is lost */
        int64_t cols = 1;
        for (int d = 1; d < rank; d++) cols *= shape[d];
        same = rank > 1 && shape[0] == t->rows && cols == t->cols;
    }
    if (same) {
        t->used = true;
        return t;
    }
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
    if (t->form == FORM_FLOAT && !t->packed) return t->floats;
    fail(err, "tensor '%s' is stored as %s, expected floats", name,
         t->form == FORM_Q4 ? "nibbles" : "int8");
    return NULL;
}

bool weights_is_scale(const weights *w, const weight *t)
{
    char name[512];
    size_t length = strlen(t->info.name), suffix = strlen(WEIGHT_SCALE_SUFFIX);
    if (length <= suffix || length >= sizeof name ||
        strcmp(t->info.name + length - suffix, WEIGHT_SCALE_SUFFIX) != 0)
        return false;
    snprintf(name, sizeof name, "%.*s", (int)(length - suffix), t->info.name);
    const weight *base = weights_find(w, name);
    return base && base->form != FORM_FLOAT && as_stored(base);
}

size_t weight_row_bytes(const weight *t)
{
    size_t cols = (size_t)t->cols;
    return t->form == FORM_FLOAT ? cols * sizeof(float) : t->form == FORM_Q8 ? cols : cols / 2;
}

int weight_scales(const weight *t)
{
    return t->form == FORM_FLOAT ? 0 : t->form == FORM_Q8 ? 1 : q4_groups(t->cols);
}

void weight_row(const weight *t, int r, uint8_t *row)
{
    if (!t->packed) {
        const uint8_t *all = t->form == FORM_FLOAT ? (uint8_t *)t->floats : (uint8_t *)t->bytes;
        memcpy(row, all + (size_t)r * row_room(t), weight_row_bytes(t));
    } else if (t->form == FORM_FLOAT) {
        panel_row_f32(t->floats, r, t->cols, (float *)(void *)row);
    } else if (t->form == FORM_Q8) {
        panel_row_q8(t->bytes, r, t->cols, (int8_t *)row);
    } else {
        panel_row_q4((const uint8_t *)t->bytes, r, t->cols, row);
    }
}

void weight_row_scales(const weight *t, int r, float *scales)
{
    int count = weight_scales(t);
    if (t->form == FORM_Q4 && t->packed)
        panel_row_f32(t->scale, r, count, scales);
    else
        memcpy(scales, t->scale + (size_t)r * (size_t)count, (size_t)count * sizeof *scales);
}

size_t weights_memory(const weights *w)
{
    size_t total = 0;
    for (int i = 0; i < w->files; i++) total += w->blocks[i].size;
    return total;
}

int64_t weights_parameters(const weights *w)
{
    int64_t total = 0;
    for (int i = 0; i < w->count; i++)
        if (!weights_is_scale(w, &w->all[i])) total += (int64_t)w->all[i].rows * w->all[i].cols;
    return total;
}
