/* The tables that simd.c fills; callers take kernels_best(). */
#ifndef VQA_KERNELS_SIMD_H
#define VQA_KERNELS_SIMD_H

#include "kernels/kernels.h"

const kernels *kernels_simd(void);

#if Q8_RUN == 4
/* With the other q8 product of relaxed.c. */
const kernels *kernels_simd_at_once(void);
#endif

#endif
