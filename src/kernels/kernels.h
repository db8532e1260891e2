/* The hot loops, one slot each. scalar.c fills every slot and is the definition, to the bit: simd.c
 * may only be faster. Sums of a row run in four interleaved lanes, (l0 + l1) + (l2 + l3) at the
 * end; every output of a matrix product is one sum in the order of its inputs, so that eight
 * outputs side by side are eight lanes. exp, erf and tanh are our own polynomials. Compiled without
 * contraction to fma. */
#ifndef VQA_KERNELS_KERNELS_H
#define VQA_KERNELS_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Neighbouring inputs of an output that lie together in a q8 panel: as many as one instruction of
 * this build adds up, see panel.h. For the files of kernels/ and nn/linear.c:
 * the others are compiled once for all builds of the page. */
#if defined(__wasm__) && !defined(__wasm_relaxed_simd__)
#define Q8_RUN    2 /* i32x4.dot_i16x8 */
#define Q8_OFFSET 0
typedef int16_t q8_input;
#else
#define Q8_RUN    4  /* i16x8.relaxed_dot_i8x16_i7x16, natively SSSE3's pmaddubsw */
#define Q8_OFFSET 64 /* makes -63..63 the operand of 7 bits, which has no sign */
typedef uint8_t q8_input;
#endif

enum {
    PANEL = 8,   /* outputs (rows of a weight matrix) that lie side by side, see panel.h */
    Q8_STEP = 8, /* int8 rows are padded with zeros to a multiple of this */
    Q8_MAX = 63, /* activations are quantized to -63..63, see nn/linear.h: one bit less than int8
                    has, so that relaxed i8 x i7 products stay exact */
    Q8_MAX_POSITIVE = 127, /* and where none is below 0, to 0..127 without Q8_OFFSET */
    Q8_BLOCK = 64,         /* inputs of a panel that q8_matrix.wide tells about at once */
    Q4_GROUP = 128,        /* neighbouring inputs that share a scale */
    Q4_LEVELS = 16,        /* a nibble n means (2 n - 15) times the scale of its group */
    I16_MAX = INT16_MAX,   /* attention's weights as integers are 0..I16_MAX, */
    I16_VALUE_MAX = 511,   /* the values that they weigh -511..511: */
    I16_BLOCK = 128,       /* products of so many inputs add up in int32 */
};

/* Rows of activations as integers: x is about q * scale. `in` is a multiple of Q8_STEP. */
typedef struct {
    int rows, in;
    const int8_t *q; /* [rows + 1, in], for q4 */
    const q8_input
        *u; /* [rows + 1, in]: q + Q8_OFFSET, or q itself with offset zeros below, for q8 */
    const int32_t *sums; /* [rows + 1, in / Q4_GROUP]: of q over each group, for q4 */
    const float *scale;  /* [rows + 1] */
    int finest;          /* a row whose remainder of rounding is quantized too, as row `rows` */
} quantized_rows;

/* W as q8. */
typedef struct {
    const int8_t *panels;  /* [in / Q8_RUN, PANEL, Q8_RUN] each */
    const float *scale;    /* [out] */
    const int32_t *offset; /* [panels * PANEL]: -Q8_OFFSET times the sum of the output's weights */
    /* [panels, in / Q8_BLOCK rounded up]: whether in some output and four inputs of the block
     * the positive weights, or the negative ones, add up to more than Q8_NARROW, so that four products
     * with 1..127 may not fit 16 bits. Weights are large one by one, hardly ever four at once. */
    const uint8_t *wide;
} q8_matrix;

#define Q8_NARROW (INT16_MAX / (Q8_MAX + Q8_OFFSET))

/* W as q4. */
typedef struct {
    const uint8_t *panels; /* [in / (2 Q8_RUN), PANEL, Q8_RUN] bytes each, see panel.h */
    const float *scale;    /* panels of [in / Q4_GROUP, PANEL] */
} q4_matrix;

/* Rows of attention's weights as integers: a weight is about values * scale. */
typedef struct {
    int rows, in;          /* in: an even number */
    const int16_t *values; /* [rows, in], 0..I16_MAX */
    const float *scale;    /* [rows] */
} i16_rows;

/* What they weigh. */
typedef struct {
    const int16_t *panels; /* [in / 2, PANEL, 2] each, -I16_VALUE_MAX..I16_VALUE_MAX */
    const float *scale;    /* [panels * PANEL] */
} i16_matrix;

/* Where the rows of a product go, and what is done to them on the way:
 *   y = a(sum + bias), or y += a(sum + bias) */
typedef struct {
    float *y;                               /* [rows, out] with y_stride floats from row to row */
    int y_stride, out;                      /* the last panel may be partly filled */
    const float *bias;                      /* [out] or NULL */
    void (*activation)(float *x, size_t n); /* in place, a slot of the table below; or NULL */
    bool add;
} product;

typedef struct {
    const char *name;

    /* y = x W^T for the panels first..last-1 of W.
     *   x [rows, in] with x_stride floats from row to row
     *   w: panels of [in, PANEL] */
    void (*matmul_f32)(const float *x, int x_stride, int rows, int in, const float *w,
                       const product *p, int first, int last);

    /* The same with integers: y = sum(q w) * (x.scale[row] * w.scale[output]) + bias; sums are exact
     * in int32. The row x.finest gets the same sum of its remainder on top, behind the bias. */
    void (*matmul_q8)(const quantized_rows *x, const q8_matrix *w, const product *p, int first,
                      int last);

    /* The same with nibbles: y = sum over groups (sum(q (2 w - 15)) * w.scale[group, output]) *
     * x.scale[row] + bias; the inner sums are exact in int32, the outer one is a float sum in the order
     * of the groups. in: a multiple of Q4_GROUP. */
    void (*matmul_q4)(const quantized_rows *x, const q4_matrix *w, const product *p, int first,
                      int last);

    /* The same with 16 bits: y = (sum over blocks of I16_BLOCK inputs (sum(x w))) * x.scale[row] *
     * w.scale[output] + bias; the inner sums are exact in int32, the outer one is a float sum. */
    void (*matmul_i16)(const i16_rows *x, const i16_matrix *w, const product *p, int first,
                       int last);

    /* y[c] = sum over taps (taps[t][c] * w[t, c]) + bias[c]: a pixel of a depthwise convolution, summed
     * in the order of the taps.
     *   taps  [pixels] pointers to [channels]
     *   w     panels of [pixels, PANEL] */
    void (*depthwise)(const float *const *taps, int pixels, int channels, const float *w,
                      const float *bias, float *y);

    /* row[c * pixels + t] = taps[t][c]: the inputs of a convolution in the order of its weights.
     *   taps  [pixels] pointers to [channels]
     *   row   [channels * pixels] */
    void (*interleave)(const float *const *taps, int pixels, int channels, float *row);

    /* What a q8_matrix says of its panels first..last-1, counted at load: offset [panels * PANEL] and,
     * if Q8_RUN is 4, wide [panels, q8_blocks(in)]. */
    void (*facts_q8)(const int8_t *panels, int in, int first, int last, int32_t *offset,
                     uint8_t *wide);

    /* q = round(x * 63 / max|x|), halves to even, zeros up to a multiple of Q8_STEP; returns the
     * scale max|x| / 63, so that x is about q * scale. `positive`: no x is below 0; the same with 127,
     * for q8 only, and u is q without Q8_OFFSET. x [n]; q, u (or NULL) and sums (or NULL; n is
     * a multiple of Q4_GROUP then) are a row of quantized_rows. */
    float (*quantize_row)(const float *x, int n, bool positive, int8_t *q, q8_input *u,
                          int32_t *sums);

    /* y = (x - mean) / sqrt(variance + eps) * weight + bias over one row; all [n]; y may be x. */
    void (*layer_norm)(const float *x, const float *weight, const float *bias, float eps, float *y,
                       int n);

    /* x = exp(scale (x - max)) / sum over one row [n], in place; scale > 0. */
    void (*softmax)(float *x, int n, float scale);

    /* y = round(2^15 exp(scale (x - max))), at most I16_MAX, over one row [n]; scale > 0. Where n is odd,
     * a zero comes behind. Returns the sum of y, which softmax divides by; n * I16_MAX fits int32. */
    int32_t (*softmax_i16)(const float *x, int n, float scale, int16_t *y);

    /* x[i] = f(x[i]) for n values, in place. */
    void (*gelu)(float *x, size_t n);       /* x / 2 * (1 + erf(x / sqrt 2)) */
    void (*quick_gelu)(float *x, size_t n); /* x * sigmoid(1.702 x) */
    void (*relu)(float *x, size_t n);       /* 0 for what is not above it */
    void (*relu6)(float *x, size_t n);      /* the same, and 6 for what is above that */
    void (*tanh)(float *x, size_t n);
    void (*sigmoid)(float *x, size_t n); /* 1 / (1 + exp(-x)) */

    /* y += x for n values: the residual connection. */
    void (*add)(float *y, const float *x, size_t n);
} kernels;

/* Rows whose largest value is not above this are quantized to zeros: a quotient by less is not
 * finite. */
#define Q8_ZERO 1e-30f

/* The definition. */
const kernels *kernels_scalar(void);

/* The fastest this build has. */
const kernels *kernels_best(void);

#endif
