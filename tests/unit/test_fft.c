/* The transform against the sum that defines it, and the elementary functions against the C
 * library's. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "audio/fft.h"
#include "core/elementary.h"

#include "testing.h"

static double random_value(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (double)(int32_t)*seed / 2147483648.0;
}

static void check_size(int n)
{
    arena room;
    error err;
    const size_t numbers = arena_cost((size_t)n, sizeof(fft_complex));
    assert_true(arena_new(&room, fft_cost(n) + 2 * numbers, "a test", &err));
    fft f = fft_new(n, &room);
    fft_complex *x = arena_take(&room, (size_t)n, sizeof *x),
                *y = arena_take(&room, (size_t)n, sizeof *y);
    assert_int_equal(room.used, room.size);
    uint32_t seed = (uint32_t)n;
    for (int i = 0; i < n; i++)
        for (int lane = 0; lane < FFT_LANES; lane++) {
            x[i].re[lane] = random_value(&seed);
            x[i].im[lane] = random_value(&seed);
        }
    fft_run(&f, x, y);
    const double turn = 2 * 3.14159265358979323846 / n;
    for (int k = 0; k < n; k++)
        for (int lane = 0; lane < FFT_LANES; lane++) {
            double re = 0, im = 0;
            for (int j = 0; j < n; j++) {
                double c = cos(turn * (j * k % n)), s = sin(turn * (j * k % n));
                re += x[j].re[lane] * c + x[j].im[lane] * s;
                im += x[j].im[lane] * c - x[j].re[lane] * s;
            }
            if (!(fabs(y[k].re[lane] - re) < 1e-12 * n && fabs(y[k].im[lane] - im) < 1e-12 * n))
                fail_msg("size %d, frequency %d, lane %d", n, k, lane);
        }
    arena_free(&room);
}

static void test_every_size(void **state)
{
    (void)state;
    int checked = 0;
    for (int n = 1; n <= 600; n++)
        if (fft_possible(n)) {
            check_size(n);
            checked++;
        }
    assert_int_equal(checked, 71); /* 2^a 3^b 5^c up to 600 */
}

static void test_impossible_sizes(void **state)
{
    (void)state;
    static const int sizes[] = { -400, -1, 0, 7, 14, 22, 399, 401, 2147483647 };
    for (size_t i = 0; i < COUNT(sizes); i++) assert_false(fft_possible(sizes[i]));
    static const int possible[] = { 1, 2, 3, 4, 5, 400, 512, 4096, 1 << 30 };
    for (size_t i = 0; i < COUNT(possible); i++) assert_true(fft_possible(possible[i]));
}

static void test_elementary(void **state)
{
    (void)state;
    for (int i = -8000; i <= 8000; i++) {
        double x = i * PI / 1000;
        if (!(fabs(sine(x) - sin(x)) < 1e-15)) fail_msg("sine(%.17g) = %.17g", x, sine(x));
    }
    for (double x = 1e-300; x < 1e300; x *= 1.37)
        if (!(fabs(logarithm(x) - log(x)) < 1e-13 + 3e-16 * fabs(log(x))))
            fail_msg("logarithm(%.17g) = %.17g", x, logarithm(x));
    for (int i = 0; i <= 8000; i++) {
        double x = i / 1000.0;
        if (!(fabs(exponential(x) / exp(x) - 1) < 2e-15))
            fail_msg("exponential(%.17g) = %.17g", x, exponential(x));
    }
    assert_true(logarithm(1) == 0 && sine(0) == 0 && exponential(0) == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_size),
        cmocka_unit_test(test_impossible_sizes),
        cmocka_unit_test(test_elementary),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
