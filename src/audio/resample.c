#include "audio/resample.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/elementary.h"

#define CROSSINGS 50   /* of zero by the sinc, on each side */
#define CUTOFF    0.95 /* of half the lower rate: in the middle of the transition */
#define BETA      7.86 /* of the window: 80 dB */
#define PHASES    700  /* a crossing, at most: enough for 11,025 Hz to be met exactly */

/* Output o stands at position x = o * in / out of the input, between samples: its whole part says
 * which samples it is made of, its fraction, as one of `phases`, which row of factors. Where there
 * would be too many rows it lies between two of them. */
typedef struct {
    int in, out; /* the rates, divided by what divides both */
    int taps;    /* samples that an output is made of, half of them up to x */
    int phases;
    float *factors; /* [phases + 1, taps] */
} filter;

/* The modified Bessel function of order 0, as a series. */
static double bessel(double x)
{
    double sum = 1, term = 1;
    for (int k = 1; term > sum * 1e-12; k++) sum += term *= x * x / (4.0 * k * k);
    return sum;
}

/* Kaiser's window times the sinc, at x crossings. */
static double windowed_sinc(double x)
{
    double inside = 1 - x * x / (CROSSINGS * CROSSINGS);
    if (inside <= 0) return 0;
    double window = bessel(BETA * sqrt(inside)), whole = floor(x + 0.5), rest = PI * (x - whole);
    if (x == 0) return window;
    double sinus = sine(rest);
    return window * ((int)whole % 2 ? -sinus : sinus) / (PI * x);
}

/* Rows have the sum 1, so that silence and what does not change stay as they are. False without
 * memory. */
static bool filter_new(filter *f, int in, int out)
{
    int a = in, b = out;
    while (b) {
        int rest = a % b;
        a = b;
        b = rest;
    }
    in /= a;
    out /= a;
    const double crossings = CUTOFF * (out < in ? (double)out / in : 1); /* a sample */
    const int half = (int)ceil(CROSSINGS / crossings);
    const int phases = (int)ceil(PHASES * crossings);
    *f = (filter){ in, out, 2 * half, phases < out ? phases : out, NULL };
    const size_t taps = (size_t)f->taps;
    double *row = malloc(taps * sizeof *row);
    f->factors = malloc((size_t)(f->phases + 1) * taps * sizeof *f->factors);
    for (int p = 0; row && f->factors && p <= f->phases; p++) {
        double sum = 0;
        for (int i = 0; i < f->taps; i++)
            sum += row[i] = windowed_sinc((i - (half - 1) - (double)p / f->phases) * crossings);
        for (int i = 0; i < f->taps; i++)
            f->factors[(size_t)p * taps + (size_t)i] = (float)(row[i] / sum);
    }
    bool ok = row && f->factors;
    free(row);
    return ok;
}

typedef float lanes __attribute__((vector_size(16), aligned(4)));

/* In four interleaved lanes, as the kernels' sums. */
static float dot(const float *a, const float *b, int n)
{
    lanes sum = { 0 }, rest = { 0 };
    int i = 0;
    for (; i + 4 <= n; i += 4) sum += *(const lanes *)(a + i) * *(const lanes *)(b + i);
    for (; i < n; i++) rest[i % 4] = a[i] * b[i];
    sum += rest;
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

/* The sum of row p over the samples around the one at `at`; there is silence before the first and
 * behind the last. */
static float output(const filter *f, const sound *from, int64_t at, int p)
{
    const int64_t first = at - f->taps / 2 + 1, count = (int64_t)from->count;
    const int begin = first < 0 ? (int)-first : 0,
              end = first + f->taps > count ? (int)(count - first) : f->taps;
    if (begin >= end) return 0;
    return dot(from->samples + first + begin, f->factors + (size_t)p * (size_t)f->taps + begin,
               end - begin);
}

bool resample(const sound *from, int rate, sound *out, error *err)
{
    const uint64_t twice = 2 * (uint64_t)from->count * (uint64_t)rate;
    uint64_t count = (twice + (uint64_t)from->rate) / (2 * (uint64_t)from->rate);
    if (count == 0) count = 1;
    if (count > SOUND_MAX_SAMPLES) count = (uint64_t)SOUND_MAX_SAMPLES + 1;
    if (!sound_new((size_t)count, rate, out, err)) return false;
    if (rate == from->rate) {
        memcpy(out->samples, from->samples, from->count * sizeof *from->samples);
        return true;
    }
    filter f;
    if (!filter_new(&f, from->rate, rate)) {
        free(f.factors);
        sound_free(out);
        return fail_memory(err, "not enough memory to resample a sound to %d Hz", rate);
    }
    for (uint64_t o = 0; o < count; o++) {
        const uint64_t x = o * (uint64_t)f.in;
        /* NOLINTNEXTLINE(clang-analyzer-core.DivideZero): a rate over its divisor */
        const int64_t at = (int64_t)(x / (uint64_t)f.out);
        const uint64_t phase = x % (uint64_t)f.out * (uint64_t)f.phases;
        const int p = (int)(phase / (uint64_t)f.out);
        const float between = (float)(phase % (uint64_t)f.out) / (float)f.out;
        float y = output(&f, from, at, p);
        if (between > 0) y += between * (output(&f, from, at, p + 1) - y);
        out->samples[o] = y;
    }
    free(f.factors);
    return true;
}
