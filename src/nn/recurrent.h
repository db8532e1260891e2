/* Recurrent layers (torch.nn.GRU and LSTM), one behind the other, in one or both directions. The
 * product with the inputs runs for all of them at once, that with the state step by step.
 *   GRU   r, z = s(Wr x + Ur h), s(Wz x + Uz h);  n = tanh(Wn x + r * Un h);  h = (1 - z) * n + z * h
 *   LSTM  i, f, o = s(..), s(..), s(..);  g = tanh(..);  c = f * c + i * g;  h = o * tanh(c)
 * each product with its bias. */
#ifndef VQA_NN_RECURRENT_H
#define VQA_NN_RECURRENT_H

#include "nn/linear.h"

typedef enum { RECURRENT_GRU, RECURRENT_LSTM } recurrent_kind;

/* One layer in one direction: gates [r, z, n] or [i, f, g, o], `hidden` rows each. */
typedef struct {
    linear input, state;
} recurrent_cell;

typedef struct {
    recurrent_kind kind;
    int in, hidden, layers;
    int directions;        /* 1, or 2: forward and backward */
    recurrent_cell *cells; /* [layers, directions], on the heap */
} recurrent;

/* Take "<prefix>weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0", with "_reverse" where it
 * goes backward, ... out of `w`. The caller has set all of *r but the cells. Give it back with
 * recurrent_free(), also after a failure. */
bool recurrent_bind(recurrent *r, weights *w, const char *prefix, error *err);
void recurrent_free(recurrent *r);

/* x: [rows, in]
 *   mask  [rows], 0 for rows that the state passes over unchanged, and whose outputs are zeros:
 *         padding, as in a packed sequence; NULL: none
 *   y     [rows, hidden * directions]: outputs of the last layer, forward then backward; allocated by
 *         the caller and not x
 *   last  [hidden * directions]: its final states, h of an LSTM */
void nn_recurrent(const compute *c, const recurrent *r, tensor x, const uint8_t *mask, tensor y,
                  float *last, arena tmp);

/* Bytes of `tmp` that nn_recurrent needs. */
uint64_t recurrent_scratch(const recurrent *r, int rows);

#endif
