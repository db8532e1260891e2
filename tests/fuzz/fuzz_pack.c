/* A whole model as a pack, whose checksum is put right so that all behind it is reached. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "tiny_pack.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size < PACK_CHECKSUM_SIZE) return 0;
    tiny_bytes pack = { malloc(size), size };
    memcpy(pack.bytes, bytes, size);
    tiny_seal(pack);
    vqa *v = vqa_new(1);
    int status = vqa_load(v, pack.bytes, size);
    if (status == VQA_OK) status = vqa_load_end(v);
    free(pack.bytes);
    if (fuzz_status(v, status)) {
        reader grey = reader_of("\x7f", 1);
        int picture = fuzz_encode(v, &grey);
        if (fuzz_status(v, picture)) fuzz_ask(v, picture, 0, "what is it?", 11);
    }
    vqa_free(v);
    return 0;
}
