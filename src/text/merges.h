/* The merges of a byte-pair encoding: which two tokens become one, and which pair goes first. */
#ifndef VQA_TEXT_MERGES_H
#define VQA_TEXT_MERGES_H

#include "text/vocabulary.h"

typedef struct {
    int left, right, result; /* ids; the result's text is that of the two together */
} merge;

/* One block of memory holds both tables. */
typedef struct {
    merge *list;    /* [count], by rank: the first goes first */
    uint32_t *slot; /* [slots]: a hash table with open addressing; rank + 1, or 0 for a free slot */
    uint32_t slots; /* a power of two, at least twice the merges */
    int count;
} merge_table;

/* Read a merges.txt: a pair of tokens of `v` a line, with one space between, ended by LF or CRLF
 * (the last line need not be); the rank is the line's number. A first line that starts with
 * "#version" is left out. Nothing points to `text` or `v` afterwards. Fails, naming the line, for
 * one that is not a pair, whose tokens or result `v` lacks or whose pair was there before, for
 * pairs chosen to share their places in the table, for a text that is too long, and without memory; then there is nothing to free. */
bool merges_read(merge_table *m, const vocabulary *v, const char *text, size_t size, error *err);

/* Give the memory back; the table is empty afterwards and may be freed again. */
void merges_free(merge_table *m);

/* The rank of a pair of ids, or -1. */
int merges_find(const merge_table *m, int left, int right);

#endif
