/* What reviews have found: inputs that crashed the engine, kept it busy, or came out wrong. Each test
 * fails without the mend. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "audio/feature_extractor.h"
#include "choices.h"
#include "encoders/audio_whisper.h"
#include "encoders/image_cnn.h"
#include "format/json.h"
#include "format/safetensors.h"
#include "format/vocabulary_json.h"
#include "image/inspect.h"
#include "models/whisper_settings.h"
#include "nn/linear.h"
#include "text/merges.h"
#include "tiny_folder.h"

#include "testing.h"

/* ---- models ---- */

static vqa *handle_new(void)
{
    vqa *v = vqa_new(1);
    assert_non_null(v);
    return v;
}

/* The pack is given back. */
static int load(vqa *v, tiny_bytes pack)
{
    int status = vqa_load(v, pack.bytes, pack.size);
    free(pack.bytes);
    return status == VQA_OK ? vqa_load_end(v) : status;
}

static int picture_of(vqa *v)
{
    tiny_bytes pixels = tiny_pixels(TINY_SIDE, TINY_SIDE, false, 1);
    int picture = vqa_encode_pixels(v, pixels.bytes, TINY_SIDE, TINY_SIDE);
    free(pixels.bytes);
    assert_true(picture > 0);
    return picture;
}

static int ask(vqa *v, int picture)
{
    static const char question[] = "what color is the cat";
    return vqa_ask(v, picture, 0, question, sizeof question - 1, 5);
}

typedef struct {
    tiny_bytes bytes;
    size_t filled;
    safetensors_sink sink;
    weights w;
} reading;

static bool take_header(void *context, const tensor_info *tensors, int count, const cJSON *metadata,
                        error *err)
{
    (void)metadata;
    return weights_plan(&((reading *)context)->w, tensors, count, KEEP_AS_STORED, err);
}

static bool take_data(void *context, int index, const uint8_t *bytes, size_t size, error *err)
{
    return weights_take(&((reading *)context)->w, index, bytes, size, err);
}

/* What a pack of the weights brings back. */
static weights written_and_read(const weights *w)
{
    error err;
    char none[] = "";
    cJSON *settings = cJSON_CreateObject();
    tiny_bytes pack =
        tiny_written(w, &(pack_settings){ settings, settings, settings, settings, none, none });
    reading r = { .w = { 0 } };
    safetensors *file = safetensors_new((safetensors_sink){ take_header, take_data, &r });
    assert_non_null(file);
    assert_true(safetensors_push(file, pack.bytes, pack.size, &err) &&
                safetensors_end(file, &err) && weights_finish(&r.w, &err));
    safetensors_free(file);
    cJSON_Delete(settings);
    free(pack.bytes);
    return r.w;
}

/* A tensor [1, n, m] is a table without the room that panels take: a layer of one output may not be
 * made of it, but of what brings room along. */
static void test_layer_of_one_row(void **state)
{
    (void)state;
    enum { IN = 64, TAPS = 3 };
    for (int rows = 1; rows <= 9; rows += 4)
        for (int keep = KEEP_AS_STORED; keep <= QUANTIZE_Q4; keep++) {
            static tiny_list list;
            list.count = 0;
            tiny_add(&list, SHAPE(rows, IN, TAPS), "a.weight");
            tiny_add(&list, SHAPE(rows), "a.bias");
            weights all[2] = { tiny_weights(&list, (precision)keep, 3) };
            all[1] = written_and_read(&all[0]);
            for (int i = 0; i < 2; i++) {
                linear l;
                error err;
                bool room = rows > 1 || (i == 1 && keep == QUANTIZE_Q4); /* read as packed rows */
                bool ok = linear_bind_named(&l, &all[i], "a.weight", "a.bias", IN * TAPS, rows,
                                            SHAPE(rows, IN, TAPS), &err);
                assert_int_equal(ok, room);
                if (!ok) assert_string_equal(err.text, "tensor 'a.weight' is no matrix");
                weights_free(&all[i]);
            }
        }
}

static void set_positions(tiny_settings *s, const void *context)
{
    cJSON_SetNumberValue(cJSON_GetObjectItem(cJSON_GetObjectItem(s->part[0], "text_config"),
                                             "max_position_embeddings"),
                         *(const int *)context);
}

static void test_few_positions(void **state)
{
    (void)state;
    for (int positions = 1; positions <= 3; positions++) {
        vqa *v = handle_new();
        tiny_bytes pack = tiny_pack((tiny_model){ .recurrent = "gru" });
        int status = load(v, tiny_edit(pack, set_positions, &positions));
        free(pack.bytes);
        if (positions == 3) {
            assert_int_equal(status, VQA_OK);
            assert_int_equal(ask(v, picture_of(v)), 5);
        } else {
            assert_int_equal(status, VQA_BAD_MODEL);
            assert_non_null(strstr(vqa_error(v), "expected a whole number from 3"));
        }
        vqa_free(v);
    }
}

static void test_widths(void **state)
{
    (void)state;
    weights w = { 0 };
    error err;
    image_cnn cnn = { 0 };
    audio_whisper ear;
    cJSON *config =
        cJSON_Parse("{\"model_type\":\"mobilenet_v2\",\"hidden_size\":8193,\"d_model\":6,"
                    "\"encoder_attention_heads\":1,\"max_source_positions\":4097}");
    assert_false(image_cnn_bind(&cnn, &w, "", config, &err));
    assert_string_equal(err.text,
                        "config: \"hidden_size\" is 8193, expected a whole number from 1 to 8192");
    image_cnn_free(&cnn);
    assert_false(audio_whisper_bind(&ear, &w, "", config, &err));
    assert_string_equal(err.text, "config: \"max_source_positions\" is 4097, expected a whole "
                                  "number from 1 to 4096");
    audio_whisper_free(&ear);
    cJSON_Delete(config);
}

/* The names are sorted once, after the last file, not after each: of a thousand, it is then that two
 * of one name are found. */
static void test_many_files(void **state)
{
    (void)state;
    weights w = { 0 };
    error err;
    static char names[1001][8];
    const float one = 1;
    for (int i = 0; i < 1001; i++) {
        snprintf(names[i], sizeof names[i], "t%d", i % 1000);
        tensor_info t = { .name = names[i], .type = DTYPE_F32, .size = sizeof one };
        assert_true(weights_plan(&w, &t, 1, KEEP_AS_STORED, &err));
        assert_true(weights_take(&w, 0, (const uint8_t *)&one, sizeof one, &err));
    }
    assert_false(weights_finish(&w, &err));
    assert_string_equal(err.text, "tensor 't0' stands in two files");
    weights_free(&w);
}

/* A file of which a part has come is there, whatever the caller says. */
static void test_half_a_file(void **state)
{
    (void)state;
    tiny_bytes pack = tiny_pack((tiny_model){ .vilt = true });
    tiny_folder f = tiny_folder_of(pack, 1);
    const tiny_file *model = tiny_folder_file(&f, "model.safetensors");
    vqa *v = handle_new();
    assert_int_equal(vqa_open_folder(v, "tiny", 4), VQA_OK);
    while (strcmp(vqa_wanted_file(v), model->name) != 0) {
        const tiny_file *file = tiny_folder_file(&f, vqa_wanted_file(v));
        if (file) assert_int_equal(vqa_load(v, file->content.bytes, file->content.size), VQA_OK);
        assert_int_equal(vqa_end_file(v, file != NULL), VQA_OK);
    }
    assert_int_equal(vqa_load(v, model->content.bytes, model->content.size - 1), VQA_OK);
    assert_int_equal(vqa_end_file(v, 0), VQA_BAD_MODEL);
    vqa_free(v);
    tiny_folder_free(&f);
    free(pack.bytes);
}

static void test_header_of_a_pack(void **state)
{
    (void)state;
    size_t size = SAFETENSORS_MAX_HEADER;
    char *name = malloc(size + 1), none[] = "";
    error err;
    assert_non_null(name);
    memset(name, 'n', size);
    name[size] = 0;
    cJSON *settings = cJSON_CreateObject();
    weights w = { 0 };
    assert_null(pack_writer_new(
        &w, &(pack_settings){ settings, settings, settings, settings, name, none }, true, &err));
    assert_false(err.no_memory);
    assert_non_null(strstr(err.text, " bytes, at most 67108864 are taken"));
    cJSON_Delete(settings);
    free(name);
}

/* ---- texts ---- */

static uint32_t hash_of(const char *token) /* FNV-1a, as in vocabulary.c */
{
    uint32_t hash = 2166136261u;
    while (*token) hash = (hash ^ (unsigned char)*token++) * 16777619u;
    return hash;
}

enum { COLLIDING = 300, SLOTS = 4096, HONEST = SLOTS / 4 + 1 };

/* Lines of tokens that share a slot among SLOTS, behind honest ones; returns their size. */
static size_t put_tokens(char *text, int colliding)
{
    size_t size = 0;
    for (int i = 0; i < HONEST; i++) size += (size_t)sprintf(text + size, "w%d\n", i);
    for (int i = 0; colliding > 0; i++) {
        char token[16];
        snprintf(token, sizeof token, "t%d", i);
        if (hash_of(token) % SLOTS != 7) continue;
        size += (size_t)sprintf(text + size, "%s\n", token);
        colliding--;
    }
    return size;
}

static void test_tokens_that_collide(void **state)
{
    (void)state;
    static char text[(COLLIDING + HONEST) * 16];
    vocabulary v;
    error err;
    size_t size = put_tokens(text, COLLIDING);
    assert_false(vocabulary_read(&v, text, size, &err));
    assert_string_equal(err.text, "vocabulary: its tokens are chosen to be slow to find");

    size = put_tokens(text, COLLIDING / 3);
    assert_true(vocabulary_read(&v, text, size, &err));
    assert_int_equal(v.slots, SLOTS);
    for (int i = 0; i < v.count; i++)
        assert_int_equal(vocabulary_find(&v, v.text + v.start[i], v.start[i + 1] - v.start[i] - 0),
                         i);
    assert_int_equal(vocabulary_find(&v, "w", 1), -1);
    vocabulary_free(&v);
}

static void test_merges_that_collide(void **state)
{
    (void)state;
    enum { SIDE = 700, PAIRS = 300, PLACES = 1024 };
    static char tokens[(2 * SIDE + PAIRS) * 12], pairs[PAIRS * 12];
    static int left[PAIRS], right[PAIRS];
    int count = 0;
    for (int i = 0; i < SIDE; i++)
        for (int k = SIDE; k < 2 * SIDE && count < PAIRS; k++) {
            uint32_t hash = (uint32_t)i * 0x9E3779B1u ^ (uint32_t)k * 0x85EBCA77u; /* merges.c's */
            if ((hash ^ hash >> 15) % PLACES == 7) left[count] = i, right[count++] = k;
        }
    assert_int_equal(count, PAIRS);
    for (int kept = PAIRS; kept >= PAIRS / 3; kept -= PAIRS * 2 / 3) {
        size_t size = 0, merged = 0;
        for (int i = 0; i < 2 * SIDE; i++)
            size += (size_t)sprintf(tokens + size, i < SIDE ? "(%d\n" : ")%d\n", i);
        for (int i = 0; i < kept; i++) {
            size += (size_t)sprintf(tokens + size, "(%d)%d\n", left[i], right[i]);
            merged += (size_t)sprintf(pairs + merged, "(%d )%d\n", left[i], right[i]);
        }
        vocabulary v;
        merge_table m;
        error err;
        assert_true(vocabulary_read(&v, tokens, size, &err));
        assert_int_equal(merges_read(&m, &v, pairs, merged, &err), kept < PAIRS);
        if (kept == PAIRS)
            assert_string_equal(err.text, "merges: their pairs are chosen to be slow to find");
        for (int i = 0; i < kept && kept < PAIRS; i++)
            assert_int_equal(merges_find(&m, left[i], right[i]), i);
        merges_free(&m);
        vocabulary_free(&v);
    }
}

static void test_too_many_tokens(void **state)
{
    (void)state;
    enum { MOST = VOCABULARY_MAX_TOKENS };
    assert_int_equal(VOCABULARY_JSON_MAX, MOST);
    error err;
    size_t size;
    char *lines = malloc(MOST + 1);
    assert_non_null(lines);
    memset(lines, '\n', MOST);
    cJSON *added = cJSON_Parse("{\"x\":1000000}");
    for (int spare = 0; spare < 2; spare++) {
        lines[MOST - spare] = 0;
        cJSON_SetNumberValue(cJSON_GetObjectItem(added, "x"), MOST - spare);
        char *all = vocabulary_append(lines, added, &size, &err);
        assert_int_equal(all != NULL, spare);
        free(all);
    }
    assert_string_equal(err.text, "vocabulary: 1000001 tokens, at most 1000000");
    cJSON_Delete(added);
    free(lines);

    /* {"":0,"":0,...}: refused before it is parsed */
    const size_t text_size = 1 + 5 * ((size_t)MOST + 1);
    char *text = malloc(text_size + 1);
    assert_non_null(text);
    text[0] = '{';
    for (int i = 0; i <= MOST; i++) memcpy(text + 1 + 5 * i, "\"\":0,", 5);
    memcpy(text + text_size - 1, "}", 2);
    tiny_folder f = tiny_folder_whisper();
    tiny_folder_put(&f, "vocab.json", text);
    vqa *v = handle_new();
    assert_int_equal(tiny_folder_load(v, &f, 1 << 20, NULL), VQA_BAD_MODEL);
    assert_string_equal(vqa_error(v), "vocab.json has 1000001 tokens, at most 1000000 are taken");
    vqa_free(v);
    tiny_folder_free(&f);
    free(text);
}

/* ---- pictures ---- */

static void put_bits(uint8_t *bytes, size_t *at, int value, int count)
{
    for (int i = 0; i < count; i++, ++*at)
        bytes[*at / 8] |= (uint8_t)((value >> i & 1) << (*at % 8));
}

/* A GIF of 1 x 1 pixels from its codes of 9 bits; returns its size. */
static size_t put_gif(uint8_t *gif, const int *codes, int count)
{
    static const uint8_t head[] = "GIF89a\1\0\1\0\x80\0\0\0\0\0\377\377\377,\0\0\0\0\1\0\1\0\0\x8";
    static uint8_t data[8192];
    size_t bits = 0, size = sizeof head - 1;
    memset(data, 0, sizeof data);
    for (int i = 0; i < count; i++) put_bits(data, &bits, codes[i], 9);
    memcpy(gif, head, size);
    for (size_t at = 0, all = (bits + 7) / 8; at < all; at += 255) {
        size_t block = all - at < 255 ? all - at : 255;
        gif[size++] = (uint8_t)block;
        memcpy(gif + size, data + at, block);
        size += block;
    }
    gif[size++] = 0;
    gif[size++] = ';';
    return size;
}

static void test_gif_that_goes_on(void **state)
{
    (void)state;
    enum { CLEAR = 256, END = 257, MOST = 5000 };
    static uint8_t gif[8192];
    static int codes[MOST];
    static const struct {
        bool
            growing; /* each code stands for a pixel more than the one before; else they are clear codes */
        int count;
        bool fine;
    } cases[] = {
        { false, 4000, true }, { false, MOST, false }, { true, 80, true }, { true, 120, false }
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int n = 0;
        codes[n++] = CLEAR;
        codes[n++] = cases[i].growing ? 0 : CLEAR;
        while (n < cases[i].count - 1) {
            codes[n] = cases[i].growing ? END - 1 + n : CLEAR;
            n++;
        }
        codes[n++] = END;
        picture_facts facts;
        error err;
        assert_int_equal(inspect_picture(gif, put_gif(gif, codes, n), &facts, &err), cases[i].fine);
        if (!cases[i].fine)
            assert_string_equal(err.text, "the GIF picture is damaged: its compressed data is too "
                                          "long for its size");
    }
}

static void test_jpeg_of_many_scans(void **state)
{
    (void)state;
    static const struct {
        int width, height, most;
    } cases[] = { { 8, 8, 100 }, { 2500, 3000, 100 }, { 4000, 2500, 75 }, { 8000, 6250, 15 } };
    static const uint8_t scan[] = { 0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0 };
    for (size_t i = 0; i < COUNT(cases); i++)
        for (int more = 0; more < 2; more++) {
            const int w = cases[i].width, h = cases[i].height;
            const uint8_t head[] = { 0xff,     0xd8,
                                     0xff,     0xc2,
                                     0,        11,
                                     8,        (uint8_t)(h >> 8),
                                     h & 0xff, (uint8_t)(w >> 8),
                                     w & 0xff, 1,
                                     1,        0x11,
                                     0 };
            uint8_t bytes[2000];
            size_t size = sizeof head;
            memcpy(bytes, head, size);
            for (int k = 0; k < cases[i].most + more; k++, size += sizeof scan)
                memcpy(bytes + size, scan, sizeof scan);
            memcpy(bytes + size, "\xff\xd9", 2);
            picture_facts facts;
            error err;
            assert_int_equal(inspect_picture(bytes, size + 2, &facts, &err), !more);
            if (more)
                assert_string_equal(err.text,
                                    "the JPEG picture is damaged: it has too many scans for its "
                                    "size");
        }
}

/* ---- sounds ---- */

static void test_small_hops(void **state)
{
    (void)state;
    for (int hop = 49; hop <= 50; hop++) {
        char text[100];
        feature_extractor f;
        error err;
        snprintf(text, sizeof text,
                 "{\"feature_extractor_type\":\"WhisperFeatureExtractor\",\"hop_length\":%d}", hop);
        cJSON *json = cJSON_Parse(text);
        assert_int_equal(feature_extractor_parse(&f, json, &err), hop == 50);
        cJSON_Delete(json);
        if (hop == 49)
            assert_string_equal(err.text,
                                "config: \"hop_length\" 49 is less than 1/8 of \"n_fft\" 400");
    }
}

static void test_whisper_without_numbers(void **state)
{
    (void)state;
    static float samples[16000];
    for (int i = 0; i < 16000; i++) samples[i] = sinf((float)i * 0.1f);
    for (int beams = 1; beams <= 3; beams += 2)
        for (int large = 0; large < 2; large++) {
            tiny_folder f = tiny_folder_whisper();
            uint8_t *last = tiny_data(tiny_folder_file(&f, "model.safetensors")->content,
                                      "model.decoder.layer_norm.weight");
            const float huge = 3e38f;
            for (int i = 0; i < TINY_HIDDEN && large; i++)
                memcpy(last + (size_t)i * sizeof huge, &huge, sizeof huge);
            vqa *v = handle_new();
            assert_int_equal(tiny_folder_load(v, &f, 1 << 20, NULL), VQA_OK);
            int sound = vqa_hear_samples(v, samples, 16000, 16000);
            assert_true(sound > 0);
            char options[20];
            int size = snprintf(options, sizeof options, "{\"beams\":%d}", beams);
            assert_int_equal(vqa_transcribe(v, sound, options, (size_t)size),
                             large ? VQA_BAD_MODEL : VQA_OK);
            if (large)
                assert_string_equal(
                    vqa_error(v), "the model's weights are too large: it gives no finite numbers");
            vqa_free(v);
            tiny_folder_free(&f);
        }
}

static void test_long_languages(void **state)
{
    (void)state;
    static const char *const codes[] = { "abcdefghijklmno", "abcdefghijklmn\u00e4" };
    for (int i = 0; i < 2; i++) {
        char text[200], code[16];
        snprintf(text, sizeof text,
                 "{\"decoder_start_token_id\":1,\"eos_token_id\":2,\"lang_to_id\":{\"<|%s|>\":3}}",
                 codes[i]);
        cJSON *config = cJSON_Parse(text);
        whisper_settings s;
        error err;
        assert_int_equal(whisper_settings_read(&s, config, 10, 20, &err), i == 0);
        if (i == 0) {
            whisper_language(&s, 3, code);
            assert_string_equal(code, codes[0]);
        } else {
            assert_string_equal(err.text, "config: \"lang_to_id\" names "
                                          "'<|abcdefghijklmn\u00e4|>', of more than 19 bytes");
        }
        whisper_settings_free(&s);
        cJSON_Delete(config);
    }
}

/* ---- answers ---- */

/* What choices_labels() means, said the slow way. */
static int slow_label(const char *choice, const cJSON *labels)
{
    int i = 0, alike = -1;
    const cJSON *label;
    cJSON_ArrayForEach(label, labels)
    {
        const char *text = label->valuestring;
        bool same = strlen(text) == strlen(choice);
        for (size_t k = 0; choice[k] && same; k++) same = (text[k] | 32) == (choice[k] | 32);
        if (strcmp(text, choice) == 0) return i;
        if (same && alike < 0) alike = i;
        i++;
    }
    return alike;
}

static void test_choices_among_labels_alike(void **state)
{
    (void)state;
    uint32_t seed = 1;
    cJSON *labels = cJSON_CreateArray();
    for (int i = 0; i < 60; i++) {
        char text[4] = "";
        for (int k = 0; k < 1 + i % 3; k++)
            text[k] = "abABb"[(int)((tiny_random(&seed) + 1) * 2.4f)];
        json_append(labels, cJSON_CreateString(text));
    }
    for (int i = 0; i < 84; i++) { /* all texts of one to three of these letters */
        char text[4] = "";
        int length = i < 4 ? 1 : i < 20 ? 2 : 3, rest = i < 4 ? i : i < 20 ? i - 4 : i - 20;
        for (int k = 0; k < length; k++, rest /= 4) text[k] = "abAB"[rest % 4];
        choices c;
        error err;
        assert_true(choices_read(&c, text, strlen(text) + 1, &err));
        int *index = choices_labels(&c, labels, &err), expected = slow_label(text, labels);
        assert_int_equal(index ? *index : -1, expected);
        free(index);
        choices_free(&c);
    }
    cJSON_Delete(labels);
}

/* The time of the processor, of which every choice against every label would take minutes. */
static void test_choices_among_many_labels(void **state)
{
    (void)state;
    enum { LABELS = 100000, CHOICES = VQA_MAX_CHOICES, LENGTH = 40 };
    cJSON *labels = cJSON_CreateArray();
    char text[LENGTH + 1], *list = malloc((size_t)CHOICES * sizeof text);
    assert_non_null(list);
    for (int i = 0; i < LABELS; i++) {
        snprintf(text, sizeof text, "an answer that begins as all others %04x", i & 0xffff);
        text[0] = (char)('a' + (i >> 16));
        json_append(labels, cJSON_CreateString(text));
        if (i < CHOICES) memcpy(list + (size_t)i * sizeof text, text, sizeof text);
    }
    choices c;
    error err;
    assert_true(choices_read(&c, list, (size_t)CHOICES * sizeof text, &err));
    clock_t begin = clock();
    int *index = choices_labels(&c, labels, &err);
    assert_true((double)(clock() - begin) / CLOCKS_PER_SEC < 5);
    assert_non_null(index);
    for (int i = 0; i < CHOICES; i++) assert_int_equal(index[i], i);
    free(index);
    choices_free(&c);
    free(list);
    cJSON_Delete(labels);
}

static void test_large_numbers(void **state)
{
    (void)state;
    static const float values[5] = { 1.5e38f, -2.5e30f, 100, -3.4e38f, 0.5f };
    tiny_bytes pack = tiny_pack((tiny_model){ .problem_type = "regression" });
    uint8_t *factors = tiny_data(pack, "head.weight"), *bias = tiny_data(pack, "head.bias");
    memset(factors, 0, (size_t)5 * 2 * TINY_HIDDEN * sizeof(float));
    memcpy(bias, values, sizeof values);
    tiny_seal(pack);
    vqa *v = handle_new();
    assert_int_equal(load(v, pack), VQA_OK);
    assert_int_equal(ask(v, picture_of(v)), 5);
    const char *texts[5];
    for (int i = 0; i < 5; i++) texts[i] = vqa_answer_text(v, i);
    for (int i = 0; i < 5; i++) { /* each has a place of its own */
        char expected[64];
        snprintf(expected, sizeof expected, i == 4 ? "%.1f" : "%.0f", (double)values[i]);
        assert_string_equal(texts[i], expected);
    }
    vqa_free(v);
}

static void test_ids_and_times(void **state)
{
    (void)state;
    static float samples[8000];
    vqa *v = handle_new();
    assert_int_equal(load(v, tiny_pack((tiny_model){ .absent = "learned" })), VQA_OK);
    int sound = vqa_hear_samples(v, samples, 8000, 16000);
    assert_int_equal(sound, 1);
    assert_int_equal(vqa_close_picture(v, sound), VQA_BAD_CALL);
    assert_string_equal(vqa_error(v), "there is no picture 1");
    assert_int_equal(vqa_close_sound(v, sound), VQA_OK);
    assert_int_equal(vqa_close_sound(v, sound), VQA_BAD_CALL);
    assert_string_equal(vqa_error(v), "sound 1 is closed");
    assert_true(vqa_milliseconds(v, (vqa_time)VQA_TIMES) == 0);
    vqa_free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layer_of_one_row),
        cmocka_unit_test(test_few_positions),
        cmocka_unit_test(test_widths),
        cmocka_unit_test(test_many_files),
        cmocka_unit_test(test_half_a_file),
        cmocka_unit_test(test_header_of_a_pack),
        cmocka_unit_test(test_tokens_that_collide),
        cmocka_unit_test(test_merges_that_collide),
        cmocka_unit_test(test_too_many_tokens),
        cmocka_unit_test(test_gif_that_goes_on),
        cmocka_unit_test(test_jpeg_of_many_scans),
        cmocka_unit_test(test_small_hops),
        cmocka_unit_test(test_whisper_without_numbers),
        cmocka_unit_test(test_long_languages),
        cmocka_unit_test(test_choices_among_labels_alike),
        cmocka_unit_test(test_choices_among_many_labels),
        cmocka_unit_test(test_large_numbers),
        cmocka_unit_test(test_ids_and_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
