#include "tools/png.h"

#include <stdlib.h>
#include <string.h>

#include "core/crc32.h"
#include "tools/files.h"

enum { STORED = 65535 }; /* most bytes of a block of deflate that is stored as it is */

static uint8_t *put32(uint8_t *to, uint32_t value)
{
    for (int i = 0; i < 4; i++) to[i] = (uint8_t)(value >> (24 - 8 * i));
    return to + 4;
}

/* A chunk whose data lies at to + 8 already; returns its end. */
static uint8_t *finish_chunk(uint8_t *to, const char *type, size_t size)
{
    put32(to, (uint32_t)size);
    memcpy(to + 4, type, 4);
    return put32(to + 8 + size, crc32_update(0, to + 4, 4 + size));
}

static uint32_t adler32(const uint8_t *bytes, size_t size)
{
    uint32_t a = 1, b = 0;
    for (size_t i = 0; i < size; i++) {
        /* NOLINTNEXTLINE(clang-analyzer-core.*): of a picture without rows there are no bytes */
        a = (a + bytes[i]) % 65521;
        b = (b + a) % 65521;
    }
    return b << 16 | a;
}

/* `rows` as a zlib stream; returns its end. */
static uint8_t *put_stored(uint8_t *to, const uint8_t *rows, size_t size)
{
    uint32_t sum = adler32(rows, size);
    *to++ = 0x78; /* deflate with a window of 32 KiB */
    *to++ = 0x01; /* the fastest level, and the check of these two bytes */
    do {
        size_t n = size < STORED ? size : STORED;
        size -= n;
        *to++ = size == 0; /* the last block? */
        *to++ = n & 255;
        *to++ = (uint8_t)(n >> 8);
        *to++ = ~n & 255;
        *to++ = (uint8_t)(~n >> 8);
        memcpy(to, rows, n);
        rows += n;
        to += n;
    } while (size > 0);
    return put32(to, sum);
}

bool png_write(const char *path, const image *picture, error *err)
{
    size_t line = 3 * (size_t)picture->width, rows_size = (line + 1) * (size_t)picture->height;
    uint8_t *rows = malloc(rows_size), *file = malloc(rows_size + rows_size / STORED * 5 + 100);
    bool ok = (rows && file) || fail_memory(err, "not enough memory to write '%s'", path);
    if (ok) {
        for (int y = 0; y < picture->height; y++) {
            uint8_t *row = rows + (size_t)y * (line + 1);
            row[0] = 0; /* no filter */
            memcpy(row + 1, picture->rgb + (size_t)y * line, line);
        }
        memcpy(file, "\x89PNG\r\n\x1a\n", 8);
        uint8_t *at = file + 8,
                *header = put32(put32(at + 8, (uint32_t)picture->width), (uint32_t)picture->height);
        memcpy(header, "\x08\x02\0\0", 5); /* 8 bits each of red, green and blue */
        at = finish_chunk(at, "IHDR", 13);
        at = finish_chunk(at, "IDAT", (size_t)(put_stored(at + 8, rows, rows_size) - at - 8));
        at = finish_chunk(at, "IEND", 0);
        ok = file_write(path, file, (size_t)(at - file), err);
    }
    free(rows);
    free(file);
    return ok;
}
