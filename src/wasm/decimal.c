#include "wasm/decimal.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* ---- large integers ---- */

/* A double has at most 770 digits (2,558 bits) when written, 780 digits (2,592 bits) and 10^330 in
 * front of it or 142 words behind it when read. */
enum { WORDS = 240 };

/* The sum of word[i] * 2^(32 i); word[count - 1] is not 0. */
typedef struct {
    uint32_t word[WORDS];
    int count;
} integer;

/* n = n * factor + more */
static void multiply_add(integer *n, uint32_t factor, uint32_t more)
{
    uint64_t carry = more;
    for (int i = 0; i < n->count; i++) {
        carry += (uint64_t)n->word[i] * factor;
        n->word[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry) n->word[n->count++] = (uint32_t)carry;
}

/* n = n / divisor, rounded down. Returns the remainder. */
static uint32_t divide(integer *n, uint32_t divisor)
{
    uint64_t rest = 0;
    for (int i = n->count; i-- > 0;) {
        rest = rest << 32 | n->word[i];
        n->word[i] = (uint32_t)(rest / divisor);
        rest %= divisor;
    }
    while (n->count && n->word[n->count - 1] == 0) n->count--;
    return (uint32_t)rest;
}

enum { STEP = 9 }; /* 10^STEP fits into a word */

/* base^exponent, or base^STEP if that is less */
static uint32_t power_step(uint32_t base, int exponent)
{
    uint32_t power = 1;
    for (int i = 0; i < exponent && i < STEP; i++) power *= base;
    return power;
}

static void multiply_power(integer *n, uint32_t base, int exponent)
{
    for (; exponent > 0; exponent -= STEP) multiply_add(n, power_step(base, exponent), 0);
}

static int bit(const integer *n, int i)
{
    return i >= 0 && i < 32 * n->count ? n->word[i / 32] >> (i % 32) & 1 : 0;
}

/* ---- digits of a double ---- */

/* A double is mantissa * 2^unit with a mantissa below 2^53 and a unit from LEAST to MOST. */
enum { MANTISSA = 53, LEAST = -1074, MOST = 971 };

static void drop_zeros(decimal *d)
{
    while (d->count && d->digit[d->count - 1] == '0') d->count--;
    if (d->count == 0) d->point = 0;
}

void decimal_of(double x, decimal *d)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    int exponent = (int)(bits >> 52 & 0x7FF), unit = LEAST + (exponent ? exponent - 1 : 0);
    uint64_t mantissa = (bits & ((1ULL << 52) - 1)) | (uint64_t)(exponent > 0) << 52;
    integer n = { .word = { (uint32_t)mantissa, (uint32_t)(mantissa >> 32) } };
    n.count = n.word[1] ? 2 : n.word[0] ? 1 : 0;
    multiply_power(&n, 2, unit);
    multiply_power(&n, 5, -unit); /* 2^unit = 5^-unit * 10^unit */
    char *first = d->digit + DECIMAL_DIGITS;
    while (n.count) *--first = (char)('0' + divide(&n, 10));
    d->count = (int)(d->digit + DECIMAL_DIGITS - first);
    d->point = d->count + (unit < 0 ? unit : 0);
    memmove(d->digit, first, (size_t)d->count);
    drop_zeros(d);
}

void decimal_round(decimal *d, int keep)
{
    if (keep >= d->count) return;
    bool odd = keep > 0 && (d->digit[keep - 1] & 1); /* there are no zeros at the end: */
    bool up = keep >= 0 && d->digit[keep] + (odd || d->count > keep + 1) > '5';
    d->count = keep > 0 ? keep : 0;
    if (up) {
        while (d->count && d->digit[d->count - 1] == '9') d->count--;
        if (d->count) {
            d->digit[d->count - 1]++;
        } else {
            d->digit[d->count++] = '1';
            d->point++;
        }
    }
    drop_zeros(d);
}

/* ---- a double of digits ---- */

/* The double nearest to n / 2^shift, n > 0. `more`: the number meant is a little larger than that.
 */
static double nearest(const integer *n, int shift, bool more)
{
    int bits = 32 * n->count - __builtin_clz(n->word[n->count - 1]);
    int unit = bits - shift - MANTISSA;
    if (unit > MOST) return INFINITY;
    if (unit < LEAST) unit = LEAST;
    int lowest = unit + shift; /* bit of n that becomes the mantissa's lowest */
    uint64_t mantissa = 0;
    for (int i = 0; i < MANTISSA; i++) mantissa |= (uint64_t)bit(n, lowest + i) << i;
    for (int i = 0; i < lowest - 1; i++) more |= bit(n, i);
    mantissa += bit(n, lowest - 1) && (more || (mantissa & 1));
    uint64_t all = ((uint64_t)(unit - LEAST) << 52) + mantissa; /* 2^52 of it counts as 1 << 52 */
    double x;
    memcpy(&x, &all, sizeof x);
    return x;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* Read "e-5" at *text, if that stands there, and move *text behind it. */
static int read_exponent(const char **text)
{
    const char *at = *text;
    if (*at != 'e' && *at != 'E') return 0;
    bool minus = *++at == '-';
    at += minus || *at == '+';
    if (!is_digit(*at)) return 0;
    int value = 0;
    for (; is_digit(*at); at++)
        if (value < 100000000) value = value * 10 + (*at - '0');
    *text = at;
    return minus ? -value : value;
}

double decimal_read(const char *text, const char **end)
{
    enum { DIGITS = 780 };      /* what comes behind decides only whether there is more */
    integer n = { .count = 0 }; /* the number is n * 10^exponent */
    int digits = 0, exponent = 0;
    bool any = false, point = false, more = false, minus = *text == '-';
    const char *at = text + (minus || *text == '+');
    for (; is_digit(*at) || (*at == '.' && !point); at++) {
        if (*at == '.') {
            point = true;
        } else if (digits < DIGITS) {
            multiply_add(&n, 10, (uint32_t)(*at - '0'));
            digits += n.count > 0;
            exponent -= point;
            any = true;
        } else {
            more |= *at != '0';
            exponent += !point;
        }
    }
    *end = any ? at : text;
    if (!any) return 0;
    exponent += read_exponent(end);
    if (n.count == 0 || digits + exponent < -330) return minus ? -0.0 : 0.0;
    if (digits + exponent > 310) return minus ? -INFINITY : INFINITY;
    int shift = 0;
    if (exponent < 0) { /* so many zeros behind n that the quotient has more than MANTISSA bits */
        int words = -exponent / 8 + 3;
        memmove(n.word + words, n.word, (size_t)n.count * sizeof *n.word);
        memset(n.word, 0, (size_t)words * sizeof *n.word);
        n.count += words;
        shift = 32 * words;
    }
    for (int left = -exponent; left > 0; left -= STEP) more |= divide(&n, power_step(10, left)) > 0;
    multiply_power(&n, 10, exponent);
    double x = nearest(&n, shift, more);
    return minus ? -x : x;
}
