#include "format/vocabulary_json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Sort the tokens by id, those from `first` on: token [count], all NULL. As each gets a place of its own
 * below `count`, none stays empty. */
static bool sort_tokens(const cJSON *vocab, int first, int count, const char **token, error *err)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, vocab)
    {
        const char *name = item->string ? item->string : "";
        double id = cJSON_IsNumber(item) ? item->valuedouble : NAN;
        if (id != floor(id))
            return fail(err, "the vocabulary: the id of '%.100s' is no whole number", name);
        if (id >= 0 && id < first) continue;
        if (id < 0 || id >= first + count)
            return fail(err, "the vocabulary: '%.100s' has the id %g, expected 0 to %d", name, id,
                        first + count - 1);
        int place = (int)id - first;
        if (token[place])
            return fail(err, "the vocabulary: '%.100s' and '%.100s' have the id %d", token[place],
                        name, (int)id);
        if (strpbrk(name, "\r\n"))
            return fail(err, "the vocabulary: the token of id %d has a line break", (int)id);
        token[place] = name;
    }
    return true;
}

/* Join lines and tokens with a line feed behind each, and a zero byte at the end. */
static char *join(const char *lines, const char *const *token, int count, size_t *size)
{
    size_t before = strlen(lines);
    *size = before;
    /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): sort_tokens() has seen to all */
    for (int i = 0; i < count; i++) *size += strlen(token[i]) + 1;
    char *all = malloc(*size + 1);
    if (!all) return NULL;
    memcpy(all, lines, before);
    char *at = all + before;
    for (int i = 0; i < count; i++) {
        size_t length = strlen(token[i]);
        memcpy(at, token[i], length);
        at[length] = '\n';
        at += length + 1;
    }
    *at = 0;
    return all;
}

/* `lines`, of `first` tokens, with those of `vocab` that have other ids. */
static char *join_sorted(const char *lines, int first, const cJSON *vocab, size_t *size, error *err)
{
    int count = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, vocab) count += !(item->valuedouble >= 0 && item->valuedouble < first);
    if (first + count > VOCABULARY_JSON_MAX) {
        fail(err, "vocabulary: %zu tokens, at most %d", (size_t)(first + count),
             VOCABULARY_JSON_MAX);
        return NULL;
    }
    const char **token = calloc((size_t)count + 1, sizeof *token);
    char *all = NULL;
    if (!token)
        fail_memory(err, "the vocabulary: no memory for %d tokens", count);
    else if (sort_tokens(vocab, first, count, token, err) &&
             !(all = join(lines, token, count, size)))
        fail_memory(err, "the vocabulary: no memory for %zu bytes", *size);
    free(token);
    return all;
}

char *vocabulary_lines(const cJSON *vocab, size_t *size, error *err)
{
    if (cJSON_IsObject(vocab) && vocab->child) return join_sorted("", 0, vocab, size, err);
    fail(err, "the vocabulary: not an object of tokens");
    return NULL;
}

char *vocabulary_append(const char *lines, const cJSON *added, size_t *size, error *err)
{
    int first = 0;
    for (const char *at = lines; (at = strchr(at, '\n')); at++) first++;
    return join_sorted(lines, first, added, size, err);
}
