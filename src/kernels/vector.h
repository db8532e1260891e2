/* What the files with 128-bit SIMD share: the instructions, natively through SIMDe, and the end of
 * every matrix product. */
#ifndef VQA_KERNELS_VECTOR_H
#define VQA_KERNELS_VECTOR_H

#include <string.h>

#include "kernels/kernels.h"

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

/* For loops that must be compiled once for each constant they are called with. */
#define INLINED static inline __attribute__((always_inline))

static inline v128_t load(const void *x) { return wasm_v128_load(x); }

static inline void store(void *x, v128_t value) { wasm_v128_store(x, value); }

/* A tile: up to this many rows share a load of weights. 15 registers of x86 are the limit: more
 * sums than ten are kept in memory, at half the speed. */
enum { TILE_F32 = 5, TILE_INTEGER = 4 };

/* Values of a panel's outputs, zeros behind the last output; x may be NULL. */
static inline void load_outputs(const float *x, int outputs, v128_t *left, v128_t *right)
{
    if (x && outputs >= PANEL) {
        *left = load(x);
        *right = load(x + 4);
    } else {
        float eight[PANEL] = { 0 };
        if (x) memcpy(eight, x, (size_t)outputs * sizeof *x);
        *left = load(eight);
        *right = load(eight + 4);
    }
}

/* The end of a tile of `rows` rows from `row` on, whose sums with bias are `left` and `right`: four
 * outputs each of a panel. */
static inline void finish_tile(const product *p, int row, int rows, int panel, const v128_t *left,
                               const v128_t *right)
{
    float *y = p->y + (size_t)row * (size_t)p->y_stride + (size_t)panel * PANEL;
    int outputs = p->out - panel * PANEL;
    float values[TILE_F32 * PANEL];
    if (!p->activation && outputs >= PANEL) {
        for (int r = 0; r < rows; r++, y += p->y_stride) {
            store(y, p->add ? ADD(load(y), left[r]) : left[r]);
            store(y + 4, p->add ? ADD(load(y + 4), right[r]) : right[r]);
        }
        return;
    }
    for (int r = 0; r < rows; r++) {
        store(values + r * PANEL, left[r]);
        store(values + r * PANEL + 4, right[r]);
    }
    if (p->activation) p->activation(values, (size_t)rows * PANEL);
    for (int r = 0; r < rows; r++, y += p->y_stride) {
        const float *value = values + r * PANEL;
        if (outputs >= PANEL && !p->add)
            memcpy(y, value, PANEL * sizeof *y);
        else
            for (int j = 0; j < outputs && j < PANEL; j++)
                y[j] = p->add ? y[j] + value[j] : value[j];
    }
}

/* The scaled products of `rows` rows of x (row, row + step, ...) and a panel of W, without bias:
 * four outputs each in left[] and right[]. `rows` is a constant wherever such a function is inlined.
 */
typedef void tile_products(const quantized_rows *x, int row, int step, int rows, const void *w,
                           int panel, int outputs, v128_t *left, v128_t *right);

/* matmul_q8 and matmul_q4. */
INLINED void multiply_integers(tile_products *tile, const quantized_rows *x, const void *w,
                               const product *p, int first, int last)
{
    for (int panel = first; panel < last; panel++) {
        int outputs = p->out - panel * PANEL, done;
        v128_t left[TILE_INTEGER], right[TILE_INTEGER], bias_left, bias_right;
        load_outputs(p->bias ? p->bias + panel * PANEL : NULL, outputs, &bias_left, &bias_right);
        for (int row = 0; row < x->rows; row += done) {
            bool finest = row == x->finest; /* goes with its remainder */
            int step = finest ? x->rows - row : 1,
                count = (row < x->finest ? x->finest : x->rows) - row;
            if (finest || (count > 1 && count < 4))
                tile(x, row, step, count = 2, w, panel, outputs, left, right);
            else if (count == 1)
                tile(x, row, step, 1, w, panel, outputs, left, right);
            else
                tile(x, row, step, count = 4, w, panel, outputs, left, right);
            done = finest ? 1 : count;
            for (int r = 0; r < done; r++) {
                left[r] = ADD(left[r], bias_left);
                right[r] = ADD(right[r], bias_right);
            }
            if (finest) {
                left[0] = ADD(left[0], left[1]);
                right[0] = ADD(right[0], right[1]);
            }
            finish_tile(p, row, done, panel, left, right);
        }
    }
}

#endif
