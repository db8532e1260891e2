/* Families whisper and realistic/whisper_...: a window of sound, from its spectrogram or its WAV file, and
 * what is written down of it, token by token. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audio/feature_extractor.h"
#include "audio/wav.h"
#include "format/json.h"
#include "models/whisper_search.h"
#include "tools/files.h"
#include "tools/goldens.h"
#include "tools/recipe.h"

enum { MAX_TOKENS = 512 };

/* One case while it runs. */
typedef struct {
    golden_model *f;
    const cJSON *golden_case;
    compute compute; /* watched by `watch`, or not */
    golden_watch watch;
    const char *side; /* that runs: "encoder" or "decoder" */
    double least;     /* cosine of the logits of a step */
    int wrong;        /* generated tokens that differ */
} whisper_case;

/* The goldens' names for hidden states begin with the side; of full-size models they have some rows. */
static void show(void *context, const char *output, int layer, tensor value)
{
    enum { EVERY = 50 };
    whisper_case *k = context;
    char name[80];
    snprintf(name, sizeof name, "%s_%s.%d", k->side, output, layer);
    golden_show(&k->watch, strcmp(output, "hidden_states") == 0 ? name : output, 0, value);
    if (strcmp(output, "encoder_last_hidden_state") != 0) return;
    snprintf(name, sizeof name, "%s_every_%dth_position", output, EVERY);
    tensor some = { malloc((size_t)(value.rows / EVERY + 1) * (size_t)value.cols * sizeof(float)),
                    value.rows / EVERY, value.cols };
    for (int r = 0; r < some.rows && some.data; r++)
        memcpy(tensor_row(some, r), tensor_row(value, r * EVERY),
               (size_t)some.cols * sizeof(float));
    if (some.data) golden_show(&k->watch, name, 0, some);
    free(some.data);
}

/* The spectrogram of a case: stored as [1, mels, frames], or of its WAV file. */
static bool read_spectrogram(const whisper_case *k, arena *block, tensor *y, error *err)
{
    const whisper *w = k->f->model.self;
    const weight *stored = golden_input(&k->f->data, k->watch.name, "input_features");
    if (stored && stored->info.rank == 3 && stored->info.shape[1] == w->encoder.mels) {
        int frames = (int)stored->info.shape[2], mels = w->encoder.mels;
        if (!arena_new(block, tensor_cost(frames, mels), "a spectrogram", err)) return false;
        *y = tensor_new(block, frames, mels);
        for (int i = 0; i < frames * mels; i++)
            tensor_row(*y, i % frames)[i / frames] = stored->floats[i];
        return true;
    }
    const char *file = json_text(k->golden_case, "audio", "");
    cJSON *settings = cJSON_CreateObject();
    cJSON_AddStringToObject(settings, "feature_extractor_type", "WhisperFeatureExtractor");
    feature_extractor x;
    sound s = { 0 };
    size_t size;
    bool ok = feature_extractor_parse(&x, settings, err);
    uint8_t *bytes = ok ? file_read_in(k->f->folder, file, &size, err) : NULL;
    ok = bytes && wav_decode(bytes, size, &s, err) &&
         arena_new(block, tensor_cost(x.frames, x.mels) + feature_extractor_scratch(&x),
                   "a spectrogram", err);
    if (ok) {
        *y = tensor_new(block, x.frames, x.mels);
        feature_extractor_run(&x, s.samples, s.count, *y, *block);
    }
    sound_free(&s);
    free(bytes);
    cJSON_Delete(settings);
    return ok;
}

/* What follows each of the generated tokens, of which the first `prompt` were given; by the cache, and all
 * at once for the hidden states. */
static void run_steps(whisper_case *k, whisper_hearing *h, const int *ids, int prompt, int count,
                      tensor logits, tensor steps)
{
    k->side = "decoder";
    if (k->compute.watch) {
        whisper_next(h, ids, 1, count, logits);
        h->cache.count = 0;
    }
    compute unwatched = k->compute;
    unwatched.watch = NULL;
    h->c = &unwatched;
    for (int i = 0; i < steps.rows; i++) {
        whisper_next(h, i ? ids + prompt + i - 1 : ids, 1, i ? 1 : prompt, logits);
        memcpy(tensor_row(steps, i), logits.data, (size_t)steps.cols * sizeof(float));
    }
    h->cache.count = 0;
    h->c = &k->compute;
}

/* The steps' logits against the expected ones. */
static bool compare_steps(whisper_case *k, const char *name, const weight *expected, tensor steps,
                          error *err)
{
    if (k->compute.watch) golden_show(&k->watch, name, 0, steps);
    for (int i = 0; i < steps.rows; i++) {
        size_t cols = (size_t)steps.cols;
        double cosine =
            golden_cosine(tensor_row(steps, i), expected->floats + (size_t)i * cols, cols);
        if (!(cosine >= k->least)) k->least = cosine;
    }
    return k->compute.watch || k->least > 0 || fail(err, "'%s' is not what is expected", name);
}

static bool run_hearing(whisper_case *k, tensor spectrogram, error *err)
{
    const whisper *w = k->f->model.self;
    const golden_data *g = &k->f->data;
    const cJSON *generated = cJSON_GetObjectItemCaseSensitive(k->golden_case, "generated_ids"), *id;
    const weight *prompt = golden_input(g, k->watch.name, "decoder_prompt_ids"), *expected = NULL;
    char full[160];
    const char *name = NULL;
    for (int i = 0; i < 2 && !expected; i++) {
        name = i ? "step_logits_first_2000_ids" : "step_logits";
        snprintf(full, sizeof full, "%s.%s", k->watch.name, name);
        expected = weights_find(&g->expected, full);
    }
    int ids[MAX_TOKENS], count = 0;
    cJSON_ArrayForEach(id, generated) if (count < MAX_TOKENS) ids[count++] = id->valueint;
    if (!prompt || !expected || expected->info.rank != 3 || prompt->cols >= count ||
        expected->info.shape[1] != count - prompt->cols)
        return fail(err, "case '%s' has no prompt, generated_ids and step_logits that fit",
                    k->watch.name);
    int most = count - prompt->cols, shown = (int)expected->info.shape[2];
    arena block;
    if (!arena_new(&block,
                   whisper_hearing_cost(w, 1, count) + tensor_cost(1, w->words.out) +
                       tensor_cost(most, shown) + whisper_search_cost(w, 1, most),
                   "a case", err))
        return false;
    arena rest = block;
    tensor logits = tensor_new(&rest, 1, w->words.out), steps = tensor_new(&rest, most, shown);
    arena search = rest;
    arena_take(&rest, whisper_search_cost(w, 1, most), 1);
    whisper_hearing h = whisper_hearing_new(&k->compute, w, 1, count, &rest);
    k->side = "encoder";
    whisper_listen(&h, spectrogram, 0);
    run_steps(k, &h, ids, prompt->cols, count, logits, steps);
    bool ok = compare_steps(k, name, expected, steps, err);
    bool watched = k->compute.watch != NULL;
    k->compute.watch = NULL;
    whisper_next(&h, ids, 1, prompt->cols, logits);
    whisper_text text = whisper_search(&h, logits, false, 1, most, &search);
    float written[MAX_TOKENS] = { 0 };
    for (int i = 0; i < count; i++) {
        int place = i - prompt->cols, token = place < 0 ? ids[i] : -1;
        if (place >= 0 && place < text.count) token = text.tokens[place];
        written[i] = (float)token;
        k->wrong += token != ids[i];
    }
    if (watched) golden_show(&k->watch, "generated_ids", 0, (tensor){ written, 1, count });
    arena_free(&block);
    return ok;
}

static bool run_cases(const char *folder, const compute *c, const golden_precision *p,
                      golden_result *result, error *err)
{
    golden_model f = { .folder = folder };
    precision keep = p ? p->keep : KEEP_AS_STORED;
    bool ok = (f.config = json_read_in(folder, "config.json", err)) &&
              golden_read(folder, &f.data, err) &&
              (file_exists_in(folder, "manifest.json")
                   ? recipe_weights(folder, keep, &f.weights, err)
                   : tensors_read_in(folder, "model.safetensors", keep, &f.weights, err)) &&
              model_bind(&f.model, &f.weights, f.config, err);
    const cJSON *golden_case;
    double least = 1;
    cJSON_ArrayForEach(golden_case, f.data.list)
    {
        whisper_case k = { .f = &f, .golden_case = golden_case, .compute = *c, .least = 1 };
        k.watch = (golden_watch){ .data = &f.data, .batch = 1 };
        k.watch.name = json_text(golden_case, "name", "?");
        k.compute.watch = p ? NULL : show;
        k.compute.watch_context = &k;
        arena block = { 0 };
        tensor spectrogram;
        ok = ok && read_spectrogram(&k, &block, &spectrogram, err) &&
             run_hearing(&k, spectrogram, err);
        arena_free(&block);
        if (ok && !p)
            ok = golden_check(&k.watch, golden_case, 1e-4, result, err) &&
                 (!k.wrong ||
                  fail(err, "case '%s': %d generated tokens differ", k.watch.name, k.wrong));
        if (ok && p && !(k.least >= p->least))
            ok = fail(err, "%s: the cosine of the logits is %.6f, expected %g", p->name, k.least,
                      p->least);
        if (k.least < least) least = k.least;
        if (ok && p && k.wrong)
            golden_note(result, "%s: %d generated tokens differ", p->name, k.wrong);
    }
    if (ok && p) golden_note(result, "%s: cosine of the logits %.6f", p->name, least);
    golden_model_close(&f);
    return ok;
}

bool golden_whisper(const char *folder, const compute *c, golden_result *result, error *err)
{
    bool ok = run_cases(folder, c, NULL, result, err);
    for (int i = 0; i < GOLDEN_PRECISIONS && ok && file_exists_in(folder, "manifest.json"); i++)
        ok = run_cases(folder, c, &golden_precisions[i], result, err);
    return ok;
}
