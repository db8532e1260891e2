#include "encoders/text_bert.h"

#include <assert.h>
#include <stdio.h>

#include "encoders/config.h"

static const transformer_names names = {
    .query = "attention.self.query",
    .key = "attention.self.key",
    .value = "attention.self.value",
    .output = "attention.output.dense",
    .norm1 = "attention.output.LayerNorm",
    .up = "intermediate.dense",
    .down = "output.dense",
    .norm2 = "output.LayerNorm",
};

bool text_bert_bind(text_bert *b, weights *w, const char *prefix, const cJSON *config, error *err)
{
    *b = (text_bert){ 0 };
    transformer_shape shape;
    if (!transformer_config(&shape, config, err)) return false;
    char name[3][200];
    const char *const parts[3] = { "embeddings.", "encoder.layer.", "pooler" };
    for (int i = 0; i < 3; i++) snprintf(name[i], sizeof name[i], "%s%s", prefix, parts[i]);
    return text_embeddings_bind(&b->embeddings, w, name[0], config, 512, shape.hidden, shape.eps,
                                err) &&
           transformer_bind(&b->layers, &shape, w, name[1], &names, err) &&
           pooler_bind(&b->pooler, w, name[2], shape.hidden, err);
}

void text_bert_free(text_bert *b) { transformer_free(&b->layers); }

void text_bert_encode(const compute *c, const text_bert *b, const int *ids, const int *types,
                      const uint8_t *mask, int tokens, int wanted, tensor y, arena tmp)
{
    assert(y.cols == b->layers.shape.hidden);
    text_embeddings_embed(c, &b->embeddings, ids, types, tokens, y);
    nn_transformer(c, &b->layers, y, mask, wanted, tmp);
}

uint64_t text_bert_scratch(const text_bert *b, int tokens)
{
    return transformer_scratch(&b->layers.shape, tokens);
}
