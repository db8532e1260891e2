#include "tools/recipe.h"

#include <stdlib.h>

#include "core/crc32.h"
#include "format/json.h"
#include "tools/folder.h"

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

static bool make_tensor(weights *w, int index, const cJSON *entry, uint32_t seed, error *err)
{
    enum { PIECE = 16384 };
    static float piece[PIECE];
    const tensor_info *t = &w->all[index].info;
    double center, scale, expected;
    if (!json_number(entry, "center", 0, -1e6, 1e6, &center, err) ||
        !json_number(entry, "scale", 0, -1e6, 1e6, &scale, err) ||
        !json_number(entry, "crc32", 0, 0, UINT32_MAX, &expected, err))
        return false;
    uint32_t own = fnv1a(t->name) ^ seed, crc = 0;
    size_t count = t->size / sizeof(float);
    for (size_t at = 0; at < count; at += PIECE) {
        size_t n = count - at < PIECE ? count - at : PIECE;
        for (size_t i = 0; i < n; i++)
            piece[i] = recipe_value((uint32_t)(at + i), own, center, scale);
        crc = crc32_update(crc, piece, n * sizeof *piece);
        if (!weights_take(w, index, (const uint8_t *)piece, n * sizeof *piece, err)) return false;
    }
    return crc == (uint32_t)expected ||
           fail(err, "tensor '%s' of the recipe has the CRC-32 %08x, expected %08x", t->name, crc,
                (uint32_t)expected);
}

bool recipe_weights(const char *folder, precision keep, weights *w, error *err)
{
    cJSON *manifest = json_read_in(folder, "manifest.json", err);
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(manifest, "tensors"), *entry;
    tensor_info *infos = calloc((size_t)cJSON_GetArraySize(list) + 1, sizeof *infos);
    int count = 0, seed;
    bool ok = manifest && infos && json_int(manifest, "seed", 0, 0, 1 << 30, &seed, err);
    if (ok) cJSON_ArrayForEach(entry, list)
        {
            tensor_info *t = &infos[count++];
            const cJSON *dimension;
            *t = (tensor_info){ .name = json_text(entry, "name", ""),
                                .type = DTYPE_F32,
                                .size = sizeof(float) };
            cJSON_ArrayForEach(dimension, cJSON_GetObjectItemCaseSensitive(entry, "shape"))
            {
                t->shape[t->rank++ % WEIGHT_MAX_RANK] = dimension->valueint;
                t->size *= (size_t)dimension->valueint;
            }
        }
    ok = ok && weights_plan(w, infos, count, keep, err);
    int i = 0;
    if (ok)
        cJSON_ArrayForEach(entry, list) if (ok) ok =
            make_tensor(w, i++, entry, (uint32_t)seed, err);
    free(infos);
    cJSON_Delete(manifest);
    return ok;
}

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
