#include "audio/sound.h"

#include <math.h>
#include <stdlib.h>

/* Whether a sound of that many samples is within the limits. */
static bool fits(size_t count, int rate, error *err)
{
    if (rate < SOUND_MIN_RATE || rate > SOUND_MAX_RATE)
        return fail(err, "the sound has %d samples a second, expected %d to %d", rate,
                    SOUND_MIN_RATE, SOUND_MAX_RATE);
    if (count == 0) return fail(err, "the sound has no samples");
    if (count > (size_t)rate * SOUND_MAX_SECONDS)
        return fail(err,
                    "the sound has %zu samples at %d a second, more than the %d s that are taken",
                    count, rate, SOUND_MAX_SECONDS);
    if (count <= SOUND_MAX_SAMPLES) return true;
    return fail(err, "the sound has %zu samples, at most %d are taken", count, SOUND_MAX_SAMPLES);
}

bool sound_new(size_t count, int rate, sound *out, error *err)
{
    *out = (sound){ .count = count, .rate = rate };
    if (!fits(count, rate, err)) return false;
    out->samples = malloc(count * sizeof *out->samples);
    return out->samples || fail_memory(err, "not enough memory for a sound of %zu samples", count);
}

bool sound_check(const sound *s, error *err)
{
    if (!fits(s->count, s->rate, err)) return false;
    for (size_t i = 0; i < s->count; i++)
        if (!(fabsf(s->samples[i]) <= SOUND_MAX_VALUE))
            return fail(err, "sample %zu of the sound is %g, expected about -1 to 1", i,
                        (double)s->samples[i]);
    return true;
}

void sound_free(sound *s)
{
    free(s->samples);
    *s = (sound){ 0 };
}
