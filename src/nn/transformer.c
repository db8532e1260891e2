#include "nn/transformer.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/build.h"
#include "nn/attention.h"
#include "nn/quantized_attention.h"

const transformer_names transformer_vit_names = {
    .query = "attention.attention.query",
    .key = "attention.attention.key",
    .value = "attention.attention.value",
    .output = "attention.output.dense",
    .norm1 = "layernorm_before",
    .up = "intermediate.dense",
    .down = "output.dense",
    .norm2 = "layernorm_after",
};

const transformer_names transformer_clip_names = {
    .query = "self_attn.q_proj",
    .key = "self_attn.k_proj",
    .value = "self_attn.v_proj",
    .output = "self_attn.out_proj",
    .norm1 = "layer_norm1",
    .up = "mlp.fc1",
    .down = "mlp.fc2",
    .norm2 = "layer_norm2",
};

const transformer_names transformer_whisper_names = {
    .query = "self_attn.q_proj",
    .key = "self_attn.k_proj",
    .value = "self_attn.v_proj",
    .output = "self_attn.out_proj",
    .norm1 = "self_attn_layer_norm",
    .up = "fc1",
    .down = "fc2",
    .norm2 = "final_layer_norm",
};

static bool bind_block(transformer_block *b, const transformer_shape *s, weights *w,
                       const char *prefix, const transformer_names *names, error *err)
{
    char name[8][256];
    const char *const parts[8] = { names->query, names->key, names->value, names->output,
                                   names->norm1, names->up,  names->down,  names->norm2 };
    for (int i = 0; i < 8; i++) snprintf(name[i], sizeof name[i], "%s%s", prefix, parts[i]);
    return linear_bind(&b->query, w, name[0], s->hidden, s->hidden, s->qkv_bias, err) &&
           linear_bind(&b->key, w, name[1], s->hidden, s->hidden, s->qkv_bias && !s->key_unbiased,
                       err) &&
           linear_bind(&b->value, w, name[2], s->hidden, s->hidden, s->qkv_bias, err) &&
           linear_bind(&b->output, w, name[3], s->hidden, s->hidden, true, err) &&
           norm_bind(&b->norm1, w, name[4], s->hidden, s->eps, err) &&
           linear_bind(&b->up, w, name[5], s->hidden, s->intermediate, true, err) &&
           linear_bind(&b->down, w, name[6], s->intermediate, s->hidden, true, err) &&
           norm_bind(&b->norm2, w, name[7], s->hidden, s->eps, err);
}

bool transformer_bind(transformer *t, const transformer_shape *shape, weights *w,
                      const char *prefix, const transformer_names *names, error *err)
{
    *t = (transformer){ .shape = *shape };
    t->blocks = calloc((size_t)shape->layers + 1, sizeof *t->blocks);
    if (!t->blocks) return fail_memory(err, "not enough memory for %d layers", shape->layers);
    for (int i = 0; i < shape->layers; i++) {
        char layer[224];
        snprintf(layer, sizeof layer, "%s%d.", prefix, i);
        if (!bind_block(&t->blocks[i], shape, w, layer, names, err)) return false;
    }
    return true;
}

void transformer_free(transformer *t)
{
    free(t->blocks);
    t->blocks = NULL;
}

/* Whether attention is computed in integers if the layers around it are. */
static bool in_integers(const transformer_shape *s, int tokens)
{
    return VQA_FULL && s->quantized_attention && tokens >= QUANTIZED_ATTENTION_FROM &&
           tokens <= QUANTIZED_ATTENTION_TO;
}

/* The attention half: x[0..wanted) gets its residual, from keys and values of all rows. */
static void attention_half(const compute *c, const transformer *t, const transformer_block *b,
                           tensor x, const uint8_t *mask, int wanted, arena tmp)
{
    int tokens = x.rows, hidden = x.cols;
    tensor rows = tensor_rows(x, 0, wanted), mixed = tensor_new(&tmp, tokens, hidden),
           key = tensor_new(&tmp, tokens, hidden), value = tensor_new(&tmp, tokens, hidden),
           query = tensor_new(&tmp, wanted, hidden);
    linear_call projections = { .x = x,
                                .layers = { &b->key, &b->value, &b->query },
                                .y = { key, value, query },
                                .count = wanted < tokens ? 2 : 3 };
    if (t->shape.pre_norm) {
        projections.norm = &b->norm1;
        projections.normed = mixed; /* not needed any more when that is written */
    }
    nn_linear_call(c, &projections, tmp);
    if (wanted < tokens)
        nn_linear(c, &b->query, tensor_rows(t->shape.pre_norm ? mixed : x, 0, wanted), query, tmp);
    mixed = tensor_rows(mixed, 0, wanted);
    bool integers = in_integers(&t->shape, tokens) && !b->key.floats;
    assert(!integers || (!mask && !t->shape.causal && !c->rollout));
    if (integers)
        nn_quantized_attention(c, t->shape.heads, query, key, value, mixed, tmp);
    else
        nn_attention(c, t->shape.heads, query, key, value, mask, t->shape.causal, mixed, tmp);
    linear_call output = {
        .x = mixed, .layers = { &b->output }, .y = { rows }, .count = 1, .add = true
    };
    nn_linear_call(c, &output, tmp);
    if (!t->shape.pre_norm) nn_norm(c, &b->norm1, rows, rows);
}

void transformer_mlp(const compute *c, const transformer *t, int layer, tensor x, arena tmp)
{
    const transformer_block *b = &t->blocks[layer];
    tensor inner = tensor_new(&tmp, x.rows, t->shape.intermediate);
    linear_call up = {
        .x = x, .layers = { &b->up }, .y = { inner }, .count = 1, .act = t->shape.act
    };
    linear_call down = { .x = inner, .layers = { &b->down }, .y = { x }, .count = 1, .add = true };
    if (t->shape.pre_norm) {
        up.norm = &b->norm2;
        up.normed = tensor_new(&tmp, x.rows, x.cols);
    }
    nn_linear_call(c, &up, tmp);
    nn_linear_call(c, &down, tmp);
    if (!t->shape.pre_norm) nn_norm(c, &b->norm2, x, x);
}

void nn_transformer(const compute *c, const transformer *t, tensor x, const uint8_t *mask,
                    int wanted, arena tmp)
{
    assert(x.cols == t->shape.hidden && wanted >= 1 && wanted <= x.rows);
    compute_show(c, "hidden_states", 0, x);
    for (int i = 0; i < t->shape.layers && !compute_stopped(c); i++) {
        int rows = i == t->shape.layers - 1 ? wanted : x.rows;
        attention_half(c, t, &t->blocks[i], x, mask, rows, tmp);
        transformer_mlp(c, t, i, tensor_rows(x, 0, rows), tmp);
        compute_show(c, "hidden_states", i + 1, tensor_rows(x, 0, rows));
    }
}

uint64_t transformer_scratch(const transformer_shape *s, int tokens)
{
    uint64_t rows = tensor_cost(tokens, s->hidden);
    uint64_t inner = attention_scratch(s->heads, tokens, tokens, s->hidden);
    if (inner < linear_scratch(tokens, s->hidden)) inner = linear_scratch(tokens, s->hidden);
    if (in_integers(s, tokens)) {
        uint64_t integers = quantized_attention_scratch(s->heads, tokens, tokens, s->hidden);
        if (inner < integers) inner = integers;
    }
    uint64_t attention = 4 * rows + inner;
    uint64_t mlp = transformer_mlp_scratch(s, tokens);
    return attention > mlp ? attention : mlp;
}

uint64_t transformer_mlp_scratch(const transformer_shape *s, int tokens)
{
    uint64_t wide = linear_scratch(tokens, s->intermediate),
             narrow = linear_scratch(tokens, s->hidden);
    return tensor_cost(tokens, s->hidden) + tensor_cost(tokens, s->intermediate) +
           (wide > narrow ? wide : narrow);
}
