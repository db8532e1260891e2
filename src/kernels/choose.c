#include "kernels/kernels.h"
#include "kernels/simd.h"

#ifdef __wasm_relaxed_simd__

#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <wasm_simd128.h>

/* Which of relaxed.c's ways is faster is the processor's and the browser's affair, so the bare
 * instructions are timed, each for the same number of products: in straight lines, which run alike
 * before and after the browser optimises. */

#define EIGHT(step) step(0) step(1) step(2) step(3) step(0) step(1) step(2) step(3)
#define SUMS        wasm_i32x4_splat(1), wasm_i32x4_splat(2), wasm_i32x4_splat(3), wasm_i32x4_splat(4)

static v128_t at_once(int rounds, v128_t u)
{
    v128_t sum[4] = { SUMS };
#define STEP(i)                                                                                    \
    sum[i] = wasm_i32x4_relaxed_dot_i8x16_i7x16_add(sum[(i + 1) % 4], u, sum[i]);                  \
    sum[i] = wasm_i32x4_relaxed_dot_i8x16_i7x16_add(sum[(i + 2) % 4], u, sum[i]);
    for (int i = 0; i < rounds; i++) { EIGHT(STEP) }
#undef STEP
    return wasm_v128_xor(wasm_v128_xor(sum[0], sum[1]), wasm_v128_xor(sum[2], sum[3]));
}

static v128_t in_steps(int rounds, v128_t u)
{
    v128_t sum[4] = { SUMS }, ones = wasm_i16x8_splat(1);
#define STEP(i)                                                                                    \
    sum[i] = wasm_i32x4_add(                                                                       \
        sum[i], wasm_i32x4_dot_i16x8(                                                              \
                    wasm_i16x8_add(wasm_i16x8_relaxed_dot_i8x16_i7x16(sum[(i + 1) % 4], u),        \
                                   wasm_i16x8_relaxed_dot_i8x16_i7x16(sum[(i + 2) % 4], u)),       \
                    ones));
    for (int i = 0; i < rounds; i++) { EIGHT(STEP) }
#undef STEP
    return wasm_v128_xor(wasm_v128_xor(sum[0], sum[1]), wasm_v128_xor(sum[2], sum[3]));
}

static double milliseconds(v128_t (*way)(int, v128_t), int rounds)
{
    struct timespec begin, end;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    volatile v128_t kept = way(rounds, wasm_i8x16_splat((int8_t)(rounds & 63)));
    clock_gettime(CLOCK_MONOTONIC, &end);
    (void)kept; /* computed: it could be looked at */
    return 1e3 * (double)(end.tv_sec - begin.tv_sec) + 1e-6 * (double)(end.tv_nsec - begin.tv_nsec);
}

/* The least of three: other programs take their time in between. */
static double least_milliseconds(v128_t (*way)(int, v128_t), int rounds)
{
    double least = milliseconds(way, rounds);
    for (int i = 0; i < 2; i++) {
        double again = milliseconds(way, rounds);
        if (again < least) least = again;
    }
    return least;
}

/* Clocks of browsers tell 0.005 to 1 ms apart. */
static bool at_once_is_faster(void)
{
    double steps = 0;
    int rounds = 10000;
    for (; rounds < 1000000 && steps < 1; rounds *= 2)
        steps = least_milliseconds(in_steps, rounds * 2);
    return least_milliseconds(at_once, rounds) < 0.8 * steps;
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
