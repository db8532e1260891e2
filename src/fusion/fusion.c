#include "fusion/fusion.h"

#include <stdio.h>
#include <string.h>

#include "format/json.h"

static const fusion_kind *const kinds[] = {
    &fusion_concat,
    &fusion_sum,
    &fusion_multiplicative_gate,
    &fusion_additive_gate,
    &fusion_additive_gate_vector,
    &fusion_decision_average,
    &fusion_decision_weighted,
    &fusion_hybrid,
    &fusion_token_attention_cls,
    &fusion_token_attention_mean,
    &fusion_token_transformer_cls,
};
enum { KINDS = sizeof kinds / sizeof *kinds };

const char *const modality_names[MODALITIES] = { "text", "speech", "image" };

bool fusion_bind(fusion *f, weights *w, const cJSON *config, const bool there[MODALITIES],
                 int hidden, int answers, error *err)
{
    *f = (fusion){ .hidden = hidden, .answers = answers };
    for (modality i = 0; i < MODALITIES; i++)
        if (there[i]) f->which[f->count++] = i;
    const char *name = json_text(config, "fusion", NULL);
    if (!name) return fail(err, "config: \"fusion\" is missing");
    for (int i = 0; i < KINDS && !f->kind; i++)
        if (strcmp(kinds[i]->name, name) == 0) f->kind = kinds[i];
    if (!f->kind) {
        char known[300] = "";
        for (int i = 0; i < KINDS; i++) {
            size_t used = strlen(known);
            snprintf(known + used, sizeof known - used, i ? ", %s" : "%s", kinds[i]->name);
        }
        return fail(err, "config: fusion '%s' is not known (%s)", name, known);
    }
    return json_int(config, "head_hidden_size", 0, 0, 1 << 16, &f->inner, err) &&
           activation_named(json_text(config, "head_hidden_act", "relu"), &f->act, err) &&
           f->kind->bind(f, w, config, err);
}

void fusion_free(fusion *f) { transformer_free(&f->layers); }

bool fusion_head_bind(fusion *f, weights *w, int in, error *err)
{
    return classifier_bind(&f->head, w, "head", in, f->inner, f->act, f->answers, err);
}

bool fusion_heads(const fusion *f, const cJSON *config, int *heads, error *err)
{
    if (!json_int(config, "fusion_num_attention_heads", 0, 1, 1 << 10, heads, err)) return false;
    if (f->hidden % *heads == 0) return true;
    return fail(err,
                "config: \"hidden_size\" %d is not a multiple of \"fusion_num_attention_heads\" %d",
                f->hidden, *heads);
}

tensor fusion_joined(const fusion *f, const fusion_input *x, arena *a)
{
    tensor joined = tensor_new(a, 1, f->count * f->hidden);
    for (int i = 0; i < f->count; i++)
        memcpy(joined.data + i * f->hidden, x[i].rows.data, (size_t)f->hidden * sizeof(float));
    return joined;
}

static int all_rows(int count, const fusion_input *x)
{
    int rows = 0;
    for (int i = 0; i < count; i++) rows += x[i].rows.rows;
    return rows;
}

tensor fusion_sequence(int count, const fusion_input *x, arena *a)
{
    tensor all = tensor_new(a, all_rows(count, x), x[0].rows.cols);
    float *to = all.data;
    for (int i = 0; i < count; i++) {
        size_t size = (size_t)x[i].rows.rows * (size_t)all.cols;
        if (size) memcpy(to, x[i].rows.data, size * sizeof(float));
        to += size;
    }
    return all;
}

const uint8_t *fusion_sequence_mask(int count, const fusion_input *x, arena *a)
{
    bool masked = false;
    for (int i = 0; i < count; i++) masked = masked || x[i].mask;
    if (!masked) return NULL;
    uint8_t *mask = arena_take(a, (size_t)all_rows(count, x), 1), *to = mask;
    for (int i = 0; i < count; i++) {
        size_t rows = (size_t)x[i].rows.rows;
        if (x[i].mask)
            memcpy(to, x[i].mask, rows);
        else
            memset(to, 1, rows);
        to += rows;
    }
    return mask;
}
