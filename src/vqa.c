/* The answering half of vqa.h: pictures in, answers out. */
#include "handle.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/build.h"
#include "core/clock.h"
#include "core/utf8.h"
#include "heads/classify.h"
#include "heads/regress.h"
#include "image/decode.h"

_Static_assert((int)VQA_MAX_PIXELS == (int)IMAGE_MAX_PIXELS &&
                   (int)VQA_MAX_SIDE == (int)IMAGE_MAX_SIDE,
               "vqa.h tells the limits of decode.h");

vqa *vqa_new(int threads)
{
    vqa *v = calloc(1, sizeof *v);
    if (!v) return NULL;
    v->compute.k = kernels_best();
    v->compute.stop = &v->stop;
    v->compute.threads = pool_new(threads);
    if (v->compute.threads) return v;
    vqa_free(v);
    return NULL;
}

void handle_free_encoded(encoded *e)
{
    arena_free(&e->block);
    free(e->heat.values);
    free(e);
}

void vqa_free(vqa *v)
{
    if (!v) return;
    while (v->open) {
        encoded *e = v->open;
        v->open = e->next;
        handle_free_encoded(e);
    }
    choices_free(&v->choices);
    rollout_free(&v->rollout);
    arena_free(&v->results);
    arena_free(&v->scratch);
    pack_writer_free(v->pack);
    cJSON_free(v->info);
    cJSON_free(v->transcript);
    tokenizer_free(v->tokenizer);
    model_free(&v->model);
    loading_free(&v->loading);
    free(v->licence);
    pool_free(v->compute.threads);
    free(v);
}

int handle_refuse(vqa *v, vqa_status status, const char *sentence)
{
    fail(&v->err, "%s", sentence);
    return status;
}

int handle_ready(vqa *v)
{
    return v->state == READY ? VQA_OK : handle_refuse(v, VQA_BAD_CALL, "no model is loaded yet");
}

int handle_feature_rows(const vqa *v, int height, int width, error *err)
{
    const architecture *arch = v->model.arch;
    int rows =
        v->model.takes[PICTURE] == NOT_TAKEN ? 0 : arch->feature_rows(&v->model, height, width);
    if (rows > 0) return rows;
    fail(err,
         rows ? "the picture is too large for the model (%d x %d pixels)"
              : "the picture is too small for the model (%d x %d pixels)",
         width, height);
    return 0;
}

bool handle_plan_scratch(vqa *v, modality which, uint64_t encoding, int rows, error *err)
{
    int most[MODALITIES];
    memcpy(most, v->most_rows, sizeof most);
    if (rows > most[which]) most[which] = rows;
    uint64_t size = v->model.arch->answer
                        ? v->model.arch->answer_scratch(&v->model, v->model.max_tokens,
                                                        most[SPEECH], most[PICTURE])
                        : 0;
    if (encoding > size) size = encoding;
    if (size > v->scratch.size) {
        arena larger; /* the old block stays for the others where there is no memory for it */
        if (!arena_new(&larger, size, "the working memory", err)) return false;
        arena_free(&v->scratch);
        v->scratch = larger;
    }
    memcpy(v->most_rows, most, sizeof most);
    return true;
}

atomic_int *vqa_stop(vqa *v) { return &v->stop; }

double vqa_milliseconds(const vqa *v, vqa_time what)
{
    return (unsigned)what < VQA_TIMES ? v->milliseconds[what] : 0;
}

double handle_ended(vqa *v, vqa_time what, double begin)
{
    double now = clock_now();
    v->milliseconds[what] = now - begin;
    return now;
}

/* ---- what is open ---- */

int handle_keep(vqa *v, encoded *e)
{
    e->id = ++v->last_id;
    e->next = v->open;
    v->open = e;
    return e->id;
}

/* Its place in the list; NULL and a sentence if there is none. */
static encoded **find(vqa *v, modality which, int id)
{
    const char *what = which == PICTURE ? "picture" : "sound";
    bool closed = id > 0 && id <= v->last_id;
    for (encoded **e = &v->open; *e; e = &(*e)->next)
        if ((*e)->id == id) {
            if ((*e)->which == which) return e;
            closed = false; /* it is the other kind */
        }
    fail(&v->err, closed ? "%s %d is closed" : "there is no %s %d", what, id);
    return NULL;
}

encoded *handle_find(vqa *v, modality which, int id)
{
    encoded **place = find(v, which, id);
    return place ? *place : NULL;
}

int handle_close(vqa *v, modality which, int id)
{
    encoded **place = find(v, which, id);
    if (!place) return VQA_BAD_CALL;
    encoded *e = *place;
    *place = e->next;
    if (v->explained == e) v->explained = NULL;
    handle_free_encoded(e);
    return VQA_OK;
}

/* ---- pictures ---- */

/* The status of a call that could not take a picture. */
static int picture_status(const vqa *v)
{
    return compute_stopped(&v->compute) ? VQA_STOPPED
           : v->err.no_memory           ? VQA_NO_MEMORY
                                        : VQA_BAD_PICTURE;
}

static bool encode(vqa *v, const image *pixels8, encoded *p, error *err)
{
    int width, height;
    if (v->model.takes[PICTURE] == NOT_TAKEN) return fail(err, "the model takes no pictures");
    if (!preprocess_size(&v->preprocessor, pixels8->width, pixels8->height, &width, &height, err))
        return false;
    int rows = handle_feature_rows(v, height, width, err), patch = v->model.patch;
    if (!rows) return false;
    int more = v->model.rest ? patch - 1 : 0,
        seen_width = v->model.rest ? width : width - width % patch,
        seen_height = v->model.rest ? height : height - height % patch;
    p->heat = (heatmap){ .height = (height + more) / patch, .width = (width + more) / patch };
    preprocess_box(&v->preprocessor, pixels8->width, pixels8->height, seen_width, seen_height,
                   p->heat.box);
    arena input = { 0 };
    compute c = v->compute;
    if (v->explain && rows == 1 && v->model.heads)
        c.rollout = &v->rollout; /* questions don't look at the patches */
    bool ok =
        handle_plan_scratch(v, PICTURE, v->model.arch->encode_scratch(&v->model, height, width),
                            rows, err) &&
        arena_new(&p->block, tensor_cost(rows, v->model.hidden), "the picture's features", err) &&
        (!c.rollout ||
         heatmap_begin(&p->heat, c.rollout, &v->model, 1 + p->heat.height * p->heat.width, err)) &&
        arena_new(&input, tensor_cost(3 * height, width), "the picture's pixels", err);
    if (ok) {
        tensor pixels = tensor_new(&input, 3 * height, width);
        p->features = tensor_new(&p->block, rows, v->model.hidden);
        double begin = clock_now();
        ok = preprocess(&v->preprocessor, pixels8, NULL, pixels.data, err);
        begin = handle_ended(v, VQA_TIME_RESIZE, begin);
        if (ok)
            v->model.arch->encode(&c, &v->model, pixels.data, height, width, p->features,
                                  v->scratch);
        if (ok && c.rollout) heatmap_end(&p->heat, c.rollout);
        handle_ended(v, VQA_TIME_ENCODE, begin);
    }
    if (ok && compute_stopped(&v->compute)) ok = fail(err, "the picture was stopped being encoded");
    arena_free(&input);
    return ok;
}

/* Takes over `pixels8`. */
static int add_picture(vqa *v, image *pixels8)
{
    encoded *p = calloc(1, sizeof *p);
    bool ok = p ? encode(v, pixels8, p, &v->err)
                : fail_memory(&v->err, "not enough memory for a picture");
    image_free(pixels8);
    if (!ok) {
        if (p) handle_free_encoded(p);
        return picture_status(v);
    }
    p->which = PICTURE;
    return handle_keep(v, p);
}

int vqa_encode(vqa *v, const uint8_t *bytes, size_t size)
{
    image pixels8 = { 0 };
    if (handle_ready(v) != VQA_OK) return VQA_BAD_CALL;
    double begin = clock_now();
    if (!image_decode(bytes, size, (decode_options){ 0 }, &pixels8, &v->err))
        return picture_status(v);
    handle_ended(v, VQA_TIME_DECODE, begin);
    return add_picture(v, &pixels8);
}

int vqa_encode_pixels(vqa *v, const uint8_t *rgba, int width, int height)
{
    image pixels8 = { 0 };
    if (handle_ready(v) != VQA_OK) return VQA_BAD_CALL;
    double begin = clock_now();
    if (!image_from_rgba(rgba, width, height, &pixels8, &v->err)) return picture_status(v);
    handle_ended(v, VQA_TIME_DECODE, begin);
    return add_picture(v, &pixels8);
}

int vqa_close_picture(vqa *v, int id) { return handle_close(v, PICTURE, id); }

/* ---- questions ---- */

/* Whether the caller gives the answers, of which only full builds judge the texts. */
static bool ranks(const vqa *v) { return VQA_FULL && v->model.ranks; }

/* Whether `text` can be tokenized: `what` names it in the sentence. */
static bool readable(vqa *v, const char *what, const char *text, size_t size)
{
    if (size > VQA_MAX_QUESTION)
        return fail(&v->err, "the %s has %zu bytes, at most %d are taken", what, size,
                    VQA_MAX_QUESTION);
    size_t valid = utf8_valid(text, size);
    return valid == size || fail(&v->err, "the %s is not UTF-8 text (byte %zu)", what, valid);
}

/* The number of ids now in v->ids, or the status of a question that can't be taken. */
static int tokenize(vqa *v, const char *question, size_t size)
{
    if (!size && v->model.takes[TEXT] != NEEDED) return 0; /* it does without */
    int count = tokenizer_encode(v->tokenizer, question, size, v->ids, v->model.max_tokens);
    if (count < 0) return handle_refuse(v, VQA_NO_MEMORY, "not enough memory for the question");
    switch (tokenizer_state(v->tokenizer, v->ids, count)) {
    case TEXT_EMPTY: return handle_refuse(v, VQA_BAD_QUESTION, "the question is empty");
    case TEXT_UNKNOWN:
        return handle_refuse(v, VQA_BAD_QUESTION, "the model knows none of the question's words");
    default: return count;
    }
}

/* The same for the text that asks about a choice, none of which may be cut off. */
static int tokenize_choice(vqa *v, const char *choice, const char *prompt, size_t size)
{
    int most = v->model.max_tokens,
        alone = tokenizer_encode(v->tokenizer, choice, strlen(choice), v->ids, most + 1),
        count = alone < 0 ? alone : 0;
    bool known = alone >= 0 && tokenizer_state(v->tokenizer, v->ids, alone) == TEXT_KNOWN;
    if (known) count = tokenizer_encode(v->tokenizer, prompt, size, v->ids, most + 1);
    if (count < 0) return handle_refuse(v, VQA_NO_MEMORY, "not enough memory for a choice");
    if (known && count <= most) return count;
    fail(&v->err,
         known ? "the question is too long for the choice '%s': together they have more than %d "
                 "tokens"
               : "the choice '%s' has no word that the model knows",
         choice, most);
    return VQA_BAD_QUESTION;
}

/* A question as it was asked. */
typedef struct {
    const char *text; /* [size] */
    size_t size;
    encoded *picture, *sound; /* or NULL: none */
} asked;

/* Whether the model can go without what the question lacks. */
static bool suffices(vqa *v, const asked *a)
{
    const model_input *takes = v->model.takes;
    bool none = !a->size && !a->sound;
    if (ranks(v)) return true; /* the choices are the question */
    if (a->size && takes[TEXT] == NOT_TAKEN)
        return fail(&v->err, "the model takes spoken questions only");
    if (!a->sound && takes[SPEECH] == NEEDED)
        return fail(&v->err, "the model needs a spoken question");
    if (!a->size && (takes[TEXT] == NEEDED || (none && takes[TEXT] == LEFT_OUT) ||
                     (none && takes[SPEECH] == LEFT_OUT)))
        return fail(&v->err, "the question is empty");
    return true;
}

/* What stands in the way of a question; VQA_OK if nothing does. */
static int askable(vqa *v, int picture, int sound, asked *a, int top_k)
{
    if (handle_ready(v) != VQA_OK) return VQA_BAD_CALL;
    if (VQA_FULL && !v->model.arch->answer)
        return handle_refuse(v, VQA_BAD_CALL,
                             "the model writes down what is said: it answers no questions");
    if (picture || v->model.takes[PICTURE] == NEEDED)
        if (!(a->picture = handle_find(v, PICTURE, picture))) return VQA_BAD_CALL;
    if (sound && !(a->sound = handle_find(v, SPEECH, sound))) return VQA_BAD_CALL;
    if (top_k < 1 || top_k > VQA_MAX_ANSWERS) {
        fail(&v->err, "top_k is %d, expected 1 to %d", top_k, VQA_MAX_ANSWERS);
        return VQA_BAD_CALL;
    }
    return readable(v, "question", a->text, a->size) && suffices(v, a) ? VQA_OK : VQA_BAD_QUESTION;
}

/* The logits of the ids in v->ids. */
static int run(vqa *v, const asked *a, int tokens, tensor logits)
{
    encoded *p = a->picture;
    compute c = v->compute;
    if (!handle_plan_scratch(v, TEXT, 0, 0, &v->err))
        return VQA_NO_MEMORY; /* nothing was encoded yet */
    request q = { .ids = v->ids, .tokens = tokens };
    if (p) q.picture = p->features;
    if (a->sound) q.speech = a->sound->features;
    if (v->explain && p && p->features.rows > 1 && v->model.heads) {
        c.rollout = &v->rollout;
        int rows = model_rows(&v->model, tokens, q.speech.rows, q.picture.rows);
        if (!heatmap_begin(&p->heat, c.rollout, &v->model, rows, &v->err)) return VQA_NO_MEMORY;
    }
    v->model.arch->answer(&c, &v->model, &q, logits, v->scratch);
    if (c.rollout) heatmap_end(&p->heat, c.rollout);
    v->explained = v->explain ? p : NULL;
    if (compute_stopped(&v->compute))
        return handle_refuse(v, VQA_STOPPED, "the answer was stopped");
    for (int i = 0; i < logits.cols; i++)
        if (!isfinite(logits.data[i]))
            return handle_refuse(v, VQA_BAD_MODEL,
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

static int ask(vqa *v, int picture, int sound, asked *a, int top_k)
{
    int status = askable(v, picture, sound, a, top_k);
    if (status != VQA_OK) return status;
    if (ranks(v))
        return handle_refuse(v, VQA_BAD_CALL,
                             "the model has no answers of its own: give it choices to rank");
    int tokens = tokenize(v, a->text, a->size);
    if (tokens < 0) return tokens;
    v->best_count = 0;
    if ((status = run(v, a, tokens, v->logits)) != VQA_OK) return status;
    return rank(v, NULL, 0, top_k);
}

int vqa_ask(vqa *v, int picture, int sound, const char *question, size_t size, int top_k)
{
    double begin = clock_now();
    int count = ask(v, picture, sound, &(asked){ question, size, NULL, NULL }, top_k);
    handle_ended(v, VQA_TIME_ANSWER, begin);
    return count;
}

/* A logit for each choice, by the model's judgement of a text made of it. */
static int score_choices(vqa *v, const asked *a)
{
    v->logits.cols = v->choices.count;
    for (int i = 0; i < v->choices.count; i++) {
        size_t prompt_size;
        char *prompt = choices_prompt(a->text, a->size, v->choices.text[i], &prompt_size);
        if (!prompt) return handle_refuse(v, VQA_NO_MEMORY, "not enough memory for a choice");
        int tokens = tokenize_choice(v, v->choices.text[i], prompt, prompt_size);
        free(prompt);
        if (tokens < 0) return tokens;
        int status = run(v, a, tokens, (tensor){ v->logits.data + i, 1, 1 });
        if (status != VQA_OK) return status;
    }
    return VQA_OK;
}

static int choose(vqa *v, int picture, int sound, asked *a, const char *list, size_t list_size,
                  int top_k)
{
    int status = askable(v, picture, sound, a, top_k);
    if (status != VQA_OK) return status;
    if (v->problem == PROBLEM_REGRESSION)
        return handle_refuse(v, VQA_BAD_CALL, "the model predicts numbers: it can't rank choices");
    v->best_count = 0;
    choices_free(&v->choices);
    if (!choices_read(&v->choices, list, list_size, &v->err))
        return v->err.no_memory ? VQA_NO_MEMORY : VQA_BAD_QUESTION;
    if (ranks(v)) {
        status = score_choices(v, a);
        return status == VQA_OK ? rank(v, NULL, 0, top_k) : status;
    }
    int *among = choices_labels(&v->choices, v->loading.settings.labels, &v->err);
    if (!among) return v->err.no_memory ? VQA_NO_MEMORY : VQA_BAD_QUESTION;
    int tokens = tokenize(v, a->text, a->size);
    status = tokens < 0 ? tokens : run(v, a, tokens, v->logits);
    if (status == VQA_OK) status = rank(v, among, v->choices.count, top_k);
    free(among);
    return status;
}

int vqa_choose(vqa *v, int picture, int sound, const char *question, size_t size, const char *list,
               size_t list_size, int top_k)
{
    double begin = clock_now();
    asked a = { question, size, NULL, NULL };
    int count = choose(v, picture, sound, &a, list, list_size, top_k);
    handle_ended(v, VQA_TIME_ANSWER, begin);
    return count;
}

const char *vqa_answer_text(vqa *v, int i)
{
    if (i < 0 || i >= v->best_count) return "";
    if (ranks(v)) return v->choices.text[v->best[i].index];
    if (v->problem != PROBLEM_REGRESSION)
        return cJSON_GetArrayItem(v->loading.settings.labels, v->best[i].index)->valuestring;
    regress_text(v->best[i].score, v->number[i], sizeof v->number[i]);
    return v->number[i];
}

float vqa_answer_score(const vqa *v, int i)
{
    return i < 0 || i >= v->best_count ? 0 : v->best[i].score;
}

const float *vqa_logits(const vqa *v, int *count)
{
    *count = v->best_count ? v->logits.cols : 0;
    return v->best_count ? v->logits.data : NULL;
}

void vqa_set_explain(vqa *v, int on)
{
    v->explain = on != 0;
    if (!on) rollout_free(&v->rollout);
}

/* Of the last answer: one without values if there is none. */
static heatmap last_heat(const vqa *v)
{
    bool there = v->best_count && v->explained && v->explained->heat.values;
    return there ? v->explained->heat : (heatmap){ 0 };
}

const float *vqa_heatmap(const vqa *v, int *height, int *width)
{
    heatmap h = last_heat(v);
    *height = h.height;
    *width = h.width;
    return h.values;
}

void vqa_heatmap_box(const vqa *v, float box[4])
{
    heatmap h = last_heat(v);
    memcpy(box, h.box, sizeof h.box);
}

const char *vqa_info(const vqa *v) { return v->info ? v->info : "{}"; }

const char *vqa_error(const vqa *v) { return v->err.text; }
