/* Heat maps of tiny models of every kind: against attention rollout computed plainly in double precision
 * from the inputs of each block, what they cover of a picture, when there are none, and that nothing
 * else changes by them. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "handle.h"
#include "tiny_folder.h"

#include "testing.h"

enum { MOST_ROWS = 100, MOST_HIDDEN = 32, MOST_BLOCKS = 4, HEADS = TINY_HEADS };
static const char question[] = "What color is the cat?";
static const char texts[] = "a\0question"; /* CLIP's */

/* The models: where the blocks that are followed have their weights. */
static const struct {
    const char *fusion; /* NULL: as told */
    bool vilt, clip;
    int blocks;         /* 0: token_attention */
    const char *prefix; /* of the blocks' weights, before their number */
    double eps;
} kinds[] = {
    { .vilt = true, .blocks = 2, .prefix = "vilt.encoder.layer.", .eps = 1e-12 },
    { .clip = true, .blocks = 2, .prefix = "vision_model.encoder.layers.", .eps = 1e-5 },
    { .fusion = "token_transformer_cls", .blocks = 2, .prefix = "fusion.layers.", .eps = 1e-6 },
    { .fusion = "token_attention_cls" },
    { .fusion = "token_attention_mean" },
    { .fusion = "concat", .blocks = 1, .prefix = "image_encoder.encoder.layer.", .eps = 1e-12 },
    { .fusion = "sum", .blocks = 1, .prefix = "image_encoder.encoder.layer.", .eps = 1e-12 },
    { .fusion = "multiplicative_gate",
      .blocks = 1,
      .prefix = "image_encoder.encoder.layer.",
      .eps = 1e-12 },
    { .fusion = "additive_gate",
      .blocks = 1,
      .prefix = "image_encoder.encoder.layer.",
      .eps = 1e-12 },
    { .fusion = "additive_gate_vector",
      .blocks = 1,
      .prefix = "image_encoder.encoder.layer.",
      .eps = 1e-12 },
    { .fusion = "decision_average",
      .blocks = 1,
      .prefix = "image_encoder.encoder.layer.",
      .eps = 1e-12 },
    { .fusion = "decision_weighted",
      .blocks = 1,
      .prefix = "image_encoder.encoder.layer.",
      .eps = 1e-12 },
    { .fusion = "hybrid", .blocks = 1, .prefix = "image_encoder.encoder.layer.", .eps = 1e-12 },
};

/* Whether the map is made while the picture is encoded. */
static bool of_picture(size_t kind)
{
    return kinds[kind].clip || (kinds[kind].fusion && strncmp(kinds[kind].fusion, "token", 5) != 0);
}

/* ---- helpers ---- */

/* A model, and its file of weights as floats. */
typedef struct {
    vqa *v;
    tiny_bytes file;
    tiny_folder folder; /* owns the file if it is CLIP's */
} opened;

static opened open_kind(size_t kind, int threads)
{
    opened o = { .v = vqa_new(threads) };
    if (kinds[kind].clip) {
        o.folder = tiny_folder_clip();
        o.file = tiny_folder_file(&o.folder, "model.safetensors")->content;
        assert_int_equal(tiny_folder_load(o.v, &o.folder, 1 << 20, NULL), VQA_OK);
    } else {
        o.file = tiny_pack((tiny_model){ .vilt = kinds[kind].vilt, .fusion = kinds[kind].fusion });
        assert_int_equal(vqa_load(o.v, o.file.bytes, o.file.size), VQA_OK);
        if (vqa_load_end(o.v) != VQA_OK) fail_msg("%s", vqa_error(o.v));
    }
    return o;
}

static void close_kind(opened *o)
{
    vqa_free(o->v);
    if (o->folder.count)
        tiny_folder_free(&o->folder);
    else
        free(o->file.bytes);
}

static int encode(vqa *v, int width, int height)
{
    tiny_bytes bmp = tiny_bmp(width, height, 3);
    int id = vqa_encode(v, bmp.bytes, bmp.size);
    if (id <= 0) fail_msg("%s", vqa_error(v));
    free(bmp.bytes);
    return id;
}

static void ask(size_t kind, vqa *v, int id)
{
    int count = kinds[kind].clip ? vqa_choose(v, id, 0, "", 0, texts, sizeof texts, 2)
                                 : vqa_ask(v, id, 0, question, strlen(question), 5);
    if (count <= 0) fail_msg("%s", vqa_error(v));
}

/* ---- the reference ---- */

/* What went into each block of the last transformer that ran. */
typedef struct {
    float x[MOST_BLOCKS + 1][MOST_ROWS * MOST_HIDDEN];
    int rows, hidden;
} states;

static void keep_states(void *context, const char *name, int layer, tensor value)
{
    states *s = context;
    if (strcmp(name, "hidden_states") != 0) return;
    assert_true(value.rows <= MOST_ROWS && value.cols <= MOST_HIDDEN && layer <= MOST_BLOCKS);
    memcpy(s->x[layer], value.data, (size_t)value.rows * (size_t)value.cols * sizeof *value.data);
    if (layer > 0) return;
    s->rows = value.rows;
    s->hidden = value.cols;
}

static double value_at(const uint8_t *floats, int i)
{
    float value;
    memcpy(&value, floats + sizeof value * (size_t)i, sizeof value);
    return (double)value;
}

/* LayerNorm(x) over one row. */
static void norm_row(const float *x, int n, const uint8_t *w, const uint8_t *bias, double eps,
                     double *y)
{
    double mean = 0, variance = 0;
    for (int i = 0; i < n; i++) mean += (double)x[i] / n;
    for (int i = 0; i < n; i++) variance += ((double)x[i] - mean) * ((double)x[i] - mean) / n;
    for (int i = 0; i < n; i++)
        y[i] = ((double)x[i] - mean) / sqrt(variance + eps) * value_at(w, i) + value_at(bias, i);
}

typedef struct {
    double at[MOST_ROWS][MOST_ROWS];
} square;

/* Mean over the heads of softmax(q k^T / sqrt d) for inputs y [rows, hidden]. */
static void mean_attention(double y[][MOST_HIDDEN], int rows, int hidden, const uint8_t *wq,
                           const uint8_t *bq, const uint8_t *wk, const uint8_t *bk, square *a)
{
    static double q[MOST_ROWS][MOST_HIDDEN], k[MOST_ROWS][MOST_HIDDEN];
    int depth = hidden / HEADS;
    for (int r = 0; r < rows; r++)
        for (int o = 0; o < hidden; o++) {
            q[r][o] = value_at(bq, o);
            k[r][o] = value_at(bk, o);
            for (int i = 0; i < hidden; i++) {
                q[r][o] += value_at(wq, o * hidden + i) * y[r][i];
                k[r][o] += value_at(wk, o * hidden + i) * y[r][i];
            }
        }
    memset(a, 0, sizeof *a);
    for (int h = 0; h < HEADS; h++)
        for (int r = 0; r < rows; r++) {
            double part[MOST_ROWS], all = 0;
            for (int j = 0; j < rows; j++) {
                double score = 0;
                for (int d = h * depth; d < (h + 1) * depth; d++) score += q[r][d] * k[j][d];
                all += part[j] = exp(score / sqrt(depth));
            }
            for (int j = 0; j < rows; j++) a->at[r][j] += part[j] / all / HEADS;
        }
}

/* total = (a + I) / 2 * total */
static void roll_out(const square *a, int rows, square *total)
{
    static square before;
    before = *total;
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < rows; j++) {
            total->at[i][j] = before.at[i][j] / 2;
            for (int m = 0; m < rows; m++) total->at[i][j] += a->at[i][m] / 2 * before.at[m][j];
        }
}

static const uint8_t *part_of(tiny_bytes file, const char *prefix, int block, const char *name)
{
    char full[200];
    snprintf(full, sizeof full, "%s%d.%s", prefix, block, name);
    return tiny_data(file, full);
}

/* The product over all blocks. */
static void reference(size_t kind, const opened *o, const states *s, square *total)
{
    static double y[MOST_ROWS][MOST_HIDDEN];
    static square a;
    bool clip = kinds[kind].clip;
    memset(total, 0, sizeof *total);
    for (int i = 0; i < MOST_ROWS; i++) total->at[i][i] = 1;
    for (int b = 0; b < kinds[kind].blocks; b++) {
        const char *prefix = kinds[kind].prefix,
                   *q = clip ? "self_attn.q_proj.%s" : "attention.attention.query.%s",
                   *k = clip ? "self_attn.k_proj.%s" : "attention.attention.key.%s",
                   *norm = clip ? "layer_norm1.%s" : "layernorm_before.%s";
        const uint8_t *parts[6];
        const char *const names[3] = { norm, q, k };
        for (int i = 0; i < 6; i++) {
            char name[100];
            snprintf(name, sizeof name, names[i / 2], i % 2 ? "bias" : "weight");
            parts[i] = part_of(o->file, prefix, b, name);
        }
        for (int r = 0; r < s->rows; r++)
            norm_row(s->x[b] + r * s->hidden, s->hidden, parts[0], parts[1], kinds[kind].eps, y[r]);
        mean_attention(y, s->rows, s->hidden, parts[2], parts[3], parts[4], parts[5], &a);
        roll_out(&a, s->rows, total);
    }
}

/* The same of token_attention: one block without a norm before it, over the text encoder's result, which
 * is the last state, and the features. */
static int token_reference(const opened *o, const states *s, square *total)
{
    enum { H = TINY_HIDDEN, BERT_LAYERS = 2 };
    static double y[MOST_ROWS][MOST_HIDDEN];
    static square a;
    tensor features = o->v->open->features;
    const uint8_t *w = tiny_data(o->file, "fusion.attn.in_proj_weight"),
                  *bias = tiny_data(o->file, "fusion.attn.in_proj_bias");
    int rows = s->rows + features.rows;
    for (int r = 0; r < rows; r++)
        for (int i = 0; i < H; i++)
            y[r][i] = (double)(r < s->rows ? s->x[BERT_LAYERS][r * H + i]
                                           : tensor_row(features, r - s->rows)[i]);
    mean_attention(y, rows, H, w, bias, w + sizeof(float) * H * H, bias + sizeof(float) * H, &a);
    memset(total, 0, sizeof *total);
    for (int i = 0; i < rows; i++) total->at[i][i] = 1;
    roll_out(&a, rows, total);
    return rows;
}

static void check_map(size_t kind, int width, int height)
{
    static states s;
    static square total;
    opened o = open_kind(kind, 1);
    vqa_set_explain(o.v, 1);
    o.v->compute.watch = keep_states;
    o.v->compute.watch_context = &s;
    int id = encode(o.v, width, height), rows, columns;
    if (of_picture(kind)) o.v->compute.watch = NULL;
    ask(kind, o.v, id);
    if (kinds[kind].blocks)
        reference(kind, &o, &s, &total);
    else
        s.rows = token_reference(&o, &s, &total);
    for (int i = 0; i < s.rows; i++) {
        double sum = 0;
        for (int j = 0; j < s.rows; j++) sum += total.at[i][j];
        assert_true(fabs(sum - 1) < 1e-9);
    }
    double relevance[MOST_ROWS] = { 0 }, most = 0, sum = 0;
    bool mean = kinds[kind].fusion && strcmp(kinds[kind].fusion, "token_attention_mean") == 0;
    for (int j = 0; j < s.rows; j++)
        for (int i = 0; i < (mean ? s.rows : 1); i++)
            relevance[j] += total.at[i][j] / (mean ? s.rows : 1);
    const float *got = vqa_heatmap(o.v, &rows, &columns), *all = rollout_end(&o.v->rollout);
    assert_non_null(got);
    assert_int_equal(rows, 2);
    assert_int_equal(columns, 2);
    assert_int_equal(o.v->rollout.rows, s.rows);
    for (int j = 0; j < s.rows; j++) {
        assert_true(fabs((double)all[j] - relevance[j]) < 1e-5);
        sum += (double)all[j];
    }
    assert_true(fabs(sum - 1) < 1e-5);
    const double *patches = relevance + s.rows - rows * columns;
    for (int i = 0; i < rows * columns; i++) most = fmax(most, patches[i]);
    for (int i = 0; i < rows * columns; i++)
        assert_true(fabs((double)got[i] - patches[i] / most) < 1e-4);
    close_kind(&o);
}

/* ---- tests ---- */

static void test_maps_are_attention_rollout(void **state)
{
    (void)state;
    for (size_t kind = 0; kind < COUNT(kinds); kind++) {
        check_map(kind, 16, 16);
        check_map(kind, 50, 31);
    }
}

static void assert_no_map(const vqa *v)
{
    int height = 7, width = 7;
    float box[4] = { 1, 1, 1, 1 };
    assert_null(vqa_heatmap(v, &height, &width));
    assert_int_equal(height, 0);
    assert_int_equal(width, 0);
    vqa_heatmap_box(v, box);
    for (int i = 0; i < 4; i++) assert_true(box[i] == 0);
}

static void assert_map(const vqa *v)
{
    int height, width;
    const float *heat = vqa_heatmap(v, &height, &width);
    float most = 0;
    assert_non_null(heat);
    for (int i = 0; i < height * width; i++) {
        assert_true(heat[i] >= 0 && heat[i] <= 1);
        if (heat[i] > most) most = heat[i];
    }
    assert_true(most == 1);
}

static void test_when_there_is_none(void **state)
{
    (void)state;
    for (size_t kind = 0; kind < COUNT(kinds); kind++) {
        opened o = open_kind(kind, 1);
        vqa *v = o.v;
        int early = encode(v, 20, 30);
        assert_no_map(v);
        ask(kind, v, early); /* off unless called */
        assert_no_map(v);
        assert_null(v->rollout.room.base);
        vqa_set_explain(v, 1);
        assert_no_map(v); /* the last answer had none */
        int late = encode(v, 20, 30);
        ask(kind, v, late);
        assert_map(v);
        ask(kind, v, early);
        if (of_picture(kind))
            assert_no_map(v);
        else
            assert_map(v);
        ask(kind, v, late);
        assert_true(vqa_close_picture(v, early) == VQA_OK);
        assert_map(v);
        assert_true(vqa_close_picture(v, late) == VQA_OK);
        assert_no_map(v);
        late = encode(v, 20, 30);
        ask(kind, v, late);
        vqa_set_explain(v, 0);
        assert_map(v); /* it lives as long as the answer */
        assert_null(v->rollout.room.base);
        ask(kind, v, late);
        assert_no_map(v);
        close_kind(&o);
    }
}

static void test_answers_keep_their_bits(void **state)
{
    (void)state;
    for (size_t kind = 0; kind < COUNT(kinds); kind++) {
        float logits[2][5], heat[2][4];
        int count = 0, height, width;
        for (int threads = 1; threads <= 4; threads += 3)
            for (int explain = 0; explain < 2; explain++) {
                opened o = open_kind(kind, threads);
                vqa_set_explain(o.v, explain);
                ask(kind, o.v, encode(o.v, 40, 30));
                float *now = logits[explain || threads > 1];
                const float *all = vqa_logits(o.v, &count);
                memcpy(now, all, (size_t)count * sizeof *now);
                assert_memory_equal(now, logits[0], (size_t)count * sizeof *now);
                if (explain)
                    memcpy(heat[threads > 1], vqa_heatmap(o.v, &height, &width), sizeof *heat);
                close_kind(&o);
            }
        assert_memory_equal(heat[0], heat[1], sizeof *heat);
    }
}

/* The settings of a processor, as JSON, in the place of the pack's own. */
static void set_processor(tiny_settings *s, const void *context)
{
    cJSON_Delete(s->part[1]);
    s->part[1] = cJSON_Parse(context);
    assert_non_null(s->part[1]);
}

static void check_box(const char *processor, int width, int height, int rows, int columns, float x,
                      float y, float box_width, float box_height)
{
    tiny_bytes pack = tiny_pack((tiny_model){ .vilt = true }),
               edited = tiny_edit(pack, set_processor, processor);
    vqa *v = vqa_new(1);
    assert_int_equal(vqa_load(v, edited.bytes, edited.size), VQA_OK);
    if (vqa_load_end(v) != VQA_OK) fail_msg("%s", vqa_error(v));
    vqa_set_explain(v, 1);
    ask(0, v, encode(v, width, height));
    int got_rows, got_columns;
    float box[4], want[4] = { x, y, box_width, box_height };
    assert_non_null(vqa_heatmap(v, &got_rows, &got_columns));
    vqa_heatmap_box(v, box);
    assert_int_equal(got_rows, rows);
    assert_int_equal(got_columns, columns);
    for (int i = 0; i < 4; i++) assert_true(fabsf(box[i] - want[i]) < 1e-6f);
    vqa_free(v);
    free(pack.bytes);
    free(edited.bytes);
}

static void test_what_the_map_covers(void **state)
{
    (void)state;
    static const char squeezed[] = "{\"image_processor_type\":\"ViTImageProcessor\",\"size\":{"
                                   "\"height\":16,\"width\":24}}",
                      cropped[] =
                          "{\"image_processor_type\":\"CLIPImageProcessor\",\"size\":{"
                          "\"shortest_edge\":16},\"crop_size\":{\"height\":16,\"width\":16}}",
                      untouched[] =
                          "{\"image_processor_type\":\"ViTImageProcessor\",\"do_resize\":false}";
    check_box(squeezed, 50, 90, 2, 3, 0, 0, 1, 1);
    check_box(cropped, 32, 16, 2, 2, 0.25f, 0, 0.5f, 1);
    check_box(cropped, 20, 50, 2, 2, 0, 0.3f, 1, 0.4f); /* 16 x 40 */
    check_box(untouched, 20, 30, 3, 2, 0, 0, 0.8f, 0.8f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_maps_are_attention_rollout),
        cmocka_unit_test(test_when_there_is_none),
        cmocka_unit_test(test_answers_keep_their_bits),
        cmocka_unit_test(test_what_the_map_covers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
