/* From one rate of samples to another: band-limited interpolation (Smith and Gossett 1984) with a
 * Kaiser-windowed sinc. */
#ifndef VQA_AUDIO_RESAMPLE_H
#define VQA_AUDIO_RESAMPLE_H

#include "audio/sound.h"

/* `from` with `rate` samples a second (SOUND_MIN_RATE to SOUND_MAX_RATE).
 *   from  stays the caller's, at least one sample
 *   out   overwritten; round(count * rate / from->rate) samples, at least one, of which the first
 *         stands for the same moment; give it back with sound_free()
 * Up to 0.9 of half the lower rate everything is kept (within 0.1 %); beyond half the lower rate
 * nothing (below -70 dB). The same rate is a copy. Sums are floats in a fixed order: the same bits
 * everywhere.
 * False beyond the limits of sound.h and without memory (err->no_memory). */
bool resample(const sound *from, int rate, sound *out, error *err);

#endif
