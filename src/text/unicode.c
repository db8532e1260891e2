#include "text/unicode.h"

#include "core/utf8.h"
#include "text/unicode_tables.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

uint32_t utf8_next(const char *text, size_t size, size_t *at)
{
    uint32_t c = UNICODE_REPLACEMENT;
    int length = utf8_decode(text + *at, size - *at, &c);
    *at += length > 0 ? (size_t)length : 1;
    return c;
}

int utf8_put(uint32_t c, char out[UTF8_MAX])
{
    if (c > UNICODE_LAST || (c >= 0xD800 && c <= 0xDFFF)) c = UNICODE_REPLACEMENT;
    int n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (int i = n - 1; i > 0; i--, c >>= 6) out[i] = (char)(0x80 | (c & 0x3F));
    static const unsigned char lead[] = { 0, 0, 0xC0, 0xE0, 0xF0 };
    out[0] = (char)(lead[n] | c);
    return n;
}

/* The last i with (from[i] & mask) <= c. from: [count], rising; -1 when c is before all of them. */
static int find_range(const uint32_t *from, int count, uint32_t mask, uint32_t c)
{
    int low = -1, high = count; /* from[low] <= c < from[high] */
    while (high - low > 1) {
        int middle = low + (high - low) / 2;
        if ((from[middle] & mask) <= c)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* kind << 8 | combining class */
static int property(uint32_t c)
{
    if (c > UNICODE_LAST) return UNICODE_OTHER << 8;
    int step = find_range(run_first, COUNT(run_first), UINT32_MAX, c), run = step * RUN_STEP;
    uint32_t next = run_first[step] + run_length[run];
    while (next <= c) next += run_length[++run];
    return properties[run_property[run]];
}

unicode_kind unicode_kind_of(uint32_t c) { return (unicode_kind)(property(c) >> 8); }

int unicode_combining_class(uint32_t c) { return property(c) & 0xFF; }

int unicode_lower(uint32_t c, uint32_t out[UNICODE_LOWER_MAX])
{
    out[0] = c;
    if (c == 0x130) { /* capital I with a dot: i and a dot above */
        out[0] = 'i', out[1] = 0x307;
        return 2;
    }
    int i = find_range(lower_range, COUNT(lower_range), 0x1FFFFF, c);
    if (i < 0) return 1;
    uint32_t offset = c - (lower_range[i] & 0x1FFFFF), last = lower_range[i] >> 21 & 0xFF;
    uint32_t every_second = lower_range[i] >> 29;
    if (offset <= last && !(offset & every_second)) out[0] = c + (uint32_t)lower_distance[i];
    return 1;
}

/* Split `c` once: returns its first half and sets the second, 0 for none. Returns 0 where `c` does
 * not split. */
static uint32_t split(uint32_t c, uint32_t *second)
{
    int i = find_range(split_range, COUNT(split_range), UINT32_MAX, c);
    if (i < 0 || c - split_range[i] >= (uint32_t)(split_start[i + 1] - split_start[i])) return 0;
    uint32_t at = split_start[i] + (c - split_range[i]);
    uint32_t half = seconds[split_second[at]];
    *second = half & 0x1FFFFF;
    return half >> 21 << 16 | split_first[at];
}

/* Hangul syllables are numbered by leading consonant, vowel, trailing consonant (the Unicode
 * standard, section 3.12). */
static int decompose_hangul(uint32_t syllable, uint32_t out[3])
{
    enum { VOWELS = 21, TRAILS = 28 };
    out[0] = 0x1100 + syllable / (VOWELS * TRAILS);
    out[1] = 0x1161 + syllable / TRAILS % VOWELS;
    out[2] = 0x11A7 + syllable % TRAILS;
    return syllable % TRAILS ? 3 : 2;
}

int unicode_decompose(uint32_t c, uint32_t out[UNICODE_DECOMPOSE_MAX])
{
    if (c >= 0xAC00 && c <= 0xD7A3) return decompose_hangul(c - 0xAC00, out);
    uint32_t tail[UNICODE_DECOMPOSE_MAX], second = 0;
    int tails = 0, n = 0;
    for (uint32_t first; (first = split(c, &second)); c = first) /* only first halves split again */
        if (second) tail[tails++] = second;
    out[n++] = c;
    while (tails) out[n++] = tail[--tails];
    return n;
}

void unicode_append(uint32_t *text, int fixed, int count, uint32_t c)
{
    int class = unicode_combining_class(c), at = count;
    for (; class && at > fixed && unicode_combining_class(text[at - 1]) > class; at--)
        text[at] = text[at - 1];
    text[at] = c;
}
