/* BERT's tokenizer, rule by rule, with a vocabulary of a few tokens. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/vocabulary.h"
#include "text/wordpiece.h"

#include "testing.h"

#define TEN(x) x x x x x x x x x x

/* Ids are places in this list. */
static const char *const tokens[] = {
    "[PAD]",    "[UNK]",     "[CLS]",    "[SEP]",      "[MASK]", "what",     "color",    "is",
    "the",      "cat",       "?",        "##s",        "a",      "##a",      "aa",       "##aa",
    "un",       "##want",    "##ed",     "##ing",      "wanted", "cafe",     "resume",   "e",
    "i",        "##bul",     "'",        "s",          "-",      "$",        "^",        "5",
    ".",        ",",         "!",        "[",          "]",      "cls",      "CLS",      "Cat",
    "What",     "caf\u00E9", "\u4E2D",   "\u6587",     "\u5973", "\u00A1",   "\u3002",   "\u03C3",
    "##\u03C3", "\u1112",    "##\u1161", "##\u11AB",   "\u304B", "\u00DF",   "don",      "t",
    "re",       "ve",        "m",        "\U00010428", "x",      "##\u302E", "##\u1B44", "unused",
    "n't",
};

static wordpiece *make(bool lower_case)
{
    static char text[4096];
    size_t size = 0;
    for (size_t i = 0; i < COUNT(tokens); i++)
        size += (size_t)snprintf(text + size, sizeof text - size, "%s\n", tokens[i]);
    wordpiece *w = NULL;
    error err;
    assert_true(wordpiece_new(&w, text, size, lower_case, &err));
    return w;
}

/* The tokens of ids with spaces between; lives until the next call. */
static const char *spell(const int *ids, int count)
{
    static char text[4096];
    size_t size = 0;
    text[0] = '\0';
    for (int i = 0; i < count; i++) {
        assert_in_range(ids[i], 0, COUNT(tokens) - 1);
        size += (size_t)snprintf(text + size, sizeof text - size, i ? " %s" : "%s", tokens[ids[i]]);
    }
    return text;
}

typedef struct {
    const char *text, *want; /* want: without [CLS] and [SEP] */
} example;

static void check_all(bool lower_case, const example *examples, size_t count)
{
    wordpiece *w = make(lower_case);
    for (size_t i = 0; i < count; i++) {
        int ids[300];
        int n = wordpiece_encode(w, examples[i].text, strlen(examples[i].text), ids, 300);
        assert_string_equal(spell(ids, 1), "[CLS]");
        assert_string_equal(spell(ids + n - 1, 1), "[SEP]");
        assert_string_equal(spell(ids + 1, n - 2), examples[i].want);
    }
    wordpiece_free(w);
}

static void test_lower_case_text(void **state)
{
    (void)state;
    static const example examples[] = {
        { "What color is the cat?", "what color is the cat ?" },
        { "", "" },
        /* white space, and what is dropped */
        { " \t\r\n ", "" },
        { "the\u00A0cat\u2028is\u3000a\u2009cat", "the cat is a cat" },
        { "c\u200Ba\u00ADt \x01 \x7F \uFEFF\uFFFD \uE000", "cat" },
        { "c\x0B"
          "at",
          "cat" },
        /* lower case and accents */
        { "CAF\u00C9 re\u0301sume\u0301 \u00C9", "cafe resume e" },
        { "\u0130BUL", "i ##bul" },
        { "\u03A3\u03A3", "\u03C3 ##\u03C3" },
        { "\u1E9E \u00DF", "\u00DF \u00DF" },
        { "\U00010400", "\U00010428" },
        { "\u0301", "" },
        { "\uD55C", "\u1112 ##\u1161 ##\u11AB" },
        { "\u304C", "\u304B" },
        /* punctuation, and the ASCII symbols that count as such */
        { "cat's cat--is!?", "cat ' s cat - - is ! ?" },
        { "$5.5^", "$ 5 . 5 ^" },
        { "\u00A1cat\u3002", "\u00A1 cat \u3002" },
        { "\u037E \u1FEF", "[UNK] [UNK]" }, /* ; and ` after decomposition */
        { "cat\u1FEF"
          "cat",
          "cat [UNK] cat" },
        /* ideographs */
        { "\u4E2D\u6587a\u4E2D", "\u4E2D \u6587 a \u4E2D" },
        { "\uF981", "\u5973" }, /* a compatibility ideograph */
        /* the longest piece first */
        { "unwanted unwanting wanted", "un ##want ##ed un ##want ##ing wanted" },
        { "aaa aaaa aaaaa", "aa ##a aa ##aa aa ##aa ##a" },
        { "cats catx xcat", "cat ##s [UNK] [UNK]" },
        { "##s", "[UNK] [UNK] s" },
        /* marks that take space stay, in canonical order */
        { "x\u302E\u1B44", "x ##\u1B44 ##\u302E" },
        { "x\u302E\u0301\u1B44", "x ##\u1B44 ##\u302E" },
        { "x\u302E\u0901\u1B44", "x ##\u302E ##\u1B44" }, /* parted by a mark of class 0 */
        /* a number without a character stays and makes the word unknown */
        { "cat\u0378", "[UNK]" },
    };
    check_all(true, examples, COUNT(examples));
}

static void test_text_in_its_own_case(void **state)
{
    (void)state;
    static const example examples[] = {
        { "What cat Cat CAT", "What cat Cat [UNK]" },
        { "caf\u00E9 cafe\u0301 cafe", "caf\u00E9 [UNK] cafe" },
        { "x\u302E\u1B44", "x ##\u302E ##\u1B44" }, /* not normalised */
        { "\u4E2D\u6587a?", "\u4E2D \u6587 a ?" },
        { "[CLS] CLS cls", "[CLS] CLS cls" },
    };
    check_all(false, examples, COUNT(examples));
}

static void test_special_tokens_in_the_text(void **state)
{
    (void)state;
    static const example examples[] = {
        { "[CLS] cat [SEP]", "[CLS] cat [SEP]" },
        { "[PAD][UNK][MASK]ing", "[PAD] [UNK] [MASK] [UNK]" },
        { "un[MASK]wanted", "un [MASK] wanted" },
        { "[cls]", "[ cls ]" },
        { "[CL\u200BS]", "[ cls ]" }, /* looked for before anything is dropped */
        { "[[CLS]]", "[ [CLS] ]" },
        { "[unused] [CLS", "[ unused ] [ cls" },
    };
    check_all(true, examples, COUNT(examples));
}

static void test_words_of_100_code_points(void **state)
{
    (void)state;
    static const example examples[] = {
        /* 100 letters, then 101 */
        { TEN("aaaaaaaaaa"),
          "aa " TEN("##aa ##aa ##aa ##aa ") "##aa ##aa ##aa ##aa ##aa ##aa ##aa ##aa ##aa" },
        { TEN("aaaaaaaaaa") "a cat", "[UNK] cat" },
        { "cat " TEN(TEN("\u304C")) "x", "cat [UNK]" },
        { TEN(TEN("a\u0301\u0302")),
          "aa " TEN("##aa ##aa ##aa ##aa ") "##aa ##aa ##aa ##aa ##aa ##aa ##aa ##aa ##aa" },
        { TEN(TEN("x\u302E\u302E")) "?cat", "[UNK] ? cat" },
        { TEN(TEN("?")) "cat", TEN(TEN("? ")) "cat" },
    };
    check_all(true, examples, COUNT(examples));
}

static void test_cutting_off(void **state)
{
    (void)state;
    static const char text[] = "cat unwanted unwantedx the";
    static const char *const want[] = {
        "[CLS] [SEP]",
        "[CLS] cat [SEP]",
        "[CLS] cat un [SEP]",
        "[CLS] cat un ##want [SEP]",
        "[CLS] cat un ##want ##ed [SEP]",
        "[CLS] cat un ##want ##ed [UNK] [SEP]",
        "[CLS] cat un ##want ##ed [UNK] the [SEP]",
        "[CLS] cat un ##want ##ed [UNK] the [SEP]",
    };
    wordpiece *w = make(true);
    for (size_t i = 0; i < COUNT(want); i++) {
        int length = (int)i + 2;
        int *ids = malloc((size_t)length * sizeof *ids); /* the sanitizer guards its end */
        assert_non_null(ids);
        int n = wordpiece_encode(w, text, strlen(text), ids, length);
        assert_string_equal(spell(ids, n), want[i]);
        free(ids);
    }
    wordpiece_free(w);
}

static void test_pairs(void **state)
{
    (void)state;
    static const struct {
        const char *first, *second;
        int length;
        const char *want;
        int first_length; /* ids of type 0 */
    } pairs[] = {
        { "what color", "the cat?", 99, "[CLS] what color [SEP] the cat ? [SEP]", 4 },
        { "", "cat", 99, "[CLS] [SEP] cat [SEP]", 2 },
        { "cat", "", 99, "[CLS] cat [SEP] [SEP]", 3 },
        { "[SEP] cat", "a [CLS]", 99, "[CLS] [SEP] cat [SEP] a [CLS] [SEP]", 4 },
        { "what color", "the cat?", 8, "[CLS] what color [SEP] the cat ? [SEP]", 4 },
        { "what color", "the cat?", 7, "[CLS] what color [SEP] the cat [SEP]", 4 },
        { "what color", "the cat?", 6, "[CLS] what color [SEP] the [SEP]", 4 },
        { "what color", "the cat?", 5, "[CLS] what [SEP] the [SEP]", 3 },
        { "what color", "the cat?", 4, "[CLS] what [SEP] [SEP]", 3 },
        { "what color", "the cat?", 3, "[CLS] [SEP] [SEP]", 2 },
        { "what color is the cat?", "a", 6, "[CLS] what color [SEP] a [SEP]", 4 },
        { "a", "what color is the cat?", 7, "[CLS] a [SEP] what color is [SEP]", 3 },
        { "a a a a a a a", "what color is the cat", 8, "[CLS] a a a [SEP] what color [SEP]", 5 },
    };
    wordpiece *w = make(true);
    for (size_t i = 0; i < COUNT(pairs); i++) {
        size_t bytes = (size_t)pairs[i].length * sizeof(int);
        int *ids = malloc(bytes), *types = malloc(bytes);
        assert_non_null(ids);
        assert_non_null(types);
        int n = wordpiece_encode_pair(w, pairs[i].first, strlen(pairs[i].first), pairs[i].second,
                                      strlen(pairs[i].second), ids, types, pairs[i].length);
        assert_string_equal(spell(ids, n), pairs[i].want);
        for (int k = 0; k < n; k++) assert_int_equal(types[k], k >= pairs[i].first_length);
        free(ids);
        free(types);
    }
    wordpiece_free(w);
}

static void check_decode(const wordpiece *w, const int *ids, int count, bool skip_special,
                         bool clean_up, const char *want)
{
    char *text = wordpiece_decode(w, ids, count, skip_special, clean_up);
    assert_non_null(text);
    assert_string_equal(text, want);
    free(text);
}

static void test_decoding(void **state)
{
    (void)state;
    wordpiece *w = make(true);
    int ids[64];
    const char *text = "What unwanted cats? \u20AC cat, $5.";
    int n = wordpiece_encode(w, text, strlen(text), ids, 64);
    check_decode(w, ids, n, true, true, "what unwanted cats? cat, $ 5.");
    check_decode(w, ids, n, false, true, "[CLS] what unwanted cats? [UNK] cat, $ 5. [SEP]");
    check_decode(w, ids, n, true, false, "what unwanted cats ? cat , $ 5 .");
    text = "the cat's don't a 're a 've a 'm ' ' ! !!";
    n = wordpiece_encode(w, text, strlen(text), ids, 64);
    check_decode(w, ids, n, true, true, "the cat's don't a're a've a'm''!!!");
    check_decode(w, (int[]){ 12, (int)COUNT(tokens) - 1, 8 }, 3, true, true, "an't the");
    check_decode(w, ids, 0, false, true, "");
    check_decode(w, (int[]){ -1, 11, (int)COUNT(tokens) }, 3, true, true, "[UNK]s [UNK]");
    check_decode(w, (int[]){ 11, 13, 9 }, 3, true, true, "##sa cat"); /* starts with a piece */
    wordpiece_free(w);
}

static void test_vocabulary_lines(void **state)
{
    (void)state;
    static const char text[] = "[UNK]\r\ncat\r\n[CLS]\ncat\n\n[SEP]\ndog"; /* no [PAD], no [MASK] */
    wordpiece *w = NULL;
    error err;
    assert_true(wordpiece_new(&w, text, strlen(text), true, &err));
    assert_int_equal(wordpiece_size(w), 7);
    assert_int_equal(wordpiece_id(w, WORDPIECE_UNK), 0);
    assert_int_equal(wordpiece_id(w, WORDPIECE_CLS), 2);
    assert_int_equal(wordpiece_id(w, WORDPIECE_SEP), 5);
    assert_int_equal(wordpiece_id(w, WORDPIECE_PAD), -1);
    assert_int_equal(wordpiece_id(w, WORDPIECE_MASK), -1);
    int ids[8];
    assert_int_equal(wordpiece_encode(w, "cat dog [PAD]", 13, ids, 8), 7);
    assert_memory_equal(ids, ((int[]){ 2, 3, 6, 0, 0, 0, 5 }), 7 * sizeof *ids); /* the last cat */
    wordpiece_free(w);
    wordpiece_free(NULL);
}

static void check_refused(const char *text, size_t size, const char *why)
{
    wordpiece *w = NULL;
    error err;
    assert_false(wordpiece_new(&w, text, size, true, &err));
    assert_null(w);
    assert_string_equal(err.text, why);
}

static void test_vocabularies_refused(void **state)
{
    (void)state;
    check_refused("", 0, "vocabulary: empty");
    check_refused("[UNK]\n[CLS]\n", 12, "vocabulary: no token [SEP] among 2");
    check_refused("[UNK]\n[SEP]", 11, "vocabulary: no token [CLS] among 2");
    check_refused("\n\n\n", 3, "vocabulary: no token [UNK] among 3");
    check_refused("[UNK]\n\xC3\n", 8, "vocabulary: byte 6 is not UTF-8");
    size_t many = VOCABULARY_MAX_TOKENS + 1;
    char *lines = malloc(many);
    assert_non_null(lines);
    memset(lines, '\n', many);
    check_refused(lines, many, "vocabulary: 1000001 tokens, at most 1000000");
    free(lines);
    check_refused("x", (size_t)VOCABULARY_MAX_BYTES + 1,
                  "vocabulary: 67108865 bytes, at most 67108864"); /* the size alone decides */
}

/* Encode bytes that lie in a block of their own, in both modes. */
static void encode_block(wordpiece *const w[2], const void *bytes, size_t size)
{
    char *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    for (int i = 0; i < 2; i++) {
        int ids[64], types[64];
        assert_in_range(wordpiece_encode(w[i], copy, size, ids, 64), 2, 64);
        assert_in_range(wordpiece_encode_pair(w[i], copy, size, copy, size, ids, types, 64), 3, 64);
    }
    free(copy);
}

static void test_any_bytes(void **state)
{
    (void)state;
    wordpiece *const w[2] = { make(false), make(true) };
    for (int a = 0; a < 256; a++)
        for (int b = 0; b < 256; b++) {
            encode_block(w, (uint8_t[]){ (uint8_t)a }, 1);
            encode_block(w, (uint8_t[]){ 'a', (uint8_t)a, (uint8_t)b }, 3);
        }
    static const char text[] =
        "caf\u00E9 [MASK]? \u4E2D\uD55C\U0001F600 [SEP] \u1F82\U0002F800[CLS]";
    for (size_t end = 0; end < sizeof text; end++)
        for (size_t start = 0; start <= end; start++) encode_block(w, text + start, end - start);
    wordpiece_free(w[0]);
    wordpiece_free(w[1]);
}

static void test_random_bytes(void **state)
{
    (void)state;
    wordpiece *const w[2] = { make(false), make(true) };
    uint32_t random = 1;
    for (int round = 0; round < 2000; round++) {
        uint8_t bytes[200];
        for (size_t i = 0; i < sizeof bytes; i++) {
            random = random * 1664525u + 1013904223u;
            bytes[i] = (uint8_t)(random >> 24 | (random >> 8 & 0x80 & (uint32_t)round << 4));
        }
        encode_block(w, bytes, random % (sizeof bytes + 1));
    }
    wordpiece_free(w[0]);
    wordpiece_free(w[1]);
}

static void test_bytes_that_are_not_utf8_are_dropped(void **state)
{
    (void)state;
    static const example examples[] = {
        { "c\xFF"
          "at\xC3",
          "cat" },
        { "\xE4\xB8"
          "cat \xED\xA0\x80",
          "cat" },
    };
    check_all(true, examples, COUNT(examples));
}

static void test_a_megabyte(void **state)
{
    (void)state;
    enum { SIZE = 1 << 20, LENGTH = 16 };
    static const char *const patterns[] = {
        "a", "cat ", "\u0301", "\u302E", "\u4E2D", "[", "?", " ", "\xFF",
    };
    char *text = malloc(SIZE);
    assert_non_null(text);
    wordpiece *w = make(true);
    for (size_t p = 0; p < COUNT(patterns); p++) {
        size_t period = strlen(patterns[p]);
        for (size_t i = 0; i < SIZE; i++) text[i] = patterns[p][i % period];
        int ids[LENGTH];
        assert_in_range(wordpiece_encode(w, text, SIZE, ids, LENGTH), 2, LENGTH);
    }
    wordpiece_free(w);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lower_case_text),
        cmocka_unit_test(test_text_in_its_own_case),
        cmocka_unit_test(test_special_tokens_in_the_text),
        cmocka_unit_test(test_words_of_100_code_points),
        cmocka_unit_test(test_cutting_off),
        cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_decoding),
        cmocka_unit_test(test_vocabulary_lines),
        cmocka_unit_test(test_vocabularies_refused),
        cmocka_unit_test(test_any_bytes),
        cmocka_unit_test(test_random_bytes),
        cmocka_unit_test(test_bytes_that_are_not_utf8_are_dropped),
        cmocka_unit_test(test_a_megabyte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
