/* BERT's tokenizer: text to ids and back, with the ids of Hugging Face's BertTokenizer.
 *
 * Encoding follows its BasicTokenizer and WordpieceTokenizer:
 *  1. [PAD] [UNK] [CLS] [SEP] [MASK], spelled like this, become their ids and part the text
 *  2. U+FFFD and control, format and private-use characters are dropped, white space ends a word, a
 *     CJK ideograph is a word of its own
 *  3. for a lower-case vocabulary each code point is lower-cased and decomposed (NFD), and accents
 *     (category Mn) are dropped
 *  4. a punctuation mark is a word of its own, and so is any ASCII symbol
 *  5. each word becomes the longest piece the vocabulary has, then the longest with "##" before it,
 *     and so on; a word that does not come out, or of more than 100 code points, is one [UNK]
 * Where the library's Python and Rust versions differ this is the Rust one, which its users get by
 * default: text for a vocabulary that is not lower-case is not normalised. Code points to which
 * Unicode 14 gives no character are kept. */
#ifndef VQA_TEXT_WORDPIECE_H
#define VQA_TEXT_WORDPIECE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

/* The tokens with a meaning of their own. */
typedef enum {
    WORDPIECE_PAD,
    WORDPIECE_UNK,
    WORDPIECE_CLS,
    WORDPIECE_SEP,
    WORDPIECE_MASK,
} wordpiece_special;

typedef struct wordpiece wordpiece;

/* Make a tokenizer from the text of a vocab.txt (see vocabulary_read()), which is copied.
 *   lower_case  do_lower_case of the tokenizer's configuration; as there, it also drops accents
 * Fails, naming the thing, for what vocabulary_read() refuses and without [UNK], [CLS] or [SEP];
 * *out is NULL then. Give it back with wordpiece_free(). */
bool wordpiece_new(wordpiece **out, const char *vocab, size_t size, bool lower_case, error *err);

/* Give the tokenizer back. NULL is fine. */
void wordpiece_free(wordpiece *w);

/* Lines of the vocabulary; ids are below it. */
int wordpiece_size(const wordpiece *w);

/* The id of a special token; -1 for a [PAD] or [MASK] that the vocabulary lacks. */
int wordpiece_id(const wordpiece *w, wordpiece_special token);

/* Encode a text as [CLS], its ids, [SEP]. Ids beyond max_length - 2 are cut off.
 *   text  [size], UTF-8; bytes that aren't are dropped, so look with utf8_valid() before
 *   ids   [max_length], at least 2
 * Returns how many ids were written, 2..max_length. Takes no memory, and time linear in `size`. */
int wordpiece_encode(const wordpiece *w, const char *text, size_t size, int *ids, int max_length);

/* Encode two texts as [CLS], the first's ids, [SEP], the second's ids, [SEP]. What is too long
 * loses ids at the end of the longer text, of the second where both are as long (`longest_first`).
 *   ids, types  [max_length], at least 3; types (token_type_ids): 0 up to the first [SEP], then 1
 * Returns how many were written, 3..max_length. */
int wordpiece_encode_pair(const wordpiece *w, const char *first, size_t first_size,
                          const char *second, size_t second_size, int *ids, int *types,
                          int max_length);

/* The text of ids: [count], with spaces between the tokens, pieces that start with ## joined on. An
 * id that the vocabulary lacks reads [UNK].
 *   skip_special  leave out special tokens, [UNK] among them
 *   clean_up      take away the space before . ? ! , and n't 'm 's 've 're and around a lone '
 *                 (clean_up_tokenization_spaces)
 * Returns a new, terminated string for the caller to free(), or NULL without memory. */
char *wordpiece_decode(const wordpiece *w, const int *ids, int count, bool skip_special,
                       bool clean_up);

#endif
