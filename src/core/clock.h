/* The clock for measuring. */
#ifndef VQA_CORE_CLOCK_H
#define VQA_CORE_CLOCK_H

#include <time.h>

/* Milliseconds since some moment; only differences tell anything. Browsers tell 0.005 to 1 ms apart. */
static inline double clock_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

#endif
