#include "image/resize.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "core/elementary.h"

enum { FRACTION = 22 }; /* bits of a coefficient: 32 - 8 of the sample - 2 for sums beyond 1 */

static double bilinear(double x)
{
    x = fabs(x);
    return x < 1 ? 1 - x : 0;
}

static double bicubic(double x)
{
    const double a = -0.5;
    x = fabs(x);
    if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
    if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
    return 0;
}

static double sinc(double x)
{
    if (x == 0) return 1;
    x *= PI;
    return sine(x) / x;
}

static double lanczos(double x) { return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0; }

static const struct {
    double (*weight)(double x);
    double support; /* the weight is 0 beyond */
} filters[] = {
    [RESIZE_LANCZOS] = { lanczos, 3 },
    [RESIZE_BILINEAR] = { bilinear, 1 },
    [RESIZE_BICUBIC] = { bicubic, 2 },
};

/* What the pixels of one axis are made of: pixel o is the sum over t < count[o] of
 * factor[o * stride + t] * (input pixel first[o] + t). */
typedef struct {
    int size, stride;
    int *first, *count; /* [size] */
    int32_t *factor;    /* [size, stride], FRACTION bits */
} taps;

static void taps_free(taps *t)
{
    free(t->first);
    free(t->count);
    free(t->factor);
}

/* The factors of one output pixel: `weights` normalised to sum 1, then to FRACTION bits, halves
 * away from 0. */
static void to_fixed(const double *weights, int count, double sum, int32_t *factors)
{
    for (int t = 0; t < count; t++) {
        /* NOLINTNEXTLINE(clang-analyzer-core.*): of a picture without columns nothing is resized */
        double w = sum != 0 ? weights[t] / sum : weights[t];
        factors[t] = (int32_t)(w * (1 << FRACTION) + (w < 0 ? -0.5 : 0.5));
    }
}

/* The taps of output pixels offset .. offset + size - 1 when `in` pixels become `out`. The order of
 * the operations on doubles is PIL's: it decides the last bit of a factor. False without memory. */
static bool taps_new(taps *t, int in, int out, int offset, int size, resize_filter filter)
{
    double scale = (double)in / out, widening = scale < 1 ? 1 : scale;
    double support = filters[filter].support * widening, narrowing = 1 / widening;
    int stride = (int)ceil(support) * 2 + 1;
    *t = (taps){
        .size = size,
        .stride = stride,
        .first = malloc((size_t)size * sizeof(int)),
        .count = malloc((size_t)size * sizeof(int)),
        .factor = malloc((size_t)size * (size_t)stride * sizeof(int32_t)),
    };
    double *weights = malloc((size_t)stride * sizeof(double));
    bool got = t->first && t->count && t->factor && weights;
    for (int o = 0; got && o < size; o++) {
        double centre = (offset + o + 0.5) * scale, sum = 0;
        int first = (int)(centre - support + 0.5), end = (int)(centre + support + 0.5);
        if (first < 0) first = 0;
        if (end > in) end = in;
        for (int i = first; i < end; i++)
            sum += weights[i - first] = filters[filter].weight((i - centre + 0.5) * narrowing);
        t->first[o] = first;
        t->count[o] = end - first;
        to_fixed(weights, end - first, sum, t->factor + (size_t)o * (size_t)stride);
    }
    free(weights);
    return got;
}

static uint8_t to_byte(int32_t sum)
{
    int value = sum >> FRACTION;
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

/* from: a row of pixels  ->  to: [t->size, 3] */
static void resize_row(const uint8_t *from, const taps *t, uint8_t *to)
{
    for (int o = 0; o < t->size; o++, to += 3) {
        const uint8_t *p = from + (size_t)t->first[o] * 3;
        const int32_t *factor = t->factor + (size_t)o * (size_t)t->stride;
        int32_t r = 1 << (FRACTION - 1), g = r, b = r;
        for (int i = 0; i < t->count[o]; i++, p += 3) {
            r += p[0] * factor[i];
            g += p[1] * factor[i];
            b += p[2] * factor[i];
        }
        to[0] = to_byte(r), to[1] = to_byte(g), to[2] = to_byte(b);
    }
}

/* from: rows of `stride` bytes  ->  to: [t->size, bytes], out of the `bytes` from `from` on in each
 * row. sums: [bytes], scratch. */
static void resize_columns(const uint8_t *from, size_t stride, const taps *t, size_t bytes,
                           int32_t *sums, uint8_t *to)
{
    for (int o = 0; o < t->size; o++, to += bytes) {
        const int32_t *factor = t->factor + (size_t)o * (size_t)t->stride;
        for (size_t i = 0; i < bytes; i++) sums[i] = 1 << (FRACTION - 1);
        for (int k = 0; k < t->count[o]; k++) {
            const uint8_t *row = from + (size_t)(t->first[o] + k) * stride;
            for (size_t i = 0; i < bytes; i++) sums[i] += row[i] * factor[k];
        }
        for (size_t i = 0; i < bytes; i++) to[i] = to_byte(sums[i]);
    }
}

/* Where the rows that the vertical pass reads begin and end. */
static image_part rows_needed(const taps *vertical)
{
    int last = vertical->size - 1;
    int end = vertical->first[last] + vertical->count[last];
    return (image_part){ .y = vertical->first[0], .height = end - vertical->first[0] };
}

/* With no change of height the factors are 0 and 1, and the vertical pass copies the rows. */
bool image_resize(const image *from, int width, int height, resize_filter filter, image_part part,
                  image *out, error *err)
{
    assert(from->width > 0 && from->height > 0 && part.width > 0 && part.height > 0);
    assert(part.x >= 0 && part.x <= width - part.width);
    assert(part.y >= 0 && part.y <= height - part.height);
    const size_t in_stride = (size_t)from->width * 3, out_stride = (size_t)part.width * 3;
    const uint8_t *rows =
        from->rgb + (size_t)part.x * 3; /* for the vertical pass, as long as ... */
    size_t rows_stride = in_stride;     /* ... the width stays as it is */
    image narrow = { 0 };
    int32_t *sums = malloc(out_stride * sizeof *sums);
    taps across, down = { 0 };
    *out = (image){ 0 };
    bool ok = taps_new(&across, from->width, width, part.x, part.width, filter);
    ok = taps_new(&down, from->height, height, part.y, part.height, filter) && ok && sums;
    if (!ok)
        fail_memory(err, "not enough memory to resize a picture to %d x %d pixels", width, height);

    if (ok && width != from->width) {
        image_part need = rows_needed(&down);
        ok = image_new(part.width, need.height, &narrow, err);
        for (int y = 0; ok && y < need.height; y++)
            resize_row(from->rgb + (size_t)(need.y + y) * in_stride, &across,
                       narrow.rgb + (size_t)y * out_stride);
        for (int y = 0; y < down.size; y++) down.first[y] -= need.y;
        rows = narrow.rgb;
        rows_stride = out_stride;
    }
    if (ok && (ok = image_new(part.width, part.height, out, err)))
        resize_columns(rows, rows_stride, &down, out_stride, sums, out->rgb);
    image_free(&narrow);
    taps_free(&across);
    taps_free(&down);
    free(sums);
    return ok;
}
