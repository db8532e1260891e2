/* UTF-8, strictly: no overlong forms, no surrogates, nothing beyond U+10FFFF. */
#ifndef VQA_CORE_UTF8_H
#define VQA_CORE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Decode the code point at `text` (`size` bytes are left, at least 1) into *code.
 * Returns its length in bytes (1..4), or 0 where the bytes are not UTF-8. */
int utf8_decode(const char *text, size_t size, uint32_t *code);

/* How many bytes of `text` from its start are UTF-8: `size` when all are. */
size_t utf8_valid(const char *text, size_t size);

#endif
