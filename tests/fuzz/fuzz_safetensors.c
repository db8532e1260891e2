/* A file of weights: its header, and its tensors as they become floats, q8 or q4. */
#include "format/safetensors.h"
#include "fuzz.h"

static bool plan(void *context, const tensor_info *tensors, int count, const cJSON *metadata,
                 error *err)
{
    (void)metadata;
    weights *w = context;
    return weights_plan(w, tensors, count, (precision)(count % 3), err);
}

static bool take(void *context, int index, const uint8_t *bytes, size_t size, error *err)
{
    return weights_take(context, index, bytes, size, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    error err = { 0 };
    weights w = { 0 };
    size_t first = size / 3;
    safetensors *s = safetensors_new((safetensors_sink){ plan, take, &w });
    bool ok = safetensors_push(s, bytes, first, &err) &&
              safetensors_push(s, bytes + first, size - first, &err) && safetensors_end(s, &err) &&
              weights_finish(&w, &err);
    fuzz_check(ok || err.text[0], "a sentence");
    fuzz_check(!ok || weights_memory(&w) < 4096 + 64 * size, "memory in proportion to the file");
    safetensors_free(s);
    weights_free(&w);
    return 0;
}
