#include "tools/recipe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/crc32.h"
#include "format/json.h"
#include "tools/files.h"
#include "tools/fixture_files.h"
#include "tools/tools.h"

static uint32_t fnv1a(const char *text)
{
    uint32_t h = 0x811c9dc5u;
    for (; *text; text++) h = (h ^ (uint8_t)*text) * 0x01000193u;
    return h;
}

/* Element i of a tensor, as the fixture's README defines it. */
static float recipe_value(uint32_t i, uint32_t seed, double center, double scale)
{
    uint32_t x = i * 0x9e3779b9u + seed;
    x ^= x >> 16;
    x *= 0x85ebca6bu;
    x ^= x >> 13;
    x *= 0xc2b2ae35u;
    x ^= x >> 16;
    return (float)(center + scale * (((double)(x >> 8) - 8388607.5) / 8388608.0));
}

/* A manifest.json, and its tensors as a file's header has them. */
typedef struct {
    cJSON *json;
    const cJSON *list;
    tensor_info *infos;
    int count, seed;
} manifest;

static void close_manifest(manifest *m)
{
    free(m->infos);
    cJSON_Delete(m->json);
}

static bool read_manifest(const char *folder, manifest *m, error *err)
{
    *m = (manifest){ .json = json_read_in(folder, "manifest.json", err) };
    if (!m->json) return false;
    m->list = cJSON_GetObjectItemCaseSensitive(m->json, "tensors");
    m->infos = calloc((size_t)cJSON_GetArraySize(m->list) + 1, sizeof *m->infos);
    if (!m->infos) return fail_memory(err, "not enough memory for the manifest");
    size_t begin = 0;
    const cJSON *entry, *dimension;
    cJSON_ArrayForEach(entry, m->list)
    {
        tensor_info *t = &m->infos[m->count++];
        *t = (tensor_info){ .name = json_text(entry, "name", ""),
                            .type = DTYPE_F32,
                            .begin = begin,
                            .size = sizeof(float) };
        cJSON_ArrayForEach(dimension, cJSON_GetObjectItemCaseSensitive(entry, "shape"))
        {
            t->shape[t->rank++ % WEIGHT_MAX_RANK] = dimension->valueint;
            t->size *= (size_t)dimension->valueint;
        }
        begin += t->size;
    }
    return json_int(m->json, "seed", 0, 0, 1 << 30, &m->seed, err);
}

/* Hand on the values of all tensors piece by piece. */
static bool make_tensors(const manifest *m,
                         bool (*take)(void *context, int index, const float *values, size_t count,
                                      error *err),
                         void *context, error *err)
{
    enum { PIECE = 16384 };
    static float piece[PIECE];
    const cJSON *entry = m->list->child;
    for (int index = 0; index < m->count; index++, entry = entry->next) {
        const tensor_info *t = &m->infos[index];
        double center, scale, expected;
        if (!json_number(entry, "center", 0, -1e6, 1e6, &center, err) ||
            !json_number(entry, "scale", 0, -1e6, 1e6, &scale, err) ||
            !json_number(entry, "crc32", 0, 0, UINT32_MAX, &expected, err))
            return false;
        uint32_t own = fnv1a(t->name) ^ (uint32_t)m->seed, crc = 0;
        size_t count = t->size / sizeof(float);
        for (size_t at = 0; at < count; at += PIECE) {
            size_t n = count - at < PIECE ? count - at : PIECE;
            for (size_t i = 0; i < n; i++)
                piece[i] = recipe_value((uint32_t)(at + i), own, center, scale);
            crc = crc32_update(crc, piece, n * sizeof *piece);
            if (!take(context, index, piece, n, err)) return false;
        }
        if (crc != (uint32_t)expected)
            return fail(err, "tensor '%s' of the recipe has the CRC-32 %08x, expected %08x",
                        t->name, crc, (uint32_t)expected);
    }
    return true;
}

static bool keep_values(void *context, int index, const float *values, size_t count, error *err)
{
    return weights_take(context, index, (const uint8_t *)values, count * sizeof *values, err);
}

bool recipe_weights(const char *folder, precision keep, weights *w, error *err)
{
    manifest m;
    *w = (weights){ 0 };
    bool ok = read_manifest(folder, &m, err) && weights_plan(w, m.infos, m.count, keep, err) &&
              make_tensors(&m, keep_values, w, err);
    close_manifest(&m);
    return ok;
}

/* ---- a whole folder ---- */

static bool write_values(void *context, int index, const float *values, size_t count, error *err)
{
    (void)index;
    return fwrite(values, sizeof *values, count, context) == count ||
           fail(err, "can't be written (%s)", strerror(errno));
}

static bool write_header(const manifest *m, FILE *f, error *err)
{
    cJSON *header = cJSON_CreateObject();
    for (int i = 0; i < m->count; i++) {
        const tensor_info *t = &m->infos[i];
        double offsets[2] = { (double)t->begin, (double)(t->begin + t->size) };
        cJSON *entry = cJSON_AddObjectToObject(header, t->name),
              *shape = cJSON_AddArrayToObject(entry, "shape");
        cJSON_AddStringToObject(entry, "dtype", dtype_name(t->type));
        for (int d = 0; d < t->rank; d++)
            cJSON_AddItemToArray(shape, cJSON_CreateNumber((double)t->shape[d]));
        cJSON_AddItemToObject(entry, "data_offsets", cJSON_CreateDoubleArray(offsets, 2));
    }
    char *text = cJSON_PrintUnformatted(header);
    cJSON_Delete(header);
    uint64_t size = text ? strlen(text) : 0;
    bool ok = text && fwrite(&size, sizeof size, 1, f) == 1 && fwrite(text, 1, size, f) == size;
    cJSON_free(text);
    return ok || fail(err, "can't be written (%s)", strerror(errno));
}

static bool write_model(const char *folder, const char *path, error *err)
{
    manifest m;
    FILE *f = NULL;
    error why;
    bool ok = read_manifest(folder, &m, &why) &&
              ((f = fopen(path, "wb")) || fail(&why, "can't be written (%s)", strerror(errno))) &&
              write_header(&m, f, &why) && make_tensors(&m, write_values, f, &why);
    if (f && fclose(f) != 0 && ok) ok = fail(&why, "can't be written (%s)", strerror(errno));
    close_manifest(&m);
    return ok || fail(err, "%s: %s", path, why.text);
}

/* Words for a WordPiece tokenizer of `count` tokens: every letter and digit, alone and inside a
 * word, and fillers. */
static bool write_vocabulary(const char *path, int count, error *err)
{
    FILE *f = fopen(path, "w");
    if (!f) return fail(err, "%s: can't be written (%s)", path, strerror(errno));
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789?!.,'-";
    fputs("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n", f);
    int at = 5;
    for (const char *c = letters; *c; c++, at += 2) fprintf(f, "%c\n##%c\n", *c, *c);
    for (; at < count; at++) fprintf(f, "[unused%d]\n", at);
    return fclose(f) == 0 || fail(err, "%s: can't be written (%s)", path, strerror(errno));
}

static bool copy(const char *folder, const char *name, const char *out, error *err)
{
    char path[4096];
    size_t size;
    uint8_t *bytes = file_read_in(folder, name, &size, err);
    bool ok = bytes && snprintf(path, sizeof path, "%s/%s", out, name) < (int)sizeof path &&
              file_write(path, bytes, size, err);
    free(bytes);
    return ok;
}

static bool write_folder(const char *folder, const char *out, error *err)
{
    static const char *const copied[] = { "config.json",
                                          "preprocessor_config.json",
                                          "tokenizer_config.json",
                                          "vocab.txt",
                                          "vocab.json",
                                          "merges.txt" };
    char path[4096];
    bool vocabulary = false;
    for (size_t i = 0; i < sizeof copied / sizeof *copied; i++) {
        if (!file_exists_in(folder, copied[i])) continue;
        vocabulary |= strncmp(copied[i], "vocab", 5) == 0;
        if (!copy(folder, copied[i], out, err)) return false;
    }
    cJSON *config = json_read_in(folder, "config.json", err);
    int count = 30522;
    bool ok = config && json_int(config, "vocab_size", count, 100, 1 << 20, &count, err);
    cJSON_Delete(config);
    if (ok && !vocabulary && snprintf(path, sizeof path, "%s/vocab.txt", out) < (int)sizeof path)
        ok = write_vocabulary(path, count, err);
    return ok && snprintf(path, sizeof path, "%s/model.safetensors", out) < (int)sizeof path &&
           write_model(folder, path, err);
}

int command_recipe(int argc, char **argv)
{
    error err;
    if (argc != 3) return tool_usage("recipe takes the folder of a manifest.json and one to write");
    if (mkdir(argv[2], 0777) != 0 && errno != EEXIST)
        return tool_failed("%s: can't be made (%s)", argv[2], strerror(errno));
    if (!write_folder(argv[1], argv[2], &err)) return tool_failed("%s", err.text);
    return TOOL_OK;
}

/* ---- pixels ---- */

float *recipe_pixels(const cJSON *recipe, int row, int *height, int *width, error *err)
{
    const cJSON *shape = cJSON_GetObjectItemCaseSensitive(recipe, "shape");
    double center, scale;
    int seed;
    if (!json_number(recipe, "center", 0, -1e6, 1e6, &center, err) ||
        !json_number(recipe, "scale", 1, -1e6, 1e6, &scale, err) ||
        !json_int(recipe, "seed", 0, 0, 1 << 30, &seed, err))
        return NULL;
    if (cJSON_GetArraySize(shape) != 4) {
        fail(err, "the recipe of pixel_values has no shape of four numbers");
        return NULL;
    }
    *height = cJSON_GetArrayItem(shape, 2)->valueint;
    *width = cJSON_GetArrayItem(shape, 3)->valueint;
    size_t size = 3 * (size_t)*height * (size_t)*width;
    uint32_t own = fnv1a(json_text(recipe, "name", "")) ^ (uint32_t)seed;
    float *pixels = malloc(size * sizeof *pixels);
    if (!pixels) fail_memory(err, "not enough memory");
    for (size_t i = 0; pixels && i < size; i++)
        pixels[i] = recipe_value((uint32_t)((size_t)row * size + i), own, center, scale);
    return pixels;
}
