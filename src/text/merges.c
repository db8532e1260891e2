#include "text/merges.h"

#include <stdlib.h>
#include <string.h>

/* The slot that holds the pair, or the free one where it would go, or NULL where neither is near. */
static uint32_t *find_slot(const merge_table *m, int left, int right)
{
    uint32_t hash = (uint32_t)left * 0x9E3779B1u ^ (uint32_t)right * 0x85EBCA77u;
    hash ^= hash >> 15;
    for (uint32_t i = 0; i < VOCABULARY_MAX_PROBES; i++) {
        uint32_t *slot = &m->slot[(hash + i) & (m->slots - 1)];
        if (!*slot) return slot;
        const merge *found = &m->list[*slot - 1];
        if (found->left == left && found->right == right) return slot;
    }
    return NULL;
}

int merges_find(const merge_table *m, int left, int right)
{
    const uint32_t *slot = find_slot(m, left, right);
    return slot ? (int)*slot - 1 : -1;
}

/* Find a token of a line. */
static bool find_token(const vocabulary *v, const char *token, size_t size, size_t line, int *id,
                       error *err)
{
    *id = vocabulary_find(v, token, size);
    return *id >= 0 || fail(err, "merges: line %zu: '%.*s' is not in the vocabulary", line,
                            (int)(size < 100 ? size : 100), token);
}

/* Append the merge of a line; there is room for it. joined: room for the text of two tokens. */
static bool add(merge_table *m, const vocabulary *v, const char *pair, size_t size, size_t line,
                char *joined, error *err)
{
    const char *space = memchr(pair, ' ', size);
    if (!space) return fail(err, "merges: line %zu is not two tokens", line);
    size_t left = (size_t)(space - pair), right = size - left - 1;
    merge *new = &m->list[m->count];
    if (!find_token(v, pair, left, line, &new->left, err) ||
        !find_token(v, space + 1, right, line, &new->right, err))
        return false;
    memcpy(joined, pair, left);
    memcpy(joined + left, space + 1, right);
    if (!find_token(v, joined, left + right, line, &new->result, err)) return false;
    uint32_t *slot = find_slot(m, new->left, new->right);
    if (!slot) return fail(err, "merges: their pairs are chosen to be slow to find");
    if (*slot) return fail(err, "merges: line %zu repeats the pair of an earlier one", line);
    *slot = (uint32_t)++m->count;
    return true;
}

/* Make an empty table with room for `count` merges. */
static bool reserve(merge_table *m, size_t count)
{
    size_t slots = 1;
    while (slots < 2 * count) slots *= 2;
    m->list = calloc(1, count * sizeof *m->list + slots * sizeof *m->slot);
    if (!m->list) return false;
    m->slot = (uint32_t *)(m->list + count);
    m->slots = (uint32_t)slots;
    return true;
}

/* Read the lines into a table that has room for them. */
static bool add_lines(merge_table *m, const vocabulary *v, const char *text, size_t size,
                      char *joined, error *err)
{
    static const char version[] = "#version";
    size_t number = 1;
    for (size_t at = 0; at < size; number++) {
        const char *line = text + at, *feed = memchr(line, '\n', size - at);
        size_t length = feed ? (size_t)(feed - line) : size - at;
        at += length + 1;
        if (feed && length > 0 && line[length - 1] == '\r') length--;
        bool comment =
            number == 1 && length >= strlen(version) && memcmp(line, version, strlen(version)) == 0;
        if (!comment && !add(m, v, line, length, number, joined, err)) return false;
    }
    return true;
}

bool merges_read(merge_table *m, const vocabulary *v, const char *text, size_t size, error *err)
{
    *m = (merge_table){ 0 };
    if (size > VOCABULARY_MAX_BYTES)
        return fail(err, "merges: %zu bytes, at most %d", size, VOCABULARY_MAX_BYTES);
    size_t lines = 1;
    for (size_t i = 0; i < size; i++) lines += text[i] == '\n';
    if (lines > VOCABULARY_MAX_TOKENS)
        return fail(err, "merges: %zu lines, at most %d", lines, VOCABULARY_MAX_TOKENS);
    char *joined = malloc(2 * v->longest + 1);
    bool ok =
        (joined && reserve(m, lines)) || fail_memory(err, "merges: no memory for %zu lines", lines);
    ok = ok && add_lines(m, v, text, size, joined, err);
    free(joined);
    if (!ok) merges_free(m);
    return ok;
}

void merges_free(merge_table *m)
{
    free(m->list);
    *m = (merge_table){ 0 };
}
