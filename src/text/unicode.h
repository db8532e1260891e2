/* Text as code points, and what the tokenizers need to know about them (Unicode 14.0, the version
 * that Python 3.11 has). A code point is 0..UNICODE_LAST without the surrogates; the functions take
 * any other number too and treat it as a character that nothing happens to. */
#ifndef VQA_TEXT_UNICODE_H
#define VQA_TEXT_UNICODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    UNICODE_LAST = 0x10FFFF,
    UNICODE_REPLACEMENT = 0xFFFD, /* what utf8_next() gives for a byte that isn't UTF-8 */
    UTF8_MAX = 4,                 /* bytes of a code point */
    UNICODE_LOWER_MAX = 2,        /* code points that one becomes in lower case */
    UNICODE_DECOMPOSE_MAX = 4,    /* and when it is decomposed */
};

/* What a code point is, by its general category. */
typedef enum {
    UNICODE_OTHER,       /* anything else, also code points that have no character yet (Cn) */
    UNICODE_MARK,        /* Mn: marks that take no space, such as accents */
    UNICODE_PUNCTUATION, /* Pc Pd Ps Pe Pi Pf Po; $ + < = > ^ ` | ~ are symbols and not here */
    UNICODE_SPACE,       /* Zs Zl Zp, tab, line feed, carriage return */
    UNICODE_CONTROL,     /* Cc (but those three) Cf Co Cs: control, format, private use */
    UNICODE_LETTER,      /* Lu Ll Lt Lm Lo, \p{L} of regular expressions; ideographs are letters */
    UNICODE_NUMBER,      /* Nd Nl No, \p{N}: digits of any script, Roman numerals, fractions */
} unicode_kind;

/* Read the code point at text[*at] and move *at behind it; *at is less than `size`. Where no
 * well-formed UTF-8 starts, it gives UNICODE_REPLACEMENT and moves on by one byte. */
uint32_t utf8_next(const char *text, size_t size, size_t *at);

/* Write the code point as 1..UTF8_MAX bytes and return how many. What is no code point is written
 * as UNICODE_REPLACEMENT. */
int utf8_put(uint32_t c, char out[UTF8_MAX]);

/* The kind of a code point. */
unicode_kind unicode_kind_of(uint32_t c);

/* Whether a code point has the property White_Space, \s of regular expressions: UNICODE_SPACE,
 * vertical tab, form feed and next line (U+0085). */
bool unicode_is_space(uint32_t c);

/* The canonical combining class, 0..240; 0 for what does not combine. */
int unicode_combining_class(uint32_t c);

/* `c` in lower case, as Python's str.lower() has it for a text of `c` alone (so without the rule
 * for a sigma that ends a word): `c` itself where there is none, two code points for U+0130 only.
 * Returns how many. */
int unicode_lower(uint32_t c, uint32_t out[UNICODE_LOWER_MAX]);

/* The full canonical decomposition of `c`, Hangul syllables included; `c` itself where there is
 * none. Returns how many. Put together with unicode_append() they are the normal form NFD. */
int unicode_decompose(uint32_t c, uint32_t out[UNICODE_DECOMPOSE_MAX]);

/* Insert `c` into text[0..count), which has room for it, in canonical order: at the end or, if it
 * combines, before the marks of a higher class there. What stands before text[fixed] stays. */
void unicode_append(uint32_t *text, int fixed, int count, uint32_t c);

/* The code point that `first` and `second` compose to, Hangul syllables included; 0 for none. */
uint32_t unicode_compose(uint32_t first, uint32_t second);

/* Bring text[0..count), where unicode_decompose() has taken every code point apart, into the normal
 * form NFC, in place and in time linear in `count`.
 *   spare  [count], to work in
 * Returns how many code points are left. */
size_t unicode_recompose(uint32_t *text, size_t count, uint32_t *spare);

#endif
