/* Known tones from rate to rate: kept with their height and place, or gone if the new rate has no
 * room for them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "audio/resample.h"
#include "core/crc32.h"

#include "testing.h"

static sound tone(double hz, int rate, size_t count)
{
    sound s;
    error err;
    assert_true(sound_new(count, rate, &s, &err));
    for (size_t i = 0; i < count; i++)
        s.samples[i] = (float)(0.5 * sin(2 * 3.14159265358979 * hz * (double)i / rate + 0.3));
    return s;
}

/* The largest difference from `height` times the tone, of samples that are `edge` seconds from
 * begin and end. */
static double difference(const sound *s, double hz, double height, double edge)
{
    sound expected = tone(hz, s->rate, s->count);
    double worst = 0;
    const size_t skip = (size_t)(edge * s->rate);
    for (size_t i = skip; i + skip < s->count; i++)
        worst = fmax(worst, fabs((double)s->samples[i] - height * (double)expected.samples[i]));
    sound_free(&expected);
    return worst;
}

static sound resampled(const sound *from, int rate)
{
    sound to;
    error err;
    if (!resample(from, rate, &to, &err)) fail_msg("%s", err.text);
    assert_int_equal(to.rate, rate);
    double length = floor((double)from->count * rate / from->rate + 0.5);
    assert_int_equal(to.count, length < 1 ? 1 : length);
    return to;
}

static const int rates[][2] = {
    { 48000, 16000 }, { 44100, 16000 }, { 22050, 16000 }, { 11025, 16000 },
    { 8000, 16000 },  { 44101, 16000 }, { 15999, 16000 }, { 96000, 16000 },
    { 1000, 16000 },  { 16000, 44100 }, { 16000, 8000 },  { 767999, 16000 },
};

static int lower(const int pair[2]) { return pair[0] < pair[1] ? pair[0] : pair[1]; }

static void test_tones_are_kept(void **state)
{
    (void)state;
    static const double parts[] = { 0.001, 0.1, 0.5, 0.8, 0.9 }; /* of half the lower rate */
    for (size_t i = 0; i < COUNT(rates); i++)
        for (size_t p = 0; p < COUNT(parts); p++) {
            double hz = parts[p] * lower(rates[i]) / 2;
            sound from = tone(hz, rates[i][0], (size_t)rates[i][0] / 4);
            sound to = resampled(&from, rates[i][1]);
            double worst = difference(&to, hz, 1, 50.0 / lower(rates[i]));
            if (worst > 0.5e-3)
                fail_msg("%d to %d Hz: a tone of %g Hz is off by %g", rates[i][0], rates[i][1], hz,
                         worst);
            sound_free(&from);
            sound_free(&to);
        }
}

/* What the lower rate has no room for would come back as another tone. */
static void test_aliases(void **state)
{
    (void)state;
    static const double parts[] = { 1.001, 1.02, 1.1, 1.5, 1.99, 2, 2.7 };
    for (size_t i = 0; i < COUNT(rates); i++)
        for (size_t p = 0; p < COUNT(parts); p++) {
            double hz = parts[p] * lower(rates[i]) / 2;
            if (hz > 0.49 * rates[i][0]) continue;
            sound from = tone(hz, rates[i][0], (size_t)rates[i][0] / 4);
            sound to = resampled(&from, rates[i][1]);
            double worst = difference(&to, hz, 0, 60.0 / lower(rates[i]));
            if (worst > 0.5 * 3.2e-4) /* -70 dB */
                fail_msg("%d to %d Hz: of a tone of %g Hz is left %g", rates[i][0], rates[i][1], hz,
                         worst);
            sound_free(&from);
            sound_free(&to);
        }
}

/* A pulse stays where it is, and the answer to it is the same on both sides. */
static void test_no_delay(void **state)
{
    (void)state;
    sound from = tone(0, 48000, 4800);
    memset(from.samples, 0, 4800 * sizeof *from.samples);
    from.samples[2400] = 1;
    sound to = resampled(&from, 16000);
    for (int i = 1; i < 100; i++) {
        assert_true(fabsf(to.samples[800 + i]) < to.samples[800]);
        assert_true(fabsf(to.samples[800 + i] - to.samples[800 - i]) < 1e-7f);
    }
    sound_free(&from);
    sound_free(&to);
}

static void test_what_is_constant_stays(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rates); i++) {
        sound from = tone(0, rates[i][0], (size_t)rates[i][0] / 4);
        sound to = resampled(&from, rates[i][1]);
        assert_true(difference(&to, 0, 1, 60.0 / lower(rates[i])) < 2e-6);
        sound_free(&from);
        sound_free(&to);
    }
}

static void test_same_rate_is_a_copy(void **state)
{
    (void)state;
    sound from = tone(7000, 16000, 1001), to = resampled(&from, 16000);
    assert_memory_equal(from.samples, to.samples, 1001 * sizeof *from.samples);
    sound_free(&from);
    sound_free(&to);
}

static void test_short_and_long(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rates); i++)
        for (size_t count = 1; count < 10; count++) {
            sound from = tone(100, rates[i][0], count), to = resampled(&from, rates[i][1]);
            for (size_t k = 0; k < to.count; k++) assert_true(fabsf(to.samples[k]) < 1);
            sound_free(&from);
            sound_free(&to);
        }
    sound from = { .samples = (float[1]){ 0 }, .count = 40000000, .rate = 48000 }, to;
    error err = { 0 };
    assert_false(resample(&from, 768000, &to, &err));
    assert_non_null(strstr(err.text, "134217729 samples"));
    assert_null(to.samples);
}

/* Without libm and in a fixed order of operations. */
static void test_same_bits(void **state)
{
    (void)state;
    static const struct {
        int rate;
        uint32_t sum;
    } cases[] = { { 44100, 0x749de4fc }, { 44101, 0x67a218dd }, { 8000, 0xc2d51c1c } };
    for (size_t i = 0; i < COUNT(cases); i++) {
        sound from = tone(0, cases[i].rate, 3001);
        uint32_t seed = 1;
        for (size_t k = 0; k < from.count; k++) {
            seed = seed * 1664525u + 1013904223u;
            from.samples[k] = (float)(int32_t)seed / 4e9f;
        }
        sound to = resampled(&from, 16000);
        uint32_t sum = crc32_update(0, to.samples, to.count * sizeof *to.samples);
        if (sum != cases[i].sum) fail_msg("%d Hz: the checksum is %08x", cases[i].rate, sum);
        sound_free(&from);
        sound_free(&to);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tones_are_kept),
        cmocka_unit_test(test_aliases),
        cmocka_unit_test(test_no_delay),
        cmocka_unit_test(test_what_is_constant_stays),
        cmocka_unit_test(test_same_rate_is_a_copy),
        cmocka_unit_test(test_short_and_long),
        cmocka_unit_test(test_same_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
