#include "nn/rollout.h"

#include <assert.h>
#include <string.h>

bool rollout_begin(rollout *r, int layers, int heads, int rows, error *err)
{
    uint64_t square = (uint64_t)rows * (uint64_t)rows,
             size = (2 * (uint64_t)rows + square * (uint64_t)(layers + heads)) * sizeof(float) +
                    3 * ARENA_ALIGN;
    if (size > r->room.size) {
        arena_free(&r->room);
        if (!arena_new(&r->room, size < SIZE_MAX ? (size_t)size : SIZE_MAX, "the heat map", err))
            return false;
    }
    arena room = r->room;
    *r = (rollout){ .room = room, .layers = layers, .heads = heads, .rows = rows };
    r->relevance = arena_take(&room, 2 * (size_t)rows, sizeof(float));
    r->weights = arena_take(&room, (size_t)heads * (size_t)square, sizeof(float));
    r->maps = arena_take(&room, (size_t)layers * (size_t)square, sizeof(float));
    return true;
}

void rollout_add(rollout *r, const kernels *k, int queries)
{
    assert(r->done < r->layers && queries <= r->rows);
    size_t rows = (size_t)r->rows, size = (size_t)queries * rows;
    float *map = r->maps + (size_t)r->done++ * rows * rows;
    memcpy(map, r->weights, size * sizeof *map);
    for (int h = 1; h < r->heads; h++) k->add(map, r->weights + (size_t)h * size, size);
}

const float *rollout_end(rollout *r)
{
    float *now = r->relevance, *before = r->relevance + r->rows;
    for (int i = 0; i < r->rows; i++)
        now[i] = r->mean ? 1.0f / (float)r->rows : i == 0 ? 1.0f : 0.0f;
    for (int l = r->done; l-- > 0;) {
        const float *map = r->maps + (size_t)l * (size_t)r->rows * (size_t)r->rows;
        for (int j = 0; j < r->rows; j++) before[j] = now[j] / 2;
        for (int i = 0; i < r->rows; i++, map += r->rows) {
            float share = now[i] / (float)(2 * r->heads);
            if (share == 0) continue; /* of a last block only the first row is there */
            for (int j = 0; j < r->rows; j++) before[j] += share * map[j];
        }
        float *after = now;
        now = before;
        before = after;
    }
    return now;
}

void rollout_free(rollout *r)
{
    arena_free(&r->room);
    *r = (rollout){ 0 };
}
