/* Integer products with WebAssembly's first SIMD instructions: weights are spread to 16 bits, which
 * activations have, and i32x4.dot_i16x8 multiplies pairs. */
#include "kernels/integers.h"

#if Q8_RUN == 2

#include "kernels/panel.h"
#include "kernels/vector.h"

/* A pair of each row's eight inputs is spread over the lanes and multiplied with the same two inputs
 * of four outputs. `pair` is a constant. */
#define ADD_PAIR(weights, inputs, pair)                                                            \
    do {                                                                                           \
        v128_t w_left = wasm_i16x8_extend_low_i8x16(weights),                                      \
               w_right = wasm_i16x8_extend_high_i8x16(weights);                                    \
        for (int r = 0; r < rows; r++) {                                                           \
            v128_t spread = wasm_i32x4_shuffle(inputs[r], inputs[r], pair, pair, pair, pair);      \
            sum_left[r] = wasm_i32x4_add(sum_left[r], wasm_i32x4_dot_i16x8(spread, w_left));       \
            sum_right[r] = wasm_i32x4_add(sum_right[r], wasm_i32x4_dot_i16x8(spread, w_right));    \
        }                                                                                          \
    } while (0)

INLINED void tile_q8(const quantized_rows *x, int row, int step, int rows, const void *matrix,
                     int panel, int outputs, v128_t *left, v128_t *right)
{
    const q8_matrix *w = matrix;
    size_t in = (size_t)x->in, stride = (size_t)step * in;
    const q8_input *u = x->u + (size_t)row * in;
    const int8_t *at = w->panels + (size_t)panel * PANEL * in;
    v128_t sum_left[TILE_INTEGER], sum_right[TILE_INTEGER], scale_left, scale_right;
    for (int r = 0; r < rows; r++) sum_left[r] = sum_right[r] = wasm_i32x4_splat(0);
    for (size_t k = 0; k < in; k += Q8_RUN, u += Q8_RUN, at += Q8_RUN * PANEL) {
        v128_t w_left = wasm_i16x8_load8x8(at), w_right = wasm_i16x8_load8x8(at + 8);
        for (int r = 0; r < rows; r++) {
            v128_t pair = wasm_v128_load32_splat(u + (size_t)r * stride);
            sum_left[r] = wasm_i32x4_add(sum_left[r], wasm_i32x4_dot_i16x8(pair, w_left));
            sum_right[r] = wasm_i32x4_add(sum_right[r], wasm_i32x4_dot_i16x8(pair, w_right));
        }
    }
    load_outputs(w->scale + (size_t)panel * PANEL, outputs, &scale_left, &scale_right);
    for (int r = 0; r < rows; r++) {
        v128_t scale = SPLAT(x->scale[row + r * step]);
        left[r] = MUL(wasm_f32x4_convert_i32x4(sum_left[r]), MUL(scale, scale_left));
        right[r] = MUL(wasm_f32x4_convert_i32x4(sum_right[r]), MUL(scale, scale_right));
    }
}

/* (2 n - 15) of each byte's nibble n. */
static v128_t level_of(v128_t n)
{
    return wasm_i8x16_sub(wasm_i8x16_add(n, n), wasm_i8x16_splat(Q4_LEVELS - 1));
}

INLINED void tile_q4(const quantized_rows *x, int row, int step, int rows, const void *matrix,
                     int panel, int outputs, v128_t *left, v128_t *right)
{
    (void)outputs;
    const q4_matrix *w = matrix;
    size_t in = (size_t)x->in, stride = (size_t)step * in;
    const int8_t *q = x->q + (size_t)row * in;
    const uint8_t *at = w->panels + (size_t)panel * PANEL * in / 2;
    const float *scale = w->scale + (size_t)panel * PANEL * (in / Q4_GROUP);
    for (int r = 0; r < rows; r++) left[r] = right[r] = SPLAT(0.0f);
    for (size_t group = 0; group < in; group += Q4_GROUP, scale += PANEL) {
        v128_t sum_left[TILE_INTEGER], sum_right[TILE_INTEGER];
        for (int r = 0; r < rows; r++) sum_left[r] = sum_right[r] = wasm_i32x4_splat(0);
        for (size_t k = group; k < group + Q4_GROUP; k += 8, at += 4 * PANEL) {
            v128_t inputs[TILE_INTEGER];
            for (int r = 0; r < rows; r++)
                inputs[r] = wasm_i16x8_load8x8(q + (size_t)r * stride + k);
            v128_t pairs = load(at);
            v128_t weights = level_of(wasm_v128_and(pairs, wasm_i8x16_splat(15)));
            ADD_PAIR(weights, inputs, 0);
            weights = level_of(wasm_u8x16_shr(pairs, 4));
            ADD_PAIR(weights, inputs, 1);
            pairs = load(at + 16);
            weights = level_of(wasm_v128_and(pairs, wasm_i8x16_splat(15)));
            ADD_PAIR(weights, inputs, 2);
            weights = level_of(wasm_u8x16_shr(pairs, 4));
            ADD_PAIR(weights, inputs, 3);
        }
        for (int r = 0; r < rows; r++) {
            left[r] = ADD(left[r], MUL(wasm_f32x4_convert_i32x4(sum_left[r]), load(scale)));
            right[r] = ADD(right[r], MUL(wasm_f32x4_convert_i32x4(sum_right[r]), load(scale + 4)));
        }
    }
    for (int r = 0; r < rows; r++) {
        v128_t row_scale = SPLAT(x->scale[row + r * step]);
        left[r] = MUL(left[r], row_scale);
        right[r] = MUL(right[r], row_scale);
    }
}

void integers_matmul_q8(const quantized_rows *x, const q8_matrix *w, const product *p, int first,
                        int last)
{
    multiply_integers(tile_q8, x, w, p, first, last);
}

void integers_matmul_q4(const quantized_rows *x, const q4_matrix *w, const product *p, int first,
                        int last)
{
    multiply_integers(tile_q4, x, w, p, first, last);
}

void integers_facts_q8(const int8_t *panels, int in, int first, int last, int32_t *offset,
                       uint8_t *wide)
{
    /* activations keep their sign, and sums have 32 bits */
    (void)panels, (void)in, (void)wide;
    memset(offset + first * PANEL, 0, (size_t)(last - first) * PANEL * sizeof *offset);
}

#endif
