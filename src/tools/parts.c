#include "tools/parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "format/json.h"
#include "tools/files.h"
#include "tools/sha256.h"

/* The folder of a path with the slash, as a length. */
static int folder_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (int)(slash - path) + 1 : 0;
}

static bool add_part(cJSON *parts, const char *file, const uint8_t *bytes, size_t size)
{
    char hex[65];
    sha256_hex(bytes, size, hex);
    cJSON *part = cJSON_CreateObject();
    cJSON_AddStringToObject(part, "file", file);
    cJSON_AddNumberToObject(part, "size", (double)size);
    cJSON_AddStringToObject(part, "sha256", hex);
    return cJSON_AddItemToArray(parts, part);
}

static bool write_parts(vqa *v, const char *manifest, size_t most, cJSON *parts, error *err)
{
    char path[4096];
    int stem = (int)strlen(manifest) - (int)strlen(".json");
    uint8_t *bytes = malloc(most);
    bool ok = bytes || fail_memory(err, "not enough memory for a part of %zu bytes", most);
    for (int i = 0; ok; i++) {
        int n = vqa_pack_read(v, bytes, most);
        if (n < 0) ok = fail(err, "%s", vqa_error(v));
        if (n <= 0) break;
        if (snprintf(path, sizeof path, "%.*s.%03d", stem, manifest, i) >= (int)sizeof path)
            ok = fail(err, "the path '%s' is too long", manifest);
        ok = ok && file_write(path, bytes, (size_t)n, err) &&
             (add_part(parts, path + folder_length(path), bytes, (size_t)n) ||
              fail_memory(err, "not enough memory for the manifest"));
    }
    free(bytes);
    return ok;
}

bool parts_write(vqa *v, const char *manifest, size_t most, error *err)
{
    cJSON *info = cJSON_Parse(vqa_info(v)), *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "format", PARTS_FORMAT);
    cJSON_AddStringToObject(json, "name", json_text(info, "name", ""));
    cJSON_AddStringToObject(json, "licence", json_text(info, "licence", ""));
    cJSON_AddNumberToObject(json, "size", vqa_pack_size(v));
    cJSON *parts = cJSON_AddArrayToObject(json, "parts");
    bool ok = write_parts(v, manifest, most, parts, err);
    char *text = ok ? cJSON_Print(json) : NULL;
    if (ok)
        ok = text ? file_write(manifest, text, strlen(text), err)
                  : fail_memory(err, "not enough memory for the manifest");
    cJSON_free(text);
    cJSON_Delete(json);
    cJSON_Delete(info);
    return ok;
}

static bool stream_part(const char *manifest, const cJSON *part,
                        bool (*take)(void *context, const uint8_t *bytes, size_t size, error *err),
                        void *context, error *err)
{
    const char *file = json_text(part, "file", ""), *expected = json_text(part, "sha256", "");
    const cJSON *size = cJSON_GetObjectItemCaseSensitive(part, "size");
    if (!*file || strchr(file, '/')) return fail(err, "the part '%s' is not a file's name", file);
    if (!cJSON_IsNumber(size)) return fail(err, "the part '%s' has no \"size\"", file);
    char path[4096], hex[65];
    if (snprintf(path, sizeof path, "%.*s%s", folder_length(manifest), manifest, file) >=
        (int)sizeof path)
        return fail(err, "the path of the part '%s' is too long", file);
    size_t got;
    uint8_t *bytes = file_read(path, &got, err);
    if (!bytes) return false;
    sha256_hex(bytes, got, hex);
    bool ok = (double)got == size->valuedouble ||
              fail(err, "the part '%s' has %zu bytes, expected %.0f", file, got, size->valuedouble);
    if (ok && strcasecmp(hex, expected) != 0)
        ok = fail(err, "the part '%s' is damaged: SHA-256 %s, expected %s", file, hex, expected);
    ok = ok && take(context, bytes, got, err);
    free(bytes);
    return ok;
}

bool parts_stream(const char *manifest,
                  bool (*take)(void *context, const uint8_t *bytes, size_t size, error *err),
                  void *context, error *err)
{
    size_t size;
    uint8_t *text = file_read(manifest, &size, err);
    cJSON *json = text ? json_object((const char *)text, size, "the manifest", err) : NULL;
    const cJSON *parts = cJSON_GetObjectItemCaseSensitive(json, "parts"), *part;
    const char *format = json_text(json, "format", "");
    bool ok = json != NULL;
    if (ok && strcmp(format, PARTS_FORMAT) != 0)
        ok = fail(err, "not a manifest: its \"format\" is '%s', expected '" PARTS_FORMAT "'",
                  format);
    if (ok && !cJSON_GetArraySize(parts)) ok = fail(err, "the manifest has no \"parts\"");
    const cJSON *whole = cJSON_GetObjectItemCaseSensitive(json, "size");
    double sum = 0;
    cJSON_ArrayForEach(part, parts) sum +=
        cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(part, "size"));
    if (ok && !(cJSON_IsNumber(whole) && whole->valuedouble == sum))
        ok = fail(err, "the manifest's \"size\" is not that of its parts (%.0f)", sum);
    if (ok)
        cJSON_ArrayForEach(part, parts) if (ok) ok =
            stream_part(manifest, part, take, context, err);
    cJSON_Delete(json);
    free(text);
    return ok;
}
