#include "tiny_wav.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static uint8_t *put(uint8_t *at, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++) *at++ = (uint8_t)(value >> 8 * i);
    return at;
}

tiny_bytes tiny_wav_of(tiny_wave w, const void *data, size_t size, uint32_t riff_size,
                       uint32_t data_size)
{
    const int described = w.extensible ? 40 : 16, frame = w.channels * w.bits / 8;
    const size_t total = 12 + 8 + (size_t)described + 8 + size;
    tiny_bytes file = { malloc(total), total };
    assert(file.bytes);
    uint8_t *at = file.bytes;
    memcpy(at, "RIFF", 4);
    at = put(at + 4, riff_size, 4);
    memcpy(at, "WAVEfmt ", 8);
    at = put(at + 8, (uint64_t)described, 4);
    at = put(at, w.extensible ? 0xfffe : (uint64_t)w.format, 2);
    at = put(at, (uint64_t)w.channels, 2);
    at = put(at, (uint64_t)w.rate, 4);
    at = put(at, (uint64_t)w.rate * (uint64_t)frame, 4);
    at = put(at, (uint64_t)frame, 2);
    at = put(at, (uint64_t)w.bits, 2);
    if (w.extensible) {
        at = put(at, 22, 2);
        at = put(at, (uint64_t)w.bits, 2);
        at = put(at, 0, 4);
        at = put(at, (uint64_t)w.format, 2);
        memcpy(at, "\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71", 14);
        at += 14;
    }
    memcpy(at, "data", 4);
    at = put(at + 4, data_size, 4);
    if (size) memcpy(at, data, size);
    return file;
}

tiny_bytes tiny_wav(tiny_wave w, const double *samples, size_t count)
{
    const size_t size = count * (size_t)w.bits / 8;
    uint8_t *data = malloc(size + 1), *at = data;
    assert(data);
    for (size_t i = 0; i < count; i++) {
        uint64_t bits = 0;
        float value = (float)samples[i];
        if (w.format == 3 && w.bits == 64)
            memcpy(&bits, &samples[i], sizeof bits);
        else if (w.format == 3)
            memcpy(&bits, &value, sizeof value);
        else {
            double full = ldexp(1, w.bits - 1), level = floor(samples[i] * full + 0.5);
            bits = (uint64_t)(int64_t)(level >= full ? full - 1 : level);
            if (w.bits == 8) bits += 128;
        }
        at = put(at, bits, w.bits / 8);
    }
    tiny_bytes file = tiny_wav_of(w, data, size, (uint32_t)size + 36, (uint32_t)size);
    free(data);
    return file;
}
