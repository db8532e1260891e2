/* Byte-pair encoding over bytes: text to ids and back, with the ids of CLIP's and GPT-2's
 * tokenizers in Hugging Face's library `tokenizers` (the fast ones, which its users get).
 *
 * Encoding:
 *  1. the special tokens, spelled as they are, become their ids and part the text
 *  2. CLIP: the text is composed (NFC), then lower-cased
 *  3. the text is split into words by the rules' pattern, in which \s is White_Space; GPT-2's gives
 *     a space to the word behind it, CLIP's drops white space:
 *       CLIP          's|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+
 *       GPT-2         's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
 *       GPT-2 DIGITS  first every \p{N} by itself, then what is between as GPT-2 does
 *  4. each byte of a word becomes a token of one character (GPT-2's byte alphabet: a visible
 *     character for every byte); for CLIP the last one ends in "</w>"
 *  5. of all neighbours in the word the pair with the lowest rank is merged, the leftmost of equals
 *     first, until no pair is in the list */
#ifndef VQA_TEXT_BPE_H
#define VQA_TEXT_BPE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

enum { BPE_MAX_BYTES = 16 << 20 }; /* of a text */

/* Whose rules. */
typedef enum {
    BPE_CLIP,        /* <|startoftext|> and <|endoftext|> are put around the ids */
    BPE_GPT2,        /* nothing is put around them; <|endoftext|> is a special token */
    BPE_GPT2_DIGITS, /* the same, every digit a word of its own: SmolLM, SmolVLM */
} bpe_rules;

/* The tokens with a meaning of their own. */
typedef enum {
    BPE_START, /* only CLIP's rules have it */
    BPE_END,
} bpe_special;

typedef struct bpe bpe;

/* Make a tokenizer.
 *   vocab   one token a line, in the byte alphabet; its id is the line's number from 0 (see
 *           vocabulary_read(); vocabulary_lines() makes this of a vocab.json)
 *   merges  the text of a merges.txt (see merges_read())
 * Both are copied. Fails, naming the thing, for what those two refuse, for a token that is there
 * twice and without the special tokens of the rules; *out is NULL then. Give it back with
 * bpe_free(). */
bool bpe_new(bpe **out, const char *vocab, size_t vocab_size, const char *merges,
             size_t merges_size, bpe_rules rules, error *err);

/* Give the tokenizer back. NULL is fine. */
void bpe_free(bpe *b);

/* Tokens of the vocabulary; ids are below it. */
int bpe_size(const bpe *b);

/* The id of a special token; -1 where the rules have none. */
int bpe_id(const bpe *b, bpe_special token);

/* Encode a text. Ids beyond max_length are cut off; CLIP's start and end stay.
 *   text  [size], UTF-8; a byte that isn't is read as U+FFFD
 *   ids   [max_length], at least 2
 * A byte that the vocabulary has no token for is CLIP's end token, and nothing for the others.
 * Returns how many ids were written, 0..max_length, or -1 for more than BPE_MAX_BYTES or without
 * memory: 16 bytes for each byte of the text and 112 for each code point of its longest word are
 * taken and given back. Takes time linear in `size`, but for a factor log(n) in words of n bytes:
 * see merge_symbols(). */
int bpe_encode(const bpe *b, const char *text, size_t size, int *ids, int max_length);

/* The text of ids: [count]; ids that the vocabulary lacks are left out. Bytes that don't make UTF-8
 * become U+FFFD, one for each beginning of a code point that breaks off. In CLIP's text "</w>" is a
 * space, and white space (U+001C to U+001F, too) at both ends goes.
 *   skip_special  leave out special tokens
 *   size          bytes of the text, among which there may be zeros
 * Returns a new, terminated string for the caller to free(), or NULL without memory. */
char *bpe_decode(const bpe *b, const int *ids, int count, bool skip_special, size_t *size);

#endif
