/* The hot loops, one slot each. scalar.c fills every slot and is the definition, to the bit: simd.c
 * may only be faster. Sums of a row run in four interleaved lanes, (l0 + l1) + (l2 + l3) at the
 * end; every output of a matrix product is one sum in the order of its inputs, so that eight
 * outputs side by side are eight lanes. exp, erf and tanh are our own polynomials. Compiled without
 * contraction to fma. */
#ifndef VQA_KERNELS_KERNELS_H
#define VQA_KERNELS_KERNELS_H

#include <stddef.h>
#include <stdint.h>

enum {
    PANEL = 8,      /* outputs (rows of a weight matrix) that lie side by side, see panel.h */
    Q8_STEP = 8,    /* int8 rows are padded with zeros to a multiple of this */
    Q8_MAX = 63,    /* activations are quantized to -63..63, see nn/linear.h: one bit less than int8
                    has, so that relaxed i8 x i7 products stay exact */
    Q4_GROUP = 128, /* neighbouring inputs that share a scale */
    Q4_LEVELS = 16, /* a nibble n means (2 n - 15) times the scale of its group */
};

typedef struct {
    const char *name;

    /* y = x W^T + bias for the panels first..last-1 of W.
     *   x [rows, in] with x_stride floats from row to row
     *   w: panels of [in, PANEL]; bias [out] or NULL
     *   y [rows, out] with y_stride; the last panel may be partly filled */
    void (*matmul_f32)(const float *x, int x_stride, int rows, int in, const float *w,
                       const float *bias, float *y, int y_stride, int out, int first, int last);

    /* The same with int8: y = sum(x w) * (x_scale[row] * w_scale[output]) + bias; sums are exact in
     * int32.
     *   x [rows, in], in a multiple of Q8_STEP
     *   w: panels of [in / 2, PANEL, 2]; w_scale [out] */
    void (*matmul_q8)(const int8_t *x, const float *x_scale, int rows, int in, const int8_t *w,
                      const float *w_scale, const float *bias, float *y, int y_stride, int out,
                      int first, int last);

    /* The same with nibbles: y = sum over groups (sum(x (2 w - 15)) * w_scale[group, output]) *
     * x_scale[row] + bias; the inner sums are exact in int32, the outer one is a float sum in the order
     * of the groups.
     *   x [rows, in], in a multiple of Q4_GROUP
     *   w: panels of [in / 4, PANEL, 2] pairs, see panel.h; w_scale: panels of [in / Q4_GROUP, PANEL] */
    void (*matmul_q4)(const int8_t *x, const float *x_scale, int rows, int in, const uint8_t *w,
                      const float *w_scale, const float *bias, float *y, int y_stride, int out,
                      int first, int last);

    /* q = round(x * 63 / max|x|), halves to even, zeros up to a multiple of Q8_STEP; returns the
     * scale max|x| / 63, so that x is about q * scale. x [n]. */
    float (*quantize_row)(const float *x, int n, int8_t *q);

    /* y = (x - mean) / sqrt(variance + eps) * weight + bias over one row; all [n]; y may be x. */
    void (*layer_norm)(const float *x, const float *weight, const float *bias, float eps, float *y,
                       int n);

    /* x = exp(x - max) / sum over one row [n], in place. */
    void (*softmax)(float *x, int n);

    /* x[i] = f(x[i]) for n values, in place. */
    void (*gelu)(float *x, size_t n);       /* x / 2 * (1 + erf(x / sqrt 2)) */
    void (*quick_gelu)(float *x, size_t n); /* x * sigmoid(1.702 x) */
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
