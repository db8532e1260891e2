/* The constants that scalar.c and simd.c share, so that both compute the same polynomials. */
#ifndef VQA_KERNELS_POLYNOMIAL_H
#define VQA_KERNELS_POLYNOMIAL_H

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

/* erf(x) = 1 - t (A1 + t (A2 + ...)) exp(-x^2), t = 1 / (1 + P x), x >= 0; absolute error below
 * 3e-7 (Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26). */
#define ERF_P  0.3275911f
#define ERF_A1 0.254829592f
#define ERF_A2 -0.284496736f
#define ERF_A3 1.421413741f
#define ERF_A4 -1.453152027f
#define ERF_A5 1.061405429f

#define SQRT_HALF        0.70710678118654752f
#define QUICK_GELU_SCALE 1.702f

#endif
