/* Recurrent layers against plain loops in double precision, and the text encoder made of them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "encoders/text_rnn.h"
#include "tiny_pack.h"

#include "testing.h"

enum { IN = 7, HIDDEN = 5, ROWS = 9 };

static void add_layers(tiny_list *list, const char *prefix, recurrent r)
{
    static const char *const back[] = { "", "_reverse" };
    int gates = (r.kind == RECURRENT_GRU ? 3 : 4) * r.hidden;
    for (int l = 0; l < r.layers; l++)
        for (int d = 0; d < r.directions; d++) {
            int in = l ? r.hidden * r.directions : r.in;
            tiny_add(list, SHAPE(gates, in), "%sweight_ih_l%d%s", prefix, l, back[d]);
            tiny_add(list, SHAPE(gates, r.hidden), "%sweight_hh_l%d%s", prefix, l, back[d]);
            tiny_add(list, SHAPE(gates), "%sbias_ih_l%d%s", prefix, l, back[d]);
            tiny_add(list, SHAPE(gates), "%sbias_hh_l%d%s", prefix, l, back[d]);
        }
}

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }

static const float *floats_of(const weights *w, const char *what, int layer, int direction)
{
    char name[64];
    snprintf(name, sizeof name, "%s_l%d%s", what, layer, direction ? "_reverse" : "");
    return weights_find(w, name)->floats;
}

/* One gate's product with its bias. */
static double gate_of(const float *factors, const float *bias, int row, const double *x, int n)
{
    double sum = (double)bias[row];
    for (int i = 0; i < n; i++) sum += (double)factors[row * n + i] * x[i];
    return sum;
}

/* One layer in one direction: x [ROWS, in] -> y[row * stride]. */
static void layer_in_doubles(const recurrent *r, const weights *w, int layer, int direction,
                             const double *x, int in, const uint8_t *mask, double *y, int stride,
                             double *last)
{
    const float *wi = floats_of(w, "weight_ih", layer, direction),
                *wh = floats_of(w, "weight_hh", layer, direction),
                *bi = floats_of(w, "bias_ih", layer, direction),
                *bh = floats_of(w, "bias_hh", layer, direction);
    double h[HIDDEN] = { 0 }, c[HIDDEN] = { 0 };
    for (int step = 0; step < ROWS; step++) {
        int row = direction ? ROWS - 1 - step : step;
        double a[4 * HIDDEN], b[4 * HIDDEN];
        for (int i = 0; i < HIDDEN; i++) y[row * stride + i] = 0;
        if (mask && !mask[row]) continue;
        for (int g = 0; g < (r->kind == RECURRENT_GRU ? 3 : 4) * HIDDEN; g++) {
            a[g] = gate_of(wi, bi, g, x + row * in, in);
            b[g] = gate_of(wh, bh, g, h, HIDDEN);
        }
        for (int i = 0; i < HIDDEN; i++) {
            if (r->kind == RECURRENT_GRU) {
                double reset = sigmoid(a[i] + b[i]), z = sigmoid(a[HIDDEN + i] + b[HIDDEN + i]),
                       n = tanh(a[2 * HIDDEN + i] + reset * b[2 * HIDDEN + i]);
                h[i] = (1 - z) * n + z * h[i];
            } else {
                double gate[4];
                for (int g = 0; g < 4; g++) gate[g] = a[g * HIDDEN + i] + b[g * HIDDEN + i];
                c[i] = sigmoid(gate[1]) * c[i] + sigmoid(gate[0]) * tanh(gate[2]);
                h[i] = sigmoid(gate[3]) * tanh(c[i]);
            }
            y[row * stride + i] = h[i];
        }
    }
    memcpy(last, h, sizeof h);
}

static const uint8_t padded[ROWS] = { 1, 1, 1, 0, 1, 1, 0, 0, 0 };

/* The same with threads, and near the loops. */
static void check(recurrent r, const uint8_t *mask, precision keep, double allowed)
{
    tiny_list list = { .count = 0 };
    add_layers(&list, "", r);
    weights plain = tiny_weights(&list, KEEP_AS_STORED, 5), w = tiny_weights(&list, keep, 5);
    error err;
    arena room;
    pool *threads = pool_new(4);
    const compute with[3] = { { .k = kernels_best() },
                              { .k = kernels_best(), .threads = threads },
                              { .k = kernels_scalar() } };
    int outputs = HIDDEN * r.directions;
    assert_true(recurrent_bind(&r, &w, "", &err));
    assert_true(arena_new(&room, 1 << 16, "a test", &err));
    tensor x = tensor_new(&room, ROWS, IN), y[3];
    float last[3][2 * HIDDEN];
    uint32_t seed = 9;
    for (int i = 0; i < ROWS * IN; i++) x.data[i] = tiny_random(&seed);
    for (int i = 0; i < 3; i++) {
        arena tmp; /* of exactly the bytes that are planned */
        assert_true(arena_new(&tmp, recurrent_scratch(&r, ROWS), "a test", &err));
        y[i] = tensor_new(&room, ROWS, outputs);
        nn_recurrent(&with[i], &r, x, mask, y[i], last[i], tmp);
        arena_free(&tmp);
        assert_memory_equal(y[i].data, y[0].data, (size_t)(ROWS * outputs) * sizeof(float));
        assert_memory_equal(last[i], last[0], (size_t)outputs * sizeof(float));
    }
    double now[ROWS * 2 * HIDDEN], next[ROWS * 2 * HIDDEN], end[2 * HIDDEN];
    for (int i = 0; i < ROWS * IN; i++) now[i] = (double)x.data[i];
    for (int l = 0, in = IN; l < r.layers; l++, in = outputs) {
        for (int d = 0; d < r.directions; d++)
            layer_in_doubles(&r, &plain, l, d, now, in, mask, next + d * HIDDEN, outputs,
                             end + d * HIDDEN);
        memcpy(now, next, sizeof now);
    }
    for (int i = 0; i < ROWS * outputs; i++)
        assert_true(fabs(now[i] - (double)y[0].data[i]) < allowed);
    for (int i = 0; i < outputs; i++) assert_true(fabs(end[i] - (double)last[0][i]) < allowed);
    pool_free(threads);
    arena_free(&room);
    recurrent_free(&r);
    weights_free(&plain);
    weights_free(&w);
}

static void test_against_loops(void **state)
{
    (void)state;
    for (int kind = RECURRENT_GRU; kind <= RECURRENT_LSTM; kind++)
        for (int layers = 1; layers <= 3; layers++)
            for (int directions = 1; directions <= 2; directions++)
                for (int keep = KEEP_AS_STORED; keep <= QUANTIZE_Q8; keep++) {
                    recurrent r = { .kind = (recurrent_kind)kind,
                                    .in = IN,
                                    .hidden = HIDDEN,
                                    .layers = layers,
                                    .directions = directions };
                    double allowed = keep == KEEP_AS_STORED ? 2e-6 : 0.05;
                    check(r, NULL, (precision)keep, allowed);
                    check(r, padded, (precision)keep, allowed);
                }
}

static void test_a_missing_tensor(void **state)
{
    (void)state;
    recurrent r = {
        .kind = RECURRENT_LSTM, .in = IN, .hidden = HIDDEN, .layers = 1, .directions = 1
    };
    tiny_list list = { .count = 0 };
    add_layers(&list, "rnn.", r);
    weights w = tiny_weights(&list, QUANTIZE_Q8, 5);
    error err;
    assert_int_equal(weights_find(&w, "rnn.weight_hh_l0")->form, FORM_Q8);
    r.directions = 2;
    assert_false(recurrent_bind(&r, &w, "rnn.", &err));
    assert_string_equal(err.text, "the model has no tensor 'rnn.weight_ih_l0_reverse'");
    recurrent_free(&r);
    weights_free(&w);
}

/* Row 0 is the final states, which are outputs of the last and, backward, the first token; padding
 * changes nothing but zeros behind. */
static void test_text_encoder(void **state)
{
    (void)state;
    cJSON *config = cJSON_Parse("{\"model_type\":\"gru\",\"vocab_size\":11,\"embedding_size\":7,"
                                "\"hidden_size\":5,\"num_layers\":2,\"bidirectional\":true}");
    recurrent r = {
        .kind = RECURRENT_GRU, .in = IN, .hidden = HIDDEN, .layers = 2, .directions = 2
    };
    tiny_list list = { .count = 0 };
    tiny_add(&list, SHAPE(11, IN), "t.embedding.weight");
    add_layers(&list, "t.rnn.", r);
    weights w = tiny_weights(&list, KEEP_AS_STORED, 5);
    static const int ids[6] = { 3, 10, 0, 7, 1, 1 };
    static const uint8_t mask[6] = { 1, 1, 1, 1 };
    const compute c = { .k = kernels_best() };
    text_rnn t;
    error err;
    arena room;
    assert_true(text_rnn_bind(&t, &w, "t.", config, &err));
    assert_int_equal(t.hidden, 2 * HIDDEN);
    assert_int_equal(t.positions, 512);
    assert_int_equal(text_rnn_rows(6), 7);
    assert_true(arena_new(&room, 1 << 16, "a test", &err));
    tensor y = tensor_new(&room, 5, t.hidden), longer = tensor_new(&room, 7, t.hidden);
    text_rnn_encode(&c, &t, ids, NULL, 4, y, room);
    text_rnn_encode(&c, &t, ids, mask, 6, longer, room);
    assert_memory_equal(y.data, longer.data, (size_t)(5 * t.hidden) * sizeof(float));
    for (int i = 0; i < 2 * t.hidden; i++) assert_true(tensor_row(longer, 5)[i] == 0);
    assert_memory_equal(y.data, tensor_row(y, 4), HIDDEN * sizeof(float));
    assert_memory_equal(y.data + HIDDEN, tensor_row(y, 1) + HIDDEN, HIDDEN * sizeof(float));
    arena tmp;
    assert_true(arena_new(&tmp, text_rnn_scratch(&t, 6), "a test", &err));
    text_rnn_encode(&c, &t, ids, NULL, 6, longer, tmp);
    arena_free(&tmp);
    arena_free(&room);
    text_rnn_free(&t);
    weights_free(&w);
    cJSON_Delete(config);
}

static void test_configs_refused(void **state)
{
    (void)state;
    static const struct {
        const char *config, *why;
    } cases[] = {
        { "{\"model_type\":\"rnn\"}", "config: \"model_type\" is 'rnn', expected gru or lstm" },
        { "{\"vocab_size\":5,\"embedding_size\":4,\"hidden_size\":3}",
          "the model has no tensor 'embedding.weight'" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        weights w = { 0 };
        text_rnn t;
        error err;
        cJSON *config = cJSON_Parse(cases[i].config);
        assert_false(text_rnn_bind(&t, &w, "", config, &err));
        assert_string_equal(err.text, cases[i].why);
        text_rnn_free(&t);
        cJSON_Delete(config);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_loops),
        cmocka_unit_test(test_a_missing_tensor),
        cmocka_unit_test(test_text_encoder),
        cmocka_unit_test(test_configs_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
