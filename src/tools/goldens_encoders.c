/* Families bert, bert_legacy_names, vit, vit_classifier_f16: one encoder by itself. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "encoders/image_vit.h"
#include "encoders/text_bert.h"
#include "format/json.h"
#include "nn/classifier.h"
#include "tools/files.h"
#include "tools/goldens.h"

enum { MAX_TOKENS = 4096 };

typedef struct {
    cJSON *config;
    weights weights;
    golden_data data;
} encoder_fixture;

static bool open_fixture(const char *folder, encoder_fixture *f, error *err)
{
    *f = (encoder_fixture){ 0 };
    return (f->config = json_read_in(folder, "config.json", err)) &&
           tensors_read_in(folder, "model.safetensors", KEEP_AS_STORED, &f->weights, err) &&
           golden_read(folder, &f->data, err);
}

static void close_fixture(encoder_fixture *f)
{
    golden_free(&f->data);
    weights_free(&f->weights);
    cJSON_Delete(f->config);
}

/* Checkpoints of a whole task keep the encoder under its name. */
static const char *prefix_of(const weights *w, const char *prefix, const char *probe)
{
    char name[128];
    snprintf(name, sizeof name, "%s%s", prefix, probe);
    return weights_find(w, name) ? prefix : "";
}

static void show_pooled(const compute *c, const pooler *p, tensor x, arena tmp)
{
    if (!p->present) return;
    tensor pooled = tensor_new(&tmp, 1, x.cols);
    nn_pooler(c, p, x, pooled, tmp);
    compute_show(c, "pooler_output", 0, pooled);
}

static bool bert_case(const compute *c, const text_bert *b, const golden_data *g,
                      const cJSON *golden_case, golden_result *result, error *err)
{
    golden_watch watch = { .data = g, .name = json_text(golden_case, "name", "?") };
    const weight *ids = golden_input(g, watch.name, "input_ids"),
                 *types = golden_input(g, watch.name, "token_type_ids"),
                 *mask = golden_input(g, watch.name, "attention_mask");
    if (!ids || ids->cols > MAX_TOKENS || ids->cols > b->embeddings.positions)
        return fail(err, "case '%s' has no input_ids that fit", watch.name);
    int tokens = ids->cols, hidden = b->layers.shape.hidden;
    arena room;
    if (!arena_new(&room,
                   tensor_cost(tokens, hidden) + 2 * tensor_cost(1, hidden) +
                       linear_scratch(1, hidden) + text_bert_scratch(b, tokens),
                   "a case", err))
        return false;
    compute watched = *c;
    watched.watch = golden_show;
    watched.watch_context = &watch;
    watch.batch = ids->rows;
    for (watch.row = 0; watch.row < watch.batch; watch.row++) {
        static int id[MAX_TOKENS], type[MAX_TOKENS], shown[MAX_TOKENS];
        static uint8_t shown8[MAX_TOKENS];
        golden_ints(ids, watch.row, id);
        if (types) golden_ints(types, watch.row, type);
        if (mask) golden_ints(mask, watch.row, shown);
        for (int i = 0; i < tokens; i++) shown8[i] = (uint8_t)shown[i];
        arena tmp = room;
        tensor y = tensor_new(&tmp, tokens, hidden);
        text_bert_encode(&watched, b, id, types ? type : NULL, mask ? shown8 : NULL, tokens, tokens,
                         y, tmp);
        compute_show(&watched, "last_hidden_state", 0, y);
        show_pooled(&watched, &b->pooler, y, tmp);
    }
    arena_free(&room);
    return golden_check(&watch, golden_case, 1e-4, result, err);
}

bool golden_bert(const char *folder, const compute *c, golden_result *result, error *err)
{
    encoder_fixture f;
    text_bert b = { 0 };
    const cJSON *golden_case;
    bool ok = open_fixture(folder, &f, err) &&
              text_bert_bind(&b, &f.weights,
                             prefix_of(&f.weights, "bert.", "embeddings.word_embeddings.weight"),
                             f.config, err);
    if (ok)
        cJSON_ArrayForEach(golden_case, f.data.list) if (ok) ok =
            bert_case(c, &b, &f.data, golden_case, result, err);
    text_bert_free(&b);
    close_fixture(&f);
    return ok;
}

/* The classifier's goldens have a name of their own for the last hidden state before the final
 * norm. */
static void show_vit(void *context, const char *output, int layer, tensor value)
{
    const golden_watch *w = context;
    golden_show(context, output, layer, value);
    if (strcmp(output, "hidden_states") == 0 && layer == w->last_layer)
        golden_show(context, "encoder_last_hidden_state", 0, value);
}

static bool vit_case(const compute *c, const image_vit *v, const classifier *head,
                     const golden_data *g, const cJSON *golden_case, golden_result *result,
                     error *err)
{
    golden_watch watch = { .data = g, .name = json_text(golden_case, "name", "?") };
    const weight *pixels = golden_input(g, watch.name, "pixel_values");
    if (!pixels || pixels->info.rank != 4)
        return fail(err, "case '%s' has no pixel_values", watch.name);
    int height = (int)pixels->info.shape[2], width = (int)pixels->info.shape[3],
        tokens = image_vit_tokens(v, height, width);
    int hidden = v->layers.shape.hidden, answers = head ? head->output.out : 1;
    if (!tokens) return fail(err, "case '%s': the picture is smaller than a patch", watch.name);
    arena room;
    if (!arena_new(&room,
                   tensor_cost(tokens, hidden) + 2 * tensor_cost(1, hidden) +
                       tensor_cost(1, answers) + linear_scratch(1, hidden) +
                       image_vit_scratch(v, height, width),
                   "a case", err))
        return false;
    compute watched = *c;
    watched.watch = show_vit;
    watch.last_layer = v->layers.shape.layers;
    watched.watch_context = &watch;
    watch.batch = (int)pixels->info.shape[0];
    for (watch.row = 0; watch.row < watch.batch; watch.row++) {
        arena tmp = room;
        tensor y = tensor_new(&tmp, tokens, hidden);
        image_vit_encode(&watched, v, pixels->floats + (size_t)watch.row * (size_t)pixels->cols,
                         height, width, tokens, y, tmp);
        compute_show(&watched, "last_hidden_state", 0, y);
        show_pooled(&watched, &v->pooler, y, tmp);
        if (head) {
            tensor logits = tensor_new(&tmp, 1, answers);
            nn_classifier(&watched, head, tensor_rows(y, 0, 1), logits, tmp);
            compute_show(&watched, "logits", 0, logits);
        }
    }
    arena_free(&room);
    return golden_check(&watch, golden_case, 1e-4, result, err);
}

bool golden_vit(const char *folder, const compute *c, golden_result *result, error *err)
{
    encoder_fixture f;
    image_vit v = { 0 };
    classifier head;
    const cJSON *golden_case;
    bool ok = open_fixture(folder, &f, err),
         classifies = ok && weights_find(&f.weights, "classifier.weight");
    ok = ok && image_vit_bind(&v, &f.weights, prefix_of(&f.weights, "vit.", "embeddings.cls_token"),
                              f.config, err);
    if (ok && classifies) {
        int answers = (int)weights_find(&f.weights, "classifier.weight")->info.shape[0];
        ok = classifier_bind(&head, &f.weights, "classifier", v.layers.shape.hidden, 0,
                             ACTIVATION_NONE, answers, err);
    }
    if (ok)
        cJSON_ArrayForEach(golden_case, f.data.list) if (ok) ok =
            vit_case(c, &v, classifies ? &head : NULL, &f.data, golden_case, result, err);
    image_vit_free(&v);
    close_fixture(&f);
    return ok;
}
