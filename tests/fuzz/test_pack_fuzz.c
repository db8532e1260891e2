/* Damaged and hostile packs, pictures and questions: refused with a sentence or harmless. All bytes
 * lie in blocks of exactly their size, so that the sanitizer guards the end. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tiny_pack.h"
#include "vqa.h"

#include "testing.h"

/* Under the sanitizer too, a block that is too large is NULL, as without it. */
const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "allocator_may_return_null=1"; }

static uint8_t *copy_of(const void *bytes, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    return memcpy(copy, bytes, size);
}

/* ---- packs ---- */

static char sentence[500]; /* of the last load() that failed */

/* Load in two pieces, and use what loads. Returns the status of loading; every failure has to come
 * with a sentence. */
static int load(const uint8_t *bytes, size_t size, size_t first)
{
    vqa *v = vqa_new(1);
    assert_non_null(v);
    int status = vqa_load(v, bytes, first);
    if (status == VQA_OK) status = vqa_load(v, bytes + first, size - first);
    if (status == VQA_OK) status = vqa_load_end(v);
    if (status == VQA_OK) {
        static const uint8_t grey[40 * 40 * 4] = { 100, 150, 200, 255 };
        int picture = vqa_encode_pixels(v, grey, 40, 40),
            count = picture < 0 ? picture : vqa_ask(v, picture, 0, "what is it?", 11, 100), n;
        assert_true(count != 0);
        if (count < 0) assert_true(strlen(vqa_error(v)) > 10);
        const float *logits = vqa_logits(v, &n);
        for (int i = 0; i < n; i++) assert_true(isfinite(logits[i]));
        for (int i = 0; i < count; i++) assert_non_null(vqa_answer_text(v, i));
    } else {
        assert_true(status < 0);
        assert_true(strlen(vqa_error(v)) > 10);
        snprintf(sentence, sizeof sentence, "%s", vqa_error(v));
    }
    vqa_free(v);
    return status;
}

static size_t data_begin(tiny_bytes pack)
{
    return 8 + (pack.bytes[0] | (size_t)pack.bytes[1] << 8 | (size_t)pack.bytes[2] << 16);
}

/* All bytes of the header (of floats every 31st), and every `step`-th of the data. */
static size_t next(tiny_bytes pack, size_t at, size_t step, bool q8)
{
    if (at < 16 || at + 8 > pack.size) return at + 1;
    return at + (at >= data_begin(pack) ? step : q8 ? 1 : 31);
}

static void test_every_truncation_is_refused(void **state)
{
    (void)state;
    for (int q8 = 0; q8 < 2; q8++) {
        tiny_bytes pack = tiny_pack((tiny_model){ .q8 = q8 });
        assert_int_equal(load(pack.bytes, pack.size, 100), VQA_OK);
        for (size_t size = 0; size < pack.size; size = next(pack, size, 211, q8)) {
            uint8_t *copy = copy_of(pack.bytes, size);
            if (load(copy, size, size / 3) != VQA_BAD_MODEL) fail_msg("%zu bytes load", size);
            free(copy);
        }
        free(pack.bytes);
    }
}

static void test_every_flipped_bit_is_refused(void **state)
{
    (void)state;
    for (int q8 = 0; q8 < 2; q8++) {
        tiny_bytes pack = tiny_pack((tiny_model){ .q8 = q8 });
        unsigned bit = 0;
        for (size_t at = 0; at < pack.size; at = next(pack, at, 173, q8)) {
            uint8_t flip = (uint8_t)(1u << bit++ * 5 % 8);
            pack.bytes[at] ^= flip;
            if (load(pack.bytes, pack.size, at) >= 0) fail_msg("byte %zu ^ %d loads", at, flip);
            pack.bytes[at] ^= flip;
        }
        free(pack.bytes);
    }
}

static void test_random_damage_is_refused(void **state)
{
    (void)state;
    tiny_bytes pack = tiny_pack((tiny_model){ .q8 = true });
    uint32_t seed = 1;
    for (int round = 0; round < 500; round++) {
        uint8_t *copy = copy_of(pack.bytes, pack.size);
        size_t length = 1 + (size_t)(100 * fabsf(tiny_random(&seed))),
               room = (round % 2 ? data_begin(pack) : pack.size) - length,
               at = (size_t)((float)room * fabsf(tiny_random(&seed)));
        for (size_t i = 0; i < length; i++)
            copy[at + i] ^= (uint8_t)(128 + 127 * tiny_random(&seed));
        if (memcmp(copy, pack.bytes, pack.size) != 0)
            assert_true(load(copy, pack.size, pack.size / 2) < 0);
        free(copy);
    }
    free(pack.bytes);
}

static void test_random_bytes_are_refused(void **state)
{
    (void)state;
    uint32_t seed = 2;
    for (int round = 0; round < 2000; round++) {
        size_t size = (size_t)(300 * fabsf(tiny_random(&seed)));
        uint8_t *bytes = malloc(size + 1);
        assert_non_null(bytes);
        for (size_t i = 0; i < size; i++) bytes[i] = (uint8_t)(128 + 127 * tiny_random(&seed));
        if (round % 3 == 0 && size > 10) /* a header of plausible length */
            memset(bytes + 1, 0, 7), bytes[0] = (uint8_t)(size - 9), bytes[8] = '{';
        assert_true(load(bytes, size, size / 2) < 0);
        free(bytes);
    }
}

/* ---- packs whose checksum is right and whose settings are not ---- */

/* Every value of the settings, counted through all objects and arrays; the `wanted`-th becomes
 * another one. */
typedef struct {
    int wanted, replacement;
    bool found;
    char path[200];
} mutation;

static const char *const replacements[] = { "null",   "-1",   "0",     "1e30", "1e9", "2.5",
                                            "\"x\"",  "[]",   "{}",    "true", "1",   "65536",
                                            "-1e300", "4096", "[1,1]", NULL /* the key is gone */ };

static void mutate(cJSON *parent, mutation *m, int *count, const char *path)
{
    cJSON *value, *following;
    for (value = parent->child; value && !m->found; value = following) {
        char here[200];
        following = value->next;
        snprintf(here, sizeof here, "%.150s/%.40s", path, value->string ? value->string : "[]");
        if (strstr(here, "/vocab/") || (*count)++ != m->wanted) {
            mutate(value, m, count, here);
            continue;
        }
        const char *text = replacements[m->replacement];
        cJSON_DetachItemViaPointer(parent, value);
        m->found = true;
        snprintf(m->path, sizeof m->path, "%s", here);
        if (text && value->string)
            cJSON_AddItemToObject(parent, value->string, cJSON_Parse(text));
        else if (text)
            cJSON_AddItemToArray(parent, cJSON_Parse(text));
        cJSON_Delete(value);
    }
}

static mutation now;

static void mutate_settings(tiny_settings *s, const void *context)
{
    static const char *const names[4] = { "config", "preprocessor", "tokenizer", "labels" };
    int count = 0;
    (void)context;
    for (int i = 0; i < 4; i++) mutate(s->part[i], &now, &count, names[i]);
}

static void test_every_setting_replaced_by_every_kind_of_value(void **state)
{
    (void)state;
    static const tiny_model models[] = { { .fusion = "concat", .q8 = true },
                                         { .fusion = "token_transformer_cls" },
                                         { .vilt = true, .q8 = true } };
    int loaded = 0, refused = 0;
    for (size_t m = 0; m < COUNT(models); m++) {
        tiny_bytes pack = tiny_pack(models[m]);
        for (int r = 0; r < (int)COUNT(replacements); r++) {
            now.found = true;
            for (int i = m ? r % 4 : 0; now.found; i += m ? 4 : 1) {
                now = (mutation){ .wanted = i, .replacement = r };
                tiny_bytes edited = tiny_edit(pack, mutate_settings, NULL);
                int status = load(edited.bytes, edited.size, 50);
                loaded += status == VQA_OK;
                refused += status != VQA_OK;
                free(edited.bytes);
            }
        }
        free(pack.bytes);
    }
    assert_true(loaded > 100 && refused > 300);
}

static void mutate_header(tiny_settings *s, const void *context)
{
    int count = 0;
    (void)context;
    mutate(s->header, &now, &count, "header");
    s->metadata = cJSON_GetObjectItem(s->header, "__metadata__");
}

static void test_every_value_of_the_header_replaced(void **state)
{
    (void)state;
    tiny_bytes pack = tiny_pack((tiny_model){ .q8 = true });
    int refused = 0;
    for (int r = 0; r < (int)COUNT(replacements); r++) {
        now.found = true;
        for (int i = r % 7; now.found; i += 7) { /* in turn; all of them is a matter of minutes */
            now = (mutation){ .wanted = i, .replacement = r };
            tiny_bytes edited = tiny_edit(pack, mutate_header, NULL);
            refused += load(edited.bytes, edited.size, 50) != VQA_OK;
            free(edited.bytes);
        }
    }
    assert_true(refused > 500);
    free(pack.bytes);
}

/* Edits that belong together: the path of a value in "config" or "preprocessor", and JSON. */
typedef struct {
    const char *part, *key, *value;
} setting;

static void set_all(tiny_settings *s, const void *context)
{
    for (const setting *e = context; e->key; e++) {
        cJSON *object = strcmp(e->part, "preprocessor") == 0 ? s->part[1] : s->part[0];
        if (strcmp(e->part, "labels") == 0) {
            cJSON_Delete(s->part[3]);
            s->part[3] = cJSON_Parse(e->value);
            continue;
        }
        if (strstr(e->part, "_config")) object = cJSON_GetObjectItem(object, e->part);
        cJSON_DeleteItemFromObject(object, e->key);
        cJSON_AddItemToObject(object, e->key, cJSON_Parse(e->value));
    }
}

static void test_hostile_settings(void **state)
{
    (void)state;
    static const struct {
        setting all[5];
        const char *why; /* its sentence holds this; NULL: it loads */
    } cases[] = {
        { { { "text_config", "hidden_size", "0" } }, "\"hidden_size\" is 0," },
        { { { "text_config", "hidden_size", "1e9" } }, "\"hidden_size\" is 1e+09," },
        { { { "text_config", "hidden_size", "16384" },
            { "vision_config", "hidden_size", "16384" } },
          "\"hidden_size\" is 16384," },
        { { { "vision_config", "hidden_size", "12" } }, "expected [12, 3, 8, 8]" },
        { { { "text_config", "num_attention_heads", "5" } },
          "not a multiple of \"num_attention_heads\" 5" },
        { { { "text_config", "num_attention_heads", "0" } }, "\"num_attention_heads\" is 0," },
        { { { "text_config", "num_hidden_layers", "1000000" } },
          "\"num_hidden_layers\" is 1e+06," },
        { { { "text_config", "num_hidden_layers", "1024" } },
          "no tensor 'text_encoder.encoder.layer.2." },
        { { { "text_config", "num_hidden_layers", "0" } }, NULL },
        { { { "text_config", "vocab_size", "29" } }, "expected [29, 24]" },
        { { { "text_config", "max_position_embeddings", "1" } },
          "\"max_position_embeddings\" is 1," },
        { { { "text_config", "layer_norm_eps", "-1" } }, "\"layer_norm_eps\" is -1," },
        { { { "text_config", "hidden_act", "\"swish\"" } }, "activation 'swish'" },
        { { { "vision_config", "image_size", "0" } }, "\"image_size\" is 0," },
        { { { "vision_config", "image_size", "7" } }, "the picture size 7 x 7" },
        { { { "vision_config", "image_size", "[16,16]" } }, NULL },
        { { { "vision_config", "image_size", "[16,1e300]" } }, "\"image_size\" is not" },
        { { { "vision_config", "patch_size", "17" } }, "17 x 17 does not fit" },
        { { { "vision_config", "patch_size", "[8,4]" } }, "8 x 4 does not fit" },
        { { { "config", "num_labels", "0" } }, "\"num_labels\" is 0," },
        { { { "config", "num_labels", "6" } }, "expected [6, 48]" },
        { { { "config", "num_labels", "1048576" } }, "expected [1048576, 48]" },
        { { { "labels", "", "[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\"]" } }, "6 labels for 5 answers" },
        { { { "labels", "", "[\"\",\"\",\"\",\"\",\"\"]" } }, NULL },
        { { { "config", "problem_type", "\"ranking\"" } }, "'ranking'" },
        { { { "config", "problem_type", "\"regression\"" }, { "labels", "", "[]" } }, NULL },
        { { { "config", "model_type", "\"vilt\"" } }, "no tensor 'vilt." },
        { { { "preprocessor", "size", "4096" } }, "(4096 x 4096 pixels)" }, /* 262144 patches */
        { { { "preprocessor", "size", "512" } }, NULL },
        { { { "preprocessor", "size", "4097" } }, "'size' is 4097," },
        { { { "preprocessor", "size", "7" } }, "(7 x 7 pixels)" }, /* less than a patch */
        { { { "preprocessor", "size", "{\"shortest_edge\":4096}" } }, "of 5461 x 4096, more than" },
        { { { "preprocessor", "size", "{\"shortest_edge\":8}" } }, NULL },
        { { { "preprocessor", "do_resize", "false" } }, NULL },
        { { { "preprocessor", "rescale_factor", "1000" }, { "preprocessor", "image_std", "1e-4" } },
          NULL },
    };
    tiny_bytes pack = tiny_pack((tiny_model){ 0 });
    for (size_t i = 0; i < COUNT(cases); i++) {
        tiny_bytes edited = tiny_edit(pack, set_all, cases[i].all);
        int status = load(edited.bytes, edited.size, 50);
        bool expected = cases[i].why ? status == VQA_BAD_MODEL && strstr(sentence, cases[i].why)
                                     : status == VQA_OK;
        if (!expected)
            fail_msg("%s %s = %s: %d, '%s'", cases[i].all[0].part, cases[i].all[0].key,
                     cases[i].all[0].value, status, status < 0 ? sentence : "");
        free(edited.bytes);
    }
    free(pack.bytes);
}

/* Weights that are too large are told when asking, those that are no numbers when loading. */
static void test_hostile_weights(void **state)
{
    (void)state;
    static const float large[] = { 1e38f, -1e38f, 3.4e38f, 1e-45f, 0 };
    static const char *const names[] = {
        "head.weight",
        "text_encoder.embeddings.LayerNorm.weight",
        "text_encoder.embeddings.word_embeddings.weight",
        "image_encoder.encoder.layer.0.attention.attention.query.weight",
        "image_encoder.embeddings.patch_embeddings.projection.bias",
        "text_encoder.encoder.layer.0.intermediate.dense.weight",
    };
    for (size_t n = 0; n < COUNT(names); n++)
        for (size_t k = 0; k < COUNT(large); k++) {
            tiny_bytes pack = tiny_pack((tiny_model){ 0 });
            uint8_t *data = tiny_data(pack, names[n]);
            for (int i = 0; i < 5; i++) memcpy(data + 4 * i, &large[k], 4);
            tiny_seal(pack);
            assert_int_equal(load(pack.bytes, pack.size, 9), VQA_OK);
            static const uint32_t not_finite[] = { 0x7f800000, 0xff800000, 0x7fc00000, 0x7f800001 };
            memcpy(data + 8, &not_finite[k % 4], 4);
            tiny_seal(pack);
            assert_int_equal(load(pack.bytes, pack.size, 9), VQA_BAD_MODEL);
            free(pack.bytes);
        }
    static const char *const int8s[] = { "head.weight",
                                         "text_encoder.embeddings.word_embeddings.weight" };
    for (size_t n = 0; n < COUNT(int8s); n++)
        for (int value = -128; value < 128; value += 51) { /* any is fine */
            tiny_bytes pack = tiny_pack((tiny_model){ .q8 = true });
            tiny_data(pack, int8s[n])[7] = (uint8_t)value;
            tiny_seal(pack);
            assert_int_equal(load(pack.bytes, pack.size, 9), VQA_OK);
            free(pack.bytes);
        }
}

/* Tensors that a few bytes of header make enormous: refused, or no memory is touched before their
 * bytes arrive. */
static void test_enormous_tensors(void **state)
{
    (void)state;
    static const struct {
        const char *type, *shape, *size;
    } cases[] = {
        { "F32", "[16777216,16777216]", "1125899906842624" },
        { "U8", "[16777216,16777216]", "281474976710656" },
        { "U8", "[9007199254740992]", "9007199254740992" },
        { "U8", "[1,9007199254740992]", "9007199254740992" },
        { "I8", "[16777216,65536]", "1099511627776" },
        { "U8", "[64,16777216]", "1073741824" }, /* as floats 2^32 bytes */
        { "F16", "[57,16777216]", "1912602624" },
        { "I8", "[16777216,65]", "1090519040" },
        { "F32", "[1,1,1,1,1,1,1,1,1]", "4" },
        { "F32", "[0,9007199254740992]", "0" },
        { "F32", "[16777217,0]", "0" },
    };
    tiny_bytes pack = tiny_pack((tiny_model){ 0 });
    uint8_t data[4096] = { 0 };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char header[6000], metadata[5000];
        cJSON *json = cJSON_ParseWithLength((char *)pack.bytes + 8, data_begin(pack) - 8);
        cJSON_PrintPreallocated(cJSON_GetObjectItem(json, "__metadata__"), metadata,
                                sizeof metadata, false);
        cJSON_Delete(json);
        int size = snprintf(header, sizeof header,
                            "{\"__metadata__\":%s,\"x.weight\":{\"dtype\":\"%s\",\"shape\":%s,"
                            "\"data_offsets\":[0,%s]},\"checksum\":{\"dtype\":\"U8\",\"shape\":[4],"
                            "\"data_offsets\":[%s,%.0f]}}",
                            metadata, cases[i].type, cases[i].shape, cases[i].size, cases[i].size,
                            strtod(cases[i].size, NULL) + 4);
        uint8_t prefix[8] = { (uint8_t)size, (uint8_t)(size >> 8) };
        vqa *v = vqa_new(1);
        assert_int_equal(vqa_load(v, prefix, 8), VQA_OK);
        int status = vqa_load(v, (uint8_t *)header, (size_t)size);
        for (int k = 0; k < 10 && status == VQA_OK; k++) status = vqa_load(v, data, sizeof data);
        if (status == VQA_OK) status = vqa_load_end(v);
        assert_true(status == VQA_BAD_MODEL || status == VQA_NO_MEMORY);
        assert_true(strlen(vqa_error(v)) > 10);
        vqa_free(v);
    }
    free(pack.bytes);
}

/* ---- pictures and questions ---- */

/* 4 x 4 pixels each, of PIL and by hand */
static const uint8_t gif[] =
    "GIF89a\2\0\2\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\4\1\0\0\0\0,\0\0\0\0\2\0"
    "\2\0\0\2\3D\2\5\0;";
static const uint8_t png[] =
    "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\6\0\0\0\x1f\x15\xc4\x89\0\0\0\rIDATx\x9c"
    "c\xf8\xcf\xc0\xf0\x1f\0\5\0\1\xff\x89\x99=\x1d\0\0\0\0IEND\xae"
    "B`\x82";

static vqa *open_tiny(void)
{
    tiny_bytes pack = tiny_pack((tiny_model){ 0 });
    vqa *v = vqa_new(1);
    assert_int_equal(vqa_load(v, pack.bytes, pack.size), VQA_OK);
    assert_int_equal(vqa_load_end(v), VQA_OK);
    free(pack.bytes);
    return v;
}

static int try_picture(vqa *v, const uint8_t *bytes, size_t size)
{
    uint8_t *copy = copy_of(bytes, size);
    int picture = vqa_encode(v, copy, size);
    free(copy);
    if (picture > 0)
        assert_int_equal(vqa_close_picture(v, picture), VQA_OK);
    else
        assert_true(picture == VQA_BAD_PICTURE && strlen(vqa_error(v)) > 10);
    return picture;
}

static void damage(vqa *v, const uint8_t *good, size_t size)
{
    assert_true(try_picture(v, good, size) > 0);
    for (size_t n = 0; n < size; n++) try_picture(v, good, n);
    uint8_t *bytes = copy_of(good, size);
    for (size_t at = 0; at < size; at++)
        for (int bit = 0; bit < 8; bit++) {
            bytes[at] ^= (uint8_t)(1 << bit);
            if (at < 16 || at > 25 || bit < 4) try_picture(v, bytes, size); /* moderate sizes */
            bytes[at] ^= (uint8_t)(1 << bit);
        }
    free(bytes);
}

static void test_damaged_pictures(void **state)
{
    (void)state;
    vqa *v = open_tiny();
    tiny_bytes bmp = tiny_bmp(3, 2, 1),
               jpeg = tiny_read(VQA_SOURCE_DIR "/tests/fixtures/preprocess/images/gray_70x52.jpg");
    damage(v, bmp.bytes, bmp.size);
    damage(v, gif, sizeof gif - 1);
    damage(v, png, sizeof png - 1);
    assert_true(jpeg.size > 1000);
    assert_true(try_picture(v, jpeg.bytes, jpeg.size) > 0);
    for (size_t at = 0; at < jpeg.size; at += at < 400 ? 1 : 13) {
        try_picture(v, jpeg.bytes, at);
        jpeg.bytes[at] ^= (uint8_t)(1 << at % 8);
        try_picture(v, jpeg.bytes, jpeg.size);
        jpeg.bytes[at] ^= (uint8_t)(1 << at % 8);
    }
    free(bmp.bytes);
    free(jpeg.bytes);
    vqa_free(v);
}

static void test_random_pictures(void **state)
{
    (void)state;
    static const char *const starts[] = { "", "BM", "GIF89a", "\x89PNG\r\n\x1a\n", "\xff\xd8\xff" };
    static const size_t lengths[] = { 0, 2, 6, 8, 3 };
    vqa *v = open_tiny();
    uint32_t seed = 3;
    for (size_t round = 0; round < 3000; round++) {
        uint8_t bytes[200];
        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = (uint8_t)(128 + 127 * tiny_random(&seed));
        memcpy(bytes, starts[round % 5], lengths[round % 5]);
        try_picture(v, bytes, (size_t)(200 * fabsf(tiny_random(&seed))));
    }
    vqa_free(v);
}

static void test_random_questions(void **state)
{
    (void)state;
    vqa *v = open_tiny();
    tiny_bytes bmp = tiny_bmp(3, 2, 1);
    int picture = vqa_encode(v, bmp.bytes, bmp.size);
    uint32_t seed = 4;
    for (int round = 0; round < 3000; round++) {
        char bytes[120];
        size_t size = (size_t)(119 * fabsf(tiny_random(&seed)));
        for (size_t i = 0; i < size; i++)
            bytes[i] = (char)(uint8_t)(round % 2 ? 128 + 127 * tiny_random(&seed)
                                                 : 64 + 63 * tiny_random(&seed));
        char *copy = (char *)copy_of(bytes, size);
        int count = vqa_ask(v, picture, 0, copy, size, 3);
        assert_true(count == 3 || (count == VQA_BAD_QUESTION && strlen(vqa_error(v)) > 10));
        free(copy);
    }
    free(bmp.bytes);
    vqa_free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_truncation_is_refused),
        cmocka_unit_test(test_every_flipped_bit_is_refused),
        cmocka_unit_test(test_random_damage_is_refused),
        cmocka_unit_test(test_random_bytes_are_refused),
        cmocka_unit_test(test_every_setting_replaced_by_every_kind_of_value),
        cmocka_unit_test(test_every_value_of_the_header_replaced),
        cmocka_unit_test(test_hostile_settings),
        cmocka_unit_test(test_hostile_weights),
        cmocka_unit_test(test_enormous_tensors),
        cmocka_unit_test(test_damaged_pictures),
        cmocka_unit_test(test_random_pictures),
        cmocka_unit_test(test_random_questions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
