/* Rounding weights so that their sum is kept. Inputs of a layer often have a mean: neighbouring
 * pixels are alike, GELU's outputs are mostly positive. Against such inputs the errors of plain
 * rounding add up at random; here those of a run of weights cancel, at the price of a few weights
 * that are rounded the other way, those that were nearest to a half. */
#ifndef VQA_QUANT_ROUNDING_H
#define VQA_QUANT_ROUNDING_H

enum { ROUNDING_RUN = 64 }; /* weights whose sum is kept, at most */

/* Round exact [n] to whole numbers least..most. `step` is what one of them is worth; *debt (start
 * with 0) carries what the sum still lacks from run to run of a row. n: 1..ROUNDING_RUN. */
void rounding_keep_sum(const float *exact, int n, int least, int most, float step, float *debt,
                       int *rounded);

#endif
