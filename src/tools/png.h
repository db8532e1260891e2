/* PNG files, written. */
#ifndef VQA_TOOLS_PNG_H
#define VQA_TOOLS_PNG_H

#include "image/decode.h"

/* Write the picture as a PNG file, not compressed: it has about 3 bytes a pixel. False and a sentence
 * where it can't be written. */
bool png_write(const char *path, const image *picture, error *err);

#endif
