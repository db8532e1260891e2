/* Families multimodal/...: text, speech and picture fused, each with one or two of them missing. */
#include <string.h>

#include "format/json.h"
#include "tools/files.h"
#include "tools/goldens.h"

enum { MAX_TOKENS = 512 };

/* The features of the picture of a case; no rows where it has none. */
static tensor see(const compute *c, const golden_model *f, const char *name, arena *out, arena tmp)
{
    const model *m = &f->model;
    const weight *pixels = golden_input(&f->data, name, "pixel_values");
    if (!pixels) return (tensor){ 0 };
    int height = (int)pixels->info.shape[2], width = (int)pixels->info.shape[3];
    tensor features = tensor_new(out, m->arch->feature_rows(m, height, width), m->hidden);
    m->arch->encode(c, m, pixels->floats, height, width, features, tmp);
    return features;
}

/* The same of its sound, whose spectrogram is stored as [1, mels, frames]. */
static tensor hear(const compute *c, const golden_model *f, const char *name, arena *out, arena tmp)
{
    const model *m = &f->model;
    const weight *stored = golden_input(&f->data, name, "input_features");
    if (!stored) return (tensor){ 0 };
    int frames = (int)stored->info.shape[2];
    tensor features = tensor_new(out, m->arch->speech_rows(m, frames), m->hidden),
           spectrogram = tensor_new(&tmp, frames, m->mels);
    for (int i = 0; i < frames * m->mels; i++)
        tensor_row(spectrogram, i % frames)[i / frames] = stored->floats[i];
    m->arch->hear(c, m, spectrogram, features, tmp);
    return features;
}

static bool run_case(const compute *c, golden_model *f, const cJSON *golden_case,
                     golden_result *result, error *err)
{
    enum { ROOM = 4 << 20 }; /* these models are small */
    golden_watch watch = { .data = &f->data,
                           .name = json_text(golden_case, "name", "?"),
                           .batch = 1 };
    const weight *ids = golden_input(&f->data, watch.name, "input_ids");
    int id[MAX_TOKENS];
    if (ids && (ids->rows != 1 || ids->cols > f->model.max_tokens || ids->cols > MAX_TOKENS))
        return fail(err, "case '%s' has no input_ids that fit", watch.name);
    if (ids) golden_ints(ids, 0, id);
    arena out = { 0 }, tmp = { 0 };
    bool ok = arena_new(&out, ROOM, "a case", err) && arena_new(&tmp, ROOM, "a case", err);
    if (ok) {
        compute watched = *c;
        watched.watch = golden_show;
        watched.watch_context = &watch;
        const request q = { .ids = id,
                            .tokens = ids ? ids->cols : 0,
                            .speech = hear(c, f, watch.name, &out, tmp),
                            .picture = see(c, f, watch.name, &out, tmp) };
        f->model.arch->answer(&watched, &f->model, &q, tensor_new(&out, 1, f->model.answers), tmp);
        ok = golden_check(&watch, golden_case, 1e-4, result, err);
    }
    arena_free(&out);
    arena_free(&tmp);
    return ok;
}

bool golden_multimodal(const char *folder, const compute *c, golden_result *result, error *err)
{
    golden_model f = { .folder = folder };
    const cJSON *golden_case;
    bool ok = (f.config = json_read_in(folder, "config.json", err)) &&
              tensors_read_in(folder, "model.safetensors", KEEP_AS_STORED, &f.weights, err) &&
              golden_read(folder, &f.data, err) && model_bind(&f.model, &f.weights, f.config, err);
    if (ok)
        cJSON_ArrayForEach(golden_case, f.data.list) if (ok) ok =
            run_case(c, &f, golden_case, result, err);
    golden_model_close(&f);
    return ok;
}
