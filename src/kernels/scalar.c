/* The definition of every kernel: plain, complete, never clever. */
#include <math.h>
#include <string.h>

#include "core/build.h"
#include "kernels/kernels.h"
#include "kernels/panel.h"
#include "kernels/polynomial.h"

static float smaller(float a, float b) { return b < a ? b : a; }
static float larger(float a, float b) { return a < b ? b : a; }

static float sum_lanes(const float lane[4]) { return (lane[0] + lane[1]) + (lane[2] + lane[3]); }

static float exp_polynomial(float x)
{
    x = smaller(larger(EXP_MIN, x), EXP_MAX); /* NaN becomes EXP_MIN */
    float rounded = x * EXP_LOG2E + ROUNDING, n = rounded - ROUNDING;
    float r = (x - n * EXP_LN2_HIGH) - n * EXP_LN2_LOW;
    float p = EXP_P0;
    p = p * r + EXP_P1;
    p = p * r + EXP_P2;
    p = p * r + EXP_P3;
    p = p * r + EXP_P4;
    p = p * r + EXP_P5;
    float y = (p * (r * r) + r) + 1.0f;
    uint32_t bits;
    memcpy(&bits, &rounded, sizeof bits);
    bits = (bits + 127) << 23;
    float power;
    memcpy(&power, &bits, sizeof power);
    return y * power;
}

/* round(2^15 2^x), at most I16_MAX. */
static int16_t exp2_i16(float x)
{
    x = larger(EXP2_MIN, x);
    float rounded = x + ROUNDING, f = x - (rounded - ROUNDING), p = EXP2_P0;
    p = p * f + EXP2_P1;
    p = p * f + EXP2_P2;
    p = p * f + EXP2_P3;
    p = p * f + EXP2_P4;
    uint32_t bits;
    memcpy(&bits, &rounded, sizeof bits);
    bits = (bits + 127 + 15) << 23;
    float power;
    memcpy(&power, &bits, sizeof power);
    int whole = (int)((p * power + ROUNDING) - ROUNDING);
    return (int16_t)(whole < I16_MAX ? whole : I16_MAX);
}

static float erf_polynomial(float x)
{
    x = smaller(larger(-ERF_MAX, x), ERF_MAX);
    float z = x * x, p = ERF_P5, q = ERF_Q5;
    p = p * z + ERF_P4;
    p = p * z + ERF_P3;
    p = p * z + ERF_P2;
    p = p * z + ERF_P1;
    p = p * z + ERF_P0;
    q = q * z + ERF_Q4;
    q = q * z + ERF_Q3;
    q = q * z + ERF_Q2;
    q = q * z + ERF_Q1;
    q = q * z + 1.0f;
    return smaller(larger(-1.0f, x * p / q), 1.0f);
}

static float sigmoid_of(float x) { return 1.0f / (1.0f + exp_polynomial(-x)); }

/* The end of every product: one output of one row. */
static void finish(const product *p, int row, int output, float value)
{
    float *y = p->y + (size_t)row * (size_t)p->y_stride + output;
    if (p->activation) p->activation(&value, 1);
    *y = p->add ? *y + value : value;
}

static float bias_of(const product *p, int output) { return p->bias ? p->bias[output] : 0.0f; }

static void matmul_f32(const float *x, int x_stride, int rows, int in, const float *w,
                       const product *p, int first, int last)
{
    for (int r = 0; r < rows; r++)
        for (int c = first * PANEL; c < last * PANEL && c < p->out; c++) {
            const float *column = w + (size_t)(c / PANEL) * PANEL * (size_t)in + c % PANEL;
            float sum = 0;
            for (int k = 0; k < in; k++)
                sum += x[(size_t)r * (size_t)x_stride + (size_t)k] * column[(size_t)k * PANEL];
            finish(p, r, c, sum + bias_of(p, c));
        }
}

static void matmul_i16(const i16_rows *x, const i16_matrix *w, const product *p, int first,
                       int last)
{
    size_t in = (size_t)x->in;
    for (int r = 0; r < x->rows; r++)
        for (int c = first * PANEL; c < last * PANEL && c < p->out; c++) {
            const int16_t *row = x->values + (size_t)r * in;
            const int16_t *panel = w->panels + (size_t)(c / PANEL) * PANEL * in;
            float total = 0;
            for (size_t begin = 0; begin < in; begin += I16_BLOCK) {
                int32_t sum = 0;
                for (size_t k = begin; k < in && k < begin + I16_BLOCK; k++)
                    sum += row[k] * panel[k / 2 * 2 * PANEL + (size_t)(c % PANEL) * 2 + k % 2];
                total += (float)sum;
            }
            finish(p, r, c, total * (x->scale[r] * w->scale[c]) + bias_of(p, c));
        }
}

static void depthwise(const float *const *taps, int pixels, int channels, const float *w,
                      const float *bias, float *y)
{
    for (int c = 0; c < channels; c++) {
        const float *column = w + (size_t)(c / PANEL) * PANEL * (size_t)pixels + c % PANEL;
        float sum = 0;
        for (int t = 0; t < pixels; t++) sum += taps[t][c] * column[t * PANEL];
        y[c] = sum + bias[c];
    }
}

static void interleave(const float *const *taps, int pixels, int channels, float *row)
{
    for (int c = 0; c < channels; c++)
        for (int t = 0; t < pixels; t++) *row++ = taps[t][c];
}

static float product_q8(const quantized_rows *x, int row, const q8_matrix *w, int c)
{
    size_t in = (size_t)x->in;
    int32_t sum = w->offset[c];
    for (size_t k = 0; k < in; k++)
        sum += x->u[(size_t)row * in + k] * w->panels[panel_place_q8((size_t)c, k, in)];
    return (float)sum * (x->scale[row] * w->scale[c]);
}

static float product_q4(const quantized_rows *x, int row, const q4_matrix *w, int c)
{
    size_t in = (size_t)x->in, panel = (size_t)(c / PANEL) * PANEL * (in / Q4_GROUP);
    const float *scale = w->scale + panel + c % PANEL;
    float total = 0;
    for (size_t group = 0; group < in; group += Q4_GROUP, scale += PANEL) {
        int32_t sum = 0;
        for (size_t k = group; k < group + Q4_GROUP; k++) {
            int pair = w->panels[panel_place_q4((size_t)c, k, in)];
            int nibble = pair >> panel_shift_q4(k) & 15;
            sum += x->q[(size_t)row * in + k] * (2 * nibble - (Q4_LEVELS - 1));
        }
        total += (float)sum * *scale;
    }
    return total * x->scale[row];
}

static void matmul_q8(const quantized_rows *x, const q8_matrix *w, const product *p, int first,
                      int last)
{
    for (int r = 0; r < x->rows; r++)
        for (int c = first * PANEL; c < last * PANEL && c < p->out; c++) {
            float value = product_q8(x, r, w, c) + bias_of(p, c);
            finish(p, r, c, r == x->finest ? value + product_q8(x, x->rows, w, c) : value);
        }
}

static void matmul_q4(const quantized_rows *x, const q4_matrix *w, const product *p, int first,
                      int last)
{
    for (int r = 0; r < x->rows; r++)
        for (int c = first * PANEL; c < last * PANEL && c < p->out; c++) {
            float value = product_q4(x, r, w, c) + bias_of(p, c);
            finish(p, r, c, r == x->finest ? value + product_q4(x, x->rows, w, c) : value);
        }
}

/* Whether in some output and four inputs of one block of a panel the weights of one sign add up to
 * more than Q8_NARROW. The four are those that meet in a lane of relaxed.c: two and two. */
static bool is_wide(const int8_t *panels, size_t panel, size_t in, size_t begin, size_t end)
{
    for (size_t j = panel * PANEL; j < (panel + 1) * PANEL; j++)
        for (size_t k = begin; k < end; k += k % 4 ? 6 : 2) {
            const size_t four[4] = { k, k + 1, k + 4, k + 5 };
            int plus = 0, less = 0;
            for (int i = 0; i < 4; i++) {
                int w = panels[panel_place_q8(j, four[i], in)];
                *(w > 0 ? &plus : &less) += w;
            }
            if (plus > Q8_NARROW || -less > Q8_NARROW) return true;
        }
    return false;
}

static void facts_q8(const int8_t *panels, int in, int first, int last, int32_t *offset,
                     uint8_t *wide)
{
    size_t inputs = (size_t)in, blocks = (size_t)q8_blocks(in);
    for (size_t panel = (size_t)first; panel < (size_t)last; panel++) {
        for (size_t j = panel * PANEL; j < (panel + 1) * PANEL; j++) {
            int32_t sum = 0;
            for (size_t k = 0; k < inputs; k++) sum += panels[panel_place_q8(j, k, inputs)];
            offset[j] = -Q8_OFFSET * sum;
        }
        for (size_t b = 0; Q8_RUN == 4 && b < blocks; b++) {
            size_t begin = b * Q8_BLOCK, end = b + 1 < blocks ? begin + Q8_BLOCK : inputs;
            wide[panel * blocks + b] = is_wide(panels, panel, inputs, begin, end);
        }
    }
}

static float quantize_row(const float *x, int n, bool positive, int8_t *q, q8_input *u,
                          int32_t *sums)
{
    const float most = positive ? Q8_MAX_POSITIVE : Q8_MAX, least = positive ? 0 : -most;
    float largest = 0;
    for (int i = 0; i < n; i++) largest = larger(largest, fabsf(x[i]));
    float inverse = largest > Q8_ZERO ? most / largest : 0;
    for (int i = 0; i < n; i++) {
        float scaled = smaller(larger(least, nearbyintf(x[i] * inverse)), most);
        q[i] = (int8_t)scaled;
    }
    memset(q + n, 0, (size_t)(q8_padded(n) - n));
    for (int i = 0; u && i < q8_padded(n); i++)
        u[i] = (q8_input)(q[i] + (positive ? 0 : Q8_OFFSET));
    for (int i = 0; sums && i < n; i++)
        sums[i / Q4_GROUP] = (i % Q4_GROUP ? sums[i / Q4_GROUP] : 0) + q[i];
    return largest / most;
}

static void layer_norm(const float *x, const float *weight, const float *bias, float eps, float *y,
                       int n)
{
    float lane[4] = { 0 };
    for (int i = 0; i < n; i++) lane[i % 4] += x[i];
    float mean = sum_lanes(lane) / (float)n;
    memset(lane, 0, sizeof lane);
    for (int i = 0; i < n; i++) lane[i % 4] += (x[i] - mean) * (x[i] - mean);
    float factor = 1.0f / sqrtf(sum_lanes(lane) / (float)n + eps);
    for (int i = 0; i < n; i++) y[i] = (x[i] - mean) * factor * weight[i] + bias[i];
}

static void softmax(float *x, int n, float scale)
{
    float largest = x[0];
    for (int i = 1; i < n; i++) largest = larger(largest, x[i]);
    float lane[4] = { 0 };
    for (int i = 0; i < n; i++) {
        x[i] = exp_polynomial((x[i] - largest) * scale);
        lane[i % 4] += x[i];
    }
    float factor = 1.0f / sum_lanes(lane);
    for (int i = 0; i < n; i++) x[i] *= factor;
}

static int32_t softmax_i16(const float *x, int n, float scale, int16_t *y)
{
    float largest = x[0];
    int32_t sum = 0;
    for (int i = 1; i < n; i++) largest = larger(largest, x[i]);
    for (int i = 0; i < n; i++) sum += y[i] = exp2_i16((x[i] - largest) * (scale * EXP_LOG2E));
    if (n % 2) y[n] = 0;
    return sum;
}

static void gelu(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) x[i] = 0.5f * x[i] * (1.0f + erf_polynomial(x[i] * SQRT_HALF));
}

static void quick_gelu(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) x[i] = x[i] * sigmoid_of(x[i] * QUICK_GELU_SCALE);
}

static void relu(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) x[i] = x[i] > 0 ? x[i] : 0;
}

static void relu6(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) x[i] = smaller(larger(0.0f, x[i]), 6.0f);
}

static void tanh_all(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) x[i] = 1.0f - 2.0f / (exp_polynomial(x[i] + x[i]) + 1.0f);
}

static void sigmoid(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) x[i] = sigmoid_of(x[i]);
}

static void add(float *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) y[i] += x[i];
}

const kernels *kernels_scalar(void)
{
    static const kernels table = {
        .name = "scalar",
        .matmul_f32 = matmul_f32,
        .matmul_q8 = matmul_q8,
        .matmul_q4 = matmul_q4,
        .matmul_i16 = VQA_FULL ? matmul_i16 : NULL,
        .depthwise = VQA_FULL ? depthwise : NULL,
        .interleave = interleave,
        .facts_q8 = facts_q8,
        .quantize_row = quantize_row,
        .layer_norm = layer_norm,
        .softmax = softmax,
        .softmax_i16 = VQA_FULL ? softmax_i16 : NULL,
        .gelu = gelu,
        .quick_gelu = quick_gelu,
        .relu = relu,
        .relu6 = VQA_FULL ? relu6 : NULL,
        .tanh = tanh_all,
        .sigmoid = sigmoid,
        .add = add,
    };
    return &table;
}
