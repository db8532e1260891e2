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

enum { MOST_ROWS = 15, MOST = 128 };

/* Of each modality, in order. */
static const int rows_of[MODALITIES] = { [TEXT] = 6, [SPEECH] = 4, [PICTURE] = 5 };

typedef struct {
    int hidden, heads, answers, inner;
    bool masked;
    modality absent; /* MODALITIES: all three take part */
} shape;

static const shape shapes[] = {
    { 20, 4, 5, 0, true, SPEECH },     { 20, 4, 9, 7, false, SPEECH },
    { 24, 3, 1, 0, true, SPEECH },     { 32, 8, 8, 16, true, SPEECH },
    { 7, 1, 5, 3, false, SPEECH },     { 3, 3, 2, 0, true, SPEECH },
    { 20, 4, 5, 0, true, MODALITIES }, { 24, 3, 6, 7, true, MODALITIES },
    { 7, 1, 3, 3, false, MODALITIES }, { 20, 4, 5, 0, false, TEXT },
    { 24, 3, 6, 7, true, PICTURE },
};

static const uint8_t text_mask[6] = { 1, 1, 0, 1, 0, 0 };

/* ---- the formulas ---- */

typedef struct {
    const weights *w;
    shape s;
    const uint8_t *mask; /* [rows], or NULL */
    int count;           /* of modalities */
    modality which[MODALITIES];
    int rows;
    double x[MODALITIES * MOST]; /* the first rows of each, joined */
    double z[MOST_ROWS][MOST];
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
static void attend(const reference *r, double part[3][MOST_ROWS][MOST], double out[MOST_ROWS][MOST])
{
    int depth = r->s.hidden / r->s.heads;
    for (int h = 0; h < r->s.heads; h++)
        for (int q = 0; q < r->rows; q++) {
            double share[MOST_ROWS], sum = 0;
            for (int k = 0; k < r->rows; k++) {
                double dot = 0;
                for (int i = h * depth; i < (h + 1) * depth; i++)
                    dot += part[0][q][i] * part[1][k][i];
                share[k] = r->mask && !r->mask[k] ? 0 : exp(dot / sqrt(depth));
                sum += share[k];
            }
            for (int i = h * depth; i < (h + 1) * depth; i++) {
                out[q][i] = 0;
                for (int k = 0; k < r->rows; k++) out[q][i] += share[k] / sum * part[2][k][i];
            }
        }
}

static void add_rows(reference *r, double x[MOST_ROWS][MOST])
{
    for (int i = 0; i < MOST_ROWS * MOST; i++) r->z[i / MOST][i % MOST] += x[i / MOST][i % MOST];
}

/* h = LayerNorm(z + MHA(z, z, z)), left in z */
static void attention_block(reference *r)
{
    double part[3][MOST_ROWS][MOST], mixed[MOST_ROWS][MOST] = { { 0 } };
    for (int p = 0; p < 3; p++)
        for (int i = 0; i < r->rows; i++)
            linear_rows(find(r, "fusion.attn.in_proj", "_weight"),
                        find(r, "fusion.attn.in_proj", "_bias"), p * r->s.hidden, r->s.hidden,
                        r->z[i], part[p][i]);
    attend(r, part, mixed);
    for (int i = 0; i < r->rows; i++) dense(r, "fusion.attn.out_proj", mixed[i], mixed[i]);
    add_rows(r, mixed);
    for (int i = 0; i < r->rows; i++) norm_row(r, "fusion.norm", 1e-5, r->z[i], r->z[i]);
}

/* z = z + attention(norm(z));  z = z + mlp(norm(z)) */
static void transformer_layer(reference *r, const char *prefix)
{
    static const char *const names[] = { "attention.attention.query", "attention.attention.key",
                                         "attention.attention.value" };
    double part[3][MOST_ROWS][MOST], mixed[MOST_ROWS][MOST] = { { 0 } }, x[MOST];
    char name[96];
    for (int i = 0; i < r->rows; i++) {
        snprintf(name, sizeof name, "%s.layernorm_before", prefix);
        norm_row(r, name, 1e-6, r->z[i], x);
        for (int p = 0; p < 3; p++) {
            snprintf(name, sizeof name, "%s.%s", prefix, names[p]);
            dense(r, name, x, part[p][i]);
        }
    }
    attend(r, part, mixed);
    snprintf(name, sizeof name, "%s.attention.output.dense", prefix);
    for (int i = 0; i < r->rows; i++) dense(r, name, mixed[i], mixed[i]);
    add_rows(r, mixed);
    for (int i = 0; i < r->rows; i++) {
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
static void multiplicative(const reference *r, double *f)
{
    static const char *const names[] = { "fusion.wx", "fusion.wy", "fusion.wz" };
    int n = r->s.hidden;
    memset(f, 0, (size_t)n * sizeof *f);
    for (int i = 0; i < r->count; i++) {
        double gate[MOST];
        dense(r, names[i], r->x, gate);
        for (int k = 0; k < n; k++) f[k] += r->x[i * n + k] * sigmoid(gate[k]);
    }
}

/* The sum of by[i] head_<modality>(x_i) */
static void decision(const reference *r, const double *by, double *logits)
{
    static const char *const names[MODALITIES] = { "head_text", "head_speech", "head_image" };
    memset(logits, 0, (size_t)r->s.answers * sizeof *logits);
    for (int i = 0; i < r->count; i++) {
        double own[MOST];
        head(r, names[r->which[i]], r->x + i * r->s.hidden, own);
        for (int k = 0; k < r->s.answers; k++) logits[k] += by[i] * own[k];
    }
}

static void mean_of_shown(const reference *r, double *f)
{
    int shown = 0;
    for (int i = 0; i < r->rows; i++) shown += !r->mask || r->mask[i];
    for (int k = 0; k < r->s.hidden; k++) {
        f[k] = 0;
        for (int i = 0; i < r->rows; i++)
            if (!r->mask || r->mask[i]) f[k] += r->z[i][k] / shown;
    }
}

static void expected_logits(reference *r, const char *kind, double *logits)
{
    int n = r->s.hidden;
    double f[MOST], by[MODALITIES];
    for (int i = 0; i < r->count; i++) by[i] = 1.0 / r->count;
    if (strcmp(kind, "concat") == 0) {
        head(r, "head", r->x, logits);
        return;
    }
    if (strncmp(kind, "decision", 8) == 0) {
        for (int i = 0; i < r->count && strcmp(kind, "decision_weighted") == 0; i++)
            by[i] = (double)find(r, "fusion.weights", "")->floats[i];
        decision(r, by, logits);
        return;
    }
    if (strcmp(kind, "sum") == 0) {
        memset(f, 0, sizeof f);
        for (int i = 0; i < r->count * n; i++) f[i % n] += r->x[i];
    } else if (strncmp(kind, "additive_gate", 13) == 0) {
        double gate[MODALITIES * MOST];
        bool vectors = kind[13] != 0;
        dense(r, "fusion.wlambda", r->x, gate);
        memset(f, 0, sizeof f);
        for (int i = 0; i < r->count * n; i++)
            f[i % n] += sigmoid(gate[vectors ? i : i / n]) * r->x[i];
    } else if (strncmp(kind, "token_attention", 15) == 0) {
        attention_block(r);
        memcpy(f, r->z[0], sizeof f);
        if (strcmp(kind, "token_attention_mean") == 0) mean_of_shown(r, f);
    } else if (strcmp(kind, "token_transformer_cls") == 0) {
        transformer_layer(r, "fusion.layers.0");
        transformer_layer(r, "fusion.layers.1");
        norm_row(r, "fusion.norm", 1e-6, r->z[0], f);
    } else {
        multiplicative(r, f);
    }
    head(r, "head", f, logits);
    if (strcmp(kind, "hybrid") != 0) return;
    double mixed[MOST], a = sigmoid((double)find(r, "fusion.alpha", "")->floats[0]);
    decision(r, by, mixed);
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
/* Rows of all modalities that take part, and NaN behind them. */
static float *make_rows(int n, uint32_t seed)
{
    float *rows = malloc((size_t)(n + 8) * sizeof *rows);
    assert_non_null(rows);
    for (int i = 0; i < n; i++) rows[i] = 2 * tiny_random(&seed);
    for (int i = n; i < n + 8; i++) rows[i] = NAN;
    return rows;
}

/* Who takes part, and their rows one behind the other. */
static void lay_out(reference *r, shape s, bool there[MODALITIES], int starts[MODALITIES])
{
    r->s = s;
    r->count = r->rows = 0;
    for (modality i = 0; i < MODALITIES; i++) {
        there[i] = i != s.absent;
        if (!there[i]) continue;
        starts[r->count] = r->rows;
        r->which[r->count++] = i;
        r->rows += rows_of[i];
    }
}

/* The logits by the fusion itself, with just the memory that is planned. */
static void fuse(const fusion *f, const fusion_input *x, float *logits)
{
    error err;
    arena tmp; /* exactly as planned: taking more stops the program */
    size_t used = 0;
    int rows = 0;
    for (int i = 0; i < f->count; i++) rows += x[i].rows.rows;
    assert_true(arena_new(&tmp, f->kind->scratch(f, rows), "a test", &err));
    tmp.peak = &used;
    compute c = { .k = kernels_best() };
    f->kind->fuse(&c, f, x, (tensor){ logits, 1, f->answers }, tmp);
    assert_true(used <= tmp.size && used > 0);
    arena_free(&tmp);
}

static void check(const char *kind, shape s, precision keep, double allowed)
{
    static tiny_list list;
    static reference r;
    bool there[MODALITIES];
    int starts[MODALITIES], n = s.hidden;
    lay_out(&r, s, there, starts);
    list.count = 0;
    tiny_add_fusion(&list, kind, there, n, s.answers, s.inner);
    weights kept = tiny_weights(&list, KEEP_AS_STORED, 5), w = tiny_weights(&list, keep, 5);
    float *rows = make_rows(r.rows * n, 11);
    uint8_t mask[MOST_ROWS];
    memset(mask, 1, sizeof mask);
    memcpy(mask, text_mask, sizeof text_mask);
    bool masked = s.masked && there[TEXT];
    r.w = &kept;
    r.mask = masked ? mask : NULL;
    for (int i = 0; i < r.rows * n; i++) r.z[i / n][i % n] = (double)rows[i];
    for (int i = 0; i < r.count * n; i++) r.x[i] = r.z[starts[i / n]][i % n];
    double want[MOST], largest = 1;
    expected_logits(&r, kind, want);

    error err;
    fusion f;
    cJSON *config = make_config(kind, s);
    assert_true(fusion_bind(&f, &w, config, there, n, s.answers, &err));
    assert_string_equal(f.kind->name, kind);
    fusion_input x[MODALITIES];
    for (int i = 0; i < r.count; i++)
        x[i] =
            (fusion_input){ { rows + starts[i] * n, f.kind->all_rows ? rows_of[r.which[i]] : 1, n },
                            masked && i == 0 ? text_mask : NULL };
    float got[MOST];
    fuse(&f, x, got);
    for (int i = 0; i < s.answers; i++) largest = fmax(largest, fabs(want[i]));
    for (int i = 0; i < s.answers; i++)
        if (!(fabs((double)got[i] - want[i]) <= allowed * largest))
            fail_msg("%s of %d, hidden %d: logit %d is %.9g, expected %.9g", kind, r.count, n, i,
                     (double)got[i], want[i]);
    fusion_free(&f);
    cJSON_Delete(config);
    weights_free(&kept);
    weights_free(&w);
    free(rows);
}

/* With weights that fit both, three modalities one of which has no rows are two. */
static void test_what_is_left_out_is_not_there(void **state)
{
    (void)state;
    static const char *const row_kinds[] = { "token_attention_cls", "token_attention_mean",
                                             "token_transformer_cls" };
    static const bool all[MODALITIES] = { true, true, true },
                      two[MODALITIES] = { [TEXT] = true, [PICTURE] = true };
    static tiny_list list;
    const shape s = { 20, 4, 5, 0, false, MODALITIES };
    float *rows = make_rows(11 * s.hidden, 3);
    const tensor text = { rows, 6, s.hidden }, none = { NULL, 0, s.hidden },
                 picture = { rows + 6 * s.hidden, 5, s.hidden };
    const fusion_input of_three[] = { { text, text_mask }, { none, NULL }, { picture, NULL } },
                       of_two[] = { { text, text_mask }, { picture, NULL } };
    for (size_t k = 0; k < COUNT(row_kinds); k++) {
        float logits[2][5];
        for (int i = 0; i < 2; i++) {
            error err;
            fusion f;
            list.count = 0;
            tiny_add_fusion(&list, row_kinds[k], all, s.hidden, s.answers, 0);
            weights w = tiny_weights(&list, KEEP_AS_STORED, 5);
            cJSON *config = make_config(row_kinds[k], s);
            assert_true(fusion_bind(&f, &w, config, i ? two : all, s.hidden, s.answers, &err));
            fuse(&f, i ? of_two : of_three, logits[i]);
            fusion_free(&f);
            cJSON_Delete(config);
            weights_free(&w);
        }
        assert_memory_equal(logits[0], logits[1], sizeof logits[0]);
    }
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

static const bool everything[MODALITIES] = { true, true, true };

/* Bind with the tensor `without` left out; returns the sentence, "" for success. */
static const char *bind_without(const char *kind, const char *without, const char *key, int value)
{
    static error err;
    static tiny_list whole, list;
    whole.count = list.count = 0;
    err.text[0] = 0;
    tiny_add_fusion(&whole, kind, everything, 20, 5, 0);
    for (int i = 0; i < whole.count; i++)
        if (!without || strcmp(whole.names[i], without) != 0)
            tiny_add(&list, whole.infos[i].rank, whole.infos[i].shape, "%s", whole.names[i]);
    weights w = tiny_weights(&list, KEEP_AS_STORED, 1);
    cJSON *config = make_config(kind, shapes[0]);
    if (key) cJSON_ReplaceItemInObject(config, key, cJSON_CreateNumber(value));
    fusion f;
    bool ok = fusion_bind(&f, &w, config, everything, 20, 5, &err);
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
        tiny_add_fusion(&list, kinds[k], everything, 20, 5, 0);
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
        cmocka_unit_test(test_what_is_left_out_is_not_there),
        cmocka_unit_test(test_every_missing_tensor_is_named),
        cmocka_unit_test(test_unknown_fusion_lists_the_known),
        cmocka_unit_test(test_settings_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
