/* Outputs that are numbers themselves, not scores of labels (problem_type "regression"). */
#ifndef VQA_HEADS_REGRESS_H
#define VQA_HEADS_REGRESS_H

#include <stddef.h>

#include "core/tensor.h"
#include "heads/answer.h"

/* The first top_k values of `outputs` [1, n], in their own order. Returns how many. */
int regress_values(tensor outputs, int top_k, answer *values);

/* The value as text, four digits after the point at most: "3", "2.75". size: 64 holds
 * any. */
void regress_text(float value, char *text, size_t size);

#endif
