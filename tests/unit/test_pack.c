/* Packs: what is written is read again; what is missing or damaged gets a sentence. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/checksum.h"
#include "format/pack.h"
#include "format/safetensors.h"
#include "tiny_pack.h"
#include "vqa.h"

#include "testing.h"

/* ---- reading and writing ---- */

typedef struct {
    pack_settings settings;
    weights weights;
    safetensors *file;
} contents;

static bool take_header(void *context, const tensor_info *tensors, int count, const cJSON *metadata,
                        error *err)
{
    contents *c = context;
    return pack_settings_read(&c->settings, metadata, err) &&
           weights_plan(&c->weights, tensors, count, KEEP_AS_STORED, err);
}

static bool take_data(void *context, int index, const uint8_t *bytes, size_t size, error *err)
{
    return weights_take(&((contents *)context)->weights, index, bytes, size, err);
}

static void read_pack(contents *c, tiny_bytes pack)
{
    error err;
    *c = (contents){ 0 };
    c->file = safetensors_new((safetensors_sink){ take_header, take_data, c });
    assert_non_null(c->file);
    assert_true(safetensors_push(c->file, pack.bytes, pack.size, &err));
    assert_true(safetensors_end(c->file, &err));
    assert_true(weights_finish(&c->weights, &err));
}

static void close_pack(contents *c)
{
    pack_settings_free(&c->settings);
    weights_free(&c->weights);
    safetensors_free(c->file);
}

static void test_reading_and_writing_again_gives_the_same_bytes(void **state)
{
    (void)state;
    for (int q8 = 0; q8 < 2; q8++) {
        tiny_bytes pack = tiny_pack((tiny_model){ .fusion = "hybrid", .q8 = q8 });
        contents c;
        read_pack(&c, pack);
        assert_string_equal(c.settings.name, "tiny");
        assert_string_equal(c.settings.licence, "CC0-1.0");
        assert_int_equal(cJSON_GetArraySize(c.settings.labels), 5);
        tiny_bytes again = tiny_written(&c.weights, &c.settings);
        assert_int_equal(again.size, pack.size);
        assert_memory_equal(again.bytes, pack.bytes, pack.size);
        assert_int_equal((again.bytes[0] | again.bytes[1] << 8) % 8, 0); /* the data is aligned */
        close_pack(&c);
        free(again.bytes);
        free(pack.bytes);
    }
}

static void test_tensors_keep_their_values(void **state)
{
    (void)state;
    tiny_list list = { .count = 0 };
    tiny_add(&list, SHAPE(3, 5), "plain");
    tiny_add(&list, SHAPE(9, 2, 4), "some.weight");
    tiny_add(&list, SHAPE(1), "one");
    tiny_add(&list, SHAPE(0, 4), "nothing.weight");
    tiny_add(&list, 0, NULL, "scalar");
    for (int q8 = 0; q8 < 2; q8++) {
        weights before = tiny_weights(&list, q8 ? QUANTIZE_Q8 : KEEP_AS_STORED, 4);
        char name[] = "caf\u00E9 \"x\"", licence[] = "";
        pack_settings s = { cJSON_CreateObject(),
                            cJSON_CreateObject(),
                            cJSON_CreateObject(),
                            cJSON_CreateArray(),
                            name,
                            licence };
        contents c;
        tiny_bytes pack = tiny_written(&before, &s);
        read_pack(&c, pack);
        assert_string_equal(c.settings.name, name);
        for (int i = 0; i < before.count; i++) {
            const weight *a = &before.all[i], *b = weights_find(&c.weights, a->info.name);
            assert_non_null(b);
            assert_int_equal(b->info.rank, a->info.rank);
            assert_memory_equal(b->info.shape, a->info.shape, sizeof a->info.shape);
            assert_int_equal(b->form, a->form);
            for (int r = 0; r < a->rows; r++) {
                size_t n = (size_t)a->cols, at = (size_t)r * n, padded = (n + 7) / 8 * 8;
                if (a->form == FORM_FLOAT) {
                    assert_memory_equal(b->floats + at, a->floats + at, n * sizeof(float));
                    continue;
                }
                assert_memory_equal(b->bytes + (size_t)r * padded, a->bytes + (size_t)r * padded,
                                    padded);
                assert_true(b->scale[r] == a->scale[r]);
            }
        }
        assert_int_equal(weights_find(&c.weights, "some.weight")->form, q8 ? FORM_Q8 : FORM_FLOAT);
        close_pack(&c);
        cJSON_Delete(s.config);
        cJSON_Delete(s.preprocessor);
        cJSON_Delete(s.tokenizer);
        cJSON_Delete(s.labels);
        weights_free(&before);
        free(pack.bytes);
    }
}

static void test_written_in_any_pieces(void **state)
{
    (void)state;
    tiny_bytes pack = tiny_pack((tiny_model){ .q8 = true });
    contents c;
    error err;
    read_pack(&c, pack);
    static const size_t pieces[] = { 1, 7, 100, 4096 };
    for (size_t i = 0; i < COUNT(pieces); i++) {
        pack_writer *p = pack_writer_new(&c.weights, &c.settings, true, &err);
        assert_non_null(p);
        assert_int_equal(pack_writer_size(p), pack.size);
        uint8_t *piece = malloc(pieces[i]); /* of exactly that size */
        size_t at = 0, n;
        while ((n = pack_writer_read(p, piece, pieces[i])) > 0) {
            assert_true(at + n <= pack.size && (n == pieces[i] || at + n == pack.size));
            assert_memory_equal(piece, pack.bytes + at, n);
            at += n;
        }
        assert_int_equal(at, pack.size);
        free(piece);
        pack_writer_free(p);
    }
    close_pack(&c);
    free(pack.bytes);
}

/* ---- the checksum ---- */

static void test_the_check_in_any_pieces(void **state)
{
    (void)state;
    uint8_t bytes[64];
    uint32_t seed = 1;
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)(128 + 100 * tiny_random(&seed));
    for (size_t size = PACK_CHECKSUM_SIZE; size <= sizeof bytes; size++) {
        checksum sum = { 0 };
        checksum_add(&sum, bytes, size - PACK_CHECKSUM_SIZE);
        uint8_t *whole = malloc(size);
        assert_non_null(whole);
        memcpy(whole, bytes, size);
        for (int i = 0; i < PACK_CHECKSUM_SIZE; i++)
            whole[size - PACK_CHECKSUM_SIZE + (size_t)i] = checksum_value(&sum) >> 8 * i & 255;
        for (size_t first = 0; first <= size; first++)
            for (size_t piece = 1; piece <= 9; piece++) {
                pack_check c = { 0 };
                error err;
                pack_check_bytes(&c, whole, first);
                for (size_t at = first; at < size; at += piece)
                    pack_check_bytes(&c, whole + at, size - at < piece ? size - at : piece);
                assert_true(pack_check_end(&c, &err));
            }
        free(whole);
    }
}

static void test_too_few_bytes_for_a_checksum(void **state)
{
    (void)state;
    for (size_t size = 0; size < PACK_CHECKSUM_SIZE; size++) {
        pack_check c = { 0 };
        error err = { .text = "" };
        pack_check_bytes(&c, (const uint8_t *)"\0\0\0\0", size);
        assert_false(pack_check_end(&c, &err));
        assert_non_null(strstr(err.text, "damaged"));
    }
}

/* ---- packs that lack something ---- */

typedef struct {
    const char *key, *value; /* of the metadata; NULL: removed */
    const char *want;        /* part of the sentence; "": loads all the same */
} change;

static void change_metadata(tiny_settings *s, const void *context)
{
    const change *c = context;
    cJSON_DeleteItemFromObject(s->metadata, c->key);
    /* the parts are put back only where a text stands: this one would be overwritten */
    for (int i = 0; i < 4 && c->value; i++) {
        static const char *const names[] = { "config", "preprocessor", "tokenizer", "labels" };
        if (strcmp(c->key, names[i]) != 0) continue;
        cJSON_Delete(s->part[i]);
        s->part[i] = cJSON_CreateRaw(c->value);
    }
    if (c->value) cJSON_AddStringToObject(s->metadata, c->key, c->value);
}

/* Load; the sentence, "" for success. */
static const char *load(tiny_bytes pack)
{
    static char why[600];
    vqa *v = vqa_new(1);
    assert_non_null(v);
    int status = vqa_load(v, pack.bytes, pack.size);
    if (status == VQA_OK) status = vqa_load_end(v);
    assert_true(status == VQA_OK || status == VQA_BAD_MODEL);
    snprintf(why, sizeof why, "%s", status == VQA_OK ? "" : vqa_error(v));
    assert_true(status == VQA_OK || *why);
    vqa_free(v);
    return why;
}

static void test_metadata(void **state)
{
    (void)state;
    static const change changes[] = {
        { "format", NULL, "not a pack: its metadata has no \"format\"" },
        { "format", "vqa-pack 1", "the pack's format is 'vqa-pack 1', expected 'vqa-pack 2'" },
        { "format", "", "the pack's format is ''" },
        { "config", NULL, "the pack has no \"config\" in its metadata" },
        { "preprocessor", NULL, "the pack has no \"preprocessor\"" },
        { "tokenizer", NULL, "the pack has no \"tokenizer\"" },
        { "labels", NULL, "the model has 0 labels for 5 answers" },
        { "config", "{", "the pack's \"config\" is not valid JSON" },
        { "config", "[]", "the pack's \"config\" is not a JSON object" },
        { "config", "{}", "config: \"model_type\" is missing" },
        { "tokenizer", "{}", "the tokenizer has no \"vocab\"" },
        { "preprocessor", "7", "the pack's \"preprocessor\" is not a JSON object" },
        { "labels", "{}", "the labels are not an array" },
        { "labels", "nonsense", "the pack's \"labels\" is not valid JSON" },
        { "labels", "[] []", "the pack's \"labels\" is not valid JSON" },
        { "labels", "[\"a\\u001b[31m\"]", "holds a control character" },
        { "labels", "[1,2,3,4,5]", "the labels are not all texts" },
        { "labels", "[\"a\",\"b\",\"c\",\"d\"]", "the model has 4 labels for 5 answers" },
        { "name", NULL, "" },
        { "licence", NULL, "" },
        { "unknown", "ignored", "" },
    };
    tiny_bytes pack = tiny_pack((tiny_model){ 0 });
    for (size_t i = 0; i < COUNT(changes); i++) {
        tiny_bytes edited = tiny_edit(pack, change_metadata, &changes[i]);
        const char *why = load(edited);
        if (*changes[i].want ? !strstr(why, changes[i].want) : *why)
            fail_msg("%s = %s: '%s'", changes[i].key, changes[i].value ? changes[i].value : "-",
                     why);
        free(edited.bytes);
    }
    free(pack.bytes);
}

static void without_metadata(tiny_settings *s, const void *context)
{
    (void)context;
    cJSON_DeleteItemFromObject(s->header, "__metadata__");
    s->metadata = NULL;
}

static void test_a_file_without_metadata(void **state)
{
    (void)state;
    tiny_bytes pack = tiny_pack((tiny_model){ 0 }), edited = tiny_edit(pack, without_metadata, 0);
    assert_non_null(strstr(load(edited), "not a pack"));
    free(edited.bytes);
    free(pack.bytes);
}

static void rename_checksum(tiny_settings *s, const void *context)
{
    cJSON *last = cJSON_DetachItemFromObject(s->header, PACK_CHECKSUM);
    cJSON_AddItemToObject(s->header, context, last);
}

static void test_a_pack_without_checksum(void **state)
{
    (void)state;
    tiny_bytes pack = tiny_pack((tiny_model){ 0 }),
               edited = tiny_edit(pack, rename_checksum, "Checksum");
    assert_string_equal(load(edited), "the pack does not end with its tensor 'checksum'");
    free(edited.bytes);
    free(pack.bytes);
}

static void test_a_wrong_checksum(void **state)
{
    (void)state;
    tiny_bytes pack = tiny_pack((tiny_model){ .q8 = true });
    assert_string_equal(load(pack), "");
    pack.bytes[pack.size - 1] ^= 1;
    assert_non_null(strstr(load(pack), "the pack is damaged: its bytes have the checksum"));
    free(pack.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reading_and_writing_again_gives_the_same_bytes),
        cmocka_unit_test(test_tensors_keep_their_values),
        cmocka_unit_test(test_written_in_any_pieces),
        cmocka_unit_test(test_the_check_in_any_pieces),
        cmocka_unit_test(test_too_few_bytes_for_a_checksum),
        cmocka_unit_test(test_metadata),
        cmocka_unit_test(test_a_file_without_metadata),
        cmocka_unit_test(test_a_pack_without_checksum),
        cmocka_unit_test(test_a_wrong_checksum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
