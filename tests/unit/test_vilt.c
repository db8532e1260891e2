/* ViLT on a tiny random model: what it takes, what it refuses, and what it keeps of a picture. Its
 * numbers are compared with the reference's by the goldens. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/model.h"
#include "tiny_pack.h"
#include "vqa.h"

#include "testing.h"

enum { H = TINY_HIDDEN, PATCH = 8, TYPES = 3, ANSWERS = 7, MOST_ROWS = 65, TOKENS = 5 };

static const int ids[TOKENS] = { 2, 5, 6, 7, 3 }, types[TOKENS] = { 0, 0, 1, 0, 0 };
static compute one, four;
static weights plain; /* the same values, taken by no layer */
static weights taken;
static model tiny;

static tiny_list *list_tensors(void)
{
    static tiny_list list;
    list.count = 0;
    tiny_add_vilt(&list, PATCH, TYPES, ANSWERS);
    return &list;
}

static int set_up(void **state)
{
    (void)state;
    error err;
    one = (compute){ .k = kernels_best() };
    four = (compute){ .k = kernels_best(), .threads = pool_new(4) };
    plain = tiny_weights(list_tensors(), KEEP_AS_STORED, 3);
    taken = tiny_weights(list_tensors(), KEEP_AS_STORED, 3);
    cJSON *config = tiny_vilt_config(PATCH, TYPES, ANSWERS);
    bool ok = four.threads && model_bind(&tiny, &taken, config, &err);
    cJSON_Delete(config);
    return ok ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    model_free(&tiny);
    weights_free(&taken);
    weights_free(&plain);
    pool_free(four.threads);
    return 0;
}

/* An arena of exactly `size` bytes: one that takes more stops the program. */
static arena exactly(size_t size)
{
    arena a;
    error err;
    assert_true(arena_new(&a, size, "a plan", &err));
    return a;
}

/* What is kept of a picture, with just the memory that is planned; rows: [feature_rows, H]. */
static tensor encode(const compute *c, const model *m, const float *pixels, int height, int width,
                     float *rows)
{
    tensor features = { rows, m->arch->feature_rows(m, height, width), H };
    arena tmp = exactly(m->arch->encode_scratch(m, height, width));
    m->arch->encode(c, m, pixels, height, width, features, tmp);
    arena_free(&tmp);
    return features;
}

static void answer(const compute *c, const model *m, const int *id, const uint8_t *mask, int tokens,
                   tensor features, float logits[ANSWERS])
{
    arena tmp = exactly(m->arch->answer_scratch(m, tokens, 0, features.rows));
    const request q = {
        .ids = id, .types = types, .mask = mask, .tokens = tokens, .picture = features
    };
    m->arch->answer(c, m, &q, (tensor){ logits, 1, ANSWERS }, tmp);
    arena_free(&tmp);
}

static void noise(float *pixels, int height, int width, uint32_t seed)
{
    for (int i = 0; i < 3 * height * width; i++) pixels[i] = tiny_random(&seed);
}

static const float *values(const char *name)
{
    const weight *t = weights_find(&plain, name);
    assert_non_null(t);
    return t->floats;
}

/* ---- binding ---- */

static void test_what_it_says_of_itself(void **state)
{
    (void)state;
    assert_string_equal(tiny.arch->name, "vilt");
    assert_string_equal(tiny.arch->problem_type, "multi_label_classification");
    assert_string_equal(tiny.summary, "ViLT 2 x 24, patches of 8 x 8");
    assert_int_equal(tiny.hidden, H);
    assert_int_equal(tiny.answers, ANSWERS); /* counted in id2label */
    assert_int_equal(tiny.max_tokens, TINY_TOKENS);
    assert_int_equal(tiny.vocabulary, weights_find(&plain, "vilt.embeddings.text_embeddings."
                                                           "word_embeddings.weight")
                                          ->rows);
}

/* The sentence that refuses a model whose tensor of that name has another number of rows, or (0) is
 * missing, and whose config has another value at `key`, or (NULL) none. Names may be NULL. */
static error refused(const char *tensor_name, int rows, const char *key, const char *value)
{
    tiny_list *list = list_tensors();
    model m;
    error err;
    for (int i = 0; i < list->count && tensor_name; i++) {
        tensor_info *t = &list->infos[i];
        if (strcmp(t->name, tensor_name) != 0) continue;
        if (!rows) strcpy(list->names[i], "another");
        t->size = t->size / (size_t)t->shape[0] * (size_t)(rows ? rows : 1);
        t->shape[0] = rows ? rows : 1;
    }
    weights w = tiny_weights(list, KEEP_AS_STORED, 3);
    cJSON *config = tiny_vilt_config(PATCH, TYPES, ANSWERS);
    if (key) cJSON_DeleteItemFromObjectCaseSensitive(config, key);
    if (value) cJSON_AddItemToObject(config, key, cJSON_Parse(value));
    assert_false(model_bind(&m, &w, config, &err));
    cJSON_Delete(config);
    model_free(&m);
    weights_free(&w);
    return err;
}

static void test_missing_tensors_are_named(void **state)
{
    (void)state;
    for (int i = 0; i < plain.count; i++) {
        char want[300];
        error err = refused(plain.all[i].info.name, 0, NULL, NULL);
        snprintf(want, sizeof want, "the model has no tensor '%s'", plain.all[i].info.name);
        assert_string_equal(err.text, want);
    }
}

static void test_wrong_shapes_are_named(void **state)
{
    (void)state;
    for (int i = 0; i < plain.count; i++) {
        char want[300];
        const tensor_info *t = &plain.all[i].info;
        int rows = (int)t->shape[0] + 1;
        error err = refused(t->name, rows, NULL, NULL);
        snprintf(want, sizeof want, "tensor '%s' has the shape [%d", t->name, rows);
        if (strncmp(err.text, want, strlen(want)) != 0) fail_msg("%s", err.text);
    }
}

static void test_wrong_settings_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *key, *value, *why;
    } cases[] = {
        { "id2label", NULL, "this ViLT has no answers (\"id2label\")" },
        { "num_labels", "0", "\"num_labels\"" },
        { "num_labels", "8", "'classifier.3.weight' has the shape [7, 48], expected [8, 48]" },
        { "modality_type_vocab_size", "1", "\"modality_type_vocab_size\"" },
        { "image_size", "7", "\"patch_size\" 8 x 8 does not fit the picture size 7 x 7" },
        { "image_size", "24", "'vilt.embeddings.position_embeddings' has the shape [1, 5, 24]" },
        { "position_embedding_type", "\"relative_key\"", "\"position_embedding_type\"" },
        { "num_attention_heads", "5", "\"num_attention_heads\"" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        error err = refused(NULL, 0, cases[i].key, cases[i].value);
        if (!strstr(err.text, cases[i].why)) fail_msg("\"%s\": %s", cases[i].key, err.text);
    }
}

/* ---- pictures ---- */

static void test_how_large_a_picture_may_be(void **state)
{
    (void)state;
    static const struct {
        int height, width, rows;
    } cases[] = {
        { 16, 16, 5 },  { 23, 15, 3 },    { 8, 8, 2 },        { 7, 8, 0 },      { 4096, 7, 0 },
        { 8, 512, 65 }, { 4096, 8, 513 }, { 512, 512, 4097 }, { 512, 520, -1 }, { 8, 8 * 4097, -1 },
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(tiny.arch->feature_rows(&tiny, cases[i].height, cases[i].width),
                         cases[i].rows);
}

/* Black pictures of one line of patches: bias + position + type, the positions going from one
 * corner of the trained grid of 2 x 2 to the next. */
static void check_strip(int height, int width)
{
    static const float black[3 * PATCH * PATCH * MOST_ROWS];
    float rows[MOST_ROWS * H];
    tensor features = encode(&one, &tiny, black, height, width, rows);
    assert_int_equal(features.rows, MOST_ROWS);
    const float *type = values("vilt.embeddings.token_type_embeddings.weight") + H,
                *positions = values("vilt.embeddings.position_embeddings"),
                *cls = values("vilt.embeddings.cls_token"),
                *bias = values("vilt.embeddings.patch_embeddings.projection.bias");
    const float *first = positions + H, *last = positions + (width > height ? 2 : 3) * H;
    for (int i = 0; i < H; i++)
        assert_true(fabsf(features.data[i] - (cls[i] + positions[i] + type[i])) < 1e-6f);
    for (int r = 1; r < MOST_ROWS; r++)
        for (int i = 0; i < H; i++) {
            float part = (float)(r - 1) / (MOST_ROWS - 2),
                  want = bias[i] + (1 - part) * first[i] + part * last[i] + type[i];
            assert_true(fabsf(tensor_row(features, r)[i] - want) < 1e-6f);
        }
    float logits[ANSWERS];
    answer(&one, &tiny, ids, NULL, TOKENS, features, logits);
    for (int i = 0; i < ANSWERS; i++) assert_true(isfinite(logits[i]));
}

static void test_extreme_shapes(void **state)
{
    (void)state;
    check_strip(PATCH, PATCH * (MOST_ROWS - 1));
    check_strip(PATCH * (MOST_ROWS - 1), PATCH);
}

static void test_what_is_over_whole_patches_is_not_looked_at(void **state)
{
    (void)state;
    float pixels[3 * 19 * 23], cut[3 * 16 * 16], a[5 * H], b[5 * H];
    noise(pixels, 19, 23, 1);
    for (int line = 0; line < 3 * 16; line++)
        memcpy(cut + line * 16, pixels + (line / 16 * 19 + line % 16) * 23, 16 * sizeof *cut);
    encode(&one, &tiny, pixels, 19, 23, a);
    encode(&four, &tiny, cut, 16, 16, b);
    assert_memory_equal(a, b, sizeof a);
}

/* ---- questions ---- */

static void test_padding_and_threads_change_nothing(void **state)
{
    (void)state;
    float pixels[3 * 24 * 16], rows[7 * H], alone[ANSWERS], again[ANSWERS], padded[ANSWERS];
    noise(pixels, 24, 16, 2);
    tensor features = encode(&one, &tiny, pixels, 24, 16, rows);
    answer(&one, &tiny, ids, NULL, TOKENS, features, alone);
    answer(&four, &tiny, ids, (const uint8_t[TOKENS]){ 1, 1, 1, 1, 1 }, TOKENS, features, again);
    assert_memory_equal(alone, again, sizeof alone);
    answer(&one, &tiny, (const int[]){ 2, 5, 3, 0, 0 }, (const uint8_t[]){ 1, 1, 1, 0, 0 }, TOKENS,
           features, padded);
    answer(&one, &tiny, (const int[]){ 2, 5, 3 }, NULL, 3, features, alone);
    for (int i = 0; i < ANSWERS; i++) assert_true(fabsf(padded[i] - alone[i]) < 1e-5f);
}

static void test_every_part_counts(void **state)
{
    (void)state;
    float pixels[2][3 * 16 * 16], rows[2][5 * H], first[ANSWERS], other[ANSWERS];
    tensor features[2];
    for (int i = 0; i < 2; i++) {
        noise(pixels[i], 16, 16, (uint32_t)i);
        features[i] = encode(&one, &tiny, pixels[i], 16, 16, rows[i]);
    }
    answer(&one, &tiny, ids, NULL, TOKENS, features[0], first);
    answer(&one, &tiny, ids, NULL, TOKENS, features[1], other);
    assert_memory_not_equal(first, other, sizeof first);
    answer(&one, &tiny, (const int[]){ 2, 5, 6, 8, 3 }, NULL, TOKENS, features[0], other);
    assert_memory_not_equal(first, other, sizeof first);
}

/* Rows of the type table behind the first two are for other tasks. */
static void test_other_modalities_are_not_used(void **state)
{
    (void)state;
    float pixels[3 * 16 * 16], rows[5 * H], first[ANSWERS], now[ANSWERS];
    noise(pixels, 16, 16, 5);
    answer(&one, &tiny, ids, NULL, TOKENS, encode(&one, &tiny, pixels, 16, 16, rows), first);
    float *table = weights_find(&taken, "vilt.embeddings.token_type_embeddings.weight")->floats;
    for (int type = TYPES; type-- > 0;) {
        for (int i = 0; i < H; i++) table[type * H + i] += (float)i;
        answer(&one, &tiny, ids, NULL, TOKENS, encode(&one, &tiny, pixels, 16, 16, rows), now);
        assert_int_equal(memcmp(first, now, sizeof first) == 0, type == 2);
    }
}

/* ---- packs ---- */

static void scores_of(const char *problem_type, bool q8, float scores[ANSWERS])
{
    static const char question[] = "What color is the cat?";
    tiny_bytes pack = tiny_pack((tiny_model){
                   .vilt = true, .problem_type = problem_type, .answers = ANSWERS, .q8 = q8 }),
               pixels = tiny_pixels(20, 30, false, 1);
    vqa *v = vqa_new(1);
    assert_int_equal(vqa_load(v, pack.bytes, pack.size), VQA_OK);
    if (vqa_load_end(v) != VQA_OK) fail_msg("%s", vqa_error(v));
    int picture = vqa_encode_pixels(v, pixels.bytes, 20, 30);
    assert_int_equal(vqa_ask(v, picture, 0, question, strlen(question), ANSWERS), ANSWERS);
    for (int i = 0; i < ANSWERS; i++) scores[i] = vqa_answer_score(v, i);
    vqa_free(v);
    free(pack.bytes);
    free(pixels.bytes);
}

static void test_answers_are_scored_one_by_one(void **state)
{
    (void)state;
    float scores[ANSWERS], named[ANSWERS], sum = 0;
    for (int q8 = 0; q8 < 2; q8++) {
        scores_of(NULL, q8, scores);
        scores_of("multi_label_classification", q8, named);
        assert_memory_equal(scores, named, sizeof scores);
    }
    scores_of("single_label_classification", false, named);
    assert_memory_not_equal(scores, named, sizeof scores);
    for (int i = 0; i < ANSWERS; i++) sum += named[i];
    assert_true(fabsf(sum - 1) < 1e-6f);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_what_it_says_of_itself),
        TEST(test_missing_tensors_are_named),
        TEST(test_wrong_shapes_are_named),
        TEST(test_wrong_settings_are_named),
        TEST(test_how_large_a_picture_may_be),
        TEST(test_extreme_shapes),
        TEST(test_what_is_over_whole_patches_is_not_looked_at),
        TEST(test_padding_and_threads_change_nothing),
        TEST(test_every_part_counts),
        TEST(test_other_modalities_are_not_used),
        TEST(test_answers_are_scored_one_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
