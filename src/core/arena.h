/* Bump allocation from one block. Results go to `arena *out`; temporaries come from an arena that
 * is passed by value, so that everything taken from the copy is given back on return. */
#ifndef VQA_CORE_ARENA_H
#define VQA_CORE_ARENA_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

enum { ARENA_ALIGN = 64 }; /* a cache line; every block taken starts at a multiple of it */

typedef struct {
    uint8_t *base; /* the block, aligned to ARENA_ALIGN */
    size_t used;   /* bytes taken, a multiple of ARENA_ALIGN */
    size_t size;   /* bytes in all */
    size_t *peak;  /* the most that was ever used, by the arena and its copies; NULL: not wanted */
} arena;

/* Get a block of `size` bytes (rounded up) from the heap. On failure: false, naming `what` and the
 * size in the sentence. Give it back with arena_free(). */
bool arena_new(arena *a, uint64_t size, const char *what, error *err);

/* Give the block back; the arena is empty afterwards and may be freed again. */
void arena_free(arena *a);

/* Take `count` items of `item` bytes, uninitialised, aligned to ARENA_ALIGN. The size of every
 * arena is planned before it is used, so running out is a defect of the plan: the program stops. */
void *arena_take(arena *a, size_t count, size_t item);

/* What arena_take() uses up for `count` items of `item` bytes, in 64 bits; 2^52 for what no memory could hold. Plans
 * are sums of this: they don't wrap around, and arena_new() refuses them. */
uint64_t arena_cost(uint64_t count, uint64_t item);

#endif
