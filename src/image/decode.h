/* From the bytes of a picture file to RGB pixels. */
#ifndef VQA_IMAGE_DECODE_H
#define VQA_IMAGE_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

/* Whether GIF and BMP are decoded: not in the page's runtimes, since browsers do it themselves. */
#ifndef IMAGE_GIF_BMP
#define IMAGE_GIF_BMP 1
#endif

enum {
    IMAGE_MAX_PIXELS = 50000000, /* width x height of a picture */
    IMAGE_MAX_SIDE = 32768,      /* width or height */
    IMAGE_MAX_BYTES = 1 << 28,   /* of a picture file: 256 MiB */
};

typedef struct {
    uint8_t *rgb; /* [height, width, 3], from the heap; NULL while there is none */
    int width, height;
} image;

/* How to treat what the file says beyond its colours. Users want {false, false}; goldens made with
 * PIL's Image.open(...).convert("RGB") want {true, true}. */
typedef struct {
    bool drop_alpha;       /* keep the colours under transparency instead of laying them on white */
    bool keep_orientation; /* leave the picture as it is stored: ignore EXIF */
} decode_options;

/* Decode a JPEG or PNG file, and if IMAGE_GIF_BMP a GIF (first frame) or BMP file.
 *   bytes  the file, `size` bytes; they stay the caller's
 *   out    overwritten; give it back with image_free()
 * False with a sentence when the bytes are no picture, of an unsupported kind (named, e.g. WebP),
 * cut off, damaged, beyond the limits above, or when memory does not suffice (err->no_memory).
 *
 * Colours: grey is repeated, palettes are expanded, 16-bit samples keep their high byte, CMYK and
 * YCCK JPEGs are converted without colour profiles (no profile is applied anywhere). Orientation:
 * EXIF (JPEG APP1, PNG eXIf), all eight. Transparency (RGBA, grey + alpha, tRNS of all kinds, GIF,
 * BMP with an alpha mask): laid on white, each sample (c * a + 255 * (255 - a) + 127) / 255 in
 * integers: the nearest value, no ties. Pixels of a GIF that its first frame does not draw are
 * white (black with drop_alpha).
 *
 * Memory at the peak, bytes per pixel: JPEG 6 (progressive 12, with four channels 15), PNG 6 to 14
 * (16 bits per sample: up to 28), GIF 9, BMP 8. No block grows beyond what the stated size calls
 * for.
 *
 * What is taken although data is missing, because the decoder does not tell: a JPEG or GIF with all
 * its segments and end marks whose compressed data stops early (the rest is grey, or white in a
 * GIF), and wrong compressed JPEG or GIF data that happens to decode. */
bool image_decode(const uint8_t *bytes, size_t size, decode_options how, image *out, error *err);

/* Take pixels that are decoded already, laid on white as above.
 *   rgba  [height, width, 4], alpha not premultiplied; stays the caller's
 * False when width or height is beyond the limits or less than 1, or without memory
 * (err->no_memory). */
bool image_from_rgba(const uint8_t *rgba, int width, int height, image *out, error *err);

/* Get room for width x height pixels (both positive, within the limits), uninitialised. False
 * without memory. */
bool image_new(int width, int height, image *out, error *err);

/* Give the pixels back; the image is empty afterwards and may be freed again. */
void image_free(image *picture);

#endif
