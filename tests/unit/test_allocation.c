/* Nothing is taken from the heap while a question is answered: all of its memory is planned when
 * the model is loaded, or at the latest when the picture is encoded. */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "tiny_pack.h"
#include "vqa.h"

#include "testing.h"

/* ---- the heap, with a counter: the linker puts these in the place of malloc and so on ---- */

static atomic_int taken; /* blocks, by any thread */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);

void *__wrap_malloc(size_t size)
{
    taken++;
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    taken++;
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *block, size_t size)
{
    taken++;
    return __real_realloc(block, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    taken++;
    return __real_aligned_alloc(alignment, size);
}

/* ---- tests ---- */

static const char *const questions[] = {
    "cat?", "What color is the cat?",
    "how many dogs and how many cats is the color of the cat, what?", "what color is it?"
};

static vqa *open_model(tiny_model m, vqa_precision keep, int threads)
{
    tiny_bytes pack = tiny_pack(m);
    vqa *v = vqa_new(threads);
    bool ok = vqa_set_precision(v, keep) == VQA_OK &&
              vqa_load(v, pack.bytes, pack.size) == VQA_OK && vqa_load_end(v) == VQA_OK;
    if (!ok) fail_msg("%s", vqa_error(v));
    free(pack.bytes);
    return v;
}

static int encode(vqa *v, int width, int height)
{
    tiny_bytes bmp = tiny_bmp(width, height, 1);
    int picture = vqa_encode(v, bmp.bytes, bmp.size);
    if (picture <= 0) fail_msg("%s", vqa_error(v));
    free(bmp.bytes);
    return picture;
}

static void test_answering(void **state)
{
    (void)state;
    static const tiny_model models[] = { { .vilt = true },
                                         { .vilt = true, .problem_type = "regression" },
                                         { .fusion = "concat" },
                                         { .fusion = "hybrid" },
                                         { .fusion = "token_attention_mean" },
                                         { .fusion = "token_transformer_cls" } };
    for (size_t i = 0; i < COUNT(models); i++)
        for (int keep = VQA_FLOAT; keep <= VQA_Q4; keep++)
            for (int threads = 1; threads <= 3; threads += 2) {
                vqa *v = open_model(models[i], (vqa_precision)keep, threads);
                int picture[] = { encode(v, 20, 30), encode(v, 90, 41) };
                int before = taken;
                assert_true(before > 0); /* they are counted */
                for (size_t p = 0; p < COUNT(picture); p++)
                    for (size_t q = 0; q < COUNT(questions); q++) {
                        int count =
                            vqa_ask(v, picture[p], 0, questions[q], strlen(questions[q]), 5);
                        if (count <= 0) fail_msg("'%s': %s", questions[q], vqa_error(v));
                    }
                assert_int_equal(taken, before);
                vqa_free(v);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answering),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
