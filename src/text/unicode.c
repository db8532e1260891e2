#include "text/unicode.h"

#include <string.h>

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

/* Read a number of 7 bits a byte, the lowest first, and move *at behind it. */
static uint32_t next_number(const uint8_t **at)
{
    uint32_t number = 0;
    int shift = 0;
    do {
        number |= (uint32_t)(**at & 0x7F) << shift;
        shift += 7;
    } while (*(*at)++ & 0x80);
    return number;
}

/* kind << 8 | combining class */
static int property(uint32_t c)
{
    if (c > UNICODE_LAST) return UNICODE_OTHER << 8;
    int step = find_range(step_first, COUNT(step_first), UINT32_MAX, c), run = step * RUN_STEP;
    const uint8_t *length = run_length + step_length[step];
    uint32_t end = step_first[step] + next_number(&length);
    for (; end <= c; run++) end += next_number(&length);
    return properties[run_property[run]];
}

unicode_kind unicode_kind_of(uint32_t c) { return (unicode_kind)(property(c) >> 8); }

bool unicode_is_space(uint32_t c)
{
    return c == 0x0B || c == 0x0C || c == 0x85 || unicode_kind_of(c) == UNICODE_SPACE;
}

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
    uint32_t at = split_start[i] + (c - split_range[i]), half = seconds[split_second[at]], low = 0;
    if (half == NOT_SPLIT) return 0;
    for (uint32_t before = 0; before <= at; before++) low += split_change[before];
    *second = half & 0x1FFFFF;
    return (half >> 21 & 0x1F) << 16 | (low & 0xFFFF);
}

/* Hangul syllables are numbered by leading consonant, vowel, trailing consonant (the Unicode
 * standard, section 3.12). */
enum {
    SYLLABLE = 0xAC00, /* the first one, and the first of each kind of part */
    LEAD = 0x1100,
    VOWEL = 0x1161,
    TRAIL = 0x11A7, /* stands for none */
    LEADS = 19,
    VOWELS = 21,
    TRAILS = 28,
    SYLLABLES = LEADS * VOWELS * TRAILS,
};

static int decompose_hangul(uint32_t syllable, uint32_t out[3])
{
    out[0] = LEAD + syllable / (VOWELS * TRAILS);
    out[1] = VOWEL + syllable / TRAILS % VOWELS;
    out[2] = TRAIL + syllable % TRAILS;
    return syllable % TRAILS ? 3 : 2;
}

/* The syllable of a lead and a vowel, or of a syllable without a trail and a trail; else 0. What
 * is below a start wraps around to a large number. */
static uint32_t compose_hangul(uint32_t first, uint32_t second)
{
    uint32_t lead = first - LEAD, vowel = second - VOWEL;
    if (lead < LEADS && vowel < VOWELS) return SYLLABLE + (lead * VOWELS + vowel) * TRAILS;
    uint32_t syllable = first - SYLLABLE, trail = second - TRAIL;
    bool open = syllable < SYLLABLES && syllable % TRAILS == 0;
    return open && trail > 0 && trail < TRAILS ? first + trail : 0;
}

int unicode_decompose(uint32_t c, uint32_t out[UNICODE_DECOMPOSE_MAX])
{
    if (c - SYLLABLE < SYLLABLES) return decompose_hangul(c - SYLLABLE, out);
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

/* The table of decompositions is searched from end to end: about 2,000 entries, and only where
 * `second` is the second half of any. */
uint32_t unicode_compose(uint32_t first, uint32_t second)
{
    if (first > UNICODE_LAST || second > UNICODE_LAST) return 0;
    uint32_t half = second | first >> 16 << 21, hangul = compose_hangul(first, second);
    int index = find_range(seconds, COUNT(seconds), UINT32_MAX, half);
    if (hangul || index < 0 || seconds[index] != half) return hangul;
    uint32_t low = 0;
    for (int at = 0; at < COUNT(split_second); at++) {
        low += split_change[at];
        if ((low & 0xFFFF) != (first & 0xFFFF) || split_second[at] != index) continue;
        int range = 0;
        while (split_start[range + 1] <= at) range++;
        return split_range[range] + (uint32_t)(at - split_start[range]);
    }
    return 0;
}

/* Sort marks[0..count) by combining class, those of one class in the order they have. */
static void sort_marks(uint32_t *marks, size_t count, uint32_t *spare)
{
    size_t start[257] = { 0 }; /* of each class, among the sorted ones */
    for (size_t i = 0; i < count; i++) start[unicode_combining_class(marks[i]) + 1]++;
    for (int class = 0; class < 256; class ++) start[class + 1] += start[class];
    for (size_t i = 0; i < count; i++) spare[start[unicode_combining_class(marks[i])]++] = marks[i];
    memcpy(marks, spare, count * sizeof *marks);
}

size_t unicode_recompose(uint32_t *text, size_t count, uint32_t *spare)
{
    for (size_t at = 0, end; at < count; at = end + 1) {
        for (end = at; end < count && unicode_combining_class(text[end]) > 0;) end++;
        if (end - at > 1) sort_marks(text + at, end - at, spare);
    }
    size_t n = 0,
           base = count; /* where the last code point of class 0 is; `count`: there is none */
    int before = 0;      /* the class of the last one kept */
    for (size_t i = 0; i < count; i++) {
        int class = unicode_combining_class(text[i]);
        bool reaches = base < count && (before == 0 || before < class);
        uint32_t composed = reaches ? unicode_compose(text[base], text[i]) : 0;
        if (composed) {
            text[base] = composed;
            continue;
        }
        if (class == 0) base = n;
        before = class;
        text[n++] = text[i];
    }
    return n;
}
