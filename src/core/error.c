#include "core/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/utf8.h"

#undef fail /* what error.h tells the static analyzer */
#undef fail_memory
#undef fail_build

static void write_text(error *err, const char *format, va_list args)
{
    err->no_memory = err->other_build = false;
    vsnprintf(err->text, sizeof err->text, format, args);
    size_t size = strlen(err->text);
    for (size_t at = 0; at < size; at++) { /* a cut may also fall inside a code point */
        uint32_t code;
        int length = utf8_decode(err->text + at, size - at, &code);
        if (length > 1)
            at += (size_t)length - 1;
        else if (length == 0 || code < 0x20 || code == 0x7f)
            err->text[at] = '?';
    }
}

bool fail(error *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_text(err, format, args);
    va_end(args);
    return false;
}

bool fail_memory(error *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_text(err, format, args);
    va_end(args);
    err->no_memory = true;
    return false;
}

bool fail_build(error *err, const char *what)
{
    fail(err, "%s needs a full build of the runtime (vqa-full.wasm)", what);
    err->other_build = true;
    return false;
}
