/* From the bytes of a WAV file to samples. */
#ifndef VQA_AUDIO_WAV_H
#define VQA_AUDIO_WAV_H

#include <stdint.h>

#include "audio/sound.h"

enum { WAV_MAX_CHANNELS = 8 };

/* Decode a WAV file (RIFF): PCM of 8, 16, 24 or 32 bits or floats of 32 or 64, by themselves or as
 * WAVE_FORMAT_EXTENSIBLE, 1 to WAV_MAX_CHANNELS channels, of which the average is taken.
 *   bytes  the file, `size` bytes; they stay the caller's
 *   out    overwritten; give it back with sound_free()
 * Chunks may come in any order. A "data" chunk of size 0 or beyond the end of the file, as
 * programs leave it that write to a pipe, goes up to that end; a frame that is cut off there is
 * left out.
 * False with a sentence for bytes that are no WAV file (naming MP3, FLAC, Ogg and the like), for
 * other formats of samples, without samples, beyond the limits of sound.h, for samples that are no
 * numbers, and when memory does not suffice (err->no_memory). */
bool wav_decode(const uint8_t *bytes, size_t size, sound *out, error *err);

#endif
