/* Every kernel of this build against the scalar definition, to the bit; the definition against
 * double precision. */
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/kernels.h"
#include "kernels/panel.h"

#include "testing.h"

#if defined(__SANITIZE_ADDRESS__)
enum { GUARD = 0 }; /* the sanitizer guards the ends of blocks */
#else
enum { GUARD = 64 };
#endif

static uint32_t seed = 1;

static uint32_t random_bits(void)
{
    seed = seed * 1664525u + 1013904223u;
    return seed >> 8;
}

static float random_float(void) { return (float)random_bits() / 0x1p22f - 2; } /* -2..2 */

/* A block of `size` bytes between guards. A shift of 1..3 items moves it off its alignment. */
typedef struct {
    uint8_t *block;
    size_t before, size, after;
} guarded;

static guarded guarded_new(size_t size, size_t shift, int guard)
{
    guarded g = { malloc(shift + size + GUARD), shift, size, GUARD };
    assert_non_null(g.block);
    memset(g.block, guard, shift + size + GUARD);
    return g;
}

static void *at(guarded g) { return g.block + g.before; }

/* Inputs: one element read too far is NaN (floats) or 127 (int8). Outputs: see check_same(). */
static guarded floats_in(size_t n, size_t shift)
{
    guarded g = guarded_new(n * sizeof(float), shift * sizeof(float), 0xff);
    for (size_t i = 0; i < n; i++) ((float *)at(g))[i] = random_float();
    return g;
}

static guarded bytes_in(size_t n, size_t shift, int largest)
{
    guarded g = guarded_new(n, shift, 0x7f);
    for (size_t i = 0; i < n; i++)
        ((int8_t *)at(g))[i] = (int8_t)((int)(random_bits() >> 8) % (2 * largest + 1) - largest);
    return g;
}

static guarded floats_out(size_t n, size_t shift)
{
    return guarded_new(n * sizeof(float), shift * sizeof(float), 0xa5);
}

/* For functions that work in place. */
static guarded copy_of(guarded g)
{
    guarded copy = guarded_new(g.size, g.before, 0xa5);
    memcpy(at(copy), at(g), g.size);
    return copy;
}

/* Both blocks, with their guards; then they are given back. */
static void check_same(guarded a, guarded b)
{
    assert_memory_equal(a.block, b.block, a.before + a.size + a.after);
    free(a.block);
    free(b.block);
}

static void check_guards(guarded g, int guard)
{
    for (size_t i = 0; i < g.before + g.after; i++)
        assert_int_equal(g.block[i < g.before ? i : i + g.size], guard);
}

/* Equal to the bit, but a NaN is like any other: its bits are the processor's affair. */
static void check_same_numbers(const float *a, const float *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isnan(a[i]) || !isnan(b[i])) assert_memory_equal(a + i, b + i, sizeof *a);
}

typedef struct {
    int rows, in, out, more_x, more_y, first, last; /* more: what a stride has over a row */
    size_t shift;
    bool bias;
} product;

/* A row's outputs of the panels asked for, and nothing else, were written. */
static void check_written(guarded y, const product *p)
{
    static const uint32_t untouched = 0xa5a5a5a5;
    const uint8_t *bytes = at(y);
    check_guards(y, 0xa5);
    for (int r = 0; r < p->rows; r++)
        for (int c = 0; c < p->out + p->more_y; c++) {
            size_t place = (size_t)(r * (p->out + p->more_y) + c) * sizeof untouched;
            bool asked = c >= p->first * PANEL && c < p->last * PANEL && c < p->out;
            if (place < y.size)
                assert_int_equal(memcmp(bytes + place, &untouched, sizeof untouched) != 0, asked);
        }
}

/* What the last row does not have behind it: the difference of stride and row. */
static size_t matrix(int rows, int cols, int more)
{
    return (size_t)rows * (size_t)(cols + more) - (size_t)more;
}

static void check_f32(const product *p)
{
    size_t panels = (size_t)panel_count(p->out), in = (size_t)p->in;
    guarded x = floats_in(matrix(p->rows, p->in, p->more_x), p->shift);
    guarded w = floats_in(panels * PANEL * in, p->shift);
    guarded bias = floats_in((size_t)p->out, p->shift);
    guarded y[2];
    for (int r = 0; r + 1 < p->rows; r++)
        for (int i = 0; i < p->more_x; i++)
            ((float *)at(x))[r * (p->in + p->more_x) + p->in + i] = NAN;
    for (int i = 0; i < 2; i++) {
        y[i] = floats_out(matrix(p->rows, p->out, p->more_y), p->shift);
        const kernels *k = i ? kernels_best() : kernels_scalar();
        k->matmul_f32(at(x), p->in + p->more_x, p->rows, p->in, at(w), p->bias ? at(bias) : NULL,
                      at(y[i]), p->out + p->more_y, p->out, p->first, p->last);
    }
    check_written(y[0], p);
    check_same(y[0], y[1]);
    free(x.block);
    free(w.block);
    free(bias.block);
}

static void check_q8(const product *p)
{
    size_t panels = (size_t)panel_count(p->out), in = (size_t)q8_padded(p->in);
    guarded x = bytes_in((size_t)p->rows * in, p->shift, Q8_MAX);
    guarded w = bytes_in(panels * PANEL * in, p->shift, 127);
    guarded x_scale = floats_in((size_t)p->rows, p->shift);
    guarded w_scale = floats_in((size_t)p->out, p->shift);
    guarded bias = floats_in((size_t)p->out, p->shift);
    guarded y[2];
    for (int i = 0; i < 2; i++) {
        y[i] = floats_out(matrix(p->rows, p->out, p->more_y), p->shift);
        const kernels *k = i ? kernels_best() : kernels_scalar();
        k->matmul_q8(at(x), at(x_scale), p->rows, (int)in, at(w), at(w_scale),
                     p->bias ? at(bias) : NULL, at(y[i]), p->out + p->more_y, p->out, p->first,
                     p->last);
    }
    check_written(y[0], p);
    check_same(y[0], y[1]);
    guarded *const inputs[] = { &x, &w, &x_scale, &w_scale, &bias };
    for (size_t i = 0; i < COUNT(inputs); i++) free(inputs[i]->block);
}

static void check_q4(const product *p)
{
    size_t panels = (size_t)panel_count(p->out), in = (size_t)p->in;
    guarded x = bytes_in((size_t)p->rows * in, p->shift, Q8_MAX);
    guarded w = bytes_in(panels * PANEL * in / 2, p->shift, 127);
    guarded x_scale = floats_in((size_t)p->rows, p->shift);
    guarded w_scale = floats_in(panels * PANEL * in / Q4_GROUP, p->shift);
    guarded bias = floats_in((size_t)p->out, p->shift);
    guarded y[2];
    for (int i = 0; i < 2; i++) {
        y[i] = floats_out(matrix(p->rows, p->out, p->more_y), p->shift);
        const kernels *k = i ? kernels_best() : kernels_scalar();
        k->matmul_q4(at(x), at(x_scale), p->rows, p->in, at(w), at(w_scale),
                     p->bias ? at(bias) : NULL, at(y[i]), p->out + p->more_y, p->out, p->first,
                     p->last);
    }
    check_written(y[0], p);
    check_same(y[0], y[1]);
    guarded *const inputs[] = { &x, &w, &x_scale, &w_scale, &bias };
    for (size_t i = 0; i < COUNT(inputs); i++) free(inputs[i]->block);
}

/* Every size up to the limits, the other fields varied along; then larger ones. */
static void check_products(void (*check)(const product *), int in_step, int in_most)
{
    static const int large[] = { 255, 768, 3072 };
    int round = 0;
    for (int rows = 1; rows <= 9; rows++)
        for (int in = in_step; in <= in_most; in += in_step)
            for (int out = 1; out <= 18; out++) {
                product p = { .rows = rows, .in = in, .out = out == 18 ? 33 : out };
                int panels = panel_count(p.out);
                p.more_x = round % 3, p.more_y = round % 4, p.shift = (size_t)round % 2;
                p.bias = round++ % 5 > 0;
                for (p.first = 0; p.first < panels; p.first++)
                    for (p.last = p.first + 1; p.last <= panels; p.last++) check(&p);
            }
    for (size_t i = 0; i < COUNT(large); i++)
        for (int rows = 1; rows <= 5; rows += 4) {
            product p = { rows, large[i] / in_step * in_step, 33, 1, 1, 0, 5, 1, true };
            check(&p);
        }
}

static void test_products(void **state)
{
    (void)state;
    check_products(check_f32, 1, 33);
    check_products(check_q8, Q8_STEP, 80);
    check_products(check_q4, Q4_GROUP, 2 * Q4_GROUP);
}

/* Rows to be met anywhere, and rows that no sane model has. */
enum { RANDOM, BITS, ZEROS, MINUS_ZEROS, EQUAL, DENORMAL, LARGE, NANS, INFINITE, MIXED, KINDS };

static void fill(float *x, size_t n, int kind)
{
    static const float special[] = { 0.0f,  -0.0f, 1e-40f,   -1e-40f,   FLT_MIN, 0.5f,    -0.5f,
                                     87.0f, 88.5f, -87.5f,   -104.0f,   1e10f,   -1e10f,  FLT_MAX,
                                     1.0f,  3e38f, -FLT_MAX, -INFINITY, NAN,     INFINITY };
    for (size_t i = 0; i < n; i++) {
        uint32_t bits = random_bits() << 8 ^ random_bits();
        switch (kind) {
        case RANDOM: x[i] = random_float() * 8; break;
        case BITS: memcpy(x + i, &bits, sizeof bits); break;
        case ZEROS: x[i] = 0; break;
        case MINUS_ZEROS: x[i] = i % 3 ? -0.0f : 0.0f; break;
        case EQUAL: x[i] = -1.7f; break;
        case DENORMAL: x[i] = random_float() * 1e-39f; break;
        case LARGE: x[i] = random_float() * 1.6e38f; break;
        case NANS: x[i] = i % 5 == n % 5 ? NAN : random_float(); break;
        case INFINITE: x[i] = i % 5 == n % 5 ? INFINITY : i % 7 ? random_float() : -INFINITY; break;
        default: x[i] = special[bits % COUNT(special)]; break;
        }
    }
}

static const int lengths[] = { 1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11,  12,  13,
                               15, 16, 17, 23, 31, 32, 33, 64, 65, 66, 255, 768, 3072 };

/* Run `check` with rows of all lengths and kinds, aligned and not. */
static void check_rows(void (*check)(guarded x, int n))
{
    for (size_t i = 0; i < COUNT(lengths); i++)
        for (int kind = 0; kind < KINDS; kind++)
            for (size_t shift = 0; shift < 2; shift++) {
                guarded x = floats_in((size_t)lengths[i], shift);
                fill(at(x), (size_t)lengths[i], kind);
                check(x, lengths[i]);
                free(x.block);
            }
}

static void check_quantize(guarded x, int n)
{
    guarded q[2];
    float scale[2];
    for (int i = 0; i < 2; i++) {
        q[i] = guarded_new((size_t)q8_padded(n), x.before / 4, 0xa5);
        scale[i] = (i ? kernels_best() : kernels_scalar())->quantize_row(at(x), n, at(q[i]));
    }
    check_guards(q[0], 0xa5);
    for (int i = n; i < q8_padded(n); i++) assert_int_equal(((int8_t *)at(q[0]))[i], 0);
    check_same_numbers(scale, scale + 1, 1);
    check_same(q[0], q[1]);
}

static void check_norm(guarded x, int n)
{
    guarded weight = floats_in((size_t)n, x.before / 4), bias = floats_in((size_t)n, x.before / 4);
    guarded y[2], in_place = copy_of(x);
    for (int i = 0; i < 2; i++) {
        y[i] = floats_out((size_t)n, x.before / 4);
        const kernels *k = i ? kernels_best() : kernels_scalar();
        k->layer_norm(at(x), at(weight), at(bias), 1e-12f, at(y[i]), n);
        check_guards(y[i], 0xa5);
    }
    kernels_best()->layer_norm(at(in_place), at(weight), at(bias), 1e-12f, at(in_place), n);
    check_same_numbers(at(y[0]), at(y[1]), (size_t)n);
    check_same_numbers(at(y[0]), at(in_place), (size_t)n);
    guarded *const all[] = { &weight, &bias, &y[0], &y[1], &in_place };
    for (size_t i = 0; i < COUNT(all); i++) free(all[i]->block);
}

static void check_in_place(guarded x, int n)
{
    const kernels *const table[2] = { kernels_scalar(), kernels_best() };
    for (int f = 0; f < 6; f++) {
        guarded y[2];
        guarded other = floats_in((size_t)n, x.before / 4);
        for (int i = 0; i < 2; i++) {
            y[i] = copy_of(x);
            switch (f) {
            case 0: table[i]->gelu(at(y[i]), (size_t)n); break;
            case 1: table[i]->quick_gelu(at(y[i]), (size_t)n); break;
            case 2: table[i]->tanh(at(y[i]), (size_t)n); break;
            case 3: table[i]->sigmoid(at(y[i]), (size_t)n); break;
            case 4: table[i]->add(at(y[i]), at(other), (size_t)n); break;
            default: table[i]->softmax(at(y[i]), n); break;
            }
            check_guards(y[i], 0xa5);
        }
        check_same_numbers(at(y[0]), at(y[1]), (size_t)n);
        free(y[0].block);
        free(y[1].block);
        free(other.block);
    }
}

static void test_quantize_row(void **state)
{
    (void)state;
    check_rows(check_quantize);
}

static void test_layer_norm(void **state)
{
    (void)state;
    check_rows(check_norm);
}

static void test_functions_in_place(void **state)
{
    (void)state;
    check_rows(check_in_place);
}

static void test_quantize_row_rounds_halves_to_even(void **state)
{
    (void)state;
    static const float x[] = { 63, 0.5f, 1.5f, 2.5f, -0.5f, -1.5f, -2.5f, 62.5f, -62.5f, 0.49f };
    static const int8_t want[16] = { 63, 0, 2, 2, 0, -2, -2, 62, -62, 0 };
    int8_t q[16];
    assert_true(kernels_scalar()->quantize_row(x, COUNT(x), q) == 1);
    assert_memory_equal(q, want, sizeof q);
}

static void test_quantize_row_is_within_half_a_step(void **state)
{
    (void)state;
    float x[768];
    int8_t q[768];
    for (int exponent = -100; exponent <= 120; exponent += 5) {
        float largest = 0;
        for (size_t i = 0; i < COUNT(x); i++) {
            x[i] = ldexpf(random_float(), exponent);
            largest = fmaxf(largest, fabsf(x[i]));
        }
        float scale = kernels_scalar()->quantize_row(x, COUNT(x), q);
        assert_true(scale == largest / Q8_MAX);
        for (size_t i = 0; i < COUNT(x); i++) {
            assert_in_range(q[i] + Q8_MAX, 0, 2 * Q8_MAX);
            assert_true(fabs(x[i] - (double)q[i] * scale) <= scale * 0.50001);
        }
    }
}

/* The sums of matmul_q8 are exact: random values, then the largest there can be. */
static void test_product_q8_is_exact(void **state)
{
    (void)state;
    static const int ins[] = { 8, 24, 768, 3072, 65536 };
    for (size_t i = 0; i < COUNT(ins); i++)
        for (int extreme = 0; extreme < 3; extreme++) {
            size_t in = (size_t)ins[i];
            guarded x = bytes_in(in, 0, Q8_MAX), w = bytes_in(PANEL * in, 0, 127);
            int8_t *xs = at(x), *ws = at(w);
            if (extreme) memset(xs, extreme == 1 ? Q8_MAX : -Q8_MAX, in);
            if (extreme) memset(ws, extreme == 1 ? 127 : -128, PANEL * in);
            float x_scale = 0.013f, w_scale[3] = { 0.7f, 0.011f, 3.0f }, bias[3] = { 1, -2, 0 };
            float y[3];
            kernels_best()->matmul_q8(xs, &x_scale, 1, ins[i], ws, w_scale, bias, y, 3, 3, 0, 1);
            for (size_t c = 0; c < 3; c++) {
                int64_t sum = 0;
                for (size_t k = 0; k < in; k++) sum += xs[k] * ws[(k / 2 * PANEL + c) * 2 + k % 2];
                float want = (float)sum * (x_scale * w_scale[c]) + bias[c];
                assert_memory_equal(y + c, &want, sizeof want);
            }
            free(x.block);
            free(w.block);
        }
}

/* The sums of a group are exact, and the groups' are added as floats in their order. */
static void test_product_q4_by_its_formula(void **state)
{
    (void)state;
    enum { OUT = 11, PANELS = 2 };
    static const int ins[] = { Q4_GROUP, 3 * Q4_GROUP, 768, 3072 };
    for (size_t i = 0; i < COUNT(ins); i++)
        for (int extreme = 0; extreme < 3; extreme++) {
            size_t in = (size_t)ins[i], groups = in / Q4_GROUP;
            guarded xs = bytes_in(in, 0, Q8_MAX), ws = bytes_in(PANELS * PANEL * in / 2, 0, 127),
                    scales = floats_in(PANELS * PANEL * groups, 0), biases = floats_in(OUT, 0);
            if (extreme) memset(at(xs), extreme == 1 ? Q8_MAX : -Q8_MAX, in);
            if (extreme) memset(at(ws), extreme == 1 ? 0xff : 0, PANELS * PANEL * in / 2);
            const int8_t *x = at(xs);
            const uint8_t *w = at(ws);
            const float *scale = at(scales), *bias = at(biases);
            float x_scale = 0.013f, y[OUT];
            kernels_best()->matmul_q4(x, &x_scale, 1, ins[i], w, scale, bias, y, OUT, OUT, 0,
                                      PANELS);
            for (size_t c = 0; c < OUT; c++) {
                uint8_t row[3072 / 2];
                float want = 0;
                double exact = bias[c], size = fabs(exact);
                panel_row_q4(w, (int)c, ins[i], row);
                for (size_t g = 0; g < groups; g++) {
                    int sum = 0;
                    float step = scale[(c / PANEL * groups + g) * PANEL + c % PANEL];
                    for (size_t k = g * Q4_GROUP; k < (g + 1) * Q4_GROUP; k++)
                        sum += x[k] * (2 * (row[k / 2] >> k % 2 * 4 & 15) - (Q4_LEVELS - 1));
                    want += (float)sum * step;
                    exact += (double)sum * step * x_scale;
                    size += fabs((double)sum * step * x_scale);
                }
                want = want * x_scale + bias[c];
                assert_memory_equal(y + c, &want, sizeof want);
                assert_true(fabs(y[c] - exact) <= ((double)groups + 2) * FLT_EPSILON * size);
            }
            guarded *const blocks[] = { &xs, &ws, &scales, &biases };
            for (size_t b = 0; b < COUNT(blocks); b++) free(blocks[b]->block);
        }
}

static void test_product_f32_is_near_double(void **state)
{
    (void)state;
    enum { ROWS = 5, OUT = 17 };
    static const int ins[] = { 1, 33, 768, 3072 };
    double worst = 0;
    for (size_t i = 0; i < COUNT(ins); i++) {
        int in = ins[i];
        guarded xs = floats_in((size_t)(ROWS * in), 0), ws = floats_in((size_t)(24 * in), 0);
        const float *x = at(xs), *w = at(ws);
        float bias[OUT], y[ROWS * OUT];
        fill(bias, OUT, RANDOM);
        kernels_scalar()->matmul_f32(x, in, ROWS, in, w, bias, y, OUT, OUT, 0, 3);
        for (int r = 0; r < ROWS; r++)
            for (int c = 0; c < OUT; c++) {
                double sum = bias[c], size = fabs(sum);
                for (int k = 0; k < in; k++) {
                    double term = (double)x[r * in + k] * w[(c / 8 * in + k) * 8 + c % 8];
                    sum += term, size += fabs(term);
                }
                worst = fmax(worst, fabs(y[r * OUT + c] - sum) / size);
                assert_true(fabs(y[r * OUT + c] - sum) <= (in + 2) * FLT_EPSILON * size);
            }
        free(xs.block);
        free(ws.block);
    }
    print_message("matmul_f32: at most %.1e of the sum of magnitudes\n", worst);
}

static double gelu(double x) { return x / 2 * (1 + erf(x * sqrt(0.5))); }
static double sigmoid(double x) { return 1 / (1 + exp(-x)); }
static double quick_gelu(double x) { return x * sigmoid(1.702 * x); }

static void test_functions_are_near_double(void **state)
{
    (void)state;
    const kernels *k = kernels_scalar();
    const struct {
        const char *name;
        void (*f)(float *, size_t);
        double (*want)(double);
    } functions[] = {
        { "gelu", k->gelu, gelu },
        { "quick_gelu", k->quick_gelu, quick_gelu },
        { "tanh", k->tanh, tanh },
        { "sigmoid", k->sigmoid, sigmoid },
    };
    for (size_t i = 0; i < COUNT(functions); i++) {
        double worst = 0;
        for (int step = -200000; step <= 200000; step++) {
            float x = (float)step * (step % 7 ? 1e-4f : 1e-3f), y = x; /* -20..20 and -200..200 */
            functions[i].f(&y, 1);
            worst = fmax(worst, fabs(y - functions[i].want(x)) / fmax(1, fabsf(x)));
        }
        print_message("%s: at most %.1e\n", functions[i].name, worst);
        assert_true(worst <= 1e-6);
    }
}

static void test_rows_are_near_double(void **state)
{
    (void)state;
    double worst_norm = 0, worst_softmax = 0;
    for (size_t l = 0; l < COUNT(lengths); l++) {
        int n = lengths[l];
        float x[3072], weight[3072], bias[3072], y[3072];
        for (int i = 0; i < n; i++)
            x[i] = random_float() * 3 + 1, weight[i] = random_float(), bias[i] = random_float();
        double mean = 0, variance = 0, sum = 0;
        for (int i = 0; i < n; i++) mean += (double)x[i] / n;
        for (int i = 0; i < n; i++) variance += (x[i] - mean) * (x[i] - mean) / n;
        for (int i = 0; i < n; i++) sum += exp(x[i]);
        kernels_scalar()->layer_norm(x, weight, bias, 1e-5f, y, n);
        for (int i = 0; i < n; i++) {
            double want = (x[i] - mean) / sqrt(variance + 1e-5) * weight[i] + bias[i];
            worst_norm = fmax(worst_norm, fabs(y[i] - want) / fmax(1, fabs(want)));
        }
        memcpy(y, x, sizeof y);
        kernels_scalar()->softmax(y, n);
        for (int i = 0; i < n; i++)
            worst_softmax = fmax(worst_softmax, fabs(y[i] - exp(x[i]) / sum));
    }
    print_message("layer_norm: at most %.1e; softmax: %.1e\n", worst_norm, worst_softmax);
    assert_true(worst_norm <= 1e-6);
    assert_true(worst_softmax <= 1e-6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_products),
        cmocka_unit_test(test_quantize_row),
        cmocka_unit_test(test_layer_norm),
        cmocka_unit_test(test_functions_in_place),
        cmocka_unit_test(test_quantize_row_rounds_halves_to_even),
        cmocka_unit_test(test_quantize_row_is_within_half_a_step),
        cmocka_unit_test(test_product_q8_is_exact),
        cmocka_unit_test(test_product_q4_by_its_formula),
        cmocka_unit_test(test_product_f32_is_near_double),
        cmocka_unit_test(test_functions_are_near_double),
        cmocka_unit_test(test_rows_are_near_double),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
