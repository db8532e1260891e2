/* The layers against plain loops in double precision, and what must hold to the bit. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/panel.h"
#include "nn/attention.h"
#include "nn/classifier.h"
#include "nn/embedding.h"
#include "nn/interpolate.h"
#include "nn/norm.h"
#include "nn/patches.h"
#include "nn/pooler.h"
#include "nn/quantized_attention.h"
#include "nn/transformer.h"
#include "quant/q8.h"

#include "testing.h"

/* A block that is too large is NULL under AddressSanitizer too. */
const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "allocator_may_return_null=1"; }

static uint32_t seed = 1;

static float random_float(void) /* -1..1 */
{
    seed = seed * 1664525u + 1013904223u;
    return (float)(seed >> 8) / 0x1p23f - 1;
}

static arena memory; /* of a test: results and inputs */
static compute one, four;

static int set_up(void **state)
{
    (void)state;
    error err;
    one = (compute){ .k = kernels_best() };
    four = (compute){ .k = kernels_best(), .threads = pool_new(4) };
    return arena_new(&memory, 8 << 20, "a test", &err) && four.threads ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(&memory);
    pool_free(four.threads);
    return 0;
}

static tensor random_tensor(int rows, int cols)
{
    tensor t = tensor_new(&memory, rows, cols);
    for (int i = 0; i < rows * cols; i++) t.data[i] = random_float();
    return t;
}

static tensor copy_of(tensor x)
{
    tensor t = tensor_new(&memory, x.rows, x.cols);
    memcpy(t.data, x.data, (size_t)x.rows * (size_t)x.cols * sizeof(float));
    return t;
}

static tensor sum_of(tensor a, tensor b)
{
    tensor y = copy_of(a);
    for (int i = 0; i < y.rows * y.cols; i++) y.data[i] += b.data[i];
    return y;
}

static void check_same(tensor a, tensor b)
{
    assert_int_equal(a.rows * a.cols, b.rows * b.cols);
    assert_memory_equal(a.data, b.data, (size_t)a.rows * (size_t)a.cols * sizeof(float));
}

/* An arena of exactly `size` bytes: one that takes more stops the program. */
static arena exactly(size_t size)
{
    arena a;
    error err;
    assert_true(arena_new(&a, size, "a plan", &err));
    assert_int_equal(a.size, size ? size : ARENA_ALIGN);
    return a;
}

/* Weights of these names and shapes (second dimension 0: a vector), the same values every time. */
typedef struct {
    const char *name;
    int rows, cols;
} spec;

static weights make_weights(const spec *specs, int count, precision keep)
{
    tensor_info *infos = calloc((size_t)count, sizeof *infos);
    weights w = { 0 };
    error err;
    assert_non_null(infos);
    for (int i = 0; i < count; i++)
        infos[i] = (tensor_info){ .name = specs[i].name,
                                  .type = DTYPE_F32,
                                  .rank = specs[i].cols ? 2 : 1,
                                  .shape = { specs[i].rows, specs[i].cols } };
    assert_true(weights_plan(&w, infos, count, keep, &err));
    uint32_t before = seed;
    seed = 77;
    for (int i = 0; i < count; i++)
        for (int k = 0; k < specs[i].rows * (specs[i].cols ? specs[i].cols : 1); k++) {
            float value = random_float() * 0.3f;
            assert_true(weights_take(&w, i, (const uint8_t *)&value, sizeof value, &err));
        }
    seed = before;
    assert_true(weights_finish(&w, &err));
    free(infos);
    return w;
}

/* Element (r, c) of a tensor that no layer has taken. */
static double element(const weight *t, int r, int c)
{
    if (t->form == FORM_FLOAT) return t->floats[r * t->cols + c];
    if (t->form == FORM_Q4) {
        int nibble = (uint8_t)t->bytes[(r * t->cols + c) / 2] >> c % 2 * 4 & 15;
        return (2 * nibble - 15) * (double)t->scale[(r * t->cols + c) / Q4_GROUP];
    }
    return (double)t->bytes[r * q8_padded(t->cols) + c] * t->scale[r];
}

static double output_of(const weight *w, const weight *bias, const float *x, int out)
{
    double sum = bias ? bias->floats[out] : 0;
    for (int i = 0; i < w->cols; i++) sum += x[i] * element(w, out, i);
    return sum;
}

/* w[0]: weight, w[1]: bias */
static tensor norm_of(const weight *w, double eps, tensor x)
{
    tensor y = tensor_new(&memory, x.rows, x.cols);
    for (int r = 0; r < x.rows; r++) {
        const float *row = tensor_row(x, r);
        double mean = 0, variance = 0;
        for (int c = 0; c < x.cols; c++) mean += (double)row[c] / x.cols;
        for (int c = 0; c < x.cols; c++) variance += (row[c] - mean) * (row[c] - mean) / x.cols;
        for (int c = 0; c < x.cols; c++)
            tensor_row(y, r)[c] =
                (float)((row[c] - mean) / sqrt(variance + eps) * w[0].floats[c] + w[1].floats[c]);
    }
    return y;
}

static void check_near(tensor a, tensor b, double most)
{
    for (int i = 0; i < a.rows * a.cols; i++) assert_true(fabs(a.data[i] - b.data[i]) <= most);
}

/* A layer against its own weights in double precision, with `bits` a weight. */
static void check_linear(const char *name, int rows, int in, int out, precision keep, int bits)
{
    char weight_name[40], bias_name[40];
    snprintf(weight_name, sizeof weight_name, "%s.weight", name);
    snprintf(bias_name, sizeof bias_name, "%s.bias", name);
    const spec specs[] = { { weight_name, out, in }, { bias_name, out, 0 } };
    weights w = make_weights(specs, 2, keep), plain = make_weights(specs, 2, keep);
    linear l;
    error err;
    size_t used = memory.used;
    tensor x = random_tensor(rows, in), y = tensor_new(&memory, rows, out),
           z = tensor_new(&memory, rows, out);
    arena tmp = exactly(linear_scratch(rows, in));
    assert_int_equal(plain.all[0].bits, bits);
    assert_true(linear_bind(&l, &w, name, in, out, true, &err));
    for (int finest = 0; finest <= rows; finest += 2) { /* beyond the last: the first */
        compute with = one, together = four;
        with.finest = together.finest = finest;
        nn_linear(&with, &l, x, y, tmp);
        nn_linear(&together, &l, x, z, tmp);
        check_same(y, z);
        for (int r = 0; r < rows; r++)
            for (int o = 0; o < out; o++) {
                const float *row = tensor_row(x, r);
                double largest = 0, sum = 1; /* the step of quantized inputs is largest / 63 */
                for (int i = 0; i < in; i++) largest = fmax(largest, fabsf(row[i]));
                for (int i = 0; i < in; i++) sum += fabs(element(&plain.all[0], o, i));
                double off = l.floats ? 0 : largest / Q8_MAX / 2;
                if (r == (finest < rows ? finest : 0)) off /= 2 * Q8_MAX;
                double want = output_of(&plain.all[0], &plain.all[1], row, o);
                assert_true(fabs(tensor_row(y, r)[o] - want) <= sum * (off + 4 * FLT_EPSILON));
            }
    }
    arena_free(&tmp);
    weights_free(&w);
    weights_free(&plain);
    memory.used = used;
}

static void test_linear(void **state)
{
    (void)state;
    static const int rows[] = { 1, 4, 7 }, ins[] = { 1, 3, 8, 17, 100 },
                     outs[] = { 1, 7, 8, 9, 33, 100 };
    for (size_t r = 0; r < COUNT(rows); r++)
        for (size_t o = 0; o < COUNT(outs); o++) {
            for (size_t i = 0; i < COUNT(ins); i++) {
                check_linear("l", rows[r], ins[i], outs[o], KEEP_AS_STORED, BITS_FLOAT);
                check_linear("l", rows[r], ins[i], outs[o], QUANTIZE_Q8, 8);
            }
            check_linear("l", rows[r], 17, outs[o], QUANTIZE_Q4, 8);
            check_linear("l", rows[r], 72, outs[o], QUANTIZE_Q4, 6);
            check_linear("l.v_proj", rows[r], 128, outs[o], QUANTIZE_Q4, 6);
            check_linear("layer.0.l", rows[r], 384, outs[o], QUANTIZE_Q4, 5);
            check_linear("l", rows[r], 128, outs[o], QUANTIZE_Q4, 4);
            check_linear("l", rows[r], 384, outs[o], QUANTIZE_Q4, 4);
            check_linear("pooler.l", rows[r], 64, outs[o], QUANTIZE_Q8, BITS_HALF);
        }
}

/* Of the finest row what rounding leaves is multiplied too: its error is a small part of that of
 * the others, whichever row it is. */
static void test_the_finest_row_is_nearer(void **state)
{
    (void)state;
    enum { ROWS = 5, IN = 256, OUT = 40 };
    static const spec specs[] = { { "l.weight", OUT, IN } };
    for (int keep = QUANTIZE_Q8; keep <= QUANTIZE_Q4; keep++) {
        weights w = make_weights(specs, 1, (precision)keep),
                plain = make_weights(specs, 1, (precision)keep);
        linear l;
        error err;
        assert_true(linear_bind(&l, &w, "l", IN, OUT, false, &err));
        tensor x = random_tensor(ROWS, IN), y = tensor_new(&memory, ROWS, OUT);
        for (int finest = 0; finest < ROWS; finest++) {
            double off[ROWS] = { 0 };
            compute c = one;
            c.finest = finest;
            nn_linear(&c, &l, x, y, memory);
            for (int r = 0; r < ROWS; r++)
                for (int o = 0; o < OUT; o++)
                    off[r] += fabs(tensor_row(y, r)[o] -
                                   output_of(&plain.all[0], NULL, tensor_row(x, r), o));
            for (int r = 0; r < ROWS; r++) assert_true(r == finest || off[finest] < off[r] / 30);
        }
        weights_free(&w);
        weights_free(&plain);
    }
}

/* Layers of all forms, with and without a bias, their weights, and the norm of their input. */
enum { LAYERS = 3, NORM = LAYERS, MIXED_IN = 2 * Q4_GROUP };

typedef struct {
    linear layer[LAYERS];
    norm norm;
    weights w[LAYERS + 1];
} mixed_layers;

static const int mixed_outs[LAYERS] = { 70, 8, 33 };

static mixed_layers mixed_new(void)
{
    static const precision keep[LAYERS] = { KEEP_AS_STORED, QUANTIZE_Q8, QUANTIZE_Q4 };
    static const spec norm_specs[] = { { "n.weight", MIXED_IN, 0 }, { "n.bias", MIXED_IN, 0 } };
    mixed_layers m;
    error err;
    for (int i = 0; i < LAYERS; i++) {
        const spec specs[] = { { "l.weight", mixed_outs[i], MIXED_IN },
                               { "l.bias", mixed_outs[i], 0 } };
        m.w[i] = make_weights(specs, COUNT(specs), keep[i]);
        assert_true(linear_bind(&m.layer[i], &m.w[i], "l", MIXED_IN, mixed_outs[i], i != 1, &err));
    }
    assert_non_null(m.layer[0].floats);
    assert_non_null(m.layer[1].q8.panels);
    assert_non_null(m.layer[2].q4.panels);
    m.w[NORM] = make_weights(norm_specs, COUNT(norm_specs), KEEP_AS_STORED);
    assert_true(norm_bind(&m.norm, &m.w[NORM], "n", MIXED_IN, 1e-5f, &err));
    return m;
}

static void mixed_free(mixed_layers *m)
{
    for (int i = 0; i < LAYERS + 1; i++) weights_free(&m->w[i]);
}

/* What nn_linear_call says of its parts: norm, layer, activation and residual one by one. */
static void check_call(const compute *c, const mixed_layers *m, const int *which, int count,
                       bool with_norm, activation act, bool add, int rows, arena tmp)
{
    size_t used = memory.used;
    tensor x = random_tensor(rows, MIXED_IN), before = copy_of(x),
           normed = tensor_new(&memory, rows, MIXED_IN), want[LAYERS];
    linear_call call = { .x = x, .count = count, .act = act, .add = add };
    if (with_norm) {
        call.norm = &m->norm;
        call.normed = tensor_new(&memory, rows, MIXED_IN);
        nn_norm(c, &m->norm, x, normed);
    }
    for (int i = 0; i < count; i++) {
        call.layers[i] = &m->layer[which[i]];
        call.y[i] = random_tensor(rows, call.layers[i]->out);
        want[i] = tensor_new(&memory, rows, call.layers[i]->out);
        nn_linear(c, call.layers[i], with_norm ? normed : x, want[i], memory);
        nn_activate(c, act, want[i]);
        if (add) want[i] = sum_of(call.y[i], want[i]);
    }
    nn_linear_call(c, &call, tmp);
    for (int i = 0; i < count; i++) check_same(call.y[i], want[i]);
    if (with_norm) check_same(call.normed, normed);
    check_same(x, before);
    memory.used = used;
}

static void test_linear_call(void **state)
{
    (void)state;
    static const int layers[][LAYERS] = { { 0, 1, 2 }, { 2, 0, 1 }, { 1, 2 }, { 0 }, { 1 }, { 2 } };
    static const int counts[] = { 3, 3, 2, 1, 1, 1 };
    mixed_layers m = mixed_new();
    for (int rows = 1; rows <= 9; rows += rows < 6 ? 1 : 3) {
        arena tmp = exactly(linear_scratch(rows, MIXED_IN));
        for (size_t l = 0; l < COUNT(layers); l++)
            for (int act = ACTIVATION_NONE; act <= ACTIVATION_TANH; act++)
                for (int options = 0; options < 8; options++) {
                    compute c = options & 1 ? four : one;
                    c.finest = (act * 3 + options) % (rows + 1);
                    check_call(&c, &m, layers[l], counts[l], options & 2, (activation)act,
                               options & 4, rows, tmp);
                }
        arena_free(&tmp);
    }
    mixed_free(&m);
}

/* A row of an output layer, which is a table of words too, in each form: added to what is there. */
static void test_rows_of_a_layer(void **state)
{
    (void)state;
    static const precision keep[LAYERS] = { KEEP_AS_STORED, QUANTIZE_Q8, QUANTIZE_Q4 };
    mixed_layers m = mixed_new();
    for (int i = 0; i < LAYERS; i++) {
        const spec specs[] = { { "l.weight", mixed_outs[i], MIXED_IN } };
        weights plain = make_weights(specs, COUNT(specs), keep[i]);
        for (int r = 0; r < mixed_outs[i]; r++) {
            float y[MIXED_IN];
            for (int k = 0; k < MIXED_IN; k++) y[k] = (float)k;
            linear_add_row(&m.layer[i], r, y);
            for (int k = 0; k < MIXED_IN; k++)
                assert_true(fabs(y[k] - (k + element(&plain.all[0], r, k))) <= 2e-5);
        }
        weights_free(&plain);
    }
    mixed_free(&m);
}

static void test_linear_refused(void **state)
{
    (void)state;
    static const tensor_info infos[] = {
        { .name = "a.weight", .type = DTYPE_F32, .rank = 2, .shape = { 2, 3 } },
        { .name = "a.bias", .type = DTYPE_F32, .rank = 1, .shape = { 3 } },
        { .name = "q.weight", .type = DTYPE_I8, .rank = 2, .shape = { 1, 3 } },
        { .name = "q.weight.scale", .type = DTYPE_F32, .rank = 1, .shape = { 1 } },
        { .name = "r.weight", .type = DTYPE_I8, .rank = 2, .shape = { 1, 3 } },
        { .name = "r.weight.scale", .type = DTYPE_F32, .rank = 1, .shape = { 1 } },
    };
    static const struct {
        const char *name;
        int in, out;
        bool bias;
        const char *why; /* NULL: fine */
    } cases[] = {
        { "b", 3, 2, false, "the model has no tensor 'b.weight'" },
        { "a", 2, 3, false, "tensor 'a.weight' has the shape [2, 3], expected [3, 2]" },
        { "a", 3, 2, true, "tensor 'a.bias' has the shape [3], expected [2]" },
        { "a", 3, 2, false, NULL }, /* what was refused has changed nothing */
        { "a", 3, 2, false, "tensor 'a.weight' is used by two layers" },
        { "q", 3, 1, false, NULL }, /* any int8 value */
        { "r", 3, 1, true, "the model has no tensor 'r.bias'" },
        { "r", 3, 1, false, NULL },
    };
    weights w = { 0 };
    error err;
    assert_true(weights_plan(&w, infos, COUNT(infos), KEEP_AS_STORED, &err));
    assert_true(weights_take(&w, 2, (const uint8_t[]){ 0, (uint8_t)-128, 127 }, 3, &err));
    assert_true(weights_take(&w, 4, (const uint8_t[]){ 0, (uint8_t)-127, 127 }, 3, &err));
    assert_true(weights_finish(&w, &err));
    for (size_t i = 0; i < COUNT(cases); i++) {
        linear l;
        bool good =
            linear_bind(&l, &w, cases[i].name, cases[i].in, cases[i].out, cases[i].bias, &err);
        assert_int_equal(good, cases[i].why == NULL);
        if (cases[i].why) assert_string_equal(err.text, cases[i].why);
    }
    weights_free(&w);
}

static double attention_of(int heads, tensor q, tensor k, tensor v, const uint8_t *mask,
                           bool causal, int row, int column)
{
    int depth = q.cols / heads, start = column / depth * depth;
    double sum = 0, all = 0;
    for (int i = 0; i < k.rows; i++) {
        double score = 0;
        for (int d = start; d < start + depth; d++)
            score += (double)tensor_row(q, row)[d] * tensor_row(k, i)[d];
        bool hidden = (mask && !mask[i]) || (causal && i > row);
        double part = hidden ? 0 : exp(score / sqrt(depth));
        all += part;
        sum += part * tensor_row(v, i)[column];
    }
    return sum / all;
}

static void check_attention(int queries, int keys, int heads, int depth, bool masked, bool causal)
{
    size_t used = memory.used;
    tensor q = random_tensor(queries, heads * depth), k = random_tensor(keys, heads * depth),
           v = random_tensor(keys, heads * depth), y = copy_of(q), z = copy_of(q);
    uint8_t mask[100];
    for (int i = 0; i < keys; i++) mask[i] = i % 3 != 1;
    for (int i = 0; i < q.rows * q.cols; i++) q.data[i] *= 4;
    arena tmp = exactly(attention_scratch(heads, queries, keys, heads * depth));
    nn_attention(&one, heads, q, k, v, masked ? mask : NULL, causal, y, tmp);
    for (int r = 0; r < queries; r++)
        for (int c = 0; c < q.cols; c++) {
            double want = attention_of(heads, q, k, v, masked ? mask : NULL, causal, r, c);
            assert_true(fabs(tensor_row(y, r)[c] - want) <= 2e-6);
        }
    for (int i = 0; masked && i < keys; i++)
        for (int c = 0; !mask[i] && c < k.cols; c++)
            tensor_row(k, i)[c] *= -9, tensor_row(v, i)[c] = 1e14f; /* nobody sees it */
    nn_attention(&four, heads, q, k, v, masked ? mask : NULL, causal, z, tmp);
    check_same(y, z);
    arena_free(&tmp);
    memory.used = used;
}

static void test_attention(void **state)
{
    (void)state;
    static const int queries[] = { 1, 31, 32, 33, 70 }, keys[] = { 1, 7, 33, 70 },
                     depths[] = { 4, 5, 16 };
    for (size_t q = 0; q < COUNT(queries); q++)
        for (size_t k = 0; k < COUNT(keys); k++)
            for (size_t d = 0; d < COUNT(depths); d++)
                for (int heads = 1; heads <= 3; heads += 2) {
                    check_attention(queries[q], keys[k], heads, depths[d], false, false);
                    check_attention(queries[q], keys[k], heads, depths[d], true, false);
                    if (queries[q] > keys[k]) continue;
                    check_attention(queries[q], keys[k], heads, depths[d], false, true);
                    check_attention(queries[q], keys[k], heads, depths[d], true, true);
                }
}

/* Scores of some 3 and keys with something in common, as trained models have them: the mean distance from
 * exact attention is small beside the results, and any number of threads has the same bits. */
static void check_quantized_attention(int queries, int keys, int heads, int depth)
{
    size_t used = memory.used;
    tensor q = random_tensor(queries, heads * depth), k = random_tensor(keys, heads * depth),
           v = random_tensor(keys, heads * depth), y = copy_of(q), z = copy_of(q);
    double apart = 0, size = 0;
    for (int i = 0; i < k.rows * k.cols; i++) k.data[i] += (float)(i % depth % 3) * 10;
    arena tmp = exactly(quantized_attention_scratch(heads, queries, keys, heads * depth));
    nn_quantized_attention(&one, heads, q, k, v, y, tmp);
    nn_quantized_attention(&four, heads, q, k, v, z, tmp);
    check_same(y, z);
    for (int r = 0; r < queries; r++)
        for (int c = 0; c < q.cols; c++) {
            double want = attention_of(heads, q, k, v, NULL, false, r, c);
            apart += pow(tensor_row(y, r)[c] - want, 2);
            size += want * want;
        }
    print_message("%d queries, %d keys, %d deep: relative error %.4f\n", queries, keys, depth,
                  sqrt(apart / size));
    assert_true(apart <= size * 0.02 * 0.02);
    arena_free(&tmp);
    memory.used = used;
}

static void test_quantized_attention(void **state)
{
    (void)state;
    check_quantized_attention(1, 3, 1, 8);
    check_quantized_attention(37, 65, 2, 5);
    check_quantized_attention(72, 129, 3, 16);
    check_quantized_attention(5, 700, 2, 64);
}

/* Values that are no finite numbers (of weights that are too large) stay in their columns, and any number of threads has
 * the same bits. */
static void test_quantized_attention_of_no_numbers(void **state)
{
    (void)state;
    enum { QUERIES = 5, KEYS = 20, HEADS = 2, DEPTH = 20, HIDDEN = HEADS * DEPTH };
    static const struct {
        int row, column;
        float value;
    } odd[] = { { 0, 3, NAN }, { 7, 4, INFINITY }, { 19, 18, -INFINITY }, { 3, 22, NAN } };
    size_t used = memory.used;
    tensor q = random_tensor(QUERIES, HIDDEN), k = random_tensor(KEYS, HIDDEN),
           v = random_tensor(KEYS, HIDDEN), y = copy_of(q), z = copy_of(q), good = copy_of(q);
    arena tmp = exactly(quantized_attention_scratch(HEADS, QUERIES, KEYS, HIDDEN));
    nn_quantized_attention(&one, HEADS, q, k, v, good, tmp);
    for (size_t i = 0; i < COUNT(odd); i++) tensor_row(v, odd[i].row)[odd[i].column] = odd[i].value;
    nn_quantized_attention(&one, HEADS, q, k, v, y, tmp);
    nn_quantized_attention(&four, HEADS, q, k, v, z, tmp);
    check_same(y, z);
    for (int r = 0; r < QUERIES; r++)
        for (int c = 0; c < HIDDEN; c++) {
            bool touched = false;
            for (size_t i = 0; i < COUNT(odd); i++) touched |= odd[i].column == c;
            if (!touched) assert_true(tensor_row(y, r)[c] == tensor_row(good, r)[c]);
        }
    arena_free(&tmp);
    memory.used = used;
}

/* A row is the same to the bit whatever follows it. */
static void test_causal_attention_of_a_beginning(void **state)
{
    (void)state;
    enum { ALL = 70, HIDDEN = 12, HEADS = 3 };
    tensor q = random_tensor(ALL, HIDDEN), k = random_tensor(ALL, HIDDEN),
           v = random_tensor(ALL, HIDDEN), y = copy_of(q), z = copy_of(q);
    nn_attention(&one, HEADS, q, k, v, NULL, true, y, memory);
    for (int n = 1; n < ALL; n++) {
        nn_attention(&one, HEADS, tensor_rows(q, 0, n), tensor_rows(k, 0, n), tensor_rows(v, 0, n),
                     NULL, true, tensor_rows(z, 0, n), memory);
        check_same(tensor_rows(z, 0, n), tensor_rows(y, 0, n));
    }
}

/* The sum over the heads of the weights by which attention averages: with values that are 1 in one row
 * and 0 in all others, the result is that row's weight. */
static void test_rollout_gets_the_weights(void **state)
{
    (void)state;
    enum { ALL = 70, HIDDEN = 12, HEADS = 3 };
    static float map[ALL * ALL];
    error err;
    tensor q = random_tensor(ALL, HIDDEN), k = random_tensor(ALL, HIDDEN),
           v = random_tensor(ALL, HIDDEN), y = copy_of(q), z = copy_of(q);
    nn_attention(&one, HEADS, q, k, v, NULL, false, y, memory);
    for (int threads = 1; threads <= 4; threads += 3) {
        rollout r = { 0 };
        compute c = threads > 1 ? four : one;
        c.rollout = &r;
        assert_true(rollout_begin(&r, 1, HEADS, ALL, &err));
        nn_attention(&c, HEADS, q, k, v, NULL, false, z, memory);
        check_same(z, y);
        if (threads == 1) memcpy(map, r.maps, sizeof map);
        assert_memory_equal(r.maps, map, sizeof map);
        const float *relevance = rollout_end(&r);
        for (int i = 0; i < ALL; i++) {
            float share = (i == 0 ? 1.0f : 0.0f) + map[i] / HEADS;
            assert_true(fabsf(relevance[i] - share / 2) < 1e-6f);
        }
        rollout_free(&r);
        assert_null(r.room.base);
    }
    for (int row = 0; row < ALL; row++) {
        memset(v.data, 0, sizeof(float) * ALL * HIDDEN);
        for (int i = 0; i < HIDDEN; i++) tensor_row(v, row)[i] = 1;
        nn_attention(&one, HEADS, q, k, v, NULL, false, y, memory);
        for (int i = 0; i < ALL; i++) {
            float sum = 0;
            for (int h = 0; h < HEADS; h++) sum += tensor_row(y, i)[h * HIDDEN / HEADS];
            assert_true(fabsf(map[i * ALL + row] - sum) < 1e-6f);
        }
    }
}

static void test_rollout_without_memory(void **state)
{
    (void)state;
    rollout r = { 0 };
    error err = { 0 };
    assert_true(rollout_begin(&r, 2, 3, 10, &err));
    assert_false(rollout_begin(&r, 2, 3, 1 << 26, &err));
    assert_true(err.no_memory);
    assert_non_null(strstr(err.text, "not enough memory for the heat map"));
    assert_true(rollout_begin(&r, 2, 3, 10, &err));
    rollout_free(&r);
}

enum { MAX_BLOCKS = 2 };

static weights transformer_weights(const transformer_shape *s, precision keep)
{
    static char names[MAX_BLOCKS * 16][60];
    spec specs[MAX_BLOCKS * 16];
    const transformer_names *n = &transformer_vit_names;
    const struct {
        const char *name;
        int rows, cols;
    } parts[8] = {
        { n->query, s->hidden, s->hidden },
        { n->key, s->hidden, s->hidden },
        { n->value, s->hidden, s->hidden },
        { n->output, s->hidden, s->hidden },
        { n->up, s->intermediate, s->hidden },
        { n->down, s->hidden, s->intermediate },
        { n->norm1, s->hidden, 0 },
        { n->norm2, s->hidden, 0 },
    };
    int count = 0;
    for (int i = 0; i < s->layers; i++)
        for (int p = 0; p < 16; p++, count++) {
            snprintf(names[count], sizeof names[count], "t.%d.%s.%s", i, parts[p / 2].name,
                     p % 2 ? "bias" : "weight");
            specs[count] = (spec){ names[count], parts[p / 2].rows, p % 2 ? 0 : parts[p / 2].cols };
        }
    return make_weights(specs, count, keep);
}

static tensor layer_of(const weight *w, bool bias, tensor x)
{
    tensor y = tensor_new(&memory, x.rows, w->rows);
    for (int r = 0; r < y.rows; r++)
        for (int c = 0; c < y.cols; c++)
            tensor_row(y, r)[c] = (float)output_of(w, bias ? w + 1 : NULL, tensor_row(x, r), c);
    return y;
}

/* One block by its formula; w: its 16 tensors as transformer_weights() has them. */
static tensor block_of(const transformer_shape *s, const weight *w, tensor x, const uint8_t *mask)
{
    tensor in = s->pre_norm ? norm_of(w + 12, s->eps, x) : x, mixed = copy_of(x);
    tensor q = layer_of(w, s->qkv_bias, in),
           k = layer_of(w + 2, s->qkv_bias && !s->key_unbiased, in),
           v = layer_of(w + 4, s->qkv_bias, in);
    for (int r = 0; r < x.rows; r++)
        for (int c = 0; c < x.cols; c++)
            tensor_row(mixed, r)[c] = (float)attention_of(s->heads, q, k, v, mask, s->causal, r, c);
    x = sum_of(x, layer_of(w + 6, true, mixed));
    if (!s->pre_norm) x = norm_of(w + 12, s->eps, x);
    tensor up = layer_of(w + 8, true, s->pre_norm ? norm_of(w + 14, s->eps, x) : x);
    nn_activate(&one, s->act, up);
    x = sum_of(x, layer_of(w + 10, true, up));
    return s->pre_norm ? x : norm_of(w + 14, s->eps, x);
}

/* All rows, with an arena of exactly the plan; then fewer rows, which must be the same rows. */
static void check_transformer(const transformer_shape *s, int tokens, precision keep)
{
    weights w = transformer_weights(s, keep), plain = transformer_weights(s, KEEP_AS_STORED);
    transformer t;
    error err;
    uint8_t mask[100];
    size_t used = memory.used, peak = 0, plan = transformer_scratch(s, tokens);
    assert_true(transformer_bind(&t, s, &w, "t.", &transformer_vit_names, &err));
    tensor x = random_tensor(tokens, s->hidden), all = copy_of(x);
    for (int i = 0; i < tokens; i++) mask[i] = i % 4 != 2;
    arena tmp = exactly(plan);
    tmp.peak = &peak;
    nn_transformer(&one, &t, all, mask, tokens, tmp);
    assert_in_range(peak, 1, plan);
    tensor want = x;
    for (int i = 0; i < s->layers; i++) want = block_of(s, plain.all + 16 * i, want, mask);
    check_near(all, want, keep == QUANTIZE_Q8 ? 0.1 : 1e-5);
    static const int some[] = { 1, 2, 31, 33 };
    for (size_t i = 0; i < COUNT(some) && some[i] <= tokens; i++) {
        tensor y = copy_of(x);
        nn_transformer(&four, &t, y, mask, some[i], tmp);
        check_same(tensor_rows(y, 0, some[i]), tensor_rows(all, 0, some[i]));
    }
    assert_in_range(peak, 1, plan);
    arena_free(&tmp);
    transformer_free(&t);
    weights_free(&w);
    weights_free(&plain);
    memory.used = used;
}

static void test_transformer(void **state)
{
    (void)state;
    static const transformer_shape shapes[] = {
        { 2, 16, 2, 40, ACTIVATION_GELU, 1e-12f, true, true, false, false, false },
        { 2, 16, 2, 40, ACTIVATION_GELU, 1e-12f, false, true, false, false, false },
        { 2, 16, 2, 40, ACTIVATION_QUICK_GELU, 1e-5f, true, true, true, false, false },
        { 1, 12, 3, 300, ACTIVATION_RELU, 1e-6f, true, false, false, false,
          false }, /* the mlp takes most */
        { 1, 72, 9, 8, ACTIVATION_QUICK_GELU, 1e-6f, false, false, false, false,
          false }, /* the attention does */
        { 2, 16, 2, 40, ACTIVATION_GELU, 1e-5f, true, true, false, true, false },
        { 1, 5, 1, 3, ACTIVATION_TANH, 1e-6f, true, true, false, false, false },
    };
    static const int tokens[] = { 1, 2, 33, 70 };
    for (size_t s = 0; s < COUNT(shapes); s++)
        for (size_t n = 0; n < COUNT(tokens); n++) {
            check_transformer(&shapes[s], tokens[n], KEEP_AS_STORED);
            check_transformer(&shapes[s], tokens[n], QUANTIZE_Q8);
        }
}

static void test_norm(void **state)
{
    (void)state;
    static const spec specs[] = {
        { "n.weight", 19, 0 }, { "n.bias", 19, 0 }, { "old.gamma", 19, 0 }, { "old.beta", 19, 0 }
    };
    weights w = make_weights(specs, COUNT(specs), QUANTIZE_Q8);
    error err;
    for (int i = 0; i < 2; i++) {
        norm n;
        assert_true(norm_bind(&n, &w, i ? "old" : "n", 19, 0.1f, &err));
        tensor x = random_tensor(3, 19), y = tensor_new(&memory, 3, 19);
        nn_norm(&one, &n, x, y);
        check_near(y, norm_of(&w.all[2 * i], 0.1, x), 1e-6);
        nn_norm(&one, &n, x, x);
        check_same(x, y);
    }
    norm n;
    assert_false(norm_bind(&n, &w, "m", 19, 0, &err));
    assert_string_equal(err.text, "the model has no tensor 'm.weight'");
    assert_false(norm_bind(&n, &w, "n", 18, 0, &err));
    assert_string_equal(err.text, "tensor 'n.weight' has the shape [19], expected [18]");
    weights_free(&w);
}

static void test_embedding(void **state)
{
    (void)state;
    enum { WIDE = 2 * Q4_GROUP };
    static const struct {
        precision keep;
        int size;
        weight_form form;
    } cases[] = {
        { KEEP_AS_STORED, 13, FORM_FLOAT },
        { QUANTIZE_Q8, 13, FORM_Q8 },
        { QUANTIZE_Q4, 24, FORM_Q8 },
        { QUANTIZE_Q4, WIDE, FORM_Q4 },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int size = cases[i].size;
        const spec specs[] = { { "word_embeddings.weight", 5, size } };
        weights w = make_weights(specs, 1, cases[i].keep);
        embedding e;
        error err;
        assert_true(embedding_bind(&e, &w, "word_embeddings", 5, size, &err));
        assert_int_equal(e.table->form, cases[i].form);
        for (int id = 0; id < 5; id++) {
            float row[WIDE];
            for (int c = 0; c < size; c++) row[c] = (float)c;
            embedding_add(&e, id, row);
            for (int c = 0; c < size; c++)
                assert_true(fabs(c + element(e.table, id, c) - row[c]) < 1e-6);
        }
        assert_false(embedding_bind(&e, &w, "word_embeddings", 6, size, &err));
        assert_non_null(strstr(err.text, "tensor 'word_embeddings.weight' has the shape [5, "));
        weights_free(&w);
    }
}

static void test_interpolate(void **state)
{
    (void)state;
    tensor grid = random_tensor(3 * 4, 5), same = tensor_new(&memory, 3 * 4, 5);
    interpolate_bicubic(grid, 3, 4, same, 3, 4);
    check_same(grid, same); /* no resizing changes nothing */
    for (int i = 0; i < 60; i++) grid.data[i] = 0.7f;
    tensor other = tensor_new(&memory, 7 * 2, 5);
    interpolate_bicubic(grid, 3, 4, other, 7, 2);
    for (int i = 0; i < 70; i++) assert_true(fabsf(other.data[i] - 0.7f) < 1e-6f);
    /* 0, 1 at twice the size, by hand; along both axes */
    static const float want[] = { -0.10546875f, 0.2265625f, 0.7734375f, 1.10546875f };
    tensor line = { (float[]){ 0, 1 }, 2, 1 }, twice = tensor_new(&memory, 4, 1);
    interpolate_bicubic(line, 1, 2, twice, 1, 4);
    assert_memory_equal(twice.data, want, sizeof want);
    interpolate_bicubic(line, 2, 1, twice, 4, 1);
    assert_memory_equal(twice.data, want, sizeof want);
}

static void test_patches(void **state)
{
    (void)state;
    enum { CHANNELS = 3, HEIGHT = 7, WIDTH = 11, PATCH = 3 }; /* 2 x 3 patches, some left over */
    tensor pixels = tensor_new(&memory, CHANNELS * HEIGHT, WIDTH);
    for (int i = 0; i < pixels.rows * pixels.cols; i++) pixels.data[i] = (float)i;
    tensor rows = tensor_new(&memory, 6, CHANNELS * PATCH * PATCH);
    patches_cut(pixels.data, CHANNELS, HEIGHT, WIDTH, PATCH, rows);
    for (int r = 0; r < rows.rows; r++)
        for (int i = 0; i < rows.cols; i++) {
            int channel = i / (PATCH * PATCH), y = r / 3 * PATCH + i / PATCH % PATCH,
                x = r % 3 * PATCH + i % PATCH;
            assert_true(tensor_row(rows, r)[i] == (float)((channel * HEIGHT + y) * WIDTH + x));
        }
}

static void test_interpolate_bilinear(void **state)
{
    (void)state;
    tensor grid = random_tensor(3 * 4, 5), same = tensor_new(&memory, 3 * 4, 5);
    interpolate_bilinear(grid, 3, 4, same, 3, 4);
    check_same(grid, same); /* no resizing changes nothing */
    /* [0 4 / 8 20], by hand: corners stay, and between them lines are straight */
    static const struct {
        int rows, cols;
        float want[15];
    } cases[] = {
        { 3, 5, { 0, 1, 2, 3, 4, 4, 6, 8, 10, 12, 8, 11, 14, 17, 20 } },
        { 1, 3, { 0, 2, 4 } },
        { 3, 1, { 0, 4, 8 } },
        { 1, 1, { 0 } },
    };
    tensor four_corners = { (float[]){ 0, 4, 8, 20 }, 4, 1 };
    for (size_t i = 0; i < COUNT(cases); i++) {
        tensor got = tensor_new(&memory, cases[i].rows * cases[i].cols, 1);
        interpolate_bilinear(four_corners, 2, 2, got, cases[i].rows, cases[i].cols);
        assert_memory_equal(got.data, cases[i].want, (size_t)got.rows * sizeof(float));
    }
    /* fewer lines, and a grid of one line: a line that lies on none is between its neighbours */
    tensor line = { (float[]){ 0, 1, 2, 4 }, 4, 1 }, two = tensor_new(&memory, 2, 1),
           three = tensor_new(&memory, 3, 1);
    interpolate_bilinear(line, 1, 4, two, 1, 2);
    assert_memory_equal(two.data, ((const float[]){ 0, 4 }), 2 * sizeof(float));
    interpolate_bilinear(line, 4, 1, three, 3, 1);
    assert_memory_equal(three.data, ((const float[]){ 0, 1.5f, 4 }), 3 * sizeof(float));
    interpolate_bilinear(tensor_rows(line, 3, 1), 1, 1, three, 3, 1);
    assert_memory_equal(three.data, ((const float[]){ 4, 4, 4 }), 3 * sizeof(float));
}

static void test_pooler(void **state)
{
    (void)state;
    static const spec specs[] = { { "p.dense.weight", 9, 9 }, { "p.dense.bias", 9, 0 } };
    weights w = make_weights(specs, 2, KEEP_AS_STORED),
            plain = make_weights(specs, 2, KEEP_AS_STORED);
    pooler p;
    error err;
    assert_true(pooler_bind(&p, &w, "q", 9, &err)); /* may be left out */
    assert_false(p.present);
    assert_false(pooler_bind(&p, &w, "p", 8, &err));
    assert_true(pooler_bind(&p, &w, "p", 9, &err));
    assert_true(p.present);
    tensor x = random_tensor(4, 9), y = tensor_new(&memory, 1, 9);
    nn_pooler(&one, &p, x, y, memory);
    for (int c = 0; c < 9; c++)
        assert_true(fabs(tanh(output_of(&plain.all[0], &plain.all[1], x.data, c)) - y.data[c]) <
                    1e-6);
    weights_free(&w);
    weights_free(&plain);
}

static void test_classifier(void **state)
{
    (void)state;
    static const spec specs[] = { { "c.weight", 10, 6 },        { "c.bias", 10, 0 },
                                  { "d.dense.weight", 11, 6 },  { "d.dense.bias", 11, 0 },
                                  { "d.output.weight", 3, 11 }, { "d.output.bias", 3, 0 } };
    weights w = make_weights(specs, COUNT(specs), KEEP_AS_STORED),
            plain = make_weights(specs, COUNT(specs), KEEP_AS_STORED);
    const weight *t = plain.all;
    classifier c, d;
    error err;
    assert_true(classifier_bind(&c, &w, "c", 6, 0, ACTIVATION_NONE, 10, &err));
    assert_true(classifier_bind(&d, &w, "d", 6, 11, ACTIVATION_RELU, 3, &err));
    tensor x = random_tensor(1, 6), y = tensor_new(&memory, 1, 10), z = tensor_new(&memory, 1, 3);
    arena tmp = exactly(classifier_scratch(&c)), deep = exactly(classifier_scratch(&d));
    nn_classifier(&one, &c, x, y, tmp);
    for (int o = 0; o < 10; o++)
        assert_true(fabs(output_of(t, t + 1, x.data, o) - y.data[o]) < 1e-6);
    nn_classifier(&one, &d, x, z, deep);
    float inner[11];
    for (int i = 0; i < 11; i++) inner[i] = (float)fmax(0, output_of(t + 2, t + 3, x.data, i));
    for (int o = 0; o < 3; o++)
        assert_true(fabs(output_of(t + 4, t + 5, inner, o) - z.data[o]) < 1e-6);
    assert_false(classifier_bind(&c, &w, "x", 6, 5, ACTIVATION_NONE, 10, &err));
    assert_string_equal(err.text, "the model has no tensor 'x.dense.weight'");
    arena_free(&tmp);
    arena_free(&deep);
    weights_free(&w);
    weights_free(&plain);
}

static void test_activations(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        float want; /* of -1 */
    } cases[] = {
        { "none", -1 }, { "gelu", -0.158655f }, { "quick_gelu", -0.154204f },
        { "relu", 0 },  { "relu6", 0 },         { "tanh", -0.761594f },
    };
    activation a;
    error err;
    for (size_t i = 0; i < COUNT(cases); i++) {
        tensor x = tensor_new(&memory, 3, 7);
        for (int k = 0; k < 21; k++) x.data[k] = -1;
        assert_true(activation_named(cases[i].name, &a, &err));
        nn_activate(&four, a, x);
        for (int k = 0; k < 21; k++) assert_true(fabsf(x.data[k] - cases[i].want) < 1e-6f);
    }
    assert_false(activation_named("swish", &a, &err));
    assert_string_equal(err.text, "activation 'swish' is not known (gelu, quick_gelu, relu, relu6, "
                                  "tanh, none)");
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_linear),
        TEST(test_the_finest_row_is_nearer),
        TEST(test_linear_call),
        TEST(test_rows_of_a_layer),
        TEST(test_linear_refused),
        TEST(test_attention),
        TEST(test_quantized_attention),
        TEST(test_quantized_attention_of_no_numbers),
        TEST(test_causal_attention_of_a_beginning),
        TEST(test_rollout_gets_the_weights),
        TEST(test_rollout_without_memory),
        TEST(test_patches),
        TEST(test_transformer),
        TEST(test_norm),
        TEST(test_embedding),
        TEST(test_interpolate),
        TEST(test_interpolate_bilinear),
        TEST(test_pooler),
        TEST(test_classifier),
        TEST(test_activations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
