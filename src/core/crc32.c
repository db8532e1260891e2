#include "core/crc32.h"

enum {
    STEP = 16,   /* bytes at once, each by a table of its own, so that none waits for another */
    MANY = 4096, /* bytes from which on the tables pay */
};

/* Remainders of the 16 values of four bits. */
static const uint32_t nibble[16] = {
    0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
    0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
};

static uint32_t add_byte(uint32_t crc, uint8_t byte)
{
    crc ^= byte;
    crc = crc >> 4 ^ nibble[crc & 15];
    return crc >> 4 ^ nibble[crc & 15];
}

/* The remainders of all bytes, each with i zero bytes behind it in table[i]. */
static void make_tables(uint32_t table[STEP][256])
{
    for (int byte = 0; byte < 256; byte++) table[0][byte] = add_byte(0, (uint8_t)byte);
    for (int i = 1; i < STEP; i++)
        for (int byte = 0; byte < 256; byte++)
            table[i][byte] = table[i - 1][byte] >> 8 ^ table[0][table[i - 1][byte] & 255];
}

static uint32_t word(const uint8_t *b)
{
    return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

/* The register after `size` bytes, a multiple of STEP. */
static uint32_t add_steps(uint32_t crc, const uint8_t *b, size_t size)
{
    uint32_t table[STEP][256];
    make_tables(table);
    for (const uint8_t *end = b + size; b < end; b += STEP) {
        uint32_t next = 0;
        for (int i = 0; i < STEP; i += 4) {
            uint32_t four = word(b + i) ^ (i == 0 ? crc : 0);
            for (int j = 0; j < 4; j++) next ^= table[STEP - 1 - i - j][four >> 8 * j & 255];
        }
        crc = next;
    }
    return crc;
}

uint32_t crc32_update(uint32_t crc, const void *bytes, size_t size)
{
    const uint8_t *b = bytes;
    size_t at = size < MANY ? 0 : size / STEP * STEP;
    crc = ~crc;
    if (at > 0) crc = add_steps(crc, b, at);
    for (; at < size; at++) crc = add_byte(crc, b[at]);
    return ~crc;
}
