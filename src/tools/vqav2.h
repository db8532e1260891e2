/* VQA v2 (Goyal et al. 2017): its official files of questions and annotations, and its metric. */
#ifndef VQA_TOOLS_VQAV2_H
#define VQA_TOOLS_VQAV2_H

#include "tools/questions.h"

enum { VQAV2_ANSWER_SIZE = 512 };

/* An answer as the official evaluation compares it: in lower case, without articles, number words as digits,
 * contractions with their apostrophe, punctuation other than apostrophes and colons left out (beside a
 * space, or where there is a comma between digits) or a space instead, full stops only before digits.
 * Longer ones are cut. */
void vqav2_normalize(const char *answer, char normal[VQAV2_ANSWER_SIZE]);

/* What an answer counts, 0..1: min(n / 3, 1) for the n people who gave it too, averaged over all sets that
 * leave one of the people out. "answers" of the annotation has a text "answer" of each; where all of them
 * gave the same, that is compared as it stands. */
bool vqav2_score(const char *answer, const cJSON *annotation, double *score, error *err);

/* Hand on each question of the file `questions`, with its annotation as the record, until take() returns
 * false with a sentence. Pictures are called as in COCO: COCO_val2014_000000262148.jpg. */
bool vqav2_each(const char *questions, const char *annotations, const archive *pictures,
                bool (*take)(void *context, const picture_question *q, error *err), void *context,
                error *err);

#endif
