/* One file of a published folder: config, preprocessor, tokenizer, index, weights. The first byte says which model,
 * the second which of its files the others stand for. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "fuzz_folders.h"

static void listen(vqa *v)
{
    static const float silence[800] = { 0 };
    int sound = vqa_hear_samples(v, silence, sizeof silence / sizeof *silence, 16000);
    if (fuzz_status(v, sound)) fuzz_status(v, vqa_transcribe(v, sound, "{\"beams\":2}", 11));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static tiny_folder folders[FUZZ_FOLDERS];
    if (!folders[0].count)
        for (int i = 0; i < FUZZ_FOLDERS; i++) folders[i] = fuzz_folder(i);
    if (size < 2) return 0;
    int model = bytes[0] % FUZZ_FOLDERS;
    tiny_folder f = folders[model];
    f.files[bytes[1] % f.count].content = (tiny_bytes){ (uint8_t *)bytes + 2, size - 2 };
    vqa *v = vqa_new(1);
    vqa_set_precision(v, (vqa_precision)(bytes[0] / FUZZ_FOLDERS % 3));
    if (fuzz_status(v, tiny_folder_load(v, &f, 1 + size / 2, NULL))) {
        reader grey = reader_of("\x7f", 1);
        int picture = fuzz_encode(v, &grey);
        if (fuzz_status(v, picture)) fuzz_ask(v, picture, 0, "what is it?", 11);
        listen(v);
    }
    vqa_free(v);
    return 0;
}
