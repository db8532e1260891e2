/* The answers that a caller gives to choose from. */
#ifndef VQA_CHOICES_H
#define VQA_CHOICES_H

#include <cjson/cJSON.h>
#include <stddef.h>

#include "core/error.h"

typedef struct {
    char *block;       /* owns the texts */
    const char **text; /* [count], terminated */
    int count;
} choices;

/* Copy a list of UTF-8 texts, each ended by a zero byte; refuses, with a sentence, an empty list or
 * text, one of more than VQA_MAX_QUESTION bytes, and more than VQA_MAX_CHOICES. Give it back with
 * choices_free(). */
bool choices_read(choices *c, const char *list, size_t size, error *err);
void choices_free(choices *c);

/* The indices of the labels (texts) that the choices name, in any ASCII letter case: [count], for
 * the caller to free(); NULL and a sentence where a choice is no label or stands twice. */
int *choices_labels(const choices *c, const cJSON *labels, error *err);

/* The text that asks a model whether `choice` is right: the question with the choice in place of
 * "{}", "question: <question> answer: <choice>" where it has none, the choice alone where it is
 * empty (as in "How Much Can CLIP Benefit Vision-and-Language Tasks?", Shen et al. 2021, and in the
 * prompts of the CLIP paper). For the caller to free(), with its size; NULL without memory. */
char *choices_prompt(const char *question, size_t question_size, const char *choice, size_t *size);

#endif
