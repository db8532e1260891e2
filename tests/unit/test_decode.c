/* Pictures of every kind, made here byte by byte: what they decode to, and that damaged and hostile
 * ones are refused (or at least harmless). */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crc32.h"
#include "image/decode.h"

#include "testing.h"

/* ---- a file being written ---- */

typedef struct {
    size_t size;
    uint8_t bytes[4096];
} file;

static void put(file *f, const void *bytes, size_t size)
{
    assert_true(f->size + size <= sizeof f->bytes);
    memcpy(f->bytes + f->size, bytes, size);
    f->size += size;
}

static void put8(file *f, unsigned value)
{
    uint8_t byte = (uint8_t)value;
    put(f, &byte, 1);
}

static void put_be(file *f, uint32_t value, int bytes)
{
    while (bytes-- > 0) put8(f, value >> 8 * bytes & 255);
}

static void put_le(file *f, uint32_t value, int bytes)
{
    for (; bytes-- > 0; value >>= 8) put8(f, value & 255);
}

/* A TIFF structure with nothing but the orientation. */
static void put_exif(file *f, bool little, unsigned orientation)
{
    void (*number)(file *, uint32_t, int) = little ? put_le : put_be;
    put(f, little ? "II" : "MM", 2);
    number(f, 42, 2), number(f, 8, 4);
    number(f, 1, 2), number(f, 0x0112, 2), number(f, 3, 2), number(f, 1, 4);
    number(f, orientation, 2), number(f, 0, 2), number(f, 0, 4);
}

/* ---- PNG, its data stored without compression ---- */

static void put_chunk(file *f, const char *type, const void *data, size_t size)
{
    put_be(f, (uint32_t)size, 4);
    size_t start = f->size;
    put(f, type, 4);
    put(f, data, size);
    put_be(f, crc32_update(0, f->bytes + start, size + 4), 4);
}

static file png_begin(uint32_t width, uint32_t height, int depth, int colour)
{
    file f = { 0 }, header = { 0 };
    put(&f, "\x89PNG\r\n\x1a\n", 8);
    put_be(&header, width, 4), put_be(&header, height, 4);
    put8(&header, (unsigned)depth), put8(&header, (unsigned)colour);
    put(&header, "\0\0", 3);
    put_chunk(&f, "IHDR", header.bytes, header.size);
    return f;
}

/* rows: each with its filter byte in front */
static void png_end(file *f, const void *rows, size_t size)
{
    file z = { 0 };
    put(&z, "\x78\x01\x01", 3); /* zlib, the last block, stored */
    put_le(&z, (uint32_t)size, 2), put_le(&z, ~(uint32_t)size & 0xffff, 2);
    put(&z, rows, size);
    uint32_t a = 1, b = 0;
    for (size_t i = 0; i < size; i++)
        a = (a + ((const uint8_t *)rows)[i]) % 65521, b = (b + a) % 65521;
    put_be(&z, b << 16 | a, 4);
    put_chunk(f, "IDAT", z.bytes, z.size);
    put_chunk(f, "IEND", "", 0);
}

static file png_rgb(void) /* 2 x 2 */
{
    file f = png_begin(2, 2, 8, 2);
    png_end(&f,
            "\0\1\2\3\4\5\6"
            "\0\7\10\11\12\13\14",
            14);
    return f;
}

/* ---- JPEG: 8 x 8 blocks of one colour each, so that only DC coefficients are needed ---- */

typedef struct {
    file *f;
    uint32_t bits;
    int count;
} bit_writer;

static void put_bits(bit_writer *w, unsigned value, int count)
{
    while (count-- > 0) {
        w->bits = w->bits << 1 | (value >> count & 1);
        if (++w->count < 8) continue;
        put8(w->f, w->bits & 255);
        if ((w->bits & 255) == 255) put8(w->f, 0);
        w->count = 0;
    }
}

static void put_segment(file *f, int code, const void *body, size_t size)
{
    put8(f, 0xff), put8(f, (unsigned)code);
    put_be(f, (uint32_t)size + 2, 2);
    put(f, body, size);
}

typedef struct {
    int across, down;      /* blocks */
    int components;        /* 1, 3, 4 */
    const uint8_t *colour; /* [down, across, components] */
    const char *ids;       /* of the components; "RGB" has a meaning */
    bool progressive;
    int adobe;       /* transform of the Adobe segment, -1 for none */
    int orientation; /* of the EXIF segment, 0 for none */
    bool little;     /* its byte order */
} jpeg;

static void jpeg_headers(file *f, const jpeg *j)
{
    file body = { 0 };
    put(f, "\xff\xd8", 2);
    if (j->orientation) {
        put(&body, "Exif\0", 6);
        put_exif(&body, j->little, (unsigned)j->orientation);
        put_segment(f, 0xe1, body.bytes, body.size);
    }
    if (j->adobe >= 0) {
        body.size = 0;
        put(&body, "Adobe\0\144\0\0\0\0", 11), put8(&body, (unsigned)j->adobe);
        put_segment(f, 0xee, body.bytes, body.size);
    }
    body.size = 0;
    put8(&body, 0);
    for (int i = 0; i < 64; i++) put8(&body, 8);
    put_segment(f, 0xdb, body.bytes, body.size);

    body.size = 0;
    put8(&body, 8), put_be(&body, (uint32_t)j->down * 8, 2),
        put_be(&body, (uint32_t)j->across * 8, 2);
    put8(&body, (unsigned)j->components);
    for (int c = 0; c < j->components; c++) put8(&body, (uint8_t)j->ids[c]), put(&body, "\x11", 2);
    put_segment(f, j->progressive ? 0xc2 : 0xc0, body.bytes, body.size);

    put_segment(f, 0xc4, "\0\0\0\0\14\0\0\0\0\0\0\0\0\0\0\0\0\0\1\2\3\4\5\6\7\10\11\12\13", 29);
    put_segment(f, 0xc4, "\20\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 18); /* AC: bit 0 ends the block */
}

static void jpeg_scan(file *f, const jpeg *j)
{
    file body = { 0 };
    put8(&body, (unsigned)j->components);
    for (int c = 0; c < j->components; c++) put8(&body, (uint8_t)j->ids[c]), put8(&body, 0);
    put8(&body, 0), put8(&body, j->progressive ? 0 : 63), put8(&body, 0);
    put_segment(f, 0xda, body.bytes, body.size);

    bit_writer w = { f, 0, 0 };
    int before[4] = { 128, 128, 128, 128 };
    const uint8_t *colour = j->colour;
    for (int i = 0; i < j->across * j->down; i++) {
        for (int c = 0; c < j->components; c++, colour++) {
            int step = *colour - before[c], size = 0;
            before[c] = *colour;
            while (abs(step) >> size) size++;
            put_bits(&w, (unsigned)size, 4); /* codes 0000 to 1011 */
            put_bits(&w, (unsigned)(step < 0 ? step + (1 << size) - 1 : step), size);
            if (!j->progressive) put_bits(&w, 0, 1);
        }
    }
    while (w.count) put_bits(&w, 1, 1);
}

static file jpeg_file(jpeg j)
{
    file f = { 0 };
    jpeg_headers(&f, &j);
    jpeg_scan(&f, &j);
    put(&f, "\xff\xd9", 2);
    return f;
}

static const uint8_t six_greys[] = { 10, 50, 90, 130, 170, 250 };

static jpeg grey_jpeg(void)
{
    return (jpeg){
        .across = 2, .down = 3, .components = 1, .colour = six_greys, .ids = "Y", .adobe = -1
    };
}

/* ---- GIF: codes of three bits, the table cleared before it grows ---- */

static void put_gif_picture(file *f, int x, int width, int height, const uint8_t *indices)
{
    file data = { 0 };
    uint32_t bits = 0;
    int count = 0, total = width * height;
    put8(f, 0x2c);
    put_le(f, (uint32_t)x, 2), put_le(f, 0, 2);
    put_le(f, (uint32_t)width, 2), put_le(f, (uint32_t)height, 2);
    put8(f, 0), put8(f, 2);
    for (int i = 0; i <= total; i++) {
        uint32_t codes[2] = { 4, i == total ? 5 : indices[i] }; /* clear; the end, or a pixel */
        for (int k = i == total; k < 2; k++) {
            bits |= codes[k] << count;
            for (count += 3; count >= 8; count -= 8, bits >>= 8) put8(&data, bits & 255);
        }
    }
    if (count) put8(&data, bits & 255);
    put8(f, (unsigned)data.size), put(f, data.bytes, data.size), put8(f, 0);
}

/* Four colours: black, red, green, blue; index 1 is also the background. */
static file gif_begin(int width, int height, int transparent)
{
    file f = { 0 };
    put(&f, "GIF89a", 6);
    put_le(&f, (uint32_t)width, 2), put_le(&f, (uint32_t)height, 2);
    put8(&f, 0x81), put8(&f, 1), put8(&f, 0);
    put(&f, "\0\0\0\377\0\0\0\377\0\0\0\377", 12);
    if (transparent >= 0)
        put(&f, "\x21\xf9\4\1\0\0", 6), put8(&f, (unsigned)transparent), put8(&f, 0);
    return f;
}

static file gif_file(void)
{
    file f = gif_begin(2, 2, -1);
    put_gif_picture(&f, 0, 2, 2, (const uint8_t[]){ 0, 1, 2, 3 });
    return f;
}

/* ---- BMP ---- */

/* Headers up to the palette; offset: where the pixels will start. */
static file bmp_begin(uint32_t header, int width, int height, int bits, int compression, int offset)
{
    file f = { 0 };
    put(&f, "BM", 2), put_le(&f, 0, 4), put_le(&f, 0, 4), put_le(&f, (uint32_t)offset, 4);
    put_le(&f, header, 4);
    int side = header == 12 ? 2 : 4;
    put_le(&f, (uint32_t)width, side), put_le(&f, (uint32_t)height, side);
    put_le(&f, 1, 2), put_le(&f, (uint32_t)bits, 2);
    if (header == 12) return f;
    put_le(&f, (uint32_t)compression, 4);
    for (int i = 0; i < 5; i++) put_le(&f, 0, 4);
    return f;
}

static file bmp_file(void)
{
    file f = bmp_begin(40, 4, 2, 24, 0, 54);
    put(&f, "\3\2\1\6\5\4\11\10\7\14\13\12\17\16\15\22\21\20\25\24\23\30\27\26", 24);
    return f;
}

/* ---- looking at what comes out ---- */

static const decode_options as_users = { false, false };

/* Decode a copy that ends where its block of memory ends. */
static bool decode(const uint8_t *bytes, size_t size, decode_options how, image *out, error *err)
{
    uint8_t *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    if (size) memcpy(copy, bytes, size);
    *err = (error){ 0 };
    bool ok = image_decode(copy, size, how, out, err);
    free(copy);
    assert_true(ok ? out->rgb && out->width > 0 && out->height > 0 : !out->rgb && err->text[0]);
    return ok;
}

static void check_with(decode_options how, const file *f, int width, int height, const void *rgb)
{
    image got;
    error err;
    if (!decode(f->bytes, f->size, how, &got, &err)) fail_msg("%s", err.text);
    assert_int_equal(got.width, width);
    assert_int_equal(got.height, height);
    assert_memory_equal(got.rgb, rgb, (size_t)width * (size_t)height * 3);
    image_free(&got);
    image_free(&got); /* twice is fine */
}

static void check(const file *f, int width, int height, const void *rgb)
{
    check_with(as_users, f, width, height, rgb);
}

static void refused_bytes(const void *bytes, size_t size, const char *sentence)
{
    image got;
    error err;
    assert_false(decode(bytes, size, as_users, &got, &err));
    assert_string_equal(err.text, sentence);
    assert_false(err.no_memory);
}

static void refused(const file *f, const char *sentence)
{
    refused_bytes(f->bytes, f->size, sentence);
}

/* ---- PNG ---- */

static void test_png_colours(void **state)
{
    (void)state;
    file f = png_rgb();
    check(&f, 2, 2, "\1\2\3\4\5\6\7\10\11\12\13\14");

    f = png_begin(1, 1, 8, 2);
    png_end(&f, "\0\1\2\3", 4);
    check(&f, 1, 1, "\1\2\3");

    f = png_begin(1, 3, 8, 0); /* heights of 1 and 3 are nothing special */
    png_end(&f, "\0\5\0\6\0\7", 6);
    check(&f, 1, 3, "\5\5\5\6\6\6\7\7\7");

    f = png_begin(9, 1, 1, 0);
    png_end(&f, "\0\x55\x80", 3);
    check(&f, 9, 1,
          "\0\0\0\377\377\377\0\0\0\377\377\377\0\0\0\377\377\377\0\0\0\377\377\377\377\377\377");

    f = png_begin(2, 1, 4, 0);
    png_end(&f, "\0\x1f", 2);
    check(&f, 2, 1, "\21\21\21\377\377\377");

    f = png_begin(1, 1, 16, 2); /* the high bytes */
    png_end(&f, "\0\1\377\2\377\3\377", 7);
    check(&f, 1, 1, "\1\2\3");

    f = png_begin(1, 1, 16, 0);
    png_end(&f, "\0\7\377", 3);
    check(&f, 1, 1, "\7\7\7");
}

static void test_png_palette(void **state)
{
    (void)state;
    file f = png_begin(3, 1, 8, 3);
    put_chunk(&f, "PLTE", "\1\2\3\4\5\6", 6);
    png_end(&f, "\0\1\0\2", 4); /* index 2 is none of the palette: black */
    check(&f, 3, 1, "\4\5\6\1\2\3\0\0\0");

    f = png_begin(3, 1, 2, 3);
    put_chunk(&f, "PLTE", "\1\2\3\4\5\6", 6);
    put_chunk(&f, "tRNS", "\377\0", 2);
    png_end(&f, "\0\x10", 2);
    check(&f, 3, 1, "\1\2\3\377\377\377\1\2\3");
    check_with((decode_options){ .drop_alpha = true }, &f, 3, 1, "\1\2\3\4\5\6\1\2\3");
}

static void test_png_alpha(void **state)
{
    (void)state;
    file f = png_begin(4, 1, 8, 6);
    png_end(&f,
            "\0\12\24\36\0"
            "\12\24\36\377"
            "\0\0\0\200"
            "\144\0\377\1",
            17);
    check(&f, 4, 1, "\377\377\377\12\24\36\177\177\177\376\376\377");
    check_with((decode_options){ .drop_alpha = true }, &f, 4, 1,
               "\12\24\36\12\24\36\0\0\0\144\0\377");

    f = png_begin(2, 1, 8, 4); /* grey and alpha */
    png_end(&f, "\0\12\0\12\377", 5);
    check(&f, 2, 1, "\377\377\377\12\12\12");

    f = png_begin(2, 1, 8, 0); /* one grey is transparent */
    put_chunk(&f, "tRNS", "\0\7", 2);
    png_end(&f, "\0\7\10", 3);
    check(&f, 2, 1, "\377\377\377\10\10\10");
    check_with((decode_options){ .drop_alpha = true }, &f, 2, 1, "\7\7\7\10\10\10");

    f = png_begin(2, 1, 8, 2); /* one colour is transparent */
    put_chunk(&f, "tRNS", "\0\1\0\2\0\3", 6);
    png_end(&f, "\0\1\2\3\1\2\4", 7);
    check(&f, 2, 1, "\377\377\377\1\2\4");

    f = png_begin(2, 1, 16, 0); /* compared in all 16 bits */
    put_chunk(&f, "tRNS", "\7\1", 2);
    png_end(&f, "\0\7\1\7\2", 5);
    check(&f, 2, 1, "\377\377\377\7\7\7");

    f = png_begin(1, 1, 16, 6);
    png_end(&f, "\0\12\0\12\0\12\0\200\377", 9);
    check(&f, 1, 1, "\204\204\204"); /* (10 * 128 + 255 * 127 + 127) / 255 = 132 */
}

static void test_from_rgba(void **state)
{
    (void)state;
    static uint8_t rgba[256][256][4]; /* every value with every alpha */
    for (int c = 0; c < 256; c++)
        for (int a = 0; a < 256; a++)
            rgba[c][a][0] = (uint8_t)c, rgba[c][a][1] = (uint8_t)(255 - c),
            rgba[c][a][3] = (uint8_t)a;
    image got;
    error err;
    assert_true(image_from_rgba(&rgba[0][0][0], 256, 256, &got, &err));
    for (int c = 0; c < 256; c++) {
        for (int a = 0; a < 256; a++) {
            const uint8_t *p = got.rgb + (c * 256 + a) * 3;
            assert_true(abs(255 * p[0] - (c * a + 255 * (255 - a))) <= 127); /* the nearest */
            assert_true(abs(255 * p[1] - ((255 - c) * a + 255 * (255 - a))) <= 127);
            assert_int_equal(p[2], 255 - a);
        }
    }
    image_free(&got);
    assert_false(image_from_rgba(&rgba[0][0][0], 0, 1, &got, &err));
    assert_string_equal(err.text, "the picture has no pixels (0 x 1)");
    assert_false(image_from_rgba(&rgba[0][0][0], 32769, 1, &got, &err));
    assert_string_equal(err.text,
                        "the picture is 32769 x 1 pixels, sides of at most 32768 are taken");
    assert_false(image_from_rgba(&rgba[0][0][0], 10000, 5001, &got, &err));
    assert_string_equal(
        err.text, "the picture is 10000 x 5001 = 50010000 pixels, at most 50000000 are taken");
}

/* ---- JPEG ---- */

/* The colour in the middle of each block of 8 x 8, [blocks, 3]. */
static void block_colours(const image *picture, uint8_t *colours)
{
    for (int y = 4; y < picture->height; y += 8)
        for (int x = 4; x < picture->width; x += 8, colours += 3)
            memcpy(colours, picture->rgb + (y * picture->width + x) * 3, 3);
}

static void check_blocks(jpeg j, const uint8_t *want)
{
    file f = jpeg_file(j);
    image got;
    error err;
    uint8_t colours[64];
    if (!decode(f.bytes, f.size, as_users, &got, &err)) fail_msg("%s", err.text);
    assert_int_equal(got.width * got.height, j.across * j.down * 64);
    block_colours(&got, colours);
    assert_memory_equal(colours, want, (size_t)j.across * (size_t)j.down * 3);
    image_free(&got);
}

static void test_jpeg_colours(void **state)
{
    (void)state;
    static const uint8_t greys[] = { 10,  10,  10,  50,  50,  50,  90,  90,  90,
                                     130, 130, 130, 170, 170, 170, 250, 250, 250 };
    jpeg j = grey_jpeg();
    check_blocks(j, greys);
    j.progressive = true;
    check_blocks(j, greys);

    static const uint8_t rgb[] = { 1, 2, 3, 100, 150, 200 };
    jpeg coloured = {
        .across = 2, .down = 1, .components = 3, .colour = rgb, .ids = "RGB", .adobe = -1
    };
    check_blocks(coloured, rgb);
    coloured.progressive = true;
    check_blocks(coloured, rgb);

    static const uint8_t ycc[] = { 200, 128, 128, 76, 85, 255 },
                         ycc_rgb[] = { 200, 200, 200, 254, 0, 0 };
    check_blocks(
        (jpeg){
            .across = 2, .down = 1, .components = 3, .colour = ycc, .ids = "\1\2\3", .adobe = -1 },
        ycc_rgb);

    /* Adobe writes CMYK inverted: 255 is no ink. */
    static const uint8_t cmyk[] = { 255, 0, 100, 255, 255, 0, 100, 128 };
    static const uint8_t cmyk_rgb[] = { 255, 0, 100, 128, 0, 50 };
    check_blocks(
        (jpeg){ .across = 2, .down = 1, .components = 4, .colour = cmyk, .ids = "\1\2\3\4" },
        cmyk_rgb);
}

static void test_orientations(void **state)
{
    (void)state;
    static const uint8_t upright[9][6] = {
        /* 0 1 / 2 3 / 4 5, as it should be seen */
        [1] = { 0, 1, 2, 3, 4, 5 }, [2] = { 1, 0, 3, 2, 5, 4 }, [3] = { 5, 4, 3, 2, 1, 0 },
        [4] = { 4, 5, 2, 3, 0, 1 }, [5] = { 0, 2, 4, 1, 3, 5 }, [6] = { 4, 2, 0, 5, 3, 1 },
        [7] = { 5, 3, 1, 4, 2, 0 }, [8] = { 1, 3, 5, 0, 2, 4 },
    };
    for (int i = 0; i < 16; i++) {
        jpeg j = grey_jpeg();
        j.orientation = 1 + i / 2;
        j.little = i % 2;
        file f = jpeg_file(j);
        for (int keep = 0; keep < 2; keep++) {
            image got;
            error err;
            uint8_t colours[18];
            assert_true(
                decode(f.bytes, f.size, (decode_options){ .keep_orientation = keep }, &got, &err));
            int seen = keep ? 1 : j.orientation;
            assert_int_equal(got.width, seen >= 5 ? 24 : 16);
            assert_int_equal(got.height, seen >= 5 ? 16 : 24);
            block_colours(&got, colours);
            for (int b = 0; b < 6; b++)
                assert_int_equal(colours[3 * b], six_greys[upright[seen][b]]);
            image_free(&got);
        }
    }
    file exif = { 0 }, f = png_begin(2, 1, 8, 2); /* and a PNG */
    put_exif(&exif, true, 6);
    put_chunk(&f, "eXIf", exif.bytes, exif.size);
    png_end(&f, "\0\1\2\3\4\5\6", 7);
    check(&f, 1, 2, "\1\2\3\4\5\6");
}

/* ---- GIF ---- */

static void test_gif(void **state)
{
    (void)state;
    file f = gif_file();
    check(&f, 2, 2, "\0\0\0\377\0\0\0\377\0\0\0\377");
    put_gif_picture(&f, 0, 2, 2,
                    (const uint8_t[]){ 3, 3, 3, 3 }); /* a second frame: not looked at */
    put8(&f, 0x3b);
    check(&f, 2, 2, "\0\0\0\377\0\0\0\377\0\0\0\377");

    f = gif_begin(3, 1, 2); /* transparent */
    put_gif_picture(&f, 0, 3, 1, (const uint8_t[]){ 1, 2, 3 });
    check(&f, 3, 1, "\377\0\0\377\377\377\0\0\377");

    f = gif_begin(2, 1,
                  -1); /* the first pixel is not drawn: not background (red or blue) but white */
    put_gif_picture(&f, 1, 1, 1, (const uint8_t[]){ 2 });
    check(&f, 2, 1, "\377\377\377\0\377\0");
}

/* ---- BMP ---- */

static void test_bmp(void **state)
{
    (void)state;
    static const char rows[] = "\15\16\17\20\21\22\23\24\25\26\27\30\1\2\3\4\5\6\7\10\11\12\13\14";
    file f = bmp_file();
    check(&f, 4, 2, rows);                       /* stored bottom row first */
    memcpy(f.bytes + 22, "\xfe\xff\xff\xff", 4); /* height -2: top row first */
    char top_down[24];
    memcpy(top_down, rows + 12, 12), memcpy(top_down + 12, rows, 12);
    check(&f, 4, 2, top_down);

    f = bmp_begin(40, 1, 1, 24, 0, 60); /* a gap before the pixels */
    put(&f, "......\3\2\1", 10);
    check(&f, 1, 1, "\1\2\3");

    f = bmp_begin(40, 2, 1, 32, 0, 54); /* the fourth byte means nothing */
    put(&f, "\3\2\1\0\6\5\4\200", 8);
    check(&f, 2, 1, "\1\2\3\4\5\6");

    f = bmp_begin(108, 2, 1, 32, 3, 122); /* here it is alpha */
    put(&f, "\0\0\377\0\0\377\0\0\377\0\0\0\0\0\0\377", 16);
    for (int i = 0; i < 13; i++) put_le(&f, 0, 4);
    put(&f, "\3\2\1\377\6\5\4\0", 8);
    check(&f, 2, 1, "\1\2\3\377\377\377");

    f = bmp_begin(56, 2, 1, 16, 3, 70); /* masks inside a header of 56 bytes: 5, 6, 5 bits */
    put_le(&f, 0xf800, 4), put_le(&f, 0x07e0, 4), put_le(&f, 0x001f, 4), put_le(&f, 0, 4);
    put_le(&f, 0xf800, 2), put_le(&f, 0x07ff, 2);
    check(&f, 2, 1, "\377\0\0\0\377\377");

    f = bmp_begin(40, 4, 1, 8, 0, 62); /* two colours; indices beyond are black */
    put(&f, "\3\2\1\0\6\5\4\0\0\1\2\377", 12);
    check(&f, 4, 1, "\1\2\3\4\5\6\0\0\0\0\0\0");

    f = bmp_begin(12, 3, 1, 1, 0, 32); /* OS/2 */
    put(&f, "\3\2\1\6\5\4\x40\0\0\0", 10);
    check(&f, 3, 1, "\1\2\3\4\5\6\1\2\3");
}

/* ---- what is refused ---- */

static void test_not_pictures(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        char start[17];
    } kinds[] = {
        { "WebP", "RIFF\1\2\3\4WEBPVP8 " },
        { "AVIF", "\0\0\0\x1c"
                  "ftypavif" },
        { "HEIC", "\0\0\0\x18"
                  "ftypheic" },
        { "TIFF", "II*\0\10\0\0\0" },
        { "TIFF", "MM\0*\0\0\0\10" },
        { "SVG", "<svg xmlns='x'>" },
        { "SVG", "\xef\xbb\xbf<?xml?> <svg" },
        { "PDF", "%PDF-1.4" },
        { "JPEG XL", "\xff\x0a" },
        { "JPEG XL", "\0\0\0\x0cJXL \r\n\x87\n" },
    };
    for (size_t i = 0; i < COUNT(kinds); i++) {
        char sentence[100];
        snprintf(sentence, sizeof sentence,
                 "%s pictures are not supported; use JPEG, PNG, GIF or BMP", kinds[i].name);
        refused_bytes(kinds[i].start, 16, sentence);
    }
    refused_bytes("", 0, "the picture is empty (0 bytes)");
    refused_bytes("Hello world, I am a text.", 25,
                  "not a JPEG, PNG, GIF or BMP picture (it starts with 'Hello wo')");
    refused_bytes("BMWs are cars, not pictures", 27,
                  "not a JPEG, PNG, GIF or BMP picture (it starts with 'BMWs are')");
    refused_bytes("<html><body>", 12,
                  "not a JPEG, PNG, GIF or BMP picture (it starts with '<html><b')");
    refused_bytes("\0\1", 2, "not a JPEG, PNG, GIF or BMP picture (it starts with '\?\?')");
}

/* Nothing but headers, which state sizes that would be refused even if pixels followed. */
static void test_too_large(void **state)
{
    (void)state;
    static const char sentence[] =
        "the picture is 12000 x 12000 = 144000000 pixels, at most 50000000 are taken";
    file f = png_begin(12000, 12000, 8, 2);
    refused(&f, sentence);
    f = gif_begin(12000, 12000, -1);
    refused(&f, sentence);
    f = bmp_begin(40, 12000, -12000, 24, 0, 54);
    refused(&f, sentence);
    f = (file){ 0 };
    put(&f, "\xff\xd8\xff\xc0\0\13\10\x2e\xe0\x2e\xe0\1\1\x11\0", 15);
    refused(&f, sentence);

    f = png_begin(40000, 1, 8, 2);
    refused(&f, "the picture is 40000 x 1 pixels, sides of at most 32768 are taken");
    f = png_begin(0xffffffff, 1, 8, 2);
    refused(&f, "the picture is 4294967295 x 1 pixels, sides of at most 32768 are taken");
    f = png_begin(0, 5, 8, 2);
    refused(&f, "the picture has no pixels (0 x 5)");
    f = bmp_begin(40, -5, 5, 24, 0, 54);
    refused(&f, "the picture has no pixels (-5 x 5)");
    f = bmp_begin(40, 1, (int)0x80000000, 24, 0, 54);
    refused(&f, "the picture is 1 x 2147483648 pixels, sides of at most 32768 are taken");
}

static void test_bad_png(void **state)
{
    (void)state;
    file f = png_rgb();
    f.bytes[45] ^= 1; /* in the pixels */
    refused(&f, "the PNG picture is damaged: wrong checksum of chunk IDAT");

    f = png_begin(1, 1, 16, 3);
    refused(&f, "the PNG picture is damaged: colour type 3 with 16 bits");
    f = png_begin(1, 1, 4, 2);
    refused(&f, "the PNG picture is damaged: colour type 2 with 4 bits");
    f = png_begin(1, 1, 8, 7);
    refused(&f, "the PNG picture is damaged: colour type 7 with 8 bits");

    f = png_begin(2, 2, 8, 2);
    png_end(&f, "\0\1\2\3", 4);
    refused(&f, "the PNG picture is damaged: not enough pixels");

    f = png_begin(1, 1, 8, 3);
    png_end(&f, "\0\0", 2);
    refused(&f, "the PNG picture is damaged: no PLTE");

    f = (file){ 0 };
    put(&f, "\x89PNG\r\n\x1a\n", 8);
    put_chunk(&f, "CgBI", "\0\0\0\0", 4);
    refused(&f, "the picture is of Apple's private variant of PNG, which is not supported");
    f.size = 8;
    put_chunk(&f, "IEND", "", 0);
    refused(&f, "the PNG picture is damaged: no header");

    f = png_begin(1, 1, 8, 2);
    put_chunk(&f, "ABCD", "", 0);
    refused(&f, "the PNG picture is damaged: unknown chunk ABCD");
    f.size = 33;
    put_be(&f, 0xfffffff0, 4);
    put(&f, "IDAT....", 8);
    refused(&f, "the PNG picture is damaged: it ends inside a chunk");
}

/* One pixel whose 12 KB of data unpack to 1.9 MB: a literal, then runs of 258 bytes, 13 bits each.
 */
static void test_zlib_bomb(void **state)
{
    (void)state;
    static uint8_t z[12000] = { 0x78, 0x01 };
    static const char head[] = "11000110000",
                      run[] = "1100010100000"; /* last block, fixed codes, 0 */
    size_t bit = 16;
    for (const char *s = head; *s; s++, bit++) z[bit / 8] |= (uint8_t)((*s == '1') << bit % 8);
    while (bit + 40 < sizeof z * 8)
        for (const char *s = run; *s; s++, bit++) z[bit / 8] |= (uint8_t)((*s == '1') << bit % 8);

    static uint8_t bytes[sizeof z + 200];
    file f = png_begin(1, 1, 8, 2);
    memcpy(bytes, f.bytes, f.size);
    uint8_t *chunk = bytes + f.size;
    for (int i = 0; i < 4; i++) chunk[i] = (uint8_t)(sizeof z >> (24 - 8 * i));
    memcpy(chunk + 4, "IDAT", 4), memcpy(chunk + 8, z, sizeof z);
    uint32_t crc = crc32_update(0, chunk + 4, sizeof z + 4);
    for (int i = 0; i < 4; i++) chunk[8 + sizeof z + (size_t)i] = (uint8_t)(crc >> (24 - 8 * i));
    memcpy(chunk + 12 + sizeof z, "\0\0\0\0IEND\xae\x42\x60\x82", 12);
    refused_bytes(bytes, f.size + sizeof z + 24,
                  "the PNG picture is damaged: it unpacks to more than its 1 x 1 pixels");
}

static void test_bad_jpeg(void **state)
{
    (void)state;
    file f = { 0 };
    jpeg j = grey_jpeg();
    jpeg_headers(&f, &j);
    for (int i = 0; i < 101; i++) jpeg_scan(&f, &j);
    put(&f, "\xff\xd9", 2);
    refused(&f, "the JPEG picture is damaged: it has too many scans for its size");

    f = (file){ 0 }; /* a Huffman table of 16 * 255 codes */
    put(&f, "\xff\xd8", 2);
    file table = { 0 };
    put8(&table, 0);
    for (int i = 0; i < 16; i++) put8(&table, 255);
    for (int i = 0; i < 3000; i++) put8(&table, 0);
    put_segment(&f, 0xc4, table.bytes, table.size);
    jpeg_scan(&f, &j);
    refused(&f, "the JPEG picture is damaged: bad Huffman table");

    f = (file){ 0 };
    put(&f, "\xff\xd8\xff\xd9", 4);
    refused(&f, "the JPEG picture is damaged: a segment is missing where one should start");
    f = (file){ 0 };
    put(&f, "\xff\xd8\xff\xc9\0\13\10\0\1\0\1\1\1\x11\0", 15);
    refused(&f, "the JPEG picture is lossless, hierarchical or arithmetic coded (frame type 9), "
                "which is not supported");
    f.bytes[3] = 0xc1, f.bytes[6] = 12;
    refused(&f, "the JPEG picture has 12 bits per colour, only 8 are supported");
    f.bytes[6] = 8, f.bytes[8] = 0;
    refused(&f, "the JPEG picture does not state its height, which is not supported");
}

static void test_bad_gif_and_bmp(void **state)
{
    (void)state;
    file f = gif_begin(1, 1, -1);
    put8(&f, 0x3b);
    refused(&f, "the GIF picture is damaged: it holds no picture");
    f.bytes[f.size - 1] = 7;
    refused(&f, "the GIF picture is damaged: unknown block");
    f = gif_begin(1, 1, -1);
    put_gif_picture(&f, 1, 1, 1, (const uint8_t[]){ 2 });
    refused(&f, "the GIF picture is damaged: bad Image Descriptor");

    f = bmp_begin(40, 1, 1, 8, 1, 54);
    refused(&f, "the BMP picture is run-length compressed, which is not supported");
    f = bmp_begin(40, 1, 1, 8, 4, 54);
    refused(&f, "the BMP picture has compression 4, which is not supported");
    f = bmp_begin(40, 1, 1, 7, 0, 54);
    refused(&f, "the BMP picture is damaged: 7 bits per pixel");
    f = bmp_begin(40, 1, 1, 24, 0, 53);
    refused(&f, "the BMP picture is damaged: its pixels start at byte 53");
    f = bmp_begin(40, 1, 1, 24, 0, -2);
    refused(&f, "the BMP picture is damaged: its pixels start at byte 4294967294");
    f = bmp_begin(40, 1, 1, 24, 0, 54);
    refused(&f, "the BMP picture is damaged: it ends inside its pixels");
}

/* ---- damage of every kind ---- */

/* One picture of each kind; returns how many. */
static size_t samples(file out[6])
{
    jpeg j = grey_jpeg();
    out[0] = png_rgb();
    out[1] = gif_file();
    out[2] = bmp_file();
    out[3] = jpeg_file(j);
    j.progressive = true, j.orientation = 6;
    out[4] = jpeg_file(j);
    out[5] = png_begin(5, 2, 2, 3);
    put_chunk(&out[5], "PLTE", "\1\2\3\4\5\6", 6);
    put_chunk(&out[5], "tRNS", "\0\200", 2);
    png_end(&out[5],
            "\0\x10\x40"
            "\0\x41\0",
            6);
    return 6;
}

static void test_truncations(void **state)
{
    (void)state;
    static file all[6]; /* not on the stack, which is small in wasm */
    for (size_t i = 0, n = samples(all); i < n; i++) {
        for (size_t size = 0; size < all[i].size; size++) {
            image got;
            error err;
            if (decode(all[i].bytes, size, as_users, &got, &err))
                fail_msg("picture %zu is taken with %zu of %zu bytes", i, size, all[i].size);
        }
    }
}

/* Make the checksums of a PNG's chunks right again, as far as there are chunks. */
static void mend_checksums(file *f)
{
    for (size_t at = 8; at + 12 <= f->size;) {
        const uint8_t *b = f->bytes + at;
        size_t length = (size_t)b[0] << 24 | (size_t)b[1] << 16 | (size_t)b[2] << 8 | b[3];
        if (length > f->size - at - 12) return;
        uint32_t crc = crc32_update(0, b + 4, length + 4);
        for (size_t i = 0; i < 4; i++)
            f->bytes[at + 8 + length + i] = (uint8_t)(crc >> (24 - 8 * i));
        at += 12 + length;
    }
}

/* Whatever comes out, nothing breaks. */
static void try_damaged(file *f, bool png)
{
    image got;
    error err;
    if (png) mend_checksums(f);
    if (decode(f->bytes, f->size, as_users, &got, &err)) image_free(&got);
}

static void test_flipped_bytes(void **state)
{
    (void)state;
    static file all[6]; /* not on the stack, which is small in wasm */
    for (size_t i = 0, n = samples(all); i < n; i++) {
        bool png = all[i].bytes[0] == 0x89;
        for (size_t at = 0; at < all[i].size; at++) {
            for (int bit = 0; bit <= 8; bit++) {
                file copy = all[i];
                copy.bytes[at] ^= (uint8_t)(bit < 8 ? 1 << bit : 255);
                try_damaged(&copy, png);
            }
        }
    }
}

static void test_random_damage(void **state)
{
    (void)state;
    static file all[6]; /* not on the stack, which is small in wasm */
    uint32_t random = 1;
    for (size_t i = 0, n = samples(all); i < n; i++) {
        bool png = all[i].bytes[0] == 0x89;
        for (int round = 0; round < 2000; round++) {
            file copy = all[i];
            for (int k = 0; k < 4; k++) {
                random = random * 1664525 + 1013904223;
                copy.bytes[(random >> 8) % copy.size] = (uint8_t)(random >> 24);
            }
            try_damaged(&copy, png);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_png_colours),   cmocka_unit_test(test_png_palette),
        cmocka_unit_test(test_png_alpha),     cmocka_unit_test(test_from_rgba),
        cmocka_unit_test(test_jpeg_colours),  cmocka_unit_test(test_orientations),
        cmocka_unit_test(test_gif),           cmocka_unit_test(test_bmp),
        cmocka_unit_test(test_not_pictures),  cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_bad_png),       cmocka_unit_test(test_zlib_bomb),
        cmocka_unit_test(test_bad_jpeg),      cmocka_unit_test(test_bad_gif_and_bmp),
        cmocka_unit_test(test_truncations),   cmocka_unit_test(test_flipped_bytes),
        cmocka_unit_test(test_random_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
