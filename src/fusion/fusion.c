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

bool fusion_bind(fusion *f, weights *w, const cJSON *config, int hidden, int answers, error *err)
{
    *f = (fusion){ .hidden = hidden, .answers = answers };
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

tensor fusion_pair(tensor text, tensor image, arena *a)
{
    tensor pair = tensor_new(a, 1, text.cols + image.cols);
    memcpy(pair.data, text.data, (size_t)text.cols * sizeof(float));
    memcpy(pair.data + text.cols, image.data, (size_t)image.cols * sizeof(float));
    return pair;
}

tensor fusion_sequence(tensor text, tensor image, arena *a)
{
    tensor all = tensor_new(a, text.rows + image.rows, text.cols);
    memcpy(all.data, text.data, (size_t)text.rows * (size_t)text.cols * sizeof(float));
    memcpy(tensor_row(all, text.rows), image.data,
           (size_t)image.rows * (size_t)image.cols * sizeof(float));
    return all;
}

const uint8_t *fusion_sequence_mask(int text_rows, const uint8_t *text_mask, int image_rows,
                                    arena *a)
{
    if (!text_mask) return NULL;
    uint8_t *mask = arena_take(a, (size_t)(text_rows + image_rows), 1);
    memcpy(mask, text_mask, (size_t)text_rows);
    memset(mask + text_rows, 1, (size_t)image_rows);
    return mask;
}
