/* The writing part of vqa.h: from a sound to what is said in it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "format/json.h"
#include "handle.h"

/* A text among the options; NULL where there is none. */
static bool text_option(const cJSON *json, const char *key, const char **text, error *err)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, key);
    *text = json_text(json, key, NULL);
    return *text || !item || cJSON_IsNull(item) || fail(err, "config: \"%s\" is not a text", key);
}

/* The texts belong to `json`. */
static bool read_options(const model *m, const cJSON *json, transcribe_options *o, error *err)
{
    static const char *const keys[] = { "language",        "task",      "beams",
                                        "timestamps",      "maxTokens", "noSpeechThreshold",
                                        "logprobThreshold" };
    const cJSON *item, *timestamps = cJSON_GetObjectItemCaseSensitive(json, "timestamps");
    double no_speech, logprob;
    cJSON_ArrayForEach(item, json)
    {
        size_t k = 0, count = sizeof keys / sizeof *keys;
        while (k < count && strcmp(item->string, keys[k]) != 0) k++;
        if (k == count) return fail(err, "config: \"%s\" is not one of them", item->string);
    }
    *o = (transcribe_options){ .timestamps = json_bool(json, "timestamps", false) };
    if (!text_option(json, "language", &o->language, err) ||
        !text_option(json, "task", &o->task, err) ||
        !json_int(json, "beams", 1, 1, TRANSCRIBE_MAX_BEAMS, &o->beams, err) ||
        !json_int(json, "maxTokens", m->max_tokens, 1, m->max_tokens, &o->max_tokens, err) ||
        !json_number(json, "noSpeechThreshold", 0.6, 0, 1, &no_speech, err) ||
        !json_number(json, "logprobThreshold", -1, -100, 0, &logprob, err))
        return false;
    o->no_speech = (float)no_speech;
    o->logprob = (float)logprob;
    if (timestamps && !cJSON_IsBool(timestamps) && !cJSON_IsNull(timestamps))
        return fail(err, "config: \"timestamps\" is neither true nor false");
    if (o->task && strcmp(o->task, "transcribe") != 0 && strcmp(o->task, "translate") != 0)
        return fail(err, "config: \"task\" is '%s', expected transcribe or translate", o->task);
    return true;
}

/* The words among tokens, without timestamps; they are moved together in place. */
static char *words_of(const vqa *v, const transcript *t, int first, int count)
{
    size_t size;
    int words = 0, *ids = malloc(((size_t)count + 1) * sizeof *ids);
    for (int i = 0; ids && i < count; i++)
        if (t->tokens[first + i] < t->text_end) ids[words++] = t->tokens[first + i];
    char *text = ids ? tokenizer_decode(v->tokenizer, ids, words, &size) : NULL;
    free(ids);
    return text;
}

static bool add_words(const vqa *v, const transcript *t, int first, int count, cJSON *object)
{
    char *text = words_of(v, t, first, count);
    bool ok = text && cJSON_AddStringToObject(object, "text", text);
    free(text);
    return ok;
}

static double rounded(double x, double steps) { return floor(x * steps + 0.5) / steps; }

static bool add_segment(const vqa *v, const transcript *t, const transcript_segment *s,
                        cJSON *segments)
{
    cJSON *segment = cJSON_CreateObject();
    return json_append(segments, segment) && cJSON_AddNumberToObject(segment, "start", s->start) &&
           cJSON_AddNumberToObject(segment, "end", s->end) &&
           add_words(v, t, s->first, s->count, segment) &&
           cJSON_AddNumberToObject(segment, "noSpeech", rounded((double)s->no_speech, 1e6)) &&
           cJSON_AddNumberToObject(segment, "averageLogprob", rounded((double)s->logprob, 1e6)) &&
           json_put(segment, "tokens", cJSON_CreateIntArray(t->tokens + s->first, s->count));
}

/* The text of vqa_transcript(); NULL without memory. */
static char *describe(const vqa *v, const transcript *t)
{
    cJSON *json = cJSON_CreateObject();
    bool ok = add_words(v, t, 0, t->token_count, json) &&
              cJSON_AddStringToObject(json, "language", t->language);
    cJSON *segments = cJSON_AddArrayToObject(json, "segments");
    for (int i = 0; i < t->segment_count && ok; i++)
        ok = add_segment(v, t, &t->segments[i], segments);
    char *text = ok && segments ? cJSON_PrintUnformatted(json) : NULL;
    cJSON_Delete(json);
    return text;
}

/* The status of what went wrong while it was written. */
static int failure(vqa *v)
{
    if (compute_stopped(&v->compute)) return VQA_STOPPED;
    return v->err.no_memory ? VQA_NO_MEMORY : VQA_BAD_CALL;
}

static int transcribe(vqa *v, const encoded *sound, const transcribe_options *o)
{
    transcript t;
    double begin = clock_now();
    bool ok = v->model.arch->transcribe(&v->compute, &v->model, sound->features, sound->frames, o,
                                        &t, &v->err);
    char *text = ok ? describe(v, &t) : NULL;
    bool overflowed = t.overflowed;
    transcript_free(&t);
    handle_ended(v, VQA_TIME_ANSWER, begin);
    if (!ok) return overflowed ? VQA_BAD_MODEL : failure(v);
    if (!text) return handle_refuse(v, VQA_NO_MEMORY, "not enough memory for a transcript");
    cJSON_free(v->transcript);
    v->transcript = text;
    return VQA_OK;
}

int vqa_transcribe(vqa *v, int sound, const char *options, size_t size)
{
    static const char prefix[] = "config: ";
    if (handle_ready(v) != VQA_OK) return VQA_BAD_CALL;
    if (!v->model.arch->transcribe)
        return handle_refuse(v, VQA_BAD_CALL,
                             "the model answers questions: it writes down no sounds");
    const encoded *heard = handle_find(v, SPEECH, sound);
    if (!heard) return VQA_BAD_CALL;
    error why;
    transcribe_options o;
    cJSON *json = size ? json_object(options, size, "the transcription's options", &v->err)
                       : cJSON_CreateObject();
    if (!json && !size) fail_memory(&v->err, "not enough memory for the transcription's options");
    if (!json) return v->err.no_memory ? VQA_NO_MEMORY : VQA_BAD_CALL;
    int status = VQA_BAD_CALL;
    if (read_options(&v->model, json, &o, &why))
        status = transcribe(v, heard, &o);
    else
        fail(&v->err, "the transcription's options: %s", why.text + strlen(prefix));
    cJSON_Delete(json);
    return status;
}

const char *vqa_transcript(const vqa *v) { return v->transcript ? v->transcript : ""; }
