#include "loading.h"

#include <string.h>

#include "models/model.h"

static bool take_pack_header(void *context, const tensor_info *tensors, int count,
                             const cJSON *metadata, error *err)
{
    loading *l = context;
    if (!pack_settings_read(&l->settings, metadata, err)) return false;
    const tensor_info *last = count > 0 ? &tensors[count - 1] : NULL;
    if (!last || strcmp(last->name, PACK_CHECKSUM) != 0 || last->size != PACK_CHECKSUM_SIZE)
        return fail(err, "the pack does not end with its tensor '" PACK_CHECKSUM "'");
    if (l->size_limit && last->begin + last->size > l->size_limit)
        return fail(err, "the pack's header promises %zu bytes of tensors, of at most %zu",
                    last->begin + last->size, l->size_limit);
    return model_known(l->settings.config, err) &&
           weights_plan(&l->weights, tensors, count, l->keep, err);
}

static bool take_header(void *context, const tensor_info *tensors, int count, const cJSON *metadata,
                        error *err)
{
    loading *l = context;
    (void)metadata;
    return weights_plan(&l->weights, tensors, count, l->keep, err);
}

static bool take_data(void *context, int index, const uint8_t *bytes, size_t size, error *err)
{
    loading *l = context;
    return weights_take(&l->weights, index, bytes, size, err);
}

bool loading_open_folder(loading *l, const char *name, size_t size, error *err)
{
    return (l->folder = folder_new(name, size, err)) != NULL;
}

bool loading_begun(const loading *l) { return l->folder || l->file; }

const char *loading_wanted(const loading *l) { return l->folder ? folder_wanted(l->folder) : ""; }

static bool take_weights(loading *l, const uint8_t *bytes, size_t size, error *err)
{
    safetensors_sink sink = { l->folder ? take_header : take_pack_header, take_data, l };
    if (!l->file) l->file = safetensors_new(sink);
    return l->file ? safetensors_push(l->file, bytes, size, err)
                   : fail_memory(err, "not enough memory for a model");
}

bool loading_take(loading *l, const uint8_t *bytes, size_t size, error *err)
{
    if (!l->folder) {
        pack_check_bytes(&l->check, bytes, size);
        return take_weights(l, bytes, size, err);
    }
    if (folder_wants_weights(l->folder)) return take_weights(l, bytes, size, err);
    if (*folder_wanted(l->folder)) return folder_take(l->folder, bytes, size, err);
    return size == 0 || fail(err, "the folder is complete, but %zu more bytes came", size);
}

static void free_file(loading *l)
{
    safetensors_free(l->file);
    l->file = NULL;
}

/* In a folder the name of the file tells which one is broken. */
static bool end_weights(loading *l, error *err)
{
    error why;
    bool ok = take_weights(l, NULL, 0, &why) && safetensors_end(l->file, &why);
    free_file(l);
    if (ok) return true;
    why.no_memory ? fail_memory(err, "%s: %s", folder_wanted(l->folder), why.text)
                  : fail(err, "%s: %s", folder_wanted(l->folder), why.text);
    return false;
}

bool loading_end_file(loading *l, bool there, error *err)
{
    if (!l->folder || !*folder_wanted(l->folder)) return fail(err, "no file is wanted");
    bool first = !folder_settings(l->folder)->config;
    there |= l->file != NULL; /* some of it has come */
    if (there && folder_wants_weights(l->folder) && !end_weights(l, err)) return false;
    return folder_end(l->folder, there, err) &&
           (!first || model_known(folder_settings(l->folder)->config, err));
}

bool loading_end(loading *l, error *err)
{
    if (l->folder) {
        const char *missing = folder_wanted(l->folder);
        if (*missing) return fail(err, "%s is still to come", missing);
        l->settings = *folder_settings(l->folder);
        *folder_settings(l->folder) = (pack_settings){ 0 };
        folder_free(l->folder);
        l->folder = NULL;
    } else {
        if (!take_weights(l, NULL, 0, err) || !safetensors_end(l->file, err) ||
            !pack_check_end(&l->check, err))
            return false;
        free_file(l);
    }
    return weights_finish(&l->weights, err);
}

void loading_free(loading *l)
{
    weights_free(&l->weights);
    pack_settings_free(&l->settings);
    free_file(l);
    folder_free(l->folder);
    l->folder = NULL;
}
