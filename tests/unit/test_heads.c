/* Logits to answers: probabilities, their order, and numbers as text. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heads/classify.h"
#include "heads/regress.h"
#include "kernels/kernels.h"

#include "testing.h"

static const float logits[] = { 0.5f, 3.0f, -2.0f, 3.0f, 88.0f, -104.0f, 0.0f, 1.25f, 3.0f };
enum { N = COUNT(logits) };

/* The probability of logit i, in double. */
static double expected_score(classify_scores how, int i)
{
    if (how == CLASSIFY_SIGMOID) return 1 / (1 + exp(-(double)logits[i]));
    double sum = 0;
    for (int k = 0; k < N; k++) sum += exp((double)logits[k] - 88);
    return exp((double)logits[i] - 88) / sum;
}

/* The best `top_k` in a block of exactly that size. */
static answer *best_of(classify_scores how, const float *values, int n, int top_k, int *count)
{
    float *scores = malloc((size_t)n * sizeof *scores);
    answer *best = malloc((size_t)top_k * sizeof *best);
    assert_non_null(scores);
    assert_non_null(best);
    memcpy(scores, values, (size_t)n * sizeof *scores);
    tensor row = { scores, 1, n };
    classify_probabilities(kernels_best(), how, row);
    *count = classify_best(row, NULL, n, top_k, best);
    free(scores);
    return best;
}

static void test_probabilities_in_order(void **state)
{
    (void)state;
    static const int order[N] = { 4, 1, 3, 8, 7, 0, 6, 2, 5 }; /* equal ones by index */
    for (int how = CLASSIFY_SOFTMAX; how <= CLASSIFY_SIGMOID; how++) {
        int count;
        answer *best = best_of((classify_scores)how, logits, N, N, &count);
        assert_int_equal(count, N);
        for (int i = 0; i < N; i++) {
            double want = expected_score((classify_scores)how, best[i].index);
            assert_true(fabs((double)best[i].score - want) <= 1e-6 * want + 1e-37);
            if (how == CLASSIFY_SIGMOID) assert_int_equal(best[i].index, order[i]);
        }
        free(best);
    }
}

static void test_any_top_k_is_the_start_of_the_whole_list(void **state)
{
    (void)state;
    enum { MANY = 60 };
    float values[MANY];
    uint32_t random = 3;
    for (int i = 0; i < MANY; i++) {
        random = random * 1664525 + 1013904223;
        values[i] = (float)(random >> 28); /* many are equal */
    }
    int all, count;
    answer *whole = best_of(CLASSIFY_SOFTMAX, values, MANY, MANY, &all);
    assert_int_equal(all, MANY);
    for (int i = 1; i < MANY; i++) {
        const answer *a = &whole[i - 1], *b = &whole[i];
        assert_true(a->score > b->score || (a->score == b->score && a->index < b->index));
    }
    for (int k = 1; k <= MANY + 40; k++) {
        answer *best = best_of(CLASSIFY_SOFTMAX, values, MANY, k, &count);
        assert_int_equal(count, k < MANY ? k : MANY);
        for (int i = 0; i < count; i++) {
            assert_int_equal(best[i].index, whole[i].index);
            assert_true(best[i].score == whole[i].score);
        }
        free(best);
    }
    free(whole);
}

static void test_softmax_adds_up_to_one(void **state)
{
    (void)state;
    static const float cases[][4] = {
        { 0, 0, 0, 0 },           { 1e30f, -1e30f, 0, 1 },     { 88, 89, 90, 91 },
        { -1e30f, -1e30f, 0, 0 }, { 3e38f, 3e38f, -3e38f, 0 }, { 1e-30f, 0, -1e-30f, 1 },
    };
    for (size_t c = 0; c < COUNT(cases); c++) {
        int count;
        double sum = 0;
        answer *best = best_of(CLASSIFY_SOFTMAX, cases[c], 4, 4, &count);
        for (int i = 0; i < 4; i++) {
            assert_true(best[i].score >= 0 && best[i].score <= 1);
            sum += (double)best[i].score;
        }
        assert_true(fabs(sum - 1) < 1e-6);
        free(best);
    }
}

static void test_one_answer(void **state)
{
    (void)state;
    int count;
    answer *best = best_of(CLASSIFY_SOFTMAX, (float[]){ -7 }, 1, 3, &count);
    assert_int_equal(count, 1);
    assert_int_equal(best[0].index, 0);
    assert_true(best[0].score == 1);
    free(best);
}

static void test_regression_keeps_values_and_order(void **state)
{
    (void)state;
    float outputs[] = { -3, 1e30f, 0, 7 };
    answer values[4];
    for (int k = 1; k < 6; k++) {
        int count = regress_values((tensor){ outputs, 1, 4 }, k, values);
        assert_int_equal(count, k < 4 ? k : 4);
        for (int i = 0; i < count; i++) {
            assert_int_equal(values[i].index, i);
            assert_true(values[i].score == outputs[i]);
        }
    }
}

static void test_numbers_as_text(void **state)
{
    (void)state;
    static const struct {
        float value;
        const char *text;
    } numbers[] = {
        { 3, "3" },
        { 2.75f, "2.75" },
        { -1.5f, "-1.5" },
        { 0, "0" },
        { -0.0f, "0" },
        { 0.00004f, "0" },
        { -0.00004f, "0" },
        { 0.00006f, "0.0001" },
        { 100, "100" },
        { 1000000, "1000000" },
        { 10.10f, "10.1" },
        { -20, "-20" },
        { 0.12345f, "0.1235" },
        { 1.99999f, "2" },
    };
    for (size_t i = 0; i < COUNT(numbers); i++) {
        char text[32];
        regress_text(numbers[i].value, text, sizeof text);
        assert_string_equal(text, numbers[i].text);
    }
}

static void test_the_largest_numbers_fit_their_room(void **state)
{
    (void)state;
    for (size_t size = 1; size < 50; size++) {
        char *text = malloc(size); /* the sanitizer guards its end */
        assert_non_null(text);
        regress_text(-3.4e38f, text, size);
        assert_true(strlen(text) < size);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_probabilities_in_order),
        cmocka_unit_test(test_any_top_k_is_the_start_of_the_whole_list),
        cmocka_unit_test(test_softmax_adds_up_to_one),
        cmocka_unit_test(test_one_answer),
        cmocka_unit_test(test_regression_keeps_values_and_order),
        cmocka_unit_test(test_numbers_as_text),
        cmocka_unit_test(test_the_largest_numbers_fit_their_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
