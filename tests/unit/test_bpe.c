/* CLIP's and GPT-2's tokenizers, rule by rule, with a vocabulary of a few merges. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/bpe.h"
#include "text/merges.h"
#include "text/unicode.h"
#include "text/words.h"

#include "testing.h"

/* ---- words ---- */

typedef struct {
    const char *text, *want; /* want: the words with | between */
} example;

/* The words of a text with | between; lives until the next call. */
static const char *split(const char *text, size_t (*word)(const uint32_t *, size_t))
{
    static char out[1024];
    uint32_t *points = malloc(strlen(text) * sizeof *points + 1);
    assert_non_null(points);
    size_t count = 0, n = 0;
    for (size_t at = 0; at < strlen(text);) points[count++] = utf8_next(text, strlen(text), &at);
    for (size_t at = 0, length; at < count; at += length) {
        uint32_t *copy = malloc((count - at) * sizeof *copy); /* the sanitizer guards its end */
        assert_non_null(copy);
        memcpy(copy, points + at, (count - at) * sizeof *copy);
        length = word(copy, count - at);
        free(copy);
        assert_in_range(length, 1, count - at);
        if (at > 0) out[n++] = '|';
        for (size_t i = at; i < at + length; i++) n += (size_t)utf8_put(points[i], out + n);
    }
    out[n] = '\0';
    free(points);
    return out;
}

static void test_words_of_clip(void **state)
{
    (void)state;
    static const example examples[] = {
        { "", "" },
        { "what color", "what| |color" },
        { "a  \t\u00A0\u3000b", "a|  \t\u00A0\u3000|b" },
        { "the cat's tail isn't", "the| |cat|'s| |tail| |isn|'t" },
        { "'re've'm'll'd'x's", "'re|'ve|'m|'ll|'d|'|x|'s" },
        { "'r'l'", "'|r|'|l|'" },
        { "'S 'sat", "'|S| |'s|at" },
        { "!'s", "!'|s" },
        { "route66 2024", "route|6|6| |2|0|2|4" },
        { "x\u00BD\u2167\u0663", "x|\u00BD|\u2167|\u0663" },
        { "...!?\U0001F600\U0001F600a", "...!?\U0001F600\U0001F600|a" },
        { "a\u0301b", "a|\u0301|b" }, /* a mark is no letter */
        { "\u4E2D\u6587\U00020000", "\u4E2D\u6587\U00020000" },
        { "\x01\x7F\u200B", "\x01\x7F\u200B" },
    };
    for (size_t i = 0; i < COUNT(examples); i++)
        assert_string_equal(split(examples[i].text, words_clip), examples[i].want);
}

static void test_words_of_gpt2(void **state)
{
    (void)state;
    static const example examples[] = {
        { "", "" },
        { "what color?", "what| color|?" },
        { " what", " what" },
        { "a  b", "a| | b" },
        { "a   b", "a|  | b" },
        { "a \nb", "a| |\n|b" }, /* only a space goes with the word */
        { "a\nb", "a|\n|b" },
        { "a\n b", "a|\n| b" },
        { "a\u00A0b", "a|\u00A0|b" },
        { "a  ", "a|  " },
        { "a ", "a| " },
        { "  ", "  " },
        { "cat's 's it'S", "cat|'s| '|s| it|'|S" },
        { "in 2024, 66a", "in| 2024|,| 66|a" },
        { "a ...!b", "a| ...!|b" },
    };
    for (size_t i = 0; i < COUNT(examples); i++)
        assert_string_equal(split(examples[i].text, words_gpt2), examples[i].want);
}

static void test_pieces_at_digits(void **state)
{
    (void)state;
    static const example examples[] = {
        { "", "" },
        { "in 2024, 66a", "in |2|0|2|4|, |6|6|a" },
        { "\u00BD\u2167", "\u00BD|\u2167" },
    };
    for (size_t i = 0; i < COUNT(examples); i++)
        assert_string_equal(split(examples[i].text, words_digit_piece), examples[i].want);
}

/* ---- tokenizers ---- */

/* A space in the byte alphabet. */
#define SPACE "\u0120"

static const char clip_merges[] =
    "#version: 0.2\n"
    "t h\nth e</w>\na t</w>\nc at</w>\no n\n1 2\nb c</w>\na b\n! !</w>\n! !\n!! !!\n"
    "\u00C3 \u00A9</w>\ns s\nss s</w>\n' s</w>";

static const char gpt2_merges[] =
    "#version: 0.2\n"
    "t h\nth e\n" SPACE " the\na t\nc at\n" SPACE " cat\n1 2\n" SPACE " 12\nb c\na b\n# #\n"
    "! !\n!! !!\n\u00C3 \u00A9\ns s\n" SPACE " " SPACE "\n";

enum { TEXT_MAX = 16384 };

typedef struct {
    char vocab[TEXT_MAX];
    size_t size;
} tokens_text;

static void add_token(tokens_text *t, const char *token)
{
    int n = snprintf(t->vocab + t->size, sizeof t->vocab - t->size, "%s\n", token);
    assert_in_range(n, 1, sizeof t->vocab - t->size - 1);
    t->size += (size_t)n;
}

/* The byte alphabet without `missing` (256: nothing), for CLIP also with "</w>", then what the
 * merges make, then the special tokens. */
static void make_vocabulary(tokens_text *t, const char *merges, bpe_rules rules, int missing)
{
    t->size = 0;
    for (int marked = 0; marked < (rules == BPE_CLIP ? 2 : 1); marked++) {
        uint32_t next = 256;
        for (int byte = 0; byte < 256; byte++) {
            bool visible = (byte > 32 && byte < 127) || (byte > 160 && byte != 173);
            char token[16];
            int n = utf8_put(visible ? (uint32_t)byte : next++, token);
            snprintf(token + n, sizeof token - (size_t)n, "%s", marked ? "</w>" : "");
            if (byte != missing) add_token(t, token);
        }
    }
    for (const char *at = strchr(merges, '\n') + 1; *at;) {
        char left[32], right[32], token[64];
        int n = 0;
        assert_int_equal(sscanf(at, "%31s %31s%n", left, right, &n), 2);
        snprintf(token, sizeof token, "%s%s", left, right);
        add_token(t, token);
        at += n + (at[n] == '\n');
    }
    if (rules == BPE_CLIP) add_token(t, "<|startoftext|>");
    add_token(t, "<|endoftext|>");
}

static bpe *make_without(bpe_rules rules, int missing)
{
    static tokens_text t;
    const char *merges = rules == BPE_CLIP ? clip_merges : gpt2_merges;
    bpe *b = NULL;
    error err;
    make_vocabulary(&t, merges, rules, missing);
    if (!bpe_new(&b, t.vocab, t.size, merges, strlen(merges), rules, &err))
        fail_msg("%s", err.text);
    return b;
}

static bpe *make(bpe_rules rules) { return make_without(rules, 256); }

/* The token of an id, as it stands in the vocabulary; lives until the next call. */
static const char *token_of(bpe_rules rules, int missing, int id)
{
    static tokens_text t;
    static char token[64];
    make_vocabulary(&t, rules == BPE_CLIP ? clip_merges : gpt2_merges, rules, missing);
    const char *at = t.vocab;
    for (int i = 0; i < id; i++) at = strchr(at, '\n') + 1;
    snprintf(token, sizeof token, "%.*s", (int)strcspn(at, "\n"), at);
    return token;
}

/* The tokens of ids with spaces between; lives until the next call. */
static const char *spell(bpe_rules rules, int missing, const int *ids, int count)
{
    static char text[4096];
    size_t size = 0;
    text[0] = '\0';
    for (int i = 0; i < count; i++)
        size += (size_t)snprintf(text + size, sizeof text - size, i ? " %s" : "%s",
                                 token_of(rules, missing, ids[i]));
    return text;
}

static void check_all(bpe_rules rules, int missing, const example *examples, size_t count)
{
    bpe *b = make_without(rules, missing);
    for (size_t i = 0; i < count; i++) {
        int ids[300];
        int n = bpe_encode(b, examples[i].text, strlen(examples[i].text), ids, 300);
        int marks = rules == BPE_CLIP;
        assert_in_range(n, 2 * marks, 300);
        if (marks) {
            assert_int_equal(ids[0], bpe_id(b, BPE_START));
            assert_int_equal(ids[n - 1], bpe_id(b, BPE_END));
        }
        assert_string_equal(spell(rules, missing, ids + marks, n - 2 * marks), examples[i].want);
    }
    bpe_free(b);
}

static void test_merging(void **state)
{
    (void)state;
    static const example examples[] = {
        { "", "" },
        { "the", "the" },
        { " the cat", SPACE "the " SPACE "cat" },
        { "thcat", "th cat" },
        { "abc", "a bc" }, /* the lower rank, though it is further right */
        { "abb", "ab b" },
        { "sss", "ss s" }, /* the leftmost of two */
        { "ssss", "ss ss" },
        { "!!!!!!!!!", "!!!! !!!! !" },
        { "##", "##" }, /* a line of merges that is no comment */
        { "12 12", "12 " SPACE "12" },
        { "\u00E9\u00E8", "\u00C3\u00A9 \u00C3 \u00A8" },
        { "\u20AC", "\u00E2 \u0124 \u00AC" },
        { "   a", SPACE SPACE " " SPACE " a" },
        { "a\tb\xAD", "a \u0109 b \u00EF \u00BF \u00BD" },
    };
    check_all(BPE_GPT2, 256, examples, COUNT(examples));
}

static void test_single_digits(void **state)
{
    (void)state;
    static const example examples[] = {
        { "12 12", "1 2 " SPACE " 1 2" },
        { "a  1 the", "a " SPACE SPACE " 1 " SPACE "the" },
        { "1<|endoftext|>2", "1 <|endoftext|> 2" },
    };
    check_all(BPE_GPT2_DIGITS, 256, examples, COUNT(examples));
}

static void test_clip_text(void **state)
{
    (void)state;
    static const example examples[] = {
        { "", "" },
        { " \n\t ", "" },
        { "the cat", "the</w> cat</w>" },
        { "The  CAT\n", "the</w> cat</w>" },
        { "then that", "th e n</w> th at</w>" },
        { "cat's", "cat</w> 's</w>" },
        { "CAT'S", "cat</w> 's</w>" },
        { "12", "1</w> 2</w>" },
        { "abc sss", "a bc</w> sss</w>" },
        { "!!! !!!!!", "! !!</w> !! ! !!</w>" },
        { "\u00C9 \u00E9 e\u0301 E\u0301",
          "\u00C3\u00A9</w> \u00C3\u00A9</w> \u00C3\u00A9</w> \u00C3\u00A9</w>" },
        { "\u0130", "i</w> \u00CC \u0129</w>" }, /* composed, then two code points */
        { "I\u0307", "i</w> \u00CC \u0129</w>" },
        { "\u1100\u1161", "\u00EA \u00B0 \u0122</w>" },        /* a Hangul syllable */
        { "\u03A3\u03A3", "\u00CF \u0125 \u00CF \u0125</w>" }, /* no rule for a final sigma */
    };
    check_all(BPE_CLIP, 256, examples, COUNT(examples));
}

static void test_special_tokens_in_the_text(void **state)
{
    (void)state;
    static const example clip[] = {
        { "<|endoftext|>", "<|endoftext|>" },
        { "the<|startoftext|>the<|endoftext|>", "the</w> <|startoftext|> the</w> <|endoftext|>" },
        { "e<|endoftext|>\u0301", "e</w> <|endoftext|> \u00CC \u0123</w>" }, /* composes nothing */
        { "<|endoftext|", "< |</w> e n d o f t e x t</w> |</w>" },
        { "<<|endoftext|>>", "<</w> <|endoftext|> ></w>" },
    };
    check_all(BPE_CLIP, 256, clip, COUNT(clip));
    static const example gpt2[] = {
        { "a <|endoftext|> a", "a " SPACE " <|endoftext|> " SPACE " a" },
        { "a  <|endoftext|>", "a " SPACE SPACE " <|endoftext|>" }, /* white space at an end */
        { "<|startoftext|>", "< | s t a r t o f t e x t | >" },
    };
    check_all(BPE_GPT2, 256, gpt2, COUNT(gpt2));
}

static void test_bytes_without_a_token(void **state)
{
    (void)state;
    static const example clip[] = {
        { "x xy yx", "<|endoftext|> <|endoftext|> y</w> y <|endoftext|>" },
        { "cxat", "c <|endoftext|> at</w>" },
    };
    check_all(BPE_CLIP, 'x', clip, COUNT(clip));
    static const example gpt2[] = { { "x yx thxe", SPACE " y " SPACE "the" }, { "xx", "" } };
    check_all(BPE_GPT2, 'x', gpt2, COUNT(gpt2));
}

static void test_cutting_off(void **state)
{
    (void)state;
    static const char text[] = "the cats <|endoftext|> 12";
    static const char *const all[] = { "the</w>",       "c",     "a",    "t", "s</w>",
                                       "<|endoftext|>", "1</w>", "2</w>" };
    bpe *clip = make(BPE_CLIP), *gpt2 = make(BPE_GPT2);
    int whole[64];
    int count = bpe_encode(gpt2, text, strlen(text), whole, 64);
    for (int length = 2; length < 16; length++) {
        int *ids = malloc((size_t)length * sizeof *ids); /* the sanitizer guards its end */
        assert_non_null(ids);
        int n = bpe_encode(clip, text, strlen(text), ids, length);
        int want = length < (int)COUNT(all) + 2 ? length : (int)COUNT(all) + 2;
        assert_int_equal(n, want);
        assert_int_equal(ids[0], bpe_id(clip, BPE_START));
        for (int i = 1; i < n - 1; i++)
            assert_string_equal(token_of(BPE_CLIP, 256, ids[i]), all[i - 1]);
        assert_int_equal(ids[n - 1], bpe_id(clip, BPE_END));
        n = bpe_encode(gpt2, text, strlen(text), ids, length);
        assert_int_equal(n, length < count ? length : count);
        assert_memory_equal(ids, whole, (size_t)n * sizeof *ids);
        free(ids);
    }
    assert_int_equal(bpe_encode(gpt2, text, (size_t)BPE_MAX_BYTES + 1, whole, 64), -1);
    bpe_free(clip);
    bpe_free(gpt2);
}

static void test_sizes_and_special_ids(void **state)
{
    (void)state;
    bpe *clip = make(BPE_CLIP), *gpt2 = make(BPE_GPT2);
    int size = bpe_size(clip);
    assert_int_equal(size, 2 * 256 + 15 + 2);
    assert_int_equal(bpe_id(clip, BPE_START), size - 2);
    assert_int_equal(bpe_id(clip, BPE_END), size - 1);
    assert_int_equal(bpe_id(gpt2, BPE_START), -1);
    assert_int_equal(bpe_id(gpt2, BPE_END), bpe_size(gpt2) - 1);
    bpe_free(clip);
    bpe_free(gpt2);
    bpe_free(NULL);
}

/* ---- decoding ---- */

static void check_decode(const bpe *b, const int *ids, int count, bool skip_special,
                         const char *want, size_t want_size)
{
    size_t size;
    char *text = bpe_decode(b, ids, count, skip_special, &size);
    assert_non_null(text);
    assert_int_equal(size, want_size);
    assert_memory_equal(text, want, size + 1);
    free(text);
}

static void check_there_and_back(const bpe *b, const char *text, bool skip_special,
                                 const char *want)
{
    int ids[128];
    int n = bpe_encode(b, text, strlen(text), ids, 128);
    assert_in_range(n, 0, 128);
    check_decode(b, ids, n, skip_special, want, strlen(want));
}

static void test_decoding(void **state)
{
    (void)state;
    bpe *clip = make(BPE_CLIP), *gpt2 = make(BPE_GPT2);
    check_there_and_back(clip, "The CAT's \u00C9, 12!", true, "the cat 's \u00E9 , 1 2 !");
    check_there_and_back(clip, "the", false, "<|startoftext|>the <|endoftext|>");
    check_there_and_back(clip, "", true, "");
    check_there_and_back(clip, "\x01 \x1C\x1F", true, "\x01"); /* white space to Python's strip() */
    check_there_and_back(gpt2, "  The cat's\n\t\u00E9\U0001F600 ", true,
                         "  The cat's\n\t\u00E9\U0001F600 ");
    check_there_and_back(gpt2, "a<|endoftext|>b", true, "ab");
    check_there_and_back(gpt2, "a<|endoftext|>b</w>", false, "a<|endoftext|>b</w>");
    check_decode(gpt2, (int[]){ -1, 'a', bpe_size(gpt2), 'b', INT32_MAX }, 5, false, "ab", 2);
    check_decode(gpt2, (int[]){ 'a', 0, 'b' }, 3, false, "a\0b", 3);
    check_decode(gpt2, NULL, 0, false, "", 0);
    int zero;
    assert_int_equal(bpe_encode(gpt2, "\0", 1, &zero, 2), 1);
    assert_int_equal(zero, 0);
    bpe_free(clip);
    bpe_free(gpt2);
}

/* Ids of this vocabulary are the bytes. */
static void test_decoding_what_is_not_utf8(void **state)
{
    (void)state;
#define BAD "\uFFFD"
    static const struct {
        const char *bytes, *want;
    } examples[] = {
        { "\x80", BAD },
        { "a\xFF"
          "b",
          "a" BAD "b" },
        { "\xC3", BAD },
        { "\xC3"
          "a",
          BAD "a" },
        { "\xE2\x82", BAD }, /* one for each beginning of a code point */
        { "\xE2\x82"
          "a",
          BAD "a" },
        { "\xE2\x82\xE2\x82\xAC", BAD "\u20AC" },
        { "\xF0\x9F\x98", BAD },
        { "\xF0\x9F\x98"
          "a",
          BAD "a" },
        { "\xF0\x9F\xC3\xA9", BAD "\u00E9" },
        { "\xC0\x80", BAD BAD }, /* an overlong form */
        { "\xE0\x80\x80", BAD BAD BAD },
        { "\xED\xA0\x80", BAD BAD BAD }, /* a surrogate */
        { "\xF4\x90\x80\x80", BAD BAD BAD BAD },
        { "\xF8\x88", BAD BAD },
    };
    bpe *b = make(BPE_GPT2);
    for (size_t i = 0; i < COUNT(examples); i++) {
        int ids[8], n = 0;
        for (const char *at = examples[i].bytes; *at; at++) ids[n++] = (unsigned char)*at;
        check_decode(b, ids, n, false, examples[i].want, strlen(examples[i].want));
    }
    bpe_free(b);
}

static void test_tokens_beyond_the_alphabet(void **state)
{
    (void)state;
    bpe *b = NULL;
    error err;
    static const char vocab[] = "a\n<|endoftext|>\n\u4E2Da\u0120\na\u0143b\n\u0120x y";
    assert_true(bpe_new(&b, vocab, strlen(vocab), "", 0, BPE_GPT2, &err));
    check_decode(b, (int[]){ 2, 0 }, 2, false,
                 "\u4E2Da\u0120"
                 "a",
                 strlen("\u4E2Da\u0120"
                        "a"));
    check_decode(b, (int[]){ 3 }, 1, false, "a" BAD "b", 5); /* U+0143 stands for the byte AD */
    check_decode(b, (int[]){ 4 }, 1, false, "\u0120x y", 5); /* a space is not in the alphabet */
    bpe_free(b);
}

/* ---- what is refused ---- */

static void check_refused(const char *vocab, const char *merges, bpe_rules rules, const char *why)
{
    bpe *b = NULL;
    error err;
    assert_false(bpe_new(&b, vocab, strlen(vocab), merges, strlen(merges), rules, &err));
    assert_null(b);
    assert_string_equal(err.text, why);
}

#define SMALL "a\nb\nab\n<|endoftext|>\n"

static void test_refusals(void **state)
{
    (void)state;
    check_refused("", "", BPE_GPT2, "vocabulary: empty");
    check_refused("a\nb\n", "", BPE_GPT2, "vocabulary: no token <|endoftext|> among 2");
    check_refused(SMALL, "", BPE_CLIP, "vocabulary: no token <|startoftext|> among 4");
    check_refused("a\n" SMALL, "", BPE_GPT2, "vocabulary: 'a' has the ids 0 and 1");
    check_refused(SMALL, "a b\nb a", BPE_GPT2, "merges: line 2: 'ba' is not in the vocabulary");
    check_refused(SMALL, "a b\nc a", BPE_GPT2, "merges: line 2: 'c' is not in the vocabulary");
    check_refused(SMALL, "#version: 1\na c\n", BPE_GPT2,
                  "merges: line 2: 'c' is not in the vocabulary");
    check_refused(SMALL, "a b\nab\n", BPE_GPT2, "merges: line 2 is not two tokens");
    check_refused(SMALL, "\na b\n", BPE_GPT2, "merges: line 1 is not two tokens");
    check_refused(SMALL, "a  b\n", BPE_GPT2, "merges: line 1: ' b' is not in the vocabulary");
    check_refused(SMALL, "a b \n", BPE_GPT2, "merges: line 1: 'b ' is not in the vocabulary");
    check_refused(SMALL, " b\n", BPE_GPT2, "merges: line 1: '' is not in the vocabulary");
    check_refused(SMALL, "a b\n#version: 2\n", BPE_GPT2,
                  "merges: line 2: '#version:' is not in the vocabulary");
    check_refused(SMALL, "a b\na b\n", BPE_GPT2,
                  "merges: line 2 repeats the pair of an earlier one");
    bpe *b = NULL;
    error err; /* the size alone decides */
    assert_false(bpe_new(&b, SMALL, strlen(SMALL), "", VOCABULARY_MAX_BYTES + 1, BPE_GPT2, &err));
    assert_string_equal(err.text, "merges: 67108865 bytes, at most 67108864");
    size_t many = VOCABULARY_MAX_TOKENS;
    char *lines = malloc(many);
    assert_non_null(lines);
    memset(lines, '\n', many);
    assert_false(bpe_new(&b, SMALL, strlen(SMALL), lines, many, BPE_GPT2, &err));
    assert_string_equal(err.text, "merges: 1000001 lines, at most 1000000");
    free(lines);
}

static void test_line_ends_of_merges(void **state)
{
    (void)state;
    static const char *const texts[] = { "a b", "a b\n", "a b\r\n", "#version: 0.2\r\na b\r\n" };
    for (size_t i = 0; i < COUNT(texts); i++) {
        bpe *b = NULL;
        error err;
        int ids[4];
        assert_true(bpe_new(&b, SMALL, strlen(SMALL), texts[i], strlen(texts[i]), BPE_GPT2, &err));
        assert_int_equal(bpe_encode(b, "ab", 2, ids, 4), 1);
        assert_int_equal(ids[0], 2);
        bpe_free(b);
    }
}

/* ---- any text ---- */

static const bpe_rules every_rule[] = { BPE_CLIP, BPE_GPT2, BPE_GPT2_DIGITS };

/* Encode bytes that lie in a block of their own, by all rules; what GPT-2's give reads as the
 * bytes where they are UTF-8. */
static void encode_block(bpe *const b[3], const void *bytes, size_t size)
{
    char *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    bool valid = true;
    for (size_t at = 0; at < size;) valid &= utf8_next(copy, size, &at) != UNICODE_REPLACEMENT;
    for (int i = 0; i < 3; i++) {
        int ids[1024];
        int n = bpe_encode(b[i], copy, size, ids, 16);
        assert_in_range(n, 0, 16);
        n = bpe_encode(b[i], copy, size, ids, COUNT(ids));
        assert_in_range(n, 0, COUNT(ids));
        size_t read;
        char *text = bpe_decode(b[i], ids, n, false, &read);
        assert_non_null(text);
        if (valid && every_rule[i] != BPE_CLIP) {
            assert_int_equal(read, size);
            assert_memory_equal(text, copy, size);
        }
        free(text);
    }
    free(copy);
}

static void test_any_bytes(void **state)
{
    (void)state;
    bpe *b[3];
    for (int i = 0; i < 3; i++) b[i] = make(every_rule[i]);
    for (int x = 0; x < 256; x++)
        for (int y = 0; y < 256; y++)
            encode_block(b, (uint8_t[]){ 'a', (uint8_t)x, (uint8_t)y }, 3);
    static const char text[] =
        "caf\u00E9 's <|endoftext|>? \u4E2D\u1100\u1161\U0001F600 12<|startoftext|> e\u0301\u0130";
    for (size_t end = 0; end < sizeof text; end++)
        for (size_t start = 0; start <= end; start++) encode_block(b, text + start, end - start);
    for (int i = 0; i < 3; i++) bpe_free(b[i]);
}

static void test_random_bytes(void **state)
{
    (void)state;
    bpe *b[3];
    for (int i = 0; i < 3; i++) b[i] = make(every_rule[i]);
    uint32_t random = 1;
    for (int round = 0; round < 2000; round++) {
        uint8_t bytes[200];
        int ids[64];
        for (size_t i = 0; i < sizeof bytes; i++) {
            random = random * 1664525u + 1013904223u;
            bytes[i] = (uint8_t)(random >> 24 & (round % 2 ? 0xFF : 0x7F));
        }
        encode_block(b, bytes, random % (sizeof bytes + 1));
        for (size_t i = 0; i < COUNT(ids); i++) ids[i] = bytes[i] * (i % 2 ? 1 : 3) - 4;
        for (int i = 0; i < 3; i++) {
            size_t size;
            char *text = bpe_decode(b[i], ids, COUNT(ids), round % 3, &size);
            assert_non_null(text);
            for (size_t at = 0; at < size;) utf8_next(text, size, &at);
            assert_int_equal(text[size], 0);
            free(text);
        }
    }
    for (int i = 0; i < 3; i++) bpe_free(b[i]);
}

/* A word of a quarter of a megabyte, merged all over, and other texts of one kind: quadratic time
 * would be felt. */
static void test_long_words(void **state)
{
    (void)state;
    enum { SIZE = 1 << 18 };
    static const char *const patterns[] = {
        "a", "!",  "the",  "\u0301",        "\u302E\u0323", "\u00E9", "1",
        " ", "\n", "\xFF", "<|endoftext|>", "<|",           "'",      "\u1100\u1161",
    };
    char *text = malloc(SIZE);
    int *ids = malloc(SIZE * sizeof *ids * 3);
    assert_non_null(text);
    assert_non_null(ids);
    for (size_t r = 0; r < COUNT(every_rule); r++) {
        bpe *b = make(every_rule[r]);
        for (size_t p = 0; p < COUNT(patterns); p++) {
            size_t period = strlen(patterns[p]);
            for (size_t i = 0; i < SIZE; i++) text[i] = patterns[p][i % period];
            assert_in_range(bpe_encode(b, text, SIZE, ids, 3 * SIZE), 1, 3 * SIZE);
        }
        memset(text, '!', SIZE);
        int marks = every_rule[r] == BPE_CLIP;
        assert_int_equal(bpe_encode(b, text, SIZE, ids, 3 * SIZE), SIZE / 4 + 3 * marks);
        bpe_free(b);
    }
    free(text);
    free(ids);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_of_clip),
        cmocka_unit_test(test_words_of_gpt2),
        cmocka_unit_test(test_pieces_at_digits),
        cmocka_unit_test(test_merging),
        cmocka_unit_test(test_single_digits),
        cmocka_unit_test(test_clip_text),
        cmocka_unit_test(test_special_tokens_in_the_text),
        cmocka_unit_test(test_bytes_without_a_token),
        cmocka_unit_test(test_cutting_off),
        cmocka_unit_test(test_sizes_and_special_ids),
        cmocka_unit_test(test_decoding),
        cmocka_unit_test(test_decoding_what_is_not_utf8),
        cmocka_unit_test(test_tokens_beyond_the_alphabet),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_line_ends_of_merges),
        cmocka_unit_test(test_any_bytes),
        cmocka_unit_test(test_random_bytes),
        cmocka_unit_test(test_long_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
