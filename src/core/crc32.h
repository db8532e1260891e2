/* CRC-32 as in zlib, PNG and Ethernet (reflected, polynomial 0xEDB88320). */
#ifndef VQA_CORE_CRC32_H
#define VQA_CORE_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* The CRC of what `crc` stands for followed by `size` more bytes; start with 0. */
uint32_t crc32_update(uint32_t crc, const void *bytes, size_t size);

#endif
