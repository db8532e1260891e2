#include "image/sniff.h"

#include <string.h>

typedef struct {
    file_kind kind;
    const char *name;
    size_t at, size; /* where the magic stands, how long it is */
    const char *magic;
} signature;

static const signature signatures[] = {
    { FILE_JPEG, "JPEG", 0, 3, "\xff\xd8\xff" },
    { FILE_PNG, "PNG", 0, 8, "\x89PNG\r\n\x1a\n" },
    { FILE_GIF, "GIF", 0, 6, "GIF87a" },
    { FILE_GIF, "GIF", 0, 6, "GIF89a" },
    { FILE_UNSUPPORTED, "WebP", 8, 4, "WEBP" },
    { FILE_UNSUPPORTED, "AVIF", 4, 8, "ftypavif" },
    { FILE_UNSUPPORTED, "AVIF", 4, 8, "ftypavis" },
    { FILE_UNSUPPORTED, "HEIC", 4, 7, "ftyphei" },
    { FILE_UNSUPPORTED, "HEIC", 4, 7, "ftyphev" },
    { FILE_UNSUPPORTED, "HEIC", 4, 8, "ftypmif1" },
    { FILE_UNSUPPORTED, "HEIC", 4, 8, "ftypmsf1" },
    { FILE_UNSUPPORTED, "TIFF", 0, 4, "II*\0" },
    { FILE_UNSUPPORTED, "TIFF", 0, 4, "MM\0*" },
    { FILE_UNSUPPORTED, "PDF", 0, 5, "%PDF-" },
    { FILE_UNSUPPORTED, "JPEG XL", 0, 2, "\xff\x0a" },
    { FILE_UNSUPPORTED, "JPEG XL", 0, 8, "\0\0\0\x0cJXL " },
    { FILE_UNSUPPORTED, "JPEG 2000", 0, 8, "\0\0\0\x0cjP  " },
    { FILE_UNSUPPORTED, "Photoshop", 0, 4, "8BPS" },
    { FILE_UNSUPPORTED, "ICO", 0, 4, "\0\0\1\0" },
};

/* "BM" is also how text may start: the size of the second header has to be one that exists. */
static bool is_bmp(const uint8_t *bytes, size_t size)
{
    if (size < 2 || memcmp(bytes, "BM", 2) != 0) return false;
    if (size < 18) return true; /* a BMP that is cut off, for want of better knowledge */
    return bytes[14] >= 12 && bytes[14] <= 128 && !bytes[15] && !bytes[16] && !bytes[17];
}

/* SVG is text: "<svg" in the first kilobyte of something that starts with '<'. */
static bool is_svg(const uint8_t *bytes, size_t size)
{
    size_t end = size < 1024 ? size : 1024, i = 0;
    if (end >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) i = 3; /* byte order mark */
    while (i < end && (bytes[i] == ' ' || (bytes[i] >= '\t' && bytes[i] <= '\r'))) i++;
    if (i == end || bytes[i] != '<') return false;
    for (; i + 4 <= end; i++)
        if (memcmp(bytes + i, "<svg", 4) == 0) return true;
    return false;
}

file_kind sniff(const uint8_t *bytes, size_t size, const char **name)
{
    for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++) {
        const signature *s = &signatures[i];
        if (size < s->at + s->size || memcmp(bytes + s->at, s->magic, s->size) != 0) continue;
        *name = s->name;
        return s->kind;
    }
    bool bmp = is_bmp(bytes, size), svg = !bmp && is_svg(bytes, size);
    *name = bmp ? "BMP" : svg ? "SVG" : NULL;
    return bmp ? FILE_BMP : svg ? FILE_UNSUPPORTED : FILE_UNKNOWN;
}
