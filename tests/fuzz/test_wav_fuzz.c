/* Damaged and hostile WAV files: refused with a sentence, or a sound that becomes a spectrogram.
 * All bytes lie in blocks of exactly their size, so that the sanitizer guards the end. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "audio/feature_extractor.h"
#include "audio/resample.h"
#include "audio/wav.h"
#include "tiny_wav.h"

#include "testing.h"

enum { RATE = 16000, MELS = 8, SAMPLES = 12 };

static const tiny_wave kinds[] = {
    { 1, 8, 3, 8000, false },  { 1, 16, 2, 44100, true },  { 1, 24, 1, 1000, false },
    { 1, 32, 1, 16000, true }, { 3, 32, 2, 768000, true }, { 3, 64, 1, 22050, false },
};

static tiny_bytes make(size_t kind)
{
    double samples[SAMPLES];
    uint32_t seed = 1;
    for (int i = 0; i < SAMPLES; i++) samples[i] = (double)tiny_random(&seed);
    return tiny_wav(kinds[kind], samples, SAMPLES);
}

/* Whether the bytes are taken for a sound; from then on nothing may fail. Only damaged rates are
 * resampled: the filters take the time. */
static bool use(const uint8_t *bytes, size_t size, size_t kind)
{
    static const feature_extractor f = { MEL_SLANEY, RATE, MELS, 20, 10, 20, 10, 0, 0 };
    error err = { 0 };
    sound s, resampled;
    uint8_t *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    bool ok = wav_decode(memcpy(copy, bytes, size), size, &s, &err);
    free(copy);
    if (!ok) {
        assert_null(s.samples);
        assert_true(strlen(err.text) > 10);
        return false;
    }
    assert_true(s.count > 0 && s.count <= size);
    int rate = s.rate == kinds[kind].rate ? s.rate : RATE;
    if (!resample(&s, rate, &resampled, &err)) fail_msg("%s", err.text);
    int frames = feature_extractor_frames(&f, resampled.count);
    arena room;
    assert_true(arena_new(&room, tensor_cost(frames, MELS) + feature_extractor_scratch(&f),
                          "a test", &err));
    tensor y = tensor_new(&room, frames, MELS);
    feature_extractor_run(&f, resampled.samples, resampled.count, y, room);
    for (int i = 0; i < frames * MELS; i++) assert_true(isfinite(y.data[i]));
    arena_free(&room);
    sound_free(&resampled);
    sound_free(&s);
    return true;
}

/* A file that is cut off in its samples is a shorter sound. */
static void test_every_truncation(void **state)
{
    (void)state;
    for (size_t k = 0; k < COUNT(kinds); k++) {
        tiny_bytes file = make(k);
        const size_t frame = (size_t)(kinds[k].channels * kinds[k].bits) / 8,
                     header = file.size - SAMPLES * (size_t)kinds[k].bits / 8;
        for (size_t n = 0; n <= file.size; n++)
            assert_int_equal(use(file.bytes, n, k), n >= header + frame);
        free(file.bytes);
    }
}

static void test_every_byte_changed(void **state)
{
    (void)state;
    int used = 0, refused = 0;
    for (size_t k = 0; k < COUNT(kinds); k++) {
        tiny_bytes file = make(k);
        for (size_t at = 0; at < file.size; at++)
            for (int flip = 1; flip < 256; flip = flip < 128 ? 2 * flip : flip + 127) {
                file.bytes[at] ^= (uint8_t)flip;
                bool ok = use(file.bytes, file.size, k);
                used += ok;
                refused += !ok;
                file.bytes[at] ^= (uint8_t)flip;
            }
        free(file.bytes);
    }
    assert_true(used > 500 && refused > 500);
}

static void test_random_damage(void **state)
{
    (void)state;
    uint32_t seed = 1;
    for (int round = 0; round < 3000; round++) {
        const size_t kind = (size_t)round % COUNT(kinds);
        tiny_bytes file = make(kind);
        for (int i = round % 7; i >= 0; i--)
            file.bytes[(size_t)((float)(file.size - 1) * fabsf(tiny_random(&seed)))] =
                (uint8_t)(128 + 127 * tiny_random(&seed));
        use(file.bytes, file.size, kind);
        free(file.bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_truncation),
        cmocka_unit_test(test_every_byte_changed),
        cmocka_unit_test(test_random_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
