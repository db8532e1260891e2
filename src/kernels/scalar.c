/* The definition of every kernel: plain, complete, never clever. */
#include <math.h>
#include <string.h>

#include "kernels/kernels.h"
#include "kernels/panel.h"
#include "kernels/polynomial.h"

static float smaller(float a, float b) { return b < a ? b : a; }
static float larger(float a, float b) { return a < b ? b : a; }

static float sum_lanes(const float lane[4]) { return (lane[0] + lane[1]) + (lane[2] + lane[3]); }

static float exp_polynomial(float x)
{
    x = smaller(larger(EXP_MIN, x), EXP_MAX); /* NaN becomes EXP_MIN */
    float n = nearbyintf(x * EXP_LOG2E);
    float r = (x - n * EXP_LN2_HIGH) - n * EXP_LN2_LOW;
    float p = EXP_P0;
    p = p * r + EXP_P1;
    p = p * r + EXP_P2;
    p = p * r + EXP_P3;
    p = p * r + EXP_P4;
    p = p * r + EXP_P5;
    float y = (p * (r * r) + r) + 1.0f;
    int32_t bits = ((int32_t)n + 127) * (1 << 23);
    float power;
    memcpy(&power, &bits, sizeof power);
    return y * power;
}

static float erf_polynomial(float x)
{
    float a = fabsf(x);
    float t = 1.0f / (1.0f + ERF_P * a);
    float p = ERF_A5;
    p = p * t + ERF_A4;
    p = p * t + ERF_A3;
    p = p * t + ERF_A2;
    p = p * t + ERF_A1;
    return copysignf(1.0f - (p * t) * exp_polynomial(-(a * a)), x);
}

static float sigmoid_of(float x) { return 1.0f / (1.0f + exp_polynomial(-x)); }

static void matmul_f32(const float *x, int x_stride, int rows, int in, const float *w,
                       const float *bias, float *y, int y_stride, int out, int first, int last)
{
    for (int r = 0; r < rows; r++)
        for (int c = first * PANEL; c < last * PANEL && c < out; c++) {
            const float *column = w + (size_t)(c / PANEL) * PANEL * (size_t)in + c % PANEL;
            float sum = 0;
            for (int k = 0; k < in; k++)
                sum += x[(size_t)r * (size_t)x_stride + (size_t)k] * column[(size_t)k * PANEL];
            y[(size_t)r * (size_t)y_stride + (size_t)c] = sum + (bias ? bias[c] : 0.0f);
        }
}

static void matmul_q8(const int8_t *x, const float *x_scale, int rows, int in, const int8_t *w,
                      const float *w_scale, const float *bias, float *y, int y_stride, int out,
                      int first, int last)
{
    for (int r = 0; r < rows; r++)
        for (int c = first * PANEL; c < last * PANEL && c < out; c++) {
            const int8_t *panel = w + (size_t)(c / PANEL) * PANEL * (size_t)in;
            int32_t sum = 0;
            for (int k = 0; k < in; k++)
                sum += x[(size_t)r * (size_t)in + (size_t)k] *
                       panel[(k / 2 * PANEL + c % PANEL) * 2 + k % 2];
            y[(size_t)r * (size_t)y_stride + (size_t)c] =
                (float)sum * (x_scale[r] * w_scale[c]) + (bias ? bias[c] : 0.0f);
        }
}

static void matmul_q4(const int8_t *x, const float *x_scale, int rows, int in, const uint8_t *w,
                      const float *w_scale, const float *bias, float *y, int y_stride, int out,
                      int first, int last)
{
    for (int r = 0; r < rows; r++)
        for (int c = first * PANEL; c < last * PANEL && c < out; c++) {
            size_t before = (size_t)(c / PANEL) * PANEL * (size_t)in;
            const uint8_t *panel = w + before / 2;
            const float *scale = w_scale + before / Q4_GROUP + c % PANEL;
            float total = 0;
            for (int group = 0; group < in; group += Q4_GROUP, scale += PANEL) {
                int32_t sum = 0;
                for (int k = group; k < group + Q4_GROUP; k++) {
                    int pair = panel[(k / 4 * PANEL + c % PANEL) * 2 + k % 2];
                    int nibble = k % 4 < 2 ? pair & 15 : pair >> 4;
                    sum += x[(size_t)r * (size_t)in + (size_t)k] * (2 * nibble - (Q4_LEVELS - 1));
                }
                total += (float)sum * *scale;
            }
            y[(size_t)r * (size_t)y_stride + (size_t)c] =
                total * x_scale[r] + (bias ? bias[c] : 0.0f);
        }
}

static float quantize_row(const float *x, int n, int8_t *q)
{
    float largest = 0;
    for (int i = 0; i < n; i++) largest = larger(largest, fabsf(x[i]));
    float inverse = largest > Q8_ZERO ? Q8_MAX / largest : 0;
    for (int i = 0; i < n; i++) {
        float scaled = smaller(larger(-Q8_MAX, nearbyintf(x[i] * inverse)), Q8_MAX);
        q[i] = (int8_t)scaled;
    }
    memset(q + n, 0, (size_t)(q8_padded(n) - n));
    return largest / Q8_MAX;
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

static void softmax(float *x, int n)
{
    float largest = x[0];
    for (int i = 1; i < n; i++) largest = larger(largest, x[i]);
    float lane[4] = { 0 };
    for (int i = 0; i < n; i++) {
        x[i] = exp_polynomial(x[i] - largest);
        lane[i % 4] += x[i];
    }
    float factor = 1.0f / sum_lanes(lane);
    for (int i = 0; i < n; i++) x[i] *= factor;
}

static void gelu(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) x[i] = 0.5f * x[i] * (1.0f + erf_polynomial(x[i] * SQRT_HALF));
}

static void quick_gelu(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) x[i] = x[i] * sigmoid_of(x[i] * QUICK_GELU_SCALE);
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
        .quantize_row = quantize_row,
        .layer_norm = layer_norm,
        .softmax = softmax,
        .gelu = gelu,
        .quick_gelu = quick_gelu,
        .tanh = tanh_all,
        .sigmoid = sigmoid,
        .add = add,
    };
    return &table;
}
