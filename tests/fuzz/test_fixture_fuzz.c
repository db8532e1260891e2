/* Every fixture that the engine reads, cut off and with bits flipped: refused with a sentence, or taken. All bytes lie
 * in blocks of exactly their size, so that the sanitizer guards the end. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audio/wav.h"
#include "format/safetensors.h"
#include "image/decode.h"
#include "tiny_folder.h"

#include "testing.h"

#if defined __SANITIZE_ADDRESS__ || defined __EMSCRIPTEN__ /* these builds are slow */
enum { FLIPS = 300, CUTS = 200 };
#else
enum { FLIPS = 2000, CUTS = 1000 };
#endif
enum { HEAD = 2000 }; /* bytes in which every second flip lies: headers are there */

/* Under the sanitizer too, a block that is too large is NULL, as without it. */
const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "allocator_may_return_null=1"; }

/* ---- what reads them: each returns whether the bytes were taken ---- */

static bool plan(void *context, const tensor_info *tensors, int count, const cJSON *metadata,
                 error *err)
{
    (void)metadata;
    return weights_plan(context, tensors, count, KEEP_AS_STORED, err);
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

static bool ends_with(const char *name, const char *end)
{
    size_t length = strlen(name), size = strlen(end);
    return length >= size && strcmp(name + length - size, end) == 0;
}

static bool is_setting(const char *name)
{
    static const char *const names[] = { "config.json", "preprocessor_config.json",
                                         "tokenizer_config.json", "vocab.json", "merges.txt" };
    for (size_t i = 0; i < COUNT(names); i++)
        if (strcmp(name, names[i]) == 0) return true;
    return false;
}

static bool is_read(const char *name)
{
    return is_setting(name) || ends_with(name, ".safetensors") || ends_with(name, ".png") ||
           ends_with(name, ".jpg") || ends_with(name, ".wav");
}

/* A refusal has a sentence. */
static bool is_taken(const char *name, const uint8_t *bytes, size_t size)
{
    error err = { 0 };
    bool ok = ends_with(name, ".safetensors")    ? read_weights(bytes, size, &err)
              : strcmp(name, "config.json") == 0 ? read_config(bytes, size, &err)
              : is_setting(name)                 ? read_setting(name, bytes, size, &err)
              : ends_with(name, ".wav")          ? read_sound(bytes, size, &err)
                                                 : read_picture(bytes, size, &err);
    if (!ok && strlen(err.text) <= 10) fail_msg("%s: '%s'", name, err.text);
    return ok;
}

/* ---- all of them ---- */

typedef void visitor(const char *name, tiny_bytes file);

static tiny_bytes read_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    tiny_bytes b = { NULL, (size_t)ftell(f) };
    b.bytes = malloc(b.size ? b.size : 1);
    assert_non_null(b.bytes);
    rewind(f);
    assert_int_equal(fread(b.bytes, 1, b.size, f), b.size);
    fclose(f);
    return b;
}

/* Visit the files below a folder that the engine reads; returns how many. */
static int visit(const char *folder, visitor *each)
{
    DIR *entries = opendir(folder);
    assert_non_null(entries);
    int count = 0;
    for (const struct dirent *e; (e = readdir(entries));) {
        char path[1000];
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        DIR *inside = e->d_name[0] == '.' ? NULL : opendir(path);
        if (inside) {
            closedir(inside);
            count += visit(path, each);
        } else if (is_read(e->d_name)) {
            tiny_bytes file = read_file(path);
            each(e->d_name, file);
            free(file.bytes);
            count++;
        }
    }
    closedir(entries);
    return count;
}

/* What the environment says, or else this many. */
static size_t how_many(const char *variable, size_t otherwise)
{
    const char *wanted = getenv(variable);
    return wanted ? strtoul(wanted, NULL, 10) : otherwise;
}

/* VQA_CUTS near either end, and as many evenly between; a good file of weights is whole or refused. */
static void cut(const char *name, tiny_bytes file)
{
    bool whole = ends_with(name, ".safetensors") && is_taken(name, file.bytes, file.size);
    const size_t cuts = how_many("VQA_CUTS", CUTS), step = 1 + file.size / cuts;
    for (size_t n = 0; n < file.size; n += n < cuts || n + cuts > file.size ? 1 : step) {
        uint8_t *copy = malloc(n ? n : 1);
        assert_non_null(copy);
        if (is_taken(name, memcpy(copy, file.bytes, n), n) && whole)
            fail_msg("%zu of the %zu bytes of a %s load", n, file.size, name);
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
static void flip(const char *name, tiny_bytes file)
{
    const size_t flips = how_many("VQA_FLIPS", FLIPS);
    for (size_t i = 0; i < flips && file.size; i++) {
        size_t room = i % 2 || file.size < HEAD ? file.size : HEAD, at = random_number() % room;
        uint8_t bit = (uint8_t)(1 << random_number() % 8);
        file.bytes[at] ^= bit;
        is_taken(name, file.bytes, file.size);
        file.bytes[at] ^= bit;
    }
}

static void test_every_cut(void **state)
{
    (void)state;
    assert_true(visit(VQA_SOURCE_DIR "/tests/fixtures", cut) > 100);
}

static void test_random_bits(void **state)
{
    (void)state;
    assert_true(visit(VQA_SOURCE_DIR "/tests/fixtures", flip) > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_cut),
        cmocka_unit_test(test_random_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
