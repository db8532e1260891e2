/* The constants that scalar.c and simd.c share, so that both compute the same polynomials. */
#ifndef VQA_KERNELS_POLYNOMIAL_H
#define VQA_KERNELS_POLYNOMIAL_H

/* 1.5 * 2^23: x + ROUNDING has no room for a fraction, so x is rounded, halves to even, and its bits
 * are those of ROUNDING plus the whole number. |x| < 2^22. */
#define ROUNDING 12582912.0f

/* exp(x) = 2^n exp(r), n = round(x / ln 2), |r| <= ln 2 / 2; ln 2 is split so that n * EXP_LN2_HIGH
 * is exact; degree 6 (Cephes expf), relative error below 2e-7. Below EXP_MIN it is exp(EXP_MIN),
 * about 1e-38, above EXP_MAX it is exp(EXP_MAX). */
#define EXP_MIN      -87.0f
#define EXP_MAX      88.0f
#define EXP_LOG2E    1.44269504088896341f
#define EXP_LN2_HIGH 0.693359375f
#define EXP_LN2_LOW  -2.12194440e-4f
#define EXP_P0       1.9875691500e-4f
#define EXP_P1       1.3981999507e-3f
#define EXP_P2       8.3334519073e-3f
#define EXP_P3       4.1665795894e-2f
#define EXP_P4       1.6666665459e-1f
#define EXP_P5       5.0000001201e-1f

/* 2^x for x <= 0 as an integer of 15 bits: 2^n p(x - n), n = round(x), a minimax fit of our own, relative
 * error below 3e-6. What is below EXP2_MIN rounds to 0. */
#define EXP2_MIN -20.0f
#define EXP2_P0  9.570091031e-03f
#define EXP2_P1  5.591786280e-02f
#define EXP2_P2  2.402474582e-01f
#define EXP2_P3  6.931217909e-01f
#define EXP2_P4  9.999992847e-01f

/* erf(x) = x P(x^2) / Q(x^2) for |x| <= ERF_MAX, behind which it is 1 in floats; a minimax fit of our
 * own, absolute error below 5e-7. */
#define ERF_MAX 3.92f
#define ERF_P0  1.128379022e+00f
#define ERF_P1  1.927634695e-01f
#define ERF_P2  5.306037517e-02f
#define ERF_P3  3.868293509e-03f
#define ERF_P4  2.874772519e-04f
#define ERF_P5  2.034722369e-06f
#define ERF_Q1  5.041638438e-01f
#define ERF_Q2  1.150843502e-01f
#define ERF_Q3  1.517223034e-02f
#define ERF_Q4  1.188104272e-03f
#define ERF_Q5  3.807039651e-05f

#define SQRT_HALF        0.70710678118654752f
#define QUICK_GELU_SCALE 1.702f

#endif
