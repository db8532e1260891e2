/* vocab.json becomes lines, and what is refused. */
#include <stdlib.h>
#include <string.h>

#include "format/json.h"
#include "format/vocabulary_json.h"

#include "testing.h"

static char *lines_of(const char *text, size_t *size, error *err)
{
    cJSON *json = json_parse(text, strlen(text), "vocab.json", err);
    assert_non_null(json);
    char *lines = vocabulary_lines(json, size, err);
    cJSON_Delete(json);
    return lines;
}

static void test_lines_in_order(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
    } examples[] = {
        { "{\"a\":0}", "a\n" },
        { "{\"b\":1,\"\\u0120c\":2,\"a\":0}", "a\nb\n\u0120c\n" },
        { "{\"a\":1,\"\":0}", "\na\n" },
    };
    for (size_t i = 0; i < COUNT(examples); i++) {
        size_t size;
        error err;
        char *lines = lines_of(examples[i].text, &size, &err);
        assert_non_null(lines);
        assert_int_equal(size, strlen(examples[i].want));
        assert_memory_equal(lines, examples[i].want, size + 1); /* with its zero byte */
        free(lines);
    }
}

static void test_refusals(void **state)
{
    (void)state;
    static const struct {
        const char *text, *why;
    } examples[] = {
        { "[]", "the vocabulary: not an object of tokens" },
        { "{}", "the vocabulary: not an object of tokens" },
        { "{\"a\":0,\"b\":2}", "the vocabulary: 'b' has the id 2, expected 0 to 1" },
        { "{\"a\":0,\"b\":-1}", "the vocabulary: 'b' has the id -1, expected 0 to 1" },
        { "{\"a\":0,\"b\":1e300}", "the vocabulary: 'b' has the id 1e+300, expected 0 to 1" },
        { "{\"a\":0,\"b\":0}", "the vocabulary: 'a' and 'b' have the id 0" },
        { "{\"a\":0.5}", "the vocabulary: the id of 'a' is no whole number" },
        { "{\"a\":\"0\"}", "the vocabulary: the id of 'a' is no whole number" },
        { "{\"a\":null}", "the vocabulary: the id of 'a' is no whole number" },
        { "{\"a\\n\":0}", "the vocabulary: the token of id 0 has a line break" },
        { "{\"\\r\":0}", "the vocabulary: the token of id 0 has a line break" },
    };
    for (size_t i = 0; i < COUNT(examples); i++) {
        size_t size;
        error err;
        assert_null(lines_of(examples[i].text, &size, &err));
        assert_string_equal(err.text, examples[i].why);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_in_order),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
