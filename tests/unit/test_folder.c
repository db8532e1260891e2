/* Models from folders, file by file: the same as the pack of the same weights, to the bit; which
 * file is wanted; a sentence for every file that is missing or says nothing of use. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tiny_folder.h"

#include "testing.h"

enum { ANSWERS = 5 };
static const char question[] = "What color is the cat?";

/* ---- helpers ---- */

static vqa *new_vqa(vqa_precision keep)
{
    vqa *v = vqa_new(1);
    assert_non_null(v);
    assert_int_equal(vqa_set_precision(v, keep), VQA_OK);
    return v;
}

static vqa *open_folder(const tiny_folder *f, vqa_precision keep, size_t piece)
{
    vqa *v = new_vqa(keep);
    if (tiny_folder_load(v, f, piece, NULL) != VQA_OK) fail_msg("%s", vqa_error(v));
    return v;
}

static vqa *open_pack(tiny_bytes pack, vqa_precision keep)
{
    vqa *v = new_vqa(keep);
    int status = vqa_load(v, pack.bytes, pack.size);
    if (status != VQA_OK || vqa_load_end(v) != VQA_OK) fail_msg("%s", vqa_error(v));
    return v;
}

/* The logits of one question about one picture. */
static void logits_of(vqa *v, float logits[ANSWERS])
{
    tiny_bytes bmp = tiny_bmp(20, 30, 3);
    int picture = vqa_encode(v, bmp.bytes, bmp.size), count;
    free(bmp.bytes);
    if (vqa_ask(v, picture, 0, question, strlen(question), ANSWERS) != ANSWERS)
        fail_msg("%s", vqa_error(v));
    const float *now = vqa_logits(v, &count);
    assert_int_equal(count, ANSWERS);
    memcpy(logits, now, ANSWERS * sizeof *logits);
}

static void check_same_answers(vqa *a, vqa *b)
{
    float x[ANSWERS], y[ANSWERS];
    logits_of(a, x);
    logits_of(b, y);
    assert_memory_equal(x, y, sizeof x);
    for (int i = 0; i < ANSWERS; i++)
        assert_string_equal(vqa_answer_text(a, i), vqa_answer_text(b, i));
}

/* Loading fails, and its sentence holds `why`. */
static void check_refused(const tiny_folder *f, const char *why)
{
    vqa *v = new_vqa(VQA_FLOAT);
    if (tiny_folder_load(v, f, 1000, NULL) != VQA_BAD_MODEL) fail_msg("'%s' loads", why);
    if (!strstr(vqa_error(v), why)) fail_msg("'%s', not '%s'", vqa_error(v), why);
    assert_string_equal(vqa_wanted_file(v), "");
    assert_int_equal(vqa_load_end(v), VQA_BAD_MODEL);
    assert_int_equal(vqa_end_file(v, 1), VQA_BAD_MODEL);
    vqa_free(v);
}

static void check_refused_with(const tiny_folder *f, const char *file, const char *text,
                               const char *why)
{
    tiny_bytes pack = tiny_pack((tiny_model){ 0 });
    tiny_folder edited = f ? *f : tiny_folder_of(pack, 2);
    tiny_folder_put(&edited, file, text);
    check_refused(&edited, why);
    tiny_folder_free(&edited);
    free(pack.bytes);
}

static void put_tokenizer_json(tiny_folder *f)
{
    cJSON *json = cJSON_CreateObject(), *model = cJSON_AddObjectToObject(json, "model"),
          *vocabulary = cJSON_AddObjectToObject(model, "vocab");
    for (int i = 0; tiny_words[i]; i++) cJSON_AddNumberToObject(vocabulary, tiny_words[i], i);
    cJSON_AddBoolToObject(cJSON_AddObjectToObject(json, "normalizer"), "lowercase", true);
    char *text = cJSON_PrintUnformatted(json);
    tiny_folder_put(f, "tokenizer.json", text);
    tiny_folder_put(f, "vocab.txt", NULL);
    cJSON_free(text);
    cJSON_Delete(json);
}

/* ---- what loads ---- */

static void test_a_folder_answers_as_its_pack(void **state)
{
    (void)state;
    static const size_t pieces[] = { 1, 17, 1 << 20 };
    static const tiny_model models[] = { { .fusion = "token_transformer_cls" }, { .vilt = true } };
    for (size_t m = 0; m < COUNT(models); m++)
        for (int keep = VQA_FLOAT; keep <= VQA_Q4; keep++) {
            tiny_bytes pack = tiny_pack(models[m]);
            vqa *v = open_pack(pack, (vqa_precision)keep);
            for (int shards = 1; shards <= 3; shards++)
                for (size_t p = 0; p < COUNT(pieces); p++) {
                    tiny_folder f = tiny_folder_of(pack, shards);
                    vqa *w = open_folder(&f, (vqa_precision)keep, pieces[p]);
                    check_same_answers(v, w);
                    assert_non_null(strstr(vqa_info(w), "\"name\":\"tiny\""));
                    assert_non_null(strstr(vqa_info(w), "\"licence\":\"\""));
                    vqa_free(w);
                    tiny_folder_free(&f);
                }
            vqa_free(v);
            free(pack.bytes);
        }
}

static void test_tokenizers(void **state)
{
    (void)state;
    tiny_bytes pack = tiny_pack((tiny_model){ 0 });
    vqa *v = open_pack(pack, VQA_FLOAT);
    tiny_folder f = tiny_folder_of(pack, 1);
    static const char *const settings[] = {
        NULL,
        "{}",
        "{\"do_lower_case\": true, \"tokenizer_class\": \"BertTokenizerFast\"}",
        "{\"tokenizer_class\": 3}",
    };
    for (int json = 0; json < 2; json++)
        for (size_t i = 0; i < COUNT(settings); i++) {
            if (json) put_tokenizer_json(&f);
            tiny_folder_put(&f, "tokenizer_config.json", settings[i]);
            vqa *w = open_folder(&f, VQA_FLOAT, 100);
            check_same_answers(v, w);
            vqa_free(w);
        }
    tiny_folder_put(&f, "tokenizer_config.json", "{\"do_lower_case\": false}");
    vqa *w = open_folder(&f, VQA_FLOAT, 100); /* "What" is not known now */
    float a[ANSWERS], b[ANSWERS];
    logits_of(v, a);
    logits_of(w, b);
    assert_memory_not_equal(a, b, sizeof a);
    vqa_free(w);
    vqa_free(v);
    tiny_folder_free(&f);
    free(pack.bytes);
}

#define START "config.json preprocessor_config.json README.md tokenizer_config.json "

static void test_the_order_of_files(void **state)
{
    (void)state;
    tiny_bytes pack = tiny_pack((tiny_model){ 0 });
    char asked[500];
    for (int shards = 1; shards <= 2; shards++)
        for (int json = 0; json < 2; json++) {
            tiny_folder f = tiny_folder_of(pack, shards);
            char want[500];
            if (json) put_tokenizer_json(&f);
            snprintf(want, sizeof want, START "vocab.txt %smodel.safetensors %s",
                     json ? "tokenizer.json " : "",
                     shards > 1 ? "model.safetensors.index.json model-00001-of-00002.safetensors "
                                  "model-00002-of-00002.safetensors "
                                : "");
            vqa *v = new_vqa(VQA_FLOAT);
            assert_int_equal(tiny_folder_load(v, &f, 1000, asked), VQA_OK);
            assert_string_equal(asked, want);
            assert_string_equal(vqa_wanted_file(v), "");
            vqa_free(v);
            tiny_folder_free(&f);
        }
    free(pack.bytes);
    tiny_folder clip = tiny_folder_clip();
    vqa *v = new_vqa(VQA_FLOAT);
    if (tiny_folder_load(v, &clip, 1000, asked) != VQA_OK) fail_msg("%s", vqa_error(v));
    assert_string_equal(asked, START "vocab.json merges.txt model.safetensors ");
    vqa_free(v);
    tiny_folder_free(&clip);
}

/* vocab.json and merges.txt, or tokenizer.json with merges of either kind, say the same. */
static void test_byte_pairs_of_tokenizer_json(void **state)
{
    (void)state;
    static const char *const merges[] = { "[\"c a\", \"ca t</w>\"]",
                                          "[[\"c\", \"a\"], [\"ca\", \"t</w>\"]]" };
    tiny_bytes packs[3] = { 0 };
    for (int i = 0; i < 3; i++) {
        tiny_folder f = tiny_folder_clip();
        if (i > 0) {
            tiny_file *vocabulary = tiny_folder_file(&f, "vocab.json");
            char text[2000];
            snprintf(text, sizeof text, "{\"model\": {\"vocab\": %.*s, \"merges\": %s}}",
                     (int)vocabulary->content.size, (char *)vocabulary->content.bytes,
                     merges[i - 1]);
            tiny_folder_put(&f, "tokenizer.json", text);
            tiny_folder_put(&f, "vocab.json", NULL);
        } else {
            tiny_folder_put(&f, "merges.txt", "c a\nca t</w>\n");
        }
        vqa *v = open_folder(&f, VQA_FLOAT, 100);
        packs[i].size = (size_t)vqa_pack_size(v);
        packs[i].bytes = malloc(packs[i].size);
        assert_non_null(packs[i].bytes);
        assert_int_equal(vqa_pack_read(v, packs[i].bytes, packs[i].size), packs[i].size);
        assert_int_equal(packs[i].size, packs[0].size);
        assert_memory_equal(packs[i].bytes, packs[0].bytes, packs[0].size);
        vqa_free(v);
        tiny_folder_free(&f);
    }
    for (int i = 0; i < 3; i++) free(packs[i].bytes);
}

static void test_the_licence(void **state)
{
    (void)state;
    static const struct {
        const char *card, *set, *want;
    } cases[] = {
        { NULL, NULL, "" },
        { "", NULL, "" },
        { "---\nlicense: mit\n---\n", NULL, "mit" },
        { "---\r\ntags:\r\n- a\r\nlicense:   \"apache-2.0\"\r\n---\r\n", NULL, "apache-2.0" },
        { "---\ntags: x\n---\nlicense: mit\n", NULL, "" },
        { "license: mit\n", NULL, "" },
        { "---\nlicense: mit", NULL, "mit" },
        { "---\nlicense: mit\n\xff", NULL, "mit" },
        { "---\nlicense: \xff", NULL, "" },
        { "---", NULL, "" },
        { "---\nlicense: mit\n---\n", "CC0-1.0", "CC0-1.0" },
        { NULL, "CC0-1.0", "CC0-1.0" },
    };
    tiny_bytes pack = tiny_pack((tiny_model){ 0 });
    tiny_folder f = tiny_folder_of(pack, 1);
    for (size_t i = 0; i < COUNT(cases); i++) {
        char want[100];
        vqa *v = new_vqa(VQA_FLOAT);
        if (cases[i].set)
            assert_int_equal(vqa_set_licence(v, cases[i].set, strlen(cases[i].set)), VQA_OK);
        tiny_folder_put(&f, "README.md", cases[i].card);
        assert_int_equal(tiny_folder_load(v, &f, 3, NULL), VQA_OK);
        snprintf(want, sizeof want, "\"licence\":\"%s\"", cases[i].want);
        if (!strstr(vqa_info(v), want)) fail_msg("%zu: %s", i, vqa_info(v));
        vqa_free(v);
    }
    tiny_folder_free(&f);
    free(pack.bytes);
}

/* ---- what is refused ---- */

static void test_missing_files(void **state)
{
    (void)state;
    static const struct {
        const char *file, *why;
    } cases[] = {
        { "config.json", "the folder has no config.json" },
        { "preprocessor_config.json", "the folder has no preprocessor_config.json" },
        { "vocab.txt", "the folder has neither vocab.txt nor tokenizer.json" },
        { "model-00002-of-00002.safetensors",
          "the folder has no model-00002-of-00002.safetensors" },
        { "model.safetensors.index.json", "weights in pytorch_model.bin can't be read" },
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        check_refused_with(NULL, cases[i].file, NULL, cases[i].why);
    tiny_folder clip = tiny_folder_clip();
    check_refused_with(&clip, "merges.txt", NULL, "the folder has no merges.txt");
    clip = tiny_folder_clip();
    check_refused_with(&clip, "vocab.json", NULL,
                       "the folder has neither vocab.json nor tokenizer.json");
}

static void test_files_of_no_use(void **state)
{
    (void)state;
    static const struct {
        const char *file, *text, *why;
    } cases[] = {
        { "config.json", "", "config.json is not valid JSON" },
        { "config.json", "[]", "config.json is not a JSON object" },
        { "config.json", "{\"model_type\": \"\xff\"}", "config.json is not UTF-8 text (byte 16)" },
        { "vocab.txt", "[PAD]\n\xc3", "vocab.txt is not UTF-8 text (byte 6)" },
        { "config.json", "{}", "config: \"model_type\" is missing" },
        { "config.json", "{\"model_type\": \"blip\"}",
          "the architecture 'blip' is not supported (supported: multimodal, " },
        { "config.json", "{\"id2label\": {\"0\": \"a\", \"2\": \"b\"}}",
          "config.json: id2label has no text for each of 0 to 1 ('2')" },
        { "config.json", "{\"id2label\": {\"0\": \"a\", \"00\": \"b\"}}",
          "config.json: id2label has no text for each of 0 to 1 ('00')" },
        { "config.json", "{\"id2label\": {\"-1\": \"a\"}}", "for each of 0 to 0 ('-1')" },
        { "config.json", "{\"id2label\": {\"x\": \"a\"}}", "for each of 0 to 0 ('x')" },
        { "config.json", "{\"id2label\": {\"0\": 7}}", "for each of 0 to 0 ('0')" },
        { "config.json", "{\"id2label\": [\"a\"]}", "for each of 0 to 0 ('')" },
        { "config.json", "{\"id2label\": {\"0\": \"a\\u0007\"}}",
          "the label 'a?' holds a control character" },
        { "preprocessor_config.json", "nonsense", "preprocessor_config.json is not valid JSON" },
        { "tokenizer_config.json", "3", "tokenizer_config.json is not a JSON object" },
        { "tokenizer_config.json", "{\"tokenizer_class\": \"T5Tokenizer\"}",
          "the folder has neither vocab.json nor tokenizer.json" },
        { "vocab.txt", "", "vocab" },
        { "model.safetensors", "", "model.safetensors: the model file is empty (0 bytes)" },
        { "model.safetensors", "short",
          "model.safetensors: the model file ends after 5 bytes, inside its first number" },
        { "model.safetensors.index.json", "nonsense",
          "model.safetensors.index.json is not valid JSON" },
        { "model.safetensors.index.json", "{}", "model.safetensors.index.json has no weight_map" },
        { "model.safetensors.index.json", "{\"weight_map\": {}}",
          "model.safetensors.index.json has no weight_map" },
        { "model.safetensors.index.json", "{\"weight_map\": {\"a\": \"../x\"}}",
          "the file of tensor 'a' is '../x', expected a name" },
        { "model.safetensors.index.json", "{\"weight_map\": {\"a\": \"b\\\\x\"}}",
          "the file of tensor 'a' is 'b\\x', expected a name" },
        { "model.safetensors.index.json", "{\"weight_map\": {\"a\": 7}}",
          "the file of tensor 'a' is 'no text', expected a name" },
        { "model.safetensors.index.json", "{\"weight_map\": {\"a\": \"\"}}",
          "the file of tensor 'a' is '', expected a name" },
        { "model.safetensors.index.json", "{\"weight_map\": [\"\"]}", "has no weight_map" },
        { "model.safetensors.index.json",
          "{\"weight_map\": {\"a\": \"model-00001-of-00002.safetensors\"}}",
          "the model has no tensor '" },
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        check_refused_with(NULL, cases[i].file, cases[i].text, cases[i].why);
    static const struct {
        const char *file, *text, *why;
    } of_clip[] = {
        { "vocab.json", "{\"a\": 1}", "the vocabulary: 'a' has the id 1, expected 0 to 0" },
        { "vocab.json", "[]", "vocab.json is not a JSON object" },
        { "merges.txt", "a b c\n", "merges" },
        { "tokenizer_config.json", "{\"tokenizer_class\": \"T5Tokenizer\"}",
          "the tokenizer 'T5Tokenizer' is not supported" },
    };
    for (size_t i = 0; i < COUNT(of_clip); i++) {
        tiny_folder clip = tiny_folder_clip();
        check_refused_with(&clip, of_clip[i].file, of_clip[i].text, of_clip[i].why);
    }
}

static void test_tokenizer_json_of_no_use(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { "{}", "tokenizer.json has no \"vocab\" in its \"model\"" },
        { "{\"model\": {\"vocab\": []}}", "tokenizer.json has no \"vocab\" in its \"model\"" },
        { "{\"model\": {\"vocab\": {}}}", "not an object of tokens" },
        { "{\"model\": {\"vocab\": {\"a\": 0}}}",
          "tokenizer.json has no list \"merges\" in its \"model\"" },
        { "{\"model\": {\"vocab\": {\"a\": 0}, \"merges\": []}}",
          "tokenizer.json has no list \"merges\" in its \"model\"" },
        { "{\"model\": {\"vocab\": {\"a\": 0}, \"merges\": [7]}}",
          "tokenizer.json: a merge is not a text" },
        { "{\"model\": {\"vocab\": {\"a\": 0}, \"merges\": [[\"a\"]]}}",
          "tokenizer.json: a merge is not a text" },
        { "{\"model\": {\"vocab\": {\"a\": 0}, \"merges\": [[]]}}",
          "tokenizer.json: a merge is not a text" },
        { "{\"model\": {\"vocab\": {\"a\": 0}, \"merges\": [[\"a\", 7]]}}",
          "tokenizer.json: a merge is not a text" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        tiny_folder clip = tiny_folder_clip();
        tiny_folder_put(&clip, "vocab.json", NULL);
        check_refused_with(&clip, "tokenizer.json", cases[i][0], cases[i][1]);
    }
}

static void test_a_zero_byte_in_a_vocabulary(void **state)
{
    (void)state;
    tiny_bytes pack = tiny_pack((tiny_model){ 0 });
    tiny_folder f = tiny_folder_of(pack, 1);
    tiny_folder_file(&f, "vocab.txt")->content.bytes[40] = 0;
    check_refused(&f, "vocab.txt holds a zero byte");
    tiny_folder_free(&f);
    free(pack.bytes);
}

/* Refused as soon as config.json has ended, before anything large is fetched. */
static void test_unknown_architectures_are_refused_at_once(void **state)
{
    (void)state;
    static const char config[] = "{\"model_type\": \"blip\"}";
    vqa *v = new_vqa(VQA_FLOAT);
    assert_int_equal(vqa_open_folder(v, "x", 1), VQA_OK);
    assert_int_equal(vqa_load(v, (const uint8_t *)config, strlen(config)), VQA_OK);
    assert_int_equal(vqa_end_file(v, 1), VQA_BAD_MODEL);
    static const char *const parts[] = { "'blip'", "multimodal", "vilt", "clip" };
    for (size_t i = 0; i < COUNT(parts); i++) assert_non_null(strstr(vqa_error(v), parts[i]));
    assert_string_equal(vqa_wanted_file(v), "");
    vqa_free(v);
}

static void test_wrong_calls(void **state)
{
    (void)state;
    vqa *v = new_vqa(VQA_FLOAT);
    assert_string_equal(vqa_wanted_file(v), "");
    assert_int_equal(vqa_end_file(v, 1), VQA_BAD_CALL);
    assert_string_equal(vqa_error(v), "no file of a folder is wanted");
    assert_int_equal(vqa_set_precision(v, (vqa_precision)3), VQA_BAD_CALL);
    assert_string_equal(vqa_error(v), "the precision is 3, expected 0 (float), 1 (q8) or 2 (q4)");
    assert_int_equal(vqa_set_licence(v, "a\xff", 2), VQA_BAD_CALL);
    assert_int_equal(vqa_open_folder(v, "\xff", 1), VQA_BAD_CALL);
    assert_int_equal(vqa_set_precision(v, VQA_Q4), VQA_OK);

    tiny_bytes pack = tiny_pack((tiny_model){ 0 });
    tiny_folder f = tiny_folder_of(pack, 1);
    assert_int_equal(tiny_folder_load(v, &f, 1000, NULL), VQA_OK); /* nothing was spoilt */
    assert_int_equal(vqa_end_file(v, 1), VQA_BAD_CALL);
    assert_int_equal(vqa_load(v, pack.bytes, 1), VQA_BAD_CALL);
    assert_int_equal(vqa_open_folder(v, "x", 1), VQA_BAD_CALL);
    assert_int_equal(vqa_set_precision(v, VQA_Q8), VQA_BAD_CALL);
    assert_int_equal(vqa_set_licence(v, "x", 1), VQA_BAD_CALL);
    assert_int_equal(vqa_load_end(v), VQA_BAD_CALL);
    assert_non_null(strstr(vqa_error(v), "a model is loaded already"));
    vqa_free(v);

    v = new_vqa(VQA_FLOAT); /* a pack has begun */
    assert_int_equal(vqa_load(v, pack.bytes, 10), VQA_OK);
    assert_int_equal(vqa_set_precision(v, VQA_Q8), VQA_BAD_CALL);
    assert_string_equal(vqa_error(v), "a model is being loaded already");
    assert_int_equal(vqa_open_folder(v, "x", 1), VQA_BAD_CALL);
    assert_int_equal(vqa_end_file(v, 1), VQA_BAD_CALL);
    assert_true(vqa_pack_size(v) == VQA_BAD_CALL);
    assert_int_equal(vqa_pack_read(v, pack.bytes, 10), VQA_BAD_CALL);
    vqa_free(v);

    v = new_vqa(VQA_FLOAT); /* the end before all files are there */
    assert_int_equal(vqa_open_folder(v, "x", 1), VQA_OK);
    assert_int_equal(vqa_load_end(v), VQA_BAD_MODEL);
    assert_string_equal(vqa_error(v), "config.json is still to come");
    vqa_free(v);
    tiny_folder_free(&f);
    free(pack.bytes);
}

static void test_bytes_behind_the_last_file(void **state)
{
    (void)state;
    tiny_bytes pack = tiny_pack((tiny_model){ 0 });
    tiny_folder f = tiny_folder_of(pack, 1);
    vqa *v = new_vqa(VQA_FLOAT);
    assert_int_equal(vqa_open_folder(v, "x", 1), VQA_OK);
    while (*vqa_wanted_file(v)) {
        const tiny_file *file = tiny_folder_file(&f, vqa_wanted_file(v));
        if (file) assert_int_equal(vqa_load(v, file->content.bytes, file->content.size), VQA_OK);
        assert_int_equal(vqa_end_file(v, file != NULL), VQA_OK);
    }
    assert_int_equal(vqa_load(v, NULL, 0), VQA_OK);
    assert_int_equal(vqa_load(v, pack.bytes, 1), VQA_BAD_MODEL);
    assert_string_equal(vqa_error(v), "the folder is complete, but 1 more bytes came");
    vqa_free(v);
    tiny_folder_free(&f);
    free(pack.bytes);
}

/* ---- the pack of a folder ---- */

static tiny_bytes pack_of(vqa *v, size_t piece)
{
    double size = vqa_pack_size(v);
    assert_true(size > 0);
    tiny_bytes pack = { malloc((size_t)size), 0 };
    assert_non_null(pack.bytes);
    for (int n = 1; n > 0; pack.size += (size_t)n) {
        size_t room = (size_t)size - pack.size;
        n = vqa_pack_read(v, pack.bytes + pack.size, room < piece && room ? room : piece);
        assert_in_range(n, 0, room < piece ? room : piece);
    }
    assert_true((double)pack.size == size);
    return pack;
}

static void test_the_pack_of_a_folder(void **state)
{
    (void)state;
    static const size_t pieces[] = { 1, 7, 1000, 1 << 20 };
    static const tiny_model models[] = { { .fusion = "hybrid" }, { .vilt = true } };
    for (size_t m = 0; m < COUNT(models); m++)
        for (int keep = VQA_FLOAT; keep <= VQA_Q4; keep++) {
            tiny_bytes floats = tiny_pack(models[m]), first = { 0 };
            tiny_folder f = tiny_folder_of(floats, 2);
            vqa *v = open_folder(&f, (vqa_precision)keep, 1000);
            for (size_t p = 0; p < COUNT(pieces); p++) {
                tiny_bytes pack = pack_of(v, pieces[p]);
                if (p == 0) first = pack;
                assert_int_equal(pack.size, first.size);
                assert_memory_equal(pack.bytes, first.bytes, first.size);
                if (p > 0) free(pack.bytes);
            }
            vqa *w = open_pack(first, (vqa_precision)keep); /* what is quantized stays so */
            check_same_answers(v, w);
            tiny_bytes again = pack_of(w, 100);
            assert_int_equal(again.size, first.size);
            assert_memory_equal(again.bytes, first.bytes, first.size);
            vqa_free(w);
            vqa_free(v);
            free(again.bytes);
            free(first.bytes);
            free(floats.bytes);
            tiny_folder_free(&f);
        }
}

/* A tensor that no layer asks for is told, and left out of the pack. */
static void test_unused_tensors(void **state)
{
    (void)state;
    static tiny_list list;
    list.count = 0;
    tiny_add(&list, SHAPE(30), "text_encoder.embeddings.position_ids");
    tiny_add(&list, SHAPE(9, 64), "pooler.dense.weight");
    weights w = tiny_weights(&list, KEEP_AS_STORED, 1);
    cJSON *none = cJSON_CreateObject();
    char text[] = "";
    tiny_bytes others = tiny_written(&w, &(pack_settings){ none, none, none, none, text, text }),
               pack = tiny_pack((tiny_model){ 0 });
    tiny_folder f = tiny_folder_of(pack, 2), g = tiny_folder_of(pack, 2);
    tiny_folder_add_tensors(&f, "other.safetensors", others);
    for (int keep = VQA_FLOAT; keep <= VQA_Q4; keep++) {
        vqa *with = open_folder(&f, (vqa_precision)keep, 1000),
            *without = open_folder(&g, (vqa_precision)keep, 1000);
        assert_non_null(strstr(vqa_info(with), "\"unusedTensors\":[\"text_encoder.embeddings."
                                               "position_ids\",\"pooler.dense.weight\"]"));
        assert_non_null(strstr(vqa_info(without), "\"unusedTensors\":[]"));
        check_same_answers(with, without);
        tiny_bytes a = pack_of(with, 1000), b = pack_of(without, 1000);
        vqa *again = open_pack(a, VQA_FLOAT);
        assert_non_null(strstr(vqa_info(again), "\"unusedTensors\":[]"));
        check_same_answers(with, again);
        assert_int_equal(a.size, b.size);
        assert_memory_equal(a.bytes, b.bytes, a.size);
        vqa_free(again);
        vqa_free(with);
        vqa_free(without);
        free(a.bytes);
        free(b.bytes);
    }
    cJSON_Delete(none);
    weights_free(&w);
    free(others.bytes);
    free(pack.bytes);
    tiny_folder_free(&f);
    tiny_folder_free(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_folder_answers_as_its_pack),
        cmocka_unit_test(test_tokenizers),
        cmocka_unit_test(test_the_order_of_files),
        cmocka_unit_test(test_byte_pairs_of_tokenizer_json),
        cmocka_unit_test(test_the_licence),
        cmocka_unit_test(test_missing_files),
        cmocka_unit_test(test_files_of_no_use),
        cmocka_unit_test(test_tokenizer_json_of_no_use),
        cmocka_unit_test(test_a_zero_byte_in_a_vocabulary),
        cmocka_unit_test(test_unknown_architectures_are_refused_at_once),
        cmocka_unit_test(test_wrong_calls),
        cmocka_unit_test(test_bytes_behind_the_last_file),
        cmocka_unit_test(test_the_pack_of_a_folder),
        cmocka_unit_test(test_unused_tensors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
