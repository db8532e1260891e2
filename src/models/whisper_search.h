/* The likeliest text of a window: beam search as transformers' BeamSearchScorer does it, with length_penalty
 * 1 and early_stopping false. One beam is the greedy way: always the likeliest token. */
#ifndef VQA_MODELS_WHISPER_SEARCH_H
#define VQA_MODELS_WHISPER_SEARCH_H

#include "models/whisper.h"

typedef struct {
    int *tokens; /* [count], behind the prompt and without the end; in the arena */
    int count;
    double score;   /* ln of its probability over its tokens, by which texts are ranked */
    double logprob; /* ln of its probability among the tokens that the rules allow: with the end */
} whisper_text;

/* Search on from where the prompt's last tokens, written by the one text of `h`, left `logits`
 * [beams, vocabulary], of which the first row is filled.
 *   most   tokens that a text may have, at least 1; they fit into the cache
 *   beams  1..TRANSCRIBE_MAX_BEAMS, for which `h` has sequences and rows
 *   out    takes whisper_search_cost() bytes, as much as `tmp` needs */
whisper_text whisper_search(whisper_hearing *h, tensor logits, bool timestamps, int beams, int most,
                            arena *out);
uint64_t whisper_search_cost(const whisper *w, int beams, int most);

#endif
