/* WAV files for tests. */
#ifndef VQA_TESTS_TINY_WAV_H
#define VQA_TESTS_TINY_WAV_H

#include "tiny_pack.h"

typedef struct {
    int format; /* 1: PCM, 3: float */
    int bits, channels, rate;
    bool extensible; /* the format inside WAVE_FORMAT_EXTENSIBLE */
} tiny_wave;

/* A file of `count` samples, -1..1, frame by frame: the caller's to free(). */
tiny_bytes tiny_wav(tiny_wave w, const double *samples, size_t count);

/* The same with these bytes as samples, and these sizes in its header. */
tiny_bytes tiny_wav_of(tiny_wave w, const void *data, size_t size, uint32_t riff_size,
                       uint32_t data_size);

#endif
