/* Models from files: a pack, the manifest of a pack in parts, or a Hugging Face folder. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "handle.h"
#include "tools/files.h"
#include "tools/parts.h"
#include "tools/tools.h"

static bool push(void *context, const uint8_t *bytes, size_t size, error *err)
{
    vqa *v = context;
    return vqa_load(v, bytes, size) == VQA_OK || fail(err, "%s", vqa_error(v));
}

/* The last part of a path, without slashes at the end. */
static const char *name_of(const char *path, size_t *size)
{
    *size = strlen(path);
    while (*size > 1 && path[*size - 1] == '/') (*size)--;
    size_t start = *size;
    while (start > 0 && path[start - 1] != '/') start--;
    *size -= start;
    return path + start;
}

static bool load_folder(vqa *v, const char *root, const char *name, error *err)
{
    size_t size = name ? strlen(name) : 0;
    if (!name) name = name_of(root, &size);
    if (vqa_open_folder(v, name, size) != VQA_OK) return fail(err, "%s", vqa_error(v));
    for (const char *wanted; *(wanted = vqa_wanted_file(v));) {
        char path[4096];
        if (snprintf(path, sizeof path, "%s/%s", root, wanted) >= (int)sizeof path)
            return fail(err, "the path is too long");
        bool there = file_exists(path);
        error why;
        if (there && !file_stream(path, push, v, &why))
            return fail(err, "%s: %s", wanted, why.text);
        if (vqa_end_file(v, there) != VQA_OK) return fail(err, "%s", vqa_error(v));
    }
    return true;
}

static bool ends_with(const char *text, const char *end)
{
    size_t size = strlen(text), end_size = strlen(end);
    return size >= end_size && strcmp(text + size - end_size, end) == 0;
}

vqa *tool_open_as(const char *path, model_options options)
{
    error err;
    vqa *v = vqa_new(options.threads);
    if (!v) {
        tool_failed("not enough memory");
        return NULL;
    }
    if (options.scalar) v->compute.k = kernels_scalar();
    bool ok = vqa_set_precision(v, options.precision) == VQA_OK &&
              (!options.licence ||
               vqa_set_licence(v, options.licence, strlen(options.licence)) == VQA_OK);
    if (!ok)
        tool_failed("%s", vqa_error(v));
    else if (!(file_is_folder(path)       ? load_folder(v, path, options.name, &err)
               : ends_with(path, ".json") ? parts_stream(path, push, v, &err)
                                          : file_stream(path, push, v, &err)))
        tool_failed("%s: %s", path, err.text);
    else if (vqa_load_end(v) != VQA_OK)
        tool_failed("%s: %s", path, vqa_error(v));
    else
        return v;
    vqa_free(v);
    return NULL;
}

vqa *tool_open(const char *path, int threads, vqa_precision keep)
{
    return tool_open_as(path, (model_options){ .threads = threads, .precision = keep });
}

vqa_precision tool_precision(const char *text, bool *ok)
{
    static const char *const names[] = { [VQA_FLOAT] = "f32", [VQA_Q8] = "q8", [VQA_Q4] = "q4" };
    for (int i = VQA_FLOAT; i <= VQA_Q4; i++)
        if (strcmp(text, names[i]) == 0) return (vqa_precision)i;
    *ok = false;
    tool_usage("--precision is '%s', expected f32, q8 or q4", text);
    return VQA_FLOAT;
}
