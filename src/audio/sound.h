/* A sound in memory. */
#ifndef VQA_AUDIO_SOUND_H
#define VQA_AUDIO_SOUND_H

#include <stddef.h>

#include "core/error.h"

enum {
    SOUND_MAX_SECONDS = 600,
    SOUND_MAX_SAMPLES = 1 << 27, /* 512 MiB */
    SOUND_MIN_RATE = 1000,       /* samples a second */
    SOUND_MAX_RATE = 768000,
    SOUND_MAX_VALUE = 1000000, /* of a sample, whatever its sign */
};

typedef struct {
    float *samples; /* [count], one channel, -1..1 or somewhat beyond; from the heap, NULL while
                       there is none */
    size_t count;
    int rate; /* samples a second */
} sound;

/* Get room for `count` samples, uninitialised. False, with a sentence, beyond the limits above,
 * for no samples, and without memory (err->no_memory). Give it back with sound_free(). */
bool sound_new(size_t count, int rate, sound *out, error *err);

/* Whether a sound is within these limits, and all its samples within SOUND_MAX_VALUE; otherwise false, naming
 * what is not. */
bool sound_check(const sound *s, error *err);

/* Give the samples back; the sound is empty afterwards and may be freed again. */
void sound_free(sound *s);

#endif
