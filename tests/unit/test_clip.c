/* CLIP: the tiny model from pixels and ids to a logit, what it refuses, and which row stands for a
 * text. Its exactness is tested by the goldens. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "encoders/text_clip.h"
#include "format/json.h"
#include "models/model.h"
#include "tiny_pack.h"

#include "testing.h"

enum { VOCABULARY = 40, SPACE = 20, POSITIONS = 12, SIDE = 16 };

static const char settings[] =
    "{\"model_type\": \"clip\", \"projection_dim\": 20, \"text_config\": {\"eos_token_id\": 2,"
    " \"vocab_size\": 40, \"hidden_size\": 24, \"intermediate_size\": 48, \"num_hidden_layers\": 2,"
    " \"num_attention_heads\": 4, \"max_position_embeddings\": 12}, \"vision_config\": {"
    " \"hidden_size\": 32, \"intermediate_size\": 64, \"num_hidden_layers\": 2,"
    " \"num_attention_heads\": 4, \"image_size\": 16, \"patch_size\": 8}}";

static cJSON *new_config(void)
{
    error err;
    cJSON *config = json_object(settings, sizeof settings - 1, "the config", &err);
    assert_non_null(config);
    return config;
}

typedef struct {
    weights weights;
    cJSON *config;
    model model;
} tiny_clip;

/* Takes over `config`. */
static tiny_clip new_clip(precision keep, cJSON *config)
{
    tiny_list list;
    tiny_add_clip(&list, VOCABULARY, POSITIONS);
    tiny_clip t = { .weights = tiny_weights(&list, keep, 5), .config = config };
    error err = { 0 };
    bool bound = model_bind(&t.model, &t.weights, config, &err);
    assert_string_equal(err.text, "");
    assert_true(bound);
    return t;
}

static void free_clip(tiny_clip *t)
{
    model_free(&t->model);
    weights_free(&t->weights);
    cJSON_Delete(t->config);
}

/* An arena of exactly `size` bytes: one that takes more stops the program. */
static arena exactly(size_t size)
{
    arena a;
    error err;
    assert_true(arena_new(&a, size, "a plan", &err));
    return a;
}

static void encode(const compute *c, const tiny_clip *t, float *features)
{
    float pixels[3 * SIDE * SIDE];
    uint32_t seed = 9;
    for (size_t i = 0; i < COUNT(pixels); i++) pixels[i] = 2 * tiny_random(&seed);
    arena tmp = exactly(t->model.arch->encode_scratch(&t->model, SIDE, SIDE));
    t->model.arch->encode(c, &t->model, pixels, SIDE, SIDE, (tensor){ features, 1, SPACE }, tmp);
    arena_free(&tmp);
}

static float answer(const compute *c, const tiny_clip *t, const int *ids, const uint8_t *mask,
                    int tokens, float *features)
{
    float logit = NAN;
    arena tmp = exactly(t->model.arch->answer_scratch(&t->model, tokens, 0, 1));
    const request q = {
        .ids = ids, .mask = mask, .tokens = tokens, .picture = { features, 1, SPACE }
    };
    t->model.arch->answer(c, &t->model, &q, (tensor){ &logit, 1, 1 }, tmp);
    arena_free(&tmp);
    return logit;
}

/* A text: begins with 38, ends with 39. */
static const int text[] = { 38, 4, 17, 30, 5, 39 };

static void keep_embeds(void *context, const char *name, int layer, tensor value)
{
    (void)layer;
    if (strcmp(name, "text_embeds") == 0) memcpy(context, value.data, SPACE * sizeof(float));
}

static void test_logit_is_a_scaled_cosine(void **state)
{
    (void)state;
    tiny_clip t = new_clip(KEEP_AS_STORED, new_config());
    float picture[SPACE], embeds[SPACE];
    compute c = { .k = kernels_best(), .watch = keep_embeds, .watch_context = embeds };
    assert_true(t.model.ranks);
    assert_int_equal(t.model.answers, 1);
    assert_int_equal(t.model.hidden, SPACE);
    assert_int_equal(t.model.vocabulary, VOCABULARY);
    assert_int_equal(t.model.max_tokens, POSITIONS);
    assert_string_equal(t.model.summary, "CLIP, text 2 x 24 + picture 2 x 32");
    encode(&c, &t, picture);
    double logit = answer(&c, &t, text, NULL, COUNT(text), picture), aa = 0, bb = 0, ab = 0;
    for (int i = 0; i < SPACE; i++) {
        aa += (double)picture[i] * picture[i];
        bb += (double)embeds[i] * embeds[i];
        ab += (double)picture[i] * embeds[i];
    }
    assert_true(fabs(aa - 1) < 1e-6 && fabs(bb - 1) < 1e-6);
    double scale = exp(weights_find(&t.weights, "logit_scale")->floats[0]);
    assert_true(fabs(logit - scale * ab) < 1e-6 && fabs(logit) > 1e-3);
    free_clip(&t);
}

static void test_same_bits(void **state)
{
    (void)state;
    pool *threads = pool_new(4);
    for (int keep = KEEP_AS_STORED; keep <= QUANTIZE_Q8; keep++) {
        tiny_clip t = new_clip((precision)keep, new_config());
        const compute with[] = { { .k = kernels_best() },
                                 { .k = kernels_scalar() },
                                 { .k = kernels_best(), .threads = threads } };
        float picture[3][SPACE], logit[3];
        for (int i = 0; i < 3; i++) {
            encode(&with[i], &t, picture[i]);
            logit[i] = answer(&with[i], &t, text, NULL, COUNT(text), picture[i]);
            assert_memory_equal(picture[i], picture[0], sizeof picture[0]);
            assert_memory_equal(&logit[i], &logit[0], sizeof logit[0]);
        }
        free_clip(&t);
    }
    pool_free(threads);
}

static void test_what_follows_a_text_is_not_seen(void **state)
{
    (void)state;
    static const int padded[] = { 38, 4, 17, 30, 5, 39, 39, 2, 39 };
    static const uint8_t shown[] = { 1, 1, 1, 1, 1, 1, 0, 0, 0 };
    tiny_clip t = new_clip(KEEP_AS_STORED, new_config());
    compute c = { .k = kernels_best() };
    float picture[SPACE];
    encode(&c, &t, picture);
    float logit = answer(&c, &t, text, NULL, COUNT(text), picture);
    assert_true(answer(&c, &t, padded, NULL, COUNT(padded), picture) == logit);
    assert_true(answer(&c, &t, padded, shown, COUNT(padded), picture) == logit);
    assert_true(answer(&c, &t, padded, NULL, 5, picture) != logit);
    free_clip(&t);
}

static void test_old_names_of_the_settings(void **state)
{
    (void)state;
    compute c = { .k = kernels_best() };
    cJSON *old = new_config(), *both = new_config();
    cJSON_AddItemToObject(old, "text_config_dict", cJSON_DetachItemFromObject(old, "text_config"));
    cJSON_AddItemToObject(old, "vision_config_dict",
                          cJSON_DetachItemFromObject(old, "vision_config"));
    cJSON_AddNullToObject(old, "text_config");
    cJSON_AddObjectToObject(both, "text_config_dict"); /* not looked at */
    tiny_clip t[3] = { new_clip(KEEP_AS_STORED, new_config()), new_clip(KEEP_AS_STORED, old),
                       new_clip(KEEP_AS_STORED, both) };
    float picture[SPACE], logit[3];
    for (int i = 0; i < 3; i++) {
        encode(&c, &t[i], picture);
        logit[i] = answer(&c, &t[i], text, NULL, COUNT(text), picture);
        assert_true(logit[i] == logit[0]);
        free_clip(&t[i]);
    }
}

static void test_takes_one_size(void **state)
{
    (void)state;
    static const struct {
        int height, width, rows;
    } cases[] = { { SIDE, SIDE, 1 },        { SIDE - 1, SIDE, 0 },  { SIDE, SIDE - 1, 0 },
                  { SIDE + 1, SIDE, -1 },   { SIDE, SIDE + 1, -1 }, { 2 * SIDE, 2 * SIDE, -1 },
                  { SIDE - 1, 2 * SIDE, 0 } };
    tiny_clip t = new_clip(KEEP_AS_STORED, new_config());
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(t.model.arch->feature_rows(&t.model, cases[i].height, cases[i].width),
                         cases[i].rows);
    free_clip(&t);
}

static void test_pooled_row(void **state)
{
    (void)state;
    static const struct {
        int end, ids[6], row;
    } cases[] = {
        { 2, { 38, 4, 39, 5, 39, 2 }, 2 }, /* the old rule: the first of the largest */
        { 2, { 39, 2, 39, 39, 0, 1 }, 0 },  { 2, { 1, 2, 3, 4, 5, 6 }, 5 },
        { 39, { 38, 4, 39, 5, 39, 2 }, 2 }, /* the first end token */
        { 7, { 38, 4, 39, 7, 39, 7 }, 3 },  { 7, { 38, 4, 39, 5, 39, 7 }, 5 },
        { 7, { 38, 4, 39, 5, 39, 2 }, 0 }, /* there is none */
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        text_clip t = { .end = cases[i].end };
        assert_int_equal(text_clip_pooled_row(&t, cases[i].ids, 6), cases[i].row);
    }
    assert_int_equal(text_clip_pooled_row(&(text_clip){ .end = 2 }, cases[0].ids, 1), 0);
}

/* Without one tensor, or with a first dimension that is one too large. */
static void test_tensors_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *shape; /* NULL: it is missing */
    } cases[] = {
        { "logit_scale", NULL },
        { "text_projection.weight", NULL },
        { "visual_projection.weight", "[21, 32], expected [20, 32]" },
        { "text_model.embeddings.token_embedding.weight", NULL },
        { "text_model.embeddings.position_embedding.weight", "[13, 24], expected [12, 24]" },
        { "text_model.encoder.layers.1.self_attn.q_proj.bias", NULL },
        { "text_model.encoder.layers.0.mlp.fc2.weight", "[25, 48], expected [24, 48]" },
        { "text_model.final_layer_norm.weight", NULL },
        { "vision_model.embeddings.class_embedding", "[33], expected [32]" },
        { "vision_model.embeddings.position_embedding.weight", "[6, 32], expected [5, 32]" },
        { "vision_model.embeddings.patch_embedding.weight",
          "[33, 3, 8, 8], expected [32, 3, 8, 8]" },
        { "vision_model.pre_layrnorm.weight", NULL },
        { "vision_model.post_layernorm.bias", "[33], expected [32]" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        tiny_list list;
        tiny_add_clip(&list, VOCABULARY, POSITIONS);
        char want[200];
        int at = 0;
        while (strcmp(list.names[at], cases[i].name) != 0) at++;
        if (cases[i].shape) {
            list.infos[at].size += list.infos[at].size / (size_t)list.infos[at].shape[0];
            list.infos[at].shape[0]++;
            snprintf(want, sizeof want, "tensor '%s' has the shape %s", cases[i].name,
                     cases[i].shape);
        } else {
            list.infos[at].name = "unknown";
            snprintf(want, sizeof want, "the model has no tensor '%s'", cases[i].name);
        }
        weights w = tiny_weights(&list, KEEP_AS_STORED, 5);
        cJSON *config = new_config();
        model m;
        error err;
        assert_false(model_bind(&m, &w, config, &err));
        assert_string_equal(err.text, want);
        model_free(&m);
        cJSON_Delete(config);
        weights_free(&w);
    }
}

/* Settings that are wrong, and those that are left out, which have the defaults of the classes. */
static void test_settings_refused(void **state)
{
    (void)state;
    static const struct {
        const char *part, *key, *value, *why;
    } cases[] = {
        { NULL, "text_config", "null", "config: \"text_config\" is missing" },
        { NULL, "vision_config", "[]", "config: \"vision_config\" is missing" },
        { NULL, "projection_dim", "0",
          "config: \"projection_dim\" is 0, expected a whole number from 1 to 8192" },
        { "text_config", "eos_token_id", "-1",
          "config: \"eos_token_id\" is -1, expected a whole number from 0 to 16777216" },
        { "text_config", "hidden_act", "\"swish\"",
          "activation 'swish' is not known (gelu, quick_gelu, relu, relu6, tanh, none)" },
        { "vision_config", "patch_size", "17",
          "config: \"patch_size\" 17 does not fit the picture size 16" },
        { NULL, "projection_dim", "null",
          "tensor 'text_projection.weight' has the shape [20, 24], expected [512, 24]" },
        { "text_config", "vocab_size", "null",
          "tensor 'text_model.embeddings.token_embedding.weight' has the shape [40, 24], "
          "expected [49408, 24]" },
        { "text_config", "hidden_size", "null",
          "tensor 'text_model.embeddings.token_embedding.weight' has the shape [40, 24], "
          "expected [40, 512]" },
        { "text_config", "max_position_embeddings", "null",
          "tensor 'text_model.embeddings.position_embedding.weight' has the shape [12, 24], "
          "expected [77, 24]" },
        { "text_config", "intermediate_size", "null",
          "tensor 'text_model.encoder.layers.0.mlp.fc1.weight' has the shape [48, 24], "
          "expected [2048, 24]" },
        { "text_config", "num_hidden_layers", "null",
          "the model has no tensor 'text_model.encoder.layers.2.self_attn.q_proj.weight'" },
        { "vision_config", "hidden_size", "null",
          "tensor 'vision_model.embeddings.class_embedding' has the shape [32], expected [768]" },
        { "vision_config", "image_size", "null",
          "tensor 'vision_model.embeddings.position_embedding.weight' has the shape [5, 32], "
          "expected [785, 32]" },
        { "vision_config", "patch_size", "null",
          "config: \"patch_size\" 32 does not fit the picture size 16" },
        { "vision_config", "intermediate_size", "null",
          "tensor 'vision_model.encoder.layers.0.mlp.fc1.weight' has the shape [64, 32], "
          "expected [3072, 32]" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        tiny_list list;
        tiny_add_clip(&list, VOCABULARY, POSITIONS);
        weights w = tiny_weights(&list, KEEP_AS_STORED, 5);
        cJSON *config = new_config(),
              *part = cases[i].part ? cJSON_GetObjectItem(config, cases[i].part) : config;
        cJSON_DeleteItemFromObject(part, cases[i].key);
        cJSON_AddItemToObject(part, cases[i].key, cJSON_Parse(cases[i].value));
        model m;
        error err;
        assert_false(model_bind(&m, &w, config, &err));
        assert_string_equal(err.text, cases[i].why);
        model_free(&m);
        cJSON_Delete(config);
        weights_free(&w);
    }
}

static void test_default_end(void **state)
{
    (void)state;
    cJSON *config = new_config(), *part = cJSON_GetObjectItem(config, "text_config");
    cJSON_DeleteItemFromObject(part, "eos_token_id");
    tiny_list list;
    tiny_add_clip(&list, VOCABULARY, POSITIONS);
    weights w = tiny_weights(&list, KEEP_AS_STORED, 5);
    text_clip t;
    error err;
    assert_true(text_clip_bind(&t, &w, "text_model.", part, &err));
    assert_int_equal(t.end, 49407);
    text_clip_free(&t);
    weights_free(&w);
    cJSON_Delete(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_logit_is_a_scaled_cosine),
        cmocka_unit_test(test_same_bits),
        cmocka_unit_test(test_what_follows_a_text_is_not_seen),
        cmocka_unit_test(test_old_names_of_the_settings),
        cmocka_unit_test(test_takes_one_size),
        cmocka_unit_test(test_pooled_row),
        cmocka_unit_test(test_tensors_refused),
        cmocka_unit_test(test_settings_refused),
        cmocka_unit_test(test_default_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
