#include "encoders/image_cnn.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/build.h"
#include "format/json.h"
#include "nn/pooling.h"

static const window halving = { .height = 3, .width = 3, .stride = 2, .padding = 1 };

static const conv *last_of(const cnn_block *b) { return &b->convs[b->count - 1]; }

/* Tell the convolutions that come behind a ReLU. */
static void expect_positive(image_cnn *v)
{
    bool positive = false;
    for (cnn_block *b = v->blocks; b < v->blocks + v->count; b++) {
        if (positive && b->around == AROUND_CONV) linear_expect_positive(&b->shortcut.product);
        for (int i = 0; i < b->count; i++) {
            if (positive) linear_expect_positive(&b->convs[i].product);
            positive = b->act[i] != ACTIVATION_NONE;
        }
        positive = b->after != ACTIVATION_NONE || (positive && b->around == AROUND_NONE);
    }
}

bool image_cnn_bind(image_cnn *v, weights *w, const char *prefix, const cJSON *config, error *err)
{
    *v = (image_cnn){ 0 };
    const char *type = json_text(config, "model_type", "resnet");
    bool bound =
        VQA_FULL && strcmp(type, "mobilenet_v2") == 0
            ? image_mobilenet_bind(v, w, prefix, config, err)
        : strcmp(type, "resnet") == 0
            ? image_resnet_bind(v, w, prefix, config, err)
            : fail(err, "config: \"model_type\" is '%s', expected resnet or mobilenet_v2", type);
    if (!bound) return false;
    expect_positive(v);
    v->hidden = last_of(&v->blocks[v->count - 1])->out;
    return true;
}

bool image_cnn_project(image_cnn *v, weights *w, const char *name, int out, error *err)
{
    cnn_block *more = realloc(v->blocks, ((size_t)v->count + 1) * sizeof *more);
    if (!more) return fail_memory(err, "not enough memory for the projection '%s'", name);
    v->blocks = more;
    cnn_block *b = &v->blocks[v->count++];
    *b = (cnn_block){ .count = 1, .act = { ACTIVATION_NONE } };
    if (!cnn_conv_bind(b->convs, w, name, NULL, v->hidden, out, 1, 1, 1, err)) return false;
    expect_positive(v);
    v->hidden = out;
    return true;
}

bool cnn_conv_bind(conv *v, weights *w, const char *name, const char *batch_norm, int in, int out,
                   int side, int stride, int groups, error *err)
{
    *v = (conv){
        .in = in, .out = out, .groups = groups, .window = { side, side, stride, side / 2 }
    };
    return conv_bind(v, w, name, batch_norm, err);
}

void image_cnn_free(image_cnn *v)
{
    free(v->blocks);
    v->blocks = NULL;
}

/* Each step of two takes every other pixel, from the first on. */
int image_cnn_cells(const image_cnn *v, int side) { return (side + v->cell - 1) / v->cell; }

int image_cnn_rows(const image_cnn *v, int height, int width)
{
    return height < v->cell || width < v->cell
               ? 0
               : 1 + image_cnn_cells(v, height) * image_cnn_cells(v, width);
}

/* y = b(x); y may be x if the way around is AROUND_AS_IT_IS. */
static void run_block(const compute *c, const cnn_block *b, feature_map x, feature_map y, arena tmp)
{
    if (b->around == AROUND_CONV) nn_conv(c, &b->shortcut, x, y, ACTIVATION_NONE, false, tmp);
    for (int i = 0; i < b->count - 1; i++) {
        const conv *v = &b->convs[i];
        feature_map to = window_map(&tmp, &v->window, x.height, x.width, v->out);
        nn_conv(c, v, x, to, b->act[i], false, tmp);
        x = to;
    }
    nn_conv(c, last_of(b), x, y, b->act[b->count - 1], b->around != AROUND_NONE, tmp);
    nn_activate(c, b->after, y.rows);
}

static void move_window(const window *w, int *height, int *width)
{
    *height = window_lines(w, *height);
    *width = window_columns(w, *width);
}

/* Bytes of `tmp` that a block takes for a map of that size, and the size of the map it makes. */
static uint64_t measure_block(const cnn_block *b, int *height, int *width)
{
    uint64_t maps = 0,
             most = b->around == AROUND_CONV ? conv_scratch(&b->shortcut, *height, *width) : 0;
    for (int i = 0; i < b->count; i++) {
        const conv *v = &b->convs[i];
        if (i < b->count - 1) maps += window_map_cost(&v->window, *height, *width, v->out);
        uint64_t all = maps + conv_scratch(v, *height, *width);
        if (all > most) most = all;
        move_window(&v->window, height, width);
    }
    return most;
}

/* Bytes of the largest map between two blocks, and of what the blocks themselves take. */
static void measure(const image_cnn *v, int height, int width, uint64_t *map, uint64_t *within)
{
    *map = tensor_cost(height * width, v->blocks->convs->in);
    *within = 0;
    for (int i = 0; i < v->count; i++) {
        uint64_t block = measure_block(&v->blocks[i], &height, &width),
                 made = tensor_cost(height * width, last_of(&v->blocks[i])->out);
        if (block > *within) *within = block;
        if (made > *map) *map = made;
        if (i == 0 && v->max_pool) move_window(&halving, &height, &width);
    }
}

/* A map in one of two rooms, which take turns. */
static feature_map map_in(float *room, int height, int width, int channels)
{
    return (feature_map){ { room, height * width, channels }, height, width };
}

void image_cnn_encode(const compute *c, const image_cnn *v, const float *pixels, int height,
                      int width, tensor y, arena tmp)
{
    uint64_t map, within;
    float *rooms[2];
    int now = 0;
    assert(y.rows == image_cnn_rows(v, height, width) && y.cols == v->hidden);
    measure(v, height, width, &map, &within);
    for (int i = 0; i < 2; i++) rooms[i] = arena_take(&tmp, (size_t)map, 1);
    feature_map x = map_in(rooms[now], height, width, v->blocks->convs->in);
    feature_map_of_planes(pixels, x);
    int i = 0;
    for (; i < v->count && !compute_stopped(c); i++) {
        const cnn_block *b = &v->blocks[i];
        feature_map from = x;
        measure_block(b, &height, &width);
        if (b->around != AROUND_AS_IT_IS)
            x = map_in(rooms[now = 1 - now], height, width, last_of(b)->out);
        run_block(c, b, from, x, tmp);
        if (i == 0 && v->max_pool) {
            from = x;
            move_window(&halving, &height, &width);
            x = map_in(rooms[now = 1 - now], height, width, from.rows.cols);
            nn_pooling(c, POOLING_MAX, &halving, from, x);
        }
        compute_show(c, "hidden_states", i, x.rows);
    }
    if (i < v->count) return; /* stopped: x is the map of an earlier block */
    assert(x.rows.rows == y.rows - 1 && x.rows.cols == y.cols);
    nn_global_average(c, x, y.data);
    memcpy(tensor_row(y, 1), x.rows.data, (size_t)x.rows.rows * (size_t)y.cols * sizeof *y.data);
}

uint64_t image_cnn_scratch(const image_cnn *v, int height, int width)
{
    uint64_t map, within;
    measure(v, height, width, &map, &within);
    return 2 * arena_cost(map, 1) + within;
}
