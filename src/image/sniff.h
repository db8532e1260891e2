/* What a file is, by how it starts. */
#ifndef VQA_IMAGE_SNIFF_H
#define VQA_IMAGE_SNIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum { FILE_UNKNOWN, FILE_JPEG, FILE_PNG, FILE_GIF, FILE_BMP, FILE_UNSUPPORTED } file_kind;

/* The kind of the `size` bytes of a file. `*name` is set to "JPEG", "PNG", "GIF", "BMP" or the name
 * of a kind that is known but never read ("WebP", "AVIF", "SVG", ...); NULL for FILE_UNKNOWN. */
file_kind sniff(const uint8_t *bytes, size_t size, const char **name);

#endif
