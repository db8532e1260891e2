/* Elementary functions on doubles, nearly as good as a double can be, and the same bits
 * everywhere: the C library's differ from one to another. */
#ifndef VQA_CORE_ELEMENTARY_H
#define VQA_CORE_ELEMENTARY_H

#define PI 3.14159265358979323846 /* as a double it ends in zeros: up to 8 times PI is exact */

/* sin(x), |x| <= 8 pi. */
double sine(double x);

/* ln(x), x a normal number above 0; absolute error below 1e-13. */
double logarithm(double x);

/* exp(x), 0 <= x <= 8. */
double exponential(double x);

#endif
