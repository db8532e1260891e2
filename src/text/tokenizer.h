/* Any tokenizer, by the class that tokenizer_config.json names. */
#ifndef VQA_TEXT_TOKENIZER_H
#define VQA_TEXT_TOKENIZER_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

typedef struct tokenizer tokenizer;

/* Make a tokenizer.
 *   kind        "BertTokenizer", "CLIPTokenizer", "GPT2Tokenizer" or "WhisperTokenizer" (GPT-2's rules), also with "Fast" behind it
 *   vocab       one token a line, its id is the line's number from 0
 *   merges      the text of a merges.txt; NULL for BertTokenizer
 *   lower_case  BertTokenizer only
 * All texts are copied. Fails with a sentence for an unknown kind (it lists those above), missing merges,
 * and what the tokenizer itself refuses; *out is NULL then. Give it back with tokenizer_free(). */
bool tokenizer_new(tokenizer **out, const char *kind, const char *vocab, const char *merges,
                   bool lower_case, error *err);

/* Give the tokenizer back. NULL is fine. */
void tokenizer_free(tokenizer *t);

/* Tokens of the vocabulary; ids are below it. */
int tokenizer_size(const tokenizer *t);

/* Encode a text with the tokens that the kind puts around it. Ids beyond max_length are cut off.
 *   text  [size], UTF-8
 *   ids   [max_length], at least 2
 * Returns how many ids were written, or -1 without memory. */
int tokenizer_encode(const tokenizer *t, const char *text, size_t size, int *ids, int max_length);

/* What ids made by tokenizer_encode() say: whether there is any text between the tokens around it,
 * and whether any of it is known. */
typedef enum { TEXT_EMPTY, TEXT_UNKNOWN, TEXT_KNOWN } text_state;
text_state tokenizer_state(const tokenizer *t, const int *ids, int count);

/* The text of ids [count], without special tokens; its bytes in *size. A new, terminated string for the
 * caller to free(); NULL without memory and for WordPiece, which nobody decodes. */
char *tokenizer_decode(const tokenizer *t, const int *ids, int count, size_t *size);

#endif
