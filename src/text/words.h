/* Where the words of byte-pair encodings end. Each function takes text[0..size), code points, at
 * least one, and tells how many of them its first word has. */
#ifndef VQA_TEXT_WORDS_H
#define VQA_TEXT_WORDS_H

#include <stddef.h>
#include <stdint.h>

/* CLIP: 's|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+|\s+ (white space is a word here). */
size_t words_clip(const uint32_t *text, size_t size);

/* GPT-2: 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+ */
size_t words_gpt2(const uint32_t *text, size_t size);

/* One \p{N}, or all up to the first one: what is then split by itself. */
size_t words_digit_piece(const uint32_t *text, size_t size);

#endif
