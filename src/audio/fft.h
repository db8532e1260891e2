/* The discrete Fourier transform X[k] = sum over j of x[j] exp(-2 pi i j k / n) by the algorithm
 * of Cooley and Tukey (1965) for n = 2^a 3^b 5^c, in doubles, of several signals side by side:
 * each number is one of FFT_LANES signals. */
#ifndef VQA_AUDIO_FFT_H
#define VQA_AUDIO_FFT_H

#include <stdbool.h>

#include "core/arena.h"

enum { FFT_LANES = 2 };

/* One number each of FFT_LANES signals: what one instruction computes with. */
typedef double fft_lanes __attribute__((vector_size(FFT_LANES * sizeof(double))));

typedef struct {
    fft_lanes re, im;
} fft_complex;

typedef struct {
    int n;
    const double (*roots)[2]; /* [n]: cos and sin of 2 pi k / n; whoever owns the arena owns them */
} fft;

/* Whether n is 2^a 3^b 5^c, and positive. */
bool fft_possible(int n);

/* Make ready for signals of n numbers; fft_possible(n). */
fft fft_new(int n, arena *out);

/* x [n] -> y [n], which is not x. */
void fft_run(const fft *f, const fft_complex *x, fft_complex *y);

/* Bytes of an arena that fft_new() needs. */
size_t fft_cost(int n);

#endif
