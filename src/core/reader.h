/* Bytes from outside, read with their end in sight. A reader that has failed stays failed and
 * yields zeros, so that a caller may read a whole record and look once. */
#ifndef VQA_CORE_READER_H
#define VQA_CORE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    const uint8_t *at, *end;
    bool failed; /* something beyond the end was asked for */
} reader;

/* A reader of `size` bytes at `bytes`, which stay the caller's. */
reader reader_of(const void *bytes, size_t size);

/* The next `size` bytes, or NULL (and failed) when fewer are left. */
const uint8_t *read_bytes(reader *r, size_t size);

/* The next byte, or little- (le) or big-endian (be) number; 0 when failed. */
uint8_t read_u8(reader *r);
uint16_t read_u16le(reader *r);
uint16_t read_u16be(reader *r);
uint32_t read_u32le(reader *r);
uint32_t read_u32be(reader *r);
uint64_t read_u64le(reader *r);

/* Bytes that are left. */
size_t reader_left(const reader *r);

#endif
