/* CLIP's text encoder (Radford et al. 2021; Hugging Face CLIPTextModel): token ids to one row per
 * token, of which one stands for the whole text. */
#ifndef VQA_ENCODERS_TEXT_CLIP_H
#define VQA_ENCODERS_TEXT_CLIP_H

#include <cjson/cJSON.h>

#include "nn/embedding.h"
#include "nn/transformer.h"

typedef struct {
    int vocabulary, positions; /* sizes of the two tables */
    int end;                   /* the config's eos_token_id */
    embedding words, position;
    transformer layers; /* causal */
    norm final;
} text_clip;

/* Take the weights called "<prefix>embeddings...", "<prefix>encoder.layers...",
 * "<prefix>final_layer_norm..." out of `w`; `config` is a CLIPTextConfig, missing keys have its
 * defaults. Give it back with text_clip_free(). */
bool text_clip_bind(text_clip *t, weights *w, const char *prefix, const cJSON *config, error *err);
void text_clip_free(text_clip *t);

/* Encode `tokens` (1..positions) ids, each below `vocabulary`.
 *   mask   [tokens], 0 for padding, which is hidden as key; NULL: no padding
 *   y      [tokens, hidden], allocated by the caller: last_hidden_state */
void text_clip_encode(const compute *c, const text_clip *t, const int *ids, const uint8_t *mask,
                      int tokens, tensor y, arena tmp);

/* The row of last_hidden_state that stands for the text: that of the first end token, or row 0
 * without one. Old files give 2 as eos_token_id, which is not what their tokenizer ends texts with;
 * there it is the row of the largest id, the first one of several. */
int text_clip_pooled_row(const text_clip *t, const int *ids, int tokens);

/* Bytes of `tmp` that encoding needs. */
uint64_t text_clip_scratch(const text_clip *t, int tokens);

#endif
