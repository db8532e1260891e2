/* Every fusion against its formula (src/fusion/), computed here in double and without cleverness.
 */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fusion/fusion.h"
#include "tiny_pack.h"

#include "testing.h"

static const char *const kinds[] = {
    "concat",
    "sum",
    "multiplicative_gate",
    "additive_gate",
    "additive_gate_vector",
    "decision_average",
    "decision_weighted",
    "hybrid",
    "token_attention_cls",
    "token_attention_mean",
    "token_transformer_cls",
};

enum { TEXT = 6, PICTURE = 5, ROWS = TEXT + PICTURE, MOST = 128 };

typedef struct {
    int hidden, heads, answers, inner;
    bool masked;
} shape;

static const shape shapes[] = {
    { 20, 4, 5, 0, true },  { 20, 4, 9, 7, false }, { 24, 3, 1, 0, true },
    { 32, 8, 8, 16, true }, { 7, 1, 5, 3, false },  { 3, 3, 2, 0, true },
};

static const uint8_t text_mask[TEXT] = { 1, 1, 0, 1, 0, 0 };

/* ---- the formulas ---- */

typedef struct {
    const weights *w;
    shape s;
    const uint8_t *mask; /* [ROWS], or NULL */
    double z[ROWS][MOST];
} reference;

static const weight *find(const reference *r, const char *name, const char *part)
{
    char full[128];
    snprintf(full, sizeof full, "%s%s", name, part);
    const weight *t = weights_find(r->w, full);
    assert_non_null(t);
    return t;
}

/* y = W x + b, of the outputs from `first` on */
static void linear_rows(const weight *w, const weight *b, int first, int out, const double *x,
                        double *y)
{
    double sums[MOST * 3];
    for (int o = 0; o < out; o++) {
        sums[o] = (double)b->floats[first + o];
        for (int i = 0; i < w->cols; i++)
            sums[o] += (double)w->floats[(first + o) * w->cols + i] * x[i];
    }
    memcpy(y, sums, (size_t)out * sizeof *y);
}

static void dense(const reference *r, const char *name, const double *x, double *y)
{
    const weight *w = find(r, name, ".weight");
    linear_rows(w, find(r, name, ".bias"), 0, w->rows, x, y);
}

static void head(const reference *r, const char *name, const double *x, double *logits)
{
    char part[64];
    double inner[MOST];
    if (!r->s.inner) {
        dense(r, name, x, logits);
        return;
    }
    snprintf(part, sizeof part, "%s.dense", name);
    dense(r, part, x, inner);
    for (int i = 0; i < r->s.inner; i++) inner[i] = tanh(inner[i]);
    snprintf(part, sizeof part, "%s.output", name);
    dense(r, part, inner, logits);
}

static void norm_row(const reference *r, const char *name, double eps, const double *x, double *y)
{
    int n = r->s.hidden;
    double mean = 0, variance = 0;
    for (int i = 0; i < n; i++) mean += x[i] / n;
    for (int i = 0; i < n; i++) variance += (x[i] - mean) * (x[i] - mean) / n;
    for (int i = 0; i < n; i++)
        y[i] = (x[i] - mean) / sqrt(variance + eps) * (double)find(r, name, ".weight")->floats[i] +
               (double)find(r, name, ".bias")->floats[i];
}

/* softmax(q k^T / sqrt d) v, head by head; part[0..2] are q, k, v */
static void attend(const reference *r, double part[3][ROWS][MOST], double out[ROWS][MOST])
{
    int depth = r->s.hidden / r->s.heads;
    for (int h = 0; h < r->s.heads; h++)
        for (int q = 0; q < ROWS; q++) {
            double share[ROWS], sum = 0;
            for (int k = 0; k < ROWS; k++) {
                double dot = 0;
                for (int i = h * depth; i < (h + 1) * depth; i++)
                    dot += part[0][q][i] * part[1][k][i];
                share[k] = r->mask && !r->mask[k] ? 0 : exp(dot / sqrt(depth));
                sum += share[k];
            }
            for (int i = h * depth; i < (h + 1) * depth; i++) {
                out[q][i] = 0;
                for (int k = 0; k < ROWS; k++) out[q][i] += share[k] / sum * part[2][k][i];
            }
        }
}

static void add_rows(reference *r, double x[ROWS][MOST])
{
    for (int i = 0; i < ROWS * MOST; i++) r->z[i / MOST][i % MOST] += x[i / MOST][i % MOST];
}

/* h = LayerNorm(z + MHA(z, z, z)), left in z */
static void attention_block(reference *r)
{
    double part[3][ROWS][MOST], mixed[ROWS][MOST] = { { 0 } };
    for (int p = 0; p < 3; p++)
        for (int i = 0; i < ROWS; i++)
            linear_rows(find(r, "fusion.attn.in_proj", "_weight"),
                        find(r, "fusion.attn.in_proj", "_bias"), p * r->s.hidden, r->s.hidden,
                        r->z[i], part[p][i]);
    attend(r, part, mixed);
    for (int i = 0; i < ROWS; i++) dense(r, "fusion.attn.out_proj", mixed[i], mixed[i]);
    add_rows(r, mixed);
    for (int i = 0; i < ROWS; i++) norm_row(r, "fusion.norm", 1e-5, r->z[i], r->z[i]);
}

/* z = z + attention(norm(z));  z = z + mlp(norm(z)) */
static void transformer_layer(reference *r, const char *prefix)
{
    static const char *const names[] = { "attention.attention.query", "attention.attention.key",
                                         "attention.attention.value" };
    double part[3][ROWS][MOST], mixed[ROWS][MOST] = { { 0 } }, x[MOST];
    char name[96];
    for (int i = 0; i < ROWS; i++) {
        snprintf(name, sizeof name, "%s.layernorm_before", prefix);
        norm_row(r, name, 1e-6, r->z[i], x);
        for (int p = 0; p < 3; p++) {
            snprintf(name, sizeof name, "%s.%s", prefix, names[p]);
            dense(r, name, x, part[p][i]);
        }
    }
    attend(r, part, mixed);
    snprintf(name, sizeof name, "%s.attention.output.dense", prefix);
    for (int i = 0; i < ROWS; i++) dense(r, name, mixed[i], mixed[i]);
    add_rows(r, mixed);
    for (int i = 0; i < ROWS; i++) {
        snprintf(name, sizeof name, "%s.layernorm_after", prefix);
        norm_row(r, name, 1e-6, r->z[i], x);
        snprintf(name, sizeof name, "%s.intermediate.dense", prefix);
        dense(r, name, x, x);
        for (int k = 0; k < 2 * r->s.hidden; k++) x[k] = x[k] / 2 * (1 + erf(x[k] / sqrt(2)));
        snprintf(name, sizeof name, "%s.output.dense", prefix);
        dense(r, name, x, mixed[i]);
    }
    add_rows(r, mixed);
}

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }

/* f = x1 * s(Wx[x1;x2] + bx) + x2 * s(Wy[x1;x2] + by) */
static void multiplicative(const reference *r, const double *pair, double *f)
{
    double gx[MOST], gy[MOST];
    dense(r, "fusion.wx", pair, gx);
    dense(r, "fusion.wy", pair, gy);
    for (int i = 0; i < r->s.hidden; i++)
        f[i] = pair[i] * sigmoid(gx[i]) + pair[r->s.hidden + i] * sigmoid(gy[i]);
}

/* a head_text(x1) + b head_image(x2) */
static void decision(const reference *r, const double *pair, double a, double b, double *logits)
{
    double of_text[MOST], of_image[MOST];
    head(r, "head_text", pair, of_text);
    head(r, "head_image", pair + r->s.hidden, of_image);
    for (int i = 0; i < r->s.answers; i++) logits[i] = a * of_text[i] + b * of_image[i];
}

static void mean_of_shown(const reference *r, double *f)
{
    int shown = 0;
    for (int i = 0; i < ROWS; i++) shown += !r->mask || r->mask[i];
    for (int k = 0; k < r->s.hidden; k++) {
        f[k] = 0;
        for (int i = 0; i < ROWS; i++)
            if (!r->mask || r->mask[i]) f[k] += r->z[i][k] / shown;
    }
}

static void expected_logits(reference *r, const char *kind, double *logits)
{
    int n = r->s.hidden;
    double pair[MOST], f[MOST];
    for (int i = 0; i < n; i++) pair[i] = r->z[0][i], pair[n + i] = r->z[TEXT][i];
    if (strcmp(kind, "concat") == 0) {
        head(r, "head", pair, logits);
        return;
    }
    if (strcmp(kind, "decision_average") == 0) {
        decision(r, pair, 0.5, 0.5, logits);
        return;
    }
    if (strcmp(kind, "decision_weighted") == 0) {
        const float *by = find(r, "fusion.weights", "")->floats;
        decision(r, pair, (double)by[0], (double)by[1], logits);
        return;
    }
    if (strcmp(kind, "sum") == 0) {
        for (int i = 0; i < n; i++) f[i] = pair[i] + pair[n + i];
    } else if (strncmp(kind, "additive_gate", 13) == 0) {
        double gate[2 * MOST];
        bool vectors = kind[13] != 0;
        dense(r, "fusion.wlambda", pair, gate);
        for (int i = 0; i < n; i++)
            f[i] = sigmoid(gate[vectors ? i : 0]) * pair[i] +
                   sigmoid(gate[vectors ? n + i : 1]) * pair[n + i];
    } else if (strncmp(kind, "token_attention", 15) == 0) {
        attention_block(r);
        memcpy(f, r->z[0], sizeof f);
        if (strcmp(kind, "token_attention_mean") == 0) mean_of_shown(r, f);
    } else if (strcmp(kind, "token_transformer_cls") == 0) {
        transformer_layer(r, "fusion.layers.0");
        transformer_layer(r, "fusion.layers.1");
        norm_row(r, "fusion.norm", 1e-6, r->z[0], f);
    } else {
        multiplicative(r, pair, f);
    }
    head(r, "head", f, logits);
    if (strcmp(kind, "hybrid") != 0) return;
    double mixed[MOST], a = sigmoid((double)find(r, "fusion.alpha", "")->floats[0]);
    decision(r, pair, 0.5, 0.5, mixed);
    for (int i = 0; i < r->s.answers; i++) logits[i] = a * logits[i] + (1 - a) * mixed[i];
}

/* ---- the fusions ---- */

static cJSON *make_config(const char *kind, shape s)
{
    cJSON *config = cJSON_CreateObject();
    cJSON_AddStringToObject(config, "fusion", kind);
    cJSON_AddNumberToObject(config, "fusion_num_attention_heads", s.heads);
    cJSON_AddNumberToObject(config, "fusion_num_hidden_layers", 2);
    cJSON_AddNumberToObject(config, "fusion_intermediate_size", 2 * s.hidden);
    cJSON_AddNumberToObject(config, "fusion_layer_norm_eps", 1e-6);
    cJSON_AddNumberToObject(config, "head_hidden_size", s.inner);
    cJSON_AddStringToObject(config, "head_hidden_act", "tanh");
    return config;
}

/* Rows of text and picture with a NaN behind them, as one block. */
static float *make_rows(shape s, uint32_t seed)
{
    int n = ROWS * s.hidden;
    float *rows = malloc((size_t)(n + 8) * sizeof *rows);
    assert_non_null(rows);
    for (int i = 0; i < n; i++) rows[i] = 2 * tiny_random(&seed);
    for (int i = n; i < n + 8; i++) rows[i] = NAN;
    return rows;
}

static void check(const char *kind, shape s, precision keep, double allowed)
{
    static tiny_list list;
    static reference r;
    list.count = 0;
    tiny_add_fusion(&list, kind, s.hidden, s.answers, s.inner);
    weights kept = tiny_weights(&list, KEEP_AS_STORED, 5), w = tiny_weights(&list, keep, 5);
    float *rows = make_rows(s, 11);
    uint8_t mask[ROWS];
    memset(mask, 1, sizeof mask);
    memcpy(mask, text_mask, TEXT);
    r = (reference){ .w = &kept, .s = s, .mask = s.masked ? mask : NULL };
    for (int i = 0; i < ROWS * s.hidden; i++) r.z[i / s.hidden][i % s.hidden] = (double)rows[i];
    double want[MOST], largest = 1;
    expected_logits(&r, kind, want);

    error err;
    fusion f;
    cJSON *config = make_config(kind, s);
    assert_true(fusion_bind(&f, &w, config, s.hidden, s.answers, &err));
    assert_string_equal(f.kind->name, kind);
    bool all = f.kind->all_rows;
    tensor text = { rows, all ? TEXT : 1, s.hidden },
           image = { rows + TEXT * s.hidden, all ? PICTURE : 1, s.hidden };
    float got[MOST];
    arena tmp; /* exactly as planned: taking more stops the program */
    size_t used = 0;
    assert_true(arena_new(&tmp, f.kind->scratch(&f, text.rows, image.rows), "a test", &err));
    tmp.peak = &used;
    compute c = { .k = kernels_best() };
    f.kind->fuse(&c, &f, text, s.masked ? text_mask : NULL, image, (tensor){ got, 1, s.answers },
                 tmp);
    assert_true(used <= tmp.size && used > 0);
    for (int i = 0; i < s.answers; i++) largest = fmax(largest, fabs(want[i]));
    for (int i = 0; i < s.answers; i++)
        if (!(fabs((double)got[i] - want[i]) <= allowed * largest))
            fail_msg("%s, hidden %d: logit %d is %.9g, expected %.9g", kind, s.hidden, i,
                     (double)got[i], want[i]);
    arena_free(&tmp);
    fusion_free(&f);
    cJSON_Delete(config);
    weights_free(&kept);
    weights_free(&w);
    free(rows);
}

static void test_formulas(void **state)
{
    (void)state;
    for (size_t k = 0; k < COUNT(kinds); k++)
        for (size_t s = 0; s < COUNT(shapes); s++) check(kinds[k], shapes[s], KEEP_AS_STORED, 2e-6);
}

static void test_q8_is_near(void **state)
{
    (void)state;
    for (size_t k = 0; k < COUNT(kinds); k++)
        for (size_t s = 0; s < COUNT(shapes); s++) check(kinds[k], shapes[s], QUANTIZE_Q8, 0.06);
}

/* ---- what is refused ---- */

/* Bind with the tensor `without` left out; returns the sentence, "" for success. */
static const char *bind_without(const char *kind, const char *without, const char *key, int value)
{
    static error err;
    static tiny_list whole, list;
    whole.count = list.count = 0;
    err.text[0] = 0;
    tiny_add_fusion(&whole, kind, 20, 5, 0);
    for (int i = 0; i < whole.count; i++)
        if (!without || strcmp(whole.names[i], without) != 0)
            tiny_add(&list, whole.infos[i].rank, whole.infos[i].shape, "%s", whole.names[i]);
    weights w = tiny_weights(&list, KEEP_AS_STORED, 1);
    cJSON *config = make_config(kind, shapes[0]);
    if (key) cJSON_ReplaceItemInObject(config, key, cJSON_CreateNumber(value));
    fusion f;
    bool ok = fusion_bind(&f, &w, config, 20, 5, &err);
    assert_true(ok == (err.text[0] == 0));
    fusion_free(&f);
    cJSON_Delete(config);
    weights_free(&w);
    return err.text;
}

static void test_every_missing_tensor_is_named(void **state)
{
    (void)state;
    for (size_t k = 0; k < COUNT(kinds); k++) {
        static tiny_list list;
        list.count = 0;
        tiny_add_fusion(&list, kinds[k], 20, 5, 0);
        assert_string_equal(bind_without(kinds[k], NULL, NULL, 0), "");
        for (int i = 0; i < list.count; i++) {
            char want[200];
            snprintf(want, sizeof want, "the model has no tensor '%s'", list.names[i]);
            assert_string_equal(bind_without(kinds[k], list.names[i], NULL, 0), want);
        }
    }
}

static void test_unknown_fusion_lists_the_known(void **state)
{
    (void)state;
    const char *why = bind_without("bilinear", NULL, NULL, 0);
    assert_non_null(strstr(why, "'bilinear'"));
    for (size_t k = 0; k < COUNT(kinds); k++) assert_non_null(strstr(why, kinds[k]));
}

static void test_settings_refused(void **state)
{
    (void)state;
    static const struct {
        const char *kind, *key;
        int value;
        const char *want;
    } cases[] = {
        { "concat", "head_hidden_size", -1, "\"head_hidden_size\" is -1" },
        { "concat", "head_hidden_size", 7, "no tensor 'head.dense.weight'" },
        { "concat", "head_hidden_act", 3, "" }, /* not a text: the default */
        { "concat", "fusion", 3, "\"fusion\" is missing" },
        { "token_attention_cls", "fusion_num_attention_heads", 0, "is 0, expected" },
        { "token_attention_mean", "fusion_num_attention_heads", 3, "not a multiple" },
        { "token_transformer_cls", "fusion_num_attention_heads", 3, "not a multiple" },
        { "token_transformer_cls", "fusion_num_hidden_layers", 3, "fusion.layers.2." },
        { "token_transformer_cls", "fusion_num_hidden_layers", 1000000, "is 1e+06, expected" },
        { "token_transformer_cls", "fusion_layer_norm_eps", -1, "is -1, expected 0 to 1" },
        { "token_transformer_cls", "fusion_intermediate_size", 41, "[40, 20], expected [41, 20]" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *why = bind_without(cases[i].kind, NULL, cases[i].key, cases[i].value);
        if (*cases[i].want ? !strstr(why, cases[i].want) : *why)
            fail_msg("%s, %s %d: '%s'", cases[i].kind, cases[i].key, cases[i].value, why);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_formulas),
        cmocka_unit_test(test_q8_is_near),
        cmocka_unit_test(test_every_missing_tensor_is_named),
        cmocka_unit_test(test_unknown_fusion_lists_the_known),
        cmocka_unit_test(test_settings_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
