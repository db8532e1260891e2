#include "encoders/text_clip.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "encoders/config.h"

enum { LEGACY_END = 2 };

bool text_clip_bind(text_clip *t, weights *w, const char *prefix, const cJSON *config, error *err)
{
    *t = (text_clip){ 0 };
    transformer_shape shape = { .layers = 12,
                                .hidden = 512,
                                .heads = 8,
                                .intermediate = 2048,
                                .act = ACTIVATION_QUICK_GELU,
                                .eps = 1e-5f,
                                .pre_norm = true,
                                .qkv_bias = true,
                                .causal = true };
    if (!transformer_config_with_defaults(&shape, config, err) ||
        !json_int(config, "vocab_size", 49408, 1, 1 << 24, &t->vocabulary, err) ||
        !json_int(config, "max_position_embeddings", 77, 3, 1 << 16, &t->positions, err) ||
        !json_int(config, "eos_token_id", 49407, 0, 1 << 24, &t->end, err))
        return false;
    char name[4][200];
    const char *const parts[4] = { "embeddings.token_embedding", "embeddings.position_embedding",
                                   "encoder.layers.", "final_layer_norm" };
    for (int i = 0; i < 4; i++) snprintf(name[i], sizeof name[i], "%s%s", prefix, parts[i]);
    return embedding_bind(&t->words, w, name[0], t->vocabulary, shape.hidden, err) &&
           embedding_bind(&t->position, w, name[1], t->positions, shape.hidden, err) &&
           transformer_bind(&t->layers, &shape, w, name[2], &transformer_clip_names, err) &&
           norm_bind(&t->final, w, name[3], shape.hidden, shape.eps, err);
}

void text_clip_free(text_clip *t) { transformer_free(&t->layers); }

void text_clip_encode(const compute *c, const text_clip *t, const int *ids, const uint8_t *mask,
                      int tokens, tensor y, arena tmp)
{
    assert(tokens >= 1 && tokens <= t->positions && y.rows == tokens &&
           y.cols == t->layers.shape.hidden);
    for (int i = 0; i < tokens; i++) {
        float *row = tensor_row(y, i);
        memset(row, 0, (size_t)y.cols * sizeof *row);
        embedding_add(&t->words, ids[i], row);
        embedding_add(&t->position, i, row);
    }
    compute pooled = *c;
    pooled.finest = text_clip_pooled_row(t, ids, tokens);
    nn_transformer(&pooled, &t->layers, y, mask, tokens, tmp);
    nn_norm(c, &t->final, y, y);
}

int text_clip_pooled_row(const text_clip *t, const int *ids, int tokens)
{
    int row = 0;
    if (t->end == LEGACY_END) {
        for (int i = 1; i < tokens; i++)
            if (ids[i] > ids[row]) row = i;
        return row;
    }
    while (row < tokens && ids[row] != t->end) row++;
    return row < tokens ? row : 0;
}

uint64_t text_clip_scratch(const text_clip *t, int tokens)
{
    return transformer_scratch(&t->layers.shape, tokens);
}
