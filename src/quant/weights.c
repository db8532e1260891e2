#include "quant/weights.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/kernels.h"
#include "kernels/panel.h"
#include "quant/packed.h"
#include "quant/q8.h"

enum { MAX_SIDE = 1 << 24 };

/* Whether a file's tensor holds levels of some bits: U8 and [rows, cols / 8, bits]. */
static bool is_packed(const tensor_info *info)
{
    return info->type == DTYPE_U8 && info->rank == 3 && info->shape[2] >= 4 && info->shape[2] < 8;
}

static int bits_of(const weight *t, precision keep)
{
    const tensor_info *info = &t->info;
    int floats = info->type == DTYPE_F16 ? BITS_HALF : BITS_FLOAT;
    if (info->rank < 2 || t->rows == 0 || t->cols == 0) return floats;
    if (info->type == DTYPE_I8) return 8;
    if (is_packed(info)) return (int)info->shape[2];
    int bits = precision_bits(keep, info->name, info->rank, t->cols);
    return bits < floats ? bits : floats;
}

/* Whether it is quantized, and was when it came. */
static bool as_stored(const weight *t)
{
    return t->form != FORM_FLOAT && (t->info.type == DTYPE_I8 || is_packed(&t->info));
}

/* Rows that a tensor takes up: of a matrix also those that fill its last panel. Vectors, and tables
 * that come as [1, rows, columns], are never brought into panels. */
static size_t room(const weight *t)
{
    bool table = t->info.rank == 3 && t->rows == 1 && !is_packed(&t->info);
    return t->info.rank < 2 || table ? (size_t)t->rows : (size_t)panel_count(t->rows) * PANEL;
}

bool weight_has_panels(const weight *t) { return room(t) % PANEL == 0; }

/* Bytes that are taken at once: a row, or a value that becomes a float. */
static size_t unit_size(const weight *t)
{
    if (t->form == FORM_FLOAT) return dtype_size(t->info.type);
    return as_stored(t) ? weight_row_bytes(t) : dtype_size(t->info.type) * (size_t)t->cols;
}

/* Bytes of a row in memory, and of all rows with those that fill the last panel. */
static size_t row_room(const weight *t)
{
    size_t cols = (size_t)t->cols;
    return t->form == FORM_FLOAT ? cols * sizeof(float)
           : t->form == FORM_Q8  ? (size_t)q8_padded(t->cols)
                                 : cols / 2;
}

static size_t all_room(const weight *t) { return room(t) * row_room(t); }

/* Floats that its scales take, of a q4 matrix also those of the rows that fill the last panel. The
 * scales of a quantized file are tensors themselves. */
static size_t scale_room(const weight *t)
{
    if (t->form == FORM_FLOAT || as_stored(t)) return 0;
    return (t->form == FORM_Q4 ? room(t) : (size_t)t->rows) * (size_t)weight_scales(t);
}

/* Panels of a q8 matrix, for which a layer counts what a q8_matrix says. */
static size_t counted_panels(const weight *t) { return t->form == FORM_Q8 ? room(t) / PANEL : 0; }

static uint64_t cost(const weight *t)
{
    uint64_t panels = counted_panels(t);
    return arena_cost(all_room(t), 1) + arena_cost(scale_room(t), sizeof(float)) +
           arena_cost(panels * PANEL, sizeof *t->offset) +
           arena_cost(panels * (uint64_t)q8_blocks(t->cols), 1);
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
    if (is_packed(&t->info)) t->cols = (int)(t->info.shape[1] * PACKED_EIGHT);
    t->bits = bits_of(t, keep);
    t->form = t->bits >= BITS_HALF ? FORM_FLOAT : t->bits == 4 ? FORM_Q4 : FORM_Q8;
    if (t->form == FORM_Q4 && t->cols % PACKED_GROUP)
        return fail(err, "tensor '%s': rows of %d levels of 4 bits, expected a multiple of %d",
                    t->info.name, t->cols, PACKED_GROUP);
    if (t->form != FORM_FLOAT && t->cols > PACKED_MAX_COLS)
        return fail(err, "tensor '%s': rows of %d values, quantized ones have at most %d",
                    t->info.name, t->cols, PACKED_MAX_COLS);
    return true;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp((*(const weight *const *)a)->info.name, (*(const weight *const *)b)->info.name);
}

static bool grow(weights *w, int count, error *err)
{
    size_t total = (size_t)w->count + (size_t)count + 1;
    w->sorted = 0;
    weight *all = realloc(w->all, total * sizeof *all);
    if (all) w->all = all;
    const weight **by_name = realloc(w->by_name, total * sizeof *by_name);
    if (by_name) w->by_name = by_name;
    arena *blocks = realloc(w->blocks, ((size_t)w->files + 1) * sizeof *blocks);
    if (blocks) w->blocks = blocks;
    if (all && by_name && blocks) return true;
    return fail_memory(err, "not enough memory for the names of %d tensors", count);
}

static void place(weight *t, arena *block)
{
    uint8_t *room_of_t = arena_take(block, all_room(t), 1);
    if (t->form == FORM_FLOAT)
        /* cppcheck-suppress invalidPointerCast ; arenas are aligned for any type */
        t->floats = (float *)room_of_t;
    else
        t->bytes = (int8_t *)room_of_t;
    if (scale_room(t) > 0) t->scale = arena_take(block, scale_room(t), sizeof(float));
    size_t panels = counted_panels(t);
    if (panels == 0) return;
    t->offset = arena_take(block, panels * PANEL, sizeof *t->offset);
    t->wide = arena_take(block, panels * (size_t)q8_blocks(t->cols), 1);
}

/* Zeros where no bytes came: the rows that fill the last panel. Not before all others have arrived,
 * so that a false size costs nothing. */
static void fill(weight *t)
{
    size_t filled = (size_t)t->rows * row_room(t),
           scales = (size_t)t->rows * (size_t)weight_scales(t);
    uint8_t *data = t->form == FORM_FLOAT ? (uint8_t *)t->floats : (uint8_t *)t->bytes;
    memset(data + filled, 0, all_room(t) - filled);
    if (scale_room(t) > 0) memset(t->scale + scales, 0, (scale_room(t) - scales) * sizeof(float));
}

/* Sort the names anew; no two may be the same. */
static bool sort_names(weights *w, error *err)
{
    for (int i = 0; i < w->count; i++) w->by_name[i] = &w->all[i];
    qsort(w->by_name, (size_t)w->count, sizeof *w->by_name, compare_names);
    w->sorted = w->count;
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
        if (t->form != FORM_FLOAT && t->cols > row) row = t->cols;
        total += (size_t)cost(t);
    }
    arena *block = &w->blocks[w->files];
    uint64_t extra =
        arena_cost(unit, 1) + arena_cost((uint64_t)row, sizeof(float) + 1) + arena_cost(names, 1);
    if (!arena_new(block, total + extra, "the weights", err)) return false;
    w->files++;
    w->unit = arena_take(block, unit, 1);
    w->unit_filled = 0;
    w->row = arena_take(block, (size_t)row, sizeof(float) + 1);
    w->levels = (uint8_t *)(w->row + row);
    char *name = arena_take(block, names, 1);
    for (int i = 0; i < count; i++) {
        size_t length = strlen(file[i].info.name) + 1;
        file[i].info.name = memcpy(name, file[i].info.name, length);
        name += length;
        place(&file[i], block);
    }
    w->first = w->count;
    w->count += count;
    return w->files > 1 || sort_names(w, err);
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

/* Levels of a row, as it is kept in memory. */
static void place_levels(const weight *t, const uint8_t *levels, int8_t *q)
{
    if (t->form == FORM_Q4) {
        packed_write(levels, t->cols, t->bits, (uint8_t *)q);
        return;
    }
    for (int i = 0; i < t->cols; i++) q[i] = (int8_t)(2 * levels[i] - ((1 << t->bits) - 1));
}

/* One whole row of a tensor that is quantized. */
static bool take_row(const weights *w, weight *t, const uint8_t *bytes, error *err)
{
    int8_t *q = t->bytes + t->arrived * row_room(t);
    if (t->form == FORM_Q8) memset(q + t->cols, 0, row_room(t) - (size_t)t->cols);
    if (t->info.type == DTYPE_I8) {
        memcpy(q, bytes, (size_t)t->cols);
        return true;
    }
    if (as_stored(t)) {
        packed_read(bytes, t->cols, t->bits, w->levels);
        place_levels(t, w->levels, q);
        return true;
    }
    dtype_to_floats(t->info.type, bytes, (size_t)t->cols, w->row);
    if (!all_finite(t, w->row, (size_t)t->cols, t->arrived * (size_t)t->cols, err)) return false;
    float *scale = t->scale + t->arrived * (size_t)weight_scales(t);
    if (t->bits == 8) {
        *scale = q8_quantize_weights(w->row, t->cols, q);
    } else {
        packed_quantize(w->row, t->cols, t->bits, w->levels, scale);
        for (int i = 0; i < weight_scales(t); i++)
            if (!isfinite(scale[i]))
                return fail(err, "tensor '%s': the values of row %zu are too large for %d bits",
                            t->info.name, t->arrived, t->bits);
        place_levels(t, w->levels, q);
    }
    return true;
}

/* Whether its rows lie in memory as they do in the file. */
static bool as_in_memory(const weight *t)
{
    return t->form == FORM_Q8 && t->info.type == DTYPE_I8 && row_room(t) == (size_t)t->cols;
}

static bool take_units(const weights *w, weight *t, const uint8_t *bytes, size_t count, error *err)
{
    if (as_in_memory(t)) {
        memcpy(t->bytes + t->arrived * row_room(t), bytes, count * row_room(t));
        t->arrived += count;
        return true;
    }
    if (t->form != FORM_FLOAT) {
        for (size_t i = 0; i < count; i++, t->arrived++)
            if (!take_row(w, t, bytes + i * unit_size(t), err)) return false;
        return true;
    }
    float *to = t->floats + t->arrived;
    dtype_to_floats(t->info.type, bytes, count, to);
    if (!all_finite(t, to, count, t->arrived, err)) return false;
    for (size_t i = 0; i < count && t->bits == BITS_HALF; i++) {
        to[i] = half_to_float(float_to_half(to[i]));
        if (!isfinite(to[i]))
            return fail(err, "tensor '%s': value %zu is too large for %d bits", t->info.name,
                        t->arrived + i, t->bits);
    }
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
            if (!take_units(w, t, bytes, count, err)) return false;
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
            if (!take_units(w, t, w->unit, 1, err)) return false;
        }
    }
    return true;
}

/* The scales of a quantized tensor of a file. */
static bool join_scales(const weights *w, weight *t, error *err)
{
    char name[512];
    snprintf(name, sizeof name, "%s" WEIGHT_SCALE_SUFFIX, t->info.name);
    const weight *scale = t->bits == 8
                              ? weights_need(w, name, SHAPE(t->rows), err)
                              : weights_need(w, name, SHAPE(t->rows, weight_scales(t)), err);
    if (!scale) return false;
    if (scale->form != FORM_FLOAT)
        return fail(err, "tensor '%s' is quantized itself, expected floats", name);
    if (t->bits < 8 && scale->info.type != DTYPE_F16)
        return fail(err, "tensor '%s' has the type %s, expected F16", name,
                    dtype_name(scale->info.type));
    t->scale = scale->floats;
    return true;
}

bool weights_finish(weights *w, error *err)
{
    if (!sort_names(w, err)) return false;
    for (int i = 0; i < w->count; i++) {
        fill(&w->all[i]);
        if (as_stored(&w->all[i]) && !join_scales(w, &w->all[i], err)) return false;
    }
    return true;
}

weight *weights_find(const weights *w, const char *name)
{
    const weight key = { .info.name = name }, *wanted = &key;
    if (w->sorted == 0) return NULL;
    const weight **found =
        bsearch(&wanted, w->by_name, (size_t)w->sorted, sizeof *w->by_name, compare_names);
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
    if (is_packed(&t->info)) { /* its own shape is lost */
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
         t->packed && t->form == FORM_FLOAT ? "panels of a layer" : "quantized values");
    return NULL;
}

bool weights_scale_row(weight *t, int r, float factor, error *err)
{
    int count = t->form == FORM_FLOAT ? t->cols : weight_scales(t);
    float *x = (t->form == FORM_FLOAT ? t->floats : t->scale) + (size_t)r * (size_t)count;
    bool half = t->form == FORM_FLOAT ? t->bits == BITS_HALF : t->bits < 8;
    for (int i = 0; i < count; i++) {
        x[i] *= factor;
        if (half) x[i] = half_to_float(float_to_half(x[i]));
        if (!isfinite(x[i]))
            return fail(err, "tensor '%s': row %d times %g is too large for %d bits", t->info.name,
                        r, (double)factor, t->bits);
    }
    return true;
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

size_t weight_row_bytes(const weight *t) { return (size_t)t->cols * (size_t)t->bits / 8; }

int weight_scales(const weight *t)
{
    return t->form == FORM_FLOAT ? 0 : t->bits == 8 ? 1 : packed_groups(t->cols, t->bits);
}

void weight_row(const weight *t, int r, uint8_t *row, uint8_t *levels)
{
    size_t at = (size_t)r * row_room(t);
    if (t->form == FORM_FLOAT) {
        float *floats = (float *)(void *)row;
        if (t->packed)
            panel_row_f32(t->floats, r, t->cols, floats);
        else if (t->cols > 0)
            memcpy(floats, t->floats + (size_t)r * (size_t)t->cols, row_room(t));
        for (int i = 0; i < t->cols && t->bits == BITS_HALF; i++) {
            uint16_t half = float_to_half(floats[i]);
            memcpy(row + 2 * i, &half, sizeof half); /* never behind what is still to be read */
        }
    } else if (t->form == FORM_Q4 && t->packed) {
        panel_row_q4((const uint8_t *)t->bytes, r, t->cols, row);
    } else if (t->form == FORM_Q4) {
        memcpy(row, t->bytes + at, weight_row_bytes(t));
    } else {
        int8_t *values = (int8_t *)(t->bits == 8 ? row : levels);
        if (t->packed)
            panel_row_q8(t->bytes, r, t->cols, values);
        else
            memcpy(values, t->bytes + at, (size_t)t->cols);
        if (t->bits == 8) return;
        for (int i = 0; i < t->cols; i++)
            levels[i] = (uint8_t)((values[i] + ((1 << t->bits) - 1)) / 2);
        packed_write(levels, t->cols, t->bits, row);
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
