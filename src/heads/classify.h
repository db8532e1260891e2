/* Logits to the best answers with their probabilities. */
#ifndef VQA_HEADS_CLASSIFY_H
#define VQA_HEADS_CLASSIFY_H

#include "core/tensor.h"
#include "heads/answer.h"
#include "kernels/kernels.h"

typedef enum {
    CLASSIFY_SOFTMAX, /* one answer is right: probabilities add up to 1 */
    CLASSIFY_SIGMOID, /* each answer for itself, as VQA v2 models are trained */
} classify_scores;

/* scores: [1, answers] holds the logits and becomes probabilities. */
void classify_probabilities(const kernels *k, classify_scores how, tensor scores);

/* The best answers first, equal ones by their place, out of `among` [count] (NULL: 0..count-1).
 * best: [top_k]. Returns how many there are: the smaller of top_k and count. */
int classify_best(tensor scores, const int *among, int count, int top_k, answer *best);

#endif
