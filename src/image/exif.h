/* The orientation tag of EXIF, and how to read a picture through it. */
#ifndef VQA_IMAGE_EXIF_H
#define VQA_IMAGE_EXIF_H

#include <stddef.h>
#include <stdint.h>

/* The orientation 1..8 in the `size` bytes of a TIFF structure ("II*" or "MM.*": what follows
 * "Exif\0\0" in a JPEG's APP1 segment, or a PNG's eXIf chunk). Only the first directory is looked
 * at, as EXIF has it. 1 (upright) when the tag is absent or has another value and when the
 * structure is damaged. */
int exif_orientation(const uint8_t *tiff, size_t size);

/* A picture as it should be seen, read out of the picture as it is stored: pixel (x, y) of the
 * upright one is stored pixel number first + x * step_x + y * step_y, counted row by row. */
typedef struct {
    int width, height; /* upright: swapped for orientations 5..8 */
    ptrdiff_t first, step_x, step_y;
} exif_view;

/* The view for an orientation (1..8) of a stored picture of width x height (both positive). */
exif_view exif_upright(int orientation, int width, int height);

#endif
