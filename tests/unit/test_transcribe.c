/* Transcripts through vqa.h: a folder of Whisper as it is published, the pack made of it, options, sounds of
 * several windows. */
#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tiny_folder.h"

#include "testing.h"

enum { RATE = 16000, END = 30, STAMP = 38 }; /* tokens of tiny_folder_whisper() */

static vqa *open_folder(const tiny_folder *f, vqa_precision keep, char asked[500])
{
    vqa *v = vqa_new(1);
    assert_non_null(v);
    assert_int_equal(vqa_set_precision(v, keep), VQA_OK);
    if (tiny_folder_load(v, f, 1000, asked) != VQA_OK) fail_msg("%s", vqa_error(v));
    return v;
}

static vqa *open_tiny(void)
{
    tiny_folder f = tiny_folder_whisper();
    vqa *v = open_folder(&f, VQA_FLOAT, NULL);
    tiny_folder_free(&f);
    return v;
}

/* The id of a tone that changes. */
static int hear(vqa *v, double seconds)
{
    int count = (int)(seconds * RATE);
    float *samples = malloc((size_t)count * sizeof *samples);
    assert_non_null(samples);
    for (int i = 0; i < count; i++)
        samples[i] = 0.6f * sinf((float)(i % 30000) * (0.02f + (float)(i % 30000) * 1e-5f));
    int sound = vqa_hear_samples(v, samples, (size_t)count, RATE);
    free(samples);
    if (sound <= 0) fail_msg("%s", vqa_error(v));
    return sound;
}

/* What is written of that sound. */
static cJSON *write_down(vqa *v, int sound, const char *options)
{
    if (vqa_transcribe(v, sound, options, strlen(options)) != VQA_OK) fail_msg("%s", vqa_error(v));
    cJSON *json = cJSON_Parse(vqa_transcript(v));
    assert_non_null(json);
    return json;
}

static const char *text_at(const cJSON *json, const char *key)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, key));
}

static double number_at(const cJSON *json, const char *key)
{
    const cJSON *number = cJSON_GetObjectItemCaseSensitive(json, key);
    assert_true(cJSON_IsNumber(number));
    return number->valuedouble;
}

static const cJSON *segments_of(const cJSON *json)
{
    return cJSON_GetObjectItemCaseSensitive(json, "segments");
}

/* A transcript as text, for the caller to free(). */
static char *transcript_of(vqa *v, double seconds, const char *options)
{
    int sound = hear(v, seconds);
    cJSON_Delete(write_down(v, sound, options));
    assert_int_equal(vqa_close_sound(v, sound), VQA_OK);
    return strdup(vqa_transcript(v));
}

static void test_published_folder(void **state)
{
    (void)state;
    char asked[500];
    tiny_folder f = tiny_folder_whisper();
    vqa *v = open_folder(&f, VQA_FLOAT, asked);
    assert_string_equal(asked,
                        "config.json preprocessor_config.json README.md tokenizer_config.json "
                        "vocab.json merges.txt added_tokens.json generation_config.json "
                        "model.safetensors ");
    assert_non_null(strstr(vqa_info(v), "\"architecture\":\"whisper\""));
    assert_non_null(strstr(vqa_info(v), "\"transcribes\":true"));
    assert_non_null(strstr(vqa_info(v), "\"unusedTensors\":[]"));
    assert_string_equal(vqa_transcript(v), "");
    int sound = hear(v, 0.7);
    cJSON *json = write_down(v, sound, "");
    const char *language = text_at(json, "language");
    assert_true(strcmp(language, "en") == 0 || strcmp(language, "de") == 0);
    assert_int_equal(cJSON_GetArraySize(segments_of(json)), 1);
    const cJSON *segment = segments_of(json)->child, *token;
    assert_true(number_at(segment, "start") == 0);
    assert_true(fabs(number_at(segment, "end") - 0.7) < 1e-9);
    assert_string_equal(text_at(segment, "text"), text_at(json, "text"));
    assert_true(number_at(segment, "noSpeech") > 0 && number_at(segment, "noSpeech") < 1);
    assert_true(number_at(segment, "averageLogprob") < 0);
    size_t letters = 0;
    cJSON_ArrayForEach(token, cJSON_GetObjectItemCaseSensitive(segment, "tokens"))
    {
        assert_int_not_equal(token->valueint, 25); /* suppressed */
        if (token->valueint < 26) letters++;
    }
    assert_true(letters <= strlen(text_at(json, "text")));
    cJSON_Delete(json);
    vqa_free(v);
    tiny_folder_free(&f);
}

/* The same model from a pack, and from the layouts of other times. */
static void test_layouts(void **state)
{
    (void)state;
    tiny_folder f = tiny_folder_whisper();
    vqa *v = open_folder(&f, VQA_FLOAT, NULL);
    char *want = transcript_of(v, 0.5, "{\"timestamps\":true}"), asked[500];

    tiny_bytes pack = { NULL, (size_t)vqa_pack_size(v) };
    pack.bytes = malloc(pack.size);
    assert_non_null(pack.bytes);
    assert_int_equal(vqa_pack_read(v, pack.bytes, pack.size), pack.size);
    vqa_free(v);
    v = vqa_new(1);
    assert_int_equal(vqa_load(v, pack.bytes, pack.size), VQA_OK);
    assert_int_equal(vqa_load_end(v), VQA_OK);
    free(pack.bytes);
    char *got = transcript_of(v, 0.5, "{\"timestamps\":true}");
    assert_string_equal(got, want);
    free(got);
    vqa_free(v);

    static const char *const names[] = { "<|endoftext|>", "<|startoftranscript|>", "<|en|>",
                                         "<|de|>",        "<|translate|>",         "<|transcribe|>",
                                         "<|nospeech|>",  "<|notimestamps|>" };
    cJSON *decoder = cJSON_CreateObject(), *list = cJSON_CreateArray(),
          *config = cJSON_CreateObject(), *tokenizer = cJSON_CreateObject(),
          *model = cJSON_AddObjectToObject(tokenizer, "model"),
          *merges = cJSON_AddArrayToObject(model, "merges");
    for (int i = 0; i < 8; i++) {
        char id[16];
        snprintf(id, sizeof id, "%d", END + i);
        cJSON_AddStringToObject(cJSON_AddObjectToObject(decoder, id), "content", names[i]);
        cJSON *token = cJSON_CreateObject();
        cJSON_AddNumberToObject(token, "id", END + i);
        cJSON_AddStringToObject(token, "content", names[i]);
        cJSON_AddItemToArray(list, token);
    }
    cJSON_AddItemToObject(config, "added_tokens_decoder", decoder);
    cJSON_AddItemToObject(tokenizer, "added_tokens", list);
    const tiny_file *vocab = tiny_folder_file(&f, "vocab.json");
    cJSON_AddItemToObject(
        model, "vocab",
        cJSON_ParseWithLength((const char *)vocab->content.bytes, vocab->content.size));
    cJSON_AddItemToArray(merges, cJSON_CreateString("t h"));
    cJSON_AddItemToArray(merges, cJSON_CreateString("\xc4\xa0 th"));
    char *texts[2] = { cJSON_PrintUnformatted(config), cJSON_PrintUnformatted(tokenizer) };
    for (int i = 0; i < 2; i++) {
        tiny_folder_put(&f, "added_tokens.json", NULL);
        tiny_folder_put(&f, i ? "tokenizer.json" : "tokenizer_config.json", texts[i]);
        if (i) {
            tiny_folder_put(&f, "tokenizer_config.json", NULL);
            tiny_folder_put(&f, "vocab.json", NULL);
        }
        v = open_folder(&f, VQA_FLOAT, asked);
        got = transcript_of(v, 0.5, "{\"timestamps\":true}");
        assert_string_equal(got, want);
        free(got);
        vqa_free(v);
    }
    assert_non_null(strstr(asked, "tokenizer.json added_tokens.json generation_config.json model"));
    for (int i = 0; i < 2; i++) cJSON_free(texts[i]);
    cJSON_Delete(config);
    cJSON_Delete(tokenizer);
    free(want);
    tiny_folder_free(&f);
}

static void test_bad_folders(void **state)
{
    (void)state;
    static const struct {
        const char *file, *content, *why;
    } cases[] = {
        { "added_tokens.json", "{\"<|endoftext|>\":31}", "'<|endoftext|>' has the id 31" },
        { "added_tokens.json", "{\"<|endoftext|>\":30,\"x\":30}", "have the id 30" },
        { "added_tokens.json", "[]", "added_tokens.json is not a JSON object" },
        { "added_tokens.json", "{}", "no token <|endoftext|>" },
        { "tokenizer_config.json", "{\"added_tokens_decoder\":{\"30\":{}}}", "no \"content\"" },
        { "generation_config.json", "{", "generation_config.json" },
        { "generation_config.json", "{\"suppress_tokens\":[1000]}", "\"suppress_tokens\" names" },
        { "preprocessor_config.json",
          "{\"feature_extractor_type\":\"WhisperFeatureExtractor\",\"feature_size\":5}",
          "spectrograms of 5 bands" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        tiny_folder f = tiny_folder_whisper();
        tiny_folder_put(&f, cases[i].file, cases[i].content);
        vqa *v = vqa_new(1);
        assert_int_equal(tiny_folder_load(v, &f, 1000, NULL), VQA_BAD_MODEL);
        if (!strstr(vqa_error(v), cases[i].why)) fail_msg("%zu: %s", i, vqa_error(v));
        vqa_free(v);
        tiny_folder_free(&f);
    }
}

/* Loaded as q8 and q4, and on threads. */
static void test_precisions(void **state)
{
    (void)state;
    tiny_folder f = tiny_folder_whisper();
    for (vqa_precision keep = VQA_Q8; keep <= VQA_Q4; keep++) {
        vqa *v = open_folder(&f, keep, NULL);
        free(transcript_of(v, 0.4, "{\"beams\":3}"));
        vqa_free(v);
    }
    tiny_folder_free(&f);
}

/* Sounds of several windows: segments one behind the other, by their timestamps. */
static void test_long_sounds(void **state)
{
    (void)state;
    vqa *v = open_tiny();
    static const char *const options[] = { "", "{\"timestamps\":true}",
                                           "{\"beams\":3,\"maxTokens\":7,\"language\":\"de\"}" };
    for (size_t i = 0; i < COUNT(options); i++) {
        int sound = hear(v, 4.3);
        cJSON *json = write_down(v, sound, options[i]);
        const cJSON *segment, *token;
        double last = 0;
        size_t size = 0;
        assert_true(cJSON_GetArraySize(segments_of(json)) >= 4);
        cJSON_ArrayForEach(segment, segments_of(json))
        {
            assert_true(number_at(segment, "start") >= last);
            last = number_at(segment, "end");
            assert_true(last > number_at(segment, "start") && last <= 4.3 + 1);
            size += strlen(text_at(segment, "text"));
            token = cJSON_GetObjectItemCaseSensitive(segment, "tokens")->child;
            assert_true(token && token->valueint >= STAMP); /* begins with its time */
        }
        assert_int_equal(size, strlen(text_at(json, "text")));
        if (i == 2) assert_string_equal(text_at(json, "language"), "de");
        cJSON_Delete(json);
    }
    vqa_free(v);
}

/* Windows without speech are left out, unless the model is sure of what it writes. */
static void test_no_speech(void **state)
{
    (void)state;
    vqa *v = open_tiny();
    int sound = hear(v, 0.7);
    static const struct {
        const char *options;
        int segments;
    } cases[] = {
        { "{\"noSpeechThreshold\":0,\"logprobThreshold\":0}", 0 },
        { "{\"noSpeechThreshold\":0,\"logprobThreshold\":-100}", 1 },
        { "{\"noSpeechThreshold\":1,\"logprobThreshold\":0}", 1 },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        cJSON *json = write_down(v, sound, cases[i].options);
        assert_int_equal(cJSON_GetArraySize(segments_of(json)), cases[i].segments);
        assert_true((*text_at(json, "text") == 0) == (cases[i].segments == 0));
        cJSON_Delete(json);
    }
    vqa_free(v);
}

static void test_refusals(void **state)
{
    (void)state;
    static const struct {
        const char *options, *why;
    } cases[] = {
        { "{", "the transcription's options" },
        { "[]", "the transcription's options is not a JSON object" },
        { "{\"beam\":2}", "options: \"beam\" is not one of them" },
        { "{\"beams\":0}", "options: \"beams\" is 0, expected a whole number from 1 to 16" },
        { "{\"beams\":17}", "\"beams\" is 17" },
        { "{\"beams\":\"2\"}", "\"beams\" is not a number" },
        { "{\"language\":1}", "\"language\" is not a text" },
        { "{\"language\":\"fr\"}", "the model doesn't know the language 'fr'" },
        { "{\"task\":\"sing\"}", "\"task\" is 'sing', expected transcribe or translate" },
        { "{\"timestamps\":1}", "\"timestamps\" is neither true nor false" },
        { "{\"maxTokens\":0}", "\"maxTokens\" is 0" },
        { "{\"noSpeechThreshold\":1.5}", "\"noSpeechThreshold\" is 1.5, expected 0 to 1" },
        { "{\"logprobThreshold\":1}", "\"logprobThreshold\" is 1" },
    };
    vqa *v = open_tiny();
    int sound = hear(v, 0.2);
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *options = cases[i].options;
        assert_int_equal(vqa_transcribe(v, sound, options, strlen(options)), VQA_BAD_CALL);
        if (!strstr(vqa_error(v), cases[i].why)) fail_msg("%s: %s", options, vqa_error(v));
    }
    assert_string_equal(vqa_transcript(v), "");
    assert_int_equal(vqa_transcribe(v, sound + 1, "", 0), VQA_BAD_CALL);
    assert_int_equal(vqa_ask(v, 0, sound, "what?", 5, 1), VQA_BAD_CALL);
    assert_non_null(strstr(vqa_error(v), "answers no questions"));
    tiny_bytes pixels = tiny_pixels(16, 16, false, 1);
    assert_true(vqa_encode_pixels(v, pixels.bytes, 16, 16) < 0);
    free(pixels.bytes);
    atomic_store(vqa_stop(v), 1);
    assert_int_equal(vqa_transcribe(v, sound, "", 0), VQA_STOPPED);
    atomic_store(vqa_stop(v), 0);
    assert_int_equal(vqa_transcribe(v, sound, "", 0), VQA_OK);
    vqa_free(v);

    v = vqa_new(1);
    assert_int_equal(vqa_transcribe(v, 1, "", 0), VQA_BAD_CALL);
    tiny_bytes pack = tiny_pack((tiny_model){ .seed = 1 });
    assert_int_equal(vqa_load(v, pack.bytes, pack.size), VQA_OK);
    assert_int_equal(vqa_load_end(v), VQA_OK);
    free(pack.bytes);
    assert_int_equal(vqa_transcribe(v, 1, "", 0), VQA_BAD_CALL);
    assert_non_null(strstr(vqa_error(v), "it writes down no sounds"));
    vqa_free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_folder), cmocka_unit_test(test_layouts),
        cmocka_unit_test(test_bad_folders),      cmocka_unit_test(test_precisions),
        cmocka_unit_test(test_long_sounds),      cmocka_unit_test(test_no_speech),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
