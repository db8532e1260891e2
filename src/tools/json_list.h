/* Large JSON files whose one object holds a long list of objects, such as VQA v2's questions: an entry is
 * parsed when it is needed, since all of them as a tree take ten times the file. */
#ifndef VQA_TOOLS_JSON_LIST_H
#define VQA_TOOLS_JSON_LIST_H

#include <cjson/cJSON.h>
#include <stddef.h>

#include "core/error.h"

typedef struct {
    int id;         /* of the entry */
    const char *at; /* its text */
    size_t size;
} json_entry;

typedef struct {
    char *text;          /* the whole file */
    json_entry *entries; /* [count], in the order of the file */
    size_t count;
    cJSON *rest; /* the object without its lists */
} json_list;

/* Read the file at `path` and find the entries of its list `key`, each with a whole number at `id`. False
 * and a sentence naming the file. Give it back with json_list_close(), also after a failure. */
bool json_list_open(json_list *list, const char *path, const char *key, const char *id, error *err);
void json_list_close(json_list *list);

/* Put the entries in order of their ids, and the entry of one id then; NULL if there is none. */
void json_list_sort(json_list *list);
const json_entry *json_list_find(const json_list *list, int id);

/* The entry as an object, for the caller to cJSON_Delete(); NULL if memory does not suffice. */
cJSON *json_list_read(const json_entry *entry);

#endif
