/* Questions that are spoken, and those that lack a modality: vqa.h with a model of text, speech and
 * picture. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tiny_pack.h"
#include "vqa.h"

#include "testing.h"

enum { RATE = 16000, SAMPLES = 8000, ANSWERS = 5 };

static vqa *open_pack(tiny_bytes pack)
{
    vqa *v = vqa_new(1);
    assert_non_null(v);
    bool ok = vqa_load(v, pack.bytes, pack.size) == VQA_OK && vqa_load_end(v) == VQA_OK;
    if (!ok) fail_msg("%s", vqa_error(v));
    free(pack.bytes);
    return v;
}

static vqa *open_model(const char *fusion, const char *absent)
{
    return open_pack(tiny_pack((tiny_model){ .fusion = fusion, .absent = absent, .seed = 3 }));
}

/* A tone that changes, -0.8..0.8. */
static const float *tone(void)
{
    static float samples[SAMPLES];
    for (int i = 0; i < SAMPLES; i++)
        samples[i] = 0.8f * sinf((float)i * (0.02f + (float)i * 1e-5f));
    return samples;
}

static void put(uint8_t *at, uint32_t value, int bytes)
{
    for (int i = 0; i < bytes; i++) at[i] = (uint8_t)(value >> (8 * i));
}

/* The samples as a WAV file of 32-bit floats. */
static tiny_bytes make_wav(const float *samples, int count, int rate)
{
    size_t data = (size_t)count * sizeof(float);
    tiny_bytes wav = { malloc(44 + data), 44 + data };
    assert_non_null(wav.bytes);
    memcpy(wav.bytes, "RIFF....WAVEfmt ....", 20);
    put(wav.bytes + 4, (uint32_t)(36 + data), 4);
    put(wav.bytes + 16, 16, 4);
    put(wav.bytes + 20, 3, 2); /* floats */
    put(wav.bytes + 22, 1, 2); /* channel */
    put(wav.bytes + 24, (uint32_t)rate, 4);
    put(wav.bytes + 28, 4 * (uint32_t)rate, 4);
    put(wav.bytes + 32, 4, 2);
    put(wav.bytes + 34, 32, 2);
    memcpy(wav.bytes + 36, "data", 4);
    put(wav.bytes + 40, (uint32_t)data, 4);
    memcpy(wav.bytes + 44, samples, data);
    return wav;
}

static int look(vqa *v)
{
    tiny_bytes bmp = tiny_bmp(40, 30, 1);
    int id = vqa_encode(v, bmp.bytes, bmp.size);
    free(bmp.bytes);
    assert_true(id > 0);
    return id;
}

static int listen(vqa *v)
{
    int id = vqa_hear_samples(v, tone(), SAMPLES, RATE);
    if (id < 0) fail_msg("%s", vqa_error(v));
    return id;
}

/* The logits of a question, of which each part may be missing. */
static void logits_of(vqa *v, int picture, int sound, const char *text, float logits[ANSWERS])
{
    int count;
    if (vqa_ask(v, picture, sound, text, strlen(text), 1) != 1) fail_msg("%s", vqa_error(v));
    const float *raw = vqa_logits(v, &count);
    assert_int_equal(count, ANSWERS);
    memcpy(logits, raw, ANSWERS * sizeof *logits);
}

static void refused(vqa *v, int status, int expected, const char *sentence)
{
    assert_int_equal(status, expected);
    if (!strstr(vqa_error(v), sentence))
        fail_msg("'%s' does not hold '%s'", vqa_error(v), sentence);
}

static void test_file_and_samples_are_the_same(void **state)
{
    (void)state;
    vqa *v = open_model("token_transformer_cls", "omit");
    tiny_bytes wav = make_wav(tone(), SAMPLES, RATE);
    float of_file[ANSWERS], of_samples[ANSWERS], of_other[ANSWERS];
    int picture = look(v), file = vqa_hear(v, wav.bytes, wav.size), samples = listen(v),
        other = vqa_hear_samples(v, tone() + 1000, SAMPLES - 1000, RATE);
    assert_true(file > 0 && other > 0);
    logits_of(v, picture, file, "", of_file);
    logits_of(v, picture, samples, "", of_samples);
    logits_of(v, picture, other, "", of_other);
    assert_memory_equal(of_file, of_samples, sizeof of_file);
    assert_memory_not_equal(of_file, of_other, sizeof of_file);
    assert_true(vqa_milliseconds(v, VQA_TIME_HEAR) > 0);
    free(wav.bytes);
    vqa_free(v);
}

/* Twice as many samples a second sound the same. */
static void test_other_rates_are_resampled(void **state)
{
    (void)state;
    vqa *v = open_model("concat", "learned");
    float doubled[2 * SAMPLES], plain[ANSWERS], resampled[ANSWERS];
    for (int i = 0; i < 2 * SAMPLES; i++)
        doubled[i] = (tone()[i / 2] + tone()[i % 2 && i / 2 + 1 < SAMPLES ? i / 2 + 1 : i / 2]) / 2;
    int picture = look(v), sound = listen(v),
        other = vqa_hear_samples(v, doubled, 2 * SAMPLES, 2 * RATE);
    assert_true(other > 0);
    logits_of(v, picture, sound, "", plain);
    logits_of(v, picture, other, "", resampled);
    for (int i = 0; i < ANSWERS; i++) assert_true(fabsf(plain[i] - resampled[i]) < 0.05f);
    vqa_free(v);
}

/* Every subset of text, speech and picture, and each says something else. */
static void test_any_subset_where_vectors_stand_in(void **state)
{
    (void)state;
    static const char *const fusions[] = {
        "concat",
        "sum",
        "hybrid",
        "multiplicative_gate",
        "additive_gate",
        "additive_gate_vector",
        "decision_average",
        "decision_weighted",
        "token_attention_cls",
        "token_attention_mean",
        "token_transformer_cls",
    };
    for (size_t f = 0; f < COUNT(fusions); f++) {
        vqa *v = open_model(fusions[f], "learned");
        float logits[8][ANSWERS];
        int picture = look(v), sound = listen(v);
        for (int set = 0; set < 8; set++)
            logits_of(v, set & 1 ? picture : 0, set & 2 ? sound : 0, set & 4 ? "what is it?" : "",
                      logits[set]);
        for (int a = 0; a < 8; a++)
            for (int b = 0; b < a; b++)
                assert_memory_not_equal(logits[a], logits[b], sizeof logits[a]);
        vqa_free(v);
    }
}

/* Without speech a model that leaves it out is one that was never meant to hear. */
static void test_what_is_omitted_changes_nothing(void **state)
{
    (void)state;
    vqa *v = open_model("token_transformer_cls", "omit");
    float with_others[ANSWERS], alone[ANSWERS], spoken[ANSWERS];
    int picture = look(v);
    logits_of(v, picture, 0, "what is it?", alone);
    int sound = listen(v);
    logits_of(v, picture, sound, "", spoken);
    logits_of(v, picture, 0, "what is it?", with_others);
    assert_memory_equal(alone, with_others, sizeof alone);
    assert_memory_not_equal(alone, spoken, sizeof alone);
    refused(v, vqa_ask(v, picture, 0, "", 0, 1), VQA_BAD_QUESTION, "the question is empty");
    refused(v, vqa_ask(v, picture, 0, " ", 1, 1), VQA_BAD_QUESTION, "the question is empty");
    vqa_free(v);
}

static void keep_sizes(tiny_settings *s, const void *context)
{
    (void)context;
    cJSON_ReplaceItemInObject(s->part[1], "do_resize", cJSON_CreateFalse());
}

/* Nothing is planned at load for pictures of any size. */
static void test_first_question_may_be_words_alone(void **state)
{
    (void)state;
    tiny_bytes pack = tiny_pack((tiny_model){ .fusion = "concat", .absent = "learned" }),
               edited = tiny_edit(pack, keep_sizes, NULL);
    vqa *v = open_pack(edited);
    float logits[ANSWERS];
    logits_of(v, 0, 0, "what is it?", logits);
    vqa_free(v);
    free(pack.bytes);
}

static void other_extractor(tiny_settings *s, const void *context)
{
    cJSON *speech = cJSON_GetObjectItem(s->part[1], "speech");
    cJSON_ReplaceItemInObject(speech, "feature_extractor_type", cJSON_CreateString(context));
    cJSON_AddNumberToObject(speech, "num_mel_bins", TINY_MEL);
}

static void test_what_is_needed_is_asked_for(void **state)
{
    (void)state;
    vqa *v = open_model("concat", "error");
    int picture = look(v), sound = listen(v);
    float logits[ANSWERS];
    logits_of(v, picture, sound, "what is it?", logits);
    refused(v, vqa_ask(v, picture, 0, "what is it?", 11, 1), VQA_BAD_QUESTION,
            "the model needs a spoken question");
    refused(v, vqa_ask(v, picture, sound, "", 0, 1), VQA_BAD_QUESTION, "the question is empty");
    refused(v, vqa_ask(v, 0, sound, "what is it?", 11, 1), VQA_BAD_CALL, "there is no picture 0");
    refused(v, vqa_ask(v, sound, picture, "what is it?", 11, 1), VQA_BAD_CALL,
            "there is no picture");
    refused(v, vqa_ask(v, picture, 77, "what is it?", 11, 1), VQA_BAD_CALL, "there is no sound 77");
    assert_int_equal(vqa_close_sound(v, sound), VQA_OK);
    refused(v, vqa_close_sound(v, sound), VQA_BAD_CALL, "is closed");
    refused(v, vqa_ask(v, picture, sound, "what is it?", 11, 1), VQA_BAD_CALL, "is closed");
    vqa_free(v);
}

static void test_choices_are_ranked_by_voice(void **state)
{
    (void)state;
    vqa *v = open_model("concat", "learned");
    int picture = look(v), sound = listen(v);
    assert_int_equal(vqa_choose(v, picture, sound, "", 0, "answer 3\0answer 1", 18, 5), 2);
    assert_true(strcmp(vqa_answer_text(v, 0), "answer 3") == 0 ||
                strcmp(vqa_answer_text(v, 0), "answer 1") == 0);
    vqa_free(v);
}

static void test_bad_sounds(void **state)
{
    (void)state;
    static float longer[33 * RATE / 10];
    vqa *v = open_model("concat", "learned");
    float bad[] = { 0, 0.5f, NAN };
    refused(v, vqa_hear(v, (const uint8_t *)"RIFF", 4), VQA_BAD_SOUND, "");
    refused(v, vqa_hear_samples(v, bad, 3, RATE), VQA_BAD_SOUND, "sample 2 of the sound is nan");
    refused(v, vqa_hear_samples(v, bad, 0, RATE), VQA_BAD_SOUND, "the sound has no samples");
    refused(v, vqa_hear_samples(v, bad, 2, 3), VQA_BAD_SOUND, "has 3 samples a second");
    refused(v, vqa_hear_samples(v, longer, 33 * RATE / 10, RATE), VQA_BAD_SOUND,
            "the sound is 3.3 s long, the model hears at most 2.0 s");
    assert_true(vqa_hear_samples(v, bad, 1, RATE) > 0); /* a sound of one sample */
    vqa_free(v);
    v = open_pack(tiny_pack((tiny_model){ .seed = 1 }));
    refused(v, vqa_hear_samples(v, tone(), SAMPLES, RATE), VQA_BAD_CALL,
            "the model takes no sound");
    assert_non_null(strstr(vqa_info(v), "\"hears\":false"));
    vqa_free(v);
}

static void drop(tiny_settings *s, const void *context)
{
    cJSON_DeleteItemFromObject(s->part[0], context);
}

static void omit_all(tiny_settings *s, const void *context)
{
    cJSON *absent = cJSON_GetObjectItem(s->part[0], "absent");
    cJSON_ReplaceItemInObject(absent, "speech", cJSON_CreateString(context));
}

static void other_bands(tiny_settings *s, const void *context)
{
    (void)context;
    cJSON *speech = cJSON_GetObjectItem(s->part[1], "speech");
    cJSON_ReplaceItemInObject(speech, "feature_size", cJSON_CreateNumber(9));
}

static void wider_speech(tiny_settings *s, const void *context)
{
    (void)context;
    cJSON_AddNumberToObject(s->part[0], "hidden_size", 48);
}

static void test_bad_settings(void **state)
{
    (void)state;
    static const struct {
        const char *fusion;
        void (*edit)(tiny_settings *s, const void *context);
        const char *with, *sentence;
    } cases[] = {
        { "concat", omit_all, "omit",
          "\"absent\" of \"speech\" is 'omit', expected error or learned" },
        { "concat", omit_all, "zeros", "is 'zeros', expected error or learned" },
        { "token_attention_cls", omit_all, "zeros", "expected error, omit or learned" },
        { "concat", other_bands, "", "makes spectrograms of 9 bands, the model takes 8" },
        { "concat", other_extractor, "ASTFeatureExtractor", "makes spectrograms of 1024 frames" },
        { "concat", wider_speech, "", "there is no tensor 'text_projection.weight'" },
        { "concat", drop, "text_config", "tensor 'head.weight'" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        tiny_bytes pack = tiny_pack((tiny_model){ .fusion = cases[i].fusion, .absent = "learned" }),
                   edited = tiny_edit(pack, cases[i].edit, cases[i].with);
        vqa *v = vqa_new(1);
        int status = vqa_load(v, edited.bytes, edited.size);
        if (status == VQA_OK) status = vqa_load_end(v);
        refused(v, status, VQA_BAD_MODEL, cases[i].sentence);
        vqa_free(v);
        free(pack.bytes);
        free(edited.bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file_and_samples_are_the_same),
        cmocka_unit_test(test_other_rates_are_resampled),
        cmocka_unit_test(test_any_subset_where_vectors_stand_in),
        cmocka_unit_test(test_what_is_omitted_changes_nothing),
        cmocka_unit_test(test_first_question_may_be_words_alone),
        cmocka_unit_test(test_what_is_needed_is_asked_for),
        cmocka_unit_test(test_choices_are_ranked_by_voice),
        cmocka_unit_test(test_bad_sounds),
        cmocka_unit_test(test_bad_settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
