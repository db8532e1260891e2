/* A pack in parts, since static hosts refuse large files. Its manifest is a JSON object:
 *   {"format": "vqa-manifest 1", "name", "licence", "size": bytes in all,
 *    "parts": [{"file": a name beside the manifest, "size", "sha256"}, ...]} */
#ifndef VQA_TOOLS_PARTS_H
#define VQA_TOOLS_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "vqa.h"

#define PARTS_FORMAT "vqa-manifest 1"
enum { PARTS_MAX = 24 << 20 }; /* bytes of a part */

/* Write the model of `v` as parts beside `manifest`, "<manifest without .json>.000" and so on, each
 * of at most `most` bytes, and the manifest last. */
bool parts_write(vqa *v, const char *manifest, size_t most, error *err);

/* Hand on the bytes of all parts in order, each part after its size and SHA-256 were checked. */
bool parts_stream(const char *manifest,
                  bool (*take)(void *context, const uint8_t *bytes, size_t size, error *err),
                  void *context, error *err);

#endif
