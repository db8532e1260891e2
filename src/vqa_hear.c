/* The hearing part of vqa.h: from a sound to the features of a spoken question. */
#include <stdlib.h>

#include "audio/resample.h"
#include "audio/wav.h"
#include "core/clock.h"
#include "handle.h"

_Static_assert((int)VQA_MAX_SECONDS == (int)SOUND_MAX_SECONDS, "vqa.h tells the limit of sound.h");

/* The spectrogram of samples at the extractor's rate: [frames, mels]. */
static bool extract(const vqa *v, const float *samples, size_t count, int frames, arena *block,
                    tensor *spectrogram, error *err)
{
    const feature_extractor *f = &v->extractor;
    arena room = { 0 };
    if (!arena_new(block, tensor_cost(frames, f->mels), "the sound's spectrogram", err) ||
        !arena_new(&room, feature_extractor_scratch(f), "the sound's spectrogram", err))
        return false;
    *spectrogram = tensor_new(block, frames, f->mels);
    feature_extractor_run(f, samples, count, *spectrogram, room);
    arena_free(&room);
    return true;
}

/* What the model makes of a spectrogram. */
static bool encode(vqa *v, tensor spectrogram, encoded *e, error *err)
{
    const model *m = &v->model;
    int rows = m->arch->speech_rows(m, spectrogram.rows);
    if (!handle_plan_scratch(v, SPEECH, m->arch->hear_scratch(m, spectrogram.rows), rows, err) ||
        !arena_new(&e->block, tensor_cost(rows, m->hidden), "the sound's features", err))
        return false;
    e->features = tensor_new(&e->block, rows, m->hidden);
    m->arch->hear(&v->compute, m, spectrogram, e->features, v->scratch);
    return !compute_stopped(&v->compute) || fail(err, "the sound was stopped being encoded");
}

/* Samples at the extractor's rate. */
static bool perceive(vqa *v, const float *samples, size_t count, encoded *e, error *err)
{
    const model *m = &v->model;
    const feature_extractor *f = &v->extractor;
    int frames = feature_extractor_frames(f, count);
    double most = (double)m->most_frames * f->hop / f->rate;
    if (m->arch->transcribe) {
        int window = frames > f->frames ? frames : f->frames;
        e->frames = frames;
        return extract(v, samples, count, window, &e->block, &e->features, err);
    }
    if ((double)count > most * f->rate)
        return fail(err, "the sound is %.1f s long, the model hears at most %.1f s",
                    (double)count / f->rate, most);
    arena block = { 0 };
    tensor spectrogram;
    bool ok = extract(v, samples, count, frames, &block, &spectrogram, err) &&
              encode(v, spectrogram, e, err);
    arena_free(&block);
    return ok;
}

static bool resampled(vqa *v, const sound *heard, encoded *e, error *err)
{
    if (heard->rate == v->extractor.rate) return perceive(v, heard->samples, heard->count, e, err);
    sound own = { 0 };
    bool ok = resample(heard, v->extractor.rate, &own, err) &&
              perceive(v, own.samples, own.count, e, err);
    sound_free(&own);
    return ok;
}

static int hear(vqa *v, const sound *heard)
{
    encoded *e = calloc(1, sizeof *e);
    if (e ? resampled(v, heard, e, &v->err)
          : fail_memory(&v->err, "not enough memory for a sound")) {
        e->which = SPEECH;
        return handle_keep(v, e);
    }
    if (e) handle_free_encoded(e);
    return compute_stopped(&v->compute) ? VQA_STOPPED
           : v->err.no_memory           ? VQA_NO_MEMORY
                                        : VQA_BAD_SOUND;
}

/* VQA_OK where a model is ready that hears, else a refusal. */
static int hearing(vqa *v)
{
    if (handle_ready(v) != VQA_OK) return VQA_BAD_CALL;
    return v->model.mels ? VQA_OK : handle_refuse(v, VQA_BAD_CALL, "the model takes no sound");
}

int vqa_hear(vqa *v, const uint8_t *wav, size_t size)
{
    sound heard = { 0 };
    if (hearing(v) != VQA_OK) return VQA_BAD_CALL;
    double begin = clock_now();
    bool ok = wav_decode(wav, size, &heard, &v->err);
    int id = ok ? hear(v, &heard) : v->err.no_memory ? VQA_NO_MEMORY : VQA_BAD_SOUND;
    sound_free(&heard);
    handle_ended(v, VQA_TIME_HEAR, begin);
    return id;
}

int vqa_hear_samples(vqa *v, const float *samples, size_t count, int rate)
{
    const sound heard = { (float *)samples, count, rate };
    if (hearing(v) != VQA_OK) return VQA_BAD_CALL;
    double begin = clock_now();
    int id = sound_check(&heard, &v->err) ? hear(v, &heard) : VQA_BAD_SOUND;
    handle_ended(v, VQA_TIME_HEAR, begin);
    return id;
}

int vqa_close_sound(vqa *v, int id) { return handle_close(v, SPEECH, id); }
