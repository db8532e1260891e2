#include "vqa.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "choices.h"
#include "core/utf8.h"
#include "format/json.h"
#include "heads/classify.h"
#include "heads/regress.h"
#include "image/decode.h"
#include "image/preprocess.h"
#include "loading.h"
#include "models/model.h"
#include "text/tokenizer.h"

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
    char *licence;   /* that the caller has set, or NULL */
    loading loading; /* owns the settings and weights of the model */
    /* the model */
    model model;
    preprocessor preprocessor;
    tokenizer *tokenizer;
    problem problem;
    char *info;
    pack_writer *pack; /* that is being read, or NULL */
    /* scratch: one block for whatever runs, grown only for a picture larger than any before */
    arena scratch;
    /* the pictures that are open */
    picture *pictures;
    int last_id;
    /* the last answer */
    arena results; /* owns ids, logits and scores */
    int *ids;      /* [max_tokens] */
    tensor logits, scores;
    choices choices; /* of the last vqa_choose() */
    answer best[VQA_MAX_ANSWERS];
    int best_count;
    char number[32]; /* the text of a regressed value */
};

static const char no_model[] = "no model is loaded yet";

/* ---- loading ---- */

static bool bind_tokenizer(vqa *v, error *err)
{
    const cJSON *t = v->loading.settings.tokenizer;
    const char *vocabulary = json_text(t, "vocab", NULL);
    if (!vocabulary) return fail(err, "the pack's tokenizer has no \"vocab\"");
    if (!tokenizer_new(&v->tokenizer, json_text(t, "tokenizer_class", "BertTokenizer"), vocabulary,
                       json_text(t, "merges", NULL), json_bool(t, "do_lower_case", true), err))
        return false;
    int size = tokenizer_size(v->tokenizer);
    if (size <= v->model.vocabulary) return true;
    return fail(err, "the vocabulary has %d tokens, the model knows %d", size, v->model.vocabulary);
}

static bool bind_head(vqa *v, error *err)
{
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
        return fail(err, "the pack has %d labels for %d answers", labels, v->model.answers);
    return true;
}

static bool write_info(vqa *v, error *err)
{
    static const char *const names[] = { "f32", "q8", "q4" }; /* of weight_form */
    cJSON *info = cJSON_CreateObject();
    const weights *w = &v->loading.weights;
    weight_form finest = FORM_FLOAT;
    cJSON *unused = cJSON_CreateArray();
    double parameters = 0;
    for (int i = 0; i < w->count; i++) {
        const weight *t = &w->all[i];
        if (weights_is_scale(w, t) || strcmp(t->info.name, PACK_CHECKSUM) == 0) continue;
        if (t->form > finest) finest = t->form;
        if (t->used)
            parameters += (double)t->rows * t->cols;
        else
            cJSON_AddItemToArray(unused, cJSON_CreateString(t->info.name));
    }
    cJSON_AddStringToObject(info, "name", v->loading.settings.name);
    cJSON_AddStringToObject(info, "licence", v->loading.settings.licence);
    cJSON_AddStringToObject(info, "architecture", v->model.arch->name);
    cJSON_AddStringToObject(info, "summary", v->model.summary);
    cJSON_AddStringToObject(info, "precision", names[finest]);
    cJSON_AddNumberToObject(info, "parameters", parameters);
    cJSON_AddNumberToObject(info, "answers", v->model.ranks ? 0 : v->model.answers);
    cJSON_AddStringToObject(info, "choices", v->model.ranks ? "required" : "optional");
    cJSON_AddNumberToObject(info, "maxTokens", v->model.max_tokens);
    cJSON_AddStringToObject(info, "kernels", v->compute.k->name);
    cJSON_AddNumberToObject(info, "threads", pool_threads(v->compute.threads));
    cJSON_AddNumberToObject(info, "weightBytes", (double)weights_memory(w));
    cJSON_AddNumberToObject(info, "scratchBytes", (double)v->scratch.size);
    cJSON_AddItemToObject(info, "unusedTensors", unused);
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
    if (!loading_end(&v->loading, err)) return false;
    if (v->licence) {
        free(v->loading.settings.licence);
        v->loading.settings.licence = v->licence;
        v->licence = NULL;
    }
    if (!model_bind(&v->model, &v->loading.weights, v->loading.settings.config, err) ||
        !preprocessor_parse(&v->preprocessor, v->loading.settings.preprocessor, err) ||
        !bind_tokenizer(v, err) || !bind_head(v, err))
        return false;
    int logits = v->model.ranks ? VQA_MAX_CHOICES : v->model.answers;
    size_t answers = (size_t)logits, tokens = (size_t)v->model.max_tokens;
    if (!arena_new(&v->results,
                   arena_cost(tokens, sizeof(int)) + 2 * arena_cost(answers, sizeof(float)),
                   "the answers", err))
        return false;
    v->ids = arena_take(&v->results, tokens, sizeof(int));
    v->logits = tensor_new(&v->results, 1, logits);
    v->scores = tensor_new(&v->results, 1, logits);
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
    if (v->compute.threads) return v;
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
    choices_free(&v->choices);
    arena_free(&v->results);
    arena_free(&v->scratch);
    pack_writer_free(v->pack);
    cJSON_free(v->info);
    tokenizer_free(v->tokenizer);
    model_free(&v->model);
    loading_free(&v->loading);
    free(v->licence);
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

/* What stands in the way of taking more of a model in; VQA_OK if nothing does. */
static int loaded(vqa *v)
{
    if (v->state == READY)
        return refuse(v, VQA_BAD_CALL, "a model is loaded already; a new one needs a new handle");
    return v->state == BROKEN ? VQA_BAD_MODEL : VQA_OK;
}

static int begun(vqa *v)
{
    if (loaded(v) == VQA_OK && loading_begun(&v->loading))
        return refuse(v, VQA_BAD_CALL, "a model is being loaded already");
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

int vqa_open_folder(vqa *v, const char *name, size_t size)
{
    if (begun(v) != VQA_OK) return begun(v);
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
    return v->licence ? VQA_OK : refuse(v, VQA_NO_MEMORY, "not enough memory for the licence");
}

const char *vqa_wanted_file(const vqa *v)
{
    return v->state == LOADING ? loading_wanted(&v->loading) : "";
}

int vqa_end_file(vqa *v, int there)
{
    if (loaded(v) != VQA_OK) return loaded(v);
    if (!*vqa_wanted_file(v)) return refuse(v, VQA_BAD_CALL, "no file of a folder is wanted");
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
    *status = VQA_BAD_CALL;
    if (v->state != READY) {
        refuse(v, VQA_BAD_CALL, no_model);
        return NULL;
    }
    pack_writer_free(v->pack);
    v->pack = pack_writer_new(&v->loading.weights, &v->loading.settings, false, &v->err);
    *status = VQA_NO_MEMORY;
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

/* Whether `text` can be tokenized: `what` names it in the sentence. */
static bool readable(vqa *v, const char *what, const char *text, size_t size)
{
    size_t valid = utf8_valid(text, size);
    if (size > VQA_MAX_QUESTION)
        return fail(&v->err, "the %s has %zu bytes, at most %d are taken", what, size,
                    VQA_MAX_QUESTION);
    return valid == size || fail(&v->err, "the %s is not UTF-8 text (byte %zu)", what, valid);
}

/* The number of ids now in v->ids, or the status of a question that can't be taken. */
static int tokenize(vqa *v, const char *question, size_t size)
{
    int count = tokenizer_encode(v->tokenizer, question, size, v->ids, v->model.max_tokens);
    if (count < 0) return refuse(v, VQA_NO_MEMORY, "not enough memory for the question");
    switch (tokenizer_state(v->tokenizer, v->ids, count)) {
    case TEXT_EMPTY: return refuse(v, VQA_BAD_QUESTION, "the question is empty");
    case TEXT_UNKNOWN:
        return refuse(v, VQA_BAD_QUESTION, "the model knows none of the question's words");
    default: return count;
    }
}

/* What stands in the way of a question; VQA_OK if nothing does. */
static int askable(vqa *v, int id, const char *question, size_t size, int top_k)
{
    if (v->state != READY) return refuse(v, VQA_BAD_CALL, no_model);
    if (!find_picture(v, id)) return no_picture(v, id);
    if (top_k < 1 || top_k > VQA_MAX_ANSWERS) {
        fail(&v->err, "top_k is %d, expected 1 to %d", top_k, VQA_MAX_ANSWERS);
        return VQA_BAD_CALL;
    }
    return readable(v, "question", question, size) ? VQA_OK : VQA_BAD_QUESTION;
}

/* The logits of the ids in v->ids. */
static int run(vqa *v, int id, int tokens, tensor logits)
{
    v->model.arch->answer(&v->compute, &v->model, v->ids, NULL, NULL, tokens,
                          (*find_picture(v, id))->features, logits, v->scratch);
    for (int i = 0; i < logits.cols; i++)
        if (!isfinite(logits.data[i]))
            return refuse(v, VQA_BAD_MODEL,
                          "the model's weights are too large: it gives no finite numbers");
    return VQA_OK;
}

/* The best of v->logits into v->best, out of `among` [count] (NULL: all). */
static int rank(vqa *v, const int *among, int count, int top_k)
{
    memcpy(v->scores.data, v->logits.data, (size_t)v->logits.cols * sizeof(float));
    v->scores.cols = v->logits.cols;
    if (v->problem == PROBLEM_REGRESSION) {
        v->best_count = regress_values(v->scores, top_k, v->best);
    } else {
        classify_probabilities(v->compute.k,
                               v->problem == PROBLEM_SOFTMAX ? CLASSIFY_SOFTMAX : CLASSIFY_SIGMOID,
                               v->scores);
        v->best_count =
            classify_best(v->scores, among, among ? count : v->scores.cols, top_k, v->best);
    }
    return v->best_count;
}

int vqa_ask(vqa *v, int id, const char *question, size_t size, int top_k)
{
    int status = askable(v, id, question, size, top_k);
    if (status != VQA_OK) return status;
    if (v->model.ranks)
        return refuse(v, VQA_BAD_CALL,
                      "the model has no answers of its own: give it choices to rank");
    int tokens = tokenize(v, question, size);
    if (tokens < 0) return tokens;
    v->best_count = 0;
    if ((status = run(v, id, tokens, v->logits)) != VQA_OK) return status;
    return rank(v, NULL, 0, top_k);
}

/* A logit for each choice, by the model's judgement of a text made of it. */
static int score_choices(vqa *v, int id, const char *question, size_t size)
{
    v->logits.cols = v->choices.count;
    for (int i = 0; i < v->choices.count; i++) {
        size_t prompt_size;
        char *prompt = choices_prompt(question, size, v->choices.text[i], &prompt_size);
        if (!prompt) return refuse(v, VQA_NO_MEMORY, "not enough memory for a choice");
        int tokens = tokenize(v, prompt, prompt_size);
        free(prompt);
        if (tokens < 0) return tokens;
        int status = run(v, id, tokens, (tensor){ v->logits.data + i, 1, 1 });
        if (status != VQA_OK) return status;
    }
    return VQA_OK;
}

int vqa_choose(vqa *v, int id, const char *question, size_t size, const char *list,
               size_t list_size, int top_k)
{
    int status = askable(v, id, question, size, top_k);
    if (status != VQA_OK) return status;
    if (v->problem == PROBLEM_REGRESSION)
        return refuse(v, VQA_BAD_CALL, "the model predicts numbers: it can't rank choices");
    v->best_count = 0;
    choices_free(&v->choices);
    if (!choices_read(&v->choices, list, list_size, &v->err))
        return v->err.no_memory ? VQA_NO_MEMORY : VQA_BAD_QUESTION;
    if (v->model.ranks) {
        status = score_choices(v, id, question, size);
        return status == VQA_OK ? rank(v, NULL, 0, top_k) : status;
    }
    int *among = choices_labels(&v->choices, v->loading.settings.labels, &v->err);
    if (!among) return v->err.no_memory ? VQA_NO_MEMORY : VQA_BAD_QUESTION;
    int tokens = tokenize(v, question, size);
    status = tokens < 0 ? tokens : run(v, id, tokens, v->logits);
    if (status == VQA_OK) status = rank(v, among, v->choices.count, top_k);
    free(among);
    return status;
}

const char *vqa_answer_text(vqa *v, int i)
{
    if (i < 0 || i >= v->best_count) return "";
    if (v->model.ranks) return v->choices.text[v->best[i].index];
    if (v->problem != PROBLEM_REGRESSION)
        return cJSON_GetArrayItem(v->loading.settings.labels, v->best[i].index)->valuestring;
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
