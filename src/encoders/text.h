/* Any text encoder, by the "model_type" of its config: "bert" (the default), "gru", "lstm". */
#ifndef VQA_ENCODERS_TEXT_H
#define VQA_ENCODERS_TEXT_H

#include "encoders/text_bert.h"
#include "encoders/text_rnn.h"

typedef struct {
    bool recurrent; /* rnn, not bert */
    text_bert bert;
    text_rnn rnn;
    int hidden;           /* columns of its rows */
    int vocabulary, most; /* ids are below the one, a text has at most the other */
    int extra;            /* rows in front of those of the tokens */
    char summary[32];     /* for people: "BERT 2 x 128" */
} text_encoder;

/* Take the weights called "<prefix>..." out of `w`. Give it back with text_encoder_free(). */
bool text_encoder_bind(text_encoder *e, weights *w, const char *prefix, const cJSON *config,
                       error *err);
void text_encoder_free(text_encoder *e);

/* Encode `tokens` ids as text_bert_encode() does; recurrent encoders pass over types. y: [extra + tokens,
 * hidden], allocated by the caller, its first `wanted` rows; the first stands for the whole text. */
void text_encoder_encode(const compute *c, const text_encoder *e, const int *ids, const int *types,
                         const uint8_t *mask, int tokens, int wanted, tensor y, arena tmp);

/* Bytes of `tmp` that encoding needs. */
uint64_t text_encoder_scratch(const text_encoder *e, int tokens);

#endif
