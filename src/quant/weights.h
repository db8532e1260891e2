/* All weights of a model: named tensors in one block of memory, filled row by row while the bytes
 * arrive. A tensor is kept as floats or as q8 (see q8.h); F64, F16, BF16 and integers become
 * floats. */
#ifndef VQA_QUANT_WEIGHTS_H
#define VQA_QUANT_WEIGHTS_H

#include "core/arena.h"
#include "quant/dtype.h"

enum { WEIGHT_MAX_RANK = 8 };

/* A tensor of a file: what its header says. */
typedef struct {
    const char *name;
    dtype type;
    int rank;
    int64_t shape[WEIGHT_MAX_RANK];
    size_t begin, size; /* where its bytes are in the data section, and how many */
} tensor_info;

typedef enum { KEEP_AS_STORED, QUANTIZE_Q8 } precision;

/* A tensor in memory, as a matrix [shape[0], product of the others] (rank 0 and 1: one row). */
typedef struct {
    tensor_info info;
    int rows, cols;
    bool q8;
    float *floats;  /* [rows, cols] if not q8; a matrix has room for a multiple of PANEL rows */
    int8_t *bytes;  /* [rows, q8_padded(cols)] if q8, the padding zeros, room as above */
    float *scale;   /* [rows] if q8 */
    int largest;    /* the largest |q| */
    size_t arrived; /* rows (q8) or values (float) that have arrived */
    bool packed;    /* a layer has taken it and brought it into panel order, see nn/linear.h */
} weight;

typedef struct {
    weight *all; /* in the order of the file; the scales of a q8 file are entries of their own */
    int count;
    const weight **by_name; /* [count], sorted */
    arena block;
    uint8_t *unit; /* a row (q8) or value (float) that has arrived in part */
    size_t unit_filled;
    float *row; /* room for a row that is being quantized */
} weights;

/* Make room for the tensors of a file (names are copied). False: shapes too large, or no memory. */
bool weights_plan(weights *w, const tensor_info *tensors, int count, precision keep, error *err);

/* The next `size` bytes of tensor `index`, in order. Refuses NaN and infinity, naming tensor and
 * place. */
bool weights_take(weights *w, int index, const uint8_t *bytes, size_t size, error *err);

/* After the last byte: join the scales of a quantized file to their tensors. */
bool weights_finish(weights *w, error *err);

/* Give everything back; may be called again. */
void weights_free(weights *w);

/* The tensor of that name, or NULL. */
weight *weights_find(const weights *w, const char *name);

/* The tensor of that name, which must have this shape; otherwise NULL and a sentence naming it. */
weight *weights_need(const weights *w, const char *name, int rank, const int64_t *shape,
                     error *err);
#define SHAPE(...)                                                                                 \
    (int)(sizeof(int64_t[]){ __VA_ARGS__ } / sizeof(int64_t)), (const int64_t[]) { __VA_ARGS__ }

/* The floats of a tensor that is never quantized (norms, biases, small tables), else NULL and a
 * sentence. */
const float *weights_floats(const weights *w, const char *name, int rank, const int64_t *shape,
                            error *err);

/* Whether `t` holds the scales of another tensor. */
bool weights_is_scale(const weights *w, const weight *t);

/* Elements of all tensors, scales left out: what is called the number of parameters. */
int64_t weights_parameters(const weights *w);

#endif
