/* Every fixture that the engine reads, cut off and with bits flipped: refused with a sentence, or taken. All bytes lie
 * in blocks of exactly their size, so that the sanitizer guards the end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audio/wav.h"
#include "format/safetensors.h"
#include "image/decode.h"
#include "tiny_folder.h"

#include "testing.h"

#if defined __SANITIZE_ADDRESS__ || defined __EMSCRIPTEN__ /* these builds are slow */
enum { FLIPS = 200, CUTS = 100 };
#else
enum { FLIPS = 1000, CUTS = 500 };
#endif
enum { HEAD = 2000 }; /* bytes in which every second flip lies: headers are there */

/* Under the sanitizer too, a block that is too large is NULL, as without it. */
const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "allocator_may_return_null=1"; }

/* ---- what reads them: each returns whether the bytes were taken ---- */

static const precision precisions[] = { KEEP_AS_STORED, QUANTIZE_Q8, QUANTIZE_Q4 };
static precision keep; /* that of read_weights(): the three take turns */

static bool plan(void *context, const tensor_info *tensors, int count, const cJSON *metadata,
                 error *err)
{
    (void)metadata;
    return weights_plan(context, tensors, count, keep, err);
}

static bool take(void *context, int index, const uint8_t *bytes, size_t size, error *err)
{
    return weights_take(context, index, bytes, size, err);
}

static bool read_weights(const uint8_t *bytes, size_t size, error *err)
{
    weights w = { 0 };
    safetensors *s = safetensors_new((safetensors_sink){ plan, take, &w });
    bool ok = safetensors_push(s, bytes, size, err) && safetensors_end(s, err);
    safetensors_free(s);
    weights_free(&w);
    return ok;
}

static bool read_picture(const uint8_t *bytes, size_t size, error *err)
{
    image picture;
    bool ok = image_decode(bytes, size, (decode_options){ 0 }, &picture, err);
    image_free(&picture);
    return ok;
}

static bool read_sound(const uint8_t *bytes, size_t size, error *err)
{
    sound heard;
    bool ok = wav_decode(bytes, size, &heard, err);
    sound_free(&heard);
    return ok;
}

/* As config.json of a folder, which is judged before anything else is wanted. */
static bool read_config(const uint8_t *bytes, size_t size, error *err)
{
    vqa *v = vqa_new(1);
    bool ok = vqa_open_folder(v, "", 0) == VQA_OK && vqa_load(v, bytes, size) == VQA_OK &&
              vqa_end_file(v, true) == VQA_OK;
    snprintf(err->text, sizeof err->text, "%s", vqa_error(v));
    vqa_free(v);
    return ok;
}

/* As that file of a folder whose other files are good. */
static bool read_setting(const char *name, const uint8_t *bytes, size_t size, error *err)
{
    static tiny_folder good;
    if (!good.count) good = tiny_folder_clip();
    tiny_folder f = good;
    tiny_file *file = tiny_folder_file(&f, name);
    if (!file) file = &f.files[f.count++];
    snprintf(file->name, sizeof file->name, "%s", name);
    file->content = (tiny_bytes){ (uint8_t *)bytes, size };
    vqa *v = vqa_new(1);
    bool ok = tiny_folder_load(v, &f, 1 + size / 2, NULL) == VQA_OK;
    snprintf(err->text, sizeof err->text, "%s", vqa_error(v));
    vqa_free(v);
    return ok;
}

/* The file of a folder that it is read as, NULL: none. */
static const char *setting(const char *path)
{
    static const char *const names[] = { "config.json", "preprocessor_config.json",
                                         "tokenizer_config.json", "vocab.json", "merges.txt" };
    const char *name = strrchr(path, '/') + 1;
    for (size_t i = 0; i < COUNT(names); i++)
        if (strcmp(name, names[i]) == 0) return names[i];
    return strstr(path, "/processors/") ? "preprocessor_config.json" : NULL;
}

static bool is_read(const char *path)
{
    return setting(path) || tiny_ends_with(path, ".safetensors") || tiny_ends_with(path, ".png") ||
           tiny_ends_with(path, ".jpg") || tiny_ends_with(path, ".wav");
}

/* A refusal has a sentence. */
static bool is_taken(const char *path, const uint8_t *bytes, size_t size)
{
    error err = { 0 };
    const char *name = setting(path);
    bool ok = tiny_ends_with(path, ".safetensors")       ? read_weights(bytes, size, &err)
              : name && strcmp(name, "config.json") == 0 ? read_config(bytes, size, &err)
              : name                                     ? read_setting(name, bytes, size, &err)
              : tiny_ends_with(path, ".wav")             ? read_sound(bytes, size, &err)
                                                         : read_picture(bytes, size, &err);
    if (!ok && strlen(err.text) <= 10) fail_msg("%s: '%s'", path, err.text);
    return ok;
}

/* ---- all of them ---- */

/* What the environment says, or else this many. */
static size_t how_many(const char *variable, size_t otherwise)
{
    const char *wanted = getenv(variable);
    if (!wanted) return otherwise;
    char *end;
    unsigned long count = strtoul(wanted, &end, 10);
    if (*wanted < '0' || *wanted > '9' || *end || !count)
        fail_msg("%s is '%s', expected a number from 1 on", variable, wanted);
    return count;
}

/* VQA_CUTS near either end, and as many evenly between; a good file of weights is whole or refused. */
static void cut(const char *path, tiny_bytes file)
{
    keep = KEEP_AS_STORED;
    bool whole = tiny_ends_with(path, ".safetensors") && is_taken(path, file.bytes, file.size);
    const size_t cuts = how_many("VQA_CUTS", CUTS), step = 1 + file.size / cuts;
    for (size_t n = 0; n < file.size; n += n < cuts || n + cuts > file.size ? 1 : step) {
        uint8_t *copy = malloc(n ? n : 1);
        assert_non_null(copy);
        keep = precisions[n % COUNT(precisions)];
        if (is_taken(path, memcpy(copy, file.bytes, n), n) && whole)
            fail_msg("%zu of the %zu bytes of %s load", n, file.size, path);
        free(copy);
    }
}

static uint32_t random_number(void)
{
    static uint32_t x = 1; /* xorshift */
    x ^= x << 13, x ^= x >> 17, x ^= x << 5;
    return x;
}

/* VQA_FLIPS of them. */
static void flip(const char *path, tiny_bytes file)
{
    const size_t flips = how_many("VQA_FLIPS", FLIPS);
    for (size_t i = 0; i < flips && file.size; i++) {
        size_t room = i % 2 || file.size < HEAD ? file.size : HEAD, at = random_number() % room;
        uint8_t bit = (uint8_t)(1 << random_number() % 8);
        file.bytes[at] ^= bit;
        keep = precisions[i % COUNT(precisions)];
        is_taken(path, file.bytes, file.size);
        file.bytes[at] ^= bit;
    }
}

static void test_every_cut(void **state)
{
    (void)state;
    assert_true(tiny_read_all(VQA_SOURCE_DIR "/tests/fixtures", is_read, cut) > 250);
}

static void test_random_bits(void **state)
{
    (void)state;
    assert_true(tiny_read_all(VQA_SOURCE_DIR "/tests/fixtures", is_read, flip) > 250);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_cut),
        cmocka_unit_test(test_random_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
