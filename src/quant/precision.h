/* Which tensors are quantized, and to how many bits. */
#ifndef VQA_QUANT_PRECISION_H
#define VQA_QUANT_PRECISION_H

/* What becomes of tensors that come as floats. */
typedef enum { KEEP_AS_STORED, QUANTIZE_Q8, QUANTIZE_Q4 } precision;

enum { BITS_FLOAT = 32, BITS_HALF = 16 }; /* both are floats in memory */

/* The bits of a value of the tensor of that name, rank and row length. Matrices called "...weight"
 * are quantized, but not position and token-type tables, which are small. What is finer than the
 * rest was found by measurement on ViLT: the first layers of the head (half floats, 8 bits in q4),
 * and in q4 values and outputs of attention, projections and classifiers (6) and the first layers
 * (5), and the products with the state of a recurrent layer, which carries its errors on (6). Rows that
 * are no multiple of eight have 8. Convolutions of fewer than 32 inputs an output stay floats:
 * depthwise ones, which have few weights. */
int precision_bits(precision keep, const char *name, int rank, int cols);

#endif
