#include <stdlib.h>
#include <string.h>

#include "core/elementary.h"
#include "models/whisper_rules.h"
#include "models/whisper_search.h"

enum { FRAMES_A_SECOND = 100, FRAMES_A_STAMP = 2 }; /* a timestamp counts rows of the encoder */

typedef struct {
    const whisper *w;
    const transcribe_options *options;
    bool timestamps;
    whisper_hearing hearing;
    tensor logits; /* [beams, vocabulary] */
    arena room;    /* for the search */
    int prompt[WHISPER_MAX_PROMPT];
    int prompt_count;
    transcript *out;
    int segment_room, token_room;
} transcription;

/* Room for one more item than `count`. */
static bool grow(void **items, int count, int *room, int more, size_t item, error *err)
{
    if (count + more <= *room) return true;
    int larger = 2 * (count + more);
    void *moved = realloc(*items, (size_t)larger * item);
    if (!moved) return fail_memory(err, "not enough memory for a transcript");
    *items = moved;
    *room = larger;
    return true;
}

/* Keep a segment, unless there is no text in it. start, end: frames */
static bool add_segment(transcription *t, const int *tokens, int count, int start, int end,
                        const transcript_segment *window, error *err)
{
    transcript *out = t->out;
    bool text = false;
    for (int i = 0; i < count; i++) text |= tokens[i] < t->w->settings.end;
    if (!text || start == end) return true;
    if (!grow((void **)&out->segments, out->segment_count, &t->segment_room, 1,
              sizeof *out->segments, err) ||
        !grow((void **)&out->tokens, out->token_count, &t->token_room, count, sizeof *out->tokens,
              err))
        return false;
    transcript_segment *s = &out->segments[out->segment_count++];
    *s = *window;
    s->start = (double)start / FRAMES_A_SECOND;
    s->end = (double)end / FRAMES_A_SECOND;
    s->first = out->token_count;
    s->count = count;
    memcpy(out->tokens + s->first, tokens, (size_t)count * sizeof *tokens);
    out->token_count += count;
    return true;
}

/* The token that starts a text, and what follows from it by itself: how likely there is no speech, and
 * in the first window the language. */
static float begin(transcription *t)
{
    const whisper_settings *s = &t->w->settings;
    tensor logits = tensor_rows(t->logits, 0, 1);
    const kernels *k = t->hearing.c->k;
    whisper_next(&t->hearing, t->prompt, 1, 1, logits);
    if (t->prompt_count > 1 && t->prompt[1] < 0) {
        const cJSON *language;
        cJSON_ArrayForEach(language, s->languages)
        {
            int id = language->valueint;
            if (t->prompt[1] < 0 || logits.data[id] > logits.data[t->prompt[1]]) t->prompt[1] = id;
        }
    }
    if (t->prompt_count > 1) whisper_language(s, t->prompt[1], t->out->language);
    if (s->no_timestamps < 1 || t->prompt_count == 1) return 0;
    k->softmax(logits.data, logits.cols, 1);
    return logits.data[s->no_timestamps - 1];
}

/* Write down the window that begins at the frame `seek`, of which `length` frames are sound; *advance: to
 * the next one. */
static bool transcribe_window(transcription *t, tensor spectrogram, int seek, int length,
                              int *advance, error *err)
{
    const whisper_settings *s = &t->w->settings;
    const transcribe_options *o = t->options;
    arena room = t->room;
    *advance = length;
    whisper_listen(&t->hearing, spectrogram, seek);
    transcript_segment window = { .no_speech = begin(t) };
    if (t->prompt_count > 1)
        whisper_next(&t->hearing, t->prompt + 1, 1, t->prompt_count - 1,
                     tensor_rows(t->logits, 0, 1));
    int most = s->max_length - t->prompt_count;
    if (most > o->max_tokens) most = o->max_tokens;
    whisper_text text =
        whisper_search(&t->hearing, t->logits, t->timestamps, o->beams, most, &room);
    if (compute_stopped(t->hearing.c)) return true;
    if (t->hearing.overflowed) {
        t->out->overflowed = true;
        return fail(err, "the model's weights are too large: it gives no finite numbers");
    }
    window.logprob = (float)(text.logprob / (text.count + 1));
    if (window.no_speech > o->no_speech && !(window.logprob > o->logprob)) return true;

    int stamps = s->no_timestamps + 1, from = 0, n = text.count;
    const int *tokens = text.tokens;
    if (!t->timestamps) stamps = s->vocabulary; /* none is meant */
    bool ends = n >= 2 && tokens[n - 1] >= stamps && tokens[n - 2] < stamps;
    for (int i = 1; i <= n; i++) { /* a segment ends between two timestamps */
        bool pair = i < n && tokens[i] >= stamps && tokens[i - 1] >= stamps;
        if (!pair && !(i == n && from > 0 && ends)) continue;
        int first = tokens[from] >= stamps ? (tokens[from] - stamps) * FRAMES_A_STAMP : 0,
            last = (tokens[i - 1] - stamps) * FRAMES_A_STAMP;
        if (!add_segment(t, tokens + from, i - from, seek + first, seek + last, &window, err))
            return false;
        from = i;
        if (!ends && last > 0) *advance = last; /* what comes behind it begins anew */
    }
    if (from > 0) return true;
    int last = length;
    for (int i = 0; i < n; i++)
        if (tokens[i] > stamps) last = (tokens[i] - stamps) * FRAMES_A_STAMP;
    return add_segment(t, tokens, n, seek, seek + last, &window, err);
}

static bool transcribe_all(transcription *t, tensor spectrogram, int frames, error *err)
{
    const compute *c = t->hearing.c;
    int window = whisper_window(t->w);
    for (int seek = 0, advance; seek < frames; seek += advance) {
        int length = frames - seek < window ? frames - seek : window;
        if (!transcribe_window(t, spectrogram, seek, length, &advance, err)) return false;
        if (compute_stopped(c)) return fail(err, "the transcription was stopped");
    }
    return true;
}

bool whisper_transcribe(const compute *c, const model *m, tensor spectrogram, int frames,
                        const transcribe_options *options, transcript *out, error *err)
{
    const whisper *w = m->self;
    *out = (transcript){ .text_end = w->settings.end };
    transcription t = { .w = w,
                        .options = options,
                        .out = out,
                        .timestamps = options->timestamps || frames > whisper_window(w) };
    if (w->settings.no_timestamps < 0) {
        if (options->timestamps) return fail(err, "the model has no timestamps");
        t.timestamps = false;
    }
    if (!(t.prompt_count = whisper_prompt(&w->settings, options, t.timestamps, t.prompt, err)))
        return false;
    if (t.prompt_count >= w->settings.max_length)
        return fail(err, "the model's texts have at most %d tokens, and begin with %d",
                    w->settings.max_length, t.prompt_count);
    arena block;
    int beams = options->beams, rows = beams > WHISPER_MAX_PROMPT ? beams : WHISPER_MAX_PROMPT;
    uint64_t hearing = whisper_hearing_cost(w, beams, rows),
             logits = tensor_cost(beams, m->vocabulary),
             search = whisper_search_cost(w, beams, w->settings.max_length);
    if (!arena_new(&block, hearing + logits + search, "a transcription", err)) return false;
    arena rest = block;
    t.logits = tensor_new(&rest, beams, m->vocabulary);
    t.room = rest;
    arena_take(&rest, search, 1);
    t.hearing = whisper_hearing_new(c, w, beams, rows, &rest);
    bool ok = transcribe_all(&t, spectrogram, frames, err);
    arena_free(&block);
    return ok;
}
