/* How weights lose bits: rounding that keeps sums, int8 rows, packed rows, and which tensor gets
 * how many bits. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/kernels.h"
#include "quant/dtype.h"
#include "quant/packed.h"
#include "quant/precision.h"
#include "quant/q8.h"
#include "quant/rounding.h"

#include "testing.h"

static uint32_t seed = 1;

static float random_float(void) /* -1..1 */
{
    seed = seed * 1664525u + 1013904223u;
    return (float)(seed >> 8) / 0x1p23f - 1;
}

static void *block(size_t size)
{
    void *b = malloc(size); /* the exact size, so that the sanitizer guards its end */
    assert_non_null(b);
    return memset(b, 0x7f, size);
}

/* ---- rounding ---- */

/* Runs of a row: each value one of its two neighbours, and the sums of the row so far no more than
 * half a step apart. */
static void test_rounding_keeps_the_sum(void **state)
{
    (void)state;
    static const int lengths[] = { 24, 48, 63, 64 };
    for (size_t l = 0; l < COUNT(lengths); l++)
        for (int exponent = -30; exponent <= 30; exponent += 15) {
            float step = ldexpf(1, exponent), debt = 0;
            double lacking = 0;
            for (int run = 0; run < 50; run++) {
                int n = lengths[l], rounded[ROUNDING_RUN];
                float exact[ROUNDING_RUN];
                for (int i = 0; i < n; i++) exact[i] = 9 * random_float();
                rounding_keep_sum(exact, n, -10, 10, step, &debt, rounded);
                for (int i = 0; i < n; i++) {
                    lacking += (double)exact[i] - rounded[i];
                    assert_true(fabs((double)exact[i] - rounded[i]) < 1.0001);
                }
                assert_true(fabs(lacking) <= 0.501);
                assert_true(fabs(lacking * step - debt) <= 1e-3 * step);
            }
        }
}

/* At most a quarter of a run pays for the others: a debt that is left goes on to the next. */
static void test_rounding_pays_little(void **state)
{
    (void)state;
    float exact[ROUNDING_RUN], debt = 0;
    int rounded[ROUNDING_RUN], changed = 0;
    for (int i = 0; i < ROUNDING_RUN; i++) exact[i] = 0.49f;
    rounding_keep_sum(exact, ROUNDING_RUN, 0, 15, 1, &debt, rounded);
    for (int i = 0; i < ROUNDING_RUN; i++) changed += rounded[i];
    assert_int_equal(changed, ROUNDING_RUN / 4);
    assert_true(fabsf(debt - (0.49f * ROUNDING_RUN - ROUNDING_RUN / 4)) < 1e-4f);
}

static void test_rounding_stays_within_limits(void **state)
{
    (void)state;
    static const float values[] = {
        15, 14.6f, 15.4f, 99, 0, 0.4f, -0.4f, -99, 7.5f, 1e30f, -1e30f
    };
    for (size_t v = 0; v < COUNT(values); v++)
        for (float debt = -1e30f; debt <= 1e30f; debt += 1e30f)
            for (int n = 1; n <= ROUNDING_RUN; n += 9) {
                float exact[ROUNDING_RUN], owed = debt;
                int rounded[ROUNDING_RUN];
                for (int i = 0; i < n; i++) exact[i] = values[v];
                rounding_keep_sum(exact, n, 0, 15, 0.5f, &owed, rounded);
                for (int i = 0; i < n; i++) assert_in_range(rounded[i], 0, 15);
            }
    /* without a step there is nothing to owe */
    float debt = 0;
    int rounded[4];
    static const float steps[] = { 0, INFINITY };
    for (size_t s = 0; s < COUNT(steps); s++) {
        rounding_keep_sum((const float[]){ 0.4f, 0.4f, 0.4f, 0.6f }, 4, 0, 15, steps[s], &debt,
                          rounded);
        assert_memory_equal(rounded, ((const int[]){ 0, 0, 0, 1 }), sizeof rounded);
        assert_true(debt == 0);
    }
}

/* ---- q8 ---- */

static double sum_of(const float *x, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++) sum += (double)x[i];
    return sum;
}

static void test_q8_round_trip(void **state)
{
    (void)state;
    enum { N = 333 };
    for (int exponent = -140; exponent <= 120; exponent += 4) {
        float *x = block(N * sizeof *x), back[N], largest = 0;
        int8_t *q = block(N);
        for (int i = 0; i < N; i++) {
            x[i] = ldexpf((float)(i * 7919 % 2001 - 1000) / 1000, exponent);
            largest = fmaxf(largest, fabsf(x[i]));
        }
        float scale = q8_quantize_weights(x, N, q);
        assert_true(scale == largest / Q8_WEIGHT_MAX);
        for (int i = 0; i < N; i++) {
            back[i] = (float)q[i] * scale;
            assert_true(q[i] >= -Q8_WEIGHT_MAX);
            /* rows of next to nothing become zeros */
            double most = largest <= Q8_ZERO ? largest : 1.0001 * (double)scale;
            assert_true(fabs((double)back[i] - x[i]) <= most);
        }
        if (largest > Q8_ZERO)
            assert_true(fabs(sum_of(x, N) - sum_of(back, N)) <= 0.51 * (double)scale);
        free(x);
        free(q);
    }
}

static void test_q8_by_hand(void **state)
{
    (void)state;
    static const struct {
        float x[9];
        int8_t q[9];
    } cases[] = {
        { { 127, 0.5f, 1.5f, 2.5f, -0.5f, -1.5f, -2.5f, -126.5f, 0.5f }, /* halves to even ... */
          { 127, 0, 2, 2, 0, -2, -2, -126, 0 } },
        { { 127, 0.4f, 0.3f, 0.45f, 0.4f, 0.4f, 0, 0, 0 }, /* ... but for the sum: 2 are lacking */
          { 127, 1, 0, 1, 0, 0, 0, 0, 0 } },
        { { -127, -0.4f, -0.3f, -0.45f, -0.4f, -0.4f, 0, 0, 0 },
          { -127, -1, 0, -1, 0, 0, 0, 0, 0 } },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int8_t q[9];
        assert_true(q8_quantize_weights(cases[i].x, 9, q) == 1);
        assert_memory_equal(q, cases[i].q, sizeof q);
    }
    int8_t q[3];
    assert_true(q8_quantize_weights((const float[]){ 0, -0.0f, 0 }, 3, q) == 0);
    assert_memory_equal(q, "\0\0", 3);
}

/* ---- packed rows ---- */

static void test_packed_bytes_and_back(void **state)
{
    (void)state;
    static const int cols[] = { 8, 16, 64, 72, 3072 };
    for (int bits = 4; bits < 8; bits++)
        for (size_t c = 0; c < COUNT(cols); c++) {
            size_t n = (size_t)cols[c], size = n / PACKED_EIGHT * (size_t)bits;
            uint8_t *levels = block(n), *back = block(n), *bytes = block(size);
            for (size_t i = 0; i < n; i++)
                levels[i] = (uint8_t)((i * 29 + i / 7) % (size_t)(1 << bits));
            packed_write(levels, cols[c], bits, bytes);
            packed_read(bytes, cols[c], bits, back);
            assert_memory_equal(levels, back, n);
            for (size_t i = 0; i < n * (size_t)bits; i++) { /* bit by bit, the lowest first */
                int bit = levels[i / (size_t)bits] >> i % (size_t)bits & 1;
                assert_int_equal(bytes[i / 8] >> i % 8 & 1, bit);
            }
            free(levels);
            free(back);
            free(bytes);
        }
}

/* Each weight is one of the levels beside it, each group's scale its largest over the levels as a
 * half, and the sum of the row is kept. */
static void check_packed(const float *x, int cols, int bits)
{
    int groups = packed_groups(cols, bits), group = cols / groups, most = (1 << bits) - 1;
    uint8_t *levels = block((size_t)cols);
    float *scale = block((size_t)groups * sizeof *scale);
    double lacking = 0, largest_step = 0;
    packed_quantize(x, cols, bits, levels, scale);
    for (int g = 0; g < groups; g++) {
        float largest = 0;
        for (int i = g * group; i < (g + 1) * group; i++) largest = fmaxf(largest, fabsf(x[i]));
        assert_true(scale[g] == half_to_float(float_to_half(largest / (float)most)));
        largest_step = fmax(largest_step, 2 * (double)scale[g]);
        for (int i = g * group; i < (g + 1) * group; i++) {
            double back = (2 * levels[i] - most) * (double)scale[g];
            assert_in_range(levels[i], 0, most);
            /* a step, and what the half lacks of the largest */
            assert_true(fabs(back - (double)x[i]) <= 2.0002 * (double)scale[g] + 1e-3 * largest);
            lacking += (double)x[i] - back;
        }
    }
    assert_true(fabs(lacking) <= 0.51 * largest_step);
    free(levels);
    free(scale);
}

static void test_packed_error(void **state)
{
    (void)state;
    static const int cols[] = { 128, 256, 768 };
    assert_int_equal(packed_groups(256, 4), 2);
    assert_int_equal(packed_groups(256, 5), 1);
    for (int bits = 4; bits <= 6; bits++)
        for (size_t c = 0; c < COUNT(cols); c++)
            for (float size = 1e-3f; size <= 1e4f; size *= 100) {
                float *x = block((size_t)cols[c] * sizeof *x);
                for (int i = 0; i < cols[c]; i++)
                    x[i] = size * random_float() * (i % 64 == 5 ? 3 : 1) + size / 7;
                check_packed(x, cols[c], bits);
                free(x);
            }
}

/* A level in the middle is not there: zeros have the scale 0, as has what is too small for a
 * half. */
static void test_packed_extremes(void **state)
{
    (void)state;
    static const float values[] = { 0, -0.0f, 1e-45f, -1e-20f, 1e-7f, 9e5f, -9e5f, 1e6f, 3e38f };
    for (int bits = 4; bits <= 6; bits++)
        for (size_t v = 0; v < COUNT(values); v++) {
            float x[256], scale[2];
            uint8_t levels[256];
            for (int i = 0; i < 256; i++) x[i] = i % 3 ? values[v] : values[v] / 2;
            packed_quantize(x, 256, bits, levels, scale);
            for (int i = 0; i < 256; i++) assert_in_range(levels[i], 0, (1 << bits) - 1);
            for (int g = 0; g < packed_groups(256, bits); g++)
                assert_int_equal(isinf(scale[g]) != 0,
                                 fabsf(values[v]) >= 65520.0f * (float)((1 << bits) - 1));
            if (fabsf(values[v]) < 1e-19f) assert_true(scale[0] == 0);
        }
}

/* ---- which bits ---- */

static void test_bits_of_tensors(void **state)
{
    (void)state;
    enum { F = BITS_FLOAT, H = BITS_HALF };
    static const struct {
        const char *name;
        int rank, cols, q8, q4;
    } cases[] = {
        { "encoder.layer.3.output.dense.weight", 2, 768, 8, 4 },
        { "encoder.layer.0.output.dense.weight", 2, 768, 8, 5 },
        { "encoder.layers.2.mlp.fc1.weight", 2, 768, 8, 5 },
        { "encoder.layer.10.output.dense.weight", 2, 768, 8, 4 },
        { "encoder.layer.1.attention.attention.value.weight", 2, 768, 8, 6 },
        { "encoder.layer.3.attention.attention.query.weight", 2, 768, 8, 4 },
        { "encoder.layer.1.attention.output.dense.weight", 2, 768, 8, 6 },
        { "encoder.layers.1.self_attn.v_proj.weight", 2, 512, 8, 6 },
        { "encoder.layers.1.self_attn.out_proj.weight", 2, 512, 8, 6 },
        { "text_projection.weight", 2, 512, 8, 6 },
        { "visual_projection.weight", 2, 768, 8, 6 },
        { "classifier.3.weight", 2, 1536, 8, 6 },
        { "classifier.0.weight", 2, 768, H, 8 },
        { "vilt.pooler.dense.weight", 2, 768, H, 8 },
        { "conv.weight", 4, 256, 8, 4 },
        { "weight", 2, 72, 8, 6 }, /* no whole groups of 128 */
        { "weight", 2, 33, 8, 8 }, /* no whole bytes */
        { "encoder.layer.0.output.dense.bias", 1, 768, F, F },
        { "LayerNorm.weight", 1, 768, F, F },
        { "gate.bias", 2, 768, F, F },
        { "embeddings.word_embeddings.weight", 2, 768, 8, 4 },
        { "embeddings.position_embeddings.weight", 2, 768, F, F },
        { "embeddings.token_type_embeddings.weight", 2, 768, F, F },
        { "text_model.embeddings.token_embedding.weight", 2, 512, 8, 4 },
        { "text_model.embeddings.position_embedding.weight", 2, 512, F, F },
        { "vision_model.embeddings.patch_embedding.weight", 4, 3072, 8, 4 },
        { "eight", 2, 64, F, F },
        { "", 2, 64, F, F },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        static const precision all[] = { KEEP_AS_STORED, QUANTIZE_Q8, QUANTIZE_Q4 };
        const int want[] = { F, cases[i].q8, cases[i].q4 };
        for (size_t p = 0; p < COUNT(all); p++) {
            int got = precision_bits(all[p], cases[i].name, cases[i].rank, cases[i].cols);
            if (got != want[p]) fail_msg("'%s': %d bits, not %d", cases[i].name, got, want[p]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rounding_keeps_the_sum),
        cmocka_unit_test(test_rounding_pays_little),
        cmocka_unit_test(test_rounding_stays_within_limits),
        cmocka_unit_test(test_q8_round_trip),
        cmocka_unit_test(test_q8_by_hand),
        cmocka_unit_test(test_packed_bytes_and_back),
        cmocka_unit_test(test_packed_error),
        cmocka_unit_test(test_packed_extremes),
        cmocka_unit_test(test_bits_of_tensors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
