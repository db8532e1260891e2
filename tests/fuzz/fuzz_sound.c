/* WAV files, as the two kinds of spectrograms. */
#include <math.h>
#include <string.h>

#include "audio/feature_extractor.h"
#include "audio/resample.h"
#include "audio/wav.h"
#include "fuzz.h"

enum { RATE = 16000, MELS = 8, FRAMES = 8 };

static const feature_extractor extractors[] = {
    { MEL_SLANEY, RATE, MELS, 400, 160, 400, FRAMES, 0, 0.5f },
    { MEL_KALDI, RATE, MELS, 400, 160, 512, FRAMES, -4, 4 },
};

static void listen(const feature_extractor *f, const sound *s)
{
    error err;
    arena room;
    int frames = feature_extractor_frames(f, s->count);
    uint64_t cost = tensor_cost(frames, MELS) + feature_extractor_scratch(f);
    fuzz_check(arena_new(&room, cost, "a spectrogram", &err), "room for a spectrogram");
    tensor y = tensor_new(&room, frames, MELS);
    feature_extractor_run(f, s->samples, s->count, y, room);
    for (int i = 0; i < frames * MELS; i++) fuzz_check(isfinite(y.data[i]), "finite values");
    arena_free(&room);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    error err = { 0 };
    sound heard, own;
    if (!wav_decode(bytes, size, &heard, &err)) {
        fuzz_check(!heard.samples && strlen(err.text) > 10, "a sentence");
        return 0;
    }
    fuzz_check(heard.count <= size, "samples in proportion to the file");
    if (resample(&heard, RATE, &own, &err)) {
        for (size_t i = 0; i < sizeof extractors / sizeof *extractors; i++)
            listen(&extractors[i], &own);
        sound_free(&own);
    } else {
        fuzz_check(strlen(err.text) > 10, "a sentence");
    }
    sound_free(&heard);
    return 0;
}
