/* GRU or LSTM over the embeddings of tokens (torch.nn.Embedding, GRU, LSTM): token ids to one row per
 * token, behind the row of the final states, which stands for the whole text. */
#ifndef VQA_ENCODERS_TEXT_RNN_H
#define VQA_ENCODERS_TEXT_RNN_H

#include <cjson/cJSON.h>

#include "nn/embedding.h"
#include "nn/recurrent.h"

typedef struct {
    int vocabulary, positions; /* ids are below the one, texts not longer than the other */
    int hidden;                /* columns of a row: hidden_size, twice that if bidirectional */
    embedding words;
    recurrent layers;
} text_rnn;

/* Take "<prefix>embedding.weight" and "<prefix>rnn.weight_ih_l0" ... (see nn/recurrent.h) out of `w`.
 * `config`: model_type ("gru" or "lstm"), vocab_size, embedding_size, hidden_size, num_layers (1),
 * bidirectional (false), max_position_embeddings (512). Give it back with text_rnn_free(). */
bool text_rnn_bind(text_rnn *t, weights *w, const char *prefix, const cJSON *config, error *err);
void text_rnn_free(text_rnn *t);

/* Rows that so many tokens become: 1 + tokens. */
int text_rnn_rows(int tokens);

/* Encode `tokens` (1..positions) ids, each below `vocabulary`.
 *   mask  [tokens], 0 for padding: passed over, its row of y is zeros; NULL: no padding. Note that
 *         y's rows are one more: a fusion's mask is 1 and then this
 *   y     [1 + tokens, hidden], allocated by the caller: the final states of the last layer, forward
 *         then backward; the output of each token */
void text_rnn_encode(const compute *c, const text_rnn *t, const int *ids, const uint8_t *mask,
                     int tokens, tensor y, arena tmp);

/* Bytes of `tmp` that encoding needs. */
uint64_t text_rnn_scratch(const text_rnn *t, int tokens);

#endif
