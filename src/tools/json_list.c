#include "tools/json_list.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "tools/files.h"

/* Where the reading is. */
typedef struct {
    const char *path, *at, *end;
    json_list *list;
    const char *key, *id;
} reading;

static void skip_space(reading *r)
{
    while (r->at < r->end && strchr(" \t\r\n", *r->at)) r->at++;
}

/* Whether the next character that is no white space is `c`, which is read then. */
static bool skip(reading *r, char c)
{
    skip_space(r);
    if (r->at == r->end || *r->at != c) return false;
    r->at++;
    return true;
}

static bool not_valid(const reading *r, error *err)
{
    return fail(err, "%s: not valid JSON at byte %zu", r->path, (size_t)(r->at - r->list->text));
}

/* The next value; NULL and a sentence. */
static cJSON *next_value(reading *r, error *err)
{
    const char *end;
    cJSON *value = cJSON_ParseWithLengthOpts(r->at, (size_t)(r->end - r->at), &end, false);
    if (value)
        r->at = end;
    else
        not_valid(r, err);
    return value;
}

static bool add_entry(reading *r, const cJSON *entry, const char *at, error *err)
{
    json_list *list = r->list;
    const cJSON *id = cJSON_GetObjectItemCaseSensitive(entry, r->id);
    if (!cJSON_IsNumber(id) || id->valuedouble < 0 || id->valuedouble > INT_MAX ||
        id->valuedouble != (double)id->valueint)
        return fail(err, "%s: entry %zu of \"%s\" lacks a whole number \"%s\"", r->path,
                    list->count + 1, r->key, r->id);
    if ((list->count & (list->count - 1)) == 0) { /* room doubles at every power of two */
        size_t room = list->count ? 2 * list->count : 1;
        json_entry *larger = realloc(list->entries, room * sizeof *larger);
        if (!larger) return fail_memory(err, "not enough memory for %s", r->path);
        list->entries = larger;
    }
    list->entries[list->count++] = (json_entry){ id->valueint, at, (size_t)(r->at - at) };
    return true;
}

/* A list, behind its bracket, of which only the entries are kept, and those of another list not. */
static bool read_list(reading *r, bool wanted, error *err)
{
    if (skip(r, ']')) return true;
    do {
        const char *at = r->at;
        cJSON *entry = next_value(r, err);
        bool ok = entry && (!wanted || add_entry(r, entry, at, err));
        cJSON_Delete(entry);
        if (!ok) return false;
    } while (skip(r, ','));
    return skip(r, ']') || not_valid(r, err);
}

/* "key": value */
static bool read_member(reading *r, error *err)
{
    cJSON *key = next_value(r, err), *value;
    if (!key) return false;
    bool ok = (cJSON_IsString(key) && skip(r, ':')) || not_valid(r, err);
    if (ok && skip(r, '['))
        ok = read_list(r, strcmp(key->valuestring, r->key) == 0, err);
    else if (ok && (ok = (value = next_value(r, err))))
        cJSON_AddItemToObject(r->list->rest, key->valuestring, value);
    cJSON_Delete(key);
    return ok;
}

bool json_list_open(json_list *list, const char *path, const char *key, const char *id, error *err)
{
    size_t size;
    *list = (json_list){ .rest = cJSON_CreateObject() };
    if (!list->rest) return fail_memory(err, "not enough memory for %s", path);
    if (!(list->text = (char *)file_read(path, &size, err))) return false;
    reading r = { path, list->text, list->text + size, list, key, id };
    if (!skip(&r, '{')) return fail(err, "%s: not a JSON object", path);
    do {
        if (!read_member(&r, err)) return false;
    } while (skip(&r, ','));
    if (!skip(&r, '}')) return not_valid(&r, err);
    skip_space(&r);
    if (r.at < r.end) return not_valid(&r, err);
    return list->count > 0 || fail(err, "%s: there is no list \"%s\" of objects", path, key);
}

void json_list_close(json_list *list)
{
    cJSON_Delete(list->rest);
    free(list->entries);
    free(list->text);
}

static int by_id(const void *a, const void *b)
{
    int x = ((const json_entry *)a)->id, y = ((const json_entry *)b)->id;
    return (x > y) - (x < y);
}

void json_list_sort(json_list *list)
{
    qsort(list->entries, list->count, sizeof *list->entries, by_id);
}

const json_entry *json_list_find(const json_list *list, int id)
{
    return bsearch(&(json_entry){ .id = id }, list->entries, list->count, sizeof *list->entries,
                   by_id);
}

cJSON *json_list_read(const json_entry *entry)
{
    return cJSON_ParseWithLength(entry->at, entry->size);
}
