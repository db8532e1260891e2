/* Families clip and realistic/clip_...: every text of a case against every picture of it, from ids
 * and from the picture's file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "encoders/image_clip.h"
#include "format/json.h"
#include "format/vocabulary_json.h"
#include "tools/files.h"
#include "tools/goldens.h"
#include "tools/recipe.h"

enum { MAX_TOKENS = 512 };

/* One case while it runs. */
typedef struct {
    golden_model *f;
    const cJSON *golden_case;
    compute compute;    /* watched by `watch` */
    golden_watch watch; /* its batch and row are those of the pictures or of the texts */
    int pictures, texts;
    tensor features; /* [pictures, projection_dim] */
    tensor logits;   /* [pictures, texts] */
} clip_case;

static bool encode_picture(clip_case *k, int row, error *err)
{
    const model *m = &k->f->model;
    int height, width;
    k->watch.batch = k->pictures;
    k->watch.row = row;
    float *pixels = golden_pixels(k->f, k->golden_case, &k->watch, &height, &width, err);
    if (!pixels) return false;
    arena room = { 0 };
    bool ok = m->arch->feature_rows(m, height, width) == 1
                  ? arena_new(&room, m->arch->encode_scratch(m, height, width), "a case", err)
                  : fail(err, "case '%s': the model takes no picture of %d x %d pixels",
                         k->watch.name, width, height);
    if (ok)
        m->arch->encode(&k->compute, m, pixels, height, width, tensor_rows(k->features, row, 1),
                        room);
    arena_free(&room);
    free(pixels);
    return ok;
}

/* One text against all pictures; what the model shows of the text is compared once. */
static bool rank_text(clip_case *k, int row, error *err)
{
    const model *m = &k->f->model;
    const weight *ids = golden_input(&k->f->data, k->watch.name, "input_ids"),
                 *mask = golden_input(&k->f->data, k->watch.name, "attention_mask");
    int id[MAX_TOKENS], shown[MAX_TOKENS], tokens = ids->cols;
    uint8_t shown8[MAX_TOKENS];
    golden_ints(ids, row, id);
    if (mask) golden_ints(mask, row, shown);
    for (int i = 0; mask && i < tokens; i++) shown8[i] = (uint8_t)shown[i];
    const char *text = golden_text(k->golden_case, "text", "texts", row);
    if (text && !golden_check_text(k->f, text, id, mask ? shown8 : NULL, tokens, err)) return false;
    k->watch.batch = k->texts;
    k->watch.row = row;
    arena room;
    if (!arena_new(&room, m->arch->answer_scratch(m, tokens, 0, 1), "a case", err)) return false;
    compute unwatched = k->compute;
    unwatched.watch = NULL;
    for (int p = 0; p < k->pictures; p++)
        m->arch->answer(p == 0 ? &k->compute : &unwatched, m,
                        &(request){ .ids = id,
                                    .mask = mask ? shown8 : NULL,
                                    .tokens = tokens,
                                    .picture = tensor_rows(k->features, p, 1) },
                        (tensor){ tensor_row(k->logits, p) + row, 1, 1 }, room);
    arena_free(&room);
    return true;
}

/* Rows of logits_per_image, and of logits_per_text, its transpose. */
static void show_logits(clip_case *k, arena tmp)
{
    tensor column = tensor_new(&tmp, 1, k->pictures);
    k->watch.batch = k->pictures;
    for (int p = 0; p < k->pictures; p++) {
        k->watch.row = p;
        compute_show(&k->compute, "logits_per_image", 0, tensor_rows(k->logits, p, 1));
    }
    k->watch.batch = k->texts;
    for (int t = 0; t < k->texts; t++) {
        for (int p = 0; p < k->pictures; p++) column.data[p] = tensor_row(k->logits, p)[t];
        k->watch.row = t;
        compute_show(&k->compute, "logits_per_text", 0, column);
    }
}

static bool run_case(clip_case *k, error *err)
{
    const weight *ids = golden_input(&k->f->data, k->watch.name, "input_ids"),
                 *pixels = golden_input(&k->f->data, k->watch.name, "pixel_values");
    if (!ids || ids->cols > MAX_TOKENS || ids->cols > k->f->model.max_tokens)
        return fail(err, "case '%s' has no input_ids that fit", k->watch.name);
    k->texts = ids->rows;
    k->pictures = pixels ? pixels->rows : 1;
    int columns = k->f->model.hidden;
    arena results;
    if (!arena_new(&results,
                   tensor_cost(k->pictures, columns) + tensor_cost(k->pictures, k->texts) +
                       tensor_cost(1, k->pictures),
                   "a case", err))
        return false;
    k->features = tensor_new(&results, k->pictures, columns);
    k->logits = tensor_new(&results, k->pictures, k->texts);
    bool ok = true;
    for (int p = 0; p < k->pictures && ok; p++) ok = encode_picture(k, p, err);
    for (int t = 0; t < k->texts && ok; t++) ok = rank_text(k, t, err);
    if (ok) show_logits(k, results);
    arena_free(&results);
    return ok;
}

/* The picture encoder by itself: in the model its last layer computes only the row needed. */
static bool check_tower(clip_case *k, const image_clip *v, error *err)
{
    const weight *pixels = golden_input(&k->f->data, k->watch.name, "pixel_values");
    int tokens = image_clip_tokens(v), hidden = v->layers.shape.hidden;
    arena room;
    if (!pixels || pixels->cols != v->channels * v->side * v->side)
        return fail(err, "case '%s' has no pixel_values that fit", k->watch.name);
    if (!arena_new(&room, tensor_cost(tokens, hidden) + image_clip_scratch(v), "a case", err))
        return false;
    tensor y = tensor_new(&room, tokens, hidden);
    k->watch.batch = pixels->rows;
    for (k->watch.row = 0; k->watch.row < pixels->rows; k->watch.row++) {
        const float *picture = pixels->floats + (size_t)k->watch.row * (size_t)pixels->cols;
        image_clip_encode(&k->compute, v, picture, tokens, y, room);
        compute_show(&k->compute, "vision_last_hidden_state", 0, y);
    }
    arena_free(&room);
    return true;
}

static clip_case new_case(const compute *c, golden_model *f, const cJSON *golden_case)
{
    golden_watch watch = { .data = &f->data, .name = json_text(golden_case, "name", "?") };
    return (clip_case){ .f = f, .golden_case = golden_case, .compute = *c, .watch = watch };
}

/* From vocab.json and merges.txt, where they are there. */
static bool open_tokenizer(golden_model *f, error *err)
{
    size_t size;
    if (!file_exists_in(f->folder, "vocab.json") || !file_exists_in(f->folder, "merges.txt"))
        return true;
    cJSON *ids = json_read_in(f->folder, "vocab.json", err);
    char *vocabulary = ids ? vocabulary_lines(ids, &size, err) : NULL;
    uint8_t *merges = vocabulary ? file_read_in(f->folder, "merges.txt", &size, err) : NULL;
    bool ok = merges && tokenizer_new(&f->tokenizer, "CLIPTokenizer", vocabulary,
                                      (const char *)merges, true, err);
    free(merges);
    free(vocabulary);
    cJSON_Delete(ids);
    return ok;
}

static bool open_model(const char *folder, precision keep, golden_model *f, error *err)
{
    static const char defaults[] = "{\"image_processor_type\": \"CLIPImageProcessor\"}";
    bool recipe = file_exists_in(folder, "manifest.json");
    *f = (golden_model){ .folder = folder };
    cJSON *processor = recipe ? json_parse(defaults, sizeof defaults - 1, "the processor", err)
                              : json_read_in(folder, "preprocessor_config.json", err);
    bool ok = processor && preprocessor_parse(&f->preprocessor, processor, err) &&
              (f->config = json_read_in(folder, "config.json", err)) &&
              golden_read(folder, &f->data, err) &&
              (recipe ? recipe_weights(folder, keep, &f->weights, err)
                      : tensors_read_in(folder, "model.safetensors", keep, &f->weights, err)) &&
              model_bind(&f->model, &f->weights, f->config, err) && open_tokenizer(f, err);
    cJSON_Delete(processor);
    return ok;
}

/* All outputs that are listed; the rows of a picture are not listed where weights follow a recipe.
 */
static bool run_floats(const char *folder, const compute *c, golden_result *result, error *err)
{
    golden_model f;
    weights again = { 0 }; /* for the encoder by itself: the model has taken its own */
    image_clip tower = { 0 };
    bool stored = file_exists_in(folder, "model.safetensors");
    bool ok = open_model(folder, KEEP_AS_STORED, &f, err) &&
              (!stored ||
               (tensors_read_in(folder, "model.safetensors", KEEP_AS_STORED, &again, err) &&
                image_clip_bind(&tower, &again, "vision_model.",
                                cJSON_GetObjectItemCaseSensitive(f.config, "vision_config"), err)));
    const cJSON *golden_case;
    cJSON_ArrayForEach(golden_case, f.data.list)
    {
        if (!ok) break;
        clip_case k = new_case(c, &f, golden_case);
        k.compute.watch = golden_show;
        k.compute.watch_context = &k.watch;
        ok = run_case(&k, err) && (!stored || check_tower(&k, &tower, err)) &&
             golden_check(&k.watch, golden_case, 1e-4, result, err);
    }
    if (!f.tokenizer) golden_note(result, "no vocab.json: from ids, not from the texts");
    image_clip_free(&tower);
    weights_free(&again);
    golden_model_close(&f);
    return ok;
}

/* The least cosines of what is shown to what is expected. */
typedef struct {
    const golden_watch *watch;
    double text, picture, logits;
} cosines;

static void show_cosine(void *context, const char *output, int layer, tensor value)
{
    (void)layer;
    cosines *s = context;
    double *least = strcmp(output, "text_embeds") == 0        ? &s->text
                    : strcmp(output, "image_embeds") == 0     ? &s->picture
                    : strcmp(output, "logits_per_image") == 0 ? &s->logits
                                                              : NULL;
    if (!least) return;
    char name[160];
    snprintf(name, sizeof name, "%s.%s", s->watch->name, output);
    const weight *t = weights_find(&s->watch->data->expected, name);
    bool fits = t && t->rows == s->watch->batch && t->cols == value.cols;
    double cosine =
        fits ? golden_cosine(value.data, t->floats + (size_t)s->watch->row * (size_t)t->cols,
                             (size_t)t->cols)
             : -1;
    if (!(cosine >= *least)) *least = cosine;
}

static bool run_quantized(const char *folder, const compute *c, const golden_precision *p,
                          golden_result *result, error *err)
{
    golden_model f;
    cosines least = { .text = 1, .picture = 1, .logits = 1 };
    bool ok = open_model(folder, p->keep, &f, err);
    const cJSON *golden_case;
    cJSON_ArrayForEach(golden_case, f.data.list)
    {
        if (!ok) break;
        clip_case k = new_case(c, &f, golden_case);
        least.watch = &k.watch;
        k.compute.watch = show_cosine;
        k.compute.watch_context = &least;
        ok = run_case(&k, err);
        least.watch = NULL;
    }
    golden_model_close(&f);
    golden_note(result, "%s: cosine of text %.6f, picture %.6f, logits %.6f", p->name, least.text,
                least.picture, least.logits);
    if (ok && !(least.text >= p->least && least.picture >= p->least))
        return fail(err, "%s: cosine of text %.6f, picture %.6f, expected %g", p->name, least.text,
                    least.picture, p->least);
    return ok;
}

bool golden_clip(const char *folder, const compute *c, golden_result *result, error *err)
{
    bool ok = run_floats(folder, c, result, err),
         full_size = file_exists_in(folder, "manifest.json");
    for (int i = 0; i < GOLDEN_PRECISIONS && ok && full_size; i++)
        ok = run_quantized(folder, c, &golden_precisions[i], result, err);
    return ok;
}
