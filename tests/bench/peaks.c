#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "kernels/vector.h"
#include "loops.h"

enum { INPUTS = 256 }; /* of a tile */

static float floats[TILE_F32 * INPUTS], float_panel[INPUTS * PANEL];

/* ---- operands in registers: what is multiplied are sums, so that nothing can be left out ---- */

enum { UNROLLED = 4 };

static v128_t kept[2 * TILE_F32]; /* so that nothing is left out */

/* So many sums keep the units busy while a sum waits for its operands, and still fit in registers. */
enum { SUMS_F32 = 12, SUMS_INTEGER = 10 };

/* A function of that name: UNROLLED times sum[i] = NEW_SUM(i) in a round. `u` is unknown to the
 * compiler. */
#define IN_REGISTERS(function, count, NEW_SUM)                                                     \
    static void function(int rounds)                                                               \
    {                                                                                              \
        enum { SUMS = count };                                                                     \
        v128_t sum[SUMS], u = load(floats);                                                        \
        for (int i = 0; i < SUMS; i++) sum[i] = SPLAT((float)(i + 1));                             \
        for (; rounds > 0; rounds--)                                                               \
            for (int again = 0; again < UNROLLED; again++)                                         \
                for (int i = 0; i < SUMS; i++) sum[i] = NEW_SUM(i);                                \
        for (int i = 0; i < SUMS; i++) kept[1] = wasm_v128_xor(kept[1], sum[i]);                   \
    }

#define NEXT(i)       sum[((i) + 1) % SUMS]
#define AFTER_NEXT(i) sum[((i) + 2) % SUMS]

#define SUM_F32(i) ADD(MUL(sum[i], u), u)
IN_REGISTERS(registers_f32, SUMS_F32, SUM_F32)

/* ---- a tile: rows of inputs times a panel of outputs, both in the nearest cache ---- */

INLINED void keep(int rows, v128_t sum[2][TILE_F32])
{
    for (int half = 0; half < 2; half++)
        for (int r = 0; r < rows; r++) {
            v128_t *to = &kept[half * TILE_F32 + r];
            *to = wasm_v128_xor(*to, sum[half][r]);
        }
    __asm__ volatile("" ::: "memory"); /* the next round is not this one */
}

#define NO_SUMS(sum, rows)                                                                         \
    v128_t sum[2][TILE_F32];                                                                       \
    for (int half = 0; half < 2; half++)                                                           \
        for (int r = 0; r < (rows); r++) sum[half][r] = wasm_i32x4_splat(0)

static void tile_f32(int rounds)
{
    for (; rounds > 0; rounds--) {
        NO_SUMS(sum, TILE_F32);
        for (int k = 0; k < INPUTS; k++)
            for (int r = 0; r < TILE_F32; r++) {
                v128_t value = wasm_v128_load32_splat(floats + r * INPUTS + k);
                for (int half = 0; half < 2; half++)
                    sum[half][r] =
                        ADD(sum[half][r], MUL(value, load(float_panel + k * PANEL + half * 4)));
            }
        keep(TILE_F32, sum);
    }
}

#ifdef __wasm__

static uint8_t bytes[TILE_INTEGER * INPUTS];
static int8_t byte_panel[INPUTS * PANEL];

#define EXTEND_LOW(x)        wasm_i16x8_extend_low_i8x16(x)
#define EXTEND_HIGH(x)       wasm_i16x8_extend_high_i8x16(x)
#define DOT_PAIRS(a, b, sum) wasm_i32x4_add(sum, wasm_i32x4_dot_i16x8(a, b))

#ifndef __wasm_relaxed_simd__

#define SUM_PAIRS(i) DOT_PAIRS(NEXT(i), u, sum[i])
IN_REGISTERS(registers_pairs, SUMS_INTEGER, SUM_PAIRS)

#define INPUT_PAIR(r, pair) wasm_i32x4_shuffle(inputs[r], inputs[r], pair, pair, pair, pair)

/* Two inputs of every row and output; `pair` is a constant. */
#define ADD_PAIR(weights, pair)                                                                    \
    do {                                                                                           \
        v128_t low = EXTEND_LOW(weights), high = EXTEND_HIGH(weights);                             \
        for (int r = 0; r < TILE_INTEGER; r++) {                                                   \
            sum[0][r] = DOT_PAIRS(INPUT_PAIR(r, pair), low, sum[0][r]);                            \
            sum[1][r] = DOT_PAIRS(INPUT_PAIR(r, pair), high, sum[1][r]);                           \
        }                                                                                          \
    } while (0)

#define LOAD_INPUTS(k)                                                                             \
    v128_t inputs[TILE_INTEGER];                                                                   \
    for (int r = 0; r < TILE_INTEGER; r++) inputs[r] = wasm_u16x8_load8x8(bytes + r * INPUTS + (k))

static void tile_pairs(int rounds)
{
    for (; rounds > 0; rounds--) {
        NO_SUMS(sum, TILE_INTEGER);
        for (int k = 0; k < INPUTS; k += 8) {
            const int8_t *w = byte_panel + k * PANEL;
            LOAD_INPUTS(k);
            ADD_PAIR(load(w), 0);
            ADD_PAIR(load(w + 16), 1);
            ADD_PAIR(load(w + 32), 2);
            ADD_PAIR(load(w + 48), 3);
        }
        keep(TILE_INTEGER, sum);
    }
}

/* The same with inputs that have 16 bits in memory: nothing is spread from lane to lane. */
static void tile_words(int rounds)
{
    const uint8_t *words = (const uint8_t *)floats; /* rows of INPUTS of 16 bits */
    for (; rounds > 0; rounds--) {
        NO_SUMS(sum, TILE_INTEGER);
        for (int k = 0; k < INPUTS; k += 2)
            for (int half = 0; half < 2; half++) {
                v128_t w = wasm_i16x8_load8x8(byte_panel + k * PANEL + half * 8);
                for (int r = 0; r < TILE_INTEGER; r++) {
                    v128_t pair = wasm_v128_load32_splat(words + 2 * (r * INPUTS + k));
                    sum[half][r] = DOT_PAIRS(pair, w, sum[half][r]);
                }
            }
        keep(TILE_INTEGER, sum);
    }
}

/* 2 n - 15 */
#define LEVEL(n) wasm_i8x16_sub(wasm_i8x16_add(n, n), wasm_i8x16_splat(15))
#define LOW(x)   LEVEL(wasm_v128_and(x, wasm_i8x16_splat(15)))
#define HIGH(x)  LEVEL(wasm_u8x16_shr(x, 4))

static void tile_nibbles(int rounds)
{
    for (; rounds > 0; rounds--) {
        NO_SUMS(sum, TILE_INTEGER);
        for (int k = 0; k < INPUTS; k += 8) {
            v128_t one = load(byte_panel + k * PANEL / 2),
                   two = load(byte_panel + k * PANEL / 2 + 16);
            LOAD_INPUTS(k);
            ADD_PAIR(LOW(one), 0);
            ADD_PAIR(HIGH(one), 1);
            ADD_PAIR(LOW(two), 2);
            ADD_PAIR(HIGH(two), 3);
        }
        keep(TILE_INTEGER, sum);
    }
}

#else

#define DOT(a, b)     wasm_i16x8_relaxed_dot_i8x16_i7x16(a, b)
#define WIDENED(sums) wasm_i32x4_dot_i16x8(sums, wasm_i16x8_splat(1))

#define SUM_STEPS(i)                                                                               \
    wasm_i32x4_add(sum[i], WIDENED(wasm_i16x8_add(DOT(NEXT(i), u), DOT(AFTER_NEXT(i), u))))
#define SUM_AT_ONCE(i) wasm_i32x4_relaxed_dot_i8x16_i7x16_add(NEXT(i), u, sum[i])
#define SUM_NIBBLES(i) wasm_i16x8_add(sum[i], DOT(NEXT(i), u))
IN_REGISTERS(registers_steps, SUMS_INTEGER, SUM_STEPS)
IN_REGISTERS(registers_at_once, SUMS_INTEGER, SUM_AT_ONCE)
IN_REGISTERS(registers_nibbles, SUMS_INTEGER, SUM_NIBBLES)

static v128_t four_inputs(int row, int k)
{
    return wasm_v128_load32_splat(bytes + row * INPUTS + k);
}

static void tile_steps(int rounds)
{
    for (; rounds > 0; rounds--) {
        NO_SUMS(sum, TILE_INTEGER);
        for (int k = 0; k < INPUTS; k += 8)
            for (int half = 0; half < 2; half++) {
                const int8_t *w = byte_panel + k * PANEL + half * 16;
                v128_t one = load(w), other = load(w + 4 * PANEL);
                for (int r = 0; r < TILE_INTEGER; r++)
                    sum[half][r] = wasm_i32x4_add(
                        sum[half][r], WIDENED(wasm_i16x8_add(DOT(one, four_inputs(r, k)),
                                                             DOT(other, four_inputs(r, k + 4)))));
            }
        keep(TILE_INTEGER, sum);
    }
}

static void tile_at_once(int rounds)
{
    for (; rounds > 0; rounds--) {
        NO_SUMS(sum, TILE_INTEGER);
        for (int k = 0; k < INPUTS; k += 4)
            for (int half = 0; half < 2; half++) {
                v128_t w = load(byte_panel + k * PANEL + half * 16);
                for (int r = 0; r < TILE_INTEGER; r++)
                    sum[half][r] =
                        wasm_i32x4_relaxed_dot_i8x16_i7x16_add(w, four_inputs(r, k), sum[half][r]);
            }
        keep(TILE_INTEGER, sum);
    }
}

static void tile_nibbles(int rounds)
{
    for (; rounds > 0; rounds--) {
        NO_SUMS(sum, TILE_INTEGER);
        for (int begin = 0; begin < INPUTS; begin += 64) {
            NO_SUMS(narrow, TILE_INTEGER);
            for (int k = begin; k < begin + 64; k += 8)
                for (int half = 0; half < 2; half++) {
                    v128_t w = load(byte_panel + k * PANEL / 2 + half * 16);
                    v128_t low = wasm_v128_and(w, wasm_i8x16_splat(15)),
                           high = wasm_u8x16_shr(w, 4);
                    for (int r = 0; r < TILE_INTEGER; r++)
                        narrow[half][r] = wasm_i16x8_add(
                            narrow[half][r], wasm_i16x8_add(DOT(four_inputs(r, k), low),
                                                            DOT(four_inputs(r, k + 4), high)));
                }
            for (int half = 0; half < 2; half++)
                for (int r = 0; r < TILE_INTEGER; r++)
                    sum[half][r] = wasm_i32x4_add(sum[half][r], WIDENED(narrow[half][r]));
        }
        keep(TILE_INTEGER, sum);
    }
}

#endif
#endif

/* Products of a vector instruction or two, times what is unrolled. */
#define OF_REGISTERS(products, sums) (2.0 * (products) * (sums)*UNROLLED)
#define OF_TILE(rows)                (2.0 * (rows)*PANEL * INPUTS)

static const struct {
    loop_kind kind;
    mix mix;
    double work;
    void (*run)(int rounds);
} peaks[] = {
    { LOOP_REGISTERS, MIX_F32, OF_REGISTERS(4, SUMS_F32), registers_f32 },
    { LOOP_TILE, MIX_F32, OF_TILE(TILE_F32), tile_f32 },
#ifdef __wasm_relaxed_simd__
    { LOOP_REGISTERS, MIX_STEPS, OF_REGISTERS(32, SUMS_INTEGER), registers_steps },
    { LOOP_TILE, MIX_STEPS, OF_TILE(TILE_INTEGER), tile_steps },
    { LOOP_REGISTERS, MIX_AT_ONCE, OF_REGISTERS(16, SUMS_INTEGER), registers_at_once },
    { LOOP_TILE, MIX_AT_ONCE, OF_TILE(TILE_INTEGER), tile_at_once },
    { LOOP_REGISTERS, MIX_NIBBLES, OF_REGISTERS(16, SUMS_INTEGER), registers_nibbles },
    { LOOP_TILE, MIX_NIBBLES, OF_TILE(TILE_INTEGER), tile_nibbles },
#elif defined(__wasm__)
    { LOOP_REGISTERS, MIX_PAIRS, OF_REGISTERS(8, SUMS_INTEGER), registers_pairs },
    { LOOP_TILE, MIX_PAIRS, OF_TILE(TILE_INTEGER), tile_pairs },
    { LOOP_TILE, MIX_WORDS, OF_TILE(TILE_INTEGER), tile_words },
    { LOOP_TILE, MIX_NIBBLES, OF_TILE(TILE_INTEGER), tile_nibbles },
#endif
};

int peak_count(void) { return sizeof peaks / sizeof *peaks; }

loop peak_loop(int i)
{
    loop l = { .kind = peaks[i].kind, .name = "", .mix = peaks[i].mix, .work = peaks[i].work };
    int rows = l.mix == MIX_F32 ? TILE_F32 : TILE_INTEGER;
    if (l.kind == LOOP_TILE) snprintf(l.shape, sizeof l.shape, "%d x %d x %d", rows, INPUTS, PANEL);
    return l;
}

void peak_run(int i, int rounds)
{
    memset(floats, 0x3c, sizeof floats); /* so that the compiler does not know them to be zeros */
    memset(float_panel, 0x3c, sizeof float_panel);
#ifdef __wasm__
    memset(bytes, 1, sizeof bytes);
    memset(byte_panel, 1, sizeof byte_panel);
#endif
    peaks[i].run(rounds);
}
