#include "encoders/text_rnn.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "format/json.h"

bool text_rnn_bind(text_rnn *t, weights *w, const char *prefix, const cJSON *config, error *err)
{
    *t = (text_rnn){ 0 };
    recurrent *r = &t->layers;
    const char *type = json_text(config, "model_type", "gru");
    bool lstm = strcmp(type, "lstm") == 0;
    if (!lstm && strcmp(type, "gru") != 0)
        return fail(err, "config: \"model_type\" is '%s', expected gru or lstm", type);
    r->kind = lstm ? RECURRENT_LSTM : RECURRENT_GRU;
    r->directions = json_bool(config, "bidirectional", false) ? 2 : 1;
    if (!json_int(config, "vocab_size", 0, 1, 1 << 24, &t->vocabulary, err) ||
        !json_int(config, "max_position_embeddings", 512, 3, 1 << 16, &t->positions, err) ||
        !json_int(config, "embedding_size", 0, 1, 1 << 13, &r->in, err) ||
        !json_int(config, "hidden_size", 0, 1, 1 << 12, &r->hidden, err) ||
        !json_int(config, "num_layers", 1, 1, 64, &r->layers, err))
        return false;
    t->hidden = r->hidden * r->directions;
    char name[2][200];
    const char *const parts[2] = { "embedding", "rnn." };
    for (int i = 0; i < 2; i++) snprintf(name[i], sizeof name[i], "%s%s", prefix, parts[i]);
    return embedding_bind(&t->words, w, name[0], t->vocabulary, r->in, err) &&
           recurrent_bind(r, w, name[1], err);
}

void text_rnn_free(text_rnn *t) { recurrent_free(&t->layers); }

int text_rnn_rows(int tokens) { return 1 + tokens; }

void text_rnn_encode(const compute *c, const text_rnn *t, const int *ids, const uint8_t *mask,
                     int tokens, tensor y, arena tmp)
{
    assert(tokens >= 1 && tokens <= t->positions);
    assert(y.rows == text_rnn_rows(tokens) && y.cols == t->hidden);
    tensor words = tensor_new(&tmp, tokens, t->layers.in);
    memset(words.data, 0, (size_t)tokens * (size_t)words.cols * sizeof *words.data);
    for (int i = 0; i < tokens; i++) embedding_add(&t->words, ids[i], tensor_row(words, i));
    nn_recurrent(c, &t->layers, words, mask, tensor_rows(y, 1, tokens), y.data, tmp);
}

uint64_t text_rnn_scratch(const text_rnn *t, int tokens)
{
    return tensor_cost(tokens, t->layers.in) + recurrent_scratch(&t->layers, tokens);
}
