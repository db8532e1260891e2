#include "core/arena.h"

#include <stdlib.h>

/* More than any memory holds, and so little that sums of some thousands of it don't wrap around. */
static const uint64_t TOO_MUCH = (uint64_t)1 << 52;

static uint64_t rounded(uint64_t size)
{
    return (size + ARENA_ALIGN - 1) & ~(uint64_t)(ARENA_ALIGN - 1);
}

bool arena_new(arena *a, uint64_t size, const char *what, error *err)
{
    size_t block = size < SIZE_MAX - ARENA_ALIGN ? (size_t)rounded(size ? size : 1) : 0;
    *a = (arena){ .base = block ? aligned_alloc(ARENA_ALIGN, block) : NULL };
    if (!a->base)
        return fail_memory(err, "not enough memory for %s (%llu bytes)", what,
                           (unsigned long long)size);
    a->size = block;
    return true;
}

void arena_free(arena *a)
{
    free(a->base);
    *a = (arena){ 0 };
}

uint64_t arena_cost(uint64_t count, uint64_t item)
{
    return item && count > TOO_MUCH / item ? TOO_MUCH : rounded(count * item);
}

void *arena_take(arena *a, size_t count, size_t item)
{
    uint64_t cost = arena_cost(count, item);
    if (cost > a->size - a->used)
        abort(); /* see the header: a defect of the plan, never of the input */
    void *block = a->base + a->used;
    a->used += (size_t)cost;
    if (a->peak && a->used > *a->peak) *a->peak = a->used;
    return block;
}
