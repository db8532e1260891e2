/* Picture files, and the bytes as EXIF. A PNG's checksums are put right so that all behind them is reached. */
#include <stdlib.h>
#include <string.h>

#include "core/crc32.h"
#include "fuzz.h"
#include "image/decode.h"
#include "image/exif.h"
#include "image/inspect.h"
#include "image/preprocess.h"

static void seal_png(uint8_t *bytes, size_t size)
{
    enum { SIGNATURE = 8, AROUND = 12 }; /* length, type and checksum of a chunk */
    size_t at = SIGNATURE;
    while (size >= AROUND && at <= size - AROUND) {
        reader r = reader_of(bytes + at, 4);
        size_t length = read_u32be(&r), end = at + 8 + length;
        if (length > size - at - AROUND) return;
        uint32_t sum = crc32_update(0, bytes + at + 4, 4 + length);
        for (size_t i = 0; i < 4; i++) bytes[end + i] = (uint8_t)(sum >> (24 - 8 * i));
        at = end + 4;
    }
}

static void decode(const uint8_t *bytes, size_t size, decode_options how)
{
    static const preprocessor to_16 = {
        .rule = RESIZE_TO_SIZE, .width = 16, .height = 16, .factor = 1, .std = { 1, 1, 1 }
    };
    float pixels[3 * 16 * 16];
    error err = { 0 };
    image picture;
    if (!image_decode(bytes, size, how, &picture, &err)) {
        fuzz_check(!picture.rgb && strlen(err.text) > 10, "a sentence");
        return;
    }
    fuzz_check(preprocess(&to_16, &picture, NULL, pixels, &err), "resized pixels");
    image_free(&picture);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    error err;
    picture_facts facts;
    exif_orientation(bytes, size);
    uint8_t *copy = malloc(size + 1);
    if (size) memcpy(copy, bytes, size);
    if (size > 1 && copy[1] == 'P') seal_png(copy, size);
    bool large = inspect_picture(copy, size, &facts, &err) &&
                 (size_t)facts.width * (size_t)facts.height > FUZZ_MAX_PIXELS;
    if (!large) {
        decode(copy, size, (decode_options){ .drop_alpha = size % 2 });
        decode(copy, size, (decode_options){ .keep_orientation = true });
    }
    free(copy);
    return 0;
}
