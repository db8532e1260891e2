#include "nn/attention.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "kernels/panel.h"

/* Queries whose scores are alive at a time, for one head: enough to use a panel of keys often, few
 * enough to stay in the cache. */
enum { BLOCK = 35 };

typedef struct {
    const kernels *table;
    int heads, depth;
    tensor q, k, v, y;
    int keys;
    const float *panels; /* of all heads, see attention_panels(); NULL: made of k and v */
    const uint8_t *mask;
    bool causal;
    float *weights; /* [heads, queries, keys], or NULL: nobody wants them */
    float *room;    /* [heads, room for one] */
    size_t room_for_one;
} heads_to_do;

static int block_of(int queries) { return queries < BLOCK ? queries : BLOCK; }

/* Floats of the panels of one head's keys, of its values, and of both. */
static size_t key_panels(int keys, int depth)
{
    return (size_t)panel_count(keys) * PANEL * (size_t)depth;
}

static size_t value_panels(int keys, int depth)
{
    return (size_t)panel_count(depth) * PANEL * (size_t)keys;
}

static size_t panels_of_one(int keys, int depth)
{
    return key_panels(keys, depth) + value_panels(keys, depth);
}

static uint64_t room_for_one(int queries, int keys, int depth, bool packed)
{
    return (packed ? 0 : panels_of_one(keys, depth)) + (uint64_t)block_of(queries) * (uint64_t)keys;
}

static void pack(tensor k, tensor v, size_t column, int depth, float *panels)
{
    panel_pack_f32(k.data + column, k.cols, k.rows, depth, panels);
    panel_pack_columns_f32(v.data + column, v.cols, v.rows, depth,
                           panels + key_panels(k.rows, depth));
}

static void attend(void *context, int head)
{
    const heads_to_do *todo = context;
    int depth = todo->depth, hidden = todo->q.cols, keys = todo->keys, queries = todo->q.rows;
    size_t column = (size_t)head * (size_t)depth, packed = panels_of_one(keys, depth);
    float *scores = todo->room + (size_t)head * todo->room_for_one,
          scale = 1.0f / sqrtf((float)depth);
    const float *k_panels = scores;
    if (todo->panels) {
        k_panels = todo->panels + (size_t)head * packed;
    } else {
        pack(todo->k, todo->v, column, depth, scores);
        scores += packed;
    }
    const float *v_panels = k_panels + key_panels(keys, depth);
    for (int first = 0; first < queries; first += BLOCK) {
        int rows = queries - first < BLOCK ? queries - first : BLOCK;
        if (todo->weights)
            scores =
                todo->weights + ((size_t)head * (size_t)queries + (size_t)first) * (size_t)keys;
        const product to_scores = { .y = scores, .y_stride = keys, .out = keys };
        const product to_y = { .y = tensor_row(todo->y, first) + column,
                               .y_stride = hidden,
                               .out = depth };
        todo->table->matmul_f32(tensor_row(todo->q, first) + column, hidden, rows, depth, k_panels,
                                &to_scores, 0, panel_count(keys));
        for (int r = 0; r < rows; r++) {
            float *row = scores + (size_t)r * (size_t)keys;
            int visible = todo->causal ? first + r + 1 : keys;
            for (int i = 0; todo->mask && i < visible; i++)
                if (!todo->mask[i]) row[i] = -FLT_MAX;
            todo->table->softmax(row, visible, scale);
            memset(row + visible, 0, (size_t)(keys - visible) * sizeof *row);
        }
        todo->table->matmul_f32(scores, keys, rows, keys, v_panels, &to_y, 0, panel_count(depth));
    }
}

static void run(const compute *c, heads_to_do todo, arena tmp)
{
    todo.table = c->k;
    todo.depth = todo.q.cols / todo.heads;
    todo.room_for_one =
        (size_t)room_for_one(todo.q.rows, todo.keys, todo.depth, todo.panels != NULL);
    todo.room = arena_take(&tmp, (size_t)todo.heads * todo.room_for_one, sizeof(float));
    pool_run(c->threads, todo.heads, attend, &todo);
}

void nn_attention(const compute *c, int heads, tensor q, tensor k, tensor v, const uint8_t *mask,
                  bool causal, tensor y, arena tmp)
{
    assert(q.cols % heads == 0 && k.cols == q.cols && v.cols == q.cols && v.rows == k.rows &&
           y.rows == q.rows && y.cols == q.cols && (!causal || q.rows <= k.rows));
    assert(!c->rollout || (c->rollout->heads == heads && c->rollout->rows == k.rows));
    heads_to_do todo = { .heads = heads,
                         .q = q,
                         .k = k,
                         .v = v,
                         .y = y,
                         .keys = k.rows,
                         .mask = mask,
                         .causal = causal,
                         .weights = c->rollout ? c->rollout->weights : NULL };
    run(c, todo, tmp);
    if (c->rollout) rollout_add(c->rollout, c->k, q.rows);
}

uint64_t attention_scratch(int heads, int queries, int keys, int hidden)
{
    return arena_cost((uint64_t)heads * room_for_one(queries, keys, hidden / heads, false),
                      sizeof(float));
}

size_t attention_panels(int heads, int keys, int hidden)
{
    return (size_t)heads * panels_of_one(keys, hidden / heads);
}

void attention_pack(int heads, tensor k, tensor v, float *panels)
{
    int depth = k.cols / heads;
    for (int head = 0; head < heads; head++)
        pack(k, v, (size_t)head * (size_t)depth, depth,
             panels + (size_t)head * panels_of_one(k.rows, depth));
}

void nn_attention_packed(const compute *c, int heads, tensor q, int keys, const float *panels,
                         tensor y, arena tmp)
{
    assert(q.cols % heads == 0 && y.rows == q.rows && y.cols == q.cols);
    run(c, (heads_to_do){ .heads = heads, .q = q, .y = y, .keys = keys, .panels = panels }, tmp);
}

uint64_t attention_packed_scratch(int heads, int queries, int keys)
{
    return arena_cost((uint64_t)heads * room_for_one(queries, keys, 0, true), sizeof(float));
}
