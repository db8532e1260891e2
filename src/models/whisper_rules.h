/* Which tokens may follow, by the rules of Whisper's generation. */
#ifndef VQA_MODELS_WHISPER_RULES_H
#define VQA_MODELS_WHISPER_RULES_H

#include "kernels/kernels.h"
#include "models/whisper_settings.h"

/* Take the tokens out that must not follow: their logits become -INFINITY.
 *   tokens  [count] behind the prompt so far
 *   logits  [vocabulary], of what comes next
 *   room    [vocabulary], for numbers in between
 * Always what suppress_tokens lists, first what begin_suppress_tokens does. With timestamps (Hugging Face's
 * WhisperTimeStampLogitsProcessor): text begins with one, at most max_initial_timestamp_index; one that ends
 * a segment comes in a pair with the next segment's, or before the end of the text; they don't run backwards;
 * and where all of them together are likelier than any other token, one of them comes. */
void whisper_rules(const kernels *k, const whisper_settings *s, bool timestamps, const int *tokens,
                   int count, float *logits, float *room);

/* ln(sum exp x) over n values, -INFINITY where all are that; room: [n]. */
double whisper_log_sum(const kernels *k, const float *x, int n, float *room);

/* The place of the largest of n values, the first of equals. */
int whisper_largest(const float *x, int n);

#endif
