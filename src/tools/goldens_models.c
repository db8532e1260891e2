/* Families fusion/..., vilt and realistic/...: whole models, from ids and pixels, and from question
 * and picture where the case says them. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/json.h"
#include "tools/files.h"
#include "tools/goldens.h"
#include "tools/recipe.h"

enum { MAX_TOKENS = 512 };

void golden_model_close(golden_model *f)
{
    tokenizer_free(f->tokenizer);
    golden_free(&f->data);
    model_free(&f->model);
    weights_free(&f->weights);
    cJSON_Delete(f->config);
}

/* The picture of a case, as the reference decodes and resizes it: [3, height, width] for the caller
 * to free(). */
static float *read_pixels(const golden_model *f, const char *file, int *height, int *width,
                          error *err)
{
    size_t size;
    image picture = { 0 };
    float *pixels = NULL;
    uint8_t *bytes = file_read_in(f->folder, file, &size, err);
    bool ok =
        bytes &&
        image_decode(bytes, size, (decode_options){ .drop_alpha = true, .keep_orientation = true },
                     &picture, err) &&
        preprocess_size(&f->preprocessor, picture.width, picture.height, width, height, err);
    if (ok) pixels = malloc(3 * (size_t)*width * (size_t)*height * sizeof *pixels);
    if (pixels && !preprocess(&f->preprocessor, &picture, NULL, pixels, err)) {
        free(pixels);
        pixels = NULL;
    }
    image_free(&picture);
    free(bytes);
    return pixels;
}

const char *golden_text(const cJSON *golden_case, const char *one, const char *many, int i)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(golden_case, many);
    return json_text(golden_case, one, cJSON_GetStringValue(cJSON_GetArrayItem(list, i)));
}

bool golden_check_text(const golden_model *f, const char *text, const int *ids, const uint8_t *mask,
                       int tokens, error *err)
{
    int own[MAX_TOKENS], most = f->model.max_tokens < MAX_TOKENS ? f->model.max_tokens : MAX_TOKENS;
    if (!f->tokenizer) return true;
    int count = tokenizer_encode(f->tokenizer, text, strlen(text), own, most);
    for (int i = 0; i < tokens || i < count; i++) {
        bool shown = i < tokens && (!mask || mask[i]);
        if (i < count ? !shown || own[i] != ids[i] : mask && shown)
            return fail(err, "text '%s': token %d differs", text, i);
    }
    return true;
}

const golden_precision golden_precisions[GOLDEN_PRECISIONS] = { { QUANTIZE_Q8, "q8", 0.9995 },
                                                                { QUANTIZE_Q4, "q4", 0.99 } };

void golden_note(golden_result *result, const char *format, ...)
{
    if (*result->note) strncat(result->note, "; ", sizeof result->note - strlen(result->note) - 1);
    size_t used = strlen(result->note);
    va_list args;
    va_start(args, format);
    vsnprintf(result->note + used, sizeof result->note - used, format, args);
    va_end(args);
}

/* The stored pixels of one row of a batch, without the padding that its pixel_mask tells of: [3,
 * height, width] for the caller to free(). */
static float *stored_pixels(const weight *stored, const weight *mask, int row, int *height,
                            int *width, error *err)
{
    const int rows = (int)stored->info.shape[2], cols = (int)stored->info.shape[3];
    const float *from = stored->floats + (size_t)row * (size_t)stored->cols,
                *shown = mask ? mask->floats + (size_t)row * (size_t)mask->cols : NULL;
    *height = *width = 0;
    while (*height < rows && (!shown || shown[(size_t)*height * (size_t)cols] != 0)) ++*height;
    while (*width < cols && (!shown || shown[*width] != 0)) ++*width;
    size_t line = (size_t)*width * sizeof *from;
    /* NOLINTNEXTLINE(clang-analyzer-optin.portability.UnixAPI): no fixture has an empty picture */
    float *pixels = malloc(3 * (size_t)*height * line);
    if (!pixels) fail_memory(err, "not enough memory");
    for (int i = 0; pixels && i < 3 * *height; i++) {
        int channel = i / *height, y = i % *height;
        memcpy(pixels + (size_t)i * (size_t)*width,
               from + (size_t)(channel * rows + y) * (size_t)cols, line);
    }
    return pixels;
}

float *golden_pixels(const golden_model *f, const cJSON *golden_case, const golden_watch *watch,
                     int *height, int *width, error *err)
{
    const weight *stored = golden_input(&f->data, watch->name, "pixel_values");
    const cJSON *recipe = cJSON_GetObjectItemCaseSensitive(golden_case, "pixel_values_recipe");
    const char *file = golden_text(golden_case, "image", "images", watch->row);
    float *pixels = NULL;
    if (file && file_exists_in(f->folder, file)) {
        if (!(pixels = read_pixels(f, file, height, width, err))) return NULL;
    } else if (recipe) {
        return recipe_pixels(recipe, watch->row, height, width, err);
    } else if (!stored) {
        fail(err, "case '%s' has neither pixel_values nor its picture '%s'", watch->name,
             file ? file : "");
        return NULL;
    }
    if (!stored) return pixels;
    int own_height = *height, own_width = *width;
    float *reference = stored_pixels(stored, golden_input(&f->data, watch->name, "pixel_mask"),
                                     watch->row, height, width, err);
    double off = 0;
    if (pixels && reference)
        off = own_height == *height && own_width == *width
                  ? golden_error(pixels, reference, 3 * (size_t)*height * (size_t)*width)
                  : INFINITY;
    free(pixels);
    if (off > 1e-6 && file && !strstr(file, ".jp")) {
        fail(err, "case '%s': the preprocessed picture is off by %.3g, allowed are 1e-6",
             watch->name, off);
        free(reference);
        return NULL;
    }
    return reference;
}

/* Encode the picture and answer the question of one row of a case; logits_out: [answers], or NULL.
 */
static bool run_row(const compute *c, golden_model *f, const cJSON *golden_case,
                    golden_watch *watch, float *logits_out, error *err)
{
    const golden_data *g = &f->data;
    const weight *ids = golden_input(g, watch->name, "input_ids"),
                 *types = golden_input(g, watch->name, "token_type_ids"),
                 *mask = golden_input(g, watch->name, "attention_mask");
    int id[MAX_TOKENS], type[MAX_TOKENS] = { 0 }, shown[MAX_TOKENS], tokens = ids->cols;
    uint8_t shown8[MAX_TOKENS];
    golden_ints(ids, watch->row, id);
    if (types) golden_ints(types, watch->row, type);
    if (mask) golden_ints(mask, watch->row, shown);
    for (int i = 0; i < tokens; i++) shown8[i] = mask ? (uint8_t)shown[i] : 1;
    const char *question = golden_text(golden_case, "question", "questions", watch->row);
    if (question && !golden_check_text(f, question, id, shown8, tokens, err)) return false;
    int height = 0, width = 0;
    float *pixels = golden_pixels(f, golden_case, watch, &height, &width, err);
    if (!pixels) return false;
    const architecture *arch = f->model.arch;
    int rows = arch->feature_rows(&f->model, height, width);
    size_t encode = arch->encode_scratch(&f->model, height, width),
           answer = arch->answer_scratch(&f->model, tokens, 0, rows);
    size_t results = tensor_cost(rows, f->model.hidden) + tensor_cost(1, f->model.answers);
    arena room;
    bool ok = arena_new(&room, results + (encode > answer ? encode : answer), "a case", err);
    if (ok) {
        compute watched = *c;
        watched.watch = golden_show;
        watched.watch_context = watch;
        tensor features = tensor_new(&room, rows, f->model.hidden),
               logits = tensor_new(&room, 1, f->model.answers);
        arch->encode(&watched, &f->model, pixels, height, width, features, room);
        const request q = {
            .ids = id, .types = type, .mask = shown8, .tokens = tokens, .picture = features
        };
        arch->answer(&watched, &f->model, &q, logits, room);
        if (logits_out) memcpy(logits_out, logits.data, (size_t)logits.cols * sizeof(float));
        arena_free(&room);
    }
    free(pixels);
    return ok;
}

static bool run_cases(const compute *c, golden_model *f, double allowed, golden_result *result,
                      error *err)
{
    const cJSON *golden_case;
    cJSON_ArrayForEach(golden_case, f->data.list)
    {
        golden_watch watch = { .data = &f->data, .name = json_text(golden_case, "name", "?") };
        const weight *ids = golden_input(&f->data, watch.name, "input_ids");
        if (!ids || ids->cols > MAX_TOKENS || ids->cols > f->model.max_tokens)
            return fail(err, "case '%s' has no input_ids that fit", watch.name);
        watch.batch = ids->rows;
        for (watch.row = 0; watch.row < watch.batch; watch.row++)
            if (!run_row(c, f, golden_case, &watch, NULL, err)) return false;
        if (!golden_check(&watch, golden_case, allowed, result, err)) return false;
    }
    return true;
}

static bool open_tokenizer(golden_model *f, const char *vocabulary, error *err)
{
    size_t size;
    if (!file_exists_in(f->folder, vocabulary)) return true;
    uint8_t *text = file_read_in(f->folder, vocabulary, &size, err);
    bool ok =
        text && tokenizer_new(&f->tokenizer, "BertTokenizer", (const char *)text, NULL, true, err);
    free(text);
    return ok;
}

bool golden_fusion(const char *folder, const compute *c, golden_result *result, error *err)
{
    golden_model f = { .folder = folder };
    cJSON *processor = NULL;
    bool ok = (f.config = json_read_in(folder, "config.json", err)) &&
              tensors_read_in(folder, "model.safetensors", KEEP_AS_STORED, &f.weights, err) &&
              golden_read(folder, &f.data, err) &&
              model_bind(&f.model, &f.weights, f.config, err) &&
              (processor = json_read_in(folder, "preprocessor_config.json", err)) &&
              preprocessor_parse(&f.preprocessor, processor, err) &&
              open_tokenizer(&f, "vocab.txt", err) && run_cases(c, &f, 1e-4, result, err);
    if (ok && !f.tokenizer) golden_note(result, "no vocab.txt: from ids, not from the question");
    cJSON_Delete(processor);
    golden_model_close(&f);
    return ok;
}

/* ---- full-size models whose weights follow a recipe ---- */

/* The cosine of the logits of every case, quantized, to those of the reference in float. */
static bool run_quantized(const compute *c, golden_model *f, const golden_precision *p,
                          golden_result *result, error *err)
{
    double least = 1;
    const cJSON *golden_case;
    size_t answers = (size_t)f->model.answers;
    float *logits = malloc(answers * sizeof *logits);
    bool ok = logits || fail_memory(err, "not enough memory");
    cJSON_ArrayForEach(golden_case, f->data.list)
    {
        golden_watch watch = { .data = &f->data, .name = json_text(golden_case, "name", "?") };
        char name[160];
        snprintf(name, sizeof name, "%s.logits", watch.name);
        const weight *expected = weights_find(&f->data.expected, name);
        if (ok && !expected) ok = fail(err, "there are no expected '%s'", name);
        watch.batch = ok ? expected->rows : 0;
        for (watch.row = 0; watch.row < watch.batch && ok; watch.row++) {
            ok = run_row(c, f, golden_case, &watch, logits, err);
            double similar =
                ok ? golden_cosine(logits, expected->floats + (size_t)watch.row * answers, answers)
                   : 0;
            if (ok && !(similar >= p->least))
                ok = fail(err, "%s: the cosine of '%s' to the float ones is %.6f, expected %g",
                          p->name, name, similar, p->least);
            if (ok && similar < least) least = similar;
        }
    }
    free(logits);
    golden_note(result, "%s: cosine of the logits %.6f", p->name, least);
    return ok;
}

/* These fixtures have no preprocessor_config.json: the defaults of the class that goes with the
 * architecture. */
static bool class_preprocessor(golden_model *f, error *err)
{
    cJSON *settings = cJSON_CreateObject();
    bool vilt = strcmp(f->model.arch->name, "vilt") == 0;
    cJSON_AddStringToObject(settings, "image_processor_type",
                            vilt ? "ViltImageProcessor" : "ViTImageProcessor");
    bool ok = preprocessor_parse(&f->preprocessor, settings, err);
    cJSON_Delete(settings);
    return ok;
}

bool golden_realistic(const char *folder, const compute *c, golden_result *result, error *err)
{
    bool ok = true;
    for (int i = -1; i < GOLDEN_PRECISIONS && ok; i++) {
        const golden_precision *p = i < 0 ? NULL : &golden_precisions[i];
        golden_model f = { .folder = folder };
        ok = (f.config = json_read_in(folder, "config.json", err)) &&
             golden_read(folder, &f.data, err) &&
             recipe_weights(folder, p ? p->keep : KEEP_AS_STORED, &f.weights, err) &&
             model_bind(&f.model, &f.weights, f.config, err) && class_preprocessor(&f, err) &&
             open_tokenizer(&f, json_text(cJSON_GetArrayItem(f.data.list, 0), "vocab", "vocab.txt"),
                            err) &&
             (p ? run_quantized(c, &f, p, result, err) : run_cases(c, &f, 1e-4, result, err));
        golden_model_close(&f);
    }
    return ok;
}
