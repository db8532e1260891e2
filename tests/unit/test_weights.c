/* The weights of a model while they arrive from one file or several, and as a pack is written from
 * them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/panel.h"
#include "nn/linear.h"
#include "quant/packed.h"
#include "quant/q8.h"
#include "quant/weights.h"

#include "testing.h"

/* A block that is too large is NULL under AddressSanitizer too. */
const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "allocator_may_return_null=1"; }

/* A small model: a matrix, a bias, a table of halves, a stored int8 matrix with its scales,
 * stored packed matrices with theirs (of one row, too), a scalar, a tensor without elements, a
 * matrix whose rows are whole groups. */
enum {
    OUT = 5,
    IN = 11,
    MATRIX = 0,
    BIAS,
    HALVES,
    STORED,
    SCALE,
    FIVE,
    FIVE_SCALE,
    FOUR,
    FOUR_SCALE,
    SCALAR,
    EMPTY,
    GROUPS,
    TENSORS
};

static const tensor_info infos[TENSORS] = {
    { .name = "a.weight", .type = DTYPE_F32, .rank = 2, .shape = { OUT, IN } },
    { .name = "a.bias", .type = DTYPE_BF16, .rank = 1, .shape = { OUT } },
    { .name = "h.weight", .type = DTYPE_F16, .rank = 3, .shape = { 9, 2, 2 } },
    { .name = "s.weight", .type = DTYPE_I8, .rank = 2, .shape = { 3, 9 } },
    { .name = "s.weight.scale", .type = DTYPE_F32, .rank = 1, .shape = { 3 } },
    { .name = "five.weight", .type = DTYPE_U8, .rank = 3, .shape = { 10, 2, 5 } },
    { .name = "five.weight.scale", .type = DTYPE_F16, .rank = 2, .shape = { 10, 1 } },
    { .name = "four.weight", .type = DTYPE_U8, .rank = 3, .shape = { 1, 32, 4 } },
    { .name = "four.weight.scale", .type = DTYPE_F16, .rank = 2, .shape = { 1, 2 } },
    { .name = "scalar", .type = DTYPE_I64, .rank = 0 },
    { .name = "empty.weight", .type = DTYPE_F32, .rank = 2, .shape = { 0, 4 } },
    { .name = "g.weight", .type = DTYPE_F32, .rank = 2, .shape = { 9, 128 } },
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
    for (size_t i = one - 1; i < size && one > 1; i += one) bytes[i] = i % 2 ? 0x3c : 0xbd;
    return bytes;
}

/* Hand over the bytes of tensor t, which is `index` in its file. */
static void take(weights *w, int index, int t, size_t piece)
{
    error err;
    uint8_t *bytes = contents(t);
    size_t size = bytes_of(&infos[t]);
    for (size_t at = 0; at < size; at += piece)
        assert_true(
            weights_take(w, index, bytes + at, size - at < piece ? size - at : piece, &err));
    free(bytes);
}

static void load(weights *w, precision keep, size_t piece)
{
    error err;
    assert_true(weights_plan(w, infos, TENSORS, keep, &err));
    for (int t = 0; t < TENSORS; t++) take(w, t, t, piece);
    assert_true(weights_finish(w, &err));
}

/* Bytes of a row in memory. */
static size_t row_size(const weight *t)
{
    size_t cols = (size_t)t->cols;
    return t->form == FORM_FLOAT ? cols * sizeof(float)
           : t->form == FORM_Q8  ? (size_t)q8_padded(t->cols)
                                 : cols / 2;
}

static const void *data_of(const weight *t)
{
    return t->form == FORM_FLOAT ? (const void *)t->floats : (const void *)t->bytes;
}

/* Rows of a matrix, those that fill its last panel among them. */
static size_t all_rows(const weight *t)
{
    return t->info.rank > 1 ? (size_t)panel_count(t->rows) * PANEL : 1;
}

static void check_same_weights(const weights *a, const weights *b)
{
    for (int t = 0; t < TENSORS; t++) {
        const weight *x = &a->all[t], *y = &b->all[t];
        assert_int_equal(x->form, y->form);
        assert_int_equal(x->bits, y->bits);
        size_t scales = (size_t)x->rows * (size_t)weight_scales(x);
        if (all_rows(x) * row_size(x) > 0)
            assert_memory_equal(data_of(x), data_of(y), all_rows(x) * row_size(x));
        if (scales) assert_memory_equal(x->scale, y->scale, scales * sizeof(float));
    }
}

/* Rows that fill the last panel are zeros, whatever the memory held before. */
static void test_weights_surplus_rows(void **state)
{
    (void)state;
    for (int keep = KEEP_AS_STORED; keep <= QUANTIZE_Q4; keep++) {
        void *dirt = malloc(20000);
        assert_non_null(dirt);
        free(memset(dirt, 0x7f, 20000));
        weights w = { 0 };
        load(&w, (precision)keep, 100);
        for (int t = 0; t < TENSORS; t++) {
            const weight *x = &w.all[t];
            const uint8_t *bytes = data_of(x);
            size_t size = row_size(x);
            for (size_t i = (size_t)x->rows * size; i < all_rows(x) * size; i++)
                assert_int_equal(bytes[i], 0);
            for (int r = 0; r < x->rows && x->form == FORM_Q8; r++) /* and so is the padding */
                for (size_t i = (size_t)x->cols; i < size; i++)
                    assert_int_equal(bytes[(size_t)r * size + i], 0);
        }
        weights_free(&w);
    }
}

static void test_weights_in_pieces(void **state)
{
    (void)state;
    for (int keep = KEEP_AS_STORED; keep <= QUANTIZE_Q4; keep++) {
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
        static const int bits[TENSORS] = {
            [MATRIX] = 32,     [BIAS] = 32,   [HALVES] = 16, [STORED] = 8,
            [SCALE] = 32,      [FIVE] = 5,    [FOUR] = 4,    [FIVE_SCALE] = 16,
            [FOUR_SCALE] = 16, [SCALAR] = 32, [EMPTY] = 32,  [GROUPS] = 32
        };
        const weight *x = weights_find(&w, infos[t].name);
        assert_ptr_equal(x, &w.all[t]);
        assert_int_equal(x->bits, bits[t]);
        assert_int_equal(x->form, bits[t] >= 16 ? FORM_FLOAT : bits[t] == 4 ? FORM_Q4 : FORM_Q8);
        uint8_t *bytes = contents(t), levels[16];
        size_t n = (size_t)x->rows * (size_t)x->cols;
        float want[9 * 128];
        if (x->form == FORM_FLOAT) dtype_to_floats(infos[t].type, bytes, n, want);
        if (x->form == FORM_FLOAT && n > 0) assert_memory_equal(x->floats, want, n * sizeof(float));
        for (int r = 0; t == STORED && r < x->rows; r++)
            assert_memory_equal(x->bytes + r * 16, bytes + r * 9, 9);
        for (int r = 0; t == FIVE && r < x->rows; r++) {
            packed_read(bytes + r * 10, 16, 5, levels);
            for (int i = 0; i < 16; i++) assert_int_equal(x->bytes[r * 16 + i], 2 * levels[i] - 31);
        }
        if (t == FOUR) assert_memory_equal(x->bytes, bytes, 128);
        free(bytes);
    }
    static const int scaled[][2] = { { STORED, SCALE },
                                     { FIVE, FIVE_SCALE },
                                     { FOUR, FOUR_SCALE } };
    for (size_t i = 0; i < COUNT(scaled); i++) {
        assert_ptr_equal(w.all[scaled[i][0]].scale, w.all[scaled[i][1]].floats); /* joined */
        assert_true(weights_is_scale(&w, &w.all[scaled[i][1]]));
        assert_false(weights_is_scale(&w, &w.all[scaled[i][0]]));
    }
    assert_null(weights_find(&w, "a.weigh"));
    weights_free(&w);
}

/* What comes as floats is quantized as the functions for a row do it. */
static void test_weights_quantized_while_loading(void **state)
{
    (void)state;
    static const struct {
        precision keep;
        int tensor, bits;
    } cases[] = {
        { QUANTIZE_Q8, MATRIX, 8 }, { QUANTIZE_Q8, HALVES, 8 }, { QUANTIZE_Q8, GROUPS, 8 },
        { QUANTIZE_Q4, MATRIX, 8 }, { QUANTIZE_Q4, GROUPS, 4 }, { QUANTIZE_Q4, HALVES, 8 },
    };
    weights floats = { 0 };
    load(&floats, KEEP_AS_STORED, 100);
    for (size_t i = 0; i < COUNT(cases); i++) {
        weights w = { 0 };
        load(&w, cases[i].keep, 7);
        const weight *f = &floats.all[cases[i].tensor], *q = &w.all[cases[i].tensor];
        assert_int_equal(q->bits, cases[i].bits);
        assert_int_equal(weight_scales(q), 1);
        for (int r = 0; r < q->rows; r++) {
            uint8_t want[128] = { 0 }, levels[128]; /* with the padding */
            float scale, *row = f->floats + r * f->cols;
            if (q->bits == 8) {
                scale = q8_quantize_weights(row, f->cols, (int8_t *)want);
            } else {
                packed_quantize(row, f->cols, 4, levels, &scale);
                packed_write(levels, f->cols, 4, want);
            }
            assert_memory_equal((uint8_t *)q->bytes + (size_t)r * row_size(q), want, row_size(q));
            assert_true(q->scale[r] == scale);
        }
        assert_int_equal(w.all[BIAS].form, FORM_FLOAT);
        assert_int_equal(w.all[EMPTY].form, FORM_FLOAT);
        assert_int_equal(w.all[FIVE].bits, 5);
        weights_free(&w);
    }
    weights_free(&floats);
}

/* The first layers of the head are kept as halves with q8. */
static void test_weights_rounded_to_halves(void **state)
{
    (void)state;
    static const tensor_info pooler = {
        .name = "pooler.dense.weight", .type = DTYPE_F32, .rank = 2, .shape = { 1, 4 }
    };
    static const float x[4] = { 0.1f, -1.0004f, 65519, 1e-9f };
    weights w = { 0 };
    error err;
    assert_true(weights_plan(&w, &pooler, 1, QUANTIZE_Q8, &err));
    assert_int_equal(w.all[0].bits, BITS_HALF);
    assert_int_equal(weight_row_bytes(&w.all[0]), 8);
    assert_true(weights_take(&w, 0, (const uint8_t *)x, sizeof x, &err));
    for (int i = 0; i < 4; i++)
        assert_true(w.all[0].floats[i] == half_to_float(float_to_half(x[i])));
    weights_free(&w);
}

/* The bytes of a file are what comes out row by row, also when a layer has taken the matrix. */
static void check_rows(const weights *w, int index, int scale)
{
    const weight *t = &w->all[index];
    uint8_t *bytes = contents(index), *scales = scale ? contents(scale) : NULL;
    for (int r = 0; r < t->rows; r++) {
        size_t size = weight_row_bytes(t), count = (size_t)weight_scales(t);
        uint8_t *row = malloc((size_t)t->cols * sizeof(float)), *levels = malloc((size_t)t->cols);
        float *got = malloc(count * sizeof(float) + 1), want[2];
        assert_true(row && levels && got);
        weight_row(t, r, row, levels);
        assert_memory_equal(row, bytes + (size_t)r * size, size);
        if (scales) {
            const weight *s = &w->all[scale];
            size_t one = dtype_size(s->info.type);
            weight_row_scales(t, r, got);
            dtype_to_floats(s->info.type, scales + (size_t)r * count * one, count, want);
            assert_memory_equal(got, want, count * sizeof *want);
        }
        free(row);
        free(levels);
        free(got);
    }
    free(bytes);
    free(scales);
}

static void test_rows_as_the_file_has_them(void **state)
{
    (void)state;
    static const struct {
        int tensor, scale;
        const char *name; /* of a layer */
        int in, out;
    } cases[] = {
        { MATRIX, 0, "a", IN, OUT },          { STORED, SCALE, "s", 9, 3 },
        { FIVE, FIVE_SCALE, "five", 16, 10 }, { FOUR, FOUR_SCALE, "four", 256, 1 },
        { GROUPS, 0, "g", 128, 9 },           { HALVES, 0, NULL, 0, 0 },
    };
    weights w = { 0 };
    error err;
    load(&w, KEEP_AS_STORED, 100);
    for (size_t i = 0; i < COUNT(cases); i++) {
        linear l;
        check_rows(&w, cases[i].tensor, cases[i].scale);
        if (!cases[i].name) continue;
        assert_true(linear_bind(&l, &w, cases[i].name, cases[i].in, cases[i].out, false, &err));
        check_rows(&w, cases[i].tensor, cases[i].scale);
    }
    weights_free(&w);
}

/* The same tensors in one file, or each in its own: the same in the end. */
static void test_weights_of_several_files(void **state)
{
    (void)state;
    static const size_t pieces[] = { 1, 13, 1000 };
    for (int keep = KEEP_AS_STORED; keep <= QUANTIZE_Q4; keep++)
        for (size_t p = 0; p < COUNT(pieces); p++) {
            weights whole = { 0 }, w = { 0 };
            error err;
            load(&whole, (precision)keep, 100);
            for (int t = 0; t < TENSORS; t++) {
                assert_true(weights_plan(&w, &infos[t], 1, (precision)keep, &err));
                take(&w, 0, t, pieces[p]);
            }
            assert_true(weights_finish(&w, &err));
            assert_int_equal(w.files, TENSORS);
            check_same_weights(&whole, &w);
            weights_free(&whole);
            weights_free(&w);
        }
}

static void test_one_name_in_two_files(void **state)
{
    (void)state;
    weights w = { 0 };
    error err;
    assert_true(weights_plan(&w, infos, 3, KEEP_AS_STORED, &err));
    assert_true(weights_plan(&w, infos + BIAS, 3, KEEP_AS_STORED, &err));
    assert_false(weights_finish(&w, &err));
    assert_string_equal(err.text, "tensor 'a.bias' stands in two files");
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
    assert_string_equal(err.text,
                        "tensor 's.weight' is stored as quantized values, expected floats");
    assert_ptr_equal(weights_need(&w, "five.weight", SHAPE(10, 16), &err), &w.all[FIVE]);
    assert_ptr_equal(weights_need(&w, "four.weight", SHAPE(1, 4, 8, 8), &err), &w.all[FOUR]);
    assert_null(weights_need(&w, "five.weight", SHAPE(10, 2, 5), &err));
    assert_null(weights_need(&w, "four.weight", SHAPE(256), &err));
    assert_string_equal(err.text, "tensor 'four.weight' has the shape [1, 32, 4], expected [256]");
    assert_true(w.all[FIVE].used && w.all[MATRIX].used && !w.all[HALVES].used);
    weights_free(&w);
}

static void test_weights_scales_refused(void **state)
{
    (void)state;
    static const struct {
        int tensor;
        tensor_info scale;
        const char *why;
    } cases[] = {
        { STORED,
          { .name = "t.scale", .type = DTYPE_F32, .rank = 1, .shape = { 3 } },
          "the model has no tensor 's.weight.scale'" },
        { STORED,
          { .name = "s.weight.scale", .type = DTYPE_F32, .rank = 1, .shape = { 2 } },
          "tensor 's.weight.scale' has the shape [2], expected [3]" },
        { STORED,
          { .name = "s.weight.scale", .type = DTYPE_F32, .rank = 2, .shape = { 3, 1 } },
          "tensor 's.weight.scale' has the shape [3, 1], expected [3]" },
        { FIVE,
          { .name = "five.scale", .type = DTYPE_F16, .rank = 2, .shape = { 10, 1 } },
          "the model has no tensor 'five.weight.scale'" },
        { FIVE,
          { .name = "five.weight.scale", .type = DTYPE_F16, .rank = 1, .shape = { 10 } },
          "tensor 'five.weight.scale' has the shape [10], expected [10, 1]" },
        { FOUR,
          { .name = "four.weight.scale", .type = DTYPE_F16, .rank = 2, .shape = { 1, 1 } },
          "tensor 'four.weight.scale' has the shape [1, 1], expected [1, 2]" },
        { FOUR,
          { .name = "four.weight.scale", .type = DTYPE_I8, .rank = 2, .shape = { 1, 2 } },
          "tensor 'four.weight.scale' is quantized itself, expected floats" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        weights w = { 0 };
        error err;
        assert_true(weights_plan(&w, (tensor_info[]){ infos[cases[i].tensor], cases[i].scale }, 2,
                                 KEEP_AS_STORED, &err));
        if (weights_finish(&w, &err)) fail_msg("%zu is taken", i);
        assert_string_equal(err.text, cases[i].why);
        weights_free(&w);
    }
}

static void test_weights_not_finite_refused(void **state)
{
    (void)state;
    static const float bad[] = { NAN, INFINITY, -INFINITY };
    for (int keep = KEEP_AS_STORED; keep <= QUANTIZE_Q4; keep++)
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

/* Finite, but not in the bits it would be kept in. */
static void test_weights_too_large_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        precision keep;
        float value;
        const char *why; /* NULL: fine */
    } cases[] = {
        { "pooler.weight", QUANTIZE_Q8, 65520,
          "tensor 'pooler.weight': value 130 is too large for 16 bits" },
        { "pooler.weight", QUANTIZE_Q8, 65519, NULL },
        { "x.weight", QUANTIZE_Q8, 3e38f, NULL },
        { "x.weight", QUANTIZE_Q4, 1e6f,
          "tensor 'x.weight': the values of row 1 are too large for 4 bits" },
        { "x.weight", QUANTIZE_Q4, 9e5f, NULL },
        { "classifier.weight", QUANTIZE_Q4, 3e38f,
          "tensor 'classifier.weight': the values of row 1 are too large for 6 bits" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        tensor_info info = {
            .name = cases[i].name, .type = DTYPE_F32, .rank = 2, .shape = { 2, 128 }
        };
        float x[2 * 128] = { [130] = cases[i].value };
        weights w = { 0 };
        error err = { .text = "" };
        assert_true(weights_plan(&w, &info, 1, cases[i].keep, &err));
        assert_int_equal(weights_take(&w, 0, (const uint8_t *)x, sizeof x, &err), !cases[i].why);
        assert_string_equal(err.text, cases[i].why ? cases[i].why : "");
        weights_free(&w);
    }
}

/* A convolution with one output is a matrix too, and has room for a panel. */
static void test_room_for_panels(void **state)
{
    (void)state;
    static const tensor_info conv = {
        .name = "c.weight", .type = DTYPE_F32, .rank = 4, .shape = { 1, 3, 2, 2 }
    };
    weights w = { 0 };
    linear l;
    error err;
    assert_true(weights_plan(&w, &conv, 1, KEEP_AS_STORED, &err));
    assert_true(weights_memory(&w) >= 12 * PANEL * sizeof(float));
    assert_true(weights_finish(&w, &err));
    memset(w.all[0].floats, 0, 12 * sizeof(float));
    assert_true(linear_bind_named(&l, &w, "c.weight", NULL, 12, 1, SHAPE(1, 3, 2, 2), &err));
    weights_free(&w);
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
          "tensor 'x.weight': rows of 65537 values, quantized ones have at most 65536",
          false },
        { { "x.weight", DTYPE_U8, 3, { 1, 9, 4 }, 0, 0 },
          "tensor 'x.weight': rows of 72 levels of 4 bits, expected a multiple of 128",
          false },
        { { "x.weight", DTYPE_U8, 3, { 1, 1 << 20, 5 }, 0, 0 },
          "tensor 'x.weight': rows of 8388608 values, quantized ones have at most 65536",
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
        cmocka_unit_test(test_weights_surplus_rows),
        cmocka_unit_test(test_weights_in_pieces),
        cmocka_unit_test(test_weights_as_stored),
        cmocka_unit_test(test_weights_quantized_while_loading),
        cmocka_unit_test(test_weights_rounded_to_halves),
        cmocka_unit_test(test_rows_as_the_file_has_them),
        cmocka_unit_test(test_weights_of_several_files),
        cmocka_unit_test(test_one_name_in_two_files),
        cmocka_unit_test(test_weights_names_are_copied),
        cmocka_unit_test(test_weights_needed),
        cmocka_unit_test(test_weights_scales_refused),
        cmocka_unit_test(test_weights_not_finite_refused),
        cmocka_unit_test(test_weights_too_large_refused),
        cmocka_unit_test(test_room_for_panels),
        cmocka_unit_test(test_weights_sizes_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
