#include "encoders/text.h"

#include <stdio.h>
#include <string.h>

#include "core/build.h"
#include "format/json.h"

static bool bind_bert(text_encoder *e, weights *w, const char *prefix, const cJSON *config,
                      error *err)
{
    if (!text_bert_bind(&e->bert, w, prefix, config, err)) return false;
    const transformer_shape *s = &e->bert.layers.shape;
    e->hidden = s->hidden;
    e->vocabulary = e->bert.embeddings.vocabulary;
    e->most = e->bert.embeddings.positions;
    snprintf(e->summary, sizeof e->summary, "BERT %d x %d", s->layers, s->hidden);
    return true;
}

static bool bind_rnn(text_encoder *e, weights *w, const char *prefix, const cJSON *config,
                     error *err)
{
    e->recurrent = true;
    if (!text_rnn_bind(&e->rnn, w, prefix, config, err)) return false;
    e->hidden = e->rnn.hidden;
    e->vocabulary = e->rnn.vocabulary;
    e->most = e->rnn.positions;
    e->extra = 1;
    bool lstm = strcmp(json_text(config, "model_type", ""), "lstm") == 0;
    snprintf(e->summary, sizeof e->summary, "%s %d x %d", lstm ? "LSTM" : "GRU",
             e->rnn.layers.layers, e->hidden);
    return true;
}

bool text_encoder_bind(text_encoder *e, weights *w, const char *prefix, const cJSON *config,
                       error *err)
{
    *e = (text_encoder){ 0 };
    const char *type = json_text(config, "model_type", "bert");
    if (strcmp(type, "bert") == 0) return bind_bert(e, w, prefix, config, err);
    if (VQA_FULL && (strcmp(type, "gru") == 0 || strcmp(type, "lstm") == 0))
        return bind_rnn(e, w, prefix, config, err);
    return fail(err, "config: the text encoder '%s' is not supported (supported: bert, gru, lstm)",
                type);
}

void text_encoder_free(text_encoder *e)
{
    text_bert_free(&e->bert);
    if (VQA_FULL) text_rnn_free(&e->rnn);
}

void text_encoder_encode(const compute *c, const text_encoder *e, const int *ids, const int *types,
                         const uint8_t *mask, int tokens, int wanted, tensor y, arena tmp)
{
    if (VQA_FULL && e->recurrent)
        text_rnn_encode(c, &e->rnn, ids, mask, tokens, y, tmp);
    else
        text_bert_encode(c, &e->bert, ids, types, mask, tokens, wanted, y, tmp);
}

uint64_t text_encoder_scratch(const text_encoder *e, int tokens)
{
    return VQA_FULL && e->recurrent ? text_rnn_scratch(&e->rnn, tokens)
                                    : text_bert_scratch(&e->bert, tokens);
}
