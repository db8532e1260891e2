/* Any tokenizer by its class: which are known, what each needs, and what its ids say of a text. */
#include <stdlib.h>
#include <string.h>

#include "text/tokenizer.h"

#include "testing.h"

static const char wordpieces[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\ncat\ndog\n",
                  pairs[] = "c\na\nt</w>\nca\ncat</w>\n<|startoftext|>\n<|endoftext|>\n",
                  plain_pairs[] = "c\na\nt\nca\ncat\n<|endoftext|>\n", merges[] = "c a\nca t</w>\n",
                  plain_merges[] = "c a\nca t\n";

static const struct {
    const char *kind, *vocab, *merges;
    int size, cat; /* the id of "cat" */
    int around;    /* ids before and behind a text */
} kinds[] = {
    { "BertTokenizer", wordpieces, NULL, 7, 5, 1 },
    { "BertTokenizerFast", wordpieces, NULL, 7, 5, 1 },
    { "BertTokenizer", wordpieces, merges, 7, 5, 1 }, /* not looked at */
    { "CLIPTokenizer", pairs, merges, 7, 4, 1 },
    { "CLIPTokenizerFast", pairs, merges, 7, 4, 1 },
    { "GPT2Tokenizer", plain_pairs, plain_merges, 6, 4, 0 },
    { "GPT2TokenizerFast", plain_pairs, plain_merges, 6, 4, 0 },
};

static tokenizer *open_kind(size_t i)
{
    tokenizer *t;
    error err;
    if (!tokenizer_new(&t, kinds[i].kind, kinds[i].vocab, kinds[i].merges, true, &err))
        fail_msg("%s: %s", kinds[i].kind, err.text);
    return t;
}

static int encode(const tokenizer *t, const char *text, int *ids, int most)
{
    int *room = malloc((size_t)most * sizeof *room); /* the sanitizer guards its end */
    assert_non_null(room);
    int count = tokenizer_encode(t, text, strlen(text), room, most);
    assert_in_range(count, 0, most);
    memcpy(ids, room, (size_t)count * sizeof *ids);
    free(room);
    return count;
}

static void test_kinds(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        tokenizer *t = open_kind(i);
        int ids[20], around = kinds[i].around;
        assert_int_equal(tokenizer_size(t), kinds[i].size);
        assert_int_equal(encode(t, "cat", ids, 20), 1 + 2 * around);
        assert_int_equal(ids[around], kinds[i].cat);
        assert_int_equal(encode(t, "cat cat cat cat", ids, 4), 4);
        assert_int_equal(ids[around], kinds[i].cat);
        tokenizer_free(t);
    }
    tokenizer_free(NULL);
}

static void test_states(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        text_state bert, clip, gpt2;
    } cases[] = {
        { "", TEXT_EMPTY, TEXT_EMPTY, TEXT_EMPTY },
        { " \t\n", TEXT_EMPTY, TEXT_EMPTY,
          TEXT_EMPTY }, /* GPT-2 has no token for white space here */
        { "cat", TEXT_KNOWN, TEXT_KNOWN, TEXT_KNOWN },
        { "xyzzy", TEXT_UNKNOWN, TEXT_UNKNOWN, TEXT_EMPTY },
        { "xyzzy cat", TEXT_KNOWN, TEXT_KNOWN, TEXT_KNOWN },
        { "\U0001F600", TEXT_UNKNOWN, TEXT_UNKNOWN, TEXT_EMPTY },
    };
    for (size_t k = 0; k < COUNT(kinds); k++) {
        tokenizer *t = open_kind(k);
        for (size_t i = 0; i < COUNT(cases); i++) {
            int ids[20], count = encode(t, cases[i].text, ids, 20);
            text_state want = k < 3 ? cases[i].bert : k < 5 ? cases[i].clip : cases[i].gpt2;
            if (tokenizer_state(t, ids, count) != want)
                fail_msg("%s: '%s'", kinds[k].kind, cases[i].text);
        }
        tokenizer_free(t);
    }
}

static void test_lower_case(void **state)
{
    (void)state;
    for (int lower = 0; lower < 2; lower++) {
        tokenizer *t;
        error err;
        int ids[20];
        assert_true(tokenizer_new(&t, "BertTokenizer", wordpieces, NULL, lower, &err));
        assert_int_equal(encode(t, "Cat", ids, 20), 3);
        assert_int_equal(ids[1], lower ? 5 : 1);
        tokenizer_free(t);
    }
}

static void test_refusals(void **state)
{
    (void)state;
    static const struct {
        const char *kind, *vocab, *merges, *why;
    } cases[] = {
        { "T5Tokenizer", wordpieces, merges,
          "the tokenizer 'T5Tokenizer' is not supported (supported: BertTokenizer, CLIPTokenizer, "
          "GPT2Tokenizer, WhisperTokenizer)" },
        { "", wordpieces, NULL, "the tokenizer '' is not supported" },
        { "BertTokenize", wordpieces, NULL, "the tokenizer 'BertTokenize' is not supported" },
        { "BertTokenizerSlow", wordpieces, NULL, "'BertTokenizerSlow' is not supported" },
        { "BertTokenizerFastFast", wordpieces, NULL, "is not supported" },
        { "CLIPTokenizer", pairs, NULL, "the tokenizer 'CLIPTokenizer' has no \"merges\"" },
        { "GPT2Tokenizer", plain_pairs, NULL, "the tokenizer 'GPT2Tokenizer' has no \"merges\"" },
        { "BertTokenizer", "cat\n", NULL, "[" },
        { "CLIPTokenizer", plain_pairs, plain_merges, "<|startoftext|>" },
        { "CLIPTokenizer", pairs, "c x\n", "merges" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        tokenizer *t = (tokenizer *)&t;
        error err = { .text = "" };
        assert_false(tokenizer_new(&t, cases[i].kind, cases[i].vocab, cases[i].merges, true, &err));
        assert_null(t);
        if (!strstr(err.text, cases[i].why)) fail_msg("%zu: '%s'", i, err.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_lower_case),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
