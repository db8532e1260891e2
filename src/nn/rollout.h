/* Attention rollout (Abnar & Zuidema 2020, arXiv 2005.00928): how much each row that goes into a stack
 * of attention blocks counts for what comes out. A block mixes rows by A, the mean of its heads'
 * attention, and leaves them as they are by its residual connection, so that
 *     relevance = s (A_L + I)/2 ... (A_1 + I)/2
 * where s picks the row that the head reads, or all rows alike where it reads their mean. Relevances
 * are not negative and add up to 1. Computed from the left, a vector times a matrix for each block. */
#ifndef VQA_NN_ROLLOUT_H
#define VQA_NN_ROLLOUT_H

#include <stdbool.h>

#include "core/arena.h"
#include "kernels/kernels.h"

typedef struct rollout {
    arena room; /* owns all that follows */
    int layers, heads, rows;
    int done;  /* blocks that were followed */
    bool mean; /* the head reads the mean of all rows: set by who computes it, after the blocks */
    float *relevance; /* two of [rows] */
    float *weights;   /* [heads, queries, rows]: where nn_attention() leaves those of a block */
    float *maps;      /* [layers, rows, rows]: their sums over the heads */
} rollout;

/* Make ready to follow so many blocks of one size over that many rows; the room grows if need be.
 * False and a sentence without memory. A rollout of zeros is empty. */
bool rollout_begin(rollout *r, int layers, int heads, int rows, error *err);

/* The weights of the next block are there, for its first `queries` rows: all of them, or, in the last
 * block, the first alone. */
void rollout_add(rollout *r, const kernels *k, int queries);

/* The relevance of each row: [rows], which the rollout keeps until the next rollout_begin(). */
const float *rollout_end(rollout *r);

/* Give the room back; the rollout is empty afterwards. */
void rollout_free(rollout *r);

#endif
