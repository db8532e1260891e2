/* The integer products of this build, for the tables of simd.c: relaxed.c where the instructions
 * are, else pairs.c. */
#ifndef VQA_KERNELS_INTEGERS_H
#define VQA_KERNELS_INTEGERS_H

#include "kernels/kernels.h"

void integers_matmul_q8(const quantized_rows *x, const q8_matrix *w, const product *p, int first,
                        int last);
void integers_matmul_q4(const quantized_rows *x, const q4_matrix *w, const product *p, int first,
                        int last);
void integers_facts_q8(const int8_t *panels, int in, int first, int last, int32_t *offset,
                       uint8_t *wide);

#if Q8_RUN == 4
/* integers_matmul_q8 with one instruction for a product and its sum, which is faster on some
 * processors. */
void integers_matmul_q8_at_once(const quantized_rows *x, const q8_matrix *w, const product *p,
                                int first, int last);
#endif

#endif
