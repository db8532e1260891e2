#include "encoders/text_embeddings.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "format/json.h"

bool text_embeddings_bind(text_embeddings *e, weights *w, const char *prefix, const cJSON *config,
                          int positions, int hidden, float eps, error *err)
{
    *e = (text_embeddings){ 0 };
    const char *kind = json_text(config, "position_embedding_type", "absolute");
    if (strcmp(kind, "absolute") != 0)
        return fail(err,
                    "config: \"position_embedding_type\" is \"%s\", only \"absolute\" is supported",
                    kind);
    if (!json_int(config, "vocab_size", 30522, 1, 1 << 24, &e->vocabulary, err) ||
        !json_int(config, "max_position_embeddings", positions, 3, 1 << 16, &e->positions, err) ||
        !json_int(config, "type_vocab_size", 2, 1, 1 << 10, &e->types, err))
        return false;
    char name[4][200];
    const char *const parts[4] = { "word_embeddings", "position_embeddings",
                                   "token_type_embeddings", "LayerNorm" };
    for (int i = 0; i < 4; i++) snprintf(name[i], sizeof name[i], "%s%s", prefix, parts[i]);
    return embedding_bind(&e->words, w, name[0], e->vocabulary, hidden, err) &&
           embedding_bind(&e->position, w, name[1], e->positions, hidden, err) &&
           embedding_bind(&e->type, w, name[2], e->types, hidden, err) &&
           norm_bind(&e->norm, w, name[3], hidden, eps, err);
}

void text_embeddings_embed(const compute *c, const text_embeddings *e, const int *ids,
                           const int *types, int tokens, tensor y)
{
    assert(tokens >= 1 && tokens <= e->positions && y.rows == tokens);
    for (int i = 0; i < tokens; i++) {
        float *row = tensor_row(y, i);
        memset(row, 0, (size_t)y.cols * sizeof *row);
        embedding_add(&e->words, ids[i], row);
        embedding_add(&e->type, types ? types[i] : 0, row);
        embedding_add(&e->position, i, row);
    }
    nn_norm(c, &e->norm, y, y);
}
