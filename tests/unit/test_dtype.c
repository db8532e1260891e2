/* Element types of files, and half floats both ways. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "quant/dtype.h"

#include "testing.h"

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

static uint32_t bits_of(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static void test_every_half_comes_back(void **state)
{
    (void)state;
    for (unsigned half = 0; half < 0x10000; half++) {
        float x = half_to_float((uint16_t)half), read;
        dtype_to_floats(DTYPE_F16, (const uint8_t[]){ half & 255, half >> 8 }, 1, &read);
        assert_int_equal(bits_of(x), bits_of(read));
        bool nan = (half & 0x7fff) > 0x7c00;
        assert_int_equal(isnan(x) != 0, nan);
        assert_int_equal(float_to_half(x), nan ? (half & 0x8000) | 0x7e00 : half);
    }
}

/* Between two neighbours, infinity in place of 65536 among them: the middle goes to the even one,
 * and the floats beside it go to the nearer. */
static void test_half_rounds_to_the_nearest(void **state)
{
    (void)state;
    for (unsigned half = 0; half < 0x7c00; half++) {
        float low = half_to_float((uint16_t)half),
              high = half + 1 < 0x7c00 ? half_to_float((uint16_t)(half + 1)) : 65536.0f,
              middle = low + (high - low) / 2;
        unsigned even = half + half % 2;
        for (unsigned sign = 0; sign <= 0x8000; sign += 0x8000) {
            float way = sign ? -1 : 1;
            assert_int_equal(float_to_half(way * middle), sign | even);
            assert_int_equal(float_to_half(way * nextafterf(middle, 0)), sign | half);
            assert_int_equal(float_to_half(way * nextafterf(middle, 1e6f)), sign | (half + 1));
        }
    }
}

static void test_half_of_extremes(void **state)
{
    (void)state;
    static const struct {
        float x;
        unsigned half;
    } cases[] = {
        { 0.0f, 0 },
        { -0.0f, 0x8000 },
        { 0x1p-149f, 0 },
        { 0x1p-25f, 0 }, /* half of the smallest, to even */
        { 0x1.000002p-25f, 1 },
        { -0x1.8p-24f, 0x8002 },
        { 65504.0f, 0x7bff },
        { 65519.99f, 0x7bff },
        { 65520.0f, 0x7c00 },
        { -1e30f, 0xfc00 },
        { INFINITY, 0x7c00 },
        { -INFINITY, 0xfc00 },
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(float_to_half(cases[i].x), cases[i].half);
    assert_int_equal(float_to_half(NAN) & 0x7fff, 0x7e00);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dtype_names),
        cmocka_unit_test(test_dtype_values),
        cmocka_unit_test(test_dtype_every_half),
        cmocka_unit_test(test_every_half_comes_back),
        cmocka_unit_test(test_half_rounds_to_the_nearest),
        cmocka_unit_test(test_half_of_extremes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
