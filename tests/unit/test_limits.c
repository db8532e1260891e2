/* The table of limits in README.md, row by row: the value at a limit is not refused by it, and one beyond is, with
 * that limit's own sentence. What is at a limit may fail for another reason. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audio/feature_extractor.h"
#include "audio/sound.h"
#include "audio/wav.h"
#include "format/folder.h"
#include "format/json.h"
#include "format/safetensors.h"
#include "format/vocabulary_json.h"
#include "image/decode.h"
#include "image/inspect.h"
#include "image/preprocess.h"
#include "models/model.h"
#include "text/merges.h"
#include "tiny_folder.h"
#include "tiny_wav.h"

#include "testing.h"

/* Under the sanitizer too, a block that is too large is NULL, as without it. */
const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "allocator_may_return_null=1"; }

/* Whether something was taken, or else why not. Of the two the second is beyond a limit, whose sentence holds `own`. */
static void check_pair(bool at, const error *why, bool beyond, const error *why_beyond,
                       const char *own)
{
    if (!at && strstr(why->text, own)) fail_msg("at the limit: %s", why->text);
    if (beyond) fail_msg("beyond the limit, and no '%s'", own);
    if (!strstr(why_beyond->text, own)) fail_msg("'%s' without '%s'", why_beyond->text, own);
}

/* ---- a model file's header, tensors and their bytes ---- */

static bool plan(void *context, const tensor_info *tensors, int count, const cJSON *metadata,
                 error *err)
{
    (void)context, (void)tensors, (void)count, (void)metadata, (void)err;
    return true;
}

static bool take(void *context, int index, const uint8_t *bytes, size_t size, error *err)
{
    (void)context, (void)index, (void)bytes, (void)size, (void)err;
    return true;
}

/* Read a file of that header, or only of a first number that promises `size` bytes of one. */
static bool read_header(const char *text, size_t size, error *err)
{
    uint8_t prefix[8];
    for (int i = 0; i < 8; i++) prefix[i] = (uint8_t)((uint64_t)size >> 8 * i);
    safetensors *s = safetensors_new((safetensors_sink){ plan, take, NULL });
    assert_non_null(s);
    bool ok = safetensors_push(s, prefix, sizeof prefix, err) &&
              (!text || safetensors_push(s, (const uint8_t *)text, size, err));
    safetensors_free(s);
    return ok;
}

static void check_headers(const char *at, const char *beyond, const char *own)
{
    error why = { 0 }, why_beyond = { 0 };
    bool ok = read_header(at, strlen(at), &why),
         ok_beyond = read_header(beyond, strlen(beyond), &why_beyond);
    check_pair(ok, &why, ok_beyond, &why_beyond, own);
}

static void test_header(void **state)
{
    (void)state;
    error why = { 0 }, why_beyond = { 0 };
    bool ok = read_header(NULL, 64 << 20, &why),
         ok_beyond = read_header(NULL, (64 << 20) + 1, &why_beyond);
    check_pair(ok, &why, ok_beyond, &why_beyond, "expected 2 to 67108864");
}

/* A text of `count` times the same; the caller's to free(). */
static char *repeated(const char *what, size_t count)
{
    size_t length = strlen(what);
    char *text = malloc(count * length + 1);
    assert_non_null(text);
    for (size_t i = 0; i < count; i++) memcpy(text + i * length, what, length);
    text[count * length] = 0;
    return text;
}

static void test_values(void **state)
{
    (void)state;
    enum { MOST = 4000000 };
    error why = { 0 }, why_beyond = { 0 };
    char *commas = repeated(",", MOST);
    bool ok = json_parse(commas, MOST - 1, "the text", &why),
         ok_beyond = json_parse(commas, MOST, "the text", &why_beyond);
    check_pair(ok, &why, ok_beyond, &why_beyond, "has 4000001 values, at most 4000000");
    free(commas);
}

static void test_tensors(void **state)
{
    (void)state;
    enum { MOST = 65536 };
    char *entries = repeated("\"a\":0,", MOST + 1), *at = malloc(strlen(entries) + 2),
         *beyond = malloc(strlen(entries) + 2);
    assert_true(at && beyond);
    snprintf(beyond, strlen(entries) + 2, "{%s", entries);
    beyond[strlen(entries)] = '}';
    snprintf(at, strlen(entries) + 2, "{%s", entries + 6);
    at[strlen(entries) - 6] = '}';
    check_headers(at, beyond, "has 65537 tensors, at most 65536");
    free(entries), free(at), free(beyond);
    check_headers("{\"a\":{\"dtype\":\"U8\",\"shape\":[1,1,1,1,1,1,1,1],\"data_offsets\":[0,1]}}",
                  "{\"a\":{\"dtype\":\"U8\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,1]}}",
                  "more than 8 dimensions");
    check_headers("{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,12]}}",
                  "{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,13]}}",
                  "13 bytes, its shape and dtype F32 need 12");
}

static bool plan_matrix(dtype type, int64_t rows, int64_t cols, error *err)
{
    tensor_info info = { .name = "a",
                         .type = type,
                         .rank = 2,
                         .shape = { rows, cols },
                         .size = (size_t)(rows * cols) * dtype_size(type) };
    weights w = { 0 };
    bool ok = weights_plan(&w, &info, 1, KEEP_AS_STORED, err);
    weights_free(&w);
    return ok;
}

static void test_rows(void **state)
{
    (void)state;
    enum { SIDE = 1 << 24, QUANTIZED = 65536 };
    static const struct {
        dtype type;
        int64_t rows, cols, more_rows, more_cols;
        const char *own;
    } limits[] = {
        { DTYPE_F16, SIDE, 1, SIDE + 1, 1, "dimension beyond 16777216" },
        { DTYPE_F16, 1, SIDE, 1, SIDE + 1, "dimension beyond 16777216" },
        { DTYPE_I8, 16, QUANTIZED, 16, QUANTIZED + 1, "quantized ones have at most 65536" },
    };
    for (size_t i = 0; i < COUNT(limits); i++) {
        error why = { 0 }, why_beyond = { 0 };
        bool ok = plan_matrix(limits[i].type, limits[i].rows, limits[i].cols, &why),
             ok_beyond =
                 plan_matrix(limits[i].type, limits[i].more_rows, limits[i].more_cols, &why_beyond);
        check_pair(ok, &why, ok_beyond, &why_beyond, limits[i].own);
    }
}

/* ---- other files of a folder ---- */

static void test_files(void **state)
{
    (void)state;
    enum { MOST = 64 << 20 };
    uint8_t *zeros = calloc(MOST, 1);
    assert_non_null(zeros);
    error why = { 0 }, why_beyond = { 0 };
    bool ok[2];
    for (int more = 0; more < 2; more++) {
        folder *f = folder_new("tiny", 4, &why);
        assert_non_null(f);
        ok[more] =
            more ? folder_take(f, zeros, 1, &why_beyond) && folder_take(f, zeros, MOST, &why_beyond)
                 : folder_take(f, zeros, MOST, &why);
        folder_free(f);
    }
    check_pair(ok[0], &why, ok[1], &why_beyond, "config.json has more than 67108864 bytes");
    free(zeros);
}

static void test_tokens(void **state)
{
    (void)state;
    enum { MOST = 1000000 };
    vocabulary v = { 0 };
    error why = { 0 }, why_beyond = { 0 };
    char *lines = repeated("\n", MOST + 1);
    bool ok = vocabulary_read(&v, lines, MOST, &why);
    vocabulary_free(&v);
    bool ok_beyond = vocabulary_read(&v, lines, MOST + 1, &why_beyond);
    check_pair(ok, &why, ok_beyond, &why_beyond, "1000001 tokens, at most 1000000");

    merge_table m; /* what is behind the last line is one, too */
    assert_true(vocabulary_read(&v, "a\n", 2, &why));
    ok = merges_read(&m, &v, lines, MOST - 1, &why);
    ok_beyond = merges_read(&m, &v, lines, MOST, &why_beyond);
    check_pair(ok, &why, ok_beyond, &why_beyond, "1000001 lines, at most 1000000");
    vocabulary_free(&v);
    free(lines);

    static const char entry[] = "\"a\":0,";
    char *entries = repeated(entry, MOST + 1), *text[2];
    entries[strlen(entries) - 1] = '}';
    for (int more = 0; more < 2; more++) {
        size_t room = strlen(entries) + 2;
        char *object = malloc(room);
        assert_non_null(object);
        snprintf(object, room, "{%s", more ? entries : entries + strlen(entry));
        cJSON *tokens = cJSON_Parse(object);
        assert_non_null(tokens);
        text[more] = vocabulary_lines(tokens, &room, more ? &why_beyond : &why);
        cJSON_Delete(tokens);
        free(object);
    }
    check_pair(text[0], &why, text[1], &why_beyond, "1000001 tokens, at most 1000000");
    free(text[0]);
    free(entries);
}

/* ---- what a config says ---- */

typedef enum { BERT_VIT, GRU_RESNET, SPOKEN, VILT, CLIP, WHISPER } model_kind;

static tiny_folder folder_of(model_kind kind)
{
    static const tiny_model packs[] = {
        [BERT_VIT] = { .fusion = "token_transformer_cls" },
        [GRU_RESNET] = { .recurrent = "gru" },
        [SPOKEN] = { .absent = "learned" },
        [VILT] = { .vilt = true },
    };
    if (kind == CLIP) return tiny_folder_clip();
    if (kind == WHISPER) return tiny_folder_whisper();
    tiny_bytes pack = tiny_pack(packs[kind]);
    tiny_folder f = tiny_folder_of(pack, 1);
    free(pack.bytes);
    return f;
}

static cJSON *json_of(tiny_folder *f, const char *name)
{
    const tiny_file *file = tiny_folder_file(f, name);
    assert_non_null(file);
    cJSON *json = cJSON_ParseWithLength((const char *)file->content.bytes, file->content.size);
    assert_non_null(json);
    return json;
}

/* Put `value` there in the part (NULL: the whole), and take it over. */
static void set(cJSON *json, const char *part, const char *key, cJSON *value)
{
    cJSON *object = part ? cJSON_GetObjectItemCaseSensitive(json, part) : json;
    assert_non_null(object);
    cJSON_DeleteItemFromObjectCaseSensitive(object, key);
    cJSON_AddItemToObject(object, key, value);
}

/* A handle that took the folder, or else says why not. */
static vqa *opened(const tiny_folder *f)
{
    vqa *v = vqa_new(1);
    assert_non_null(v);
    tiny_folder_load(v, f, 1 << 20, NULL);
    return v;
}

/* The folder with `value` in that file of it. */
static vqa *opened_with(tiny_folder *f, const char *file, const char *part, const char *key,
                        cJSON *value)
{
    cJSON *json = json_of(f, file);
    set(json, part, key, value);
    char *text = cJSON_PrintUnformatted(json);
    assert_non_null(text);
    tiny_folder_put(f, file, text);
    cJSON_free(text);
    cJSON_Delete(json);
    return opened(f);
}

static void test_numbers(void **state)
{
    (void)state;
    enum { WIDE = 8192, INNER = 65536, MANY = 1024, ANSWERS = 1 << 20, POSITIONS = 4096 };
    static const struct {
        model_kind kind;
        const char *part, *key;
        int most;
    } numbers[] = {
        { BERT_VIT, "text_config", "hidden_size", WIDE },
        { BERT_VIT, "text_config", "intermediate_size", INNER },
        { BERT_VIT, "text_config", "num_hidden_layers", MANY },
        { BERT_VIT, "text_config", "num_attention_heads", MANY },
        { BERT_VIT, "vision_config", "hidden_size", WIDE },
        { BERT_VIT, "vision_config", "num_hidden_layers", MANY },
        { BERT_VIT, NULL, "hidden_size", WIDE },
        { BERT_VIT, NULL, "num_labels", ANSWERS },
        { BERT_VIT, NULL, "head_hidden_size", INNER },
        { BERT_VIT, NULL, "fusion_num_hidden_layers", MANY },
        { BERT_VIT, NULL, "fusion_num_attention_heads", MANY },
        { BERT_VIT, NULL, "fusion_intermediate_size", INNER },
        { GRU_RESNET, "text_config", "embedding_size", WIDE },
        { GRU_RESNET, "text_config", "hidden_size", 4096 },
        { GRU_RESNET, "text_config", "num_layers", 64 },
        { GRU_RESNET, "vision_config", "embedding_size", WIDE },
        { SPOKEN, "speech_config", "d_model", WIDE },
        { SPOKEN, "speech_config", "max_source_positions", POSITIONS },
        { VILT, NULL, "hidden_size", WIDE },
        { VILT, NULL, "num_labels", ANSWERS },
        { CLIP, NULL, "projection_dim", WIDE },
        { CLIP, "text_config", "hidden_size", WIDE },
        { CLIP, "vision_config", "intermediate_size", INNER },
        { WHISPER, NULL, "d_model", WIDE },
        { WHISPER, NULL, "encoder_layers", MANY },
        { WHISPER, NULL, "encoder_attention_heads", MANY },
        { WHISPER, NULL, "encoder_ffn_dim", INNER },
        { WHISPER, NULL, "decoder_layers", MANY },
        { WHISPER, NULL, "decoder_attention_heads", MANY },
        { WHISPER, NULL, "decoder_ffn_dim", INNER },
        { WHISPER, NULL, "vocab_size", ANSWERS },
        { WHISPER, NULL, "max_source_positions", POSITIONS },
        { WHISPER, NULL, "max_target_positions", POSITIONS },
    };
    for (size_t i = 0; i < COUNT(numbers); i++) {
        char own[100];
        for (int more = 0; more < 2; more++) {
            tiny_folder f = folder_of(numbers[i].kind);
            vqa *v = opened_with(&f, "config.json", numbers[i].part, numbers[i].key,
                                 cJSON_CreateNumber(numbers[i].most + more));
            snprintf(own, sizeof own, "\"%s\" is %g, expected", numbers[i].key,
                     (double)(numbers[i].most + more));
            bool refused = strstr(vqa_error(v), own);
            snprintf(own, sizeof own, " to %d", numbers[i].most);
            if (refused != more || (more && !strstr(vqa_error(v), own)))
                fail_msg("%s.%s = %d: '%s'", numbers[i].part ? numbers[i].part : "config",
                         numbers[i].key, numbers[i].most + more, vqa_error(v));
            vqa_free(v);
            tiny_folder_free(&f);
        }
    }
}

/* ---- tokens and patches that are used ---- */

/* Give a tensor so many rows (where it has one row of them, in that). */
static void stretch(tiny_list *list, const char *name, int rows)
{
    for (int i = 0; i < list->count; i++) {
        tensor_info *t = &list->infos[i];
        if (strcmp(list->names[i], name) != 0) continue;
        int64_t *side = &t->shape[t->rank - 2];
        t->size = t->size / (size_t)*side * (size_t)rows;
        *side = rows;
        return;
    }
    fail_msg("no tensor '%s'", name);
}

enum { MOST_TOKENS = 4096, MOST_PATCHES = 4096, PATCH = 8, FULL_SIDE = 64 * PATCH };

static model bound(const tiny_list *list, weights *w, const cJSON *config)
{
    model m = { 0 };
    error err = { 0 };
    *w = tiny_weights(list, KEEP_AS_STORED, 1);
    if (!model_bind(&m, w, config, &err)) fail_msg("%s", err.text);
    return m;
}

static void test_tokens_and_patches_of_vilt(void **state)
{
    (void)state;
    for (int tokens = MOST_TOKENS - 1; tokens <= MOST_TOKENS + 1; tokens++) {
        static tiny_list list;
        list.count = 0;
        tiny_add_vilt(&list, PATCH, 2, 5);
        stretch(&list, "vilt.embeddings.text_embeddings.position_embeddings.weight", tokens);
        cJSON *config = tiny_vilt_config(PATCH, 2, 5);
        set(config, NULL, "max_position_embeddings", cJSON_CreateNumber(tokens));
        weights w;
        model m = bound(&list, &w, config);
        assert_int_equal(m.max_tokens, tokens < MOST_TOKENS ? tokens : MOST_TOKENS);
        assert_int_equal(m.arch->feature_rows(&m, FULL_SIDE, FULL_SIDE), 1 + MOST_PATCHES);
        assert_int_equal(m.arch->feature_rows(&m, FULL_SIDE, FULL_SIDE + PATCH), -1);
        model_free(&m);
        weights_free(&w);
        cJSON_Delete(config);
    }
}

static void test_tokens_and_patches_of_clip(void **state)
{
    (void)state;
    tiny_folder f = tiny_folder_clip();
    for (int more = 0; more < 2; more++) {
        static tiny_list list;
        int across = 64 + more, side = across * PATCH, tokens = MOST_TOKENS + more;
        cJSON *config = json_of(&f, "config.json"),
              *text = cJSON_GetObjectItem(config, "text_config");
        tiny_add_clip(&list, cJSON_GetObjectItem(text, "vocab_size")->valueint, tokens);
        stretch(&list, "vision_model.embeddings.position_embedding.weight", 1 + across * across);
        set(config, "text_config", "max_position_embeddings", cJSON_CreateNumber(tokens));
        set(config, "vision_config", "image_size", cJSON_CreateNumber(side));
        weights w;
        model m = bound(&list, &w, config);
        assert_int_equal(m.max_tokens, MOST_TOKENS);
        assert_int_equal(m.arch->feature_rows(&m, side, side), more ? -1 : 1);
        model_free(&m);
        weights_free(&w);
        cJSON_Delete(config);
    }
    tiny_folder_free(&f);
}

static void test_tokens_and_patches_of_two_encoders(void **state)
{
    (void)state;
    for (int more = 0; more < 2; more++) {
        tiny_folder f = folder_of(GRU_RESNET);
        vqa *v = opened_with(&f, "config.json", "text_config", "max_position_embeddings",
                             cJSON_CreateNumber(MOST_TOKENS + more));
        if (!strstr(vqa_info(v), "\"maxTokens\":4096,"))
            fail_msg("%s%s", vqa_error(v), vqa_info(v));
        vqa_free(v);
        tiny_folder_free(&f);

        f = folder_of(BERT_VIT);
        cJSON *size = cJSON_CreateObject();
        cJSON_AddNumberToObject(size, "height", FULL_SIDE);
        cJSON_AddNumberToObject(size, "width", FULL_SIDE + more * PATCH);
        v = opened_with(&f, "preprocessor_config.json", NULL, "size", size);
        bool refused =
            strstr(vqa_error(v), "the picture is too large for the model (520 x 512 pixels)");
        if (refused != more || (!more && *vqa_error(v))) fail_msg("'%s'", vqa_error(v));
        vqa_free(v);
        tiny_folder_free(&f);
    }
}

/* ---- a picture ---- */

static void check_size(int64_t width, int64_t height, int64_t more_width, int64_t more_height,
                       const char *own)
{
    error why = { 0 }, why_beyond = { 0 };
    bool ok = inspect_size(width, height, &why),
         ok_beyond = inspect_size(more_width, more_height, &why_beyond);
    if (!ok) fail_msg("%s", why.text);
    check_pair(ok, &why, ok_beyond, &why_beyond, own);
}

static void test_picture(void **state)
{
    (void)state;
    check_size(5000, 10000, 2217, 22553, "50000001 pixels, at most 50000000");
    check_size(32768, 1, 32769, 1, "sides of at most 32768");
    check_size(1, 32768, 1, 32769, "sides of at most 32768");

    enum { MOST = 1 << 28 };
    static const uint8_t nothing[100] =
        "this is no picture, whatever its size: only the start is read";
    picture_facts facts;
    error why = { 0 }, why_beyond = { 0 };
    bool ok = inspect_picture(nothing, MOST, &facts, &why),
         ok_beyond = inspect_picture(nothing, (size_t)MOST + 1, &facts, &why_beyond);
    check_pair(ok, &why, ok_beyond, &why_beyond, "268435457 bytes, at most 268435456");
}

/* A JPEG of 1 x 1 pixels with a Huffman table of so many codes and so many scans, as far as inspect_picture() looks. */
static bool inspect_jpeg(int codes, int scans, error *err)
{
    static const uint8_t frame[] = { 0xff, 0xc0, 0, 11, 8, 0, 1, 0, 1, 1, 1, 0x11, 0 },
                         scan[] = { 0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 0x55 };
    static uint8_t bytes[4096];
    size_t size = 2, length = 2 + 1 + 16 + (size_t)codes;
    memcpy(bytes, "\xff\xd8", 2);
    memset(bytes + size, 0, 4 + length);
    memcpy(bytes + size, "\xff\xc4", 2);
    bytes[size + 2] = (uint8_t)(length >> 8), bytes[size + 3] = (uint8_t)length;
    bytes[size + 5] = (uint8_t)(codes - 1 < 255 ? codes - 1 : 255);
    bytes[size + 6] = (uint8_t)(codes - bytes[size + 5]);
    size += 2 + length;
    memcpy(bytes + size, frame, sizeof frame);
    size += sizeof frame;
    for (int i = 0; i < scans; i++, size += sizeof scan) memcpy(bytes + size, scan, sizeof scan);
    memcpy(bytes + size, "\xff\xd9", 2);
    picture_facts facts;
    return inspect_picture(bytes, size + 2, &facts, err);
}

static void test_jpeg(void **state)
{
    (void)state;
    error why = { 0 }, why_beyond = { 0 };
    bool ok = inspect_jpeg(256, 100, &why), ok_beyond = inspect_jpeg(256, 101, &why_beyond);
    assert_string_equal(why.text, "");
    check_pair(ok, &why, ok_beyond, &why_beyond, "it has too many scans");
    ok_beyond = inspect_jpeg(257, 100, &why_beyond);
    check_pair(ok, &why, ok_beyond, &why_beyond, "bad Huffman table");
}

/* ---- a picture as the model sees it ---- */

static bool parse_sides(const char *format, int side, error *err)
{
    char text[200];
    snprintf(text, sizeof text, format, side);
    cJSON *json = cJSON_Parse(text);
    assert_non_null(json);
    preprocessor p;
    bool ok = preprocessor_parse(&p, json, err);
    cJSON_Delete(json);
    return ok;
}

static void test_seen_picture(void **state)
{
    (void)state;
    static const char *const formats[] = {
        "{\"size\":%d}",
        "{\"size\":{\"height\":%d,\"width\":20}}",
        "{\"size\":{\"height\":20,\"width\":%d}}",
        "{\"size\":{\"shortest_edge\":%d}}",
        "{\"image_processor_type\":\"ViltImageProcessor\",\"size_divisor\":%d}",
        "{\"image_processor_type\":\"CLIPImageProcessor\",\"crop_size\":%d}",
    };
    for (size_t i = 0; i < COUNT(formats); i++) {
        error why = { 0 }, why_beyond = { 0 };
        bool ok = parse_sides(formats[i], 4096, &why),
             ok_beyond = parse_sides(formats[i], 4097, &why_beyond);
        check_pair(ok, &why, ok_beyond, &why_beyond,
                   " is 4097, expected a whole number in 1..4096");
    }
    preprocessor p = { .rule = RESIZE_SHORT_SIDE, .side = 4096 };
    int width, height;
    error why = { 0 }, why_beyond = { 0 };
    bool ok = preprocess_size(&p, 4096, 4096, &width, &height, &why),
         ok_beyond = preprocess_size(&p, 4096, 4097, &width, &height, &why_beyond);
    check_pair(ok, &why, ok_beyond, &why_beyond, "4096 x 4097, more than 16777216 pixels");
}

/* ---- a sound ---- */

static bool new_sound(size_t count, int rate, error *err)
{
    sound s;
    bool ok = sound_new(count, rate, &s, err);
    sound_free(&s);
    return ok;
}

static void test_sound(void **state)
{
    (void)state;
    enum { SAMPLES = 1 << 27 };
    static const struct {
        size_t count, more;
        int rate, more_rate;
        const char *own;
    } limits[] = {
        { 1000, 1000, 1000, 999, "999 samples a second, expected 1000 to 768000" },
        { 1000, 1000, 768000, 768001, "768001 samples a second, expected 1000 to 768000" },
        { 16000 * 600, 16000 * 600 + 1, 16000, 16000, "more than the 600 s that are taken" },
        { SAMPLES, SAMPLES + 1, 768000, 768000, "134217729 samples, at most 134217728" },
    };
    for (size_t i = 0; i < COUNT(limits); i++) {
        error why = { 0 }, why_beyond = { 0 };
        bool ok = new_sound(limits[i].count, limits[i].rate, &why),
             ok_beyond = new_sound(limits[i].more, limits[i].more_rate, &why_beyond);
        check_pair(ok, &why, ok_beyond, &why_beyond, limits[i].own);
    }
}

static void test_samples(void **state)
{
    (void)state;
    for (int sign = -1; sign <= 1; sign += 2) {
        float samples[] = { 0, (float)sign * 1000000 };
        const sound s = { samples, 2, 16000 };
        error why = { 0 }, why_beyond = { 0 };
        bool ok = sound_check(&s, &why);
        samples[1] = nextafterf(samples[1], (float)sign * 2000000);
        bool ok_beyond = sound_check(&s, &why_beyond);
        check_pair(ok, &why, ok_beyond, &why_beyond, "sample 1 of the sound is ");
    }
}

static bool read_wav(int channels, error *err)
{
    static const double silence[9];
    tiny_bytes file =
        tiny_wav((tiny_wave){ .format = 1, .bits = 16, .channels = channels, .rate = 8000 },
                 silence, (size_t)channels);
    sound s;
    bool ok = wav_decode(file.bytes, file.size, &s, err);
    sound_free(&s);
    free(file.bytes);
    return ok;
}

static void test_channels(void **state)
{
    (void)state;
    error why = { 0 }, why_beyond = { 0 };
    bool ok = read_wav(8, &why), ok_beyond = read_wav(9, &why_beyond);
    if (!ok) fail_msg("%s", why.text);
    check_pair(ok, &why, ok_beyond, &why_beyond, "9 channels, expected 1 to 8");
}

/* Not of the table, but of the same kind: what a feature extractor says, and the beams of a transcription. */

static bool parse_extractor(const char *type, const char *key, int value, error *err)
{
    char text[200];
    snprintf(text, sizeof text, "{\"feature_extractor_type\":\"%sFeatureExtractor\",\"%s\":%d}",
             type, key, value);
    cJSON *json = cJSON_Parse(text);
    assert_non_null(json);
    feature_extractor f;
    bool ok = feature_extractor_parse(&f, json, err);
    cJSON_Delete(json);
    return ok;
}

static void test_feature_extractors(void **state)
{
    (void)state;
    static const struct {
        const char *type, *key;
        int most;
    } numbers[] = { { "Whisper", "feature_size", 512 },
                    { "Whisper", "n_fft", 4096 },
                    { "Whisper", "hop_length", 4096 },
                    { "Whisper", "sampling_rate", 96000 },
                    { "AST", "num_mel_bins", 512 } };
    for (size_t i = 0; i < COUNT(numbers); i++) {
        char own[100];
        error why = { 0 }, why_beyond = { 0 };
        bool ok = parse_extractor(numbers[i].type, numbers[i].key, numbers[i].most, &why),
             ok_beyond =
                 parse_extractor(numbers[i].type, numbers[i].key, numbers[i].most + 1, &why_beyond);
        snprintf(own, sizeof own, "\"%s\" is %d, expected a whole number from", numbers[i].key,
                 numbers[i].most + 1);
        check_pair(ok, &why, ok_beyond, &why_beyond, own);
    }
}

static void test_beams(void **state)
{
    (void)state;
    tiny_folder f = folder_of(WHISPER);
    vqa *v = opened(&f);
    static const float silence[4000];
    int heard = vqa_hear_samples(v, silence, COUNT(silence), 16000);
    if (heard < 0) fail_msg("%s", vqa_error(v));
    int status = vqa_transcribe(v, heard, "{\"beams\":16}", 12);
    if (status != VQA_OK) fail_msg("%s", vqa_error(v));
    assert_int_equal(vqa_transcribe(v, heard, "{\"beams\":17}", 12), VQA_BAD_CALL);
    assert_non_null(strstr(vqa_error(v), "\"beams\" is 17, expected a whole number from 1 to 16"));
    vqa_free(v);
    tiny_folder_free(&f);
}

/* ---- questions, choices, answers ---- */

static void test_question(void **state)
{
    (void)state;
    enum { MOST = 10000, CHOICES = 10000 };
    tiny_folder f = folder_of(BERT_VIT);
    vqa *v = opened(&f);
    tiny_bytes pixels = tiny_pixels(TINY_SIDE, TINY_SIDE, false, 1);
    int picture = vqa_encode_pixels(v, pixels.bytes, TINY_SIDE, TINY_SIDE);
    char *text = repeated("cat ", MOST / 4 + 1);
    assert_int_equal(vqa_ask(v, picture, 0, text, MOST, 100), 5);
    assert_int_equal(vqa_ask(v, picture, 0, text, MOST + 1, 100), VQA_BAD_QUESTION);
    assert_string_equal(vqa_error(v), "the question has 10001 bytes, at most 10000 are taken");
    assert_int_equal(vqa_ask(v, picture, 0, text, MOST, 101), VQA_BAD_CALL);
    assert_string_equal(vqa_error(v), "top_k is 101, expected 1 to 100");

    text[MOST] = 0; /* as one choice, which no model has as an answer */
    assert_true(vqa_choose(v, picture, 0, text, 3, text, MOST + 1, 1) < 0);
    assert_null(strstr(vqa_error(v), "at most"));
    text[MOST] = ' ', text[MOST + 1] = 0;
    assert_true(vqa_choose(v, picture, 0, text, 3, text, MOST + 2, 1) < 0);
    assert_string_equal(vqa_error(v), "choice 1 has 10001 bytes, at most 10000 are taken");
    free(text);

    text = repeated("ab", CHOICES + 1);
    for (int i = 0; i <= CHOICES; i++) text[2 * i + 1] = 0;
    assert_true(vqa_choose(v, picture, 0, "cat", 3, text, 2 * CHOICES, 1) < 0);
    assert_null(strstr(vqa_error(v), "at most"));
    assert_true(vqa_choose(v, picture, 0, "cat", 3, text, 2 * (CHOICES + 1), 1) < 0);
    assert_string_equal(vqa_error(v), "there are 10001 choices, at most 10000 are taken");
    free(text);
    free(pixels.bytes);
    vqa_free(v);
    tiny_folder_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_header),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_tensors),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_tokens_and_patches_of_vilt),
        cmocka_unit_test(test_tokens_and_patches_of_clip),
        cmocka_unit_test(test_tokens_and_patches_of_two_encoders),
        cmocka_unit_test(test_picture),
        cmocka_unit_test(test_jpeg),
        cmocka_unit_test(test_seen_picture),
        cmocka_unit_test(test_sound),
        cmocka_unit_test(test_samples),
        cmocka_unit_test(test_channels),
        cmocka_unit_test(test_feature_extractors),
        cmocka_unit_test(test_beams),
        cmocka_unit_test(test_question),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
