/* What web/bench/kernels.js times: the kernels of this build, and bare instructions to compare them
 * with. */
#ifndef VQA_TESTS_BENCH_LOOPS_H
#define VQA_TESTS_BENCH_LOOPS_H

#include <stdbool.h>

/* The instructions that products are made of. */
typedef enum {
    MIX_F32,     /* f32x4.mul, f32x4.add */
    MIX_PAIRS,   /* i16x8.extend of both operands, i32x4.dot_i16x8, i32x4.add */
    MIX_WORDS,   /* the same with inputs of 16 bits; no kernel */
    MIX_STEPS,   /* i16x8.relaxed_dot twice, i16x8.add, i32x4.dot_i16x8 with ones, i32x4.add */
    MIX_AT_ONCE, /* i32x4.relaxed_dot_add */
    MIX_NIBBLES, /* unpacked, then i16x8.relaxed_dot and i16x8.add, or those of MIX_PAIRS */
    MIX_NONE,    /* no product */
} mix;

typedef enum { LOOP_KERNEL, LOOP_REGISTERS, LOOP_TILE } loop_kind;

typedef struct {
    loop_kind kind;
    const char *name; /* of the kernel, else "" */
    char shape[40];   /* "rows x in x out", or the values of a row */
    mix mix;
    double
        work; /* of one round: operations, two for each product and its sum; of MIX_NONE: values */
} loop;

/* Kernels with the shapes of ViLT. kernel_run() does `rounds` rounds of the work of kernel_loops()[i]
 * that kernel_prepare() was called for last; kernel_check() says whether it gives what
 * kernels_scalar() gives. */
int kernel_count(void);
loop kernel_loop(int i);
void kernel_prepare(int i);
void kernel_run(int i, int rounds);
bool kernel_check(int i);

/* The machine's peaks: for each mix of this build, with operands in registers, and as a tile whose
 * operands are in the nearest cache. Natively only those of MIX_F32: the others are WebAssembly's. */
int peak_count(void);
loop peak_loop(int i);
void peak_run(int i, int rounds);

#endif
