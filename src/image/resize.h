/* Resizing exactly as PIL does it: separable, antialiased, in 8-bit fixed point. */
#ifndef VQA_IMAGE_RESIZE_H
#define VQA_IMAGE_RESIZE_H

#include "image/decode.h"

/* The numbers are PIL's and those of "resample" in a preprocessor_config.json. */
typedef enum {
    RESIZE_LANCZOS = 1,  /* reaches 3 pixels to each side; uses sin() of the C library */
    RESIZE_BILINEAR = 2, /* 1 pixel */
    RESIZE_BICUBIC = 3,  /* 2 pixels, a = -0.5 */
} resize_filter;

/* A part of a picture, in pixels. */
typedef struct {
    int x, y, width, height;
} image_part;

/* Resize `from` to width x height (1..2^27 each) and keep only `part` of the result; what lies
 * outside is not computed. The same bytes as PIL's Image.resize((width, height),
 * filter).crop(part): horizontal pass, rounded to 8 bits, then the vertical one; a pass that
 * changes nothing is left out. Coefficients have 22 fractional bits (Pillow's ImagingResample).
 *   from  at least 1 x 1
 *   part  inside width x height, at least 1 x 1
 *   out   overwritten: part.width x part.height; give it back with image_free()
 * False only without memory (err->no_memory). */
bool image_resize(const image *from, int width, int height, resize_filter filter, image_part part,
                  image *out, error *err);

#endif
