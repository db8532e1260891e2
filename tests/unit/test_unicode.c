/* Code points: reading, writing, kinds, lower case, decomposition, composition. The sums cover
 * every code point; they come from Python's unicodedata: `make_unicode_tables.py --sums`. */
#include <stdlib.h>
#include <string.h>

#include "text/unicode.h"

#include "testing.h"

/* FNV-1a over numbers. */
static uint32_t sum(uint32_t hash, uint32_t value) { return (hash ^ value) * 16777619u; }

static const uint32_t SUM_START = 2166136261u;

static void test_kinds(void **state)
{
    (void)state;
    uint32_t kinds = SUM_START, classes = SUM_START;
    for (uint32_t c = 0; c <= UNICODE_LAST; c++) {
        kinds = sum(kinds, (uint32_t)unicode_kind_of(c));
        classes = sum(classes, (uint32_t)unicode_combining_class(c));
    }
    assert_int_equal(kinds, 0xd71e4adf);
    assert_int_equal(classes, 0xa95cdbd6);
    assert_int_equal(unicode_kind_of('a'), UNICODE_LETTER);
    assert_int_equal(unicode_kind_of(0x4E2D), UNICODE_LETTER);
    assert_int_equal(unicode_kind_of(0x1D400), UNICODE_LETTER); /* a mathematical bold A */
    assert_int_equal(unicode_kind_of('7'), UNICODE_NUMBER);
    assert_int_equal(unicode_kind_of(0x1D7FF), UNICODE_NUMBER);
    assert_int_equal(unicode_kind_of('+'), UNICODE_OTHER);
    assert_int_equal(unicode_kind_of(0x378), UNICODE_OTHER); /* no character */
    assert_int_equal(unicode_kind_of(0x301), UNICODE_MARK);
    assert_int_equal(unicode_kind_of('?'), UNICODE_PUNCTUATION);
    assert_int_equal(unicode_kind_of('\n'), UNICODE_SPACE);
    assert_int_equal(unicode_kind_of(0x200B), UNICODE_CONTROL);
    assert_int_equal(unicode_combining_class(0x301), 230);
}

static void test_white_space(void **state)
{
    (void)state;
    static const uint32_t spaces[] = { 0x9,    0xA,    0xB,    0xC,    0xD,    0x20,   0x85,
                                       0xA0,   0x1680, 0x2000, 0x2001, 0x2002, 0x2003, 0x2004,
                                       0x2005, 0x2006, 0x2007, 0x2008, 0x2009, 0x200A, 0x2028,
                                       0x2029, 0x202F, 0x205F, 0x3000 };
    size_t found = 0;
    for (uint32_t c = 0; c <= UNICODE_LAST; c++) {
        if (!unicode_is_space(c)) continue;
        assert_true(found < COUNT(spaces));
        assert_int_equal(c, spaces[found++]);
    }
    assert_int_equal(found, COUNT(spaces));
}

static void test_lower_case(void **state)
{
    (void)state;
    uint32_t all = SUM_START, out[UNICODE_LOWER_MAX];
    for (uint32_t c = 0; c <= UNICODE_LAST; c++) {
        int n = unicode_lower(c, out);
        for (int i = 0; i < n; i++) all = sum(all, out[i]);
    }
    assert_int_equal(all, 0xa622188e);
    assert_int_equal(unicode_lower('A', out), 1);
    assert_int_equal(out[0], 'a');
    assert_int_equal(unicode_lower(0x130, out), 2); /* capital I with a dot */
    assert_int_equal(out[0], 'i');
    assert_int_equal(out[1], 0x307);
}

static void test_decomposition(void **state)
{
    (void)state;
    uint32_t all = SUM_START, out[UNICODE_DECOMPOSE_MAX];
    for (uint32_t c = 0; c <= UNICODE_LAST; c++) {
        int n = unicode_decompose(c, out);
        for (int i = 0; i < n; i++) all = sum(all, out[i]);
    }
    assert_int_equal(all, 0xccfccf1c);
    assert_int_equal(unicode_decompose(0x1F82, out), 4); /* alpha with three marks */
    assert_memory_equal(out, ((uint32_t[]){ 0x3B1, 0x313, 0x300, 0x345 }), sizeof out);
    assert_int_equal(unicode_decompose(0xD55C, out), 3); /* a Hangul syllable */
    assert_memory_equal(out, ((uint32_t[]){ 0x1112, 0x1161, 0x11AB }), 3 * sizeof *out);
}

static void test_beyond_the_last_code_point(void **state)
{
    (void)state;
    static const uint32_t none[] = { 0x110000, 0x1FFFFF, 0x200041, 0x7FFFFFFF, UINT32_MAX };
    uint32_t out[UNICODE_DECOMPOSE_MAX];
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        assert_int_equal(unicode_kind_of(none[i]), UNICODE_OTHER);
        assert_int_equal(unicode_combining_class(none[i]), 0);
        assert_int_equal(unicode_lower(none[i], out), 1);
        assert_int_equal(out[0], none[i]);
        assert_int_equal(unicode_decompose(none[i], out), 1);
        assert_int_equal(out[0], none[i]);
        assert_false(unicode_is_space(none[i]));
        assert_int_equal(unicode_compose(none[i], 0x301), 0);
        assert_int_equal(unicode_compose('e', none[i]), 0);
    }
}

static void test_canonical_order(void **state)
{
    (void)state;
    /* class 230, 220 (goes before it), 230 (stays), a letter, 220 (stays behind the letter) */
    static const uint32_t in[] = { 'a', 0x301, 0x323, 0x302, 'b', 0x323 };
    static const uint32_t want[] = { 'a', 0x323, 0x301, 0x302, 'b', 0x323 };
    uint32_t out[6];
    for (int i = 0; i < 6; i++) unicode_append(out, 0, i, in[i]);
    assert_memory_equal(out, want, sizeof out);
    for (int i = 0; i < 3; i++) unicode_append(out, 2, i, in[i]); /* the 301 is fixed */
    assert_memory_equal(out, in, 3 * sizeof *out);
}

static void test_composition(void **state)
{
    (void)state;
    uint32_t all = SUM_START, text[UNICODE_DECOMPOSE_MAX], spare[UNICODE_DECOMPOSE_MAX];
    for (uint32_t c = 0; c <= UNICODE_LAST; c++) {
        size_t count = unicode_recompose(text, (size_t)unicode_decompose(c, text), spare);
        for (size_t i = 0; i < count; i++) all = sum(all, text[i]);
    }
    assert_int_equal(all, 0x7155133f);
    assert_int_equal(unicode_compose('e', 0x301), 0xE9);
    assert_int_equal(unicode_compose('e', 'e'), 0);
    assert_int_equal(unicode_compose(0x301, 'e'), 0);
    assert_int_equal(unicode_compose(0x915, 0x93C), 0); /* excluded from composition */
    assert_int_equal(unicode_compose(0x308, 0x301), 0); /* U+0344 is of marks only */
    assert_int_equal(unicode_compose(0x2126, 0), 0);
    assert_int_equal(unicode_compose(0, 0), 0);
    assert_int_equal(unicode_compose(0x11099, 0x110BA), 0x1109A); /* beyond U+FFFF */
}

/* U+AC00 is the first syllable, U+D7A3 the last. */
static void test_composing_hangul(void **state)
{
    (void)state;
    assert_int_equal(unicode_compose(0x1100, 0x1161), 0xAC00);
    assert_int_equal(unicode_compose(0xAC00, 0x11A8), 0xAC01);
    assert_int_equal(unicode_compose(0x1112, 0x1175), 0xD788);
    assert_int_equal(unicode_compose(0xD788, 0x11C2), 0xD7A3);
    static const uint32_t apart[][2] = {
        { 0x10FF, 0x1161 }, { 0x1113, 0x1161 }, { 0x1100, 0x1160 }, { 0x1100, 0x1176 },
        { 0xAC00, 0x11A7 }, { 0xAC00, 0x11C3 }, { 0xAC01, 0x11A8 }, { 0xD7A4, 0x11A8 },
    };
    for (size_t i = 0; i < COUNT(apart); i++)
        assert_int_equal(unicode_compose(apart[i][0], apart[i][1]), 0);
}

static void test_normal_form(void **state)
{
    (void)state;
    static const struct {
        uint32_t text[8], want[8]; /* zeros fill the rest */
    } examples[] = {
        { { 0 }, { 0 } },
        { { 0x301, 'e', 0x301 }, { 0x301, 0xE9 } },       /* the first mark has nothing before it */
        { { 'a', 0x301, 0x323 }, { 0x1EA1, 0x301 } },     /* sorted, then composed */
        { { 'a', 0x323, 0x302 }, { 0x1EAD } },            /* twice */
        { { 'a', 0x315, 0x302 }, { 0xE2, 0x315 } },       /* past a mark of another class */
        { { 'a', 0x30D, 0x302 }, { 'a', 0x30D, 0x302 } }, /* not past one of the same class */
        { { 'a', 'b', 0x301 }, { 'a', 'b', 0x301 } },
        { { 0x1100, 0x1161, 0x11A8, 0x11A8 }, { 0xAC01, 0x11A8 } },
        { { 0x1100, 0x301, 0x1161 }, { 0x1100, 0x301, 0x1161 } }, /* parted by a mark */
        { { 0x9C7, 0x9BE }, { 0x9CB } },                          /* two of class 0 */
        { { 0x9C7, 0x301, 0x9BE }, { 0x9C7, 0x301, 0x9BE } },
        { { 'x', 0x302, 0x59A, 0x301, 0x327, 0x323 }, { 'x', 0x327, 0x323, 0x59A, 0x302, 0x301 } },
    };
    for (size_t i = 0; i < COUNT(examples); i++) {
        uint32_t text[8], spare[8];
        size_t count = 0;
        while (examples[i].text[count]) text[count] = examples[i].text[count], count++;
        count = unicode_recompose(text, count, spare);
        for (size_t k = 0; k < 8; k++)
            assert_int_equal(k < count ? text[k] : 0, examples[i].want[k]);
    }
}

static void test_a_long_run_of_marks(void **state)
{
    (void)state;
    enum { MARKS = 1 << 18 };
    static uint32_t text[MARKS], spare[MARKS];
    for (size_t i = 0; i < MARKS; i++) text[i] = i % 2 ? 0x323 : 0x30D; /* classes 220, 230 */
    assert_int_equal(unicode_recompose(text, MARKS, spare), MARKS);
    for (size_t i = 0; i < MARKS; i++) assert_int_equal(text[i], i < MARKS / 2 ? 0x323 : 0x30D);
}

static void test_utf8_there_and_back(void **state)
{
    (void)state;
    for (uint32_t c = 0; c <= UNICODE_LAST; c++) {
        char bytes[UTF8_MAX];
        size_t size = (size_t)utf8_put(c, bytes), at = 0;
        uint32_t want = c >= 0xD800 && c <= 0xDFFF ? (uint32_t)UNICODE_REPLACEMENT : c;
        assert_int_equal(utf8_next(bytes, size, &at), want);
        assert_int_equal(at, size);
    }
}

static void test_what_is_not_utf8(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "\x80",
        "\xBF",
        "\xC0\x80",
        "\xC1\xBF",
        "\xE0\x9F\xBF",
        "\xED\xA0\x80",
        "\xED\xBF\xBF",
        "\xF0\x8F\xBF\xBF",
        "\xF4\x90\x80\x80",
        "\xF8\x88\x80\x80\x80",
        "\xFF",
        "\xC3",
        "\xE2\x82",
        "\xF0\x9F\x98",
        "\xC3"
        "A",
        "\xE2\x82"
        "A",
        "\xF0\x9F\x98"
        "A",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        size_t size = strlen(bad[i]), at = 0;
        char *copy = malloc(size); /* an own block, so that the sanitizer guards its end */
        assert_non_null(copy);
        memcpy(copy, bad[i], size);
        assert_int_equal(utf8_next(copy, size, &at), UNICODE_REPLACEMENT);
        assert_int_equal(at, 1);
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_white_space),
        cmocka_unit_test(test_lower_case),
        cmocka_unit_test(test_decomposition),
        cmocka_unit_test(test_beyond_the_last_code_point),
        cmocka_unit_test(test_canonical_order),
        cmocka_unit_test(test_composition),
        cmocka_unit_test(test_composing_hangul),
        cmocka_unit_test(test_normal_form),
        cmocka_unit_test(test_a_long_run_of_marks),
        cmocka_unit_test(test_utf8_there_and_back),
        cmocka_unit_test(test_what_is_not_utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
