/* VQA v2's metric: answers in the form they are compared in, and what they count. */
#include <math.h>
#include <string.h>

#include "tools/vqav2.h"

#include "testing.h"

static void test_normalized(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { "yes", "yes" },
        { " Yes.\n", "yes" },
        { "The  Red\tcar", "red car" },
        { "an apple a day", "apple day" },
        { "the", "" },
        { "", "" },
        { "two", "2" },
        { "None", "0" },
        { "Ten of one", "10 of 1" },
        { "twenty", "twenty" },
        { "red/white", "red white" },   /* a space instead */
        { "red / white", "red white" }, /* beside a space: left out */
        { "red, white", "red white" },  /* the same, for all commas */
        { "red,white, blue", "redwhite blue" },
        { "1,000", "1000" }, /* nothing instead, of all punctuation */
        { "1,000 (red-white)", "1000 redwhite" },
        { "black-and-white", "black and white" },
        { "3.5", "3.5" },
        { "3. 5", "3 5" },
        { "p.m.", "pm" },
        { "1.", "1" },
        { "12:30", "12:30" },
        { "man's", "man's" },
        { "dont know", "don't know" },
        { "don't", "don't" },
        { "couldntve", "couldntve" }, /* two are missing */
        { "couldnt've", "couldn't've" },
        { "Couldn'tve", "couldn't've" },
        { "yalld've", "yalld've" },
        { "y'alld've", "y'all'd've" },
        { "oclock", "o'clock" },
        { "twas", "'twas" },
        { "well", "well" },
        { "shed", "shed" },
        { "caf\xc3\xa9", "caf\xc3\xa9" },
        { "what?!", "what" },
    };
    char normal[VQAV2_ANSWER_SIZE];
    for (size_t i = 0; i < COUNT(cases); i++) {
        vqav2_normalize(cases[i][0], normal);
        assert_string_equal(normal, cases[i][1]);
    }
}

/* Each word grows, and none is written beyond the end. */
static void test_long_answers_are_cut(void **state)
{
    (void)state;
    char text[4 * VQAV2_ANSWER_SIZE], normal[VQAV2_ANSWER_SIZE];
    *text = 0;
    while (strlen(text) + 6 < sizeof text) strcat(text, "dont ");
    vqav2_normalize(text, normal);
    assert_int_equal(strlen(normal), VQAV2_ANSWER_SIZE - 1);
    assert_memory_equal(normal, "don't don't ", 12);
}

/* An annotation of these answers, separated by '|'. */
static cJSON *annotation_of(const char *answers)
{
    cJSON *annotation = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(annotation, "answers");
    char copy[1000], *rest;
    strcpy(copy, answers);
    for (char *word = strtok_r(copy, "|", &rest); word; word = strtok_r(NULL, "|", &rest)) {
        cJSON *one = cJSON_CreateObject();
        cJSON_AddStringToObject(one, "answer", word);
        cJSON_AddItemToArray(list, one);
    }
    return annotation;
}

static void test_scores(void **state)
{
    (void)state;
    static const struct {
        const char *answer, *people;
        double score;
    } cases[] = {
        { "red", "red|red|red|red|red|red|red|red|red|red", 1 },
        { "blue", "red|red|red|red|red|red|red|red|red|red", 0 },
        { "red", "red|blue|blue|blue|blue|blue|blue|blue|blue|blue", 0.3 },
        { "red", "red|red|blue|blue|blue|blue|blue|blue|blue|blue", 0.6 },
        { "red", "red|red|red|blue|blue|blue|blue|blue|blue|blue", 0.9 },
        { "red", "red|red|red|red|blue|blue|blue|blue|blue|blue", 1 },
        { "blue", "red|red|red|red|blue|blue|blue|blue|blue|blue", 1 },
        { "2", "two|2|Two.|3|3|3|3|3|3|3", 0.9 },
        { "The two", "two|2|Two.|3|3|3|3|3|3|3", 0.9 },
        { "2", "two|two|two|two|two|two|two|two|two|two", 0 }, /* all agree: as it stands */
        { "Yes.", "yes |yes |yes |yes |yes |yes |yes |yes |yes |yes ", 1 },
        { "red", "red", 0 }, /* nobody else */
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        error err;
        double score;
        cJSON *annotation = annotation_of(cases[i].people);
        assert_true(vqav2_score(cases[i].answer, annotation, &score, &err));
        assert_true(fabs(score - cases[i].score) < 1e-12);
        cJSON_Delete(annotation);
    }
}

static void test_annotations_refused(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { "{}", "\"answers\" is not a list of 1 to 100 answers" },
        { "{\"answers\":[]}", "\"answers\" is not a list of 1 to 100 answers" },
        { "{\"answers\":{\"answer\":\"red\"}}", "\"answers\" is not a list of 1 to 100 answers" },
        { "{\"answers\":[{\"answer\":\"red\"},{\"answer\":2}]}",
          "one of the \"answers\" lacks a text \"answer\"" },
        { "{\"answers\":[3,4]}", "one of the \"answers\" lacks a text \"answer\"" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        error err;
        double score;
        cJSON *annotation = cJSON_Parse(cases[i][0]);
        assert_false(vqav2_score("red", annotation, &score, &err));
        assert_string_equal(err.text, cases[i][1]);
        cJSON_Delete(annotation);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_normalized),
        cmocka_unit_test(test_long_answers_are_cut),
        cmocka_unit_test(test_scores),
        cmocka_unit_test(test_annotations_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
