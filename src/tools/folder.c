#include "tools/folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/json.h"
#include "format/safetensors.h"
#include "tools/files.h"

typedef struct {
    weights *w;
    precision keep;
    safetensors *file;
} loading;

static bool take_header(void *context, const tensor_info *tensors, int count, const cJSON *metadata,
                        error *err)
{
    loading *l = context;
    (void)metadata;
    return weights_plan(l->w, tensors, count, l->keep, err);
}

static bool take_data(void *context, int index, const uint8_t *bytes, size_t size, error *err)
{
    loading *l = context;
    return weights_take(l->w, index, bytes, size, err);
}

static bool push(void *context, const uint8_t *bytes, size_t size, error *err)
{
    loading *l = context;
    return safetensors_push(l->file, bytes, size, err);
}

bool tensors_read(const char *path, precision keep, weights *w, error *err)
{
    loading l = { w, keep, NULL };
    error why;
    *w = (weights){ 0 };
    l.file = safetensors_new((safetensors_sink){ take_header, take_data, &l });
    if (!l.file) return fail_memory(err, "not enough memory");
    bool ok = file_stream(path, push, &l, &why) && safetensors_end(l.file, &why) &&
              weights_finish(w, &why);
    safetensors_free(l.file);
    return ok || fail(err, "%s: %s", path, why.text);
}

bool tensors_read_in(const char *folder, const char *name, precision keep, weights *w, error *err)
{
    char path[4096];
    *w = (weights){ 0 };
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path)
        return fail(err, "the path '%s' is too long", folder);
    return tensors_read(path, keep, w, err);
}

cJSON *json_read_in(const char *folder, const char *name, error *err)
{
    size_t size;
    uint8_t *text = file_read_in(folder, name, &size, err);
    if (!text) return NULL;
    char what[300];
    snprintf(what, sizeof what, "%s/%s", folder, name);
    cJSON *json = json_object((const char *)text, size, what, err);
    free(text);
    return json;
}

/* id2label {"0": "yes", ...} of the config becomes an array in order. */
static bool take_labels(pack_settings *s, error *err)
{
    cJSON_DeleteItemFromObjectCaseSensitive(s->config, "label2id");
    cJSON *names = cJSON_DetachItemFromObjectCaseSensitive(s->config, "id2label");
    int count = cJSON_GetArraySize(names);
    s->labels = cJSON_CreateArray();
    bool ok = s->labels != NULL;
    for (int i = 0; i < count && ok; i++) {
        char key[16];
        snprintf(key, sizeof key, "%d", i);
        const char *label = json_text(names, key, NULL);
        ok = label ? cJSON_AddItemToArray(s->labels, cJSON_CreateString(label))
                   : fail(err, "config.json: id2label has no \"%s\"", key);
    }
    cJSON_Delete(names);
    if (ok && count && !cJSON_HasObjectItem(s->config, "num_labels"))
        cJSON_AddNumberToObject(s->config, "num_labels", count);
    return ok;
}

static bool take_tokenizer(const char *folder, pack_settings *s, error *err)
{
    size_t size;
    if (file_exists_in(folder, "tokenizer_config.json"))
        s->tokenizer = json_read_in(folder, "tokenizer_config.json", err);
    else
        s->tokenizer = cJSON_CreateObject();
    if (!s->tokenizer) return false;
    uint8_t *vocabulary = file_read_in(folder, "vocab.txt", &size, err);
    bool ok = vocabulary &&
              (strlen((const char *)vocabulary) == size ||
               fail(err, "%s/vocab.txt holds a zero byte", folder)) &&
              (cJSON_AddStringToObject(s->tokenizer, "vocab", (const char *)vocabulary) ||
               fail_memory(err, "not enough memory for the vocabulary"));
    free(vocabulary);
    return ok;
}

bool folder_settings(const char *folder, const char *name, const char *licence, pack_settings *s,
                     error *err)
{
    *s = (pack_settings){ .name = strdup(name), .licence = strdup(licence) };
    if (!s->name || !s->licence) return fail_memory(err, "not enough memory");
    return (s->config = json_read_in(folder, "config.json", err)) && take_labels(s, err) &&
           (s->preprocessor = json_read_in(folder, "preprocessor_config.json", err)) &&
           take_tokenizer(folder, s, err);
}
