#include "text/words.h"

#include <string.h>

#include "text/unicode.h"

/* UNICODE_LETTER, UNICODE_NUMBER, UNICODE_SPACE, or UNICODE_OTHER for all else. */
static unicode_kind kind_of(uint32_t c)
{
    if (unicode_is_space(c)) return UNICODE_SPACE;
    unicode_kind kind = unicode_kind_of(c);
    return kind == UNICODE_LETTER || kind == UNICODE_NUMBER ? kind : UNICODE_OTHER;
}

/* Code points of text[0..size) up to the first one of another kind. */
static size_t run_of(const uint32_t *text, size_t size, unicode_kind kind)
{
    size_t n = 0;
    while (n < size && kind_of(text[n]) == kind) n++;
    return n;
}

/* Code points of 's, 't, 're and so on, where text[0..size) starts with one; else 0. */
static size_t contraction(const uint32_t *text, size_t size)
{
    static const char *const endings[] = { "s", "t", "re", "ve", "m", "ll", "d" };
    if (size < 2 || text[0] != '\'') return 0;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        bool second = !endings[i][1] || (size > 2 && text[2] == (uint32_t)endings[i][1]);
        if (text[1] == (uint32_t)endings[i][0] && second) return 1 + strlen(endings[i]);
    }
    return 0;
}

size_t words_clip(const uint32_t *text, size_t size)
{
    size_t n = contraction(text, size);
    unicode_kind kind = kind_of(text[0]);
    return n ? n : kind == UNICODE_NUMBER ? 1 : run_of(text, size, kind);
}

size_t words_gpt2(const uint32_t *text, size_t size)
{
    size_t n = contraction(text, size);
    if (n) return n;
    size_t spaces = run_of(text, size, UNICODE_SPACE);
    if (spaces == 0) return run_of(text, size, kind_of(text[0]));
    if (spaces == size) return spaces;
    if (spaces > 1) return spaces - 1; /* the last may belong to the word */
    return text[0] == ' ' ? 1 + run_of(text + 1, size - 1, kind_of(text[1])) : 1;
}

size_t words_digit_piece(const uint32_t *text, size_t size)
{
    size_t n = 0;
    while (n < size && kind_of(text[n]) != UNICODE_NUMBER) n++;
    return n ? n : 1;
}
