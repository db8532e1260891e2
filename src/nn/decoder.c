#include "nn/decoder.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nn/attention.h"

static bool bind_cross(cross_attention *a, const transformer_shape *s, weights *w,
                       const char *prefix, int layer, error *err)
{
    static const char *const parts[5] = { "q_proj", "k_proj", "v_proj", "out_proj", "layer_norm" };
    char name[5][256];
    for (int i = 0; i < 5; i++)
        snprintf(name[i], sizeof name[i], "%s%d.encoder_attn%c%s", prefix, layer, i < 4 ? '.' : '_',
                 parts[i]);
    return linear_bind(&a->query, w, name[0], s->hidden, s->hidden, true, err) &&
           linear_bind(&a->key, w, name[1], s->hidden, s->hidden, false, err) &&
           linear_bind(&a->value, w, name[2], s->hidden, s->hidden, true, err) &&
           linear_bind(&a->output, w, name[3], s->hidden, s->hidden, true, err) &&
           norm_bind(&a->norm, w, name[4], s->hidden, s->eps, err);
}

bool decoder_bind(decoder *d, const transformer_shape *shape, weights *w, const char *prefix,
                  error *err)
{
    *d = (decoder){ 0 };
    assert(shape->pre_norm);
    if (!transformer_bind(&d->layers, shape, w, prefix, &transformer_whisper_names, err))
        return false;
    d->cross = calloc((size_t)shape->layers + 1, sizeof *d->cross);
    if (!d->cross) return fail_memory(err, "not enough memory for %d layers", shape->layers);
    for (int i = 0; i < shape->layers; i++)
        if (!bind_cross(&d->cross[i], shape, w, prefix, i, err)) return false;
    return true;
}

void decoder_free(decoder *d)
{
    transformer_free(&d->layers);
    free(d->cross);
    d->cross = NULL;
}

/* ---- the cache ---- */

static size_t panels(const decoder *d, int source)
{
    return attention_panels(d->layers.shape.heads, source, d->layers.shape.hidden);
}

/* Floats of the keys, or values, of a layer. */
static size_t rows_of_layer(const decoder *d, const decoder_cache *k)
{
    return (size_t)k->positions * (size_t)k->sequences * (size_t)d->layers.shape.hidden;
}

decoder_cache decoder_cache_new(const decoder *d, int sequences, int positions, int source,
                                arena *a)
{
    decoder_cache k = { .sequences = sequences, .positions = positions, .source = source };
    size_t layers = (size_t)d->layers.shape.layers, rows = layers * rows_of_layer(d, &k);
    k.panels = arena_take(a, layers * panels(d, source), sizeof *k.panels);
    k.keys = arena_take(a, rows, sizeof *k.keys);
    k.values = arena_take(a, rows, sizeof *k.values);
    k.owner = arena_take(a, (size_t)sequences * (size_t)positions, sizeof *k.owner);
    return k;
}

uint64_t decoder_cache_cost(const decoder *d, int sequences, int positions, int source)
{
    const decoder_cache k = { .sequences = sequences, .positions = positions };
    uint64_t layers = (uint64_t)d->layers.shape.layers;
    return arena_cost(layers * panels(d, source), sizeof *k.panels) +
           2 * arena_cost(layers * rows_of_layer(d, &k), sizeof *k.keys) +
           arena_cost((uint64_t)sequences * (uint64_t)positions, sizeof *k.owner);
}

void decoder_begin(const compute *c, const decoder *d, decoder_cache *cache, tensor source,
                   arena tmp)
{
    const transformer_shape *s = &d->layers.shape;
    tensor key = tensor_new(&tmp, source.rows, s->hidden),
           value = tensor_new(&tmp, source.rows, s->hidden);
    assert(source.rows == cache->source && source.cols == s->hidden);
    for (int i = 0; i < s->layers && !compute_stopped(c); i++) {
        const linear_call call = { .x = source,
                                   .layers = { &d->cross[i].key, &d->cross[i].value },
                                   .y = { key, value },
                                   .count = 2 };
        nn_linear_call(c, &call, tmp);
        attention_pack(s->heads, key, value, cache->panels + (size_t)i * panels(d, source.rows));
    }
    cache->count = 0;
}

void decoder_follow(decoder_cache *cache, const int *from, int sequences)
{
    int before[64]; /* one position's owners */
    assert(sequences <= cache->sequences && cache->sequences <= 64);
    for (int p = 0; p < cache->count; p++) {
        for (int i = 0; i < cache->sequences; i++)
            before[i] = cache->owner[i * cache->positions + p];
        for (int i = 0; i < sequences; i++)
            cache->owner[i * cache->positions + p] = before[from[i]];
    }
}

/* ---- the blocks ---- */

/* Self-attention of a layer, head by head. */
typedef struct {
    const kernels *table;
    const decoder_cache *cache;
    const float *keys, *values; /* of the layer */
    int heads, tokens;
    tensor q, y;
    float *scores; /* [heads, positions] */
} heads_to_do;

/* Where the row of a sequence at a position begins among the layer's keys, or values. */
static size_t place(const decoder_cache *k, int sequence, int position, int hidden)
{
    int owner = k->owner[sequence * k->positions + position];
    return ((size_t)position * (size_t)k->sequences + (size_t)owner) * (size_t)hidden;
}

/* In four lanes, as sums of rows are: see kernels.h. */
static float dot(const float *a, const float *b, int n)
{
    float lane[4] = { 0 };
    for (int i = 0; i < n; i++) lane[i % 4] += a[i] * b[i];
    return (lane[0] + lane[1]) + (lane[2] + lane[3]);
}

static void attend(void *context, int head)
{
    const heads_to_do *t = context;
    const decoder_cache *k = t->cache;
    int hidden = t->q.cols, depth = hidden / t->heads, column = head * depth;
    float *scores = t->scores + (size_t)head * (size_t)k->positions,
          scale = 1.0f / sqrtf((float)depth);
    for (int r = 0; r < t->q.rows; r++) {
        int sequence = r / t->tokens, visible = k->count + r % t->tokens + 1;
        const float *q = tensor_row(t->q, r) + column;
        float *y = tensor_row(t->y, r) + column;
        for (int p = 0; p < visible; p++)
            scores[p] = dot(q, t->keys + place(k, sequence, p, hidden) + column, depth);
        t->table->softmax(scores, visible, scale);
        memset(y, 0, (size_t)depth * sizeof *y);
        for (int p = 0; p < visible; p++) {
            const float *value = t->values + place(k, sequence, p, hidden) + column;
            for (int i = 0; i < depth; i++) y[i] += scores[p] * value[i];
        }
    }
}

/* x += output(y) */
static void add_output(const compute *c, const linear *output, tensor y, tensor x, arena tmp)
{
    const linear_call call = { .x = y, .layers = { output }, .y = { x }, .count = 1, .add = true };
    nn_linear_call(c, &call, tmp);
}

static void self_half(const compute *c, const decoder *d, int layer, decoder_cache *k, int tokens,
                      tensor x, arena tmp)
{
    const transformer_block *b = &d->layers.blocks[layer];
    tensor q = tensor_new(&tmp, x.rows, x.cols), key = tensor_new(&tmp, x.rows, x.cols),
           value = tensor_new(&tmp, x.rows, x.cols), y = tensor_new(&tmp, x.rows, x.cols);
    const linear_call projections = { .x = x,
                                      .norm = &b->norm1,
                                      .normed = y,
                                      .layers = { &b->query, &b->key, &b->value },
                                      .y = { q, key, value },
                                      .count = 3 };
    nn_linear_call(c, &projections, tmp);
    size_t first = (size_t)layer * rows_of_layer(d, k), row = (size_t)x.cols * sizeof(float);
    for (int r = 0; r < x.rows; r++) {
        int sequence = r / tokens, position = k->count + r % tokens;
        size_t to = first + place(k, sequence, position, x.cols);
        memcpy(k->keys + to, tensor_row(key, r), row);
        memcpy(k->values + to, tensor_row(value, r), row);
    }
    int heads = d->layers.shape.heads;
    heads_to_do todo = { .table = c->k,
                         .cache = k,
                         .keys = k->keys + first,
                         .values = k->values + first,
                         .heads = heads,
                         .tokens = tokens,
                         .q = q,
                         .y = y };
    todo.scores = arena_take(&tmp, (size_t)heads * (size_t)k->positions, sizeof *todo.scores);
    pool_run(c->threads, heads, attend, &todo);
    add_output(c, &b->output, y, x, tmp);
}

static void cross_part(const compute *c, const decoder *d, int layer, const decoder_cache *k,
                       tensor x, arena tmp)
{
    const cross_attention *a = &d->cross[layer];
    tensor q = tensor_new(&tmp, x.rows, x.cols), y = tensor_new(&tmp, x.rows, x.cols);
    const linear_call query = {
        .x = x, .norm = &a->norm, .normed = y, .layers = { &a->query }, .y = { q }, .count = 1
    };
    nn_linear_call(c, &query, tmp);
    nn_attention_packed(c, d->layers.shape.heads, q, k->source,
                        k->panels + (size_t)layer * panels(d, k->source), y, tmp);
    add_output(c, &a->output, y, x, tmp);
}

void nn_decoder(const compute *c, const decoder *d, decoder_cache *cache, int sequences, tensor x,
                arena tmp)
{
    int tokens = x.rows / sequences;
    assert(x.cols == d->layers.shape.hidden && x.rows == sequences * tokens &&
           sequences <= cache->sequences && cache->count + tokens <= cache->positions);
    for (int r = 0; r < x.rows; r++)
        cache->owner[r / tokens * cache->positions + cache->count + r % tokens] = r / tokens;
    compute_show(c, "hidden_states", 0, x);
    for (int i = 0; i < d->layers.shape.layers && !compute_stopped(c); i++) {
        self_half(c, d, i, cache, tokens, x, tmp);
        cross_part(c, d, i, cache, x, tmp);
        transformer_mlp(c, &d->layers, i, x, tmp);
        compute_show(c, "hidden_states", i + 1, x);
    }
    cache->count += tokens;
}

static uint64_t larger(uint64_t a, uint64_t b) { return a > b ? a : b; }

uint64_t decoder_scratch(const decoder *d, const decoder_cache *cache, int rows)
{
    const transformer_shape *s = &d->layers.shape;
    uint64_t one = tensor_cost(rows, s->hidden), in = linear_scratch(rows, s->hidden),
             scores = arena_cost((uint64_t)s->heads * (uint64_t)cache->positions, sizeof(float)),
             packed = attention_packed_scratch(s->heads, rows, cache->source);
    uint64_t begin = 2 * tensor_cost(cache->source, s->hidden) +
                     linear_scratch(cache->source, s->hidden),
             self = 4 * one + larger(in, scores + in), cross = 2 * one + larger(in, packed);
    return larger(larger(begin, self), larger(cross, transformer_mlp_scratch(s, rows)));
}
