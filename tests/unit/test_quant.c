/* Element types, int8 rows, and the weights of a model while they arrive. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/kernels.h"
#include "kernels/panel.h"
#include "quant/dtype.h"
#include "quant/q8.h"
#include "quant/weights.h"

#include "testing.h"

/* A block that is too large is NULL under AddressSanitizer too. */
const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "allocator_may_return_null=1"; }

static void test_dtype_names(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t size;
    } types[] = {
        { "F64", 8 }, { "F32", 4 }, { "F16", 2 }, { "BF16", 2 }, { "I64", 8 },
        { "I32", 4 }, { "I16", 2 }, { "I8", 1 },  { "U8", 1 },   { "BOOL", 1 },
    };
    assert_int_equal(COUNT(types), DTYPE_COUNT);
    for (size_t i = 0; i < COUNT(types); i++) {
        assert_int_equal(dtype_named(types[i].name), i);
        assert_string_equal(dtype_name((dtype)i), types[i].name);
        assert_int_equal(dtype_size((dtype)i), types[i].size);
    }
    static const char *const others[] = { "", "f32", "F8_E4M3", "U16", "F32 ", "F3" };
    for (size_t i = 0; i < COUNT(others); i++)
        assert_int_equal(dtype_named(others[i]), DTYPE_COUNT);
}

static void test_dtype_values(void **state)
{
    (void)state;
    static const struct {
        dtype type;
        uint64_t bits;
        float want;
    } cases[] = {
        { DTYPE_F64, 0x3ff8000000000000, 1.5f },
        { DTYPE_F64, 0x3fb999999999999a, 0.1f }, /* rounded to the nearest */
        { DTYPE_F64, 0x7ff0000000000000, INFINITY },
        { DTYPE_F32, 0x3fc00000, 1.5f },
        { DTYPE_F32, 0x00000001, 0x1p-149f },
        { DTYPE_F16, 0x0000, 0.0f },
        { DTYPE_F16, 0x3c00, 1.0f },
        { DTYPE_F16, 0xc248, -3.140625f },
        { DTYPE_F16, 0x7bff, 65504.0f },
        { DTYPE_F16, 0x0400, 0x1p-14f },        /* the smallest normal */
        { DTYPE_F16, 0x03ff, 1023 * 0x1p-24f }, /* subnormals */
        { DTYPE_F16, 0x8001, -0x1p-24f },
        { DTYPE_F16, 0x7c00, INFINITY },
        { DTYPE_F16, 0xfc00, -INFINITY },
        { DTYPE_BF16, 0x3fc0, 1.5f },
        { DTYPE_BF16, 0xff7f, -0x1.fep127f },
        { DTYPE_BF16, 0x0001, 0x1p-133f },
        { DTYPE_BF16, 0xff80, -INFINITY },
        { DTYPE_I64, 0xffffffffffffffff, -1.0f },
        { DTYPE_I64, 0x8000000000000000, -0x1p63f },
        { DTYPE_I64, 0x0000000001000003, 16777220.0f },    /* 2^24 + 3, rounded */
        { DTYPE_I64, 0x1000001000000001, 0x1.000002p60f }, /* rounded once */
        { DTYPE_I32, 0x80000000, -0x1p31f },
        { DTYPE_I16, 0x8000, -32768.0f },
        { DTYPE_I8, 0x80, -128.0f },
        { DTYPE_U8, 0xff, 255.0f },
        { DTYPE_BOOL, 0x01, 1.0f },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t size = dtype_size(cases[i].type);
        uint8_t *bytes = malloc(2 * size + 1); /* two of them, unaligned, their end guarded */
        assert_non_null(bytes);
        memcpy(bytes + 1, &cases[i].bits, size);
        memcpy(bytes + 1 + size, &cases[i].bits, size);
        float got[2];
        dtype_to_floats(cases[i].type, bytes + 1, 2, got);
        assert_memory_equal(got, &cases[i].want, sizeof(float));
        assert_memory_equal(got + 1, &cases[i].want, sizeof(float));
        dtype_to_floats(cases[i].type, NULL, 0, NULL);
        free(bytes);
    }
    float got, minus_zero = -0.0f;
    dtype_to_floats(DTYPE_F16, (const uint8_t[]){ 0, 0x80 }, 1, &got);
    assert_memory_equal(&got, &minus_zero, sizeof got);
    dtype_to_floats(DTYPE_F16, (const uint8_t[]){ 1, 0x7c }, 1, &got);
    assert_true(isnan(got));
}

/* Every half is the number that its fields say. */
static void test_dtype_every_half(void **state)
{
    (void)state;
    for (unsigned half = 0; half < 0x10000; half++) {
        int exponent = half >> 10 & 31, mantissa = half & 0x3ff;
        if (exponent == 31) continue;
        double want = exponent ? ldexp(1024 + mantissa, exponent - 25) : ldexp(mantissa, -24);
        float got;
        dtype_to_floats(DTYPE_F16, (const uint8_t[]){ half & 255, half >> 8 }, 1, &got);
        assert_true(got == (half & 0x8000 ? -want : want));
    }
}

static void test_q8_round_trip(void **state)
{
    (void)state;
    enum { N = 333 };
    static const int levels[] = { Q8_WEIGHT_MAX, 127 };
    for (size_t l = 0; l < COUNT(levels); l++)
        for (int exponent = -140; exponent <= 120; exponent += 4) {
            float x[N], back[N], largest = 0;
            int8_t q[N];
            for (int i = 0; i < N; i++) {
                x[i] = ldexpf((float)(i * 7919 % 2001 - 1000) / 1000, exponent);
                largest = fmaxf(largest, fabsf(x[i]));
            }
            float scale = q8_quantize_weights(x, N, levels[l], q);
            assert_true(scale == largest / (float)levels[l]);
            for (int i = 0; i < N; i++) {
                back[i] = (float)q[i] * scale;
                assert_in_range(q[i] + 127, 127 - levels[l], 127 + levels[l]);
                /* rows of next to nothing become zeros */
                double most = largest <= Q8_ZERO ? largest : 0.50001 * (double)scale;
                assert_true(fabs((double)back[i] - x[i]) <= most);
            }
        }
}

static void test_q8_rounds_halves_to_even(void **state)
{
    (void)state;
    static const float x[] = { 63, 0.5f, 1.5f, 2.5f, -0.5f, -1.5f, -2.5f, -62.5f, 0.51f };
    static const int8_t want[] = { 63, 0, 2, 2, 0, -2, -2, -62, 1 };
    int8_t q[COUNT(x)];
    assert_true(q8_quantize_weights(x, COUNT(x), 63, q) == 1);
    assert_memory_equal(q, want, sizeof q);
    static const float zeros[3] = { 0, -0.0f, 0 };
    assert_true(q8_quantize_weights(zeros, 3, 63, q) == 0);
    assert_memory_equal(q, "\0\0", 3);
}

static void test_q8_largest(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int rank, largest;
    } cases[] = {
        { "encoder.layer.0.output.dense.weight", 2, 63 },
        { "conv.weight", 4, 63 },
        { "weight", 2, 63 },
        { "encoder.layer.0.output.dense.bias", 1, 0 },
        { "LayerNorm.weight", 1, 0 },
        { "gate.bias", 2, 0 },
        { "embeddings.word_embeddings.weight", 2, 127 },
        { "embeddings.position_embeddings.weight", 2, 0 },
        { "embeddings.token_type_embeddings.weight", 2, 0 },
        { "vit.embeddings.patch_embeddings.projection.weight", 4, 0 },
        { "text_model.embeddings.token_embedding.weight", 2, 127 },
        { "text_model.embeddings.position_embedding.weight", 2, 0 },
        { "vision_model.embeddings.patch_embedding.weight", 4, 0 },
        { "eight", 2, 0 },
        { "", 2, 0 },
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(q8_largest(cases[i].name, cases[i].rank), cases[i].largest);
}

/* A small model: a matrix, a bias, a table of halves, a stored int8 matrix with its scales, a
 * scalar, and a tensor without elements. */
enum { OUT = 5, IN = 11, MATRIX = 0, BIAS, HALVES, STORED, SCALE, SCALAR, EMPTY, TENSORS };

static const tensor_info infos[TENSORS] = {
    { .name = "a.weight", .type = DTYPE_F32, .rank = 2, .shape = { OUT, IN } },
    { .name = "a.bias", .type = DTYPE_BF16, .rank = 1, .shape = { OUT } },
    { .name = "h.weight", .type = DTYPE_F16, .rank = 3, .shape = { 9, 2, 2 } },
    { .name = "s.weight", .type = DTYPE_I8, .rank = 2, .shape = { 3, 9 } },
    { .name = "s.weight.scale", .type = DTYPE_F32, .rank = 1, .shape = { 3 } },
    { .name = "scalar", .type = DTYPE_I64, .rank = 0 },
    { .name = "empty.weight", .type = DTYPE_F32, .rank = 2, .shape = { 0, 4 } },
};

static size_t bytes_of(const tensor_info *t)
{
    size_t size = dtype_size(t->type);
    for (int d = 0; d < t->rank; d++) size *= (size_t)t->shape[d];
    return size;
}

/* The bytes of tensor t: small finite numbers in every type. */
static uint8_t *contents(int t)
{
    size_t size = bytes_of(&infos[t]), one = dtype_size(infos[t].type);
    uint8_t *bytes = malloc(size ? size : 1);
    assert_non_null(bytes);
    for (size_t i = 0; i < size; i++) bytes[i] = (uint8_t)(i * 37 + (size_t)t);
    for (size_t i = one - 1; i < size && t != STORED; i += one) bytes[i] = i % 2 ? 0x3c : 0xbd;
    return bytes;
}

static void load(weights *w, precision keep, size_t piece)
{
    error err;
    assert_true(weights_plan(w, infos, TENSORS, keep, &err));
    for (int t = 0; t < TENSORS; t++) {
        uint8_t *bytes = contents(t);
        size_t size = bytes_of(&infos[t]);
        for (size_t at = 0; at < size; at += piece)
            assert_true(
                weights_take(w, t, bytes + at, size - at < piece ? size - at : piece, &err));
        free(bytes);
    }
    assert_true(weights_finish(w, &err));
}

static void check_same_weights(const weights *a, const weights *b)
{
    for (int t = 0; t < TENSORS; t++) {
        const weight *x = &a->all[t], *y = &b->all[t];
        assert_int_equal(x->form, y->form);
        assert_int_equal(x->largest, y->largest);
        size_t rows = (size_t)(x->info.rank > 1 ? panel_count(x->rows) * PANEL : 1);
        if (x->form == FORM_Q8) {
            assert_memory_equal(x->bytes, y->bytes, rows * (size_t)q8_padded(x->cols));
            assert_memory_equal(x->scale, y->scale, (size_t)x->rows * sizeof(float));
        } else if (rows * (size_t)x->cols > 0) {
            assert_memory_equal(x->floats, y->floats, rows * (size_t)x->cols * sizeof(float));
        }
    }
}

/* Rows that fill the last panel are zeros, whatever the memory held before. */
static void test_weights_surplus_rows(void **state)
{
    (void)state;
    for (int keep = KEEP_AS_STORED; keep <= QUANTIZE_Q8; keep++) {
        void *dirt = malloc(20000);
        assert_non_null(dirt);
        free(memset(dirt, 0x7f, 20000));
        weights w = { 0 };
        load(&w, (precision)keep, 100);
        for (int t = 0; t < TENSORS; t++) {
            const weight *x = &w.all[t];
            if (x->info.rank < 2) continue;
            for (int i = x->rows * x->cols; x->form != FORM_Q8 && i < panel_count(x->rows) * 8 * x->cols; i++)
                assert_true(x->floats[i] == 0);
            int padded = q8_padded(x->cols);
            for (int i = 0; x->form == FORM_Q8 && i < panel_count(x->rows) * 8 * padded; i++)
                if (i >= x->rows * padded || i % padded >= x->cols)
                    assert_int_equal(x->bytes[i], 0);
        }
        weights_free(&w);
    }
}

static void test_weights_in_pieces(void **state)
{
    (void)state;
    for (int keep = KEEP_AS_STORED; keep <= QUANTIZE_Q8; keep++) {
        weights whole = { 0 };
        load(&whole, (precision)keep, SIZE_MAX / 2);
        static const size_t pieces[] = { 1, 2, 3, 7, 9, 43, 44, 45, 100 };
        for (size_t i = 0; i < COUNT(pieces); i++) {
            weights w = { 0 };
            load(&w, (precision)keep, pieces[i]);
            check_same_weights(&whole, &w);
            weights_free(&w);
        }
        weights_free(&whole);
        weights_free(&whole);
    }
}

static void test_weights_as_stored(void **state)
{
    (void)state;
    weights w = { 0 };
    load(&w, KEEP_AS_STORED, 100);
    for (int t = 0; t < TENSORS; t++) {
        const weight *x = weights_find(&w, infos[t].name);
        assert_ptr_equal(x, &w.all[t]);
        assert_int_equal(x->form == FORM_Q8, t == STORED);
        uint8_t *bytes = contents(t);
        size_t n = (size_t)x->rows * (size_t)x->cols;
        float want[OUT * IN];
        dtype_to_floats(infos[t].type, bytes, n, want);
        if (x->form != FORM_Q8 && n > 0) assert_memory_equal(x->floats, want, n * sizeof(float));
        for (int r = 0; x->form == FORM_Q8 && r < x->rows; r++)
            assert_memory_equal(x->bytes + r * 16, bytes + r * 9, 9);
        free(bytes);
    }
    assert_ptr_equal(w.all[STORED].scale, w.all[SCALE].floats); /* joined */
    assert_true(weights_is_scale(&w, &w.all[SCALE]));
    assert_false(weights_is_scale(&w, &w.all[STORED]));
    assert_int_equal(weights_parameters(&w), OUT * IN + OUT + 36 + 27 + 1);
    assert_null(weights_find(&w, "a.weigh"));
    weights_free(&w);
}

static void test_weights_quantized_while_loading(void **state)
{
    (void)state;
    weights floats, w;
    load(&floats, KEEP_AS_STORED, 100);
    load(&w, QUANTIZE_Q8, 7);
    static const int quantized[] = { MATRIX, HALVES };
    for (size_t i = 0; i < COUNT(quantized); i++) {
        const weight *f = &floats.all[quantized[i]], *q = &w.all[quantized[i]];
        assert_int_equal(q->form, FORM_Q8);
        assert_int_equal(q->largest, 63);
        for (int r = 0; r < q->rows; r++) {
            int8_t want[16] = { 0 }; /* with the padding */
            float scale = q8_quantize_weights(f->floats + r * f->cols, f->cols, 63, want);
            assert_memory_equal(q->bytes + r * q8_padded(q->cols), want,
                                (size_t)q8_padded(q->cols));
            assert_true(q->scale[r] == scale);
        }
    }
    assert_int_not_equal(w.all[BIAS].form, FORM_Q8);
    assert_int_not_equal(w.all[EMPTY].form, FORM_Q8);
    assert_int_equal(weights_parameters(&w), weights_parameters(&floats));
    weights_free(&floats);
    weights_free(&w);
}

static void test_weights_names_are_copied(void **state)
{
    (void)state;
    char name[] = "a";
    tensor_info info = { .name = name, .type = DTYPE_F32, .rank = 1, .shape = { 1 } };
    weights w = { 0 };
    error err;
    assert_true(weights_plan(&w, &info, 1, KEEP_AS_STORED, &err));
    name[0] = 'b';
    assert_non_null(weights_find(&w, "a"));
    weights_free(&w);
    assert_true(weights_plan(&w, NULL, 0, QUANTIZE_Q8, &err)); /* no tensors at all */
    assert_true(weights_finish(&w, &err));
    assert_int_equal(weights_parameters(&w), 0);
    weights_free(&w);
}

static void test_weights_needed(void **state)
{
    (void)state;
    weights w = { 0 };
    error err;
    load(&w, KEEP_AS_STORED, 100);
    assert_ptr_equal(weights_need(&w, "a.weight", SHAPE(OUT, IN), &err), &w.all[MATRIX]);
    assert_ptr_equal(weights_floats(&w, "a.bias", SHAPE(OUT), &err), w.all[BIAS].floats);
    assert_null(weights_need(&w, "b.weight", SHAPE(1), &err));
    assert_string_equal(err.text, "the model has no tensor 'b.weight'");
    assert_null(weights_need(&w, "h.weight", SHAPE(9, 4), &err));
    assert_string_equal(err.text, "tensor 'h.weight' has the shape [9, 2, 2], expected [9, 4]");
    assert_null(weights_need(&w, "a.weight", SHAPE(IN, OUT), &err));
    assert_string_equal(err.text, "tensor 'a.weight' has the shape [5, 11], expected [11, 5]");
    assert_null(weights_floats(&w, "scalar", SHAPE(1), &err));
    assert_string_equal(err.text, "tensor 'scalar' has the shape [], expected [1]");
    assert_null(weights_floats(&w, "s.weight", SHAPE(3, 9), &err));
    assert_string_equal(err.text, "tensor 's.weight' is stored as int8, expected floats");
    weights_free(&w);
}

static void test_weights_scales_refused(void **state)
{
    (void)state;
    static const struct {
        tensor_info scale;
        const char *why;
    } cases[] = {
        { { .name = "t.scale", .type = DTYPE_F32, .rank = 1, .shape = { 3 } },
          "the model has no tensor 's.weight.scale'" },
        { { .name = "s.weight.scale", .type = DTYPE_F32, .rank = 1, .shape = { 2 } },
          "tensor 's.weight.scale' has the shape [2], expected [3]" },
        { { .name = "s.weight.scale", .type = DTYPE_F32, .rank = 2, .shape = { 3, 1 } },
          "tensor 's.weight.scale' has the shape [3, 1], expected [3]" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        weights w = { 0 };
        error err;
        assert_true(weights_plan(&w, (tensor_info[]){ infos[STORED], cases[i].scale }, 2,
                                 KEEP_AS_STORED, &err));
        assert_false(weights_finish(&w, &err));
        assert_string_equal(err.text, cases[i].why);
        weights_free(&w);
    }
}

static void test_weights_not_finite_refused(void **state)
{
    (void)state;
    static const float bad[] = { NAN, INFINITY, -INFINITY };
    for (int keep = KEEP_AS_STORED; keep <= QUANTIZE_Q8; keep++)
        for (size_t piece = 1; piece <= 400; piece += 133)
            for (size_t i = 0; i < COUNT(bad); i++) {
                float x[OUT * IN] = { 0 };
                x[37] = bad[i];
                weights w = { 0 };
                error err;
                bool good = true;
                assert_true(weights_plan(&w, infos, 1, (precision)keep, &err));
                for (size_t at = 0; good && at < sizeof x; at += piece)
                    good = weights_take(&w, 0, (const uint8_t *)x + at,
                                        sizeof x - at < piece ? sizeof x - at : piece, &err);
                assert_false(good);
                assert_string_equal(err.text, "tensor 'a.weight': value 37 is not a finite number");
                weights_free(&w);
            }
}

static void test_weights_sizes_refused(void **state)
{
    (void)state;
    enum { SIDE = 1 << 24 };
    static const struct {
        tensor_info info;
        const char *why; /* NULL: memory would not suffice */
        bool only_32_bit;
    } cases[] = {
        { { "x.weight", DTYPE_F32, 2, { SIDE + 1, 1 }, 0, 0 },
          "tensor 'x.weight': dimension beyond 16777216",
          false },
        { { "x.weight", DTYPE_F32, 1, { SIDE + 1 }, 0, 0 },
          "tensor 'x.weight': dimension beyond 16777216",
          false },
        { { "x.weight", DTYPE_F32, 4, { 1, SIDE, SIDE, SIDE }, 0, 0 },
          "tensor 'x.weight': dimension beyond 16777216",
          false },
        { { "x.weight", DTYPE_F32, 3, { 2, INT64_MAX, 0 }, 0, 0 },
          "tensor 'x.weight': dimension beyond 16777216",
          false },
        { { "x.weight", DTYPE_I8, 2, { 1, 65537 }, 0, 0 },
          "tensor 'x.weight': rows of 65537 values, at most 65536 as q8",
          false },
        { { "x", DTYPE_F32, 2, { SIDE, SIDE }, 0, 0 }, NULL, false },
        { { "x", DTYPE_U8, 2, { 1 << 14, 1 << 16 }, 0, 0 }, NULL, true },
        { { "x", DTYPE_F16, 2, { (1 << 14) - 1, 1 << 16 }, 0, 0 }, NULL, true },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        if (cases[i].only_32_bit && sizeof(size_t) > 4) continue;
        weights w = { 0 };
        error err = { .text = "" };
        assert_false(weights_plan(&w, &cases[i].info, 1, KEEP_AS_STORED, &err));
        assert_int_equal(err.no_memory, cases[i].why == NULL);
        assert_true(strlen(err.text) > 0);
        if (cases[i].why) assert_string_equal(err.text, cases[i].why);
        weights_free(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dtype_names),
        cmocka_unit_test(test_dtype_values),
        cmocka_unit_test(test_dtype_every_half),
        cmocka_unit_test(test_q8_round_trip),
        cmocka_unit_test(test_q8_rounds_halves_to_even),
        cmocka_unit_test(test_q8_largest),
        cmocka_unit_test(test_weights_surplus_rows),
        cmocka_unit_test(test_weights_in_pieces),
        cmocka_unit_test(test_weights_as_stored),
        cmocka_unit_test(test_weights_quantized_while_loading),
        cmocka_unit_test(test_weights_names_are_copied),
        cmocka_unit_test(test_weights_needed),
        cmocka_unit_test(test_weights_scales_refused),
        cmocka_unit_test(test_weights_not_finite_refused),
        cmocka_unit_test(test_weights_sizes_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
