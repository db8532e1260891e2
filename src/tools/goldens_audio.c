/* Families whisper_logmel, ast: what becomes of a sound, and an encoder of spectrograms. */
#include <stdio.h>
#include <stdlib.h>

#include "audio/feature_extractor.h"
#include "audio/wav.h"
#include "encoders/audio_ast.h"
#include "format/json.h"
#include "tools/files.h"
#include "tools/goldens.h"

static bool read_sound(const char *folder, const cJSON *json, sound *out, error *err)
{
    size_t size;
    *out = (sound){ 0 };
    uint8_t *bytes = file_read_in(folder, json_text(json, "audio", "?"), &size, err);
    bool ok = bytes && wav_decode(bytes, size, out, err);
    free(bytes);
    return ok;
}

/* The spectrogram of a sound against `expected`: [frames, mels], or transposed. The frames of a
 * whole chunk are computed where `expected` has but the first of them. */
static bool spectrogram_case(const feature_extractor *f, const sound *s, const weights *all,
                             const char *name, bool transposed, golden_result *result, error *err)
{
    const weight *expected = weights_find(all, name);
    if (!expected || expected->info.rank != 3) return fail(err, "there is no '%s'", name);
    int frames = (int)expected->info.shape[transposed ? 2 : 1],
        mels = (int)expected->info.shape[transposed ? 1 : 2];
    if (mels != f->mels || frames > f->frames)
        return fail(err, "'%s' has %d frames of %d values", name, frames, mels);
    arena room;
    if (!arena_new(&room, 2 * tensor_cost(f->frames, mels) + feature_extractor_scratch(f),
                   "a spectrogram", err))
        return false;
    tensor y = tensor_new(&room, f->frames, mels);
    feature_extractor_run(f, s->samples, s->count, y, room);
    tensor same = tensor_new(&room, frames, mels); /* as `expected` has them */
    for (int t = 0; t < frames; t++)
        for (int m = 0; m < mels; m++)
            same.data[transposed ? m * frames + t : t * mels + m] = tensor_row(y, t)[m];
    double worst = golden_error(same.data, expected->floats, (size_t)frames * (size_t)mels);
    arena_free(&room);
    result->cases++;
    if (!(worst <= result->worst)) result->worst = worst;
    return worst <= 1e-4 || fail(err, "'%s' is off by %.3g, allowed are 1e-4", name, worst);
}

bool golden_logmel(const char *folder, const compute *c, golden_result *result, error *err)
{
    (void)c;
    static const struct {
        const char *settings, *expected;
    } cases[] = {
        { "\"chunk_length\": 2", "logmel_chunk2s" },
        { "\"chunk_length\": 2", "logmel_chunk2s_numpy_float64_path" },
        { "\"chunk_length\": 30", "logmel_chunk30s_first_240_frames" },
    };
    weights expected = { 0 };
    sound s = { 0 };
    cJSON *json = json_read_in(folder, "cases.json", err);
    bool ok = json && read_sound(folder, json, &s, err) &&
              tensors_read_in(folder, "expected.safetensors", KEEP_AS_STORED, &expected, err);
    for (size_t i = 0; i < sizeof cases / sizeof *cases && ok; i++) {
        char text[200];
        feature_extractor f;
        int length = snprintf(text, sizeof text,
                              "{\"feature_extractor_type\": \"WhisperFeatureExtractor\", %s}",
                              cases[i].settings);
        cJSON *settings = json_object(text, (size_t)length, "settings", err);
        ok = settings && feature_extractor_parse(&f, settings, err) &&
             spectrogram_case(&f, &s, &expected, cases[i].expected, true, result, err);
        cJSON_Delete(settings);
    }
    weights_free(&expected);
    sound_free(&s);
    cJSON_Delete(json);
    return ok;
}

/* ASTForAudioClassification. */
typedef struct {
    cJSON *config, *settings;
    weights weights;
    golden_data data;
    audio_ast encoder;
    norm norm;
    linear dense;
    feature_extractor extractor;
} ast_fixture;

static bool open_ast(const char *folder, ast_fixture *f, error *err)
{
    *f = (ast_fixture){ 0 };
    if (!(f->config = json_read_in(folder, "config.json", err)) ||
        !(f->settings = json_read_in(folder, "preprocessor_config.json", err)) ||
        !tensors_read_in(folder, "model.safetensors", KEEP_AS_STORED, &f->weights, err) ||
        !golden_read(folder, &f->data, err) ||
        !feature_extractor_parse(&f->extractor, f->settings, err) ||
        !audio_ast_bind(&f->encoder, &f->weights, "audio_spectrogram_transformer.", f->config, err))
        return false;
    const weight *dense = weights_find(&f->weights, "classifier.dense.weight");
    const int hidden = f->encoder.layers.shape.hidden;
    if (!dense) return fail(err, "there is no classifier");
    return norm_bind(&f->norm, &f->weights, "classifier.layernorm", hidden,
                     f->encoder.layers.shape.eps, err) &&
           linear_bind(&f->dense, &f->weights, "classifier.dense", hidden, dense->rows, true, err);
}

static void close_ast(ast_fixture *f)
{
    audio_ast_free(&f->encoder);
    golden_free(&f->data);
    weights_free(&f->weights);
    cJSON_Delete(f->settings);
    cJSON_Delete(f->config);
}

/* The features of the case's sound, before and after they are normalised. */
static bool ast_features(const char *folder, const ast_fixture *f, const cJSON *golden_case,
                         golden_result *result, error *err)
{
    char name[256];
    sound s;
    feature_extractor plain = f->extractor;
    plain.mean = 0;
    plain.std = 0.5f;
    bool ok = read_sound(folder, golden_case, &s, err);
    snprintf(name, sizeof name, "%s.fbank_unnormalised", json_text(golden_case, "name", "?"));
    ok = ok && spectrogram_case(&plain, &s, &f->data.inputs, name, false, result, err);
    snprintf(name, sizeof name, "%s.input_values", json_text(golden_case, "name", "?"));
    ok = ok && spectrogram_case(&f->extractor, &s, &f->data.inputs, name, false, result, err);
    sound_free(&s);
    return ok;
}

static bool ast_case(const compute *c, const ast_fixture *f, const cJSON *golden_case,
                     golden_result *result, error *err)
{
    const audio_ast *a = &f->encoder;
    const int rows = audio_ast_rows(a), hidden = a->layers.shape.hidden, answers = f->dense.out;
    golden_watch watch = { .data = &f->data, .name = json_text(golden_case, "name", "?") };
    const weight *values = golden_input(&f->data, watch.name, "input_values");
    if (!values || values->cols != a->frames * a->mels)
        return fail(err, "case '%s' has no input_values that fit", watch.name);
    arena room;
    if (!arena_new(&room,
                   tensor_cost(rows, hidden) + tensor_cost(1, answers) + linear_scratch(1, hidden) +
                       audio_ast_scratch(a),
                   "a case", err))
        return false;
    compute watched = *c;
    watched.watch = golden_show;
    watched.watch_context = &watch;
    watch.batch = values->rows;
    for (watch.row = 0; watch.row < watch.batch; watch.row++) {
        arena tmp = room;
        tensor y = tensor_new(&tmp, rows, hidden), logits = tensor_new(&tmp, 1, answers),
               x = { values->floats + (size_t)watch.row * (size_t)values->cols, a->frames,
                     a->mels };
        audio_ast_encode(&watched, a, x, rows, y, tmp);
        compute_show(&watched, "last_hidden_state", 0, y);
        audio_ast_pool(y);
        y = tensor_rows(y, 0, 1);
        compute_show(&watched, "pooler_output", 0, y);
        nn_norm(c, &f->norm, y, y);
        nn_linear(c, &f->dense, y, logits, tmp);
        compute_show(&watched, "logits", 0, logits);
    }
    arena_free(&room);
    return golden_check(&watch, golden_case, 1e-4, result, err);
}

bool golden_ast(const char *folder, const compute *c, golden_result *result, error *err)
{
    ast_fixture f;
    const cJSON *golden_case;
    bool ok = open_ast(folder, &f, err);
    cJSON_ArrayForEach(golden_case, f.data.list)
    {
        ok = ok && ast_features(folder, &f, golden_case, result, err) &&
             ast_case(c, &f, golden_case, result, err);
    }
    close_ast(&f);
    return ok;
}
