/* All weights of a model: named tensors, filled row by row while the bytes of one file or several
 * arrive; one block of memory a file. A tensor is kept as floats, as q8 (see q8.h) or packed (see
 * packed.h); F64, F16, BF16 and integers become floats. */
#ifndef VQA_QUANT_WEIGHTS_H
#define VQA_QUANT_WEIGHTS_H

#include "core/arena.h"
#include "quant/dtype.h"
#include "quant/precision.h"

enum { WEIGHT_MAX_RANK = 8 };

/* A tensor of a file: what its header says. */
typedef struct {
    const char *name;
    dtype type;
    int rank;
    int64_t shape[WEIGHT_MAX_RANK];
    size_t begin, size; /* where its bytes are in the data section, and how many */
} tensor_info;

/* How a tensor lies in memory. */
typedef enum { FORM_FLOAT, FORM_Q8, FORM_Q4 } weight_form;

/* The suffix that names the scales of a quantized tensor in a file. */
#define WEIGHT_SCALE_SUFFIX ".scale"

/* A tensor in memory, as a matrix [shape[0], product of the others] (rank 0 and 1: one row). */
typedef struct {
    tensor_info info;
    int rows, cols;
    int bits;         /* of a value in a file: 32 or 16 as floats, 8 or fewer quantized */
    weight_form form; /* FORM_Q4 for 4 bits, FORM_Q8 for 5 to 8 */
    float *floats;    /* [rows, cols] as floats; a matrix has room for a multiple of PANEL rows */
    int8_t *bytes; /* q8: [rows, q8_padded(cols)], the padding zeros; q4: [rows, cols / 2] pairs of
                      nibbles; room as above */
    float *scale;  /* [rows, weight_scales()] */
    int32_t *offset; /* q8 matrices: room for what a layer counts, see q8_matrix */
    uint8_t *wide;
    size_t arrived; /* rows (quantized) or values (float) that have arrived */
    bool used;      /* a layer has asked for it */
    bool packed;    /* a layer has brought it into panel order, see nn/linear.h */
} weight;

typedef struct {
    weight *all; /* in the order of the files; the scales of a quantized file are entries of their
                    own */
    int count;
    int first;              /* of the file that is arriving: its tensor 0 */
    const weight **by_name; /* [sorted]: all of them, or none while files arrive */
    int sorted;
    arena *blocks; /* [files] */
    int files;
    uint8_t *unit; /* a row (quantized) or value (float) that has arrived in part */
    size_t unit_filled;
    float *row;      /* room for a row that is being quantized */
    uint8_t *levels; /* and for its levels */
} weights;

/* Make room for the tensors of a file (names are copied). `*w` is zeros before the first file.
 * The names of one file can be found at once, those of several after weights_finish().
 * False: shapes too large, or no memory. */
bool weights_plan(weights *w, const tensor_info *tensors, int count, precision keep, error *err);

/* The next `size` bytes of tensor `index` of the file planned last, in order. Refuses NaN, infinity
 * and what is too large for the bits it is kept in, naming tensor and place. */
bool weights_take(weights *w, int index, const uint8_t *bytes, size_t size, error *err);

/* After the last file: sort the names, of which no two may be the same, and join the scales of a
 * quantized file to their tensors. */
bool weights_finish(weights *w, error *err);

/* Give everything back; may be called again. */
void weights_free(weights *w);

/* Whether its rows have the room that whole panels take: vectors, and tables of the shape [1, rows,
 * columns], have not. */
bool weight_has_panels(const weight *t);

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

/* Multiply row `r` of a tensor that no layer has packed: its floats or its scales, rounded as a file
 * keeps them. False: too large for that. */
bool weights_scale_row(weight *t, int r, float factor, error *err);

/* Whether `t` holds the scales of another tensor. */
bool weights_is_scale(const weights *w, const weight *t);

/* Row `r` of a tensor as a file has it: floats, int8 values or packed levels, weight_row_bytes(t)
 * of them; `row` is room for 4 * t->cols bytes, `levels` for t->cols. */
size_t weight_row_bytes(const weight *t);
void weight_row(const weight *t, int r, uint8_t *row, uint8_t *levels);

/* The scales of row `r` of a quantized tensor, [weight_scales(t)]. */
int weight_scales(const weight *t);
void weight_row_scales(const weight *t, int r, float *scales);

/* Bytes of memory that all tensors take. */
size_t weights_memory(const weights *w);

#endif
