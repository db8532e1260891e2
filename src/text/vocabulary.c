#include "text/vocabulary.h"

#include <stdlib.h>
#include <string.h>

#include "core/utf8.h"

static const uint32_t HASH_START = 2166136261u; /* FNV-1a */

static uint32_t hash_byte(uint32_t hash, char c) { return (hash ^ (unsigned char)c) * 16777619u; }

static uint32_t hash_bytes(const char *s, size_t size)
{
    uint32_t hash = HASH_START;
    for (size_t i = 0; i < size; i++) hash = hash_byte(hash, s[i]);
    return hash;
}

/* The slot that holds the token, or the free one where it would go, or NULL where neither is near. */
static uint32_t *find_slot(const vocabulary *v, uint32_t hash, const char *token, size_t size)
{
    for (uint32_t i = hash; i != hash + VOCABULARY_MAX_PROBES; i++) {
        uint32_t *slot = &v->slot[i & (v->slots - 1)];
        if (!*slot) return slot;
        uint32_t start = v->start[*slot - 1], end = v->start[*slot];
        if (end - start == size && !memcmp(v->text + start, token, size)) return slot;
    }
    return NULL;
}

/* The token's id + 1, or 0. */
static uint32_t find(const vocabulary *v, uint32_t hash, const char *token, size_t size)
{
    const uint32_t *slot = find_slot(v, hash, token, size);
    return slot ? *slot : 0;
}

int vocabulary_find(const vocabulary *v, const char *token, size_t size)
{
    return (int)find(v, hash_bytes(token, size), token, size) - 1;
}

int vocabulary_longest(const vocabulary *v, const char *s, size_t size, size_t skip, size_t *bytes)
{
    uint32_t hash = HASH_START;
    int id = -1;
    for (size_t i = 0; i < size && i < v->longest;) {
        hash = hash_byte(hash, s[i++]);
        bool inside = i < size && ((unsigned char)s[i] & 0xC0) == 0x80; /* of a code point */
        if (i <= skip || inside) continue;
        uint32_t slot = find(v, hash, s, i);
        if (slot) id = (int)slot - 1, *bytes = i;
    }
    return id;
}

/* Append a token; there is room for it. False where too many have its place. */
static bool add(vocabulary *v, const char *token, size_t size)
{
    uint32_t start = v->start[v->count];
    memcpy(v->text + start, token, size);
    v->start[++v->count] = start + (uint32_t)size;
    uint32_t *slot = find_slot(v, hash_bytes(token, size), token, size);
    if (!slot) return false;
    *slot = (uint32_t)v->count;
    if (size > v->longest) v->longest = size;
    return true;
}

/* Lines of the text; the last one needs no line feed. */
static size_t count_lines(const char *text, size_t size)
{
    size_t lines = size > 0 && text[size - 1] != '\n';
    for (size_t i = 0; i < size; i++) lines += text[i] == '\n';
    return lines;
}

/* Make an empty vocabulary with room for `tokens` of `size` bytes in all. */
static bool reserve(vocabulary *v, size_t tokens, size_t size)
{
    size_t slots = 1;
    while (slots < 2 * tokens) slots *= 2;
    uint32_t *block = calloc(1, (tokens + 1 + slots) * sizeof *block + size);
    if (!block) return false;
    v->start = block;
    v->slot = v->start + tokens + 1;
    v->text = (char *)(v->slot + slots);
    v->slots = (uint32_t)slots;
    return true;
}

bool vocabulary_read(vocabulary *v, const char *text, size_t size, error *err)
{
    *v = (vocabulary){ 0 };
    if (size == 0) return fail(err, "vocabulary: empty");
    if (size > VOCABULARY_MAX_BYTES)
        return fail(err, "vocabulary: %zu bytes, at most %d", size, VOCABULARY_MAX_BYTES);
    size_t bad = utf8_valid(text, size);
    if (bad < size) return fail(err, "vocabulary: byte %zu is not UTF-8", bad);
    size_t tokens = count_lines(text, size);
    if (tokens > VOCABULARY_MAX_TOKENS)
        return fail(err, "vocabulary: %zu tokens, at most %d", tokens, VOCABULARY_MAX_TOKENS);
    if (!reserve(v, tokens, size))
        return fail_memory(err, "vocabulary: no memory for %zu tokens", tokens);

    for (size_t at = 0; at < size;) {
        const char *line = text + at, *feed = memchr(line, '\n', size - at);
        size_t length = feed ? (size_t)(feed - line) : size - at;
        bool crlf = feed && length > 0 && line[length - 1] == '\r';
        if (!add(v, line, length - crlf)) {
            vocabulary_free(v);
            return fail(err, "vocabulary: its tokens are chosen to be slow to find");
        }
        at += length + 1;
    }
    return true;
}

void vocabulary_free(vocabulary *v)
{
    free(v->start);
    *v = (vocabulary){ 0 };
}
