/* Tokenizers: the first byte says which, then come a vocabulary and its merges, each ended by a zero byte, and the
 * text. Each kind also meets the text with a good vocabulary. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "text/tokenizer.h"

static const struct {
    const char *kind, *vocabulary, *merges;
} good[] = {
    { "BertTokenizer",
      "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nwhat\nis\nit\na\n##b\n##c\n?\n.\n\xe4\xb8\x80\n", NULL },
    { "CLIPTokenizer",
      "a\nb\nc\na</w>\nb</w>\nc</w>\n\xc4\xa0\n\xc3\xa9</w>\nab\nabc</w>\n1</w>\n<|startoftext|>\n"
      "<|endoftext|>\n",
      "#version: 0.2\na b\nab c</w>\n" },
    { "WhisperTokenizer",
      "a\nb\nc\n1\n\xc4\xa0\n\xc4\xa0"
      "a\nab\nabc\n<|endoftext|>\n",
      "#version: 0.2\n\xc4\xa0 a\na b\nab c\n" },
};
enum { KINDS = sizeof good / sizeof *good, MOST = 64 };

static void use(const char *kind, const char *vocabulary, const char *merges, bool lower_case,
                const char *text, size_t size)
{
    error err = { 0 };
    tokenizer *t;
    if (!tokenizer_new(&t, kind, vocabulary, merges, lower_case, &err)) {
        fuzz_check(strlen(err.text) > 10, "a sentence");
        return;
    }
    int ids[MOST];
    for (int most = 2; most <= MOST; most += MOST - 2) {
        int count = tokenizer_encode(t, text, size, ids, most);
        fuzz_check(count >= 0 && count <= most, "as many ids as there is room for");
        for (int i = 0; i < count; i++)
            fuzz_check(ids[i] >= 0 && ids[i] < tokenizer_size(t), "ids of the vocabulary");
        tokenizer_state(t, ids, count);
        size_t length;
        char *back = tokenizer_decode(t, ids, count, &length);
        fuzz_check(!back || back[length] == 0, "a text with its end");
        free(back);
    }
    tokenizer_free(t);
}

/* The text up to the next zero byte or the end, ended by one. */
static char *next_text(reader *r)
{
    const char *at = (const char *)r->at;
    size_t left = reader_left(r);
    char *text = strndup(left ? at : "", left);
    read_bytes(r, strlen(text) < left ? strlen(text) + 1 : left);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    reader r = reader_of(bytes, size);
    uint8_t how = read_u8(&r);
    const char *kind = good[how % KINDS].kind;
    char *vocabulary = next_text(&r), *merges = next_text(&r);
    use(kind, vocabulary, merges, how & 64, (const char *)r.at, reader_left(&r));
    use(kind, good[how % KINDS].vocabulary, good[how % KINDS].merges, how & 64, (const char *)r.at,
        reader_left(&r));
    free(vocabulary);
    free(merges);
    return 0;
}
