#include "format/vocabulary_json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Sort the tokens by id, token: [count], all NULL. As each gets a place of its own below `count`,
 * none stays empty. */
static bool sort_tokens(const cJSON *vocab, int count, const char **token, error *err)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, vocab)
    {
        const char *name = item->string;
        double id = cJSON_IsNumber(item) ? item->valuedouble : NAN;
        if (id != floor(id))
            return fail(err, "the vocabulary: the id of '%.100s' is no whole number", name);
        if (id < 0 || id >= count)
            return fail(err, "the vocabulary: '%.100s' has the id %g, expected 0 to %d", name, id,
                        count - 1);
        if (token[(int)id])
            return fail(err, "the vocabulary: '%.100s' and '%.100s' have the id %d", token[(int)id],
                        name, (int)id);
        if (strpbrk(name, "\r\n"))
            return fail(err, "the vocabulary: the token of id %d has a line break", (int)id);
        token[(int)id] = name;
    }
    return true;
}

/* Join them with a line feed behind each, and a zero byte at the end. */
static char *join(const char *const *token, int count, size_t *size)
{
    *size = 0;
    for (int i = 0; i < count; i++) *size += strlen(token[i]) + 1;
    char *lines = malloc(*size + 1), *at = lines;
    for (int i = 0; lines && i < count; i++) {
        size_t length = strlen(token[i]);
        memcpy(at, token[i], length);
        at[length] = '\n';
        at += length + 1;
    }
    if (lines) *at = 0;
    return lines;
}

char *vocabulary_lines(const cJSON *vocab, size_t *size, error *err)
{
    int count = cJSON_IsObject(vocab) ? cJSON_GetArraySize(vocab) : 0;
    if (count == 0) {
        fail(err, "the vocabulary: not an object of tokens");
        return NULL;
    }
    const char **token = calloc((size_t)count, sizeof *token);
    char *lines = NULL;
    if (!token)
        fail_memory(err, "the vocabulary: no memory for %d tokens", count);
    else if (sort_tokens(vocab, count, token, err) && !(lines = join(token, count, size)))
        fail_memory(err, "the vocabulary: no memory for %zu bytes", *size);
    free(token);
    return lines;
}
