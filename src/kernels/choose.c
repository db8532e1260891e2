#include "core/clock.h"
#include "kernels/kernels.h"
#include "kernels/simd.h"

#ifdef __wasm_relaxed_simd__

#include <stdbool.h>
#include <string.h>
#include <wasm_simd128.h>

/* Which of relaxed.c's ways is faster is the processor's and the browser's affair, so the bare
 * instructions are timed. They stand in straight lines and need few registers, so that they run alike
 * before and after the browser optimises; and no product waits for another. */

#define TIMES_8(step) step step step step step step step step

static v128_t at_once(int rounds, v128_t w, v128_t u)
{
    v128_t a = u, b = u, c = u, d = u, e = u, f = u, one = wasm_i8x16_splat(1);
#define STEP                                                                                       \
    a = wasm_i32x4_relaxed_dot_i8x16_i7x16_add(w, u, a);                                           \
    b = wasm_i32x4_relaxed_dot_i8x16_i7x16_add(w, u, b);                                           \
    c = wasm_i32x4_relaxed_dot_i8x16_i7x16_add(w, u, c);                                           \
    d = wasm_i32x4_relaxed_dot_i8x16_i7x16_add(w, u, d);                                           \
    e = wasm_i32x4_relaxed_dot_i8x16_i7x16_add(w, u, e);                                           \
    f = wasm_i32x4_relaxed_dot_i8x16_i7x16_add(w, u, f);                                           \
    w = wasm_i8x16_add(w, one);
    for (int i = 0; i < rounds; i++) { TIMES_8(STEP) TIMES_8(STEP) }
#undef STEP
    a = wasm_v128_xor(wasm_v128_xor(a, b), wasm_v128_xor(c, d));
    return wasm_v128_xor(a, wasm_v128_xor(e, f));
}

static v128_t in_steps(int rounds, v128_t w, v128_t u)
{
    v128_t a = u, b = w, ones = wasm_i16x8_splat(1);
#define ADD_FOUR(sum, left, right)                                                                 \
    sum = wasm_i32x4_add(                                                                          \
        sum, wasm_i32x4_dot_i16x8(wasm_i16x8_add(wasm_i16x8_relaxed_dot_i8x16_i7x16(w, left),      \
                                                 wasm_i16x8_relaxed_dot_i8x16_i7x16(w, right)),    \
                                  ones))
#define STEP                                                                                       \
    ADD_FOUR(a, u, ones);                                                                          \
    w = wasm_i8x16_add(w, ones);                                                                   \
    ADD_FOUR(b, ones, u);                                                                          \
    w = wasm_i8x16_add(w, u);                                                                      \
    ADD_FOUR(a, u, ones);                                                                          \
    w = wasm_i8x16_add(w, ones);
    for (int i = 0; i < rounds; i++) { TIMES_8(STEP) TIMES_8(STEP) }
#undef STEP
    return wasm_v128_xor(a, b);
}

static double milliseconds(v128_t (*way)(int, v128_t, v128_t), int rounds)
{
    static volatile int8_t operands[2] = { 3, 5 }; /* so that no result is known before */
    double begin = clock_now();
    v128_t w = wasm_i8x16_splat(operands[0]), u = wasm_i8x16_splat(operands[1]);
    volatile v128_t result = way(rounds, w, u);
    (void)result;
    return clock_now() - begin;
}

static double smaller(double a, double b) { return b < a ? b : a; }

/* By turns, and the least of three times counts: others use the processor too. The first round of each
 * goes to the browser's compiler. */
static bool at_once_is_faster(void)
{
    double once = milliseconds(at_once, 1), steps = milliseconds(in_steps, 1);
    for (int rounds = 16000; rounds < 1000000; rounds *= 2) {
        once = milliseconds(at_once, rounds), steps = milliseconds(in_steps, rounds);
        for (int i = 0; i < 2; i++) {
            once = smaller(once, milliseconds(at_once, rounds));
            steps = smaller(steps, milliseconds(in_steps, rounds));
        }
        if (smaller(once, steps) >= 0.4) break;
    }
    return once < 0.75 * steps;
}

/* Whether both ways have the same sums in a product of all tiles. V8 11.3 and 11.8 (12.4 does not)
 * compile i32x4.relaxed_dot_i8x16_i7x16_add wrongly for x64 until they optimise. */
static bool at_once_is_right(void)
{
    enum { ROWS = 7, IN = 2 * Q8_STEP };
    uint8_t u[(ROWS + 1) * IN];
    int8_t panel[PANEL * IN];
    float scale[PANEL], steps[ROWS * PANEL], once[ROWS * PANEL];
    const int32_t offset[PANEL] = { 0 };
    for (int i = 0; i < (ROWS + 1) * IN; i++) u[i] = (uint8_t)(1 + i * 29 % 127);
    for (int i = 0; i < PANEL * IN; i++) panel[i] = (int8_t)(i * 53 % 127 - 63);
    for (int i = 0; i < PANEL; i++) scale[i] = 1;
    const quantized_rows x = { .rows = ROWS, .in = IN, .u = u, .scale = scale, .finest = -1 };
    const q8_matrix w = { panel, scale, offset, &(uint8_t){ 0 } };
    product p = { .y = steps, .y_stride = PANEL, .out = PANEL };
    kernels_simd()->matmul_q8(&x, &w, &p, 0, 1);
    p.y = once;
    kernels_simd_at_once()->matmul_q8(&x, &w, &p, 0, 1);
    /* cppcheck-suppress uninitvar ; what the kernels write */
    return memcmp(steps, once, sizeof steps) == 0;
}

const kernels *kernels_best(void)
{
    static const kernels *best;
    if (!best)
        best = at_once_is_right() && at_once_is_faster() ? kernels_simd_at_once() : kernels_simd();
    return best;
}

#else

const kernels *kernels_best(void) { return kernels_simd(); }

#endif
