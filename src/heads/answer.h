/* What a head gives: which answer, and how much it is worth. */
#ifndef VQA_HEADS_ANSWER_H
#define VQA_HEADS_ANSWER_H

typedef struct {
    int index;   /* of the label; regression: of the output */
    float score; /* a probability 0..1; regression: the value */
} answer;

#endif
