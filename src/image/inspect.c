#include "image/inspect.h"

#include <string.h>

#include "core/crc32.h"
#include "core/reader.h"
#include "image/decode.h"
#include "image/sniff.h"

enum {
    JPEG_MAX_SCANS = 100,      /* progressive files have about 10 */
    JPEG_MAX_WORK = 750000000, /* scans times pixels: each is a pass over the picture */
    JPEG_MAX_CODES = 256,      /* of a Huffman table */
};

#define FORMATS (IMAGE_GIF_BMP ? "JPEG, PNG, GIF or BMP" : "JPEG or PNG")

bool inspect_size(int64_t width, int64_t height, error *err)
{
    if (width < 1 || height < 1)
        return fail(err, "the picture has no pixels (%lld x %lld)", (long long)width,
                    (long long)height);
    if (width > IMAGE_MAX_SIDE || height > IMAGE_MAX_SIDE)
        return fail(err, "the picture is %lld x %lld pixels, sides of at most %d are taken",
                    (long long)width, (long long)height, IMAGE_MAX_SIDE);
    if (width * height > IMAGE_MAX_PIXELS)
        return fail(err, "the picture is %lld x %lld = %lld pixels, at most %d are taken",
                    (long long)width, (long long)height, (long long)(width * height),
                    IMAGE_MAX_PIXELS);
    return true;
}

static bool set_size(picture_facts *facts, int64_t width, int64_t height, error *err)
{
    if (!inspect_size(width, height, err)) return false;
    facts->width = (int)width, facts->height = (int)height;
    return true;
}

static bool damaged(const picture_facts *facts, const char *how, error *err)
{
    return fail(err, "the %s picture is damaged: %s", facts->kind, how);
}

static bool cut_off(const picture_facts *facts, const char *where, error *err)
{
    return fail(err, "the %s picture is damaged: it ends inside %s", facts->kind, where);
}

/* ---- JPEG: segments, each FF, a code, and mostly a length ---- */

/* The code of the next marker, or 0 at the end and where there is none. Before the frame header
 * some files have padding between the segments, which is skipped. */
static int jpeg_marker(reader *r, bool skip_padding)
{
    int byte = read_u8(r);
    while (skip_padding && byte != 0xff && !r->failed) byte = read_u8(r);
    if (byte != 0xff) return 0;
    while (byte == 0xff) byte = read_u8(r); /* any number of fill bytes */
    return byte;
}

/* Go to the marker that ends the compressed data: not a stuffed FF 00, not a restart mark. */
static bool jpeg_skip_scan(reader *r)
{
    while (reader_left(r) >= 2) {
        const uint8_t *ff = memchr(r->at, 0xff, reader_left(r) - 1);
        if (!ff) return false;
        int code = ff[1];
        r->at = ff;
        if (code != 0 && code != 0xff && (code < 0xd0 || code > 0xd7)) return true;
        r->at += code == 0xff ? 1 : 2;
    }
    return false;
}

static bool jpeg_huffman_tables(reader body)
{
    while (reader_left(&body)) {
        int codes = 0;
        read_u8(&body); /* class and number */
        for (int length = 1; length <= 16; length++) codes += read_u8(&body);
        read_bytes(&body, (size_t)codes);
        if (body.failed || codes > JPEG_MAX_CODES) return false;
    }
    return true;
}

static bool jpeg_frame(reader body, picture_facts *facts, error *err)
{
    int bits = read_u8(&body), height = read_u16be(&body), width = read_u16be(&body);
    if (body.failed) return damaged(facts, "its frame header is too short", err);
    if (bits != 8)
        return fail(err, "the JPEG picture has %d bits per colour, only 8 are supported", bits);
    if (!height)
        return fail(err, "the JPEG picture does not state its height, which is not supported");
    return set_size(facts, width, height, err);
}

static bool inspect_jpeg(const uint8_t *bytes, size_t size, picture_facts *facts, error *err)
{
    reader r = reader_of(bytes, size);
    read_bytes(&r, 2); /* start of image */
    facts->pixel_bytes = 4;
    for (int scans = 0;;) {
        int code = jpeg_marker(&r, !facts->width);
        if (r.failed) return cut_off(facts, "its segments", err);
        if (code == 0xd9 && scans) return true; /* end of image */
        if (code < 0xc0 || (code >= 0xd0 && code <= 0xd9))
            return damaged(facts, "a segment is missing where one should start", err);

        uint16_t length = read_u16be(&r);
        const uint8_t *body = read_bytes(&r, length < 2 ? 0 : length - 2u);
        if (r.failed) return cut_off(facts, "a segment", err);
        if (length < 2) return damaged(facts, "a segment has no length", err);
        reader segment = reader_of(body, length - 2u);

        if (code == 0xc4) {
            if (!jpeg_huffman_tables(segment)) return damaged(facts, "bad Huffman table", err);
        } else if (code <= 0xc2) {
            if (facts->width) return damaged(facts, "it has two frame headers", err);
            if (!jpeg_frame(segment, facts, err)) return false;
        } else if (code <= 0xcf) {
            return fail(err,
                        "the JPEG picture is lossless, hierarchical or arithmetic coded "
                        "(frame type %d), which is not supported",
                        code - 0xc0);
        } else if (code == 0xda) {
            if (!facts->width)
                return damaged(facts, "compressed data before the frame header", err);
            scans++;
            if (scans > JPEG_MAX_SCANS ||
                (int64_t)scans * facts->width * facts->height > JPEG_MAX_WORK)
                return damaged(facts, "it has too many scans for its size", err);
            if (!jpeg_skip_scan(&r)) return cut_off(facts, "its compressed data", err);
        } else if (code == 0xe1 && !facts->exif && length >= 8 && memcmp(body, "Exif\0", 6) == 0) {
            facts->exif = body + 6;
            facts->exif_size = length - 8u;
        }
    }
}

/* ---- PNG: chunks of length, type, data, checksum ---- */

static bool png_header(reader body, picture_facts *facts, int *colour, error *err)
{
    static const struct {
        int channels, depths;
    } allowed[7] = {
        /* by colour type; the depths are powers of 2, here is their sum */
        [0] = { 1, 1 + 2 + 4 + 8 + 16 },
        [2] = { 3, 8 + 16 },
        [3] = { 1, 1 + 2 + 4 + 8 },
        [4] = { 2, 8 + 16 },
        [6] = { 4, 8 + 16 },
    };
    uint32_t width = read_u32be(&body), height = read_u32be(&body);
    int depth = read_u8(&body);
    *colour = read_u8(&body);
    if (body.failed || reader_left(&body) != 3)
        return damaged(facts, "its header is not 13 bytes long", err);
    if (!set_size(facts, width, height, err)) return false;
    bool single = depth == 1 || depth == 2 || depth == 4 || depth == 8 || depth == 16;
    if (*colour > 6 || !single || !(allowed[*colour].depths & depth))
        return fail(err, "the PNG picture is damaged: colour type %d with %d bits", *colour, depth);

    /* Unpacking doubles its block when it turns out too small, which interlaced pictures need. */
    int bytes = (allowed[*colour].channels * depth + 7) / 8;
    facts->pixel_bytes = bytes > 2 ? 2 * (size_t)bytes : 4;
    return true;
}

/* Where a palette is short of 256 colours the decoder takes what happens to stand on the stack:
 * make it complete, with black. */
static void png_complete_palette(picture_facts *facts, size_t length_at, uint32_t size)
{
    facts->cut_at = length_at + 8 + size;
    facts->zeros = 768 - size;
    facts->poke_at = length_at;
    facts->poke_size = 4;
    memcpy(facts->poke, "\0\0\3\0", 4); /* 768 */
}

static bool inspect_png(const uint8_t *bytes, size_t size, picture_facts *facts, error *err)
{
    reader r = reader_of(bytes, size);
    read_bytes(&r, 8);
    int colour = 0;
    for (bool first = true, palette = false;; first = false) {
        size_t start = size - reader_left(&r);
        uint32_t length = read_u32be(&r);
        const uint8_t *type = read_bytes(&r, 4), *body = read_bytes(&r, length);
        if (first && type && memcmp(type, "CgBI", 4) == 0)
            return fail(err,
                        "the picture is of Apple's private variant of PNG, which is not supported");
        if (first && type && body && memcmp(type, "IHDR", 4) != 0)
            return damaged(facts, "no header", err);
        if (first && body && !png_header(reader_of(body, length), facts, &colour, err))
            return false;
        uint32_t checksum = read_u32be(&r);
        if (r.failed || !type) return cut_off(facts, "a chunk", err);

        bool critical = !(type[0] & 0x20);
        if (critical && checksum != crc32_update(0, type, 4 + (size_t)length))
            return fail(err, "the PNG picture is damaged: wrong checksum of chunk %.4s",
                        (const char *)type);
        if (memcmp(type, "IEND", 4) == 0) return true;
        if (memcmp(type, "eXIf", 4) == 0 && !facts->exif) {
            facts->exif = body;
            facts->exif_size = length;
        } else if (memcmp(type, "PLTE", 4) == 0) {
            if (palette || length == 0 || length > 768 || length % 3)
                return damaged(facts, "bad palette", err);
            palette = true;
            if (colour == 3 && length < 768) png_complete_palette(facts, start, length);
        } else if (critical && !first && memcmp(type, "IDAT", 4) != 0) {
            return fail(err, "the PNG picture is damaged: unknown chunk %.4s", (const char *)type);
        }
    }
}

/* ---- GIF: a header, then blocks of sub-blocks ---- */

static void gif_skip_colours(reader *r, int flags)
{
    if (flags & 0x80) read_bytes(r, 3u * (2u << (flags & 7)));
}

static void gif_skip_blocks(reader *r)
{
    while (!r->failed) {
        uint8_t length = read_u8(r);
        if (!length) return;
        read_bytes(r, length);
    }
}

/* The codes of a picture whose data begins where `r` stands, as the decoder reads them. */
typedef struct {
    reader r;
    int left; /* bytes of the block */
    uint32_t bits;
    int count; /* of these */
} gif_codes;

/* The next code of so many bits; -1: there is none. */
static int gif_code(gif_codes *g, int size)
{
    while (g->count < size) {
        if (g->left == 0) g->left = read_u8(&g->r);
        if (g->left-- == 0) return -1;
        g->bits |= (uint32_t)read_u8(&g->r) << g->count;
        g->count += 8;
    }
    int code = (int)(g->bits & ((1u << size) - 1));
    g->bits >>= size;
    g->count -= size;
    return g->r.failed ? -1 : code;
}

/* Whether the codes stand for no more pixels than the picture has, or twice as many: the decoder goes
 * on behind the last. Each code takes it as long as the row of pixels that it stands for. */
static bool gif_in_bounds(reader r, int64_t pixels)
{
    enum { CODES = 8192, LARGEST = 12, SPARE = 4096 };
    uint16_t length[CODES]; /* of the row of each code */
    int first = read_u8(&r);
    if (first > LARGEST) return true; /* refused by the decoder */
    int clear = 1 << first, size = first + 1, next = clear + 2, before = -1;
    gif_codes g = { .r = r };
    for (int i = 0; i < next; i++) length[i] = 1;
    for (int64_t most = 2 * pixels + SPARE; most > 0;) {
        int code = gif_code(&g, size);
        if (code < 0 || code == clear + 1) return true;
        most--;
        if (code == clear) {
            size = first + 1;
            next = clear + 2;
            before = -1;
            continue;
        }
        if (before >= 0 && next < CODES) length[next++] = (uint16_t)(length[before] + 1);
        if (code >= next) return true; /* refused by the decoder */
        most -= length[code];
        if ((next & ((1 << size) - 1)) == 0 && size < LARGEST) size++;
        before = code;
    }
    return false;
}

static bool inspect_gif(const uint8_t *bytes, size_t size, picture_facts *facts, error *err)
{
    reader r = reader_of(bytes, size);
    read_bytes(&r, 6);
    int width = read_u16le(&r), height = read_u16le(&r);
    int flags = read_u8(&r), background = read_u8(&r);
    read_u8(&r); /* aspect ratio */
    if (r.failed) return cut_off(facts, "its header", err);
    if (!set_size(facts, width, height, err)) return false;
    facts->pixel_bytes = 4;
    if (background) { /* the decoder would fill with it, red and blue swapped; browsers don't */
        facts->poke_at = 11;
        facts->poke_size = 1;
    }
    gif_skip_colours(&r, flags);
    for (;;) {
        int block = read_u8(&r);
        if (block == 0x2c) {
            read_bytes(&r, 4); /* position */
            int columns = read_u16le(&r), lines = read_u16le(&r);
            gif_skip_colours(&r, read_u8(&r));
            if (!gif_in_bounds(r, (int64_t)columns * lines))
                return damaged(facts, "its compressed data is too long for its size", err);
            read_u8(&r); /* bits of a code */
            gif_skip_blocks(&r);
            return r.failed ? cut_off(facts, "its first picture", err) : true;
        }
        if (r.failed) return cut_off(facts, "its blocks", err);
        if (block == 0x3b) return damaged(facts, "it holds no picture", err);
        if (block != 0x21) return damaged(facts, "unknown block", err);
        read_u8(&r); /* kind of extension */
        gif_skip_blocks(&r);
    }
}

/* ---- BMP: two headers, a palette, rows ---- */

/* The decoder wants the pixels right behind headers and palette, takes palettes short of 256
 * colours from the stack, miscounts those of the 12-byte header by 12 bytes and doesn't find the
 * masks inside headers of 52 and 56 bytes: move the pixels to where it looks, and call those two
 * headers 40 bytes and masks. */
static void bmp_repair(picture_facts *facts, uint32_t offset, uint32_t header, uint32_t expected)
{
    for (int i = 0; i < 4; i++) {
        facts->poke[i] = (uint8_t)(expected >> 8 * i);
        facts->poke[4 + i] = (uint8_t)(header >> 8 * i);
    }
    facts->poke_at = 10;
    facts->poke_size = 8;
    facts->cut_at = offset < expected ? offset : expected;
    facts->cut_size = offset - (uint32_t)facts->cut_at;
    facts->zeros = expected - facts->cut_at;
}

static bool inspect_bmp(const uint8_t *bytes, size_t size, picture_facts *facts, error *err)
{
    reader r = reader_of(bytes, size);
    read_bytes(&r, 10);
    uint32_t offset = read_u32le(&r), stated = read_u32le(&r), header = stated;
    bool old = header == 12;
    int64_t width = old ? read_u16le(&r) : (int32_t)read_u32le(&r);
    int64_t height = old ? read_u16le(&r) : (int32_t)read_u32le(&r);
    read_u16le(&r); /* planes */
    int bits = read_u16le(&r);
    uint32_t compression = old ? 0 : read_u32le(&r);
    if (r.failed) return cut_off(facts, "its header", err);
    if (!set_size(facts, width, height < 0 ? -height : height, err)) return false;
    if (compression == 1 || compression == 2)
        return fail(err, "the BMP picture is run-length compressed, which is not supported");
    if (compression != 0 && compression != 3)
        return fail(err, "the BMP picture has compression %u, which is not supported", compression);
    if (bits != 1 && bits != 4 && bits != 8 && bits != 16 && bits != 24 && bits != 32)
        return fail(err, "the BMP picture is damaged: %d bits per pixel", bits);

    bool masks = compression == 3;
    if (masks && (header == 52 || header == 56)) header = 40;
    uint32_t headers = 14 + header + (masks && header == 40 ? 12 : 0);
    if (offset < headers || offset > size)
        return fail(err, "the BMP picture is damaged: its pixels start at byte %u", offset);
    int64_t row = (width * bits + 31) / 32 * 4, last_row = (width * bits + 7) / 8;
    if ((int64_t)(size - offset) < row * (facts->height - 1) + last_row)
        return cut_off(facts, "its pixels", err);

    facts->pixel_bytes = 4;
    facts->ignore_alpha = !masks; /* without masks the fourth byte has no meaning */
    uint32_t palette = bits > 8 ? 0 : old ? 768 + 12 : 1024;
    if (offset != headers + palette || header != stated)
        bmp_repair(facts, offset, header, headers + palette);
    return true;
}

bool inspect_picture(const uint8_t *bytes, size_t size, picture_facts *facts, error *err)
{
    *facts = (picture_facts){ 0 };
    if (!size) return fail(err, "the picture is empty (0 bytes)");
    if (size > IMAGE_MAX_BYTES)
        return fail(err, "the picture file is %zu bytes, at most %d are taken", size,
                    IMAGE_MAX_BYTES);
    const char *name;
    file_kind kind = sniff(bytes, size, &name);
    facts->kind = name;
    if (kind == FILE_JPEG) return inspect_jpeg(bytes, size, facts, err);
    if (kind == FILE_PNG) return inspect_png(bytes, size, facts, err);
    if (IMAGE_GIF_BMP && kind == FILE_GIF) return inspect_gif(bytes, size, facts, err);
    if (IMAGE_GIF_BMP && kind == FILE_BMP) return inspect_bmp(bytes, size, facts, err);
    if (kind != FILE_UNKNOWN)
        return fail(err, "%s pictures are not supported; use %s", name, FORMATS);
    char start[9] = { 0 };
    for (size_t i = 0; i < 8 && i < size; i++) start[i] = bytes[i] ? (char)bytes[i] : '?';
    return fail(err, "not a %s picture (it starts with '%s')", FORMATS, start);
}
