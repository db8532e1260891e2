#include "core/elementary.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* The series of what is left of x without the multiple of pi that is nearest. */
double sine(double x)
{
    static const double series[] = {
        -1 / 6.0,
        1 / 120.0,
        -1 / 5040.0,
        1 / 362880.0,
        -1 / 39916800.0,
        1 / 6227020800.0,
        -1 / 1307674368e3,
        1 / 355687428096e3,
        -1 / 121645100408832e3,
        1 / 51090942171709440e3,
    };
    double halves = floor(x / PI + 0.5);
    x = x - halves * PI - halves * 1.2246467991473532e-16; /* pi = PI + this */
    double square = x * x, sum = 0;
    for (int i = sizeof series / sizeof *series; i-- > 0;) sum = (sum + series[i]) * square;
    sum = x + x * sum;
    return (int)halves % 2 ? -sum : sum;
}

/* x = 2^n m with m in sqrt(1/2) .. sqrt(2); ln m = 2 artanh((m - 1) / (m + 1)), as a series. */
double logarithm(double x)
{
    static const double series[] = { 1, 1 / 3., 1 / 5., 1 / 7., 1 / 9., 1 / 11., 1 / 13., 1 / 15. };
    const int64_t sqrt_half = 0x3fe6a09e667f3bcd; /* the bits of sqrt(1/2) */
    int64_t bits;
    memcpy(&bits, &x, sizeof bits);
    int64_t exponent = (bits - sqrt_half) >> 52;
    bits -= exponent * ((int64_t)1 << 52);
    memcpy(&x, &bits, sizeof x);
    double s = (x - 1) / (x + 1), square = s * s, sum = 0;
    for (int i = sizeof series / sizeof *series; i-- > 0;) sum = sum * square + series[i];
    return (double)exponent * 0.69314718055994531 + 2 * s * sum;
}

double exponential(double x)
{
    double sum = 1;
    for (int i = 48; i > 0; i--) sum = 1 + sum * x / i;
    return sum;
}
