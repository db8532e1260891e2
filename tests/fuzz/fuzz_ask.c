/* The whole way from a pack to an answer. The first byte says which tiny model, the second how much damage its pack has
 * (three bytes each: where, and what); then come a question, its length before it, and a picture. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "tiny_pack.h"

enum { MODELS = 8 };

static const tiny_model models[MODELS] = {
    { .vilt = true },
    { .fusion = "concat", .q8 = true },
    { .fusion = "token_transformer_cls" },
    { .fusion = "token_attention_mean", .absent = "omit", .q8 = true },
    { .fusion = "hybrid", .problem_type = "multi_label_classification" },
    { .fusion = "additive_gate", .problem_type = "regression", .answers = 1 },
    { .recurrent = "gru" },
    { .recurrent = "lstm", .fusion = "token_attention_cls", .q8 = true },
};

/* A copy of a model's pack with a few other bytes and the right checksum. */
static tiny_bytes damaged(const tiny_bytes good, reader *r)
{
    tiny_bytes pack = { malloc(good.size), good.size };
    memcpy(pack.bytes, good.bytes, good.size);
    for (int count = read_u8(r) % 8; count > 0; count--) {
        size_t at = read_u16le(r);
        pack.bytes[at % good.size] ^= read_u8(r);
    }
    tiny_seal(pack);
    return pack;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static tiny_bytes packs[MODELS];
    if (!packs[0].bytes)
        for (int i = 0; i < MODELS; i++) packs[i] = tiny_pack(models[i]);
    reader r = reader_of(bytes, size);
    uint8_t which = read_u8(&r);
    tiny_bytes pack = damaged(packs[which % MODELS], &r);
    size_t length = read_u8(&r);
    const uint8_t *question = read_bytes(&r, length < reader_left(&r) ? length : reader_left(&r));
    if (question) length = (size_t)(r.at - question);
    vqa *v = vqa_new(1);
    vqa_set_explain(v, which & 128);
    int status = vqa_load(v, pack.bytes, pack.size);
    if (status == VQA_OK) status = vqa_load_end(v);
    free(pack.bytes);
    if (fuzz_status(v, status) && question) {
        static const float clicks[1600] = { 1, -1, 0.5f };
        int sound = which & 64 ? vqa_hear_samples(v, clicks, 1600, 16000) : 0,
            picture = fuzz_encode(v, &r);
        fuzz_status(v, sound);
        if (fuzz_status(v, picture))
            fuzz_ask(v, picture, sound > 0 ? sound : 0, (const char *)question, length);
    }
    vqa_free(v);
    return 0;
}
