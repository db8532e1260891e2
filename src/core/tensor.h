/* A matrix of floats, row by row without gaps. Whoever owns the arena owns the data. */
#ifndef VQA_CORE_TENSOR_H
#define VQA_CORE_TENSOR_H

#include "core/arena.h"

typedef struct {
    float *data; /* [rows, cols]; NULL while there is none */
    int rows, cols;
} tensor;

/* A matrix of [rows, cols] taken from `a`, uninitialised. */
static inline tensor tensor_new(arena *a, int rows, int cols)
{
    return (tensor){ arena_take(a, (size_t)rows * (size_t)cols, sizeof(float)), rows, cols };
}

/* What tensor_new() uses up. */
static inline uint64_t tensor_cost(int rows, int cols)
{
    return arena_cost((uint64_t)rows * sizeof(float), (uint64_t)cols);
}

/* Row `r` of `t`: [cols]. */
static inline float *tensor_row(tensor t, int r) { return t.data + (size_t)r * (size_t)t.cols; }

/* `count` rows of `t` from `first` on, as a view. */
static inline tensor tensor_rows(tensor t, int first, int count)
{
    return (tensor){ tensor_row(t, first), count, t.cols };
}

#endif
