/* The vocabulary of a byte-level tokenizer as it is published: vocab.json, an object that gives
 * each token its id. */
#ifndef VQA_FORMAT_VOCABULARY_JSON_H
#define VQA_FORMAT_VOCABULARY_JSON_H

#include <cjson/cJSON.h>
#include <stddef.h>

#include "core/error.h"

enum { VOCABULARY_JSON_MAX = 1000000 }; /* tokens, as many as text/vocabulary.h takes */

/* Write the tokens in the order of their ids, a line each, as bpe_new() takes them. Ids are whole
 * numbers from 0 without holes; a token has no line break; there
 * are at most VOCABULARY_JSON_MAX. Anything else fails, naming the token.
 *   size  bytes of the lines
 * Returns a new, terminated text for the caller to free(); NULL with a sentence on failure. */
char *vocabulary_lines(const cJSON *vocab, size_t *size, error *err);

/* The lines of vocabulary_lines() with the tokens of another such object behind them, as added_tokens.json
 * is one: their ids go on without holes; smaller ones are there already and left out. Otherwise as
 * vocabulary_lines(). */
char *vocabulary_append(const char *lines, const cJSON *added, size_t *size, error *err);

#endif
