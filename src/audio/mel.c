#include "audio/mel.h"

#include "core/elementary.h"

/* Slaney's scale: 3 mel are 200 Hz up to 1 kHz, from there on 27 mel are a factor of 6.4. */
#define SLANEY_HZ  (200 / 3.0)
#define SLANEY_MEL 15.0
#define SLANEY_LOG 0.06875177742094912 /* ln(6.4) / 27 */

static double to_mel(mel_scale scale, double hz)
{
    if (scale == MEL_KALDI) return 1127 * logarithm(1 + hz / 700);
    return hz < 1000 ? hz / SLANEY_HZ : SLANEY_MEL + logarithm(hz / 1000) / SLANEY_LOG;
}

static double slaney_hz(double mel)
{
    return mel < SLANEY_MEL ? mel * SLANEY_HZ : 1000 * exponential((mel - SLANEY_MEL) * SLANEY_LOG);
}

mel_bank mel_bank_new(mel_scale scale, int filters, int n, int rate, arena *out)
{
    const int bins = n / 2 + 1;
    mel_bin *all = arena_take(out, (size_t)bins, sizeof *all);
    /* Filter i rises from corner i to i + 1 and falls to i + 2: in Hz or, Kaldi's, in mel. */
    double *corner = arena_take(out, (size_t)filters + 2, sizeof *corner);
    const double low = to_mel(scale, scale == MEL_KALDI ? 20 : 0), high = to_mel(scale, rate / 2.0);
    for (int i = 0; i < filters + 2; i++) {
        corner[i] = low + (high - low) * i / (filters + 1);
        if (scale == MEL_SLANEY) corner[i] = slaney_hz(corner[i]);
    }
    for (int k = 0, place = -1; k < bins; k++) {
        double at = (double)k * rate / n;
        if (scale == MEL_KALDI) at = to_mel(scale, at);
        while (place <= filters && at >= corner[place + 1]) place++;
        all[k] = (mel_bin){ 0 };
        if (place < 0 || place > filters) continue;
        all[k].place = place;
        double width = corner[place + 1] - corner[place];
        all[k].rising = (at - corner[place]) / width;
        all[k].falling = (corner[place + 1] - at) / width;
        if (scale == MEL_KALDI) continue;
        if (place < filters) all[k].rising *= 2 / (corner[place + 2] - corner[place]);
        if (place > 0) all[k].falling *= 2 / (corner[place + 1] - corner[place - 1]);
    }
    return (mel_bank){ bins, all };
}

size_t mel_bank_cost(int filters, int n)
{
    return arena_cost((size_t)n / 2 + 1, sizeof(mel_bin)) +
           arena_cost((size_t)filters + 2, sizeof(double));
}
