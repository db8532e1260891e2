/* Every kernel of this build against the scalar definition, to the bit; the definition against
 * double precision. */
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/kernels.h"
#include "kernels/panel.h"
#include "kernels/simd.h"

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

static int random_below(int n) { return (int)(random_bits() >> 8) % n; }

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

/* Inputs: one element read too far is NaN (floats) or 127 (int8). Outputs: see check_guards(). */
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
        ((int8_t *)at(g))[i] = (int8_t)(random_below(2 * largest + 1) - largest);
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

/* Both blocks, with their guards. */
static void check_equal(guarded a, guarded b)
{
    assert_memory_equal(a.block, b.block, a.before + a.size + a.after);
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

/* The scalar definition, then every other table of this build. */
enum { TABLES = Q8_RUN == 4 ? 3 : 2 };

static const kernels *table(int i)
{
#if Q8_RUN == 4
    if (i == 2) return kernels_simd_at_once();
#endif
    return i ? kernels_simd() : kernels_scalar();
}

enum { FUNCTIONS = 6 };

/* A function that a product can end with; NULL: none. */
static void (*function(const kernels *k, int i))(float *x, size_t n)
{
    void (*const all[FUNCTIONS])(float *, size_t) = { k->gelu,  k->quick_gelu, k->relu,
                                                      k->relu6, k->tanh,       k->sigmoid };
    return i < FUNCTIONS ? all[i] : NULL;
}

/* A product that every table makes. */
typedef struct {
    int rows, in, out, finest, more_x, more_y, first, last; /* more: what a stride has over a row */
    size_t shift;
    bool bias, add;
    int activation; /* of function() */
} task;

/* Where the tables write to: a copy of `before` each. */
typedef struct {
    guarded before, y[TABLES], bias;
} results;

/* What the last row does not have behind it: the difference of stride and row. */
static size_t matrix(int rows, int cols, int more)
{
    return (size_t)rows * (size_t)(cols + more) - (size_t)more;
}

static results results_new(const task *t)
{
    size_t size = matrix(t->rows, t->out, t->more_y);
    results r = { .before = t->add ? floats_in(size, t->shift) : floats_out(size, t->shift),
                  .bias = floats_in((size_t)t->out, t->shift) };
    for (int i = 0; i < TABLES; i++) r.y[i] = copy_of(r.before);
    return r;
}

/* What table `i` is told. */
static product product_of(const task *t, const results *r, int i)
{
    return (product){ .y = at(r->y[i]),
                      .y_stride = t->out + t->more_y,
                      .out = t->out,
                      .bias = t->bias ? at(r->bias) : NULL,
                      .activation = function(table(i), t->activation),
                      .add = t->add };
}

/* A row's outputs of the panels asked for, and nothing else, were written; by all tables the same. */
static void check_results(const task *t, results r)
{
    const uint32_t *before = at(r.before), *y = at(r.y[0]);
    int count = (int)(r.before.size / sizeof *y), stride = t->out + t->more_y;
    check_guards(r.y[0], 0xa5);
    for (int i = 0; i < count; i++) {
        int c = i % stride;
        bool asked = c >= t->first * PANEL && c < t->last * PANEL && c < t->out;
        if (!asked || !t->add) assert_int_equal(y[i] != before[i], asked);
    }
    for (int i = 1; i < TABLES; i++) check_equal(r.y[0], r.y[i]);
    for (int i = 0; i < TABLES; i++) free(r.y[i].block);
    free(r.before.block);
    free(r.bias.block);
}

static void check_f32(const task *t)
{
    size_t panels = (size_t)panel_count(t->out), in = (size_t)t->in;
    guarded x = floats_in(matrix(t->rows, t->in, t->more_x), t->shift);
    guarded w = floats_in(panels * PANEL * in, t->shift);
    results r = results_new(t);
    for (int row = 0; row + 1 < t->rows; row++)
        for (int i = 0; i < t->more_x; i++)
            ((float *)at(x))[row * (t->in + t->more_x) + t->in + i] = NAN;
    for (int i = 0; i < TABLES; i++) {
        const product p = product_of(t, &r, i);
        table(i)->matmul_f32(at(x), t->in + t->more_x, t->rows, t->in, at(w), &p, t->first,
                             t->last);
    }
    check_results(t, r);
    free(x.block);
    free(w.block);
}

/* Rows of activations and the finest one's remainder, as products take them. */
typedef struct {
    guarded q, u, sums, scale;
} activations;

/* u and sums as q has them. */
static void derive(activations *x)
{
    const int8_t *q = at(x->q);
    q8_input *u = at(x->u);
    int32_t *sums = at(x->sums);
    for (size_t i = 0; i < x->q.size; i++) u[i] = (q8_input)(q[i] + Q8_OFFSET);
    memset(sums, 0, x->sums.size);
    for (size_t i = 0; i < x->sums.size / sizeof *sums * Q4_GROUP; i++) sums[i / Q4_GROUP] += q[i];
}

static activations activations_new(int rows, int in, size_t shift)
{
    size_t all = (size_t)rows + 1, size = all * (size_t)in, groups = all * (size_t)(in / Q4_GROUP);
    activations x = { .q = bytes_in(size, shift, Q8_MAX),
                      .u = guarded_new(size * sizeof(q8_input), shift * sizeof(q8_input), 0x7f),
                      .sums = guarded_new(groups * sizeof(int32_t), shift * sizeof(int32_t), 0x7f),
                      .scale = floats_in(all, shift) };
    derive(&x);
    return x;
}

static quantized_rows rows_q8(const activations *x, int rows, int in, int finest)
{
    return (quantized_rows){
        .rows = rows, .in = in, .u = at(x->u), .scale = at(x->scale), .finest = finest
    };
}

static quantized_rows rows_q4(const activations *x, int rows, int in, int finest)
{
    return (quantized_rows){ .rows = rows,
                             .in = in,
                             .q = at(x->q),
                             .sums = at(x->sums),
                             .scale = at(x->scale),
                             .finest = finest };
}

static void activations_free(activations *x)
{
    guarded *const all[] = { &x->q, &x->u, &x->sums, &x->scale };
    for (size_t i = 0; i < COUNT(all); i++) free(all[i]->block);
}

/* Values of q8 weights: as models have them (few blocks are wide), any (all are), the extremes of
 * a file, and as much in four that meet as is not wide, then one more. */
enum { GAUSSIAN, UNIFORM, ALL_127, ALL_MINUS_127, ALL_MINUS_128, AT_LIMIT, ABOVE_LIMIT, VALUES };

/* The inputs of eight that meet in a lane: see q8_matrix. */
static const size_t meeting[2][4] = { { 0, 1, 4, 5 }, { 2, 3, 6, 7 } };

/* Four weights of which those of one sign add up to `sum`. */
static void four_of_sum(int sum, int8_t w[4])
{
    int other = -random_below(128), sign = random_below(2) ? 1 : -1, first = random_below(4);
    const int ways[][4] = { { 127, 127, sum - 254, other },
                            { 65, 65, 64, sum - 194 },
                            { 128, 128, sum - 256, other } };
    int way = random_below(sign > 0 ? 2 : 3);
    for (int i = 0; i < 4; i++) w[(first + i) % 4] = (int8_t)(sign * ways[way][i]);
}

static guarded weights_q8(int panels, int in, size_t shift, int values)
{
    size_t inputs = (size_t)in, outputs = (size_t)(panels * PANEL);
    guarded g = guarded_new(outputs * inputs, shift, 0x7f);
    int8_t *w = at(g);
    for (size_t i = 0; i < g.size; i++) switch (values) {
        case GAUSSIAN:
            w[i] = (int8_t)(random_below(64) + random_below(64) + random_below(64) +
                            random_below(64) - 126);
            break;
        case ALL_127: w[i] = 127; break;
        case ALL_MINUS_127: w[i] = -127; break;
        case ALL_MINUS_128: w[i] = -128; break;
        default: w[i] = (int8_t)(random_below(256) - 128); break;
        }
    for (size_t c = 0; values >= AT_LIMIT && c < outputs; c++)
        for (size_t k = 0; k < inputs; k += 8)
            for (int m = 0; m < 2; m++) {
                int8_t four[4];
                four_of_sum(Q8_NARROW + (values == ABOVE_LIMIT), four);
                for (int i = 0; i < 4; i++)
                    w[panel_place_q8(c, k + meeting[m][i], inputs)] = four[i];
            }
    return g;
}

/* A q8_matrix with its facts, counted by `k`. */
typedef struct {
    guarded panels, scale, offset, wide;
} matrix_q8;

static matrix_q8 matrix_q8_new(const kernels *k, int out, int in, size_t shift, int values)
{
    int panels = panel_count(out);
    size_t outputs = (size_t)(panels * PANEL), blocks = (size_t)(panels * q8_blocks(in));
    matrix_q8 w = { .panels = weights_q8(panels, in, shift, values),
                    .scale = floats_in((size_t)out, shift),
                    .offset = guarded_new(outputs * sizeof(int32_t), shift * sizeof(int32_t), 0x7f),
                    .wide = guarded_new(blocks, shift, 0x7f) };
    k->facts_q8(at(w.panels), in, 0, panels, at(w.offset), at(w.wide));
    return w;
}

static q8_matrix as_q8(const matrix_q8 *w)
{
    return (q8_matrix){ at(w->panels), at(w->scale), at(w->offset), at(w->wide) };
}

static void matrix_q8_free(matrix_q8 *w)
{
    guarded *const all[] = { &w->panels, &w->scale, &w->offset, &w->wide };
    for (size_t i = 0; i < COUNT(all); i++) free(all[i]->block);
}

static void check_q8(const task *t)
{
    activations x = activations_new(t->rows, t->in, t->shift);
    matrix_q8 w = matrix_q8_new(kernels_scalar(), t->out, t->in, t->shift, random_below(VALUES));
    results r = results_new(t);
    const quantized_rows rows = rows_q8(&x, t->rows, t->in, t->finest);
    const q8_matrix q8 = as_q8(&w);
    for (int i = 0; i < TABLES; i++) {
        const product p = product_of(t, &r, i);
        table(i)->matmul_q8(&rows, &q8, &p, t->first, t->last);
    }
    check_results(t, r);
    activations_free(&x);
    matrix_q8_free(&w);
}

static void check_q4(const task *t)
{
    size_t outputs = (size_t)(panel_count(t->out) * PANEL), in = (size_t)t->in;
    activations x = activations_new(t->rows, t->in, t->shift);
    guarded w = bytes_in(outputs * in / 2, t->shift, 127);
    guarded scale = floats_in(outputs * in / Q4_GROUP, t->shift);
    results r = results_new(t);
    const quantized_rows rows = rows_q4(&x, t->rows, t->in, t->finest);
    const q4_matrix q4 = { at(w), at(scale) };
    for (int i = 0; i < TABLES; i++) {
        const product p = product_of(t, &r, i);
        table(i)->matmul_q4(&rows, &q4, &p, t->first, t->last);
    }
    check_results(t, r);
    activations_free(&x);
    free(w.block);
    free(scale.block);
}

/* 16-bit integers of 0..largest, or -largest..largest. */
static guarded words_in(size_t n, size_t shift, bool positive, int largest)
{
    guarded g = guarded_new(n * sizeof(int16_t), shift * sizeof(int16_t), 0x7f);
    bool extreme = random_below(4) == 0;
    for (size_t i = 0; i < n; i++)
        ((int16_t *)at(g))[i] = (int16_t)(extreme    ? largest
                                          : positive ? random_below(largest + 1)
                                                     : random_below(2 * largest + 1) - largest);
    return g;
}

static void check_i16(const task *t)
{
    size_t outputs = (size_t)(panel_count(t->out) * PANEL), in = (size_t)t->in;
    guarded x = words_in((size_t)t->rows * in, t->shift, true, I16_MAX),
            w = words_in(outputs * in, t->shift, false, I16_VALUE_MAX),
            x_scale = floats_in((size_t)t->rows, t->shift), w_scale = floats_in(outputs, t->shift);
    results r = results_new(t);
    const i16_rows rows = { .rows = t->rows, .in = t->in, .values = at(x), .scale = at(x_scale) };
    const i16_matrix i16 = { at(w), at(w_scale) };
    for (int i = 0; i < TABLES; i++) {
        const product p = product_of(t, &r, i);
        table(i)->matmul_i16(&rows, &i16, &p, t->first, t->last);
    }
    check_results(t, r);
    free(x.block);
    free(w.block);
    free(x_scale.block);
    free(w_scale.block);
}

/* All numbers of rows, every row the finest or none (floats know none), some of the outputs and all;
 * what else there is at random. Then larger ones. */
static void check_products(void (*check)(const task *), const int *ins, size_t count, int step)
{
    static const int outs[] = { 1, 4, 5, 7, 8, 9, 16, 17, 33 }, large[] = { 255, 768, 3072 };
    for (int rows = 1; rows <= 9; rows++)
        for (int finest = -1; finest < rows; finest++)
            for (size_t i = 0; i < count; i++)
                for (size_t o = 0; o < COUNT(outs); o++)
                    for (int all = 0; all < 2; all++) {
                        int panels = panel_count(outs[o]), first = all ? 0 : random_below(panels);
                        int last = all ? panels : first + 1 + random_below(panels - first);
                        check(&(task){ .rows = rows,
                                       .in = ins[i],
                                       .out = outs[o],
                                       .finest = finest,
                                       .more_x = random_below(3),
                                       .more_y = random_below(4),
                                       .first = first,
                                       .last = last,
                                       .shift = (size_t)random_below(4),
                                       .bias = random_below(3) > 0,
                                       .add = random_below(2),
                                       .activation = random_below(2 * FUNCTIONS) });
                    }
    for (size_t i = 0; i < COUNT(large); i++)
        for (int rows = 1; rows <= 6; rows += 5)
            check(&(task){ .rows = rows,
                           .in = large[i] / step * step,
                           .out = 33,
                           .finest = rows / 2,
                           .last = 5,
                           .bias = true,
                           .activation = FUNCTIONS });
}

static void test_products_f32(void **state)
{
    (void)state;
    static const int ins[] = { 1, 2, 3, 4, 5, 8, 33 };
    check_products(check_f32, ins, COUNT(ins), 1);
}

/* Every channel, whole panels and not, and nothing behind the last. */
static void test_depthwise(void **state)
{
    (void)state;
    enum { PIXELS = 9, MOST = 27 };
    for (int channels = 1; channels <= MOST; channels++)
        for (size_t shift = 0; shift < 4; shift++) {
            size_t n = (size_t)channels, panels = (size_t)panel_count(channels);
            guarded x[PIXELS], w = floats_in(panels * PANEL * PIXELS, shift),
                               bias = floats_in(n, shift), y[TABLES];
            const float *taps[PIXELS];
            for (int t = 0; t < PIXELS; t++)
                taps[t] = at(x[t] = floats_in(n, (shift + (size_t)t) % 4));
            for (int i = 0; i < TABLES; i++) {
                y[i] = floats_out(n, shift);
                table(i)->depthwise(taps, PIXELS, channels, at(w), at(bias), at(y[i]));
                check_equal(y[0], y[i]);
            }
            check_guards(y[0], 0xa5);
            for (int c = 0; c < channels; c++) {
                double sum = (double)((float *)at(bias))[c];
                for (int t = 0; t < PIXELS; t++)
                    sum += (double)taps[t][c] *
                           (double)((float *)at(w))[(c / PANEL * PIXELS + t) * PANEL + c % PANEL];
                assert_true(fabs(sum - (double)((float *)at(y[0]))[c]) < 2e-6);
            }
            for (int t = 0; t < PIXELS; t++) free(x[t].block);
            for (int i = 0; i < TABLES; i++) free(y[i].block);
            free(w.block);
            free(bias.block);
        }
}

/* Any window, any number of channels. */
static void test_interleave(void **state)
{
    (void)state;
    enum { MOST_PIXELS = 12, MOST = 18 };
    for (int pixels = 1; pixels <= MOST_PIXELS; pixels++)
        for (int channels = 1; channels <= MOST; channels++) {
            guarded x[MOST_PIXELS], row[TABLES];
            const float *taps[MOST_PIXELS];
            for (int t = 0; t < pixels; t++)
                taps[t] = at(x[t] = floats_in((size_t)channels, (size_t)t % 4));
            for (int i = 0; i < TABLES; i++) {
                row[i] = floats_out((size_t)(pixels * channels), (size_t)channels % 4);
                table(i)->interleave(taps, pixels, channels, at(row[i]));
                check_equal(row[0], row[i]);
            }
            check_guards(row[0], 0xa5);
            for (int k = 0; k < pixels * channels; k++)
                assert_true(((float *)at(row[0]))[k] == taps[k % pixels][k / pixels]);
            for (int t = 0; t < pixels; t++) free(x[t].block);
            for (int i = 0; i < TABLES; i++) free(row[i].block);
        }
}

static void test_products_q8(void **state)
{
    (void)state;
    static const int ins[] = { 8, 16, 24, 56, 64, 72, 136 };
    check_products(check_q8, ins, COUNT(ins), Q8_STEP);
}

static void test_products_q4(void **state)
{
    (void)state;
    static const int ins[] = { Q4_GROUP, 2 * Q4_GROUP };
    check_products(check_q4, ins, COUNT(ins), Q4_GROUP);
}

static void test_products_i16(void **state)
{
    (void)state;
    static const int ins[] = { 2, 4, 10, I16_BLOCK, I16_BLOCK + 2, 3 * I16_BLOCK };
    check_products(check_i16, ins, COUNT(ins), 2);
}

/* Offsets by their formula, and wide as kernels.h says; panels that were not asked for are left as
 * they were. */
static void check_facts(guarded w, int panels, int in, int first, int last)
{
    size_t inputs = (size_t)in, blocks = (size_t)q8_blocks(in);
    const int8_t *weight = at(w);
    for (int i = 0; i < TABLES; i++) {
        guarded offset = guarded_new((size_t)(panels * PANEL) * sizeof(int32_t),
                                     w.before * sizeof(int32_t), 0xa5),
                wide = guarded_new((size_t)panels * blocks, w.before, 0xa5);
        table(i)->facts_q8(weight, in, first, last, at(offset), at(wide));
        check_guards(offset, 0xa5);
        check_guards(wide, 0xa5);
        for (size_t c = 0; c < (size_t)(panels * PANEL); c++) {
            bool asked = c / PANEL >= (size_t)first && c / PANEL < (size_t)last;
            int32_t sum = 0;
            for (size_t k = 0; k < inputs; k++) sum += weight[panel_place_q8(c, k, inputs)];
            assert_int_equal(((int32_t *)at(offset))[c],
                             asked ? -Q8_OFFSET * sum : (int32_t)0xa5a5a5a5);
        }
        for (size_t b = 0; b < (size_t)panels * blocks; b++) {
            size_t panel = b / blocks, begin = b % blocks * Q8_BLOCK, end = begin + Q8_BLOCK;
            bool asked = panel >= (size_t)first && panel < (size_t)last, is_wide = false;
            for (size_t c = panel * PANEL; c < (panel + 1) * PANEL; c++)
                for (size_t k = begin; k < end && k < inputs; k += 8)
                    for (int m = 0; m < 2; m++) {
                        int plus = 0, less = 0;
                        for (int four = 0; four < 4; four++) {
                            int value = weight[panel_place_q8(c, k + meeting[m][four], inputs)];
                            if (value > 0)
                                plus += value;
                            else
                                less -= value;
                        }
                        is_wide |= plus > Q8_NARROW || less > Q8_NARROW;
                    }
            assert_int_equal(((uint8_t *)at(wide))[b],
                             asked && Q8_RUN == 4 ? is_wide : 0xa5); /* else nobody asks */
        }
        free(offset.block);
        free(wide.block);
    }
}

static void test_facts_q8(void **state)
{
    (void)state;
    static const int ins[] = { 8, 56, 64, 72, 128, 200, 768 };
    for (size_t i = 0; i < COUNT(ins); i++)
        for (int values = 0; values < VALUES; values++)
            for (int panels = 1; panels <= 3; panels++)
                for (int first = 0; first < panels; first++)
                    for (int last = first + 1; last <= panels; last++) {
                        guarded w = weights_q8(panels, ins[i], (size_t)random_below(4), values);
                        check_facts(w, panels, ins[i], first, last);
                        free(w.block);
                    }
}

/* Four weights of sum `sum` that meet, anywhere among zeros: its block is wide if that is above the
 * limit, and no other is. */
static void test_a_block_is_wide_because_of_four_weights(void **state)
{
    (void)state;
    enum { PANELS = 2, IN = 136, BLOCKS = 3 };
    for (size_t c = 0; c < PANELS * PANEL; c++)
        for (size_t k = 0; k < IN; k += 8)
            for (int m = 0; m < 2; m++)
                for (int above = 0; above < 2; above++) {
                    int8_t w[PANELS * PANEL * IN] = { 0 }, four[4];
                    four_of_sum(Q8_NARROW + above, four);
                    for (int i = 0; i < 4; i++)
                        w[panel_place_q8(c, k + meeting[m][i], IN)] = four[i];
                    for (int t = 0; t < TABLES; t++) {
                        int32_t offset[PANELS * PANEL];
                        uint8_t wide[PANELS * BLOCKS] = { 0 }, want[PANELS * BLOCKS] = { 0 };
                        want[c / PANEL * BLOCKS + k / Q8_BLOCK] = above && Q8_RUN == 4;
                        table(t)->facts_q8(w, IN, 0, PANELS, offset, wide);
                        assert_memory_equal(wide, want, sizeof want);
                    }
                }
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

static const int lengths[] = { 1,  2,  3,  4,  5,  6,  7,  8,  9,  10,  11,  12,  13,  15,
                               16, 17, 23, 31, 32, 33, 64, 65, 66, 128, 255, 768, 3072 };

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

/* With what q8 products need, what q4 products need, both and neither; and for rows without negative
 * values, which those that come here may not keep. */
static void check_quantize(guarded x, int n)
{
    size_t shift = x.before / sizeof(float), padded = (size_t)q8_padded(n);
    for (int wanted = 0; wanted < 8; wanted++) {
        bool positive = wanted & 4;
        guarded q[TABLES], u[TABLES], sums[TABLES];
        float scale[TABLES];
        size_t groups = wanted & 2 && n % Q4_GROUP == 0 ? (size_t)(n / Q4_GROUP) : 0;
        for (int i = 0; i < TABLES; i++) {
            q[i] = guarded_new(padded, shift, 0xa5);
            u[i] = guarded_new(wanted & 1 ? padded * sizeof(q8_input) : 0, shift * sizeof(q8_input),
                               0xa5);
            sums[i] = guarded_new(groups * sizeof(int32_t), shift * sizeof(int32_t), 0xa5);
            scale[i] =
                table(i)->quantize_row(at(x), n, positive, at(q[i]), wanted & 1 ? at(u[i]) : NULL,
                                       groups ? at(sums[i]) : NULL);
        }
        const int8_t *values = at(q[0]);
        check_guards(q[0], 0xa5);
        check_guards(u[0], 0xa5);
        check_guards(sums[0], 0xa5);
        for (size_t i = (size_t)n; i < padded; i++) assert_int_equal(values[i], 0);
        for (size_t i = 0; i < u[0].size / sizeof(q8_input); i++)
            assert_int_equal(((q8_input *)at(u[0]))[i], values[i] + (positive ? 0 : Q8_OFFSET));
        for (size_t i = 0; positive && i < padded; i++) assert_true(values[i] >= 0);
        for (size_t g = 0; g < groups; g++) {
            int sum = 0;
            for (size_t i = g * Q4_GROUP; i < (g + 1) * Q4_GROUP; i++) sum += values[i];
            assert_int_equal(((int32_t *)at(sums[0]))[g], sum);
        }
        for (int i = 0; i < TABLES; i++) {
            check_same_numbers(scale, scale + i, 1);
            check_equal(q[0], q[i]);
            check_equal(u[0], u[i]);
            check_equal(sums[0], sums[i]);
        }
        for (int i = 0; i < TABLES; i++) {
            free(q[i].block);
            free(u[i].block);
            free(sums[i].block);
        }
    }
}

static void check_norm(guarded x, int n)
{
    size_t shift = x.before / sizeof(float);
    guarded weight = floats_in((size_t)n, shift), bias = floats_in((size_t)n, shift);
    guarded y[TABLES];
    for (int i = 0; i < TABLES; i++) {
        guarded in_place = copy_of(x);
        y[i] = floats_out((size_t)n, shift);
        table(i)->layer_norm(at(x), at(weight), at(bias), 1e-12f, at(y[i]), n);
        table(i)->layer_norm(at(in_place), at(weight), at(bias), 1e-12f, at(in_place), n);
        check_guards(y[i], 0xa5);
        check_guards(in_place, 0xa5);
        check_same_numbers(at(y[0]), at(y[i]), (size_t)n);
        check_same_numbers(at(y[0]), at(in_place), (size_t)n);
        free(in_place.block);
    }
    for (int i = 0; i < TABLES; i++) free(y[i].block);
    free(weight.block);
    free(bias.block);
}

static void check_in_place(guarded x, int n)
{
    static const float scales[] = { 1, 0.125f, 0.17677669f };
    enum { SUM = FUNCTIONS, SOFTMAX, ALL = SOFTMAX + COUNT(scales) };
    guarded other = floats_in((size_t)n, x.before / sizeof(float));
    for (int f = 0; f < ALL; f++) {
        guarded y[TABLES];
        for (int i = 0; i < TABLES; i++) {
            y[i] = copy_of(x);
            if (f < FUNCTIONS)
                function(table(i), f)(at(y[i]), (size_t)n);
            else if (f == SUM)
                table(i)->add(at(y[i]), at(other), (size_t)n);
            else
                table(i)->softmax(at(y[i]), n, scales[f - SOFTMAX]);
            check_guards(y[i], 0xa5);
            check_same_numbers(at(y[0]), at(y[i]), (size_t)n);
        }
        for (int i = 0; i < TABLES; i++) free(y[i].block);
    }
    free(other.block);
}

static void check_softmax_i16(guarded x, int n)
{
    static const float scales[] = { 1, 0.125f };
    size_t even = (size_t)(n + n % 2), shift = x.before / sizeof(float);
    for (size_t s = 0; s < COUNT(scales); s++) {
        guarded y[TABLES];
        for (int i = 0; i < TABLES; i++) {
            y[i] = guarded_new(even * sizeof(int16_t), shift * sizeof(int16_t), 0xa5);
            int32_t got = table(i)->softmax_i16(at(x), n, scales[s], at(y[i])), sum = 0;
            for (int k = 0; k < n; k++) sum += ((int16_t *)at(y[i]))[k];
            assert_int_equal(got, sum);
            if (n % 2) assert_int_equal(((int16_t *)at(y[i]))[n], 0);
            check_guards(y[i], 0xa5);
            check_equal(y[0], y[i]);
        }
        for (int i = 0; i < TABLES; i++) free(y[i].block);
    }
}

static void test_softmax_i16(void **state)
{
    (void)state;
    check_rows(check_softmax_i16);
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
    assert_true(kernels_scalar()->quantize_row(x, COUNT(x), false, q, NULL, NULL) == 1);
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
        float scale = kernels_scalar()->quantize_row(x, COUNT(x), false, q, NULL, NULL);
        assert_true(scale == largest / Q8_MAX);
        for (size_t i = 0; i < COUNT(x); i++) {
            assert_in_range(q[i] + Q8_MAX, 0, 2 * Q8_MAX);
            assert_true(fabs(x[i] - (double)q[i] * scale) <= scale * 0.50001);
        }
    }
}

/* Rows of activations for the exactness of sums: the largest, the smallest, as large as the weights
 * of some output have it, the opposite, any. */
enum { EXTREME_ROWS = 5 };

static void fill_extremes(activations *x, int in, const int8_t *weights_of_one)
{
    int8_t *q = at(x->q);
    for (int k = 0; k < in; k++) {
        q[k] = Q8_MAX;
        q[in + k] = -Q8_MAX;
        q[2 * in + k] = weights_of_one[k] > 0 ? Q8_MAX : -Q8_MAX;
        q[3 * in + k] = weights_of_one[k] > 0 ? -Q8_MAX : Q8_MAX;
    }
    derive(x);
}

/* The sums of matmul_q8 are exact, of whatever weights a file may have. */
static void test_product_q8_is_exact(void **state)
{
    (void)state;
    enum { OUT = 11, PANELS = 2, ROWS = EXTREME_ROWS - 1, MOST = 65536 };
    static const int ins[] = { 8, 24, 64, 72, 768, 3072, MOST };
    static int8_t w[PANELS * PANEL][MOST];
    for (size_t i = 0; i < COUNT(ins); i++)
        for (int values = 0; values < VALUES; values++) {
            int in = ins[i], finest = random_below(ROWS + 1) - 1;
            activations x = activations_new(ROWS, in, 0);
            matrix_q8 matrix = matrix_q8_new(kernels_simd(), OUT, in, 0, values);
            const quantized_rows rows = rows_q8(&x, ROWS, in, finest);
            const q8_matrix q8 = as_q8(&matrix);
            float bias[OUT], want[ROWS * OUT];
            for (int c = 0; c < OUT; c++) {
                bias[c] = random_float();
                panel_row_q8(q8.panels, c, in, w[c]);
            }
            fill_extremes(&x, in, w[random_below(OUT)]);
            for (int c = 0; c < OUT; c++) {
                float value[EXTREME_ROWS];
                for (int r = 0; r < EXTREME_ROWS; r++) {
                    const int8_t *q = (int8_t *)at(x.q) + r * in;
                    int64_t sum = 0;
                    for (int k = 0; k < in; k++) sum += q[k] * w[c][k];
                    value[r] = (float)sum * (rows.scale[r] * q8.scale[c]);
                }
                for (int r = 0; r < ROWS; r++) {
                    want[r * OUT + c] = value[r] + bias[c];
                    if (r == finest) want[r * OUT + c] += value[ROWS];
                }
            }
            for (int t = 0; t < TABLES; t++) {
                float y[ROWS * OUT];
                const product p = { .y = y, .y_stride = OUT, .out = OUT, .bias = bias };
                table(t)->matmul_q8(&rows, &q8, &p, 0, PANELS);
                assert_memory_equal(y, want, sizeof want);
            }
            activations_free(&x);
            matrix_q8_free(&matrix);
        }
}

/* The sums of a group are exact, and the groups' are added as floats in their order. */
static void test_product_q4_by_its_formula(void **state)
{
    (void)state;
    enum { OUT = 11, PANELS = 2, ROWS = EXTREME_ROWS - 1, MOST = 65536 };
    enum { ANY, ALL_LOW, ALL_HIGH, LOW_OR_HIGH, NIBBLES };
    static const int ins[] = { Q4_GROUP, 3 * Q4_GROUP, 768, 3072, MOST };
    static int8_t w[PANELS * PANEL][MOST];
    for (size_t i = 0; i < COUNT(ins); i++)
        for (int nibbles = 0; nibbles < NIBBLES; nibbles++) {
            int in = ins[i], groups = in / Q4_GROUP, finest = random_below(ROWS + 1) - 1;
            activations x = activations_new(ROWS, in, 0);
            guarded panels = bytes_in(PANELS * PANEL * (size_t)in / 2, 0, 127),
                    scales = floats_in((size_t)(PANELS * PANEL * groups), 0);
            const quantized_rows rows = rows_q4(&x, ROWS, in, finest);
            const q4_matrix q4 = { at(panels), at(scales) };
            float bias[OUT], want[ROWS * OUT];
            uint8_t *bytes = at(panels), pairs[MOST / 2];
            for (size_t k = 0; nibbles != ANY && k < panels.size; k++)
                bytes[k] = nibbles == ALL_LOW ? 0
                           : nibbles == ALL_HIGH
                               ? 0xff
                               : (uint8_t)(random_below(2) * 15 | random_below(2) * 0xf0);
            for (int c = 0; c < OUT; c++) {
                bias[c] = random_float();
                panel_row_q4(q4.panels, c, in, pairs);
                for (int k = 0; k < in; k++)
                    w[c][k] = (int8_t)(2 * (pairs[k / 2] >> k % 2 * 4 & 15) - (Q4_LEVELS - 1));
            }
            fill_extremes(&x, in, w[random_below(OUT)]);
            for (int c = 0; c < OUT; c++) {
                const float *scale = q4.scale + c / PANEL * groups * PANEL + c % PANEL;
                float value[EXTREME_ROWS];
                for (int r = 0; r < EXTREME_ROWS; r++) {
                    const int8_t *q = (int8_t *)at(x.q) + r * in;
                    double exact = 0, size = 0;
                    value[r] = 0;
                    for (int g = 0; g < groups; g++) {
                        int64_t sum = 0;
                        for (int k = g * Q4_GROUP; k < (g + 1) * Q4_GROUP; k++)
                            sum += q[k] * w[c][k];
                        value[r] += (float)sum * scale[g * PANEL];
                        exact += (double)sum * scale[g * PANEL];
                        size += fabs((double)sum * scale[g * PANEL]);
                    }
                    assert_true(fabs(value[r] - exact) <= (groups + 1) * FLT_EPSILON * size);
                    value[r] *= rows.scale[r];
                }
                for (int r = 0; r < ROWS; r++) {
                    want[r * OUT + c] = value[r] + bias[c];
                    if (r == finest) want[r * OUT + c] += value[ROWS];
                }
            }
            for (int t = 0; t < TABLES; t++) {
                float y[ROWS * OUT];
                const product p = { .y = y, .y_stride = OUT, .out = OUT, .bias = bias };
                table(t)->matmul_q4(&rows, &q4, &p, 0, PANELS);
                assert_memory_equal(y, want, sizeof want);
            }
            activations_free(&x);
            free(panels.block);
            free(scales.block);
        }
}

static void test_product_i16_by_its_formula(void **state)
{
    (void)state;
    enum { ROWS = 3, IN = 2 * I16_BLOCK + 6, OUT = 2 * PANEL };
    int16_t x[ROWS * IN], w[OUT * IN];
    float x_scale[ROWS], w_scale[OUT], y[ROWS * OUT];
    for (size_t i = 0; i < COUNT(x); i++) x[i] = (int16_t)random_below(I16_MAX + 1);
    for (size_t i = 0; i < COUNT(w); i++)
        w[i] = (int16_t)(random_below(2 * I16_VALUE_MAX + 1) - I16_VALUE_MAX);
    for (size_t i = 0; i < ROWS; i++) x_scale[i] = random_float();
    for (size_t i = 0; i < OUT; i++) w_scale[i] = random_float();
    const i16_rows rows = { ROWS, IN, x, x_scale };
    const i16_matrix matrix_i16 = { w, w_scale };
    const product p = { .y = y, .y_stride = OUT, .out = OUT };
    kernels_scalar()->matmul_i16(&rows, &matrix_i16, &p, 0, OUT / PANEL);
    for (int r = 0; r < ROWS; r++)
        for (int c = 0; c < OUT; c++) {
            int64_t sum = 0, magnitudes = 0;
            for (int k = 0; k < IN; k++) {
                int64_t one =
                    x[r * IN + k] * w[(c / PANEL * IN + k / 2 * 2) * PANEL + c % PANEL * 2 + k % 2];
                sum += one;
                magnitudes += one < 0 ? -one : one;
            }
            double scale = (double)x_scale[r] * (double)w_scale[c];
            assert_true(fabs(y[r * OUT + c] - (double)sum * scale) <=
                        2e-7 * (double)magnitudes * fabs(scale));
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
        const product p = { .y = y, .y_stride = OUT, .out = OUT, .bias = bias };
        kernels_scalar()->matmul_f32(x, in, ROWS, in, w, &p, 0, 3);
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

static double relu(double x) { return fmax(0, x); }
static double relu6(double x) { return fmin(fmax(0, x), 6); }
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
        { "gelu", k->gelu, gelu }, { "quick_gelu", k->quick_gelu, quick_gelu },
        { "relu", k->relu, relu }, { "relu6", k->relu6, relu6 },
        { "tanh", k->tanh, tanh }, { "sigmoid", k->sigmoid, sigmoid },
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
    double worst_norm = 0, worst_softmax = 0, worst_i16 = 0;
    for (size_t l = 0; l < COUNT(lengths); l++) {
        int n = lengths[l];
        float x[3072], weight[3072], bias[3072], y[3072];
        for (int i = 0; i < n; i++)
            x[i] = random_float() * 3 + 1, weight[i] = random_float(), bias[i] = random_float();
        double mean = 0, variance = 0, sum = 0, largest = 0;
        for (int i = 0; i < n; i++) mean += (double)x[i] / n;
        for (int i = 0; i < n; i++) largest = fmax(largest, fabsf(x[i]));
        for (int i = 0; i < n; i++) variance += (x[i] - mean) * (x[i] - mean) / n;
        for (int i = 0; i < n; i++) sum += exp(x[i] * 0.125);
        kernels_scalar()->layer_norm(x, weight, bias, 1e-5f, y, n);
        for (int i = 0; i < n; i++) {
            double factor = weight[i] / sqrt(variance + 1e-5),
                   want = (x[i] - mean) * factor + bias[i];
            /* the mean is as exact as the values are */
            worst_norm = fmax(worst_norm, fabs(y[i] - want) / (1 + fabs(largest * factor)));
        }
        memcpy(y, x, sizeof y);
        kernels_scalar()->softmax(y, n, 0.125f);
        for (int i = 0; i < n; i++)
            worst_softmax = fmax(worst_softmax, fabs(y[i] - exp(x[i] * 0.125) / sum));
        int16_t integers[3072 + 1];
        float most = x[0];
        for (int i = 0; i < n; i++) most = fmaxf(most, x[i]);
        kernels_scalar()->softmax_i16(x, n, 0.5f, integers);
        for (int i = 0; i < n; i++)
            worst_i16 = fmax(worst_i16,
                             fabs(integers[i] - fmin(I16_MAX, 0x1p15 * exp((x[i] - most) * 0.5))));
    }
    print_message("layer_norm: at most %.1e; softmax: %.1e; softmax_i16: %.2f of a step\n",
                  worst_norm, worst_softmax, worst_i16);
    assert_true(worst_i16 <= 0.65);
    assert_true(worst_norm <= 1e-6);
    assert_true(worst_softmax <= 1e-6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_products_f32),
        cmocka_unit_test(test_depthwise),
        cmocka_unit_test(test_interleave),
        cmocka_unit_test(test_products_q8),
        cmocka_unit_test(test_products_q4),
        cmocka_unit_test(test_products_i16),
        cmocka_unit_test(test_facts_q8),
        cmocka_unit_test(test_a_block_is_wide_because_of_four_weights),
        cmocka_unit_test(test_quantize_row),
        cmocka_unit_test(test_layer_norm),
        cmocka_unit_test(test_softmax_i16),
        cmocka_unit_test(test_functions_in_place),
        cmocka_unit_test(test_quantize_row_rounds_halves_to_even),
        cmocka_unit_test(test_quantize_row_is_within_half_a_step),
        cmocka_unit_test(test_product_q8_is_exact),
        cmocka_unit_test(test_product_q4_by_its_formula),
        cmocka_unit_test(test_product_i16_by_its_formula),
        cmocka_unit_test(test_product_f32_is_near_double),
        cmocka_unit_test(test_functions_are_near_double),
        cmocka_unit_test(test_rows_are_near_double),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
