/* What the libFuzzer targets share (fuzz_NAME.c, one function each): bytes that decide, and the use of a model
 * that has loaded. Whatever the bytes: a sentence, or an answer of finite numbers; anything else stops the program. */
#ifndef VQA_TESTS_FUZZ_H
#define VQA_TESTS_FUZZ_H

#include "core/reader.h"
#include "vqa.h"

/* The one function of a target; `bytes` is a block of exactly that size. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* Stop the program, saying `what`, unless it holds. */
void fuzz_check(bool holds, const char *what);

/* Check the status of a call: not negative, or with a sentence. Returns whether it is not negative. */
bool fuzz_status(const vqa *v, int status);

/* Encode what is left of the bytes: as the file of a picture if it looks like one, else as pixels whose size the
 * first byte decides. The picture's id, or a negative status. Pictures of more than FUZZ_MAX_PIXELS are not tried:
 * they only take time. */
enum { FUZZ_MAX_PIXELS = 1 << 18 };
int fuzz_encode(vqa *v, reader *r);

/* Ask about the picture (0: none) and the sound (0: none), or where the model ranks let it choose, and read what
 * comes of it. */
void fuzz_ask(vqa *v, int picture, int sound, const char *question, size_t size);

#endif
