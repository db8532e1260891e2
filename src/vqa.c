#include "vqa.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/utf8.h"
#include "format/json.h"
#include "format/pack.h"
#include "format/safetensors.h"
#include "heads/classify.h"
#include "heads/regress.h"
#include "image/decode.h"
#include "image/preprocess.h"
#include "models/model.h"
#include "text/wordpiece.h"

_Static_assert((int)VQA_MAX_PIXELS == (int)IMAGE_MAX_PIXELS &&
                   (int)VQA_MAX_SIDE == (int)IMAGE_MAX_SIDE,
               "vqa.h tells the limits of decode.h");

typedef struct picture {
    int id;
    arena block; /* owns the features */
    tensor features;
    struct picture *next;
} picture;

typedef enum { PROBLEM_SOFTMAX, PROBLEM_SIGMOID, PROBLEM_REGRESSION } problem;

struct vqa {
    error err;
    compute compute;
    enum { LOADING, READY, BROKEN } state;
    /* while loading */
    safetensors *file;
    pack_check check;
    /* the model */
    pack_settings settings;
    weights weights;
    model model;
    preprocessor preprocessor;
    wordpiece *tokenizer;
    problem problem;
    char *info;
    /* scratch: one block for whatever runs, grown only for a picture larger than any before */
    arena scratch;
    /* the pictures that are open */
    picture *pictures;
    int last_id;
    /* the last answer */
    arena results; /* owns ids, logits and scores */
    int *ids;      /* [max_tokens] */
    tensor logits, scores;
    answer best[VQA_MAX_ANSWERS];
    int best_count;
    char number[32]; /* the text of a regressed value */
};

/* ---- loading ---- */

static bool take_header(void *context, const tensor_info *tensors, int count, const cJSON *metadata,
                        error *err)
{
    vqa *v = context;
    if (!pack_settings_read(&v->settings, metadata, err)) return false;
    const tensor_info *last = count > 0 ? &tensors[count - 1] : NULL;
    if (!last || strcmp(last->name, PACK_CHECKSUM) != 0 || last->size != PACK_CHECKSUM_SIZE)
        return fail(err, "the pack does not end with its tensor '" PACK_CHECKSUM "'");
    return weights_plan(&v->weights, tensors, count, KEEP_AS_STORED, err);
}

static bool take_data(void *context, int index, const uint8_t *bytes, size_t size, error *err)
{
    vqa *v = context;
    return weights_take(&v->weights, index, bytes, size, err);
}

static bool bind_tokenizer(vqa *v, error *err)
{
    const cJSON *t = v->settings.tokenizer;
    const char *kind = json_text(t, "tokenizer_class", "BertTokenizer"),
               *vocabulary = json_text(t, "vocab", NULL);
    if (strncmp(kind, "BertTokenizer", 13) != 0)
        return fail(err, "the tokenizer '%s' is not supported (supported: BertTokenizer)", kind);
    if (!vocabulary) return fail(err, "the pack's tokenizer has no \"vocab\"");
    if (!wordpiece_new(&v->tokenizer, vocabulary, strlen(vocabulary),
                       json_bool(t, "do_lower_case", true), err))
        return false;
    int size = wordpiece_size(v->tokenizer);
    if (size <= v->model.vocabulary) return true;
    return fail(err, "the vocabulary has %d tokens, the model knows %d", size, v->model.vocabulary);
}

static bool bind_head(vqa *v, error *err)
{
    const char *type = json_text(v->settings.config, "problem_type", v->model.arch->problem_type);
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
    int labels = cJSON_GetArraySize(v->settings.labels);
    if (v->problem != PROBLEM_REGRESSION && labels != v->model.answers)
        return fail(err, "the pack has %d labels for %d answers", labels, v->model.answers);
    return true;
}

static bool write_info(vqa *v, error *err)
{
    cJSON *info = cJSON_CreateObject();
    bool q8 = false;
    for (int i = 0; i < v->weights.count; i++) q8 |= v->weights.all[i].q8;
    cJSON_AddStringToObject(info, "name", v->settings.name);
    cJSON_AddStringToObject(info, "licence", v->settings.licence);
    cJSON_AddStringToObject(info, "architecture", v->model.arch->name);
    cJSON_AddStringToObject(info, "summary", v->model.summary);
    cJSON_AddStringToObject(info, "precision", q8 ? "q8" : "f32");
    cJSON_AddNumberToObject(info, "parameters",
                            (double)weights_parameters(&v->weights) - PACK_CHECKSUM_SIZE);
    cJSON_AddNumberToObject(info, "answers", v->model.answers);
    cJSON_AddNumberToObject(info, "maxTokens", v->model.max_tokens);
    cJSON_AddStringToObject(info, "kernels", v->compute.k->name);
    cJSON_AddNumberToObject(info, "threads", pool_threads(v->compute.threads));
    cJSON_AddNumberToObject(info, "weightBytes", (double)v->weights.block.size);
    cJSON_AddNumberToObject(info, "scratchBytes", (double)v->scratch.size);
    v->info = cJSON_PrintUnformatted(info);
    cJSON_Delete(info);
    return v->info || fail_memory(err, "not enough memory for the model's description");
}

/* The rows of features for pixels of that size; 0 and a sentence if there are none. */
static int feature_rows(const vqa *v, int height, int width, error *err)
{
    int rows = v->model.arch->feature_rows(&v->model, height, width);
    if (rows > 0) return rows;
    fail(err,
         rows ? "the picture is too large for the model (%d x %d pixels)"
              : "the picture is too small for the model (%d x %d pixels)",
         width, height);
    return 0;
}

/* Room for a question of any length about features of that many rows, and for encoding such a
 * picture. */
static bool plan_scratch(vqa *v, int height, int width, error *err)
{
    const model *m = &v->model;
    size_t encode = m->arch->encode_scratch(m, height, width);
    size_t answers =
        m->arch->answer_scratch(m, m->max_tokens, m->arch->feature_rows(m, height, width));
    size_t size = encode > answers ? encode : answers;
    if (size <= v->scratch.size) return true;
    arena larger; /* the old block stays for the other pictures where there is no memory for it */
    if (!arena_new(&larger, size, "the working memory", err)) return false;
    arena_free(&v->scratch);
    v->scratch = larger;
    return true;
}

static bool finish(vqa *v, error *err)
{
    if (!safetensors_end(v->file, err) || !pack_check_end(&v->check, err) ||
        !weights_finish(&v->weights, err) ||
        !model_bind(&v->model, &v->weights, v->settings.config, err) ||
        !preprocessor_parse(&v->preprocessor, v->settings.preprocessor, err) ||
        !bind_tokenizer(v, err) || !bind_head(v, err))
        return false;
    size_t answers = (size_t)v->model.answers, tokens = (size_t)v->model.max_tokens;
    if (!arena_new(&v->results,
                   arena_cost(tokens, sizeof(int)) + 2 * arena_cost(answers, sizeof(float)),
                   "the answers", err))
        return false;
    v->ids = arena_take(&v->results, tokens, sizeof(int));
    v->logits = tensor_new(&v->results, 1, v->model.answers);
    v->scores = tensor_new(&v->results, 1, v->model.answers);
    if (v->preprocessor.rule == RESIZE_NOT) return write_info(v, err); /* planned by picture */
    int height, width; /* of a picture of usual shape; most processors make one size of all */
    error why;
    if (!preprocess_size(&v->preprocessor, 640, 480, &width, &height, err)) return false;
    if (!feature_rows(v, height, width, &why)) return fail(err, "preprocessor: %s", why.text);
    return plan_scratch(v, height, width, err) && write_info(v, err);
}

vqa *vqa_new(int threads)
{
    vqa *v = calloc(1, sizeof *v);
    if (!v) return NULL;
    v->compute.k = kernels_best();
    v->compute.threads = pool_new(threads);
    v->file = safetensors_new((safetensors_sink){ take_header, take_data, v });
    if (v->compute.threads && v->file) return v;
    vqa_free(v);
    return NULL;
}

static void free_picture(picture *p)
{
    arena_free(&p->block);
    free(p);
}

void vqa_free(vqa *v)
{
    if (!v) return;
    while (v->pictures) {
        picture *p = v->pictures;
        v->pictures = p->next;
        free_picture(p);
    }
    arena_free(&v->results);
    arena_free(&v->scratch);
    cJSON_free(v->info);
    wordpiece_free(v->tokenizer);
    model_free(&v->model);
    weights_free(&v->weights);
    pack_settings_free(&v->settings);
    safetensors_free(v->file);
    pool_free(v->compute.threads);
    free(v);
}

static int broken(vqa *v)
{
    v->state = BROKEN;
    return v->err.no_memory ? VQA_NO_MEMORY : VQA_BAD_MODEL;
}

static int refuse(vqa *v, vqa_status status, const char *sentence)
{
    fail(&v->err, "%s", sentence);
    return status;
}

int vqa_load(vqa *v, const uint8_t *bytes, size_t size)
{
    if (v->state == READY)
        return refuse(v, VQA_BAD_CALL, "a model is loaded already; a new one needs a new handle");
    if (v->state == BROKEN) return VQA_BAD_MODEL;
    pack_check_bytes(&v->check, bytes, size);
    return safetensors_push(v->file, bytes, size, &v->err) ? VQA_OK : broken(v);
}

int vqa_load_end(vqa *v)
{
    if (v->state == READY)
        return refuse(v, VQA_BAD_CALL, "a model is loaded already; a new one needs a new handle");
    if (v->state == BROKEN) return VQA_BAD_MODEL;
    if (!finish(v, &v->err)) return broken(v);
    safetensors_free(v->file);
    v->file = NULL;
    v->state = READY;
    return VQA_OK;
}

/* ---- pictures ---- */

/* A picture's place in the list, or NULL. */
static picture **find_picture(vqa *v, int id)
{
    for (picture **p = &v->pictures; *p; p = &(*p)->next)
        if ((*p)->id == id) return p;
    return NULL;
}

/* The status of a call that could not take a picture. */
static int picture_status(const vqa *v)
{
    return v->err.no_memory ? VQA_NO_MEMORY : VQA_BAD_PICTURE;
}

static bool encode(vqa *v, const image *pixels8, picture *p, error *err)
{
    int width, height;
    if (!preprocess_size(&v->preprocessor, pixels8->width, pixels8->height, &width, &height, err))
        return false;
    int rows = feature_rows(v, height, width, err);
    if (!rows) return false;
    arena input = { 0 };
    bool ok =
        plan_scratch(v, height, width, err) &&
        arena_new(&p->block, tensor_cost(rows, v->model.hidden), "the picture's features", err) &&
        arena_new(&input, tensor_cost(3 * height, width), "the picture's pixels", err);
    if (ok) {
        tensor pixels = tensor_new(&input, 3 * height, width);
        p->features = tensor_new(&p->block, rows, v->model.hidden);
        ok = preprocess(&v->preprocessor, pixels8, NULL, pixels.data, err);
        if (ok)
            v->model.arch->encode(&v->compute, &v->model, pixels.data, height, width, p->features,
                                  v->scratch);
    }
    arena_free(&input);
    return ok;
}

/* Takes over `pixels8`. */
static int add_picture(vqa *v, image *pixels8)
{
    picture *p = calloc(1, sizeof *p);
    bool ok = p ? encode(v, pixels8, p, &v->err)
                : fail_memory(&v->err, "not enough memory for a picture");
    image_free(pixels8);
    if (!ok) {
        if (p) free_picture(p);
        return picture_status(v);
    }
    p->id = ++v->last_id;
    p->next = v->pictures;
    v->pictures = p;
    return p->id;
}

static const char no_model[] = "no model is loaded yet";

int vqa_encode(vqa *v, const uint8_t *bytes, size_t size)
{
    image pixels8 = { 0 };
    if (v->state != READY) return refuse(v, VQA_BAD_CALL, no_model);
    if (!image_decode(bytes, size, (decode_options){ 0 }, &pixels8, &v->err))
        return picture_status(v);
    return add_picture(v, &pixels8);
}

int vqa_encode_pixels(vqa *v, const uint8_t *rgba, int width, int height)
{
    image pixels8 = { 0 };
    if (v->state != READY) return refuse(v, VQA_BAD_CALL, no_model);
    if (!image_from_rgba(rgba, width, height, &pixels8, &v->err)) return picture_status(v);
    return add_picture(v, &pixels8);
}

static int no_picture(vqa *v, int id)
{
    bool closed = id > 0 && id <= v->last_id;
    fail(&v->err, closed ? "picture %d is closed" : "there is no picture %d", id);
    return VQA_BAD_CALL;
}

int vqa_close_picture(vqa *v, int id)
{
    picture **place = find_picture(v, id);
    if (!place) return no_picture(v, id);
    picture *p = *place;
    *place = p->next;
    free_picture(p);
    return VQA_OK;
}

/* ---- questions ---- */

/* Whether the ids between [CLS] and [SEP] hold one that stands for a known piece of text. */
static bool any_known(const vqa *v, int count)
{
    for (int i = 1; i < count - 1; i++)
        if (v->ids[i] != wordpiece_id(v->tokenizer, WORDPIECE_UNK)) return true;
    return false;
}

/* The number of ids now in v->ids, 0 if the question can't be taken. */
static int tokenize(vqa *v, const char *question, size_t size)
{
    size_t valid = utf8_valid(question, size);
    if (size > VQA_MAX_QUESTION) {
        fail(&v->err, "the question has %zu bytes, at most %d are taken", size, VQA_MAX_QUESTION);
        return 0;
    }
    if (valid < size) {
        fail(&v->err, "the question is not UTF-8 text (byte %zu)", valid);
        return 0;
    }
    int count = wordpiece_encode(v->tokenizer, question, size, v->ids, v->model.max_tokens);
    if (any_known(v, count)) return count;
    fail(&v->err,
         count == 2 ? "the question is empty" : "the model knows none of the question's words");
    return 0;
}

int vqa_ask(vqa *v, int id, const char *question, size_t size, int top_k)
{
    if (v->state != READY) return refuse(v, VQA_BAD_CALL, no_model);
    picture **p = find_picture(v, id);
    if (!p) return no_picture(v, id);
    if (top_k < 1 || top_k > VQA_MAX_ANSWERS) {
        fail(&v->err, "top_k is %d, expected 1 to %d", top_k, VQA_MAX_ANSWERS);
        return VQA_BAD_CALL;
    }
    int tokens = tokenize(v, question, size);
    if (!tokens) return VQA_BAD_QUESTION;
    v->best_count = 0;
    v->model.arch->answer(&v->compute, &v->model, v->ids, NULL, NULL, tokens, (*p)->features,
                          v->logits, v->scratch);
    for (int i = 0; i < v->logits.cols; i++)
        if (!isfinite(v->logits.data[i]))
            return refuse(v, VQA_BAD_MODEL,
                          "the model's weights are too large: it gives no finite numbers");
    memcpy(v->scores.data, v->logits.data, (size_t)v->logits.cols * sizeof(float));
    if (v->problem == PROBLEM_REGRESSION)
        v->best_count = regress_values(v->scores, top_k, v->best);
    else
        v->best_count = classify_best(
            v->compute.k, v->problem == PROBLEM_SOFTMAX ? CLASSIFY_SOFTMAX : CLASSIFY_SIGMOID,
            v->scores, top_k, v->best);
    return v->best_count;
}

const char *vqa_answer_text(vqa *v, int i)
{
    if (i < 0 || i >= v->best_count) return "";
    if (v->problem != PROBLEM_REGRESSION)
        return cJSON_GetArrayItem(v->settings.labels, v->best[i].index)->valuestring;
    regress_text(v->best[i].score, v->number, sizeof v->number);
    return v->number;
}

float vqa_answer_score(const vqa *v, int i)
{
    return i < 0 || i >= v->best_count ? 0 : v->best[i].score;
}

const float *vqa_logits(const vqa *v, int *count)
{
    *count = v->best_count ? v->logits.cols : 0;
    return v->logits.data;
}

const char *vqa_info(const vqa *v) { return v->info ? v->info : "{}"; }

const char *vqa_error(const vqa *v) { return v->err.text; }
