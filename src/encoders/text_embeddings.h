/* What BERT and those after it begin with: token ids to the rows
 * LayerNorm(word + token type + position). */
#ifndef VQA_ENCODERS_TEXT_EMBEDDINGS_H
#define VQA_ENCODERS_TEXT_EMBEDDINGS_H

#include <cjson/cJSON.h>

#include "nn/embedding.h"
#include "nn/norm.h"

typedef struct {
    int vocabulary, positions, types; /* sizes of the three tables */
    embedding words, position, type;
    norm norm;
} text_embeddings;

/* Take "<prefix>word_embeddings", "<prefix>position_embeddings", "<prefix>token_type_embeddings"
 * and "<prefix>LayerNorm" out of `w`. `config`: vocab_size, max_position_embeddings (`positions`
 * where it is missing), type_vocab_size, position_embedding_type (only "absolute"). */
bool text_embeddings_bind(text_embeddings *e, weights *w, const char *prefix, const cJSON *config,
                          int positions, int hidden, float eps, error *err);

/* Embed `tokens` (1..positions) ids, each below `vocabulary`.
 *   types  [tokens] token type ids; NULL: all 0
 *   y      [tokens, hidden], allocated by the caller */
void text_embeddings_embed(const compute *c, const text_embeddings *e, const int *ids,
                           const int *types, int tokens, tensor y);

#endif
