#include "core/reader.h"

reader reader_of(const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    return (reader){ at, size ? at + size : at, false };
}

size_t reader_left(const reader *r) { return (size_t)(r->end - r->at); }

const uint8_t *read_bytes(reader *r, size_t size)
{
    if (r->failed || size > reader_left(r)) {
        r->failed = true;
        return NULL;
    }
    r->at += size;
    return r->at - size;
}

/* Up to 8 bytes as a little-endian number. */
static uint64_t little(reader *r, int size)
{
    const uint8_t *b = read_bytes(r, (size_t)size);
    uint64_t value = 0;
    for (int i = size; b && i-- > 0;) value = value << 8 | b[i];
    return value;
}

static uint32_t big(reader *r, int size)
{
    const uint8_t *b = read_bytes(r, (size_t)size);
    uint32_t value = 0;
    for (int i = 0; b && i < size; i++) value = value << 8 | b[i];
    return value;
}

uint8_t read_u8(reader *r) { return (uint8_t)little(r, 1); }
uint16_t read_u16le(reader *r) { return (uint16_t)little(r, 2); }
uint16_t read_u16be(reader *r) { return (uint16_t)big(r, 2); }
uint32_t read_u32le(reader *r) { return (uint32_t)little(r, 4); }
uint32_t read_u32be(reader *r) { return big(r, 4); }
uint64_t read_u64le(reader *r) { return little(r, 8); }
