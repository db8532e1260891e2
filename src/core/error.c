#include "core/error.h"

#include <stdarg.h>
#include <stdio.h>

bool fail(error *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    for (unsigned char *c = (unsigned char *)err->text; *c; c++)
        if (*c < 0x20 || *c == 0x7f) *c = '?';
    /* a cut inside a UTF-8 sequence, or bytes that never were UTF-8, would break JSON and terminals */
    for (unsigned char *c = (unsigned char *)err->text; *c;) {
        int n = *c < 0x80 ? 1 : *c >= 0xc2 && *c < 0xe0 ? 2 : *c >= 0xe0 && *c < 0xf0 ? 3
              : *c >= 0xf0 && *c < 0xf5 ? 4 : 0;
        int have = n > 0;
        while (have && have < n && (c[have] & 0xc0) == 0x80) have++;
        if (n && have == n) c += n;
        else *c++ = '?';
    }
    return false;
}
