/* safetensors files as they arrive: good ones in pieces of all sizes, bad ones of every kind. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/json.h"
#include "format/safetensors.h"

#include "testing.h"

/* What a sink was told. */
typedef struct {
    int headers, count, at; /* at: the tensor whose data came last */
    char names[1000];       /* each followed by a space, in order */
    const tensor_info *tensors;
    char metadata[200]; /* the value of "note", or "-" */
    uint8_t data[1000];
    size_t filled;
    bool refuse_header, refuse_data;
} record;

#undef fail /* ours is meant */

static bool take_header(void *context, const tensor_info *tensors, int count, const cJSON *metadata,
                        error *err)
{
    record *r = context;
    r->headers++;
    r->count = count;
    r->tensors = tensors;
    size_t end = 0;
    for (int i = 0; i < count; i++) {
        assert_int_equal(tensors[i].begin, end); /* in order and without gaps */
        end += tensors[i].size;
        size_t elements = dtype_size(tensors[i].type);
        assert_in_range(tensors[i].rank, 0, WEIGHT_MAX_RANK);
        for (int d = 0; d < tensors[i].rank; d++) elements *= (size_t)tensors[i].shape[d];
        assert_int_equal(tensors[i].size, elements);
        size_t used = strlen(r->names);
        snprintf(r->names + used, sizeof r->names - used, "%s ", tensors[i].name);
    }
    const char *note = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(metadata, "note"));
    snprintf(r->metadata, sizeof r->metadata, "%s", note ? note : "-");
    return !r->refuse_header || fail(err, "no such model");
}

static bool take_data(void *context, int index, const uint8_t *bytes, size_t size, error *err)
{
    record *r = context;
    assert_int_equal(r->headers, 1);
    assert_in_range(index, r->at, r->count - 1);
    assert_in_range(size, 1, sizeof r->data - r->filled);
    assert_in_range(r->filled, r->tensors[index].begin,
                    r->tensors[index].begin + r->tensors[index].size - size);
    r->at = index;
    memcpy(r->data + r->filled, bytes, size);
    r->filled += size;
    return !r->refuse_data || fail(err, "no such value");
}

/* Read `size` bytes in pieces, each in a block of its own so that the sanitizer guards its end. */
static bool read_file(const uint8_t *bytes, size_t size, size_t piece, record *r, error *err)
{
    safetensors *s = safetensors_new((safetensors_sink){ take_header, take_data, r });
    assert_non_null(s);
    bool good = true;
    for (size_t at = 0; good && at < size; at += piece) {
        size_t part = size - at < piece ? size - at : piece;
        uint8_t *copy = malloc(part);
        assert_non_null(copy);
        memcpy(copy, bytes + at, part);
        good = safetensors_push(s, copy, part, err);
        free(copy);
    }
    if (good) good = safetensors_end(s, err);
    if (!good) { /* it stays failed, with the same sentence */
        assert_true(strlen(err->text) > 0);
        error again;
        assert_false(safetensors_push(s, bytes, size, &again));
        assert_string_equal(again.text, err->text);
        assert_false(safetensors_end(s, &again));
        assert_string_equal(again.text, err->text);
    }
    safetensors_free(s);
    return good;
}

/* A file of this header and `data` bytes 1, 2, 3, ...; returns its size. */
static size_t make_file(const char *header, size_t data, uint8_t *file)
{
    size_t length = strlen(header);
    for (int i = 0; i < 8; i++) file[i] = (uint8_t)((uint64_t)length >> 8 * i);
    memcpy(file + 8, header, length);
    for (size_t i = 0; i < data; i++) file[8 + length + i] = (uint8_t)(i + 1);
    return 8 + length + data;
}

/* Out of order, with an empty tensor in the middle, a scalar, and spaces behind as writers pad. */
static const char good_header[] =
    "{\"b\":{\"dtype\":\"F16\",\"shape\":[2,3],\"data_offsets\":[4,16]},"
    "\"__metadata__\":{\"note\":\"caf\\u00e9 \\ud83d\\ude00\",\"format\":\"pt\"},"
    "\"x\\\"\\\\\\u4e2d/\\n\":{\"dtype\":\"I8\",\"shape\":[],\"data_offsets\":[16,17]},"
    "\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
    "\"empty\":{\"dtype\":\"I64\",\"shape\":[3,0],\"data_offsets\":[4,4]},"
    "\"z\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[17,17]}}   ";
enum { GOOD_DATA = 17 };

static void test_good_file_in_pieces(void **state)
{
    (void)state;
    uint8_t file[1000];
    size_t size = make_file(good_header, GOOD_DATA, file);
    for (size_t piece = 1; piece <= size; piece++) {
        record r = { 0 };
        error err;
        assert_true(read_file(file, size, piece, &r, &err));
        assert_int_equal(r.headers, 1);
        assert_int_equal(r.count, 5);
        assert_string_equal(r.names, "a empty b x\"\\\u4E2D/\n z ");
        assert_string_equal(r.metadata, "caf\u00E9 \U0001F600");
        assert_int_equal(r.filled, GOOD_DATA);
        assert_memory_equal(r.data, file + size - GOOD_DATA, GOOD_DATA);
    }
}

#define ENTRY(type, shape, begin, end)                                                             \
    "{\"dtype\":\"" type "\",\"shape\":[" shape "],\"data_offsets\":[" #begin "," #end "]}"

static void test_files_without_data(void **state)
{
    (void)state;
    static const struct {
        const char *header, *names;
    } cases[] = {
        { "{}", "" },
        { " { } ", "" },
        { "{\"__metadata__\":{}}", "" },
        { "{\"b\":" ENTRY("F32", "0", 0, 0) ",\"a\":" ENTRY("I8", "0,7", 0, 0) "}", "a b " },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint8_t file[200];
        record r = { 0 };
        error err;
        size_t size = make_file(cases[i].header, 0, file);
        assert_true(read_file(file, size, 1, &r, &err));
        assert_int_equal(r.headers, 1);
        assert_string_equal(r.names, cases[i].names);
        assert_string_equal(r.metadata, "-");
    }
}

static void test_every_truncation_is_refused(void **state)
{
    (void)state;
    uint8_t file[1000];
    size_t size = make_file(good_header, GOOD_DATA, file);
    for (size_t cut = 0; cut < size; cut++)
        for (size_t piece = 1; piece <= 1000; piece += 999) {
            record r = { 0 };
            error err;
            assert_false(read_file(file, cut, piece, &r, &err));
            char want[200];
            if (cut == 0)
                snprintf(want, sizeof want, "the model file is empty (0 bytes)");
            else if (cut < 8)
                snprintf(want, sizeof want,
                         "the model file ends after %zu bytes, inside its first number", cut);
            else if (cut < size - GOOD_DATA)
                snprintf(want, sizeof want,
                         "the model file ends inside its header (%zu of %zu bytes)", cut - 8,
                         size - GOOD_DATA - 8);
            else
                snprintf(want, sizeof want, "the model file ends inside tensor '");
            assert_memory_equal(err.text, want, strlen(want));
        }
}

/* The sink checks that whatever is announced is consistent. */
static void test_every_flipped_bit(void **state)
{
    (void)state;
    uint8_t file[1000];
    size_t size = make_file(good_header, GOOD_DATA, file), refused = 0;
    for (size_t i = 0; i < size; i++)
        for (int change = 1; change < 256; change++) {
            record r = { 0 };
            error err;
            file[i] ^= (uint8_t)change;
            bool good = read_file(file, size, size, &r, &err);
            if (i < 8 || i >= size - GOOD_DATA) assert_int_equal(good, i >= size - GOOD_DATA);
            if (good) assert_int_equal(r.filled, GOOD_DATA);
            refused += !good;
            file[i] ^= (uint8_t)change;
        }
    assert_true(refused > size * 100);
}

static void test_bytes_behind_the_end(void **state)
{
    (void)state;
    uint8_t file[1000];
    size_t size = make_file(good_header, GOOD_DATA + 3, file);
    for (size_t piece = 1; piece <= size; piece += size - 1) {
        record r = { 0 };
        error err;
        assert_false(read_file(file, size, piece, &r, &err));
        assert_string_equal(err.text, piece == 1 ? "the model file goes on after its last tensor "
                                                   "(1 bytes or more)"
                                                 : "the model file goes on after its last tensor "
                                                   "(3 bytes or more)");
    }
}

static void test_lengths_that_lie(void **state)
{
    (void)state;
    static const struct {
        uint8_t prefix[9];
        const char *why;
    } cases[] = {
        { "\0\0\0\0\0\0\0\0", "not a safetensors file: its header would have 0 bytes" },
        { "\1\0\0\0\0\0\0\0", "not a safetensors file: its header would have 1 bytes" },
        { "\1\0\0\4\0\0\0\0", "not a safetensors file: its header would have 67108865 bytes" },
        { "\0\0\0\0\1\0\0\0", "not a safetensors file: its header would have 4294967296 bytes" },
        { "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF",
          "not a safetensors file: its header would have 18446744073709551615 bytes" },
        { "\0\0\0\4\0\0\0\0", "the model file ends inside its header (" }, /* not allocated */
        { "\2\0\0\0\0\0\0\0", "the model file's header is not valid JSON" },
        { "version ", "not a safetensors file but a text page that begins with 'version '" },
        { "<!DOCTYPE", "not a safetensors file but a text page that begins with '<!DOCTYP'" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint8_t file[1000];
        size_t size = make_file(good_header, GOOD_DATA, file);
        memcpy(file, cases[i].prefix, 8);
        record r = { 0 };
        error err;
        assert_false(read_file(file, size, size, &r, &err));
        assert_memory_equal(err.text, cases[i].why, strlen(cases[i].why));
        assert_int_equal(r.headers, 0);
    }
}

static void test_headers_refused(void **state)
{
    (void)state;
    static const struct {
        const char *header, *why; /* how the sentence begins */
    } cases[] = {
        { "[]", "the model file's header is not a JSON object" },
        { "{\"a\":", "the model file's header is not valid JSON" },
        { "{} x", "the model file's header is not valid JSON" },
        { "{\"\xFF\":1}", "the model file's header is not UTF-8 text (byte 2)" },
        { "{\"a\":1}", "tensor 'a': its header entry is not an object" },
        { "{\"a\":{}}", "tensor 'a': no dtype" },
        { "{\"a\":{\"dtype\":7}}", "tensor 'a': no dtype" },
        { "{\"a\":" ENTRY("F8", "", 0, 1) "}", "tensor 'a': unknown dtype 'F8'" },
        { "{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", "tensor 'a': no shape" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":4,\"data_offsets\":[0,4]}}",
          "tensor 'a': no shape" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", "tensor 'a': data_offsets are not two" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4]}}",
          "tensor 'a': data_offsets are not two whole numbers" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":{\"a\":0,\"b\":4}}}",
          "tensor 'a': data_offsets are not two whole numbers" },
        { "{\"a\":" ENTRY("F32", "1", -4, 0) "}", "tensor 'a': data_offsets are not two" },
        { "{\"a\":" ENTRY("F32", "1", 0.5, 4.5) "}", "tensor 'a': data_offsets are not two" },
        { "{\"a\":" ENTRY("F32", "1", 0, 1e400) "}", "tensor 'a': data_offsets are not two" },
        { "{\"a\":" ENTRY("F32", "1", 4, 0) "}", "tensor 'a': data_offsets [4, 0] are reversed" },
        { "{\"a\":" ENTRY("F32", "-1", 0, 4) "}", "tensor 'a': dimension 0 is not a whole number" },
        { "{\"a\":" ENTRY("F32", "1,0.5", 0, 4) "}", "tensor 'a': dimension 1 is not a whole" },
        { "{\"a\":" ENTRY("F32", "\\\"1\\\"", 0, 4) "}", "the model file's header is not valid" },
        { "{\"a\":" ENTRY("F32", "\"1\"", 0, 4) "}", "tensor 'a': dimension 0 is not a whole" },
        { "{\"a\":" ENTRY("F32", "2", 0, 4) "}",
          "tensor 'a': 4 bytes, its shape and dtype F32 need 8" },
        { "{\"a\":" ENTRY("U8", "1,1,1,1,1,1,1,1,1", 0, 1) "}",
          "tensor 'a': more than 8 dimensions" },
        { "{\"a\":" ENTRY("U8", "4294967296,4294967296", 0, 0) "}",
          "tensor 'a': its shape has more than 2^53 elements" },
        { "{\"a\":" ENTRY("U8", "9007199254740992,9007199254740992,0", 0, 0) "}",
          "tensor 'a': its shape has more than 2^53 elements" },
        { "{\"a\":" ENTRY("U8", "1", 1, 2) "}",
          "tensor 'a' begins at byte 1 of the data, expected 0 (there is a hole before it)" },
        { "{\"a\":" ENTRY("U8", "3", 0, 3) ",\"b\":" ENTRY("U8", "2", 2, 4) "}",
          "tensor 'b' begins at byte 2 of the data, expected 3 (it overlaps another)" },
        { "{\"a\":" ENTRY("U8", "3", 0, 3) ",\"b\":" ENTRY("U8", "3", 0, 3) "}",
          "tensor 'b' begins at byte 0 of the data, expected 3 (it overlaps another)" },
        { "{\"a\":" ENTRY("U8", "1", 0, 1) ",\"b\":" ENTRY("U8", "1", 1, 2) ",\"\\u0061\":" ENTRY(
              "U8", "1", 2, 3) "}",
          "tensor 'a' stands twice in the header" },
        { "{\"a\":" ENTRY("U8", "0", 0, 0) ",\"a\":" ENTRY("U8", "0", 0, 0) "}",
          "tensor 'a' stands twice in the header" },
        { "{\"__metadata__\":[]}", "the model file's __metadata__ is not one object" },
        { "{\"__metadata__\":{},\"__metadata__\":{}}", "the model file's __metadata__ is not one" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint8_t file[1000];
        record r = { 0 };
        error err = { .text = "" };
        size_t size = make_file(cases[i].header, 8, file);
        if (read_file(file, size, size, &r, &err) ||
            strncmp(err.text, cases[i].why, strlen(cases[i].why)) != 0 || r.headers > 0) {
            print_error("%s: %s\n", cases[i].header, err.text);
            assert_true(false);
        }
    }
}

/* However deep a header nests, the stack suffices. */
static void test_deep_headers_refused(void **state)
{
    (void)state;
    for (size_t depth = 10; depth < 15000; depth *= 3) {
        static char header[40000];
        static uint8_t file[50000];
        strcpy(header, "{\"a\":");
        memset(header + 5, '[', depth);
        memset(header + 5 + depth, ']', depth);
        strcpy(header + 5 + 2 * depth, "}");
        record r = { 0 };
        error err;
        assert_false(read_file(file, make_file(header, 0, file), SIZE_MAX / 2, &r, &err));
        assert_string_equal(err.text, depth < 900 ? "tensor 'a': its header entry is not an object"
                                                  : "the model file's header is not valid JSON");
    }
}

/* What would take much memory is counted before that is taken. */
static void test_headers_of_too_much_refused(void **state)
{
    (void)state;
    static const struct {
        const char *item;
        int count;
        const char *why;
    } cases[] = {
        { "\"a\":0,", SAFETENSORS_MAX_TENSORS,
          "the model file has 65537 tensors, at most 65536 are taken" },
        { "0,", JSON_MAX_VALUES,
          "the model file's header has 4000003 values, at most 4000000 are taken" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const size_t length = strlen(cases[i].item), all = length * (size_t)cases[i].count;
        char *header = malloc(all + 20), *at = header;
        uint8_t *file = malloc(all + 40);
        assert_true(header && file);
        at += sprintf(at, i ? "{\"a\":[" : "{");
        for (int k = 0; k < cases[i].count; k++, at += length) memcpy(at, cases[i].item, length);
        strcpy(at, i ? "0]}" : "\"\\\",[\":0}");
        record r = { 0 };
        error err = { .text = "" };
        assert_false(read_file(file, make_file(header, 0, file), SIZE_MAX / 2, &r, &err));
        assert_string_equal(err.text, cases[i].why);
        free(header);
        free(file);
    }
}

static void test_what_the_sink_refuses(void **state)
{
    (void)state;
    uint8_t file[1000];
    size_t size = make_file(good_header, GOOD_DATA, file);
    for (size_t piece = 1; piece <= size; piece++) {
        record header = { .refuse_header = true }, data = { .refuse_data = true };
        error err;
        assert_false(read_file(file, size, piece, &header, &err));
        assert_string_equal(err.text, "no such model");
        assert_int_equal(header.headers, 1);
        assert_int_equal(header.filled, 0);
        assert_false(read_file(file, size, piece, &data, &err));
        assert_string_equal(err.text, "no such value");
        assert_in_range(data.filled, 1, 4); /* told once */
    }
    safetensors_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_file_in_pieces),
        cmocka_unit_test(test_files_without_data),
        cmocka_unit_test(test_every_truncation_is_refused),
        cmocka_unit_test(test_every_flipped_bit),
        cmocka_unit_test(test_bytes_behind_the_end),
        cmocka_unit_test(test_lengths_that_lie),
        cmocka_unit_test(test_headers_refused),
        cmocka_unit_test(test_deep_headers_refused),
        cmocka_unit_test(test_headers_of_too_much_refused),
        cmocka_unit_test(test_what_the_sink_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
