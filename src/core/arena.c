#include "core/arena.h"

#include <stdlib.h>

static size_t rounded(size_t size) { return (size + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1); }

bool arena_new(arena *a, size_t size, const char *what, error *err)
{
    *a = (arena){ 0 };
    if (size < SIZE_MAX - ARENA_ALIGN)
        a->base = aligned_alloc(ARENA_ALIGN, rounded(size ? size : 1));
    if (!a->base) return fail_memory(err, "not enough memory for %s (%zu bytes)", what, size);
    a->size = rounded(size ? size : 1);
    return true;
}

void arena_free(arena *a)
{
    free(a->base);
    *a = (arena){ 0 };
}

size_t arena_cost(size_t count, size_t item) { return rounded(count * item); }

void *arena_take(arena *a, size_t count, size_t item)
{
    size_t cost = arena_cost(count, item);
    if (cost > a->size - a->used)
        abort(); /* see the header: a defect of the plan, never of the input */
    void *block = a->base + a->used;
    a->used += cost;
    if (a->peak && a->used > *a->peak) *a->peak = a->used;
    return block;
}
