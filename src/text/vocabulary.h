/* The tokens of a tokenizer: from id to text and from text to id. */
#ifndef VQA_TEXT_VOCABULARY_H
#define VQA_TEXT_VOCABULARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

enum {
    VOCABULARY_MAX_TOKENS = 1000000,
    VOCABULARY_MAX_BYTES = 64 << 20, /* of all tokens */
    VOCABULARY_MAX_PROBES = 256,     /* slots that are looked at; chance makes runs of about 70 */
};

/* One block of memory holds both tables and the text. */
typedef struct {
    uint32_t *start; /* [count + 1]: token i is text[start[i]..start[i + 1]), not terminated */
    uint32_t *slot;  /* [slots]: a hash table with open addressing; id + 1, or 0 for a free slot */
    char *text;
    uint32_t slots; /* a power of two, at least twice the tokens */
    size_t longest; /* bytes of the longest token */
    int count;
} vocabulary;

/* Read a vocab.txt: one token a line, ended by LF or CRLF (the last line need not be), its id is
 * the line's number from 0; of equal lines the last counts, as in Hugging Face's load_vocab. The
 * text is copied. Fails, naming the thing, for a text that is empty, too long, not UTF-8 or of too
 * many lines, for tokens chosen to share their places in the table, and without memory; then there is nothing to free. */
bool vocabulary_read(vocabulary *v, const char *text, size_t size, error *err);

/* Give the memory back; the vocabulary is empty afterwards and may be freed again. */
void vocabulary_free(vocabulary *v);

/* The id of a token, or -1. */
int vocabulary_find(const vocabulary *v, const char *token, size_t size);

/* The longest token that s[0..size) starts with and that ends where a code point does. Tokens of no
 * more than `skip` bytes don't count. Returns its id and sets *bytes to its size, or returns -1. */
int vocabulary_longest(const vocabulary *v, const char *s, size_t size, size_t skip, size_t *bytes);

#endif
