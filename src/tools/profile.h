/* Where the time goes: a table of kernels that times those of another one, by their shapes. */
#ifndef VQA_TOOLS_PROFILE_H
#define VQA_TOOLS_PROFILE_H

#include "kernels/kernels.h"

enum { PROFILE_LINES = 128 };

/* All calls of one kernel with one shape. */
typedef struct {
    const char *kernel;
    int rows, in, out; /* of a product; a kernel that takes a row has only `in`, its values */
    double ms;         /* of all threads together */
    double work;       /* operations, two for each product and its sum; else values */
} profile_line;

typedef struct {
    int count;
    profile_line line[PROFILE_LINES]; /* shapes beyond that many are left out */
} profile;

/* `k` with clocks around products, quantization, norms and softmax; activations are part of the
 * products that they end. There is one such table at a time, for any number of threads. */
const kernels *profile_kernels(const kernels *k);

/* What its kernels have done since the last call, the longest first. */
profile profile_take(void);

/* Print it as a table, for `threads` threads that had `ms` milliseconds each; "other" is what the
 * kernels did not take. */
void profile_print(const profile *p, double ms, int threads);

#endif
