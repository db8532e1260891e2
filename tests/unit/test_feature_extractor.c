/* Spectrograms against the formulas of the reference, written down plainly; settings; the same
 * bits in every build. Real sounds are compared with the reference in the goldens. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audio/feature_extractor.h"
#include "core/crc32.h"

#include "testing.h"

#define TURN 6.283185307179586

static feature_extractor parsed(const char *settings)
{
    feature_extractor f;
    error err;
    cJSON *json = cJSON_Parse(settings);
    assert_non_null(json);
    if (!feature_extractor_parse(&f, json, &err)) fail_msg("%s", err.text);
    cJSON_Delete(json);
    return f;
}

static const feature_extractor small_whisper = { MEL_SLANEY, 4000, 8, 20, 10, 20, 13, 0, 0 };

static feature_extractor small_ast(void)
{
    return parsed("{\"feature_extractor_type\": \"ASTFeatureExtractor\", \"num_mel_bins\": 10,"
                  "\"sampling_rate\": 4000, \"max_length\": 9, \"mean\": -3, \"std\": 2}");
}

/* The spectrogram, for the caller to free(); the samples lie in a block of their size. */
static float *run(const feature_extractor *f, const float *samples, size_t count, int frames)
{
    arena room;
    error err;
    float *copy = malloc((count ? count : 1) * sizeof *copy),
          *out = malloc((size_t)frames * (size_t)f->mels * sizeof *out);
    if (count) memcpy(copy, samples, count * sizeof *copy);
    assert_true(arena_new(&room, tensor_cost(frames, f->mels) + feature_extractor_scratch(f),
                          "a test", &err));
    tensor y = tensor_new(&room, frames, f->mels);
    feature_extractor_run(f, copy, count, y, room);
    memcpy(out, y.data, (size_t)frames * (size_t)f->mels * sizeof *out);
    arena_free(&room);
    free(copy);
    return out;
}

/* Noise and a tone; no libm, so that every build has the same. */
static void fill(float *samples, size_t count)
{
    uint32_t seed = 1;
    for (size_t i = 0; i < count; i++) {
        seed = seed * 1664525u + 1013904223u;
        samples[i] = (float)(int32_t)seed / 8e9f + (i / 5 % 2 ? 0.25f : -0.25f);
    }
}

/* ---- the reference ---- */

static double hz_to_mel(mel_scale scale, double hz)
{
    if (scale == MEL_KALDI) return 1127 * log(1 + hz / 700);
    return hz < 1000 ? hz * 3 / 200 : 15 + log(hz / 1000) * 27 / log(6.4);
}

static double mel_to_hz(double mel)
{
    return mel < 15 ? mel * 200 / 3 : 1000 * exp((mel - 15) * log(6.4) / 27);
}

/* Filter m for the frequency k. */
static double filter(const feature_extractor *f, int m, int k)
{
    double low = f->scale == MEL_KALDI ? hz_to_mel(f->scale, 20) : 0, corner[3],
           high = hz_to_mel(f->scale, f->rate / 2.0), at = (double)k * f->rate / f->n;
    for (int i = 0; i < 3; i++) {
        corner[i] = low + (high - low) * (m + i) / (f->mels + 1);
        if (f->scale == MEL_SLANEY) corner[i] = mel_to_hz(corner[i]);
    }
    if (f->scale == MEL_KALDI) at = hz_to_mel(f->scale, at);
    double up = (at - corner[0]) / (corner[1] - corner[0]),
           down = (corner[2] - at) / (corner[2] - corner[1]), least = up < down ? up : down;
    if (!(least > 0)) return 0;
    return f->scale == MEL_SLANEY ? least * 2 / (corner[2] - corner[0]) : least;
}

/* The filters' sums of the power of a frame of f->window samples. */
static void filtered(const feature_extractor *f, const double *frame, double *sums)
{
    for (int m = 0; m < f->mels; m++) sums[m] = 0;
    for (int k = 0; k <= f->n / 2; k++) {
        double re = 0, im = 0;
        for (int i = 0; i < f->window; i++) {
            int period = f->scale == MEL_KALDI ? f->window - 1 : f->window;
            double x = frame[i] * (0.5 - 0.5 * cos(TURN * i / period));
            re += x * cos(TURN * i * k / f->n);
            im += x * sin(TURN * i * k / f->n);
        }
        for (int m = 0; m < f->mels; m++) sums[m] += (re * re + im * im) * filter(f, m, k);
    }
}

/* WhisperFeatureExtractor: `length` samples, the sound and zeros or a part of it, mirrored at both
 * ends; y [length / hop, mels]. */
static void whisper(const feature_extractor *f, const float *samples, size_t count, int length,
                    double *y)
{
    double frame[400], top = -10;
    const int frames = length / f->hop;
    for (int t = 0; t < frames; t++) {
        for (int i = 0; i < f->window; i++) {
            int at = t * f->hop + i - f->window / 2;
            at = at < 0 ? -at : at >= length ? 2 * length - 2 - at : at;
            frame[i] = at < (int)count ? (double)samples[at] : 0;
        }
        filtered(f, frame, y + t * f->mels);
    }
    for (int i = 0; i < frames * f->mels; i++) top = fmax(top, y[i] = log10(fmax(y[i], 1e-10)));
    for (int i = 0; i < frames * f->mels; i++) y[i] = (fmax(y[i], top - 8) + 4) / 4;
}

/* ASTFeatureExtractor; y [f->frames, mels]. */
static void ast(const feature_extractor *f, const float *samples, size_t count, double *y)
{
    double frame[400], last, mean;
    for (int t = 0; t < f->frames; t++, y += f->mels) {
        const float *x = samples + t * f->hop;
        bool whole = t * f->hop + f->window <= (int)count;
        if (whole) {
            mean = 0;
            for (int i = 0; i < f->window; i++) mean += (double)x[i] / f->window;
            last = (double)x[0] - mean;
            for (int i = 0; i < f->window; i++) {
                frame[i] = (double)x[i] - mean - 0.97 * last;
                last = (double)x[i] - mean;
            }
            filtered(f, frame, y);
        }
        for (int m = 0; m < f->mels; m++)
            y[m] = ((whole ? log(fmax(y[m], 1.1920928955078125e-07)) : 0) - (double)f->mean) /
                   (2 * (double)f->std);
    }
}

static void check_near(const float *got, const double *expected, int n, size_t count)
{
    for (int i = 0; i < n; i++)
        if (!(fabs((double)got[i] - expected[i]) < 1e-6))
            fail_msg("%zu samples: value %d is %g, expected %g", count, i, (double)got[i],
                     expected[i]);
}

/* ---- tests ---- */

static void test_whole_chunk(void **state)
{
    (void)state;
    const feature_extractor f = small_whisper;
    float samples[200];
    double expected[13 * 8];
    fill(samples, COUNT(samples));
    for (size_t count = 0; count <= COUNT(samples); count++) {
        float *y = run(&f, samples, count, f.frames);
        whisper(&f, samples, count, f.frames * f.hop, expected);
        check_near(y, expected, f.frames * f.mels, count);
        free(y);
    }
}

/* A short sound has the frames it begins; zeros follow, so they are those of a longer sound that
 * ends with zeros. So has a long one. */
static void test_short_and_long(void **state)
{
    (void)state;
    const feature_extractor f = small_whisper;
    float samples[300];
    double expected[40 * 8];
    fill(samples, COUNT(samples));
    for (size_t count = 1; count <= COUNT(samples); count++) {
        int frames = feature_extractor_frames(&f, count);
        assert_int_equal(frames, (int)ceil((double)count / f.hop));
        if (frames == f.frames) continue;
        float *y = run(&f, samples, count, frames);
        /* The reference with two frames of zeros more: what they hold is less than any other. */
        whisper(&f, samples, count, (frames + 2) * f.hop, expected);
        check_near(y, expected, frames * f.mels, count);
        free(y);
    }
}

static void test_ast(void **state)
{
    (void)state;
    const feature_extractor f = small_ast();
    assert_int_equal(f.window, 100);
    assert_int_equal(f.hop, 40);
    assert_int_equal(f.n, 128);
    float samples[600];
    double expected[9 * 10];
    fill(samples, COUNT(samples));
    for (size_t count = 0; count <= COUNT(samples); count += 7) {
        assert_int_equal(feature_extractor_frames(&f, count), 9);
        float *y = run(&f, samples, count, f.frames);
        ast(&f, samples, count, expected);
        check_near(y, expected, f.frames * f.mels, count);
        free(y);
    }
}

static void test_silence(void **state)
{
    (void)state;
    static const float zeros[500];
    const feature_extractor f = small_whisper;
    for (size_t count = 0; count <= COUNT(zeros); count += 100) {
        float *y = run(&f, zeros, count, f.frames);
        for (int i = 0; i < f.frames * f.mels; i++) assert_true(y[i] == -1.5f);
        free(y);
    }
}

/* Without libm and in a fixed order of operations. */
static void test_same_bits(void **state)
{
    (void)state;
    static float samples[20000];
    fill(samples, COUNT(samples));
    feature_extractor f = parsed("{\"feature_extractor_type\": \"WhisperFeatureExtractor\"}");
    float *y = run(&f, samples, COUNT(samples), 125);
    uint32_t sum = crc32_update(0, y, 125 * 80 * sizeof *y);
    free(y);
    if (sum != 0x72f5902a) fail_msg("the spectrogram has the checksum %08x", sum);
}

static void test_settings(void **state)
{
    (void)state;
    feature_extractor f = parsed("{\"feature_extractor_type\": \"WhisperFeatureExtractor\","
                                 "\"mel_filters\": [[1]], \"feature_size\": null}");
    assert_int_equal(f.rate, 16000);
    assert_int_equal(f.mels, 80);
    assert_int_equal(f.window, 400);
    assert_int_equal(f.hop, 160);
    assert_int_equal(f.frames, 3000);
    f = parsed("{\"feature_extractor_type\": \"ASTFeatureExtractor\", \"do_normalize\": false}");
    assert_int_equal(f.mels, 128);
    assert_int_equal(f.n, 512);
    assert_int_equal(f.frames, 1024);
    assert_true(f.mean == 0 && f.std == 0.5f);
}

static void test_bad_settings(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } cases[] = {
        { "{}", "'(none)'" },
        { "{\"feature_extractor_type\": \"EncodecFeatureExtractor\"}",
          "'EncodecFeatureExtractor'" },
        { "{\"feature_extractor_type\": \"WhisperFeatureExtractor\", \"n_fft\": 398}", "398" },
        { "{\"feature_extractor_type\": \"WhisperFeatureExtractor\", \"n_fft\": 375}", "375" },
        { "{\"feature_extractor_type\": \"WhisperFeatureExtractor\", \"n_fft\": 1e9}", "1e+09" },
        { "{\"feature_extractor_type\": \"WhisperFeatureExtractor\", \"hop_length\": 0}",
          "hop_length" },
        { "{\"feature_extractor_type\": \"WhisperFeatureExtractor\", \"feature_size\": \"a\"}",
          "feature_size" },
        { "{\"feature_extractor_type\": \"WhisperFeatureExtractor\", \"chunk_length\": 0.5}",
          "chunk_length" },
        { "{\"feature_extractor_type\": \"WhisperFeatureExtractor\", \"sampling_rate\": 44}",
          "sampling_rate" },
        { "{\"feature_extractor_type\": \"ASTFeatureExtractor\", \"std\": 0}", "std" },
        { "{\"feature_extractor_type\": \"ASTFeatureExtractor\", \"max_length\": 0}",
          "max_length" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        feature_extractor f;
        error err = { 0 };
        cJSON *json = cJSON_Parse(cases[i].text);
        assert_non_null(json);
        if (feature_extractor_parse(&f, json, &err) || !strstr(err.text, cases[i].words))
            fail_msg("%s: %s", cases[i].text, err.text);
        cJSON_Delete(json);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_chunk),  cmocka_unit_test(test_short_and_long),
        cmocka_unit_test(test_ast),          cmocka_unit_test(test_silence),
        cmocka_unit_test(test_same_bits),    cmocka_unit_test(test_settings),
        cmocka_unit_test(test_bad_settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
