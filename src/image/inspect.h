/* What a picture file says about itself, read before anything is decoded. The decoder behind
 * decode.c trusts its input more than hostile files deserve; whatever can be checked by walking
 * over the file's segments, chunks or blocks is checked here. */
#ifndef VQA_IMAGE_INSPECT_H
#define VQA_IMAGE_INSPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

typedef struct {
    const char *kind;    /* "JPEG", "PNG", "GIF", "BMP" */
    int width, height;   /* as stored; within the limits of decode.h */
    const uint8_t *exif; /* a TIFF structure inside the file, or NULL */
    size_t exif_size;
    bool ignore_alpha;  /* the fourth channel is padding */
    size_t pixel_bytes; /* the decoder's largest block has at most so many bytes per pixel */

    /* A repair without which the decoder misreads the file: poke_size other bytes at poke_at, and
     * cut_size bytes at cut_at (which lies behind them) replaced by `zeros` zero bytes. */
    size_t poke_at, poke_size;
    uint8_t poke[8];
    size_t cut_at, cut_size, zeros;
} picture_facts;

/* Recognise the `size` bytes of a picture file by how they start, walk over it to its end and fill
 * `facts`. False when it is no picture, of a kind that is not supported, larger than IMAGE_MAX_SIDE
 * or IMAGE_MAX_PIXELS, cut off, or damaged in a way that shows: JPEG segments up to the end mark
 * (Huffman tables of at most 256 codes, at most 100 scans, of large pictures fewer), PNG chunks up to IEND (checksums of the
 * critical ones, the combinations of depth and colour), GIF blocks up to the end of the first
 * picture, the size of BMP pixels. */
bool inspect_picture(const uint8_t *bytes, size_t size, picture_facts *facts, error *err);

/* Refuse a picture of width x height beyond the limits (and sizes of 0 or less), with a sentence.
 */
bool inspect_size(int64_t width, int64_t height, error *err);

#endif
