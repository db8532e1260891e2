/* The table that simd.c fills; callers take kernels_best(). */
#ifndef VQA_KERNELS_SIMD_H
#define VQA_KERNELS_SIMD_H

#include "kernels/kernels.h"

const kernels *kernels_simd(void);

#endif
