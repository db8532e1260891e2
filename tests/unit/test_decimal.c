/* vqa.wasm's decimal numbers and its printf against those of the C library, which are exact too. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wasm/decimal.h"
#include "wasm/format.h"

#include "testing.h"

enum { LONGEST = 1500 };

static uint64_t random_state = 1;

static uint64_t random_bits(void) /* xorshift64 */
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static double random_double(void) /* of any size, finite */
{
    uint64_t bits;
    double x;
    do {
        bits = random_bits();
        memcpy(&x, &bits, sizeof x);
    } while (!isfinite(x));
    return x;
}

static int format(char *text, size_t size, const char *form, ...)
{
    va_list args;
    va_start(args, form);
    int length = format_text(text, size, form, args);
    va_end(args);
    return length;
}

/* The same bits (so -0 is not 0), and the same end of the number. */
static void check_read(const char *text)
{
    const char *end;
    char *expected_end;
    double x = decimal_read(text, &end), expected = strtod(text, &expected_end);
    if (memcmp(&x, &expected, sizeof x) != 0 || end != expected_end)
        fail_msg("'%s' is read as %a, expected %a", text, x, expected);
}

static void test_read(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "0",
        "-0",
        "+0.0",
        "1",
        "-1",
        "12",
        "007",
        "0.02",
        "1e-12",
        "1e-05",
        "9007199254740993",
        "9007199254740992.9999999999999999999999",
        "18446744073709551616",
        "1e22",
        "1e23",
        "-3.5E+2",
        "1.",
        ".5",
        "-.5",
        ".",
        "-",
        "+",
        "",
        "e5",
        "-e5",
        "x",
        "1e",
        "1e+",
        "1e-",
        "1e5x",
        "1.2.3",
        "0e999999999999",
        "1e999999999999",
        "-1e999999999999",
        "1e-999999999999",
        "1e309",
        "1e310",
        "1e-330",
        "1e-331",
        "1.7976931348623157e308",
        "1.7976931348623158e308",
        "1.7976931348623159e308",
        "4.9406564584124654e-324",
        "2.4703282292062327e-324",
        "2.4703282292062328e-324",
        "2.2250738585072011e-308",
        "2.2250738585072014e-308",
        "0.000000000000000000000000000000000000000000000000000000000000000000000000000001e78",
    };
    for (size_t i = 0; i < COUNT(texts); i++) check_read(texts[i]);
    for (int i = 0; i < 20000; i++) {
        char text[64];
        snprintf(text, sizeof text, "%.*e", (int)(random_bits() % 20), random_double());
        check_read(text);
    }
}

/* Numbers that lie in the middle between two doubles, or a little beside it. */
static void test_read_halves(void **state)
{
    (void)state;
    for (int i = 0; i < 2000; i++) {
        char text[LONGEST];
        double x = i < 1000 ? fabs(random_double()) : ldexp((double)random_bits(), -1074 - i % 70);
        if (x == DBL_MAX) continue;
        long double half = ((long double)x + nextafter(x, INFINITY)) / 2;
        int length = snprintf(text, sizeof text, "%.780Le", half);
        check_read(text);
        char *last = strchr(text, 'e') - 1;
        *last = '1'; /* it was 0: there are no more than 770 digits */
        check_read(text);
        assert_true(length > 780);
    }
    char text[LONGEST] = "1"; /* more digits than are kept */
    memset(text + 1, '0', 1200);
    check_read(text);
    memcpy(text, "9007199254740993", 16); /* the middle, but for the last of all digits */
    check_read(text);
    text[1200] = '1';
    check_read(text);
    text[16] = '.';
    check_read(text);
}

/* `form` has a * for the precision. */
static void check_write(const char *form, int precision, double x)
{
    char text[LONGEST], expected[LONGEST];
    int length = format(text, sizeof text, form, precision, x);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    assert_int_equal(length, snprintf(expected, sizeof expected, form, precision, x));
#pragma GCC diagnostic pop
    assert_string_equal(text, expected);
}

static void test_write(void **state)
{
    (void)state;
    static const double numbers[] = {
        0,
        -0.0,
        1,
        -1,
        0.5,
        1.5,
        2.5,
        0.25,
        0.75,
        0.125,
        9.5,
        99.5,
        0.95,
        0.05,
        0.005,
        1e-4,
        1e-5,
        9.9999995e-5,
        123456,
        1234567,
        999999.5,
        1e15,
        1e16,
        1e17,
        1e22,
        1e300,
        DBL_MAX,
        DBL_MIN,
        4.9406564584124654e-324,
        1e-12,
        0.02,
        1.0 / 3,
        49999.5,
        0.49999,
        INFINITY,
        -INFINITY,
    };
    for (size_t i = 0; i < COUNT(numbers); i++)
        for (int precision = 0; precision < 20; precision++) {
            check_write("%.*f", precision, numbers[i]);
            check_write("%.*g", precision, numbers[i]);
        }
    for (int i = 0; i < 20000; i++) {
        double x = random_double();
        check_write("%.*g", (int)(random_bits() % 20), x);
        check_write("%.*f", (int)(random_bits() % 6), (double)(int32_t)random_bits() / 256);
        check_write("%.*f", (int)(random_bits() % 20), (double)random_bits() / 0x1p64);
    }
    check_write("%.*f", 3, DBL_MAX);
    check_write("%.*g", 770, 4.9406564584124654e-324);
}

static void check_text(const char *expected, const char *form, ...)
{
    char text[100];
    va_list args;
    va_start(args, form);
    int length = format_text(text, sizeof text, form, args);
    va_end(args);
    assert_string_equal(text, expected);
    assert_int_equal(length, strlen(expected));
}

static void test_format(void **state)
{
    (void)state;
    check_text("", "");
    check_text("100 %", "%d %%", 100);
    check_text("tensor 'x': 3 of 4 bytes", "tensor '%s': %zu of %zu bytes", "x", (size_t)3,
               (size_t)4);
    check_text("abc|ab|ab||", "%s|%.2s|%.*s|%.0s|%s", "abc", "abc", 2, "abc", "abc", "");
    check_text("-2147483648 2147483647 0 -1", "%d %d %d %d", INT32_MIN, INT32_MAX, 0, -1);
    check_text("-9223372036854775808", "%lld", (long long)INT64_MIN);
    check_text("18446744073709551615", "%llu", (unsigned long long)UINT64_MAX);
    check_text("4294967295 0000beef 1a", "%u %08x %x", UINT32_MAX, 0xbeefu, 26u);
    check_text("u000a", "u%04x", 10);
    check_text("1e-05 0.02 1000000 -0.0001", "%g %g %1.15g %g", 1e-5, 0.02, 1e6, -1e-4);
    check_text("nan inf", "%g %f", NAN, INFINITY);
    check_text("x", "%c", 'x');
}

/* What does not fit is cut, and counted. */
static void test_cut(void **state)
{
    (void)state;
    char text[] = "????????";
    assert_int_equal(format(text, 5, "%d %s", 12, "words"), 8);
    assert_memory_equal(text, "12 w\0???", 9);
    assert_int_equal(format(text, 1, "%d", 12), 2);
    assert_string_equal(text, "");
    assert_int_equal(format(NULL, 0, "%d", 12), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),  cmocka_unit_test(test_read_halves),
        cmocka_unit_test(test_write), cmocka_unit_test(test_format),
        cmocka_unit_test(test_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
