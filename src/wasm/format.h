/* What this project's sentences need of printf. */
#ifndef VQA_WASM_FORMAT_H
#define VQA_WASM_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/* As vsnprintf(): writes at most `size` bytes, the last of them zero, and returns how many the whole
 * text has without that. Takes %s %d %u %x %c %f %g %%, the sizes z and ll of integers, the flag 0
 * with a width for %x, %d and %u, and a precision, also as *, for %s, %f and %g (all as in C).
 * Anything else stops the program: tests/formats.sh sees that nothing else is used. */
int format_text(char *text, size_t size, const char *format, va_list args);

#endif
