/* Whole models answer with the same bits by the scalar kernels, which define them, and by the best
 * that this build has. */
#include <stdlib.h>
#include <string.h>

#include "handle.h"
#include "tiny_pack.h"
#include "vqa.h"

#include "testing.h"

enum { ANSWERS = 5 };

/* The logits of one question about one picture. */
static void ask_with(const kernels *k, int threads, tiny_bytes pack, vqa_precision keep,
                     float logits[ANSWERS])
{
    static const char question[] = "What color is the cat?";
    tiny_bytes bmp = tiny_bmp(20, 30, 1);
    int count;
    vqa *v = vqa_new(threads);
    v->compute.k = k;
    bool ok = vqa_set_precision(v, keep) == VQA_OK &&
              vqa_load(v, pack.bytes, pack.size) == VQA_OK && vqa_load_end(v) == VQA_OK &&
              vqa_ask(v, vqa_encode(v, bmp.bytes, bmp.size), 0, question, strlen(question), 1) == 1;
    if (!ok) fail_msg("%s", vqa_error(v));
    const float *now = vqa_logits(v, &count);
    assert_int_equal(count, ANSWERS);
    memcpy(logits, now, ANSWERS * sizeof *logits);
    vqa_free(v);
    free(bmp.bytes);
}

static void test_scalar_and_best(void **state)
{
    (void)state;
    static const tiny_model models[] = { { .vilt = true },
                                         { .fusion = "hybrid" },
                                         { .fusion = "token_attention_mean" },
                                         { .fusion = "token_transformer_cls" } };
    for (size_t i = 0; i < COUNT(models); i++) {
        tiny_bytes pack = tiny_pack(models[i]);
        for (vqa_precision keep = VQA_FLOAT; keep <= VQA_Q4; keep++) {
            float scalar[ANSWERS], best[ANSWERS];
            ask_with(kernels_scalar(), 1, pack, keep, scalar);
            for (int threads = 1; threads <= 3; threads++) {
                ask_with(kernels_best(), threads, pack, keep, best);
                assert_memory_equal(scalar, best, sizeof scalar);
            }
        }
        free(pack.bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scalar_and_best),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
