/* SHA-256 (FIPS 180-4). */
#ifndef VQA_TOOLS_SHA256_H
#define VQA_TOOLS_SHA256_H

#include <stddef.h>
#include <stdint.h>

/* The digest of `size` bytes as 64 lower-case hexadecimal digits, terminated. */
void sha256_hex(const uint8_t *bytes, size_t size, char hex[65]);

#endif
