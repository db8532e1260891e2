/* Heat maps, for people. */
#ifndef VQA_TOOLS_EXPLAIN_H
#define VQA_TOOLS_EXPLAIN_H

#include "image/decode.h"
#include "vqa.h"

/* Write the picture (the bytes of its file) as a PNG file, as bright as the heat map of the last answer
 * says: where it is 0, and where it does not reach, a fifth is left. False and a sentence without a heat
 * map, and where the file can't be written. */
bool explain_write(const vqa *v, const uint8_t *bytes, size_t size, const char *path, error *err);

#endif
