/* How answers are counted, by numbers known by hand. */
#include "tools/tally.h"

#include "testing.h"

static void test_calibration(void **state)
{
    (void)state;
    tally t = { .name = "all" };
    assert_float_equal(tally_calibration_error(&t), 0, 1e-12);
    for (int i = 0; i < 10;
         i++) { /* of these 8 are right and 9 were promised; of those all that were */
        tally_add(&t, i < 8, 0.9, true);
        tally_add(&t, i < 3, 0.3, false);
    }
    assert_int_equal(t.all, 20);
    assert_int_equal(t.sure, 10);
    assert_float_equal(t.right, 11, 1e-12);
    assert_float_equal(t.sure_right, 8, 1e-12);
    assert_float_equal(tally_calibration_error(&t), 0.05, 1e-12);
    tally_add(&t, 0.3, 1.0, true); /* the last bin; part of an answer of VQA v2 */
    tally_add(&t, 1, -0.0, false);
    assert_float_equal(t.right, 12.3, 1e-12);
    assert_int_equal(t.bins[TALLY_BINS - 1].all, 1);
    assert_int_equal(t.bins[0].all, 1);
}

static void test_json(void **state)
{
    (void)state;
    tally t = { .name = "all" };
    tally_add(&t, 1, 0.75, true);
    tally_add(&t, 0, 0.25, false);
    for (int scored = 0; scored < 2; scored++) {
        cJSON *json = tally_json(&t, scored);
        char *text = cJSON_PrintUnformatted(json);
        assert_string_equal(text,
                            scored ? "{\"accuracy\":0.5,\"right\":1,\"questions\":2,\"sure\":0.5,"
                                     "\"sure_accuracy\":1,\"calibration_error\":0.25}"
                                   : "{\"accuracy\":0.5,\"right\":1,\"questions\":2}");
        cJSON_free(text);
        cJSON_Delete(json);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_calibration),
                                        cmocka_unit_test(test_json) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
