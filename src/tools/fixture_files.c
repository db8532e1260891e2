#include "tools/fixture_files.h"

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
