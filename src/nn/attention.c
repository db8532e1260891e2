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
    const uint8_t *mask;
    bool causal;
    float *weights; /* [heads, queries, keys], or NULL: nobody wants them */
    float *room;    /* [heads, room for one] */
    size_t room_for_one;
} heads_to_do;

static int block_of(int queries) { return queries < BLOCK ? queries : BLOCK; }

static size_t room_for_one(int queries, int keys, int depth)
{
    size_t k_panels = (size_t)panel_count(keys) * PANEL * (size_t)depth;
    size_t v_panels = (size_t)panel_count(depth) * PANEL * (size_t)keys;
    return k_panels + v_panels + (size_t)block_of(queries) * (size_t)keys;
}

static void attend(void *context, int head)
{
    const heads_to_do *todo = context;
    int depth = todo->depth, hidden = todo->q.cols, keys = todo->k.rows, queries = todo->q.rows;
    size_t column = (size_t)head * (size_t)depth;
    float *k_panels = todo->room + (size_t)head * todo->room_for_one;
    float *v_panels = k_panels + (size_t)panel_count(keys) * PANEL * (size_t)depth;
    float *scores = v_panels + (size_t)panel_count(depth) * PANEL * (size_t)keys;
    float scale = 1.0f / sqrtf((float)depth);

    panel_pack_f32(todo->k.data + column, hidden, keys, depth, k_panels);
    panel_pack_columns_f32(todo->v.data + column, hidden, keys, depth, v_panels);
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

void nn_attention(const compute *c, int heads, tensor q, tensor k, tensor v, const uint8_t *mask,
                  bool causal, tensor y, arena tmp)
{
    assert(q.cols % heads == 0 && k.cols == q.cols && v.cols == q.cols && v.rows == k.rows &&
           y.rows == q.rows && y.cols == q.cols && (!causal || q.rows <= k.rows));
    assert(!c->rollout || (c->rollout->heads == heads && c->rollout->rows == k.rows));
    heads_to_do todo = {
        .table = c->k,
        .heads = heads,
        .depth = q.cols / heads,
        .q = q,
        .k = k,
        .v = v,
        .y = y,
        .mask = mask,
        .causal = causal,
        .weights = c->rollout ? c->rollout->weights : NULL,
        .room_for_one = room_for_one(q.rows, k.rows, q.cols / heads),
    };
    todo.room = arena_take(&tmp, (size_t)heads * todo.room_for_one, sizeof(float));
    pool_run(c->threads, heads, attend, &todo);
    if (c->rollout) rollout_add(c->rollout, c->k, q.rows);
}

size_t attention_scratch(int heads, int queries, int keys, int hidden)
{
    return arena_cost((size_t)heads * room_for_one(queries, keys, hidden / heads), sizeof(float));
}
