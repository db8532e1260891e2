#include "wasm/format.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wasm/decimal.h"

typedef struct {
    char *text;
    size_t size, length; /* what is behind the size is counted only */
} sink;

static void put(sink *s, char c)
{
    if (s->length + 1 < s->size) s->text[s->length] = c;
    s->length++;
}

static void put_text(sink *s, const char *text, int size)
{
    for (int i = 0; i < size; i++) put(s, text[i]);
}

static void put_integer(sink *s, uint64_t value, unsigned base, int width, char pad)
{
    char digits[20];
    int count = 0;
    do {
        digits[count++] = "0123456789abcdef"[value % base];
    } while (value /= base);
    for (; width > count; width--) put(s, pad);
    while (count) put(s, digits[--count]);
}

/* The digits from `first` to before `end`, zeros where there are none. */
static void put_digits(sink *s, const decimal *d, int first, int end)
{
    for (int i = first; i < end; i++) put(s, i >= 0 && i < d->count ? d->digit[i] : '0');
}

/* The digits with the point behind `point` of them and `decimals` behind it. */
static void put_fixed(sink *s, const decimal *d, int point, int decimals)
{
    put_digits(s, d, point > 0 ? 0 : -1, point > 0 ? point : 0);
    if (decimals > 0) put(s, '.');
    put_digits(s, d, point, point + decimals);
}

/* %f with `precision` decimals, or (general) %g with `precision` digits */
static void put_double(sink *s, double x, bool general, int precision)
{
    if (signbit(x)) put(s, '-');
    if (!isfinite(x)) {
        put_text(s, isnan(x) ? "nan" : "inf", 3);
        return;
    }
    decimal d;
    decimal_of(x, &d);
    if (!general) {
        decimal_round(&d, d.point + precision);
        put_fixed(s, &d, d.point, precision);
        return;
    }
    if (precision < 1) precision = 1;
    decimal_round(&d, precision);
    int exponent = d.count ? d.point - 1 : 0;
    if (exponent >= -4 && exponent < precision) {
        put_fixed(s, &d, exponent + 1, d.count - exponent - 1);
        return;
    }
    put_fixed(s, &d, 1, d.count - 1);
    put(s, 'e');
    put(s, exponent < 0 ? '-' : '+');
    put_integer(s, (uint64_t)abs(exponent), 10, 2, '0');
}

typedef enum { SIZE_INT, SIZE_Z, SIZE_LL } int_size;

static uint64_t next_unsigned(va_list *args, int_size size)
{
    switch (size) {
    case SIZE_Z: return va_arg(*args, size_t);
    case SIZE_LL: return va_arg(*args, unsigned long long);
    default: return va_arg(*args, unsigned);
    }
}

static int read_int(const char **format)
{
    int value = 0;
    while (**format >= '0' && **format <= '9') value = value * 10 + (*(*format)++ - '0');
    return value;
}

/* Write what stands behind a % and return where that ends. */
static const char *put_argument(sink *s, const char *format, va_list *args)
{
    char pad = *format == '0' ? '0' : ' ';
    int width = read_int(&format), precision = -1;
    if (*format == '.') {
        bool given = *++format == '*';
        precision = given ? va_arg(*args, int) : read_int(&format);
        format += given;
    }
    int_size size = *format == 'z' ? SIZE_Z : *format == 'l' ? SIZE_LL : SIZE_INT;
    format += size == SIZE_Z ? 1 : size == SIZE_LL ? 2 : 0;
    switch (*format) {
    case 'c': put(s, (char)va_arg(*args, int)); break;
    case 's': {
        const char *text = va_arg(*args, const char *);
        put_text(s, text, (int)(precision < 0 ? strlen(text) : strnlen(text, (size_t)precision)));
        break;
    }
    case 'd': {
        int64_t value = size == SIZE_LL ? va_arg(*args, long long) : va_arg(*args, int);
        if (value < 0) put(s, '-');
        put_integer(s, value < 0 ? -(uint64_t)value : (uint64_t)value, 10, width - (value < 0),
                    pad);
        break;
    }
    case 'u': put_integer(s, next_unsigned(args, size), 10, width, pad); break;
    case 'x': put_integer(s, next_unsigned(args, size), 16, width, pad); break;
    case 'f':
    case 'g':
        put_double(s, va_arg(*args, double), *format == 'g', precision < 0 ? 6 : precision);
        break;
    case '%': put(s, '%'); break;
    default: abort();
    }
    return format + 1;
}

int format_text(char *text, size_t size, const char *format, va_list args)
{
    sink s = { text, size, 0 };
    va_list rest;
    va_copy(rest, args);
    while (*format) {
        char c = *format++;
        if (c == '%')
            format = put_argument(&s, format, &rest);
        else
            put(&s, c);
    }
    va_end(rest);
    if (size) text[s.length < size ? s.length : size - 1] = 0;
    return (int)s.length;
}
