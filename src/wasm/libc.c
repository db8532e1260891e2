/* Functions of the C library that vqa.wasm has smaller ones of: what the library's own bring along
 * (numbers of 128 bits, files, every format there is) is a tenth of it. The linker takes these. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wasm/decimal.h"
#include "wasm/format.h"
#include "wasm/sort.h"

int vsnprintf(char *text, size_t size, const char *format, va_list args)
{
    return format_text(text, size, format, args);
}

int snprintf(char *text, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = format_text(text, size, format, args);
    va_end(args);
    return length;
}

/* cJSON's, for numbers */
int sprintf(char *text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = format_text(text, SIZE_MAX, format, args);
    va_end(args);
    return length;
}

/* cJSON's: one number, with "%lg" */
int sscanf(const char *text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *end;
    *va_arg(args, double *) = decimal_read(text, &end);
    va_end(args);
    return end > text;
}

double strtod(const char *text, char **end)
{
    const char *last;
    double number = decimal_read(text, &last);
    if (end) *end = (char *)last;
    return number;
}

void qsort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *))
{
    heap_sort(base, count, size, compare);
}

char *strstr(const char *text, const char *part)
{
    size_t size = strlen(part);
    for (; strncmp(text, part, size) != 0; text++)
        if (!*text) return NULL;
    return (char *)text;
}
