/* Integer products with relaxed SIMD: eight sums of two products at once, of weights in -128..127
 * and activations in 1..127 (natively pmaddubsw). In these ranges they are exact on every processor.
 *
 * Two ways to add them up, with the same integers. Four products of a block that is not wide (see
 * q8_matrix) fit 16 bits, so two vectors of sums become one before they are widened: the faster way
 * where there is no instruction that does all at once. Where there is one (ARM's sdot, x86's AVX-VNNI)
 * i32x4.relaxed_dot_i8x16_i7x16_add should win. kernels_best() measures. */
#include "kernels/integers.h"

#if Q8_RUN == 4

#include "kernels/panel.h"
#include "kernels/vector.h"

#ifdef __wasm__
#define DOT(a, b)        wasm_i16x8_relaxed_dot_i8x16_i7x16(a, b)
#define DOT_ADD(a, b, c) wasm_i32x4_relaxed_dot_i8x16_i7x16_add(a, b, c)
#else
#include <simde/x86/ssse3.h>

/* a: signed bytes, b: bytes in 0..127. */
static inline v128_t DOT(v128_t a, v128_t b)
{
    simde__m128i x, y, z;
    v128_t sums;
    memcpy(&x, &a, sizeof x);
    memcpy(&y, &b, sizeof y);
    z = simde_mm_maddubs_epi16(y, x);
    memcpy(&sums, &z, sizeof sums);
    return sums;
}
#endif

/* The four sums, with the pairs of words added. */
static inline v128_t add_pairs(v128_t sums, v128_t words)
{
    return wasm_i32x4_add(sums, wasm_i32x4_extadd_pairwise_i16x8(words));
}

/* Nothing that was loaded before counts as loaded here. Otherwise the compiler would load the runs of all
 * rows first and keep them in registers that are too few: a tenth of the speed. */
#define FORGET_LOADS() __asm__ volatile("" ::: "memory")

#ifndef DOT_ADD
#define DOT_ADD(a, b, c) add_pairs(c, DOT(a, b))
#endif

/* One run of a row's inputs: the same four bytes in all lanes. */
static inline v128_t run_of(const void *row) { return wasm_v128_load32_splat(row); }

/* How products are added up. */
typedef enum { NARROW, WIDE, AT_ONCE } way;

/* sum[half][r] += u w for the inputs begin..end-1 of `rows` rows, `stride` bytes apart, and for both
 * halves of a panel. */
INLINED void add_products(way how, const uint8_t *u, size_t stride, int rows, const int8_t *w,
                          int begin, int end, v128_t sum[2][TILE_INTEGER])
{
    for (int k = begin; k < end; k += 2 * Q8_RUN) {
        FORGET_LOADS();
        const int8_t *at = w + (size_t)k * PANEL;
        const v128_t one[2] = { load(at), load(at + 16) },
                     other[2] = { load(at + Q8_RUN * PANEL), load(at + Q8_RUN * PANEL + 16) };
        for (int r = 0; r < rows; r++) {
            FORGET_LOADS();
            const uint8_t *row = u + (size_t)r * stride + k;
            v128_t u_one = run_of(row), u_other = run_of(row + Q8_RUN);
            for (int half = 0; half < 2; half++) {
                v128_t *to = &sum[half][r];
                if (how == NARROW)
                    *to = add_pairs(
                        *to, wasm_i16x8_add(DOT(one[half], u_one), DOT(other[half], u_other)));
                else if (how == WIDE)
                    *to =
                        add_pairs(add_pairs(*to, DOT(one[half], u_one)), DOT(other[half], u_other));
                else
                    *to = DOT_ADD(other[half], u_other, DOT_ADD(one[half], u_one, *to));
            }
        }
    }
}

INLINED void tile_q8(bool at_once, const quantized_rows *x, int row, int step, int rows,
                     const q8_matrix *w, int panel, int outputs, v128_t *left, v128_t *right)
{
    size_t in = (size_t)x->in, stride = (size_t)step * in;
    const uint8_t *u = x->u + (size_t)row * in;
    const int8_t *weights = w->panels + (size_t)panel * PANEL * in;
    const uint8_t *wide = w->wide + (size_t)panel * (size_t)q8_blocks(x->in);
    const int32_t *offset = w->offset + (size_t)panel * PANEL;
    v128_t sum[2][TILE_INTEGER], scale_left, scale_right;
    for (int half = 0; half < 2; half++)
        for (int r = 0; r < rows; r++) sum[half][r] = load(offset + half * 4);
    if (at_once)
        add_products(AT_ONCE, u, stride, rows, weights, 0, x->in, sum);
    else
        for (int begin = 0; begin < x->in; begin += Q8_BLOCK, wide++) {
            int end = x->in - begin < Q8_BLOCK ? x->in : begin + Q8_BLOCK;
            if (*wide)
                add_products(WIDE, u, stride, rows, weights, begin, end, sum);
            else
                add_products(NARROW, u, stride, rows, weights, begin, end, sum);
        }
    load_outputs(w->scale + (size_t)panel * PANEL, outputs, &scale_left, &scale_right);
    for (int r = 0; r < rows; r++) {
        v128_t scale = SPLAT(x->scale[row + r * step]);
        left[r] = MUL(wasm_f32x4_convert_i32x4(sum[0][r]), MUL(scale, scale_left));
        right[r] = MUL(wasm_f32x4_convert_i32x4(sum[1][r]), MUL(scale, scale_right));
    }
}

/* Products of activations in -63..63 and nibbles: sixteen sums of two fit 16 bits, half a group.
 * 2 n - 15 comes in at the end: sum(q (2 n - 15)) = 2 sum(q n) - 15 sum(q). */
enum { NIBBLE_RUNS = 16 };
_Static_assert(NIBBLE_RUNS * 2 * Q8_MAX * (Q4_LEVELS - 1) <= INT16_MAX, "sums fit 16 bits");
_Static_assert(Q4_GROUP % (NIBBLE_RUNS * Q8_RUN) == 0, "a group is whole sums");

INLINED void tile_q4(const quantized_rows *x, int row, int step, int rows, const void *matrix,
                     int panel, int outputs, v128_t *left, v128_t *right)
{
    (void)outputs;
    const q4_matrix *w = matrix;
    size_t in = (size_t)x->in, stride = (size_t)step * in, groups = in / Q4_GROUP;
    const int8_t *q = x->q + (size_t)row * in;
    const uint8_t *weights = w->panels + (size_t)panel * PANEL * in / 2;
    const float *scale = w->scale + (size_t)panel * PANEL * groups;
    v128_t *const total[2] = { left, right };
    volatile int8_t mask = 15; /* a constant that V8 knows it builds anew for each use */
    v128_t nibble = wasm_i8x16_splat(mask);
    for (int r = 0; r < rows; r++) left[r] = right[r] = SPLAT(0.0f);
    for (size_t g = 0; g < groups; g++, scale += PANEL) {
        v128_t sum[2][TILE_INTEGER];
        for (int half = 0; half < 2; half++)
            for (int r = 0; r < rows; r++) sum[half][r] = wasm_i32x4_splat(0);
        for (int part = 0; part < Q4_GROUP; part += NIBBLE_RUNS * Q8_RUN) {
            v128_t narrow[2][TILE_INTEGER];
            for (int half = 0; half < 2; half++)
                for (int r = 0; r < rows; r++) narrow[half][r] = wasm_i16x8_splat(0);
            for (int k = 0; k < NIBBLE_RUNS * Q8_RUN; k += 2 * Q8_RUN, q += 2 * Q8_RUN) {
                FORGET_LOADS();
                v128_t low[2], high[2];
                for (int half = 0; half < 2; half++, weights += 16) {
                    v128_t pairs = load(weights);
                    low[half] = wasm_v128_and(pairs, nibble);
                    high[half] = wasm_v128_and(wasm_u16x8_shr(pairs, 4), nibble);
                }
                for (int r = 0; r < rows; r++) {
                    FORGET_LOADS();
                    const int8_t *at = q + (size_t)r * stride;
                    v128_t q_low = run_of(at), q_high = run_of(at + Q8_RUN);
                    for (int half = 0; half < 2; half++) {
                        v128_t *to = &narrow[half][r];
                        *to = wasm_i16x8_add(*to, DOT(q_low, low[half]));
                        *to = wasm_i16x8_add(*to, DOT(q_high, high[half]));
                    }
                }
            }
            for (int half = 0; half < 2; half++)
                for (int r = 0; r < rows; r++)
                    sum[half][r] = add_pairs(sum[half][r], narrow[half][r]);
        }
        for (int half = 0; half < 2; half++)
            for (int r = 0; r < rows; r++) {
                int32_t of_group = x->sums[(size_t)(row + r * step) * groups + g];
                v128_t exact = wasm_i32x4_sub(wasm_i32x4_shl(sum[half][r], 1),
                                              wasm_i32x4_splat((Q4_LEVELS - 1) * of_group));
                total[half][r] = ADD(total[half][r],
                                     MUL(wasm_f32x4_convert_i32x4(exact), load(scale + half * 4)));
            }
    }
    for (int r = 0; r < rows; r++) {
        v128_t row_scale = SPLAT(x->scale[row + r * step]);
        left[r] = MUL(left[r], row_scale);
        right[r] = MUL(right[r], row_scale);
    }
}

INLINED void tile_q8_narrow(const quantized_rows *x, int row, int step, int rows, const void *w,
                            int panel, int outputs, v128_t *left, v128_t *right)
{
    tile_q8(false, x, row, step, rows, w, panel, outputs, left, right);
}

INLINED void tile_q8_at_once(const quantized_rows *x, int row, int step, int rows, const void *w,
                             int panel, int outputs, v128_t *left, v128_t *right)
{
    tile_q8(true, x, row, step, rows, w, panel, outputs, left, right);
}

void integers_matmul_q8(const quantized_rows *x, const q8_matrix *w, const product *p, int first,
                        int last)
{
    multiply_integers(tile_q8_narrow, x, w, p, first, last);
}

void integers_matmul_q8_at_once(const quantized_rows *x, const q8_matrix *w, const product *p,
                                int first, int last)
{
    multiply_integers(tile_q8_at_once, x, w, p, first, last);
}

void integers_matmul_q4(const quantized_rows *x, const q4_matrix *w, const product *p, int first,
                        int last)
{
    multiply_integers(tile_q4, x, w, p, first, last);
}

void integers_facts_q8(const int8_t *panels, int in, int first, int last, int32_t *offset,
                       uint8_t *wide)
{
    const v128_t zero = wasm_i32x4_splat(0), one = wasm_i8x16_splat(1);
    const v128_t limit = wasm_i16x8_splat(Q8_NARROW), minus = wasm_i32x4_splat(-Q8_OFFSET);
    wide += (size_t)first * (size_t)q8_blocks(in);
    for (int panel = first; panel < last; panel++) {
        const int8_t *at = panels + (size_t)panel * PANEL * (size_t)in;
        v128_t sum[2] = { zero, zero };
        for (int begin = 0; begin < in; begin += Q8_BLOCK) {
            int end = in - begin < Q8_BLOCK ? in : begin + Q8_BLOCK;
            v128_t above = zero; /* lanes where a limit is passed */
            for (int k = begin; k < end; k += 2 * Q8_RUN, at += 2 * Q8_RUN * PANEL)
                for (int half = 0; half < 2; half++) {
                    v128_t a = load(at + half * 16), b = load(at + half * 16 + Q8_RUN * PANEL);
                    v128_t plus = wasm_i16x8_add(DOT(wasm_i8x16_max(a, zero), one),
                                                 DOT(wasm_i8x16_max(b, zero), one));
                    v128_t less = wasm_i16x8_add(DOT(wasm_i8x16_min(a, zero), one),
                                                 DOT(wasm_i8x16_min(b, zero), one));
                    above = wasm_v128_or(above, wasm_i16x8_gt(plus, limit));
                    above = wasm_v128_or(above, wasm_i16x8_gt(wasm_i16x8_neg(less), limit));
                    sum[half] = add_pairs(sum[half], wasm_i16x8_add(plus, less));
                }
            *wide++ = wasm_v128_any_true(above);
        }
        for (int half = 0; half < 2; half++)
            store(offset + panel * PANEL + half * 4, wasm_i32x4_mul(sum[half], minus));
    }
}

#endif
