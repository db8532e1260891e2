#include "fuzz.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/inspect.h"
#include "image/sniff.h"

/* A block that is too large is NULL, as without the sanitizer. */
const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "allocator_may_return_null=1"; }

void fuzz_check(bool holds, const char *what)
{
    if (holds) return;
    fprintf(stderr, "expected: %s\n", what);
    abort();
}

bool fuzz_status(const vqa *v, int status)
{
    fuzz_check(status >= 0 || strlen(vqa_error(v)) > 10, "a sentence with each failure");
    return status >= 0;
}

int fuzz_encode(vqa *v, reader *r)
{
    enum { SIDE = 32 };
    const char *name;
    picture_facts facts;
    error err;
    size_t size = reader_left(r);
    const uint8_t *bytes = read_bytes(r, size);
    if (sniff(bytes, size, &name) != FILE_UNKNOWN) {
        bool large = inspect_picture(bytes, size, &facts, &err) &&
                     (size_t)facts.width * (size_t)facts.height > FUZZ_MAX_PIXELS;
        return large ? VQA_BAD_PICTURE : vqa_encode(v, bytes, size);
    }
    uint8_t pixels[SIDE * SIDE * 4] = { 0 };
    memcpy(pixels, bytes, size < sizeof pixels ? size : sizeof pixels);
    return vqa_encode_pixels(v, pixels, 1 + pixels[0] % SIDE, 1 + pixels[0] / SIDE);
}

void fuzz_ask(vqa *v, int picture, int sound, const char *question, size_t size)
{
    static const char choices[] = "cat\0dog\0yes";
    int outputs, height, width;
    int count = vqa_ask(v, picture, sound, question, size, 3);
    if (count == VQA_BAD_CALL)
        count = vqa_choose(v, picture, sound, question, size, choices, sizeof choices, 3);
    if (!fuzz_status(v, count)) return;
    fuzz_check(count > 0, "an answer");
    const float *logits = vqa_logits(v, &outputs);
    for (int i = 0; i < outputs; i++) fuzz_check(isfinite(logits[i]), "finite logits");
    for (int i = 0; i < count; i++) {
        fuzz_check(isfinite(vqa_answer_score(v, i)), "a finite score");
        fuzz_check(vqa_answer_text(v, i) != NULL, "a text");
    }
    const float *map = vqa_heatmap(v, &height, &width);
    for (int i = 0; i < height * width; i++)
        fuzz_check(map[i] >= 0 && map[i] <= 1, "a heat map of 0 to 1");
}
