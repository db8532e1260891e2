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

/* scores: [1, answers] holds the logits and becomes probabilities. best: [top_k], the best answers
 * first, equal ones by index. Returns how many there are: the smaller of top_k and answers. */
int classify_best(const kernels *k, classify_scores how, tensor scores, int top_k, answer *best);

#endif
