/* The kernels with WebAssembly's 128-bit SIMD. The same file compiles natively through SIMDe, so
 * that it runs under the sanitizers and valgrind; its bits are scalar.c's. */
#include "kernels/simd.h"

#include <math.h>

#include "core/build.h"
#include "kernels/integers.h"
#include "kernels/panel.h"
#include "kernels/polynomial.h"
#include "kernels/vector.h"

/* The 1..3 values at the end of a row; the other lanes are zeros. */
static v128_t load_tail(const float *x, size_t n)
{
    float four[4] = { 0 };
    memcpy(four, x, n * sizeof *x);
    return load(four);
}

static float sum_lanes(v128_t v)
{
    return (wasm_f32x4_extract_lane(v, 0) + wasm_f32x4_extract_lane(v, 1)) +
           (wasm_f32x4_extract_lane(v, 2) + wasm_f32x4_extract_lane(v, 3));
}

/* Polynomials take FOUR vectors at once, coefficient by coefficient: browsers build a constant anew
 * for each use once the registers are full. */
enum { FOUR = 4 };

typedef struct {
    v128_t v[FOUR];
} four;

#define EACH(statement)                                                                            \
    for (int i = 0; i < FOUR; i++) statement

/* p = p x + c */
#define STEP(p, x, c) EACH((p).v[i] = ADD(MUL((p).v[i], (x).v[i]), SPLAT(c)))

/* `count` (1..4 FOUR) values; the other lanes are zeros. */
INLINED four load_some(const float *x, int count)
{
    float values[4 * FOUR];
    four y;
    if (count < 4 * FOUR) {
        memset(values, 0, sizeof values);
        x = memcpy(values, x, (size_t)count * sizeof *x);
    }
    EACH(y.v[i] = load(x + 4 * i));
    return y;
}

INLINED void store_some(float *x, four y, int count)
{
    float values[4 * FOUR];
    float *to = count < 4 * FOUR ? values : x;
    EACH(store(to + 4 * i, y.v[i]));
    /* cppcheck-suppress uninitvar ; stored just before */
    if (to == values) memcpy(x, values, (size_t)count * sizeof *x);
}

INLINED four splat_four(float x)
{
    four y;
    EACH(y.v[i] = SPLAT(x));
    return y;
}

INLINED four exp_polynomial(four x)
{
    four rounded, n, p = splat_four(EXP_P0);
    EACH(x.v[i] = SMALLER(LARGER(SPLAT(EXP_MIN), x.v[i]), SPLAT(EXP_MAX)));
    EACH(rounded.v[i] = ADD(MUL(x.v[i], SPLAT(EXP_LOG2E)), SPLAT(ROUNDING)));
    EACH(n.v[i] = SUB(rounded.v[i], SPLAT(ROUNDING)));
    EACH(x.v[i] = SUB(x.v[i], MUL(n.v[i], SPLAT(EXP_LN2_HIGH))));
    EACH(x.v[i] = SUB(x.v[i], MUL(n.v[i], SPLAT(EXP_LN2_LOW))));
    STEP(p, x, EXP_P1);
    STEP(p, x, EXP_P2);
    STEP(p, x, EXP_P3);
    STEP(p, x, EXP_P4);
    STEP(p, x, EXP_P5);
    EACH(p.v[i] = ADD(ADD(MUL(p.v[i], MUL(x.v[i], x.v[i])), x.v[i]), SPLAT(1.0f)));
    EACH(rounded.v[i] = wasm_i32x4_add(rounded.v[i], wasm_i32x4_splat(127)));
    EACH(p.v[i] = MUL(p.v[i], wasm_i32x4_shl(rounded.v[i], 23)));
    return p;
}

/* round(2^15 2^x) as eight words each, at most I16_MAX. */
INLINED void exp2_i16(four x, v128_t words[2])
{
    four rounded, p = splat_four(EXP2_P0);
    EACH(x.v[i] = LARGER(SPLAT(EXP2_MIN), x.v[i]));
    EACH(rounded.v[i] = ADD(x.v[i], SPLAT(ROUNDING)));
    EACH(x.v[i] = SUB(x.v[i], SUB(rounded.v[i], SPLAT(ROUNDING))));
    STEP(p, x, EXP2_P1);
    STEP(p, x, EXP2_P2);
    STEP(p, x, EXP2_P3);
    STEP(p, x, EXP2_P4);
    EACH(rounded.v[i] = wasm_i32x4_add(rounded.v[i], wasm_i32x4_splat(127 + 15)));
    EACH(p.v[i] = MUL(p.v[i], wasm_i32x4_shl(rounded.v[i], 23)));
    EACH(p.v[i] = wasm_i32x4_sub(ADD(p.v[i], SPLAT(ROUNDING)), SPLAT(ROUNDING)));
    for (int half = 0; half < 2; half++)
        words[half] = wasm_i16x8_narrow_i32x4(p.v[2 * half], p.v[2 * half + 1]);
}

INLINED four erf_polynomial(four x)
{
    four z, p = splat_four(ERF_P5), q = splat_four(ERF_Q5);
    EACH(x.v[i] = SMALLER(LARGER(SPLAT(-ERF_MAX), x.v[i]), SPLAT(ERF_MAX)));
    EACH(z.v[i] = MUL(x.v[i], x.v[i]));
    STEP(p, z, ERF_P4);
    STEP(p, z, ERF_P3);
    STEP(p, z, ERF_P2);
    STEP(p, z, ERF_P1);
    STEP(p, z, ERF_P0);
    EACH(p.v[i] = MUL(x.v[i], p.v[i]));
    STEP(q, z, ERF_Q4);
    STEP(q, z, ERF_Q3);
    STEP(q, z, ERF_Q2);
    STEP(q, z, ERF_Q1);
    STEP(q, z, 1.0f);
    EACH(p.v[i] = DIV(p.v[i], q.v[i]));
    EACH(p.v[i] = SMALLER(LARGER(SPLAT(-1.0f), p.v[i]), SPLAT(1.0f)));
    return p;
}

INLINED four sigmoid_of(four x)
{
    EACH(x.v[i] = wasm_f32x4_neg(x.v[i]));
    x = exp_polynomial(x);
    EACH(x.v[i] = DIV(SPLAT(1.0f), ADD(SPLAT(1.0f), x.v[i])));
    return x;
}

/* Up to TILE_F32 rows of x times one panel. `rows` is a constant wherever this is inlined. */
INLINED void tile_f32(const float *x, size_t x_stride, int rows, int in, const float *w,
                      v128_t *left, v128_t *right)
{
    for (int r = 0; r < rows; r++) left[r] = right[r] = SPLAT(0.0f);
    for (int k = 0; k < in; k++, x++, w += PANEL) {
        v128_t w_left = load(w), w_right = load(w + 4);
        for (int r = 0; r < rows; r++) {
            v128_t value = wasm_v128_load32_splat(x + (size_t)r * x_stride);
            left[r] = ADD(left[r], MUL(value, w_left));
            right[r] = ADD(right[r], MUL(value, w_right));
        }
    }
}

static void matmul_f32(const float *x, int x_stride, int rows, int in, const float *w,
                       const product *p, int first, int last)
{
    size_t stride = (size_t)x_stride;
    for (int panel = first; panel < last; panel++) {
        const float *weights = w + (size_t)panel * PANEL * (size_t)in;
        v128_t left[TILE_F32], right[TILE_F32], bias_left, bias_right;
        int outputs = p->out - panel * PANEL, count;
        load_outputs(p->bias ? p->bias + panel * PANEL : NULL, outputs, &bias_left, &bias_right);
        for (int row = 0; row < rows; row += count) {
            const float *from = x + (size_t)row * stride;
            count = rows - row;
            if (count >= TILE_F32)
                tile_f32(from, stride, count = TILE_F32, in, weights, left, right);
            else if (count >= 2)
                tile_f32(from, stride, count = 2, in, weights, left, right);
            else
                tile_f32(from, stride, 1, in, weights, left, right);
            for (int r = 0; r < count; r++) {
                left[r] = ADD(left[r], bias_left);
                right[r] = ADD(right[r], bias_right);
            }
            finish_tile(p, row, count, panel, left, right);
        }
    }
}

/* Up to TILE_INTEGER rows of x times one panel. `rows` is a constant wherever this is inlined. */
INLINED void tile_i16(const i16_rows *x, int row, int rows, const i16_matrix *w, int panel,
                      v128_t *left, v128_t *right)
{
    size_t in = (size_t)x->in;
    const int16_t *from = x->values + (size_t)row * in;
    const int16_t *at = w->panels + (size_t)panel * PANEL * in;
    for (int r = 0; r < rows; r++) left[r] = right[r] = SPLAT(0.0f);
    for (size_t k = 0; k < in;) {
        size_t end = in - k < I16_BLOCK ? in : k + I16_BLOCK;
        v128_t sum_left[TILE_INTEGER], sum_right[TILE_INTEGER];
        for (int r = 0; r < rows; r++) sum_left[r] = sum_right[r] = wasm_i32x4_splat(0);
        for (; k < end; k += 2, at += 2 * PANEL) {
            v128_t w_left = load(at), w_right = load(at + PANEL);
            for (int r = 0; r < rows; r++) {
                v128_t pair = wasm_v128_load32_splat(from + (size_t)r * in + k);
                sum_left[r] = wasm_i32x4_add(sum_left[r], wasm_i32x4_dot_i16x8(pair, w_left));
                sum_right[r] = wasm_i32x4_add(sum_right[r], wasm_i32x4_dot_i16x8(pair, w_right));
            }
        }
        for (int r = 0; r < rows; r++) {
            left[r] = ADD(left[r], wasm_f32x4_convert_i32x4(sum_left[r]));
            right[r] = ADD(right[r], wasm_f32x4_convert_i32x4(sum_right[r]));
        }
    }
    v128_t scale_left = load(w->scale + panel * PANEL),
           scale_right = load(w->scale + panel * PANEL + 4);
    for (int r = 0; r < rows; r++) {
        v128_t scale = SPLAT(x->scale[row + r]);
        left[r] = MUL(left[r], MUL(scale, scale_left));
        right[r] = MUL(right[r], MUL(scale, scale_right));
    }
}

static void matmul_i16(const i16_rows *x, const i16_matrix *w, const product *p, int first,
                       int last)
{
    for (int panel = first; panel < last; panel++) {
        v128_t left[TILE_INTEGER], right[TILE_INTEGER], bias_left, bias_right;
        int outputs = p->out - panel * PANEL, count;
        load_outputs(p->bias ? p->bias + panel * PANEL : NULL, outputs, &bias_left, &bias_right);
        for (int row = 0; row < x->rows; row += count) {
            if (x->rows - row >= TILE_INTEGER)
                tile_i16(x, row, count = TILE_INTEGER, w, panel, left, right);
            else
                tile_i16(x, row, count = 1, w, panel, left, right);
            for (int r = 0; r < count; r++) {
                left[r] = ADD(left[r], bias_left);
                right[r] = ADD(right[r], bias_right);
            }
            finish_tile(p, row, count, panel, left, right);
        }
    }
}

static void depthwise(const float *const *taps, int pixels, int channels, const float *w,
                      const float *bias, float *y)
{
    int c = 0;
    for (; c + PANEL <= channels; c += PANEL) {
        v128_t left = SPLAT(0.0f), right = left;
        for (int t = 0; t < pixels; t++, w += PANEL) {
            left = ADD(left, MUL(load(taps[t] + c), load(w)));
            right = ADD(right, MUL(load(taps[t] + c + 4), load(w + 4)));
        }
        store(y + c, ADD(left, load(bias + c)));
        store(y + c + 4, ADD(right, load(bias + c + 4)));
    }
    for (; c < channels; c++, w++) {
        float sum = 0;
        for (int t = 0; t < pixels; t++) sum += taps[t][c] * w[t * PANEL];
        y[c] = sum + bias[c];
    }
}

/* Four channels of four taps, to where each channel's taps are neighbours. */
INLINED void interleave_four(const float *const *taps, int pixels, float *row)
{
    v128_t a = load(taps[0]), b = load(taps[1]), c = load(taps[2]), d = load(taps[3]);
    v128_t ab = wasm_i32x4_shuffle(a, b, 0, 4, 1, 5), cd = wasm_i32x4_shuffle(c, d, 0, 4, 1, 5);
    store(row, wasm_i64x2_shuffle(ab, cd, 0, 2));
    store(row + pixels, wasm_i64x2_shuffle(ab, cd, 1, 3));
    ab = wasm_i32x4_shuffle(a, b, 2, 6, 3, 7), cd = wasm_i32x4_shuffle(c, d, 2, 6, 3, 7);
    store(row + 2 * pixels, wasm_i64x2_shuffle(ab, cd, 0, 2));
    store(row + 3 * pixels, wasm_i64x2_shuffle(ab, cd, 1, 3));
}

/* Windows of nine, nearly all there are, four channels at a time. */
static void interleave(const float *const *taps, int pixels, int channels, float *row)
{
    enum { NINE = 9 };
    int c = 0;
    for (; pixels == NINE && c + 4 <= channels; c += 4, row += 4 * NINE) {
        const float *at[NINE];
        for (int t = 0; t < NINE; t++) at[t] = taps[t] + c;
        interleave_four(at, NINE, row);
        interleave_four(at + 4, NINE, row + 4);
        for (int i = 0; i < 4; i++) row[i * NINE + 8] = at[8][i];
    }
    for (; c < channels; c++)
        for (int t = 0; t < pixels; t++) *row++ = taps[t][c];
}

/* Rounded as whole numbers: see ROUNDING. */
static inline v128_t quantized(v128_t x, v128_t inverse, v128_t least, v128_t most)
{
    x = SMALLER(LARGER(least, MUL(x, inverse)), most);
    return wasm_i32x4_sub(ADD(x, SPLAT(ROUNDING)), SPLAT(ROUNDING));
}

static float quantize_row(const float *x, int n, bool positive, int8_t *q, q8_input *u,
                          int32_t *sums)
{
    const float most1 = positive ? Q8_MAX_POSITIVE : Q8_MAX;
    const v128_t most = SPLAT(most1), least = SPLAT(positive ? 0 : -most1),
                 offset = wasm_i8x16_splat(positive ? 0 : Q8_OFFSET);
    v128_t largest4 = SPLAT(0.0f);
    four most4 = splat_four(0); /* side by side, so that no maximum waits for the one before */
    int i = 0;
    for (; i + 4 * FOUR <= n; i += 4 * FOUR)
        for (int j = 0; j < FOUR; j++)
            most4.v[j] = LARGER(most4.v[j], wasm_f32x4_abs(load(x + i + 4 * j)));
    for (int j = 0; j < FOUR; j++) largest4 = LARGER(largest4, most4.v[j]);
    for (; i + 4 <= n; i += 4) largest4 = LARGER(largest4, wasm_f32x4_abs(load(x + i)));
    if (i < n) largest4 = LARGER(largest4, wasm_f32x4_abs(load_tail(x + i, (size_t)(n - i))));
    float lane[4], largest = 0;
    store(lane, largest4);
    for (int j = 0; j < 4; j++) largest = largest < lane[j] ? lane[j] : largest;
    float inverse1 = largest > Q8_ZERO ? most1 / largest : 0;
    v128_t inverse = SPLAT(inverse1);
    v128_t zero = wasm_i32x4_splat(0), sum = zero;
    const int padded = q8_padded(n);
    for (i = 0; i < padded; i += 8) {
        v128_t half[2];
        for (int h = 0; h < 2; h++) {
            int at = i + 4 * h, left = n - at;
            half[h] = left >= 4  ? quantized(load(x + at), inverse, least, most)
                      : left > 0 ? quantized(load_tail(x + at, (size_t)left), inverse, least, most)
                                 : zero;
        }
        v128_t words = wasm_i16x8_narrow_i32x4(half[0], half[1]);
        v128_t bytes = wasm_i8x16_narrow_i16x8(words, words);
        wasm_v128_store64_lane(q + i, bytes, 0);
        if (u && Q8_RUN == 2) store(u + i, words);
        if (u && Q8_RUN == 4) wasm_v128_store64_lane(u + i, wasm_i8x16_add(bytes, offset), 0);
        sum = wasm_i32x4_add(sum, wasm_i32x4_add(half[0], half[1]));
        if (sums && i % Q4_GROUP == Q4_GROUP - 8) {
            int32_t lanes[4];
            store(lanes, sum);
            *sums++ = lanes[0] + lanes[1] + lanes[2] + lanes[3];
            sum = zero;
        }
    }
    return largest / most1;
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

static float largest_of(const float *x, int n)
{
    int whole = n / 4 * 4;
    float largest = x[0], lane[4];
    v128_t lanes = SPLAT(largest);
    for (int i = 0; i < whole; i += 4) lanes = LARGER(lanes, load(x + i));
    store(lane, lanes);
    for (int j = 0; j < 4; j++) largest = largest < lane[j] ? lane[j] : largest;
    for (int i = whole; i < n; i++) largest = largest < x[i] ? x[i] : largest;
    return largest;
}

static void softmax(float *x, int n, float scale)
{
    int whole = n / 4 * 4;
    v128_t largest = SPLAT(largest_of(x, n)), scales = SPLAT(scale), sum = SPLAT(0.0f);
    for (int begin = 0; begin < n; begin += 4 * FOUR) {
        int count = n - begin < 4 * FOUR ? n - begin : 4 * FOUR;
        four e = load_some(x + begin, count);
        EACH(e.v[i] = MUL(SUB(e.v[i], largest), scales));
        e = exp_polynomial(e);
        store_some(x + begin, e, count);
        if (count < 4 * FOUR) e = load_some(x + begin, count); /* zeros behind the end */
        EACH(sum = ADD(sum, e.v[i]));
    }
    float factor1 = 1.0f / sum_lanes(sum);
    v128_t factor = SPLAT(factor1);
    for (int i = 0; i < whole; i += 4) store(x + i, MUL(load(x + i), factor));
    for (int i = whole; i < n; i++) x[i] *= factor1;
}

static int32_t softmax_i16(const float *x, int n, float scale, int16_t *y)
{
    v128_t largest = SPLAT(largest_of(x, n)), scales = SPLAT(scale * EXP_LOG2E),
           one = wasm_i16x8_splat(1), sum = wasm_i32x4_splat(0);
    for (int begin = 0; begin < n; begin += 4 * FOUR) {
        int count = n - begin < 4 * FOUR ? n - begin : 4 * FOUR;
        four e = load_some(x + begin, count);
        v128_t words[2];
        EACH(e.v[i] = MUL(SUB(e.v[i], largest), scales));
        exp2_i16(e, words);
        if (count < 4 * FOUR) {
            int16_t values[4 * FOUR];
            memcpy(values, words, sizeof values);
            memset(values + count, 0, (size_t)(4 * FOUR - count) * sizeof *values);
            memcpy(y + begin, values, (size_t)(count + count % 2) * sizeof *values);
            memcpy(words, values, sizeof values);
        } else
            memcpy(y + begin, words, sizeof words);
        for (int half = 0; half < 2; half++)
            sum = wasm_i32x4_add(sum, wasm_i32x4_dot_i16x8(words[half], one));
    }
    int32_t lanes[4];
    store(lanes, sum);
    return lanes[0] + lanes[1] + lanes[2] + lanes[3];
}

/* x[i] = f(x[i]). */
INLINED void map(float *x, size_t n, four (*f)(four))
{
    for (size_t begin = 0; begin < n; begin += 4 * FOUR) {
        int count = n - begin < 4 * FOUR ? (int)(n - begin) : 4 * FOUR;
        store_some(x + begin, f(load_some(x + begin, count)), count);
    }
}

INLINED four gelu_of(four x)
{
    four y;
    EACH(y.v[i] = MUL(x.v[i], SPLAT(SQRT_HALF)));
    y = erf_polynomial(y);
    EACH(y.v[i] = MUL(MUL(SPLAT(0.5f), x.v[i]), ADD(SPLAT(1.0f), y.v[i])));
    return y;
}

INLINED four quick_gelu_of(four x)
{
    four y;
    EACH(y.v[i] = MUL(x.v[i], SPLAT(QUICK_GELU_SCALE)));
    y = sigmoid_of(y);
    EACH(y.v[i] = MUL(x.v[i], y.v[i]));
    return y;
}

INLINED four relu_of(four x)
{
    EACH(x.v[i] = LARGER(SPLAT(0.0f), x.v[i]));
    return x;
}

INLINED four relu6_of(four x)
{
    EACH(x.v[i] = SMALLER(LARGER(SPLAT(0.0f), x.v[i]), SPLAT(6.0f)));
    return x;
}

INLINED four tanh_of(four x)
{
    EACH(x.v[i] = ADD(x.v[i], x.v[i]));
    x = exp_polynomial(x);
    EACH(x.v[i] = SUB(SPLAT(1.0f), DIV(SPLAT(2.0f), ADD(x.v[i], SPLAT(1.0f)))));
    return x;
}

static void gelu(float *x, size_t n) { map(x, n, gelu_of); }
static void quick_gelu(float *x, size_t n) { map(x, n, quick_gelu_of); }
static void relu(float *x, size_t n) { map(x, n, relu_of); }
static void relu6(float *x, size_t n) { map(x, n, relu6_of); }
static void tanh_all(float *x, size_t n) { map(x, n, tanh_of); }
static void sigmoid(float *x, size_t n) { map(x, n, sigmoid_of); }

static void add(float *y, const float *x, size_t n)
{
    size_t i = 0;
    for (; i + 4 <= n; i += 4) store(y + i, ADD(load(y + i), load(x + i)));
    for (; i < n; i++) y[i] += x[i];
}

#define TABLE(table_name, product_q8)                                                              \
    {                                                                                              \
        .name = table_name, .matmul_f32 = matmul_f32, .matmul_q8 = product_q8,                     \
        .matmul_q4 = integers_matmul_q4, .matmul_i16 = VQA_FULL ? matmul_i16 : NULL,               \
        .depthwise = VQA_FULL ? depthwise : NULL, .interleave = interleave,                        \
        .facts_q8 = integers_facts_q8, .quantize_row = quantize_row, .layer_norm = layer_norm,     \
        .softmax = softmax, .softmax_i16 = VQA_FULL ? softmax_i16 : NULL, .gelu = gelu,            \
        .quick_gelu = quick_gelu, .relu = relu, .relu6 = VQA_FULL ? relu6 : NULL,                  \
        .tanh = tanh_all, .sigmoid = sigmoid, .add = add,                                          \
    }

const kernels *kernels_simd(void)
{
    static const kernels table = TABLE(Q8_RUN == 4 ? "relaxed-simd" : "simd", integers_matmul_q8);
    return &table;
}

#if Q8_RUN == 4
const kernels *kernels_simd_at_once(void)
{
    static const kernels table = TABLE("relaxed-simd, at once", integers_matmul_q8_at_once);
    return &table;
}
#endif
