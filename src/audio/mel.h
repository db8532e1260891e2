/* Filters on the mel scale: triangles side by side, each of which begins and ends where its
 * neighbours have their tops, so that a frequency belongs to two of them at most. */
#ifndef VQA_AUDIO_MEL_H
#define VQA_AUDIO_MEL_H

#include "core/arena.h"

typedef enum {
    MEL_SLANEY, /* linear up to 1 kHz, logarithmic above; triangles linear in Hz, of area 1
                   (Slaney 1998; librosa's default): from 0 Hz on */
    MEL_KALDI,  /* 1127 ln(1 + f / 700); triangles linear in mel, of height 1 (HTK, Kaldi): from
                   20 Hz on */
} mel_scale;

/* What a frequency gives: `falling` to the filter `place` - 1, `rising` to the filter `place`.
 * There is no filter -1, and none behind the last; `place` is 0..filters. */
typedef struct {
    int place;
    double falling, rising;
} mel_bin;

typedef struct {
    int bins;
    const mel_bin *all; /* [bins]; whoever owns the arena owns them */
} mel_bank;

/* `filters` filters up to rate / 2, for the frequencies k * rate / n, 0 <= k <= n / 2. */
mel_bank mel_bank_new(mel_scale scale, int filters, int n, int rate, arena *out);

/* Bytes of an arena that mel_bank_new() needs. */
size_t mel_bank_cost(int filters, int n);

#endif
