/* Answers that the caller gives: the list itself, a model that has them among its own, and CLIP,
 * which judges any text. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "choices.h"
#include "tiny_folder.h"

#include "testing.h"

static const char question[] = "What color is the cat?";

/* ---- the list ---- */

/* A literal with its zero bytes, the last among them. */
#define LIST(text) text, sizeof(text)

static void test_lists(void **state)
{
    (void)state;
    static const struct {
        const char *list;
        size_t size;
        const char *why; /* NULL: fine */
        int count;
    } cases[] = {
        { LIST("cat"), NULL, 1 },
        { LIST("cat\0dog\0a b"), NULL, 3 },
        { LIST("\u732B"), NULL, 1 },
        { LIST("cat\0cat"), NULL, 2 }, /* labels are looked at later */
        { "", 0, "there are no choices", 0 },
        { "cat", 3, "the last choice has no zero byte at its end", 0 },
        { LIST(""), "choice 1 is empty", 0 },
        { LIST("cat\0"), "choice 2 is empty", 0 },
        { LIST("cat\0 \t\r\n\0dog"), "choice 2 is empty", 0 },
        { LIST("cat\0d\xFFg"), "choice 2 is not UTF-8 text (byte 1)", 0 },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *copy = malloc(cases[i].size + 1); /* the sanitizer guards its end */
        assert_non_null(copy);
        copy =
            realloc(memcpy(copy, cases[i].list, cases[i].size), cases[i].size ? cases[i].size : 1);
        choices c;
        error err = { .text = "" };
        assert_int_equal(choices_read(&c, copy, cases[i].size, &err), !cases[i].why);
        free(copy); /* its texts are copied */
        assert_string_equal(err.text, cases[i].why ? cases[i].why : "");
        if (!cases[i].why) assert_int_equal(c.count, cases[i].count);
        for (int k = 0; k < c.count && !cases[i].why; k++)
            assert_string_equal(c.text[k],
                                k == 0 ? cases[i].list : c.text[k - 1] + strlen(c.text[k - 1]) + 1);
        choices_free(&c);
        choices_free(&c);
    }
}

static void test_limits_of_lists(void **state)
{
    (void)state;
    choices c;
    error err;
    size_t size = 2 * (VQA_MAX_CHOICES + 1);
    char *list = malloc(size);
    assert_non_null(list);
    for (size_t i = 0; i < size; i++) list[i] = i % 2 ? 0 : 'a';
    assert_true(choices_read(&c, list, size - 2, &err));
    assert_int_equal(c.count, VQA_MAX_CHOICES);
    choices_free(&c);
    assert_false(choices_read(&c, list, size, &err));
    assert_string_equal(err.text, "there are 10001 choices, at most 10000 are taken");
    choices_free(&c);
    memset(list, 'a', size);
    list[VQA_MAX_QUESTION] = 0;
    assert_true(choices_read(&c, list, VQA_MAX_QUESTION + 1, &err));
    choices_free(&c);
    list[VQA_MAX_QUESTION] = 'a', list[VQA_MAX_QUESTION + 1] = 0;
    assert_false(choices_read(&c, list, VQA_MAX_QUESTION + 2, &err));
    assert_string_equal(err.text, "choice 1 has 10001 bytes, at most 10000 are taken");
    choices_free(&c);
    assert_false(choices_read(&c, list, SIZE_MAX, &err)); /* before any of it is read */
    assert_non_null(strstr(err.text, "bytes, at most 100010000 are taken"));
    free(list);
}

static void test_prompts(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        { "a photo of a {}", "cat", "a photo of a cat" },
        { "{}", "cat", "cat" },
        { "{} or {}", "cat", "cat or {}" },
        { "{ }", "cat", "question: { } answer: cat" },
        { "what is it?", "cat", "question: what is it? answer: cat" },
        { "", "cat", "cat" },
        { " \t\n", "cat", "cat" },
        { "{", "cat", "question: { answer: cat" },
        { "100 %s {}", "%d", "100 %s %d" },
        { "%s", "%d", "question: %s answer: %d" },
        { "{}", "{}", "{}" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t length = strlen(cases[i][0]), size;
        char *copy = malloc(length + 1); /* not terminated */
        assert_non_null(copy);
        copy = realloc(memcpy(copy, cases[i][0], length), length ? length : 1);
        char *prompt = choices_prompt(copy, length, cases[i][1], &size);
        assert_string_equal(prompt, cases[i][2]);
        assert_int_equal(size, strlen(prompt));
        free(prompt);
        free(copy);
    }
}

/* ---- a model with answers of its own ---- */

static vqa *open_labels(tiny_model m, int *picture)
{
    tiny_bytes pack = tiny_pack(m), bmp = tiny_bmp(20, 30, 1);
    vqa *v = vqa_new(1);
    assert_int_equal(vqa_load(v, pack.bytes, pack.size), VQA_OK);
    if (vqa_load_end(v) != VQA_OK) fail_msg("%s", vqa_error(v));
    *picture = vqa_encode(v, bmp.bytes, bmp.size);
    assert_true(*picture > 0);
    free(pack.bytes);
    free(bmp.bytes);
    return v;
}

static int choose(vqa *v, int picture, const char *text, const char *list, size_t size, int top_k)
{
    return vqa_choose(v, picture, 0, text, strlen(text), list, size, top_k);
}

static void test_labels_keep_their_scores(void **state)
{
    (void)state;
    enum { ANSWERS = 5 };
    static const char list[] = "answer 3\0ANSWER 0\0Answer 4";
    static const char *const types[] = { NULL, "multi_label_classification" };
    for (size_t t = 0; t < COUNT(types); t++) {
        int picture, count;
        vqa *v = open_labels((tiny_model){ .problem_type = types[t] }, &picture);
        float score[ANSWERS], logits[ANSWERS];
        assert_int_equal(vqa_ask(v, picture, 0, question, strlen(question), ANSWERS), ANSWERS);
        for (int i = 0; i < ANSWERS; i++)
            score[vqa_answer_text(v, i)[7] - '0'] = vqa_answer_score(v, i);
        memcpy(logits, vqa_logits(v, &count), sizeof logits);
        for (int k = 1; k <= 4; k++) {
            int want = k < 3 ? k : 3, seen = 0;
            assert_int_equal(choose(v, picture, question, LIST(list), k), want);
            for (int i = 0; i < want; i++) {
                const char *text = vqa_answer_text(v, i); /* as the model spells it */
                assert_memory_equal(text, "answer ", 7);
                assert_non_null(strchr("340", text[7]));
                assert_true(vqa_answer_score(v, i) == score[text[7] - '0']);
                if (i > 0) assert_true(vqa_answer_score(v, i) <= vqa_answer_score(v, i - 1));
                seen |= 1 << (text[7] - '0');
            }
            assert_int_equal(seen & ~0x19, 0);
            assert_string_equal(vqa_answer_text(v, want), "");
            assert_memory_equal(vqa_logits(v, &count), logits, sizeof logits);
            assert_int_equal(count, ANSWERS);
        }
        vqa_free(v);
    }
}

static void test_bad_choices_do_no_harm(void **state)
{
    (void)state;
    static const struct {
        const char *text, *list;
        size_t size;
        int top_k, status;
        const char *why;
    } cases[] = {
        { question, LIST("answer 1\0cat"), 1, VQA_BAD_QUESTION,
          "the choice 'cat' is none of the model's 5 answers" },
        { question, LIST("answer 1\0Answer 1"), 1, VQA_BAD_QUESTION,
          "the choice 'Answer 1' stands twice" },
        { question, LIST(""), 1, VQA_BAD_QUESTION, "choice 1 is empty" },
        { question, "", 0, 1, VQA_BAD_QUESTION, "there are no choices" },
        { question, NULL, 0, 1, VQA_BAD_QUESTION, "there are no choices" },
        { question, LIST("\xFF"), 1, VQA_BAD_QUESTION, "choice 1 is not UTF-8 text (byte 0)" },
        { question, "answer 1", 8, 1, VQA_BAD_QUESTION, "the last choice has no zero byte" },
        { "", LIST("answer 1"), 1, VQA_BAD_QUESTION, "the question is empty" },
        { "xyzzy", LIST("answer 1"), 1, VQA_BAD_QUESTION,
          "the model knows none of the question's words" },
        { "cat \xFF", LIST("answer 1"), 1, VQA_BAD_QUESTION, "the question is not UTF-8" },
        { question, LIST("answer 1"), 0, VQA_BAD_CALL, "top_k is 0" },
        { question, LIST("answer 1"), 101, VQA_BAD_CALL, "top_k is 101" },
    };
    int picture;
    vqa *v = open_labels((tiny_model){ 0 }, &picture);
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(
            choose(v, picture, cases[i].text, cases[i].list, cases[i].size, cases[i].top_k),
            cases[i].status);
        if (!strstr(vqa_error(v), cases[i].why)) fail_msg("%zu: '%s'", i, vqa_error(v));
        assert_int_equal(choose(v, picture, question, LIST("answer 1"), 5), 1);
        assert_string_equal(vqa_answer_text(v, 0), "answer 1");
    }
    assert_int_equal(choose(v, picture + 1, question, LIST("answer 1"), 1), VQA_BAD_CALL);
    vqa_free(v);
    v = open_labels((tiny_model){ .problem_type = "regression" }, &picture);
    assert_int_equal(choose(v, picture, question, LIST("answer 1"), 1), VQA_BAD_CALL);
    assert_string_equal(vqa_error(v), "the model predicts numbers: it can't rank choices");
    vqa_free(v);
    v = vqa_new(1);
    assert_int_equal(choose(v, 1, question, LIST("answer 1"), 1), VQA_BAD_CALL);
    vqa_free(v);
}

/* ---- CLIP ---- */

static vqa *open_clip(vqa_precision keep, int threads, int *picture)
{
    tiny_folder f = tiny_folder_clip();
    tiny_bytes bmp = tiny_bmp(20, 30, 1);
    vqa *v = vqa_new(threads);
    assert_int_equal(vqa_set_precision(v, keep), VQA_OK);
    if (tiny_folder_load(v, &f, 1000, NULL) != VQA_OK) fail_msg("%s", vqa_error(v));
    *picture = vqa_encode(v, bmp.bytes, bmp.size);
    assert_true(*picture > 0);
    tiny_folder_free(&f);
    free(bmp.bytes);
    return v;
}

enum { CHOICES = 4 };
static const char four[] = "cat\0dog\0a rat\0tiger";

/* The logits of the four choices, each of which is scored in the text that `want` makes of it. */
static void check_choices(vqa *v, int picture, const char *text, const char *want)
{
    float logits[CHOICES], total = 0;
    int count;
    if (choose(v, picture, text, LIST(four), CHOICES) != CHOICES)
        fail_msg("'%s': %s", text, vqa_error(v));
    memcpy(logits, vqa_logits(v, &count), sizeof logits);
    assert_int_equal(count, CHOICES);
    const char *choice = four;
    for (int i = 0; i < CHOICES; i++, choice += strlen(choice) + 1) {
        float now = vqa_answer_score(v, i);
        total += now;
        assert_true(now > 0 && (i == 0 || now <= vqa_answer_score(v, i - 1)));
        for (int k = 0; k < i; k++) assert_true(logits[i] != logits[k]);
    }
    assert_true(fabsf(total - 1) < 1e-6f);
    int best = 0; /* the first answer is the choice of the largest logit */
    for (int i = 1; i < CHOICES; i++)
        if (logits[i] > logits[best]) best = i;
    choice = four;
    for (int i = 0; i < best; i++) choice += strlen(choice) + 1;
    assert_string_equal(vqa_answer_text(v, 0), choice);
    choice = four;
    for (int i = 0; i < CHOICES; i++, choice += strlen(choice) + 1) {
        char one[100];
        int size = snprintf(one, sizeof one, want, choice);
        assert_int_equal(choose(v, picture, "", one, (size_t)size + 1, 1), 1);
        assert_string_equal(vqa_answer_text(v, 0), one);
        assert_true(vqa_answer_score(v, 0) == 1);
        assert_memory_equal(vqa_logits(v, &count), &logits[i], sizeof *logits);
        assert_int_equal(count, 1);
    }
}

static void test_clip_ranks_texts(void **state)
{
    (void)state;
    for (int keep = VQA_FLOAT; keep <= VQA_Q4; keep++) {
        int picture;
        vqa *v = open_clip((vqa_precision)keep, 1, &picture);
        check_choices(v, picture, "", "%s");
        check_choices(v, picture, "  ", "%s");
        check_choices(v, picture, "see a {} in it", "see a %s in it");
        check_choices(v, picture, "is it?", "question: is it? answer: %s");
        assert_non_null(strstr(vqa_info(v), "\"choices\":\"required\""));
        vqa_free(v);
    }
}

static void test_clip_has_no_answers_of_its_own(void **state)
{
    (void)state;
    int picture, count;
    vqa *v = open_clip(VQA_FLOAT, 1, &picture);
    assert_int_equal(vqa_ask(v, picture, 0, "cat", 3, 1), VQA_BAD_CALL);
    assert_string_equal(vqa_error(v),
                        "the model has no answers of its own: give it choices to rank");
    vqa_logits(v, &count);
    assert_int_equal(count, 0);
    assert_int_equal(choose(v, picture, "", LIST("\x01"), 1), VQA_BAD_QUESTION);
    assert_int_equal(choose(v, picture, "", LIST("cat\0 "), 1), VQA_BAD_QUESTION);
    assert_string_equal(vqa_error(v), "choice 2 is empty");
    assert_int_equal(choose(v, picture, "{}", LIST("CAT\0cat"), 2), 2); /* the same to CLIP */
    assert_true(vqa_answer_score(v, 0) == vqa_answer_score(v, 1));
    assert_string_equal(vqa_answer_text(v, 0), "CAT");
    vqa_free(v);
}

/* A text that the model would cut is refused: the choice stands at its end. */
static void test_no_choice_is_cut_off(void **state)
{
    (void)state;
    int picture;
    char text[200];
    vqa *v = open_clip(VQA_FLOAT, 1, &picture);
    memset(text, 0, sizeof text);
    int longest = 0;
    for (int length = 1; length < 40; length++) {
        for (int i = 0; i < length; i++) memcpy(text + 2 * i, "a ", 2);
        int count = choose(v, picture, text, LIST("cat\0dog"), 2);
        if (count == 2) longest = length;
        if (count == 2) assert_true(vqa_answer_score(v, 0) > vqa_answer_score(v, 1));
        if (count == 2) continue;
        assert_int_equal(count, VQA_BAD_QUESTION);
        assert_non_null(strstr(vqa_error(v), "the question is too long for the choice '"));
    }
    assert_in_range(longest, 1, 38);
    vqa_free(v);
}

/* Labels that differ in nothing but the letter case. */
static void test_a_label_as_it_is_spelled_goes_first(void **state)
{
    (void)state;
    error err;
    choices c;
    cJSON *labels = cJSON_Parse("[\"US\", \"us\", \"them\"]");
    assert_true(choices_read(&c, LIST("us\0US\0THEM"), &err));
    int *index = choices_labels(&c, labels, &err);
    assert_non_null(index);
    assert_memory_equal(index, ((const int[]){ 1, 0, 2 }), 3 * sizeof *index);
    free(index);
    choices_free(&c);
    cJSON_Delete(labels);
}

/* Many choices, of which the best 100 can be had; the same with threads. */
static void test_many_choices(void **state)
{
    (void)state;
    enum { MANY = 300 };
    char list[MANY * 8];
    size_t size = 0;
    float logits[MANY];
    for (int i = 0; i < MANY; i++) {
        for (int n = i + 17; n > 0; n /= 17) list[size++] = tiny_clip_letters[n % 17];
        list[size++] = 0;
    }
    for (int threads = 1; threads <= 3; threads += 2) {
        int picture, count;
        vqa *v = open_clip(VQA_Q8, threads, &picture);
        assert_int_equal(choose(v, picture, "a {}", list, size, VQA_MAX_ANSWERS), VQA_MAX_ANSWERS);
        const float *now = vqa_logits(v, &count);
        assert_int_equal(count, MANY);
        if (threads > 1) assert_memory_equal(now, logits, sizeof logits);
        memcpy(logits, now, sizeof logits);
        assert_int_equal(choose(v, picture, "a {}", LIST("cat"), 5), 1); /* fewer again */
        vqa_free(v);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_limits_of_lists),
        cmocka_unit_test(test_prompts),
        cmocka_unit_test(test_labels_keep_their_scores),
        cmocka_unit_test(test_bad_choices_do_no_harm),
        cmocka_unit_test(test_clip_ranks_texts),
        cmocka_unit_test(test_clip_has_no_answers_of_its_own),
        cmocka_unit_test(test_no_choice_is_cut_off),
        cmocka_unit_test(test_a_label_as_it_is_spelled_goes_first),
        cmocka_unit_test(test_many_choices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
