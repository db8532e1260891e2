/* WAV files of every kind that is read, and the sentences for those that are not. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "audio/wav.h"
#include "tiny_wav.h"

#include "testing.h"

static const double some[] = { 0, 0.5, -0.5, 0.25, -1, 0.75, 0.125, -0.875 };

/* Decode a file, and give it back; what is expected to fail has to come with a sentence that has
 * `words`. */
static sound decode(tiny_bytes file, const char *words)
{
    error err = { 0 };
    sound s;
    bool ok = wav_decode(file.bytes, file.size, &s, &err);
    free(file.bytes);
    if (words && (ok || !strstr(err.text, words)))
        fail_msg("expected '%s', got '%s'", words, ok ? "success" : err.text);
    if (!words && !ok) fail_msg("%s", err.text);
    if (words) assert_null(s.samples);
    return s;
}

static void refuse(tiny_bytes file, const char *words) { decode(file, words); }

static tiny_bytes text(const char *bytes, size_t size)
{
    tiny_bytes file = { malloc(size ? size : 1), size };
    memcpy(file.bytes, bytes, size);
    return file;
}

/* A file of these pieces, each a text with its length. */
static tiny_bytes joined(const char *const *pieces, const size_t *sizes, int count)
{
    tiny_bytes file = { malloc(1000), 0 };
    for (int i = 0; i < count; i++) {
        memcpy(file.bytes + file.size, pieces[i], sizes[i]);
        file.size += sizes[i];
    }
    return file;
}

static void test_formats(void **state)
{
    (void)state;
    static const int kinds[][2] = {
        { 1, 8 }, { 1, 16 }, { 1, 24 }, { 1, 32 }, { 3, 32 }, { 3, 64 }
    };
    for (size_t i = 0; i < 2 * COUNT(kinds); i++) {
        tiny_wave w = { kinds[i / 2][0], kinds[i / 2][1], 1, 22050, i % 2 };
        sound s = decode(tiny_wav(w, some, COUNT(some)), NULL);
        assert_int_equal(s.rate, 22050);
        assert_int_equal(s.count, COUNT(some));
        for (size_t k = 0; k < COUNT(some); k++) assert_true(s.samples[k] == (float)some[k]);
        sound_free(&s);
    }
}

static void test_channels_are_averaged(void **state)
{
    (void)state;
    sound s = decode(tiny_wav((tiny_wave){ 1, 16, 2, 8000, false }, some, 8), NULL);
    assert_int_equal(s.count, 4);
    static const float pairs[] = { 0.25f, -0.125f, -0.125f, -0.375f };
    for (int i = 0; i < 4; i++) assert_true(s.samples[i] == pairs[i]);
    sound_free(&s);
    s = decode(tiny_wav((tiny_wave){ 3, 32, 8, 8000, true }, some, 8), NULL);
    assert_int_equal(s.count, 1);
    assert_true(fabsf(s.samples[0] + 0.75f / 8) < 1e-7f);
    sound_free(&s);
}

#define PCM8 "fmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x40\x1f\0\0\1\0\x08\0" /* 8 kHz, one channel */

/* In any order, with others between, of odd sizes that are filled up. */
static void test_chunks(void **state)
{
    (void)state;
    static const char *const pieces[] = { "RIFF\0\0\0\0WAVE",
                                          "LIST\3\0\0\0abc\0",
                                          "data\3\0\0\0\x80\xc0\x40\0",
                                          "data\1\0\0\0\0\0",
                                          PCM8,
                                          "cue \1\0\0\0" };
    static const size_t sizes[] = { 12, 12, 12, 10, 24, 8 };
    sound s = decode(joined(pieces, sizes, 6), NULL);
    assert_int_equal(s.rate, 8000);
    assert_int_equal(s.count, 3);
    assert_true(s.samples[0] == 0 && s.samples[1] == 0.5f && s.samples[2] == -0.5f);
    sound_free(&s);
    refuse(joined(pieces, sizes, 4), "no chunk 'fmt '");
    static const char *const silent[] = { "RIFF\0\0\0\0WAVE", PCM8 };
    static const size_t silent_sizes[] = { 12, 24 };
    refuse(joined(silent, silent_sizes, 2), "no chunk 'data'");
}

/* Sizes that programs leave which write to a pipe; files that are cut off. */
static void test_streams(void **state)
{
    (void)state;
    static const uint32_t data_sizes[] = { 0, 0xffffffff, 0x7ffff000, 8 };
    static const uint8_t data[7] = { 0, 0x40, 0, 0x80, 0, 0x20, 1 };
    for (size_t i = 0; i < COUNT(data_sizes); i++) {
        tiny_wave w = { 1, 16, 1, 16000, false };
        sound s = decode(tiny_wav_of(w, data, sizeof data, 0xffffffff, data_sizes[i]), NULL);
        assert_int_equal(s.count, 3);
        assert_true(s.samples[0] == 0.5f && s.samples[1] == -1 && s.samples[2] == 0.25f);
        sound_free(&s);
    }
}

static void test_other_kinds(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        const char *words;
    } cases[] = {
        { "", 0, "empty" },
        { "ID3\4\0\0\0\0\0\0", 10, "MP3" },
        { "\xff\xfb\x90\0", 4, "MPEG" },
        { "fLaC\0\0\0\x22", 8, "FLAC" },
        { "OggS\0\2\0\0", 8, "Ogg" },
        { "\0\0\0\x20"
          "ftypM4A ",
          12, "MP4" },
        { "\x1a\x45\xdf\xa3\x01", 5, "WebM" },
        { "FORM\0\0\0\0AIFF", 12, "AIFF" },
        { "RF64\xff\xff\xff\xffWAVE", 12, "RF64" },
        { "RIFF\0\0\0\0AVI ", 12, "12 bytes are not a WAV file" },
        { "RIFF\0\0\0\0WAV", 11, "not a WAV file" },
        { "hello, world", 12, "not a WAV file" },
        { "RIFF\0\0\0\0WAVE", 12, "no chunk 'fmt '" },
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        refuse(text(cases[i].bytes, cases[i].size), cases[i].words);
}

static void test_other_formats(void **state)
{
    (void)state;
    static const struct {
        tiny_wave wave;
        const char *words;
    } cases[] = {
        { { 2, 8, 1, 8000, false }, "format 2 (ADPCM) with 8 bits" },
        { { 17, 8, 1, 8000, false }, "ADPCM" },
        { { 7, 8, 1, 8000, false }, "G.711" },
        { { 85, 8, 1, 8000, true }, "MP3" },
        { { 1, 64, 1, 8000, false }, "format 1 (PCM) with 64 bits" },
        { { 3, 16, 1, 8000, false }, "format 3 (float) with 16 bits" },
        { { 1, 16, 9, 8000, false }, "9 channels" },
        { { 1, 16, 0, 8000, false }, "0 channels" },
        { { 1, 16, 1, 0, false }, "0 samples a second" },
        { { 1, 16, 1, 999, false }, "999 samples a second" },
        { { 1, 16, 1, 768001, false }, "768001 samples a second" },
        { { 1, 16, 1, -1, false }, "samples a second" },
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        refuse(tiny_wav(cases[i].wave, some, 2), cases[i].words);
    tiny_bytes file = tiny_wav((tiny_wave){ 1, 16, 1, 8000, false }, some, 2);
    file.bytes[32] = 3;
    refuse(file, "3 bytes a frame, expected 2");
    file = tiny_wav((tiny_wave){ 1, 16, 1, 8000, true }, some, 2);
    file.bytes[50] ^= 1;
    refuse(file, "format 65534");
}

static void test_no_samples(void **state)
{
    (void)state;
    refuse(tiny_wav((tiny_wave){ 1, 16, 1, 8000, false }, some, 0), "no samples");
    refuse(tiny_wav_of((tiny_wave){ 1, 16, 2, 8000, false }, some, 3, 0, 3), "no samples");
}

static void test_bad_samples(void **state)
{
    (void)state;
    const double bad[] = { (double)NAN, (double)INFINITY, -1e7, 1e300 };
    for (size_t i = 0; i < COUNT(bad); i++)
        for (int bits = 32; bits <= 64; bits += 32) {
            double two[2] = { 1, i == 3 && bits == 32 ? 1e30 : bad[i] };
            refuse(tiny_wav((tiny_wave){ 3, bits, 1, 8000, false }, two, 2),
                   "sample 1 of the sound is");
        }
}

static void test_too_long(void **state)
{
    (void)state;
    const size_t size = (size_t)SOUND_MAX_SECONDS * 1000;
    uint8_t *data = calloc(size + 1, 1);
    tiny_wave w = { 1, 8, 1, 1000, false };
    sound s = decode(tiny_wav_of(w, data, size, 0, 0), NULL);
    assert_int_equal(s.count, size);
    sound_free(&s);
    refuse(tiny_wav_of(w, data, size + 1, 0, 0),
           "600001 samples at 1000 a second, more than the 600 s");
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_formats),     cmocka_unit_test(test_channels_are_averaged),
        cmocka_unit_test(test_chunks),      cmocka_unit_test(test_streams),
        cmocka_unit_test(test_other_kinds), cmocka_unit_test(test_other_formats),
        cmocka_unit_test(test_no_samples),  cmocka_unit_test(test_bad_samples),
        cmocka_unit_test(test_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
