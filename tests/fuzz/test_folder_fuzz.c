/* Damaged and hostile folders: refused with a sentence, or a model that can be used. All bytes
 * lie in blocks of exactly their size, so that the sanitizer guards the end. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tiny_folder.h"

#include "testing.h"

/* Under the sanitizer too, a block that is too large is NULL, as without it. */
const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "allocator_may_return_null=1"; }

enum { MODELS = 3 };

/* Two encoders in two shards, ViLT with tokenizer.json, CLIP. */
static tiny_folder make(int model)
{
    if (model == 2) return tiny_folder_clip();
    tiny_bytes pack = tiny_pack((tiny_model){ .vilt = model == 1 });
    tiny_folder f = tiny_folder_of(pack, model == 1 ? 1 : 2);
    free(pack.bytes);
    tiny_folder_put(&f, "README.md", "---\ntags: [x]\nlicense: \"mit\"\n---\n# a model\n");
    tiny_folder_put(&f, "tokenizer_config.json",
                    "{\"do_lower_case\": true, \"tokenizer_class\": \"BertTokenizer\"}");
    if (model == 0) return f;
    char words[2000] = "{\"normalizer\": {\"lowercase\": true}, \"model\": {\"vocab\": {";
    for (int i = 0; tiny_words[i]; i++) {
        size_t used = strlen(words);
        snprintf(words + used, sizeof words - used, "%s\"%s\": %d", i ? ", " : "", tiny_words[i],
                 i);
    }
    strcat(words, "}}}");
    tiny_folder_put(&f, "tokenizer.json", words);
    tiny_folder_put(&f, "vocab.txt", NULL);
    return f;
}

static void use(vqa *v, bool clip)
{
    static const uint8_t grey[20 * 20 * 4] = { 100, 150, 200, 255 };
    int picture = vqa_encode_pixels(v, grey, 20, 20), n;
    if (picture < 0) {
        assert_true(strlen(vqa_error(v)) > 10);
        return;
    }
    int count = clip ? vqa_choose(v, picture, 0, "see {}", 6, "cat\0dog", 8, 100)
                     : vqa_ask(v, picture, 0, "what is it?", 11, 100);
    assert_true(count != 0);
    if (count < 0) assert_true(strlen(vqa_error(v)) > 10);
    const float *logits = vqa_logits(v, &n);
    for (int i = 0; i < n; i++) assert_true(isfinite(logits[i]));
    for (int i = 0; i < count; i++) assert_non_null(vqa_answer_text(v, i));
}

/* Load, and use what loads: it becomes a pack that loads too. */
static int load(const tiny_folder *f, size_t piece, int model)
{
    vqa *v = vqa_new(1), *w = vqa_new(1);
    assert_true(v && w);
    static const vqa_precision keep[MODELS] = { VQA_FLOAT, VQA_Q4, VQA_Q8 };
    assert_int_equal(vqa_set_precision(v, keep[model]), VQA_OK);
    int status = tiny_folder_load(v, f, piece, NULL);
    if (status == VQA_OK) {
        use(v, model == 2);
        uint8_t bytes[1000];
        for (int n; (n = vqa_pack_read(v, bytes, sizeof bytes)) != 0;) {
            assert_true(n > 0);
            if (vqa_load(w, bytes, (size_t)n) != VQA_OK) fail_msg("its pack: %s", vqa_error(w));
        }
        if (vqa_load_end(w) != VQA_OK) fail_msg("its pack: %s", vqa_error(w));
        cJSON *info = cJSON_Parse(vqa_info(v));
        assert_non_null(info);
        cJSON_Delete(info);
    } else {
        assert_true(status == VQA_BAD_MODEL || status == VQA_NO_MEMORY);
        assert_true(strlen(vqa_error(v)) > 10);
    }
    vqa_free(v);
    vqa_free(w);
    return status;
}

static bool holds_weights(const tiny_file *file)
{
    return strstr(file->name, ".safetensors") && !strstr(file->name, ".json");
}

/* The folder with other bytes in one file, in a block of their size. */
static int load_with(tiny_folder f, int file, const uint8_t *bytes, size_t size, int model)
{
    uint8_t *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    f.files[file].content = (tiny_bytes){ memcpy(copy, bytes, size), size };
    int status = load(&f, size / 2 + 1, model);
    free(copy);
    return status;
}

static void test_whole_folders_load(void **state)
{
    (void)state;
    for (int m = 0; m < MODELS; m++) {
        tiny_folder f = make(m);
        assert_int_equal(load(&f, 100, m), VQA_OK);
        tiny_folder_free(&f);
    }
}

static void test_every_truncation(void **state)
{
    (void)state;
    for (int m = 0; m < MODELS; m++) {
        tiny_folder f = make(m);
        for (int i = 0; i < f.count; i++) {
            const tiny_file *file = &f.files[i];
            bool list = strstr(file->name, ".json") || holds_weights(file); /* broken by any cut */
            for (size_t n = 0; n < file->content.size; n += holds_weights(file) ? 997 : 1) {
                int status = load_with(f, i, file->content.bytes, n, m);
                if (list && status == VQA_OK) fail_msg("%zu bytes of %s load", n, file->name);
            }
        }
        tiny_folder_free(&f);
    }
}

static void test_every_byte_changed(void **state)
{
    (void)state;
    static const uint8_t others[] = { 0, 1, 0x80, 0xff, ' ', '"', '{', ']', '9', '-' };
    int loaded = 0, refused = 0;
    for (int m = 0; m < MODELS; m++) {
        tiny_folder f = make(m);
        for (int i = 0; i < f.count; i++) {
            tiny_bytes good = f.files[i].content, bytes = { malloc(good.size), good.size };
            assert_non_null(bytes.bytes);
            memcpy(bytes.bytes, good.bytes, good.size);
            size_t step = holds_weights(&f.files[i]) ? 211 : 1;
            for (size_t at = 0, k = 0; at < good.size; at += step, k++) {
                bytes.bytes[at] = k % 2 ? (uint8_t)(good.bytes[at] ^ 1u << k / 2 % 8)
                                        : others[k / 2 % COUNT(others)];
                int status = load_with(f, i, bytes.bytes, bytes.size, m);
                loaded += status == VQA_OK;
                refused += status != VQA_OK;
                bytes.bytes[at] = good.bytes[at];
            }
            free(bytes.bytes);
        }
        tiny_folder_free(&f);
    }
    assert_true(loaded > 1000 && refused > 1000);
}

static void test_random_damage(void **state)
{
    (void)state;
    uint32_t seed = 1;
    for (int m = 0; m < MODELS; m++) {
        tiny_folder f = make(m);
        for (int round = 0; round < 600; round++) {
            int i = round % f.count;
            tiny_bytes good = f.files[i].content;
            uint8_t *bytes = malloc(good.size);
            assert_non_null(bytes);
            memcpy(bytes, good.bytes, good.size);
            size_t length = 1 + (size_t)(20 * fabsf(tiny_random(&seed))),
                   at = (size_t)((float)good.size * fabsf(tiny_random(&seed)));
            for (size_t k = at; k < at + length && k < good.size; k++)
                bytes[k] = (uint8_t)(128 + 127 * tiny_random(&seed));
            load_with(f, i, bytes, good.size, m);
            free(bytes);
        }
        tiny_folder_free(&f);
    }
}

/* Each file in the place of each other. */
static void test_files_exchanged(void **state)
{
    (void)state;
    for (int m = 0; m < MODELS; m++) {
        tiny_folder f = make(m);
        for (int i = 0; i < f.count; i++)
            for (int k = 0; k < f.count; k++)
                load_with(f, i, f.files[k].content.bytes, f.files[k].content.size, m);
        tiny_folder_free(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_folders_load), cmocka_unit_test(test_every_truncation),
        cmocka_unit_test(test_every_byte_changed), cmocka_unit_test(test_random_damage),
        cmocka_unit_test(test_files_exchanged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
