/* BERT (Devlin et al. 2018; Hugging Face BertModel): token ids to one row per token. */
#ifndef VQA_ENCODERS_TEXT_BERT_H
#define VQA_ENCODERS_TEXT_BERT_H

#include <cjson/cJSON.h>

#include "encoders/text_embeddings.h"
#include "nn/pooler.h"
#include "nn/transformer.h"

typedef struct {
    text_embeddings embeddings;
    transformer layers;
    pooler pooler; /* for BertModel's pooler_output; the fusions don't use it */
} text_bert;

/* Take the weights called "<prefix>embeddings...", "<prefix>encoder.layer..." out of `w`; `config`
 * is a BertConfig, missing keys have its defaults. Give it back with text_bert_free(). */
bool text_bert_bind(text_bert *b, weights *w, const char *prefix, const cJSON *config, error *err);
void text_bert_free(text_bert *b);

/* Encode `tokens` (1..embeddings.positions) ids, each below embeddings.vocabulary.
 *   types  [tokens] token type ids; NULL: all 0
 *   mask   [tokens], 0 for padding, which is hidden as key; NULL: no padding
 *   y      [tokens, hidden], allocated by the caller: last_hidden_state, its first `wanted` rows */
void text_bert_encode(const compute *c, const text_bert *b, const int *ids, const int *types,
                      const uint8_t *mask, int tokens, int wanted, tensor y, arena tmp);

/* Bytes of `tmp` that encoding needs. */
uint64_t text_bert_scratch(const text_bert *b, int tokens);

#endif
