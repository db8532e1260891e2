/* Which tensors are quantized, and to how many bits. */
#ifndef VQA_QUANT_PRECISION_H
#define VQA_QUANT_PRECISION_H

/* What becomes of tensors that come as floats. */
typedef enum { KEEP_AS_STORED, QUANTIZE_Q8, QUANTIZE_Q4 } precision;

enum { BITS_FLOAT = 32 };

/* The bits of a value of the tensor of that name, rank and row length: BITS_FLOAT, 8, 6 or 4.
 * Matrices called "...weight" are quantized, but not position and token-type tables, which are small.
 * In q4 the layers that the answer hangs on most, by measurement (values and outputs of attention,
 * poolers, projections, classifiers), have 6 bits; rows that are no multiple of eight have 8. */
int precision_bits(precision keep, const char *name, int rank, int cols);

#endif
