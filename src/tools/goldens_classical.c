/* Families resnet, mobilenet_v2, vit_hybrid, gru, lstm: one encoder by itself, as floats and quantized. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "encoders/image.h"
#include "encoders/text_rnn.h"
#include "format/json.h"
#include "tools/files.h"
#include "tools/goldens.h"

enum { MAX_TOKENS = 4096 };

/* What is run: one of the two. */
typedef struct {
    bool reads;
    image_encoder image;
    text_rnn rnn;
} encoder;

static bool bind(encoder *e, weights *w, const cJSON *config, error *err)
{
    const char *type = json_text(config, "model_type", "");
    *e = (encoder){ .reads = strcmp(type, "gru") == 0 || strcmp(type, "lstm") == 0 };
    return e->reads ? text_rnn_bind(&e->rnn, w, "", config, err)
                    : image_encoder_bind(&e->image, w, "", config, err);
}

static void free_encoder(encoder *e)
{
    image_encoder_free(&e->image);
    text_rnn_free(&e->rnn);
}

/* Row watch->row of a case's batch; a watch of the quantized compares cosines. */
static bool encode_row(const compute *c, const encoder *e, const golden_watch *watch,
                       const weight *input, const weight *mask, error *err)
{
    static int id[MAX_TOKENS], shown[MAX_TOKENS];
    static uint8_t shown8[MAX_TOKENS];
    int tokens = e->reads ? input->cols : 0, height = e->reads ? 0 : (int)input->info.shape[2],
        width = e->reads ? 0 : (int)input->info.shape[3],
        rows = e->reads ? text_rnn_rows(tokens) : image_encoder_rows(&e->image, height, width),
        hidden = e->reads ? e->rnn.hidden : e->image.hidden;
    size_t scratch = e->reads ? text_rnn_scratch(&e->rnn, tokens)
                              : image_encoder_scratch(&e->image, height, width);
    arena room;
    if (!arena_new(&room, tensor_cost(rows, hidden) + scratch, "a case", err)) return false;
    tensor y = tensor_new(&room, rows, hidden);
    if (e->reads) {
        golden_ints(input, watch->row, id);
        if (mask) golden_ints(mask, watch->row, shown);
        for (int i = 0; i < tokens; i++) shown8[i] = (uint8_t)shown[i];
        text_rnn_encode(c, &e->rnn, id, mask ? shown8 : NULL, tokens, y, room);
    } else
        image_encoder_encode(c, &e->image, input->floats + (size_t)watch->row * (size_t)input->cols,
                             height, width, rows, y, room);
    compute_show(c, "last_hidden_state", 0, y);
    arena_free(&room);
    return true;
}

typedef struct {
    const golden_watch *watch;
    double least;
} cosines;

static void show_cosine(void *context, const char *output, int layer, tensor value)
{
    (void)layer;
    cosines *s = context;
    char name[160];
    if (strcmp(output, "last_hidden_state") != 0) return;
    snprintf(name, sizeof name, "%s.%s", s->watch->name, output);
    const weight *t = weights_find(&s->watch->data->expected, name);
    size_t n = (size_t)value.rows * (size_t)value.cols;
    bool fits = t && (size_t)t->rows * (size_t)t->cols == n * (size_t)s->watch->batch;
    double cosine = fits ? golden_cosine(value.data, t->floats + (size_t)s->watch->row * n, n) : -1;
    if (!(cosine >= s->least)) s->least = cosine;
}

/* All cases, with the weights in one precision; `least` is NULL for floats. */
static bool run(const char *folder, const compute *c, precision keep, const golden_data *g,
                const cJSON *config, double *least, golden_result *result, error *err)
{
    weights w = { 0 };
    encoder e = { 0 };
    const cJSON *golden_case;
    bool ok =
        tensors_read_in(folder, "model.safetensors", keep, &w, err) && bind(&e, &w, config, err);
    cJSON_ArrayForEach(golden_case, g->list)
    {
        if (!ok) break;
        golden_watch watch = { .data = g, .name = json_text(golden_case, "name", "?") };
        cosines cosine = { &watch, least ? *least : 0 };
        const weight *mask = golden_input(g, watch.name, "attention_mask"),
                     *input = golden_input(g, watch.name, e.reads ? "input_ids" : "pixel_values");
        ok = (input && (e.reads ? input->cols <= MAX_TOKENS && input->cols <= e.rnn.positions
                                : input->info.rank == 4 && input->info.shape[1] == 3 &&
                                      image_encoder_rows(&e.image, (int)input->info.shape[2],
                                                         (int)input->info.shape[3]) > 0)) ||
             fail(err, "case '%s' has no inputs that fit", watch.name);
        compute watched = *c;
        watched.watch = least ? show_cosine : golden_show;
        watched.watch_context = least ? (void *)&cosine : (void *)&watch;
        watch.batch = input ? (int)input->info.shape[0] : 0;
        for (watch.row = 0; ok && watch.row < watch.batch; watch.row++)
            ok = encode_row(&watched, &e, &watch, input, mask, err);
        if (least)
            *least = cosine.least;
        else
            ok = ok && golden_check(&watch, golden_case, 1e-4, result, err);
    }
    free_encoder(&e);
    weights_free(&w);
    return ok;
}

bool golden_classical(const char *folder, const compute *c, golden_result *result, error *err)
{
    /* layers of random weights pass errors on, and those of a MobileNet magnify them */
    static const struct {
        precision keep;
        const char *name;
        double least;
    } quantized[] = { { QUANTIZE_Q8, "q8", 0.98 }, { QUANTIZE_Q4, "q4", 0.8 } };
    golden_data g;
    cJSON *config = json_read_in(folder, "config.json", err);
    bool ok = config && golden_read(folder, &g, err);
    if (!ok) {
        cJSON_Delete(config);
        return false;
    }
    ok = run(folder, c, KEEP_AS_STORED, &g, config, NULL, result, err);
    for (int i = 0; ok && i < 2; i++) {
        double least = 1;
        ok = run(folder, c, quantized[i].keep, &g, config, &least, result, err);
        golden_note(result, "%s: cosine %.6f", quantized[i].name, least);
        if (ok && !(least >= quantized[i].least))
            ok = fail(err, "%s: cosine %.6f, expected %g", quantized[i].name, least,
                      quantized[i].least);
    }
    golden_free(&g);
    cJSON_Delete(config);
    return ok;
}
