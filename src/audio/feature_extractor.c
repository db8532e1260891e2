#include "audio/feature_extractor.h"

#include <assert.h>
#include <float.h>
#include <string.h>

#include "audio/fft.h"
#include "core/elementary.h"
#include "format/json.h"

enum {
    FRAMES = 2 * FFT_LANES, /* at a time: a transform of complex numbers does two of real ones */
    MAX_MELS = 512,
    MAX_SIZE = 4096, /* of a transform */
    MAX_OVERLAP = 8, /* frames that look at the same sample: Whisper's are 3 */
};

static bool parse_whisper(feature_extractor *f, const cJSON *json, error *err)
{
    int seconds;
    if (!json_int(json, "feature_size", 80, 1, MAX_MELS, &f->mels, err) ||
        !json_int(json, "n_fft", 400, 4, MAX_SIZE, &f->n, err) ||
        !json_int(json, "hop_length", 160, 1, MAX_SIZE, &f->hop, err) ||
        !json_int(json, "chunk_length", 30, 1, 120, &seconds, err))
        return false;
    if (f->n % 2 || !fft_possible(f->n))
        return fail(err, "config: \"n_fft\" is %d, expected an even product of 2, 3 and 5", f->n);
    f->window = f->n;
    f->frames = seconds * f->rate / f->hop;
    if (f->hop < f->n / MAX_OVERLAP)
        return fail(err, "config: \"hop_length\" %d is less than 1/%d of \"n_fft\" %d", f->hop,
                    MAX_OVERLAP, f->n);
    return f->frames > 0 || fail(err, "config: \"hop_length\" %d is more than a chunk", f->hop);
}

static bool parse_ast(feature_extractor *f, const cJSON *json, error *err)
{
    double mean, std;
    if (!json_int(json, "num_mel_bins", 128, 1, MAX_MELS, &f->mels, err) ||
        !json_int(json, "max_length", 1024, 1, 1 << 16, &f->frames, err) ||
        !json_number(json, "mean", -4.2677393, -1e4, 1e4, &mean, err) ||
        !json_number(json, "std", 4.5689974, 1e-4, 1e4, &std, err))
        return false;
    bool normalize = json_bool(json, "do_normalize", true);
    f->mean = normalize ? (float)mean : 0;
    f->std = normalize ? (float)std : 0.5f;
    f->window = f->rate / 40;
    f->hop = f->rate / 100;
    for (f->n = 2; f->n < f->window;) f->n *= 2;
    return true;
}

bool feature_extractor_parse(feature_extractor *f, const cJSON *json, error *err)
{
    *f = (feature_extractor){ 0 };
    const char *name = json_text(json, "feature_extractor_type", "(none)");
    bool whisper = strcmp(name, "WhisperFeatureExtractor") == 0;
    if (!whisper && strcmp(name, "ASTFeatureExtractor") != 0)
        return fail(err, "feature extractor '%.60s' is not supported", name);
    f->scale = whisper ? MEL_SLANEY : MEL_KALDI;
    return json_int(json, "sampling_rate", 16000, 4000, 96000, &f->rate, err) &&
           (whisper ? parse_whisper : parse_ast)(f, json, err);
}

int feature_extractor_frames(const feature_extractor *f, size_t count)
{
    if (f->scale == MEL_KALDI) return f->frames;
    return (int)((count + (size_t)f->hop - 1) / (size_t)f->hop);
}

/* What the frames of a sound are computed with. */
typedef struct {
    const feature_extractor *f;
    const float *samples;
    int64_t count, end; /* samples, and where the sound is mirrored */
    int before;         /* samples that frame t looks at before t * hop */
    fft fft;
    mel_bank bank;
    double *window, *frame; /* [f->window] */
    fft_complex *x, *y;     /* [f->n]: FRAMES frames, the first FFT_LANES of them as real parts */
    fft_complex *sums;      /* [f->mels + 2]: filter i's at i + 1 */
} analysis;

static analysis analysis_new(const feature_extractor *f, arena *tmp)
{
    size_t n = (size_t)f->n, window = (size_t)f->window, sums = (size_t)f->mels + 2;
    analysis a = {
        .f = f,
        .before = f->scale == MEL_KALDI ? 0 : f->window / 2,
        .fft = fft_new(f->n, tmp),
        .window = arena_take(tmp, window, sizeof(double)),
        .frame = arena_take(tmp, window, sizeof(double)),
        .x = arena_take(tmp, n, sizeof(fft_complex)),
        .y = arena_take(tmp, n, sizeof(fft_complex)),
        .sums = arena_take(tmp, sums, sizeof(fft_complex)),
        .bank = mel_bank_new(f->scale, f->mels, f->n, f->rate, tmp),
    };
    int period = f->scale == MEL_KALDI ? f->window - 1 : f->window;
    for (int i = 0; i < f->window; i++)
        a.window[i] = 0.5 - 0.5 * sine(2 * PI * i / period + PI / 2);
    memset(a.x, 0, n * sizeof *a.x);
    return a;
}

uint64_t feature_extractor_scratch(const feature_extractor *f)
{
    uint64_t n = (uint64_t)f->n, window = (uint64_t)f->window, sums = (uint64_t)f->mels + 2;
    return fft_cost(f->n) + 2 * arena_cost(window, sizeof(double)) +
           2 * arena_cost(n, sizeof(fft_complex)) + arena_cost(sums, sizeof(fft_complex)) +
           mel_bank_cost(f->mels, f->n);
}

static double sample_at(const analysis *a, int64_t i)
{
    if (i < 0) i = -i;
    if (i >= a->end) i = 2 * (a->end - 1) - i;
    return i >= 0 && i < a->count ? (double)a->samples[i] : 0;
}

/* Kaldi's: the mean is taken away, then what the sample before foretells. */
static void emphasize(double *frame, int size)
{
    double mean = 0;
    for (int i = 0; i < size; i++) mean += frame[i];
    mean /= size;
    for (int i = 0; i < size; i++) frame[i] -= mean;
    for (int i = size; i-- > 0;) frame[i] -= 0.97 * frame[i ? i - 1 : 0];
}

/* The place of frame j of those computed at a time. */
static double *lane_of(fft_complex *value, int j)
{
    return (double *)(j < FFT_LANES ? &value->re : &value->im) + j % FFT_LANES;
}

/* Frame t becomes column j of x. */
static void load_frame(const analysis *a, int t, int j)
{
    const feature_extractor *f = a->f;
    int64_t first = (int64_t)t * f->hop - a->before;
    for (int i = 0; i < f->window; i++) a->frame[i] = sample_at(a, first + i);
    if (f->scale == MEL_KALDI) emphasize(a->frame, f->window);
    for (int i = 0; i < f->window; i++) *lane_of(&a->x[i], j) = a->frame[i] * a->window[i];
}

/* sums = 4 times what the filters make of the power |y[k]|^2 of each frequency: with z = y[k], w =
 * y[n - k], the spectrum of the real parts of x is (z + conj w) / 2, that of the others (z - conj
 * w) / 2i. */
static void sum_power(const analysis *a)
{
    const int n = a->f->n;
    memset(a->sums, 0, (size_t)(a->f->mels + 2) * sizeof *a->sums);
    for (int k = 0; k < a->bank.bins; k++) {
        const mel_bin *bin = &a->bank.all[k];
        fft_complex z = a->y[k], w = a->y[k ? n - k : 0], *sum = a->sums + bin->place;
        fft_lanes re = (z.re + w.re) * (z.re + w.re) + (z.im - w.im) * (z.im - w.im),
                  im = (z.im + w.im) * (z.im + w.im) + (z.re - w.re) * (z.re - w.re);
        sum[0].re += re * bin->falling;
        sum[0].im += im * bin->falling;
        sum[1].re += re * bin->rising;
        sum[1].im += im * bin->rising;
    }
}

static float logarithm_of(mel_scale scale, double power)
{
    double least = scale == MEL_KALDI ? FLT_EPSILON : 1e-10,
           base = scale == MEL_KALDI ? 1 : 2.302585092994046;
    return (float)(logarithm(power > least ? power : least) / base);
}

/* Frames in which there is something to hear: Kaldi's are whole ones, Whisper's begin before the
 * end. */
static int frames_heard(const analysis *a, int most)
{
    const feature_extractor *f = a->f;
    int64_t room = f->scale == MEL_KALDI ? a->count - f->window + 1 : a->count + a->before,
            frames = room > 0 ? (room + f->hop - 1) / f->hop : 0;
    return frames < most ? (int)frames : most;
}

/* The logarithms of the first `count` frames of y. */
static void run_frames(const analysis *a, int count, tensor y)
{
    for (int t = 0; t < count; t += FRAMES) {
        for (int j = 0; j < FRAMES; j++) load_frame(a, t + j, j);
        fft_run(&a->fft, a->x, a->y);
        sum_power(a);
        for (int j = 0; j < FRAMES && t + j < count; j++)
            for (int m = 0; m < y.cols; m++)
                tensor_row(y, t + j)[m] =
                    logarithm_of(a->f->scale, *lane_of(&a->sums[m + 1], j) / 4);
    }
}

void feature_extractor_run(const feature_extractor *f, const float *samples, size_t count, tensor y,
                           arena tmp)
{
    assert(y.cols == f->mels);
    const bool kaldi = f->scale == MEL_KALDI;
    analysis a = analysis_new(f, &tmp);
    a.samples = samples;
    a.count = (int64_t)count;
    a.end = y.rows == f->frames && !kaldi ? (int64_t)y.rows * f->hop : INT64_MAX / 2;
    const int heard = frames_heard(&a, y.rows);
    run_frames(&a, heard, y);

    const size_t silent = (size_t)heard * (size_t)y.cols, n = (size_t)y.rows * (size_t)y.cols;
    float least = kaldi ? 0 : logarithm_of(f->scale, 0);
    for (size_t i = silent; i < n; i++) y.data[i] = least;
    if (kaldi) {
        for (size_t i = 0; i < n; i++) y.data[i] = (y.data[i] - f->mean) / (2 * f->std);
        return;
    }
    for (size_t i = 0; i < n; i++)
        if (y.data[i] - 8 > least) least = y.data[i] - 8;
    for (size_t i = 0; i < n; i++) y.data[i] = ((y.data[i] > least ? y.data[i] : least) + 4) / 4;
}
