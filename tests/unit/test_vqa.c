/* The public API on a tiny random model: the same bits however it is called, a sentence for
 * everything that is wrong, and no harm done by it. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tiny_pack.h"
#include "vqa.h"

#include "testing.h"

enum { ANSWERS = 5 };
static const char question[] = "What color is the cat?";

/* ---- helpers ---- */

static vqa *open_pieces(tiny_bytes pack, size_t piece, int threads)
{
    vqa *v = vqa_new(threads);
    assert_non_null(v);
    for (size_t at = 0; at < pack.size; at += piece)
        assert_int_equal(
            vqa_load(v, pack.bytes + at, pack.size - at < piece ? pack.size - at : piece), VQA_OK);
    if (vqa_load_end(v) != VQA_OK) fail_msg("%s", vqa_error(v));
    return v;
}

static vqa *open_model(tiny_model m)
{
    tiny_bytes pack = tiny_pack(m);
    vqa *v = open_pieces(pack, pack.size, 1);
    free(pack.bytes); /* nothing of it is needed any more */
    return v;
}

static int encode(vqa *v, int width, int height, uint32_t seed)
{
    tiny_bytes bmp = tiny_bmp(width, height, seed);
    int picture = vqa_encode(v, bmp.bytes, bmp.size);
    if (picture <= 0) fail_msg("%s", vqa_error(v));
    free(bmp.bytes);
    return picture;
}

static int ask(vqa *v, int picture, const char *text)
{
    return vqa_ask(v, picture, 0, text, strlen(text), ANSWERS);
}

/* Ask, and keep the logits. */
static void logits_of(vqa *v, int picture, const char *text, float logits[ANSWERS])
{
    int count;
    if (ask(v, picture, text) != ANSWERS) fail_msg("'%.40s': %s", text, vqa_error(v));
    const float *now = vqa_logits(v, &count);
    assert_int_equal(count, ANSWERS);
    memcpy(logits, now, ANSWERS * sizeof *logits);
}

static void assert_same(const float *a, const float *b)
{
    assert_memory_equal(a, b, ANSWERS * sizeof *a);
}

static bool same(const float *a, const float *b) { return !memcmp(a, b, ANSWERS * sizeof *a); }

/* ---- loading ---- */

static void test_loading_in_any_pieces_gives_the_same_bits(void **state)
{
    (void)state;
    static const size_t pieces[] = { 1, 2, 7, 64, 1000, 1 << 20 };
    for (int q8 = 0; q8 < 2; q8++) {
        tiny_bytes pack = tiny_pack((tiny_model){ .q8 = q8 });
        float first[ANSWERS], now[ANSWERS];
        for (size_t i = 0; i < COUNT(pieces); i++) {
            vqa *v = open_pieces(pack, pieces[i], 1);
            logits_of(v, encode(v, 20, 30, 1), question, i ? now : first);
            if (i) assert_same(now, first);
            vqa_free(v);
        }
        free(pack.bytes);
    }
}

static void test_threads_give_the_same_bits(void **state)
{
    (void)state;
    static const int threads[] = { 1, 4, 3, 64, 0, -1, 1000 };
    tiny_bytes pack = tiny_pack((tiny_model){ .fusion = "token_attention_mean", .q8 = true });
    float first[ANSWERS], now[ANSWERS];
    for (size_t i = 0; i < COUNT(threads); i++) {
        vqa *v = open_pieces(pack, pack.size, threads[i]);
        logits_of(v, encode(v, 20, 30, 1), question, i ? now : first);
        if (i) assert_same(now, first);
        vqa_free(v);
    }
    free(pack.bytes);
}

static void test_every_fusion_answers(void **state)
{
    (void)state;
    static const char *const fusions[] = {
        "concat",
        "sum",
        "multiplicative_gate",
        "additive_gate",
        "additive_gate_vector",
        "decision_average",
        "decision_weighted",
        "hybrid",
        "token_attention_cls",
        "token_attention_mean",
        "token_transformer_cls",
    };
    for (size_t i = 0; i < COUNT(fusions); i++) {
        float f32[ANSWERS], q8[ANSWERS], other[ANSWERS], dot = 0, ff = 0, qq = 0;
        vqa *v = open_model((tiny_model){ .fusion = fusions[i] }),
            *w = open_model((tiny_model){ .fusion = fusions[i], .q8 = true });
        logits_of(v, encode(v, 20, 30, 1), question, f32);
        logits_of(w, encode(w, 20, 30, 1), question, q8);
        for (int k = 0; k < ANSWERS; k++)
            dot += f32[k] * q8[k], ff += f32[k] * f32[k], qq += q8[k] * q8[k];
        if (!(dot >= 0.995f * sqrtf(ff * qq))) fail_msg("%s: q8 is not near", fusions[i]);
        assert_false(same(f32, q8));
        logits_of(v, 1, "how many dogs?", other); /* question and picture both matter */
        assert_false(same(f32, other));
        logits_of(v, encode(v, 20, 30, 2), question, other);
        assert_false(same(f32, other));
        vqa_free(v);
        vqa_free(w);
    }
}

static void test_wrong_order_of_calls(void **state)
{
    (void)state;
    tiny_bytes pack = tiny_pack((tiny_model){ 0 }), bmp = tiny_bmp(3, 3, 1);
    vqa *v = vqa_new(1);
    int count = -1;
    assert_string_equal(vqa_error(v), "");
    assert_string_equal(vqa_info(v), "{}");
    for (size_t at = 0; at < pack.size; at += pack.size / 3) { /* before, and while loading */
        assert_int_equal(vqa_encode(v, bmp.bytes, bmp.size), VQA_BAD_CALL);
        assert_string_equal(vqa_error(v), "no model is loaded yet");
        assert_int_equal(vqa_encode_pixels(v, bmp.bytes, 1, 1), VQA_BAD_CALL);
        assert_int_equal(ask(v, 1, question), VQA_BAD_CALL);
        assert_int_equal(vqa_close_picture(v, 1), VQA_BAD_CALL);
        assert_string_equal(vqa_answer_text(v, 0), "");
        assert_true(vqa_answer_score(v, 0) == 0);
        vqa_logits(v, &count);
        assert_int_equal(count, 0);
        size_t left = pack.size - at;
        assert_int_equal(vqa_load(v, pack.bytes + at, left < pack.size / 3 ? left : pack.size / 3),
                         VQA_OK);
    }
    assert_int_equal(vqa_load(v, NULL, 0), VQA_OK);
    assert_int_equal(vqa_load_end(v), VQA_OK);
    int picture = encode(v, 5, 5, 1);
    float before[ANSWERS], after[ANSWERS];
    logits_of(v, picture, question, before);
    assert_int_equal(vqa_load(v, pack.bytes, pack.size), VQA_BAD_CALL);
    assert_non_null(strstr(vqa_error(v), "a model is loaded already"));
    assert_int_equal(vqa_load_end(v), VQA_BAD_CALL);
    logits_of(v, picture, question, after);
    assert_same(before, after);
    vqa_free(v);
    vqa_free(NULL);
    free(pack.bytes);
    free(bmp.bytes);
}

static void test_a_failed_load_stays_failed(void **state)
{
    (void)state;
    tiny_bytes pack = tiny_pack((tiny_model){ 0 });
    vqa *v = vqa_new(1);
    assert_int_equal(vqa_load_end(v), VQA_BAD_MODEL);
    assert_string_equal(vqa_error(v), "the model file is empty (0 bytes)");
    assert_int_equal(vqa_load(v, pack.bytes, pack.size), VQA_BAD_MODEL);
    assert_int_equal(vqa_load_end(v), VQA_BAD_MODEL);
    assert_int_equal(vqa_encode(v, pack.bytes, 10), VQA_BAD_CALL);
    vqa_free(v);

    v = vqa_new(1); /* one byte too many */
    assert_int_equal(vqa_load(v, pack.bytes, pack.size), VQA_OK);
    assert_int_equal(vqa_load(v, pack.bytes, 1), VQA_BAD_MODEL);
    assert_non_null(strstr(vqa_error(v), "goes on after its last tensor"));
    assert_int_equal(vqa_load_end(v), VQA_BAD_MODEL);
    vqa_free(v);
    free(pack.bytes);
}

static void test_cycles_leave_nothing(void **state) /* the sanitizer counts */
{
    (void)state;
    tiny_bytes pack = tiny_pack((tiny_model){ .q8 = true });
    for (int i = 0; i < 20; i++) {
        vqa *v = vqa_new(1 + i % 3);
        assert_int_equal(vqa_load(v, pack.bytes, i == 5 ? pack.size / 2 : pack.size), VQA_OK);
        if (i != 5) {
            assert_int_equal(vqa_load_end(v), VQA_OK);
            for (int p = 0; p < i; p++) assert_true(ask(v, encode(v, 9, 9, 1), question) > 0);
        }
        vqa_free(v);
    }
    free(pack.bytes);
}

/* ---- pictures ---- */

static void test_pictures_stay_apart(void **state)
{
    (void)state;
    enum { PICTURES = 6 };
    vqa *v = open_model((tiny_model){ .fusion = "token_attention_cls" });
    float logits[PICTURES][ANSWERS], now[ANSWERS];
    int id[PICTURES];
    for (int i = 0; i < PICTURES; i++) {
        id[i] = encode(v, 10 + 7 * i, 30 - i, (uint32_t)i);
        assert_int_equal(id[i], i + 1);
        logits_of(v, id[i], question, logits[i]);
        for (int k = 0; k < i; k++) assert_false(same(logits[i], logits[k]));
    }
    static const int closed[] = { 2, 0, 5 };
    for (size_t c = 0; c < COUNT(closed); c++) {
        assert_int_equal(vqa_close_picture(v, id[closed[c]]), VQA_OK);
        assert_int_equal(vqa_close_picture(v, id[closed[c]]), VQA_BAD_CALL);
        assert_int_equal(ask(v, id[closed[c]], question), VQA_BAD_CALL);
        assert_non_null(strstr(vqa_error(v), "is closed"));
        for (int i = PICTURES; i-- > 0;) {
            bool gone = false;
            for (size_t k = 0; k <= c; k++) gone |= closed[k] == i;
            if (gone) continue;
            logits_of(v, id[i], question, now);
            assert_same(now, logits[i]);
        }
    }
    assert_int_equal(encode(v, 4, 4, 1), PICTURES + 1); /* ids are not used again */
    static const int unknown[] = { 0, -1, 100, INT32_MAX, INT32_MIN };
    for (size_t i = 0; i < COUNT(unknown); i++) {
        assert_int_equal(ask(v, unknown[i], question), VQA_BAD_CALL);
        assert_non_null(strstr(vqa_error(v), "there is no picture"));
        assert_int_equal(vqa_close_picture(v, unknown[i]), VQA_BAD_CALL);
    }
    vqa_free(v);
}

static void test_pixels_are_the_same_as_their_file(void **state)
{
    (void)state;
    static const int sizes[][2] = { { 1, 1 }, { 16, 16 }, { 33, 20 }, { 3, 90 }, { 200, 1 } };
    vqa *v = open_model((tiny_model){ 0 });
    for (size_t i = 0; i < COUNT(sizes); i++) {
        int width = sizes[i][0], height = sizes[i][1];
        tiny_bytes rgba = tiny_pixels(width, height, false, 7);
        float of_file[ANSWERS], of_pixels[ANSWERS];
        logits_of(v, encode(v, width, height, 7), question, of_file);
        logits_of(v, vqa_encode_pixels(v, rgba.bytes, width, height), question, of_pixels);
        assert_same(of_file, of_pixels);
        free(rgba.bytes);
    }
    vqa_free(v);
}

static void test_transparent_pixels_lie_on_white(void **state)
{
    (void)state;
    vqa *v = open_model((tiny_model){ 0 });
    tiny_bytes clear = tiny_pixels(16, 16, false, 7), white = tiny_pixels(16, 16, false, 7);
    float a[ANSWERS], b[ANSWERS];
    for (size_t i = 0; i < clear.size; i += 8) {
        clear.bytes[i + 3] = 0;
        memset(white.bytes + i, 255, 3);
    }
    logits_of(v, vqa_encode_pixels(v, clear.bytes, 16, 16), question, a);
    logits_of(v, vqa_encode_pixels(v, white.bytes, 16, 16), question, b);
    assert_same(a, b);
    free(clear.bytes);
    free(white.bytes);
    vqa_free(v);
}

/* A BMP header that claims a size, and no pixels. */
static void claim(uint8_t bmp[54], int32_t width, int32_t height)
{
    tiny_bytes real = tiny_bmp(1, 1, 1);
    memcpy(bmp, real.bytes, 54);
    for (int i = 0; i < 4; i++) {
        bmp[18 + i] = (uint32_t)width >> 8 * i & 255;
        bmp[22 + i] = (uint32_t)height >> 8 * i & 255;
    }
    free(real.bytes);
}

static void test_bad_pictures_do_no_harm(void **state)
{
    (void)state;
    vqa *v = open_model((tiny_model){ 0 });
    int good = encode(v, 20, 30, 1);
    float first[ANSWERS], now[ANSWERS];
    logits_of(v, good, question, first);
    uint8_t huge[54], zero[54], pixel[4] = { 1, 2, 3, 255 };
    claim(huge, 12000, 12000);
    claim(zero, 0, 7);
    const struct {
        const void *bytes;
        size_t size;
        const char *want;
    } bad[] = {
        { "", 0, "" },
        { NULL, 0, "" },
        { "this is a text, not a picture", 29, "" },
        { "BM", 2, "" },
        { huge, sizeof huge, "12000" },
        { zero, sizeof zero, "" },
        { "RIFF\0\0\0\0WEBPVP8 ", 16, "WebP" },
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(vqa_encode(v, bad[i].bytes, bad[i].size), VQA_BAD_PICTURE);
        assert_true(strlen(vqa_error(v)) > 10);
        assert_non_null(strstr(vqa_error(v), bad[i].want));
        logits_of(v, good, question, now);
        assert_same(now, first);
    }
    static const int sizes[][2] = { { 0, 1 },         { 1, 0 },
                                    { -1, 1 },        { 1, -5 },
                                    { 32769, 1 },     { 12000, 12000 },
                                    { 1, INT32_MAX }, { INT32_MIN, INT32_MIN } };
    for (size_t i = 0; i < COUNT(sizes); i++) {
        assert_int_equal(vqa_encode_pixels(v, pixel, sizes[i][0], sizes[i][1]), VQA_BAD_PICTURE);
        assert_true(strlen(vqa_error(v)) > 10);
    }
    logits_of(v, encode(v, 20, 30, 1), question, now);
    assert_same(now, first);
    vqa_free(v);
}

/* ---- questions ---- */

static void repeat(char *to, size_t size, const char *word)
{
    for (size_t i = 0, n = strlen(word); i < size; i++) to[i] = word[i % n];
    to[size] = 0;
}

static void test_bad_questions_do_no_harm(void **state)
{
    (void)state;
    static char longer[10002], longest[100001];
    repeat(longer, 10001, "what ");
    repeat(longest, 100000, "what ");
    static const struct {
        const char *text;
        size_t size;
        int top_k, status;
        const char *want;
    } bad[] = {
        { "", 0, 1, VQA_BAD_QUESTION, "the question is empty" },
        { NULL, 0, 1, VQA_BAD_QUESTION, "the question is empty" },
        { " \t\r\n ", 5, 1, VQA_BAD_QUESTION, "the question is empty" },
        { "\u00A0\u3000", 5, 1, VQA_BAD_QUESTION, "the question is empty" },
        { "\x01", 1, 1, VQA_BAD_QUESTION, "the question is empty" },
        { "\U0001F600", 4, 1, VQA_BAD_QUESTION, "the model knows none of the question's words" },
        { "xyzzy plugh", 11, 1, VQA_BAD_QUESTION, "the model knows none of the question's words" },
        { longer, 10001, 1, VQA_BAD_QUESTION, "the question has 10001 bytes, at most 10000" },
        { longest, 100000, 1, VQA_BAD_QUESTION, "the question has 100000 bytes" },
        { "cat \xFF", 5, 1, VQA_BAD_QUESTION, "the question is not UTF-8 text (byte 4)" },
        { "\xC3", 1, 1, VQA_BAD_QUESTION, "not UTF-8 text (byte 0)" },
        { "\xED\xA0\x80", 3, 1, VQA_BAD_QUESTION, "not UTF-8" }, /* a surrogate */
        { "caf\u00E9", 4, 1, VQA_BAD_QUESTION, "not UTF-8" },    /* cut inside a letter */
        { "cat", 3, 0, VQA_BAD_CALL, "top_k is 0, expected 1 to 100" },
        { "cat", 3, -1, VQA_BAD_CALL, "top_k is -1" },
        { "cat", 3, 101, VQA_BAD_CALL, "top_k is 101" },
        { "cat", 3, INT32_MIN, VQA_BAD_CALL, "top_k is -2147483648" },
    };
    vqa *v = open_model((tiny_model){ 0 });
    int picture = encode(v, 20, 30, 1);
    float first[ANSWERS], now[ANSWERS];
    logits_of(v, picture, question, first);
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(vqa_ask(v, picture, 0, bad[i].text, bad[i].size, bad[i].top_k),
                         bad[i].status);
        if (!strstr(vqa_error(v), bad[i].want)) fail_msg("%zu: '%s'", i, vqa_error(v));
        logits_of(v, picture, question, now);
        assert_same(now, first);
    }
    vqa_free(v);
}

static void test_unusual_questions_are_answered(void **state)
{
    (void)state;
    static char words[10001], word[10001], marks[10001], emoji[10001];
    repeat(words, 10000, "what color ");
    repeat(word, 10000, "a");
    memcpy(word, "cat ", 4);
    repeat(marks, 10000, "?");
    repeat(emoji, 10000, "\U0001F600");
    memcpy(emoji, "cat ", 4);
    static const struct {
        const char *text, *equal; /* NULL: to nothing in particular */
    } cases[] = {
        { "cat \U0001F600", "cat xyzzy" }, /* both are [UNK] */
        { "\u4F60\u597D cat", "xyzzy plugh cat" },
        { "  WHAT\tColor  is the c\u00E1t ?  ", question },
        { words, "what color what color what color what color what color what color" },
        { marks, "??????????" },
        { word, "cat xyzzy" },  /* too long a word is unknown */
        { emoji, "cat xyzzy" }, /* and so is a row of them */
        { "[SEP] [PAD] [CLS]", NULL },
    };
    vqa *v = open_model((tiny_model){ 0 });
    int picture = encode(v, 20, 30, 1);
    for (size_t i = 0; i < COUNT(cases); i++) {
        float a[ANSWERS], b[ANSWERS];
        logits_of(v, picture, cases[i].text, a);
        if (!cases[i].equal) continue;
        logits_of(v, picture, cases[i].equal, b);
        if (!same(a, b)) fail_msg("case %zu differs from '%s'", i, cases[i].equal);
    }
    vqa_free(v);
}

/* TINY_TOKENS less [CLS] and [SEP] are 10 words. */
static void test_words_beyond_the_limit_are_ignored(void **state)
{
    (void)state;
    static const char ten[] = "what color is the cat on the table in red",
                      eleven[] = "what color is the cat on the table in red blue",
                      nine[] = "what color is the cat on the table in";
    vqa *v = open_model((tiny_model){ .fusion = "token_transformer_cls" });
    int picture = encode(v, 20, 30, 1);
    float a[ANSWERS], b[ANSWERS], c[ANSWERS];
    logits_of(v, picture, ten, a);
    logits_of(v, picture, eleven, b);
    logits_of(v, picture, nine, c);
    assert_same(a, b);
    assert_false(same(a, c));
    vqa_free(v);
}

/* ---- answers ---- */

static void test_answers_of_each_problem(void **state)
{
    (void)state;
    static const char *const types[] = { NULL, "single_label_classification",
                                         "multi_label_classification", "regression" };
    for (size_t t = 0; t < COUNT(types); t++) {
        vqa *v = open_model((tiny_model){ .problem_type = types[t] });
        int picture = encode(v, 20, 30, 1);
        float logits[ANSWERS];
        double sum = 0, total = 0;
        logits_of(v, picture, question, logits);
        for (int i = 0; i < ANSWERS; i++) total += exp((double)logits[i]);
        for (int i = 0; i < ANSWERS; i++) {
            float score = vqa_answer_score(v, i);
            const char *text = vqa_answer_text(v, i);
            sum += (double)score;
            if (t == 3) {
                assert_true(score == logits[i]);
                assert_true(fabs(strtod(text, NULL) - (double)score) <= 0.00005 + 1e-6);
                continue;
            }
            int label = text[strlen("answer ")] - '0';
            double e = exp((double)logits[label]), want = t == 2 ? e / (1 + e) : e / total;
            assert_memory_equal(text, "answer ", 7);
            assert_true(fabs((double)score - want) < 1e-6);
            assert_true(i == 0 || score <= vqa_answer_score(v, i - 1));
        }
        if (t < 2) assert_true(fabs(sum - 1) < 1e-6);
        vqa_free(v);
    }
}

static void test_top_k(void **state)
{
    (void)state;
    static const char *const types[] = { "single_label_classification", "regression" };
    for (size_t t = 0; t < COUNT(types); t++) {
        vqa *v = open_model((tiny_model){ .problem_type = types[t], .answers = 120 });
        int picture = encode(v, 20, 30, 1), count;
        for (int k = 1; k <= VQA_MAX_ANSWERS; k++) {
            assert_int_equal(vqa_ask(v, picture, 0, question, strlen(question), k), k);
            assert_string_not_equal(vqa_answer_text(v, k - 1), "");
            assert_string_equal(vqa_answer_text(v, k), "");
            assert_string_equal(vqa_answer_text(v, -1), "");
            assert_true(vqa_answer_score(v, k) == 0 && vqa_answer_score(v, -1) == 0);
            vqa_logits(v, &count);
            assert_int_equal(count, 120);
        }
        vqa_free(v);
    }
}

static void test_answers_live_until_the_next_question(void **state)
{
    (void)state;
    vqa *v = open_model((tiny_model){ 0 });
    int picture = encode(v, 20, 30, 1), count;
    float logits[ANSWERS];
    logits_of(v, picture, question, logits);
    const char *text = vqa_answer_text(v, 0);
    char copy[24];
    snprintf(copy, sizeof copy, "%s", text);
    float score = vqa_answer_score(v, 0);
    int other = encode(v, 90, 40, 2);
    assert_int_equal(vqa_close_picture(v, picture), VQA_OK);
    assert_int_equal(vqa_close_picture(v, other), VQA_OK);
    assert_int_equal(vqa_encode(v, (const uint8_t *)"x", 1), VQA_BAD_PICTURE);
    assert_string_equal(text, copy);
    assert_ptr_equal(vqa_answer_text(v, 0), text);
    assert_true(vqa_answer_score(v, 0) == score);
    assert_same(vqa_logits(v, &count), logits);
    assert_int_equal(count, ANSWERS);
    vqa_free(v);
}

/* ---- what it tells of itself ---- */

static void test_info(void **state)
{
    (void)state;
    static const char *const texts[] = { "name",    "licence",   "architecture",
                                         "summary", "precision", "kernels" };
    static const char *const numbers[] = { "parameters", "answers",     "maxTokens",
                                           "threads",    "weightBytes", "scratchBytes" };
    vqa *v = open_model((tiny_model){ .fusion = "sum", .q8 = true });
    cJSON *info = cJSON_Parse(vqa_info(v));
    assert_true(cJSON_IsObject(info));
    for (size_t i = 0; i < COUNT(texts); i++)
        assert_true(cJSON_IsString(cJSON_GetObjectItem(info, texts[i])));
    for (size_t i = 0; i < COUNT(numbers); i++)
        assert_true(cJSON_GetObjectItem(info, numbers[i])->valuedouble >= 1);
    assert_string_equal(cJSON_GetObjectItem(info, "name")->valuestring, "tiny");
    assert_string_equal(cJSON_GetObjectItem(info, "precision")->valuestring, "q8");
    assert_string_equal(cJSON_GetObjectItem(info, "summary")->valuestring,
                        "BERT 2 x 24 + ViT 1 x 24, fusion sum");
    assert_int_equal(cJSON_GetObjectItem(info, "answers")->valueint, ANSWERS);
    assert_int_equal(cJSON_GetObjectItem(info, "maxTokens")->valueint, TINY_TOKENS);
    /* embeddings, 3 blocks, patches, positions, norms, head */
    enum { H = TINY_HIDDEN };
    int words = 0;
    while (tiny_words[words]) words++;
    int block = 4 * (H * H + H) + 2 * 2 * H * H + 3 * H + 4 * H,
        all = (words + TINY_TOKENS + 2) * H + 2 * H + 3 * block + H + 5 * H + H * 192 + H + 2 * H +
              ANSWERS * H + ANSWERS;
    assert_int_equal(cJSON_GetObjectItem(info, "parameters")->valueint, all);
    cJSON_Delete(info);
    vqa_free(v);
}

static void sure_from(tiny_settings *s, const void *context)
{
    cJSON_AddNumberToObject(s->part[0], "sure_from", *(const double *)context);
}

static void test_when_an_answer_is_sure(void **state)
{
    (void)state;
    static const struct {
        const char *problem_type;
        double set, expected; /* set below 0: not at all */
    } cases[] = {
        { NULL, -1, 0.5 },
        { NULL, 0.75, 0.75 },
        { "regression", -1, 0 },
        { "multi_label_classification", -1, 0.5 },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        bool values = cases[i].problem_type && strcmp(cases[i].problem_type, "regression") == 0;
        tiny_bytes pack = tiny_pack((tiny_model){ .problem_type = cases[i].problem_type,
                                                  .answers = values ? 1 : ANSWERS }),
                   edited = cases[i].set < 0 ? pack : tiny_edit(pack, sure_from, &cases[i].set);
        vqa *v = open_pieces(edited, edited.size, 1);
        cJSON *info = cJSON_Parse(vqa_info(v));
        double from = cJSON_GetObjectItem(info, "sureFrom")->valuedouble;
        assert_true(from >= cases[i].expected && from <= cases[i].expected);
        cJSON_Delete(info);
        vqa_free(v);
        if (edited.bytes != pack.bytes) free(edited.bytes);
        free(pack.bytes);
    }
    double beyond = 1.5;
    tiny_bytes pack = tiny_pack((tiny_model){ 0 }), edited = tiny_edit(pack, sure_from, &beyond);
    vqa *v = vqa_new(1);
    assert_int_equal(vqa_load(v, edited.bytes, edited.size), VQA_OK);
    assert_int_equal(vqa_load_end(v), VQA_BAD_MODEL);
    assert_non_null(strstr(vqa_error(v), "sure_from"));
    vqa_free(v);
    free(edited.bytes);
    free(pack.bytes);
}

/* As if another thread had asked for it in the middle of the call. */
static void test_what_is_stopped_does_no_harm(void **state)
{
    (void)state;
    for (int vilt = 0; vilt < 2; vilt++) {
        vqa *v = open_model((tiny_model){ .vilt = vilt });
        float first[ANSWERS], now[ANSWERS];
        int picture = encode(v, 20, 30, 1);
        logits_of(v, picture, question, first);
        tiny_bytes bmp = tiny_bmp(20, 30, 1);
        *vqa_stop(v) = 1;
        assert_int_equal(ask(v, picture, question), VQA_STOPPED);
        assert_string_equal(vqa_error(v), "the answer was stopped");
        assert_int_equal(vqa_choose(v, picture, 0, question, strlen(question), "answer 1", 9, 1),
                         VQA_STOPPED);
        assert_int_equal(vqa_encode(v, bmp.bytes, bmp.size), VQA_STOPPED);
        *vqa_stop(v) = 0;
        logits_of(v, picture, question, now);
        assert_same(first, now);
        logits_of(v, encode(v, 20, 30, 1), question, now);
        assert_same(first, now);
        free(bmp.bytes);
        vqa_free(v);
    }
}

static void test_times(void **state)
{
    (void)state;
    vqa *v = open_model((tiny_model){ 0 });
    for (int i = 0; i < VQA_TIMES; i++) assert_true(vqa_milliseconds(v, (vqa_time)i) <= 0);
    int picture = encode(v, 400, 300, 1);
    for (int i = 0; i < VQA_TIMES; i++)
        assert_true((vqa_milliseconds(v, (vqa_time)i) > 0) == (i < VQA_TIME_ANSWER));
    assert_true(ask(v, picture, question) > 0);
    assert_true(vqa_milliseconds(v, VQA_TIME_ANSWER) > 0);
    vqa_free(v);
}

static void keep_size(tiny_settings *s, const void *context)
{
    (void)context;
    cJSON_ReplaceItemInObject(s->part[1], "do_resize", cJSON_CreateFalse());
}

static void test_working_memory_does_not_grow(void **state)
{
    (void)state;
    vqa *v = open_model((tiny_model){ .fusion = "token_attention_cls" });
    char *before = malloc(strlen(vqa_info(v)) + 1);
    assert_non_null(before);
    strcpy(before, vqa_info(v));
    for (int i = 0; i < 30; i++) {
        int picture = encode(v, 1 + 31 * i, 200 - 6 * i, (uint32_t)i);
        assert_true(ask(v, picture, question) > 0);
        assert_true(ask(v, picture, "cat") > 0);
        assert_string_equal(vqa_info(v), before);
    }
    free(before);
    vqa_free(v);
}

/* Pictures keep their size here: each has other positions, and the working memory has to follow. */
static void test_pictures_of_many_sizes(void **state)
{
    (void)state;
    static const int sides[][2] = { { 16, 16 }, { 8, 8 },   { 160, 120 },
                                    { 8, 900 }, { 20, 33 }, { 256, 256 } };
    tiny_bytes pack = tiny_pack((tiny_model){ .fusion = "token_attention_mean" }),
               edited = tiny_edit(pack, keep_size, NULL);
    vqa *v = open_pieces(edited, edited.size, 2);
    float logits[COUNT(sides)][ANSWERS], now[ANSWERS];
    for (size_t i = 0; i < COUNT(sides); i++) {
        int picture = encode(v, sides[i][0], sides[i][1], 9);
        for (size_t k = 0; k <= i; k++) {
            logits_of(v, (int)k + 1, question, k == i ? logits[i] : now);
            if (k < i) assert_same(now, logits[k]);
        }
        assert_int_equal(picture, i + 1);
    }
    static const struct {
        int width, height;
        const char *why;
    } bad[] = {
        { 7, 100, "the picture is too small for the model (7 x 100 pixels)" },
        { 520, 512, "the picture is too large for the model (520 x 512 pixels)" },
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        tiny_bytes bmp = tiny_bmp(bad[i].width, bad[i].height, 1);
        assert_int_equal(vqa_encode(v, bmp.bytes, bmp.size), VQA_BAD_PICTURE);
        assert_string_equal(vqa_error(v), bad[i].why);
        free(bmp.bytes);
    }
    logits_of(v, 1, question, now);
    assert_same(now, logits[0]);
    vqa_free(v);
    free(edited.bytes);
    free(pack.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loading_in_any_pieces_gives_the_same_bits),
        cmocka_unit_test(test_threads_give_the_same_bits),
        cmocka_unit_test(test_every_fusion_answers),
        cmocka_unit_test(test_wrong_order_of_calls),
        cmocka_unit_test(test_a_failed_load_stays_failed),
        cmocka_unit_test(test_cycles_leave_nothing),
        cmocka_unit_test(test_pictures_stay_apart),
        cmocka_unit_test(test_pixels_are_the_same_as_their_file),
        cmocka_unit_test(test_transparent_pixels_lie_on_white),
        cmocka_unit_test(test_bad_pictures_do_no_harm),
        cmocka_unit_test(test_bad_questions_do_no_harm),
        cmocka_unit_test(test_unusual_questions_are_answered),
        cmocka_unit_test(test_words_beyond_the_limit_are_ignored),
        cmocka_unit_test(test_answers_of_each_problem),
        cmocka_unit_test(test_top_k),
        cmocka_unit_test(test_answers_live_until_the_next_question),
        cmocka_unit_test(test_info),
        cmocka_unit_test(test_when_an_answer_is_sure),
        cmocka_unit_test(test_what_is_stopped_does_no_harm),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_working_memory_does_not_grow),
        cmocka_unit_test(test_pictures_of_many_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
