/* The loading half of vqa.h: from the bytes of a model to one that is ready, and back to a pack. */
#include "handle.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "core/build.h"
#include "core/utf8.h"
#include "format/json.h"

/* ---- from bytes to a model ---- */

static bool bind_tokenizer(vqa *v, error *err)
{
    const cJSON *t = v->loading.settings.tokenizer;
    if (!v->model.vocabulary) return true; /* it takes no words */
    const char *vocabulary = json_text(t, "vocab", NULL);
    const char *kind = json_text(t, "tokenizer_class", "BertTokenizer");
    if (!vocabulary) return fail(err, "the tokenizer has no \"vocab\"");
    if (v->model.arch->transcribe && strncmp(kind, "WhisperTokenizer", 16) != 0)
        return fail(err, "the tokenizer '%s' can't write down speech, expected WhisperTokenizer",
                    kind);
    if (!tokenizer_new(&v->tokenizer, kind, vocabulary, json_text(t, "merges", NULL),
                       json_bool(t, "do_lower_case", true), err))
        return false;
    int size = tokenizer_size(v->tokenizer);
    if (size <= v->model.vocabulary) return true;
    return fail(err, "the vocabulary has %d tokens, the model knows %d", size, v->model.vocabulary);
}

/* How pictures and sounds become what the encoders take: the preprocessor's settings are those of
 * pictures, and hold those of sounds as "speech"; or they are those of sounds themselves. */
static bool bind_senses(vqa *v, error *err)
{
    const cJSON *settings = v->loading.settings.preprocessor,
                *speech = cJSON_GetObjectItemCaseSensitive(settings, "speech");
    if (v->model.takes[PICTURE] != NOT_TAKEN &&
        !preprocessor_parse(&v->preprocessor, settings, err))
        return false;
    if (!VQA_FULL || !v->model.mels) return true;
    if (!feature_extractor_parse(&v->extractor, speech ? speech : settings, err)) return false;
    const feature_extractor *f = &v->extractor;
    if (f->mels != v->model.mels)
        return fail(err, "the preprocessor makes spectrograms of %d bands, the model takes %d",
                    f->mels, v->model.mels);
    bool fills = v->model.all_frames || v->model.arch->transcribe;
    if ((fills && f->frames != v->model.most_frames) ||
        v->model.all_frames != (f->scale == MEL_KALDI))
        return fail(err, "the preprocessor makes spectrograms of %d frames, the model takes %d",
                    f->frames, v->model.most_frames);
    return true;
}

static bool bind_head(vqa *v, error *err)
{
    if (!v->model.arch->answer) return true; /* it has none */
    const char *type =
        json_text(v->loading.settings.config, "problem_type", v->model.arch->problem_type);
    if (strcmp(type, "single_label_classification") == 0)
        v->problem = PROBLEM_SOFTMAX;
    else if (strcmp(type, "multi_label_classification") == 0)
        v->problem = PROBLEM_SIGMOID;
    else if (strcmp(type, "regression") == 0)
        v->problem = PROBLEM_REGRESSION;
    else
        return fail(err,
                    "config: \"problem_type\" is '%s', expected single_label_classification, "
                    "multi_label_classification or regression",
                    type);
    int labels = cJSON_GetArraySize(v->loading.settings.labels);
    if (v->problem != PROBLEM_REGRESSION && !v->model.ranks && labels != v->model.answers)
        return fail(err, "the model has %d labels for %d answers", labels, v->model.answers);
    return true;
}

/* The instructions that this build is made for. */
static const char *build(void)
{
#ifdef __wasm_relaxed_simd__
    return "relaxed-simd";
#elif defined(__wasm_simd128__)
    return "simd";
#else
    return "native";
#endif
}

/* The text of vqa_info(); NULL without memory. */
static char *describe(const vqa *v, double sure)
{
    cJSON *info = cJSON_CreateObject(), *unused = cJSON_AddArrayToObject(info, "unusedTensors");
    const weights *w = &v->loading.weights;
    int bits = BITS_FLOAT; /* the fewest */
    double parameters = 0;
    bool ok = unused != NULL;
    for (int i = 0; i < w->count && ok; i++) {
        const weight *t = &w->all[i];
        if (weights_is_scale(w, t) || strcmp(t->info.name, PACK_CHECKSUM) == 0) continue;
        if (!t->used) {
            ok = json_append(unused, cJSON_CreateString(t->info.name));
            continue;
        }
        if (t->bits < bits) bits = t->bits;
        parameters += (double)t->rows * t->cols;
    }
    ok = ok && cJSON_AddStringToObject(info, "name", v->loading.settings.name) &&
         cJSON_AddStringToObject(info, "licence", v->loading.settings.licence) &&
         cJSON_AddStringToObject(info, "architecture", v->model.arch->name) &&
         cJSON_AddStringToObject(info, "summary", v->model.summary) &&
         cJSON_AddStringToObject(info, "precision",
                                 bits < 8    ? "q4"
                                 : bits == 8 ? "q8"
                                             : "f32") &&
         cJSON_AddNumberToObject(info, "parameters", parameters) &&
         cJSON_AddNumberToObject(info, "answers", v->model.ranks ? 0 : v->model.answers) &&
         cJSON_AddStringToObject(info, "choices", v->model.ranks ? "required" : "optional") &&
         cJSON_AddBoolToObject(info, "hears", v->model.mels > 0) &&
         cJSON_AddBoolToObject(info, "transcribes", v->model.arch->transcribe != NULL) &&
         cJSON_AddNumberToObject(info, "maxTokens", v->model.max_tokens) &&
         cJSON_AddStringToObject(info, "build", build()) &&
         cJSON_AddStringToObject(info, "kernels", v->compute.k->name) &&
         cJSON_AddNumberToObject(info, "threads", pool_threads(v->compute.threads)) &&
         cJSON_AddNumberToObject(info, "weightBytes", (double)weights_memory(w)) &&
         cJSON_AddNumberToObject(info, "scratchBytes", (double)v->scratch.size) &&
         cJSON_AddNumberToObject(info, "sureFrom", sure);
    char *text = ok ? cJSON_PrintUnformatted(info) : NULL;
    cJSON_Delete(info);
    return text;
}

static bool write_info(vqa *v, error *err)
{
    double sure = v->problem == PROBLEM_REGRESSION ? 0 : 0.5;
    if (!json_number(v->loading.settings.config, "sure_from", sure, 0, 1, &sure, err)) return false;
    v->info = describe(v, sure);
    return v->info || fail_memory(err, "not enough memory for the model's description");
}

/* Room for questions about a picture of usual shape; most processors make one size of all. */
static bool plan(vqa *v, error *err)
{
    int height, width;
    error why;
    if (v->model.takes[PICTURE] == NOT_TAKEN || v->preprocessor.rule == RESIZE_NOT)
        return true; /* planned with what is encoded */
    if (!preprocess_size(&v->preprocessor, 640, 480, &width, &height, err)) return false;
    int rows = handle_feature_rows(v, height, width, &why);
    if (!rows) return fail(err, "preprocessor: %s", why.text);
    uint64_t encoding = v->model.arch->encode_scratch(&v->model, height, width);
    return handle_plan_scratch(v, PICTURE, encoding, rows, err);
}

static bool finish(vqa *v, error *err)
{
    if (!loading_end(&v->loading, err)) return false;
    if (v->licence) {
        free(v->loading.settings.licence);
        v->loading.settings.licence = v->licence;
        v->licence = NULL;
    }
    if (!model_bind(&v->model, &v->loading.weights, v->loading.settings.config, err) ||
        !bind_senses(v, err) || !bind_tokenizer(v, err) || !bind_head(v, err))
        return false;
    int logits = v->model.ranks ? VQA_MAX_CHOICES : v->model.answers;
    size_t answers = (size_t)logits, tokens = (size_t)v->model.max_tokens + 1;
    if (!arena_new(&v->results,
                   arena_cost(tokens, sizeof(int)) + 2 * arena_cost(answers, sizeof(float)),
                   "the answers", err))
        return false;
    v->ids = arena_take(&v->results, tokens, sizeof(int));
    v->logits = tensor_new(&v->results, 1, logits);
    v->scores = tensor_new(&v->results, 1, logits);
    return plan(v, err) && write_info(v, err);
}

static int broken(vqa *v)
{
    v->state = BROKEN;
    return v->err.other_build ? VQA_OTHER_BUILD : v->err.no_memory ? VQA_NO_MEMORY : VQA_BAD_MODEL;
}

/* What stands in the way of taking more of a model in; VQA_OK if nothing does. */
static int loaded(vqa *v)
{
    if (v->state == READY)
        return handle_refuse(v, VQA_BAD_CALL,
                             "a model is loaded already; a new one needs a new handle");
    return v->state == BROKEN ? VQA_BAD_MODEL : VQA_OK;
}

static int begun(vqa *v)
{
    if (loaded(v) == VQA_OK && loading_begun(&v->loading))
        return handle_refuse(v, VQA_BAD_CALL, "a model is being loaded already");
    return loaded(v);
}

int vqa_set_precision(vqa *v, vqa_precision keep)
{
    if (begun(v) != VQA_OK) return begun(v);
    switch (keep) {
    case VQA_FLOAT: v->loading.keep = KEEP_AS_STORED; return VQA_OK;
    case VQA_Q8: v->loading.keep = QUANTIZE_Q8; return VQA_OK;
    case VQA_Q4: v->loading.keep = QUANTIZE_Q4; return VQA_OK;
    }
    fail(&v->err, "the precision is %d, expected 0 (float), 1 (q8) or 2 (q4)", (int)keep);
    return VQA_BAD_CALL;
}

int vqa_set_size_limit(vqa *v, size_t size)
{
    if (begun(v) != VQA_OK) return begun(v);
    v->loading.size_limit = size;
    return VQA_OK;
}

int vqa_open_folder(vqa *v, const char *name, size_t size)
{
    if (begun(v) != VQA_OK) return begun(v);
    size_t valid = utf8_valid(name, size);
    if (valid < size) {
        fail(&v->err, "the folder's name is not UTF-8 text (byte %zu)", valid);
        return VQA_BAD_CALL;
    }
    return loading_open_folder(&v->loading, name, size, &v->err) ? VQA_OK : broken(v);
}

int vqa_set_licence(vqa *v, const char *text, size_t size)
{
    if (loaded(v) != VQA_OK) return loaded(v);
    size_t valid = utf8_valid(text, size);
    if (valid < size) {
        fail(&v->err, "the licence is not UTF-8 text (byte %zu)", valid);
        return VQA_BAD_CALL;
    }
    free(v->licence);
    v->licence = strndup(text, size);
    return v->licence ? VQA_OK
                      : handle_refuse(v, VQA_NO_MEMORY, "not enough memory for the licence");
}

const char *vqa_wanted_file(const vqa *v)
{
    return v->state == LOADING ? loading_wanted(&v->loading) : "";
}

int vqa_end_file(vqa *v, int there)
{
    if (loaded(v) != VQA_OK) return loaded(v);
    if (!*vqa_wanted_file(v))
        return handle_refuse(v, VQA_BAD_CALL, "no file of a folder is wanted");
    return loading_end_file(&v->loading, there, &v->err) ? VQA_OK : broken(v);
}

int vqa_load(vqa *v, const uint8_t *bytes, size_t size)
{
    if (loaded(v) != VQA_OK) return loaded(v);
    return loading_take(&v->loading, bytes, size, &v->err) ? VQA_OK : broken(v);
}

int vqa_load_end(vqa *v)
{
    if (loaded(v) != VQA_OK) return loaded(v);
    if (!finish(v, &v->err)) return broken(v);
    v->state = READY;
    return VQA_OK;
}

/* ---- the model as a pack ---- */

/* The writer, anew at its start; NULL and a status. */
static pack_writer *start_pack(vqa *v, int *status)
{
    *status = handle_ready(v);
    if (*status != VQA_OK) return NULL;
    pack_writer_free(v->pack);
    v->pack = pack_writer_new(&v->loading.weights, &v->loading.settings, false, &v->err);
    *status = v->err.no_memory ? VQA_NO_MEMORY : VQA_BAD_MODEL;
    return v->pack;
}

double vqa_pack_size(vqa *v)
{
    int status;
    pack_writer *pack = start_pack(v, &status);
    return pack ? (double)pack_writer_size(pack) : status;
}

int vqa_pack_read(vqa *v, uint8_t *bytes, size_t size)
{
    int status;
    if (!v->pack && !start_pack(v, &status)) return status;
    size_t n = pack_writer_read(v->pack, bytes, size < INT_MAX ? size : INT_MAX);
    if (n == 0 && size > 0) {
        pack_writer_free(v->pack);
        v->pack = NULL;
    }
    return (int)n;
}
