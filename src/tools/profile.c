#include "tools/profile.h"
#include "core/clock.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/tools.h"

#define SMALL 0.01 /* a part of the time that gets no line of its own */

static const kernels *real;
static profile so_far;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* The line of that kernel and shape; a new one, or NULL where there are too many. */
static profile_line *line_of(const char *kernel, int rows, int in, int out)
{
    for (int i = 0; i < so_far.count; i++) {
        profile_line *l = &so_far.line[i];
        if (strcmp(l->kernel, kernel) == 0 && l->rows == rows && l->in == in && l->out == out)
            return l;
    }
    if (so_far.count == PROFILE_LINES) return NULL;
    profile_line *l = &so_far.line[so_far.count++];
    *l = (profile_line){ .kernel = kernel, .rows = rows, .in = in, .out = out };
    return l;
}

static void keep(const char *kernel, int rows, int in, int out, double start, double work)
{
    double ms = clock_now() - start;
    pthread_mutex_lock(&lock);
    profile_line *l = line_of(kernel, rows, in, out);
    if (l) {
        l->ms += ms;
        l->work += work;
    }
    pthread_mutex_unlock(&lock);
}

static void keep_product(const char *kernel, int rows, int in, const product *p, int first,
                         int last, double start)
{
    int outputs = (last * PANEL < p->out ? last * PANEL : p->out) - first * PANEL;
    keep(kernel, rows, in, p->out, start, 2.0 * rows * in * outputs);
}

static void keep_row(const char *kernel, int n, double start) { keep(kernel, 0, n, 0, start, n); }

static void matmul_f32(const float *x, int x_stride, int rows, int in, const float *w,
                       const product *p, int first, int last)
{
    double start = clock_now();
    real->matmul_f32(x, x_stride, rows, in, w, p, first, last);
    keep_product("product f32", rows, in, p, first, last, start);
}

static void matmul_q8(const quantized_rows *x, const q8_matrix *w, const product *p, int first,
                      int last)
{
    double start = clock_now();
    real->matmul_q8(x, w, p, first, last);
    keep_product("product q8", x->rows + 1, x->in, p, first, last, start);
}

static void matmul_q4(const quantized_rows *x, const q4_matrix *w, const product *p, int first,
                      int last)
{
    double start = clock_now();
    real->matmul_q4(x, w, p, first, last);
    keep_product("product q4", x->rows + 1, x->in, p, first, last, start);
}

static void matmul_i16(const i16_rows *x, const i16_matrix *w, const product *p, int first,
                       int last)
{
    double start = clock_now();
    real->matmul_i16(x, w, p, first, last);
    keep_product("product i16", x->rows, x->in, p, first, last, start);
}

static float quantize_row(const float *x, int n, bool positive, int8_t *q, q8_input *u,
                          int32_t *sums)
{
    double start = clock_now();
    float scale = real->quantize_row(x, n, positive, q, u, sums);
    keep_row("quantization", n, start);
    return scale;
}

static void layer_norm(const float *x, const float *weight, const float *bias, float eps, float *y,
                       int n)
{
    double start = clock_now();
    real->layer_norm(x, weight, bias, eps, y, n);
    keep_row("norm", n, start);
}

static void softmax(float *x, int n, float scale)
{
    double start = clock_now();
    real->softmax(x, n, scale);
    keep_row("softmax", n, start);
}

static int32_t softmax_i16(const float *x, int n, float scale, int16_t *y)
{
    double start = clock_now();
    int32_t sum = real->softmax_i16(x, n, scale, y);
    keep_row("softmax i16", n, start);
    return sum;
}

const kernels *profile_kernels(const kernels *k)
{
    static kernels timed;
    real = k;
    timed = *k;
    timed.matmul_f32 = matmul_f32;
    timed.matmul_q8 = matmul_q8;
    timed.matmul_q4 = matmul_q4;
    timed.matmul_i16 = matmul_i16;
    timed.quantize_row = quantize_row;
    timed.layer_norm = layer_norm;
    timed.softmax = softmax;
    timed.softmax_i16 = softmax_i16;
    return &timed;
}

static int longest_first(const void *a, const void *b)
{
    double x = ((const profile_line *)a)->ms, y = ((const profile_line *)b)->ms;
    return (x < y) - (x > y);
}

profile profile_take(void)
{
    pthread_mutex_lock(&lock);
    profile p = so_far;
    so_far.count = 0;
    pthread_mutex_unlock(&lock);
    qsort(p.line, (size_t)p.count, sizeof *p.line, longest_first);
    return p;
}

static void print_line(const char *what, const char *shape, double ms, double all)
{
    printf("  %-14s%-20s %9.3f ms %5.1f %%", what, shape, ms, 100 * ms / all);
}

void profile_print(const profile *p, double ms, int threads)
{
    double all = ms * threads, outside = all, small = 0;
    for (int i = 0; i < p->count; i++) {
        const profile_line *l = &p->line[i];
        char shape[64];
        outside -= l->ms;
        if (l->ms < SMALL * all) {
            small += l->ms;
            continue;
        }
        if (l->rows)
            snprintf(shape, sizeof shape, "%d x %d x %d", l->rows, l->in, l->out);
        else
            snprintf(shape, sizeof shape, "%d", l->in);
        print_line(l->kernel, shape, l->ms, all);
        if (l->rows)
            printf("  %6.1f GOP/s\n", l->work / l->ms / 1e6);
        else
            printf("  %6.2f ns a value\n", l->ms / l->work * 1e6);
    }
    print_line("smaller ones", "", small, all);
    printf("\n");
    print_line("other", threads > 1 ? "with waiting" : "", outside, all);
    printf("\n");
}
