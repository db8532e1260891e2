/* The kernels with WebAssembly's 128-bit SIMD. The same file compiles natively through SIMDe, so
 * that it runs under the sanitizers and valgrind; its bits are scalar.c's. */
#include "kernels/simd.h"

#include <math.h>
#include <string.h>

#include "kernels/panel.h"
#include "kernels/polynomial.h"

#ifdef __wasm_simd128__
#include <wasm_simd128.h>
#else
#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/wasm/simd128.h>
#endif

#define SPLAT(x)      wasm_f32x4_splat(x)
#define ADD(a, b)     wasm_f32x4_add(a, b)
#define SUB(a, b)     wasm_f32x4_sub(a, b)
#define MUL(a, b)     wasm_f32x4_mul(a, b)
#define DIV(a, b)     wasm_f32x4_div(a, b)
/* pmin and pmax keep the first operand where a comparison with NaN is false, as smaller() and
 * larger() do */
#define SMALLER(a, b) wasm_f32x4_pmin(a, b)
#define LARGER(a, b)  wasm_f32x4_pmax(a, b)

enum { TILE = 4 }; /* rows that share a load of weights: 4 x 8 sums fill eight registers */

static v128_t load(const float *x) { return wasm_v128_load(x); }

static void store(float *x, v128_t value) { wasm_v128_store(x, value); }

/* The 1..3 values at the end of a row; the other lanes are zeros. */
static v128_t load_tail(const float *x, size_t n)
{
    float four[4] = { 0 };
    memcpy(four, x, n * sizeof *x);
    return load(four);
}

static void store_tail(float *x, v128_t value, size_t n)
{
    float four[4];
    store(four, value);
    memcpy(x, four, n * sizeof *x);
}

/* The first n values of a panel's row of outputs; n is PANEL but in the last panel. */
static void store_outputs(float *y, v128_t left, v128_t right, int n)
{
    if (n == PANEL) {
        store(y, left);
        store(y + 4, right);
    } else {
        float eight[PANEL];
        store(eight, left);
        store(eight + 4, right);
        memcpy(y, eight, (size_t)n * sizeof *y);
    }
}

static void load_outputs(const float *x, int n, v128_t *left, v128_t *right)
{
    float eight[PANEL] = { 0 };
    if (x) memcpy(eight, x, (size_t)n * sizeof *x);
    *left = load(eight);
    *right = load(eight + 4);
}

static float sum_lanes(v128_t v)
{
    return (wasm_f32x4_extract_lane(v, 0) + wasm_f32x4_extract_lane(v, 1)) +
           (wasm_f32x4_extract_lane(v, 2) + wasm_f32x4_extract_lane(v, 3));
}

static v128_t exp_polynomial(v128_t x)
{
    x = SMALLER(LARGER(SPLAT(EXP_MIN), x), SPLAT(EXP_MAX));
    v128_t n = wasm_f32x4_nearest(MUL(x, SPLAT(EXP_LOG2E)));
    v128_t r = SUB(SUB(x, MUL(n, SPLAT(EXP_LN2_HIGH))), MUL(n, SPLAT(EXP_LN2_LOW)));
    v128_t p = SPLAT(EXP_P0);
    p = ADD(MUL(p, r), SPLAT(EXP_P1));
    p = ADD(MUL(p, r), SPLAT(EXP_P2));
    p = ADD(MUL(p, r), SPLAT(EXP_P3));
    p = ADD(MUL(p, r), SPLAT(EXP_P4));
    p = ADD(MUL(p, r), SPLAT(EXP_P5));
    v128_t y = ADD(ADD(MUL(p, MUL(r, r)), r), SPLAT(1.0f));
    v128_t exponent = wasm_i32x4_add(wasm_i32x4_trunc_sat_f32x4(n), wasm_i32x4_splat(127));
    return MUL(y, wasm_i32x4_shl(exponent, 23));
}

static v128_t erf_polynomial(v128_t x)
{
    v128_t sign = wasm_i32x4_splat(INT32_MIN);
    v128_t a = wasm_v128_andnot(x, sign);
    v128_t t = DIV(SPLAT(1.0f), ADD(SPLAT(1.0f), MUL(SPLAT(ERF_P), a)));
    v128_t p = SPLAT(ERF_A5);
    p = ADD(MUL(p, t), SPLAT(ERF_A4));
    p = ADD(MUL(p, t), SPLAT(ERF_A3));
    p = ADD(MUL(p, t), SPLAT(ERF_A2));
    p = ADD(MUL(p, t), SPLAT(ERF_A1));
    v128_t magnitude = SUB(SPLAT(1.0f), MUL(MUL(p, t), exp_polynomial(wasm_f32x4_neg(MUL(a, a)))));
    return wasm_v128_bitselect(x, magnitude, sign);
}

static v128_t sigmoid_of(v128_t x)
{
    return DIV(SPLAT(1.0f), ADD(SPLAT(1.0f), exp_polynomial(wasm_f32x4_neg(x))));
}

/* Up to TILE rows of x times one panel. `rows` is a constant wherever this is inlined. */
static inline __attribute__((always_inline)) void tile_f32(const float *x, size_t x_stride,
                                                           int rows, int in, const float *panel,
                                                           const float *bias, float *y,
                                                           size_t y_stride, int outputs)
{
    v128_t left[TILE], right[TILE], bias_left, bias_right;
    for (int r = 0; r < rows; r++) left[r] = right[r] = SPLAT(0.0f);
    for (int k = 0; k < in; k++) {
        v128_t w_left = load(panel + (size_t)k * PANEL),
               w_right = load(panel + (size_t)k * PANEL + 4);
        for (int r = 0; r < rows; r++) {
            v128_t value = wasm_v128_load32_splat(x + (size_t)r * x_stride + k);
            left[r] = ADD(left[r], MUL(value, w_left));
            right[r] = ADD(right[r], MUL(value, w_right));
        }
    }
    load_outputs(bias, outputs, &bias_left, &bias_right);
    for (int r = 0; r < rows; r++)
        store_outputs(y + (size_t)r * y_stride, ADD(left[r], bias_left), ADD(right[r], bias_right),
                      outputs);
}

static void matmul_f32(const float *x, int x_stride, int rows, int in, const float *w,
                       const float *bias, float *y, int y_stride, int out, int first, int last)
{
    size_t xs = (size_t)x_stride, ys = (size_t)y_stride;
    for (int p = first; p < last; p++) {
        const float *panel = w + (size_t)p * PANEL * (size_t)in,
                    *b = bias ? bias + p * PANEL : NULL;
        int outputs = out - p * PANEL < PANEL ? out - p * PANEL : PANEL, r = 0;
        float *to = y + (size_t)p * PANEL;
        for (; r + TILE <= rows; r += TILE)
            tile_f32(x + (size_t)r * xs, xs, TILE, in, panel, b, to + (size_t)r * ys, ys, outputs);
        for (; r < rows; r++)
            tile_f32(x + (size_t)r * xs, xs, 1, in, panel, b, to + (size_t)r * ys, ys, outputs);
    }
}

/* A pair of inputs is spread over the lanes and multiplied with the same two inputs of four
 * outputs. `pair` is a constant. */
#define ADD_PAIR(both, inputs, pair)                                                               \
    do {                                                                                           \
        v128_t w_left = wasm_i16x8_extend_low_i8x16(both),                                         \
               w_right = wasm_i16x8_extend_high_i8x16(both);                                       \
        for (int r = 0; r < rows; r++) {                                                           \
            v128_t spread = wasm_i32x4_shuffle(inputs[r], inputs[r], pair, pair, pair, pair);      \
            left[r] = wasm_i32x4_add(left[r], wasm_i32x4_dot_i16x8(spread, w_left));               \
            right[r] = wasm_i32x4_add(right[r], wasm_i32x4_dot_i16x8(spread, w_right));            \
        }                                                                                          \
    } while (0)

/* As tile_f32. */
static inline __attribute__((always_inline)) void tile_q8(const int8_t *x, const float *x_scale,
                                                          int rows, int in, const int8_t *panel,
                                                          const float *w_scale, const float *bias,
                                                          float *y, size_t y_stride, int outputs)
{
    v128_t left[TILE], right[TILE], scale_left, scale_right, bias_left, bias_right;
    for (int r = 0; r < rows; r++) left[r] = right[r] = wasm_i32x4_splat(0);
    for (int k = 0; k < in; k += Q8_STEP) {
        v128_t inputs[TILE];
        for (int r = 0; r < rows; r++)
            inputs[r] = wasm_i16x8_load8x8(x + (size_t)r * (size_t)in + k);
        const int8_t *at = panel + (size_t)k * PANEL;
        v128_t both = wasm_v128_load(at);
        ADD_PAIR(both, inputs, 0);
        both = wasm_v128_load(at + 16);
        ADD_PAIR(both, inputs, 1);
        both = wasm_v128_load(at + 32);
        ADD_PAIR(both, inputs, 2);
        both = wasm_v128_load(at + 48);
        ADD_PAIR(both, inputs, 3);
    }
    load_outputs(w_scale, outputs, &scale_left, &scale_right);
    load_outputs(bias, outputs, &bias_left, &bias_right);
    for (int r = 0; r < rows; r++) {
        v128_t scale = SPLAT(x_scale[r]);
        v128_t y_left = MUL(wasm_f32x4_convert_i32x4(left[r]), MUL(scale, scale_left));
        v128_t y_right = MUL(wasm_f32x4_convert_i32x4(right[r]), MUL(scale, scale_right));
        store_outputs(y + (size_t)r * y_stride, ADD(y_left, bias_left), ADD(y_right, bias_right),
                      outputs);
    }
}

static void matmul_q8(const int8_t *x, const float *x_scale, int rows, int in, const int8_t *w,
                      const float *w_scale, const float *bias, float *y, int y_stride, int out,
                      int first, int last)
{
    size_t ys = (size_t)y_stride;
    for (int p = first; p < last; p++) {
        const int8_t *panel = w + (size_t)p * PANEL * (size_t)in;
        const float *s = w_scale + p * PANEL, *b = bias ? bias + p * PANEL : NULL;
        int outputs = out - p * PANEL < PANEL ? out - p * PANEL : PANEL, r = 0;
        float *to = y + (size_t)p * PANEL;
        for (; r + TILE <= rows; r += TILE)
            tile_q8(x + (size_t)r * (size_t)in, x_scale + r, TILE, in, panel, s, b,
                    to + (size_t)r * ys, ys, outputs);
        for (; r < rows; r++)
            tile_q8(x + (size_t)r * (size_t)in, x_scale + r, 1, in, panel, s, b,
                    to + (size_t)r * ys, ys, outputs);
    }
}

/* (2 n - 15) of each byte's nibble n. */
static v128_t level_of(v128_t n)
{
    return wasm_i8x16_sub(wasm_i8x16_add(n, n), wasm_i8x16_splat(Q4_LEVELS - 1));
}

/* As tile_f32. */
static inline __attribute__((always_inline)) void tile_q4(const int8_t *x, const float *x_scale,
                                                          int rows, int in, const uint8_t *panel,
                                                          const float *w_scale, const float *bias,
                                                          float *y, size_t y_stride, int outputs)
{
    v128_t total_left[TILE], total_right[TILE], bias_left, bias_right;
    for (int r = 0; r < rows; r++) total_left[r] = total_right[r] = SPLAT(0.0f);
    for (int group = 0; group < in; group += Q4_GROUP, w_scale += PANEL) {
        v128_t left[TILE], right[TILE];
        for (int r = 0; r < rows; r++) left[r] = right[r] = wasm_i32x4_splat(0);
        for (int k = group; k < group + Q4_GROUP; k += 8) {
            v128_t inputs[TILE];
            for (int r = 0; r < rows; r++)
                inputs[r] = wasm_i16x8_load8x8(x + (size_t)r * (size_t)in + k);
            v128_t pairs = wasm_v128_load(panel + (size_t)k / 2 * PANEL);
            v128_t both = level_of(wasm_v128_and(pairs, wasm_i8x16_splat(15)));
            ADD_PAIR(both, inputs, 0);
            both = level_of(wasm_u8x16_shr(pairs, 4));
            ADD_PAIR(both, inputs, 1);
            pairs = wasm_v128_load(panel + (size_t)k / 2 * PANEL + 16);
            both = level_of(wasm_v128_and(pairs, wasm_i8x16_splat(15)));
            ADD_PAIR(both, inputs, 2);
            both = level_of(wasm_u8x16_shr(pairs, 4));
            ADD_PAIR(both, inputs, 3);
        }
        v128_t scale_left = load(w_scale), scale_right = load(w_scale + 4);
        for (int r = 0; r < rows; r++) {
            total_left[r] = ADD(total_left[r], MUL(wasm_f32x4_convert_i32x4(left[r]), scale_left));
            total_right[r] =
                ADD(total_right[r], MUL(wasm_f32x4_convert_i32x4(right[r]), scale_right));
        }
    }
    load_outputs(bias, outputs, &bias_left, &bias_right);
    for (int r = 0; r < rows; r++) {
        v128_t scale = SPLAT(x_scale[r]);
        store_outputs(y + (size_t)r * y_stride, ADD(MUL(total_left[r], scale), bias_left),
                      ADD(MUL(total_right[r], scale), bias_right), outputs);
    }
}

static void matmul_q4(const int8_t *x, const float *x_scale, int rows, int in, const uint8_t *w,
                      const float *w_scale, const float *bias, float *y, int y_stride, int out,
                      int first, int last)
{
    size_t ys = (size_t)y_stride;
    for (int p = first; p < last; p++) {
        size_t before = (size_t)p * PANEL * (size_t)in;
        const uint8_t *panel = w + before / 2;
        const float *s = w_scale + before / Q4_GROUP, *b = bias ? bias + p * PANEL : NULL;
        int outputs = out - p * PANEL < PANEL ? out - p * PANEL : PANEL, r = 0;
        float *to = y + (size_t)p * PANEL;
        for (; r + TILE <= rows; r += TILE)
            tile_q4(x + (size_t)r * (size_t)in, x_scale + r, TILE, in, panel, s, b,
                    to + (size_t)r * ys, ys, outputs);
        for (; r < rows; r++)
            tile_q4(x + (size_t)r * (size_t)in, x_scale + r, 1, in, panel, s, b,
                    to + (size_t)r * ys, ys, outputs);
    }
}

static v128_t quantized(v128_t x, v128_t inverse)
{
    v128_t scaled = wasm_f32x4_nearest(MUL(x, inverse));
    return wasm_i32x4_trunc_sat_f32x4(SMALLER(LARGER(SPLAT(-Q8_MAX), scaled), SPLAT(Q8_MAX)));
}

static float quantize_row(const float *x, int n, int8_t *q)
{
    v128_t largest4 = SPLAT(0.0f);
    int i = 0;
    for (; i + 4 <= n; i += 4) largest4 = LARGER(largest4, wasm_f32x4_abs(load(x + i)));
    if (i < n) largest4 = LARGER(largest4, wasm_f32x4_abs(load_tail(x + i, (size_t)(n - i))));
    float lane[4], largest = 0;
    store(lane, largest4);
    for (int j = 0; j < 4; j++) largest = largest < lane[j] ? lane[j] : largest;
    float inverse1 = largest > Q8_ZERO ? Q8_MAX / largest : 0;
    v128_t inverse = SPLAT(inverse1);
    for (i = 0; i < q8_padded(n); i += 8) {
        v128_t half[2];
        for (int h = 0; h < 2; h++) {
            int at = i + 4 * h, left = n - at;
            v128_t value = left >= 4  ? load(x + at)
                           : left > 0 ? load_tail(x + at, (size_t)left)
                                      : SPLAT(0.0f);
            half[h] = left > 0 ? quantized(value, inverse) : SPLAT(0.0f);
        }
        v128_t words = wasm_i16x8_narrow_i32x4(half[0], half[1]);
        wasm_v128_store64_lane(q + i, wasm_i8x16_narrow_i16x8(words, words), 0);
    }
    for (i = n; i < q8_padded(n); i++) q[i] = 0;
    return largest / Q8_MAX;
}

static void layer_norm(const float *x, const float *weight, const float *bias, float eps, float *y,
                       int n)
{
    int whole = n / 4 * 4;
    size_t rest = (size_t)(n - whole);
    v128_t sum = SPLAT(0.0f), square = SPLAT(0.0f);
    for (int i = 0; i < whole; i += 4) sum = ADD(sum, load(x + i));
    if (rest) sum = ADD(sum, load_tail(x + whole, rest));
    float mean1 = sum_lanes(sum) / (float)n;
    v128_t mean = SPLAT(mean1);
    for (int i = 0; i < whole; i += 4) {
        v128_t d = SUB(load(x + i), mean);
        square = ADD(square, MUL(d, d));
    }
    if (rest) {
        float d[4] = { 0 };
        for (size_t i = 0; i < rest; i++) d[i] = x[whole + (int)i] - mean1;
        square = ADD(square, MUL(load(d), load(d)));
    }
    float factor1 = 1.0f / sqrtf(sum_lanes(square) / (float)n + eps);
    v128_t factor = SPLAT(factor1);
    for (int i = 0; i < whole; i += 4)
        store(y + i,
              ADD(MUL(MUL(SUB(load(x + i), mean), factor), load(weight + i)), load(bias + i)));
    for (int i = whole; i < n; i++) y[i] = (x[i] - mean1) * factor1 * weight[i] + bias[i];
}

static void softmax(float *x, int n)
{
    int whole = n / 4 * 4;
    size_t rest = (size_t)(n - whole);
    float largest1 = x[0], lane[4];
    v128_t largest = SPLAT(largest1);
    for (int i = 0; i < whole; i += 4) largest = LARGER(largest, load(x + i));
    store(lane, largest);
    for (int j = 0; j < 4; j++) largest1 = largest1 < lane[j] ? lane[j] : largest1;
    for (int i = whole; i < n; i++) largest1 = largest1 < x[i] ? x[i] : largest1;
    largest = SPLAT(largest1);
    v128_t sum = SPLAT(0.0f);
    for (int i = 0; i < whole; i += 4) {
        v128_t e = exp_polynomial(SUB(load(x + i), largest));
        store(x + i, e);
        sum = ADD(sum, e);
    }
    if (rest) {
        store_tail(x + whole, exp_polynomial(SUB(load_tail(x + whole, rest), largest)), rest);
        sum = ADD(sum, load_tail(x + whole, rest));
    }
    float factor1 = 1.0f / sum_lanes(sum);
    v128_t factor = SPLAT(factor1);
    for (int i = 0; i < whole; i += 4) store(x + i, MUL(load(x + i), factor));
    for (int i = whole; i < n; i++) x[i] *= factor1;
}

/* x[i] = f(x[i]), four at a time. */
static inline __attribute__((always_inline)) void map(float *x, size_t n, v128_t (*f)(v128_t))
{
    size_t whole = n / 4 * 4;
    for (size_t i = 0; i < whole; i += 4) store(x + i, f(load(x + i)));
    if (n > whole) store_tail(x + whole, f(load_tail(x + whole, n - whole)), n - whole);
}

static v128_t gelu_of(v128_t x)
{
    return MUL(MUL(SPLAT(0.5f), x), ADD(SPLAT(1.0f), erf_polynomial(MUL(x, SPLAT(SQRT_HALF)))));
}

static v128_t quick_gelu_of(v128_t x)
{
    return MUL(x, sigmoid_of(MUL(x, SPLAT(QUICK_GELU_SCALE))));
}

static v128_t tanh_of(v128_t x)
{
    return SUB(SPLAT(1.0f), DIV(SPLAT(2.0f), ADD(exp_polynomial(ADD(x, x)), SPLAT(1.0f))));
}

static void gelu(float *x, size_t n) { map(x, n, gelu_of); }
static void quick_gelu(float *x, size_t n) { map(x, n, quick_gelu_of); }
static void tanh_all(float *x, size_t n) { map(x, n, tanh_of); }
static void sigmoid(float *x, size_t n) { map(x, n, sigmoid_of); }

static void add(float *y, const float *x, size_t n)
{
    size_t i = 0;
    for (; i + 4 <= n; i += 4) store(y + i, ADD(load(y + i), load(x + i)));
    for (; i < n; i++) y[i] += x[i];
}

const kernels *kernels_simd(void)
{
    static const kernels table = {
        .name = "simd128",
        .matmul_f32 = matmul_f32,
        .matmul_q8 = matmul_q8,
        .matmul_q4 = matmul_q4,
        .quantize_row = quantize_row,
        .layer_norm = layer_norm,
        .softmax = softmax,
        .gelu = gelu,
        .quick_gelu = quick_gelu,
        .tanh = tanh_all,
        .sigmoid = sigmoid,
        .add = add,
    };
    return &table;
}
