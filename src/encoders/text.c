#include "encoders/text.h"

#include <stdio.h>
#include <string.h>

#include "format/json.h"

bool text_encoder_bind(text_encoder *e, weights *w, const char *prefix, const cJSON *config,
                       error *err)
{
    *e = (text_encoder){ 0 };
    const char *type = json_text(config, "model_type", "bert");
    if (strcmp(type, "bert") != 0)
        return fail(err, "config: the text encoder '%s' is not supported (supported: bert)", type);
    if (!text_bert_bind(&e->bert, w, prefix, config, err)) return false;
    e->hidden = e->bert.layers.shape.hidden;
    e->vocabulary = e->bert.embeddings.vocabulary;
    e->most = e->bert.embeddings.positions;
    snprintf(e->summary, sizeof e->summary, "BERT %d x %d", e->bert.layers.shape.layers, e->hidden);
    return true;
}

void text_encoder_free(text_encoder *e) { text_bert_free(&e->bert); }

void text_encoder_encode(const compute *c, const text_encoder *e, const int *ids, const int *types,
                         const uint8_t *mask, int tokens, int wanted, tensor y, arena tmp)
{
    text_bert_encode(c, &e->bert, ids, types, mask, tokens, wanted, y, tmp);
}

size_t text_encoder_scratch(const text_encoder *e, int tokens)
{
    return text_bert_scratch(&e->bert, tokens);
}
