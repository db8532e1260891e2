#include "nn/quantized_attention.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "kernels/panel.h"
#include "kernels/polynomial.h"

/* Queries whose scores are alive at a time, for one head. */
enum { BLOCK = 36 };

typedef struct {
    const kernels *table;
    int depth;
    tensor q, k, v, y;
    arena *rooms; /* [heads] */
} heads_to_do;

static int block_of(int queries) { return queries < BLOCK ? queries : BLOCK; }

static int even(int n) { return n + n % 2; }

/* Outputs in whole panels. */
static size_t padded_to_panels(int out) { return (size_t)panel_count(out) * PANEL; }

/* To a whole number, halves to even; NaN becomes the least. */
static int16_t rounded(float x)
{
    x = x > -I16_VALUE_MAX ? x : -I16_VALUE_MAX;
    x = x < I16_VALUE_MAX ? x : I16_VALUE_MAX;
    return (int16_t)((x + ROUNDING) - ROUNDING);
}

/* The keys of a head, less their mean, as a matrix that queries are multiplied with. */
static q8_matrix pack_keys(const kernels *table, tensor k, size_t column, int depth, arena *room)
{
    size_t in = (size_t)q8_padded(depth), out = padded_to_panels(k.rows);
    float *mean = arena_take(room, (size_t)depth, sizeof *mean),
          *row = arena_take(room, (size_t)depth, sizeof *row),
          *scale = arena_take(room, out, sizeof *scale);
    int8_t *panels = arena_take(room, out, in), *panel = arena_take(room, PANEL, in);
    int32_t *offset = arena_take(room, out, sizeof *offset);
    uint8_t *wide = arena_take(room, out / PANEL, (size_t)q8_blocks((int)in));
    memset(mean, 0, (size_t)depth * sizeof *mean);
    for (int r = 0; r < k.rows; r++) table->add(mean, tensor_row(k, r) + column, (size_t)depth);
    for (int i = 0; i < depth; i++) mean[i] /= (float)k.rows;
    memset(panels, 0, out * in);
    memset(scale, 0, out * sizeof *scale);
    for (int r = 0; r < k.rows; r++) {
        const float *key = tensor_row(k, r) + column;
        for (int i = 0; i < depth; i++) row[i] = key[i] - mean[i];
        scale[r] = table->quantize_row(row, depth, false, panels + (size_t)r * in, NULL, NULL);
    }
    panel_pack_in_place_q8(panels, k.rows, (int)in, panel);
    table->facts_q8(panels, (int)in, 0, (int)(out / PANEL), offset, wide);
    return (q8_matrix){ panels, scale, offset, wide };
}

/* The values of a head, as a matrix that the weights are multiplied with. */
static i16_matrix pack_values(tensor v, size_t column, int depth, arena *room)
{
    size_t in = (size_t)even(v.rows), out = padded_to_panels(depth);
    float *scale = arena_take(room, out, sizeof *scale);
    int16_t *panels = arena_take(room, out * in, sizeof *panels);
    memset(panels, 0, out * in * sizeof *panels);
    for (size_t first = 0; first < out; first += PANEL) {
        float largest[PANEL] = { 0 }, inverse[PANEL];
        int outputs = depth - (int)first < PANEL ? depth - (int)first : PANEL;
        for (int r = 0; r < v.rows; r++) {
            const float *value = tensor_row(v, r) + column + first;
            for (int j = 0; j < outputs; j++) largest[j] = fmaxf(largest[j], fabsf(value[j]));
        }
        for (int j = 0; j < PANEL; j++) {
            inverse[j] = largest[j] > Q8_ZERO ? I16_VALUE_MAX / largest[j] : 0;
            scale[first + (size_t)j] = largest[j] / I16_VALUE_MAX;
        }
        for (int r = 0; r < v.rows; r++) {
            const float *value = tensor_row(v, r) + column + first;
            int16_t *to = panels + first * in + (size_t)(r / 2 * 2 * PANEL + r % 2);
            for (int j = 0; j < outputs; j++) to[2 * j] = rounded(value[j] * inverse[j]);
        }
    }
    return (i16_matrix){ panels, scale };
}

/* Bytes that one head needs. */
static uint64_t room_for_one(int queries, int keys, int depth)
{
    uint64_t in = (uint64_t)q8_padded(depth), out = padded_to_panels(keys),
             columns = padded_to_panels(depth), block = (uint64_t)block_of(queries),
             f = sizeof(float);
    return 2 * arena_cost((uint64_t)depth, f) + arena_cost(out, f) + arena_cost(out, in) +
           arena_cost(PANEL, in) + arena_cost(out, sizeof(int32_t)) +
           arena_cost(out / PANEL, (uint64_t)q8_blocks((int)in)) + arena_cost(columns, f) +
           arena_cost(columns * (uint64_t)even(keys), sizeof(int16_t)) + arena_cost(block, in) +
           arena_cost(block * in, sizeof(q8_input)) + 2 * arena_cost(block, f) +
           arena_cost(block * (uint64_t)keys, f) +
           arena_cost(block * (uint64_t)even(keys), sizeof(int16_t));
}

static void attend(void *context, int head)
{
    const heads_to_do *todo = context;
    const kernels *table = todo->table;
    arena room = todo->rooms[head];
    int depth = todo->depth, keys = todo->k.rows, queries = todo->q.rows;
    size_t column = (size_t)head * (size_t)depth, in = (size_t)q8_padded(depth),
           block = (size_t)block_of(queries), weighed = (size_t)even(keys);
    float scale = 1.0f / sqrtf((float)depth);
    const q8_matrix key_matrix = pack_keys(table, todo->k, column, depth, &room);
    const i16_matrix value_matrix = pack_values(todo->v, column, depth, &room);
    int8_t *q = arena_take(&room, block, in);
    q8_input *u = arena_take(&room, block * in, sizeof *u);
    float *q_scale = arena_take(&room, block, sizeof *q_scale);
    float *scores = arena_take(&room, block * (size_t)keys, sizeof *scores);
    int16_t *weights = arena_take(&room, block * weighed, sizeof *weights);
    float *weights_scale = arena_take(&room, block, sizeof *weights_scale);
    for (int first = 0; first < queries; first += BLOCK) {
        int rows = queries - first < BLOCK ? queries - first : BLOCK;
        for (int r = 0; r < rows; r++)
            q_scale[r] = table->quantize_row(tensor_row(todo->q, first + r) + column, depth, false,
                                             q + (size_t)r * in, u + (size_t)r * in, NULL);
        const quantized_rows asked = {
            .rows = rows, .in = (int)in, .q = q, .u = u, .scale = q_scale, .finest = -1
        };
        const product to_scores = { .y = scores, .y_stride = keys, .out = keys };
        table->matmul_q8(&asked, &key_matrix, &to_scores, 0, panel_count(keys));
        for (int r = 0; r < rows; r++) {
            int32_t sum = table->softmax_i16(scores + (size_t)r * (size_t)keys, keys, scale,
                                             weights + (size_t)r * weighed);
            weights_scale[r] = 1.0f / (float)sum;
        }
        const i16_rows weighing = {
            .rows = rows, .in = (int)weighed, .values = weights, .scale = weights_scale
        };
        const product to_y = { .y = tensor_row(todo->y, first) + column,
                               .y_stride = todo->y.cols,
                               .out = depth };
        table->matmul_i16(&weighing, &value_matrix, &to_y, 0, panel_count(depth));
    }
}

void nn_quantized_attention(const compute *c, int heads, tensor q, tensor k, tensor v, tensor y,
                            arena tmp)
{
    assert(q.cols % heads == 0 && k.cols == q.cols && v.cols == q.cols && v.rows == k.rows &&
           y.rows == q.rows && y.cols == q.cols && k.rows <= QUANTIZED_ATTENTION_TO);
    heads_to_do todo = { .table = c->k, .depth = q.cols / heads, .q = q, .k = k, .v = v, .y = y };
    size_t size = (size_t)room_for_one(q.rows, k.rows, todo.depth);
    todo.rooms = arena_take(&tmp, (size_t)heads, sizeof *todo.rooms);
    for (int head = 0; head < heads; head++)
        todo.rooms[head] = (arena){ .base = arena_take(&tmp, size, 1), .size = size };
    pool_run(c->threads, heads, attend, &todo);
}

uint64_t quantized_attention_scratch(int heads, int queries, int keys, int hidden)
{
    return arena_cost((uint64_t)heads, sizeof(arena)) +
           (uint64_t)heads * arena_cost(room_for_one(queries, keys, hidden / heads), 1);
}
