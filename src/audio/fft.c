#include "audio/fft.h"

#include <assert.h>

#include "core/elementary.h"

enum { MOST = 5 }; /* the largest factor */

/* The factor of n that is split off next: 4 counts as one, it costs less than twice 2. 0 if there
 * is none. */
static int factor_of(int n)
{
    for (int r = MOST; r > 1; r--)
        if (n % r == 0) return r;
    return 0;
}

bool fft_possible(int n)
{
    for (int r; n > 1 && (r = factor_of(n)) != 0;) n /= r;
    return n == 1;
}

size_t fft_cost(int n) { return arena_cost((size_t)n, sizeof(double[2])); }

fft fft_new(int n, arena *out)
{
    assert(fft_possible(n));
    double(*roots)[2] = arena_take(out, (size_t)n, sizeof *roots);
    for (int k = 0; k < n; k++) {
        roots[k][0] = sine(2 * PI * k / n + PI / 2);
        roots[k][1] = sine(2 * PI * k / n);
    }
    return (fft){ n, (const double(*)[2])roots };
}

/* y[0], y[m], ... y[(r - 1) m]: their transform of size r, in place. Numbers whose roots are
 * conjugate go together: of s = a + b and d = a - b the real parts of the roots see one, the
 * imaginary parts the other. */
static inline void transform_small(const fft *f, int r, int m, fft_complex *y)
{
    const int step = f->n / r, half = r / 2;
    fft_complex first = y[0], s[MOST / 2 + 1], d[MOST / 2 + 1];
    for (int j = 1; j <= half; j++) {
        fft_complex a = y[j * m], b = y[(r - j) * m];
        s[j] = (fft_complex){ a.re + b.re, a.im + b.im };
        d[j] = (fft_complex){ a.re - b.re, a.im - b.im };
        if (2 * j == r) s[j] = a, d[j] = (fft_complex){ 0 };
        y[0].re += s[j].re;
        y[0].im += s[j].im;
    }
    for (int k = 1; k <= half; k++) {
        fft_complex even = first, odd = { 0 };
        for (int j = 1; j <= half; j++) {
            const double *root = f->roots[j * k % r * step];
            even.re += s[j].re * root[0];
            even.im += s[j].im * root[0];
            odd.re += d[j].re * root[1];
            odd.im += d[j].im * root[1];
        }
        y[k * m] = (fft_complex){ even.re + odd.im, even.im - odd.re };
        if (2 * k < r) y[(r - k) * m] = (fft_complex){ even.re - odd.im, even.im + odd.re };
    }
}

/* y [n]: the transform of every `stride`-th number of x. */
static void transform(const fft *f, int n, const fft_complex *x, int stride, fft_complex *y)
{
    if (n == 1) {
        *y = *x;
        return;
    }
    const int r = factor_of(n), m = n / r;
    for (int j = 0; j < r; j++) transform(f, m, x + j * stride, stride * r, y + j * m);
    for (int k = 0; k < m; k++, y++) {
        for (int j = 1; j < r; j++) {
            const double *root = f->roots[j * k * stride];
            fft_complex a = y[j * m];
            y[j * m].re = a.re * root[0] + a.im * root[1];
            y[j * m].im = a.im * root[0] - a.re * root[1];
        }
        transform_small(f, r, m, y);
    }
}

void fft_run(const fft *f, const fft_complex *x, fft_complex *y) { transform(f, f->n, x, 1, y); }
