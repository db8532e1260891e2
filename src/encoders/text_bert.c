#include "encoders/text_bert.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

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
    const char *positions = json_text(config, "position_embedding_type", "absolute");
    if (strcmp(positions, "absolute") != 0)
        return fail(err,
                    "config: \"position_embedding_type\" is \"%s\", only \"absolute\" is supported",
                    positions);
    if (!json_int(config, "vocab_size", 30522, 1, 1 << 24, &b->vocabulary, err) ||
        !json_int(config, "max_position_embeddings", 512, 2, 1 << 16, &b->positions, err) ||
        !json_int(config, "type_vocab_size", 2, 1, 1 << 10, &b->types, err))
        return false;
    char name[5][200];
    const char *const parts[5] = { "embeddings.word_embeddings", "embeddings.position_embeddings",
                                   "embeddings.token_type_embeddings", "embeddings.LayerNorm",
                                   "encoder.layer." };
    for (int i = 0; i < 5; i++) snprintf(name[i], sizeof name[i], "%s%s", prefix, parts[i]);
    char pooler_name[200];
    snprintf(pooler_name, sizeof pooler_name, "%spooler", prefix);
    return embedding_bind(&b->words, w, name[0], b->vocabulary, shape.hidden, err) &&
           embedding_bind(&b->position, w, name[1], b->positions, shape.hidden, err) &&
           embedding_bind(&b->type, w, name[2], b->types, shape.hidden, err) &&
           norm_bind(&b->embedding_norm, w, name[3], shape.hidden, shape.eps, err) &&
           transformer_bind(&b->layers, &shape, w, name[4], &names, err) &&
           pooler_bind(&b->pooler, w, pooler_name, shape.hidden, err);
}

void text_bert_free(text_bert *b) { transformer_free(&b->layers); }

void text_bert_encode(const compute *c, const text_bert *b, const int *ids, const int *types,
                      const uint8_t *mask, int tokens, int wanted, tensor y, arena tmp)
{
    assert(tokens >= 1 && tokens <= b->positions && y.rows == tokens &&
           y.cols == b->layers.shape.hidden);
    for (int i = 0; i < tokens; i++) {
        float *row = tensor_row(y, i);
        memset(row, 0, (size_t)y.cols * sizeof *row);
        embedding_add(&b->words, ids[i], row);
        embedding_add(&b->type, types ? types[i] : 0, row);
        embedding_add(&b->position, i, row);
    }
    nn_norm(c, &b->embedding_norm, y, y);
    nn_transformer(c, &b->layers, y, mask, wanted, tmp);
}

size_t text_bert_scratch(const text_bert *b, int tokens)
{
    return transformer_scratch(&b->layers.shape, tokens);
}
