#include "nn/interpolate.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { MOST_TAPS = 4 };

/* The grid lines that an output is made of. */
typedef struct {
    int count, at[MOST_TAPS];
    float weight[MOST_TAPS];
} taps;

/* Those of output `i` of `to`, on an axis of `from` lines. */
typedef taps taps_rule(int i, int from, int to);

/* Keys' cubic convolution (IEEE ASSP 29, 1981) with a = -0.75. */
static float cubic(float x)
{
    const float a = -0.75f;
    x = fabsf(x);
    if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
    if (x < 2) return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
    return 0;
}

static taps bicubic_taps(int i, int from, int to)
{
    float source = ((float)i + 0.5f) * (float)from / (float)to - 0.5f, base = floorf(source);
    taps t = { .count = 4 };
    for (int k = 0; k < t.count; k++) {
        int line = (int)base - 1 + k;
        t.at[k] = line < 0 ? 0 : line >= from ? from - 1 : line;
        t.weight[k] = cubic(source - base + 1 - (float)k);
    }
    return t;
}

static taps bilinear_taps(int i, int from, int to)
{
    float source = to > 1 ? (float)i * ((float)(from - 1) / (float)(to - 1)) : 0;
    int line = (int)source;
    float part = source - (float)line;
    return (taps){ 2, { line, line + 1 < from ? line + 1 : line }, { 1 - part, part } };
}

static void resize(taps_rule *rule, tensor from, int rows, int cols, tensor to, int to_rows,
                   int to_cols)
{
    assert(from.rows == rows * cols && to.rows == to_rows * to_cols && from.cols == to.cols);
    for (int y = 0; y < to_rows; y++) {
        taps ty = rule(y, rows, to_rows);
        for (int x = 0; x < to_cols; x++) {
            taps tx = rule(x, cols, to_cols);
            float *out = tensor_row(to, y * to_cols + x);
            memset(out, 0, (size_t)to.cols * sizeof *out);
            for (int j = 0; j < ty.count; j++)
                for (int k = 0; k < tx.count; k++) {
                    const float *in = tensor_row(from, ty.at[j] * cols + tx.at[k]);
                    float weight = ty.weight[j] * tx.weight[k];
                    for (int i = 0; i < to.cols; i++) out[i] += weight * in[i];
                }
        }
    }
}

void interpolate_bicubic(tensor from, int rows, int cols, tensor to, int to_rows, int to_cols)
{
    resize(bicubic_taps, from, rows, cols, to, to_rows, to_cols);
}

void interpolate_bilinear(tensor from, int rows, int cols, tensor to, int to_rows, int to_cols)
{
    resize(bilinear_taps, from, rows, cols, to, to_rows, to_cols);
}
