/* Convolution, batch norm and pooling against plain loops in double precision, and the picture encoders
 * made of them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "encoders/image.h"
#include "format/safetensors.h"
#include "nn/batch_norm.h"
#include "nn/pooling.h"
#include "tiny_pack.h"

#include "testing.h"

static arena memory; /* of a test: inputs and results */
static compute one, four;
static uint32_t seed = 1;

static int set_up(void **state)
{
    (void)state;
    error err;
    one = (compute){ .k = kernels_best() };
    four = (compute){ .k = kernels_best(), .threads = pool_new(4) };
    return arena_new(&memory, 16 << 20, "a test", &err) && four.threads ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(&memory);
    pool_free(four.threads);
    return 0;
}

static const window pixel = { 1, 1, 1, 0 };

static feature_map random_map(arena *a, int height, int width, int channels, float least)
{
    feature_map x = window_map(a, &pixel, height, width, channels);
    for (int i = 0; i < height * width * channels; i++)
        x.rows.data[i] = fmaxf(tiny_random(&seed), least);
    return x;
}

/* W [out, in / groups, height, width] as the store has it, packed or not. */
static const float *unpacked(const weight *t)
{
    static float floats[1 << 13];
    uint8_t levels[1 << 11];
    assert_true(t->rows * t->cols <= 1 << 13 && t->cols <= 1 << 11 && t->bits == BITS_FLOAT);
    for (int r = 0; r < t->rows; r++) weight_row(t, r, (uint8_t *)(floats + r * t->cols), levels);
    return floats;
}

/* What torch.nn.Conv2d says, without bias. */
static double convolved(const conv *v, const float *factors, feature_map x, int line, int column,
                        int output)
{
    const window *w = &v->window;
    int in = v->in / v->groups, group = output / (v->out / v->groups);
    double sum = 0;
    for (int c = 0; c < in; c++)
        for (int i = 0; i < w->height; i++)
            for (int j = 0; j < w->width; j++) {
                int y = line * w->stride + i - w->padding, z = column * w->stride + j - w->padding;
                if (y < 0 || y >= x.height || z < 0 || z >= x.width) continue;
                sum += (double)factors[((output * in + c) * w->height + i) * w->width + j] *
                       (double)tensor_row(x.rows, y * x.width + z)[group * in + c];
            }
    return sum;
}

/* Of exactly the bytes that are planned, so that the sanitizer guards their end. */
static void run_conv(const compute *c, const conv *v, feature_map x, feature_map y, activation act,
                     bool add)
{
    error err;
    arena tmp;
    assert_true(arena_new(&tmp, conv_scratch(v, x.height, x.width), "a convolution", &err));
    nn_conv(c, v, x, y, act, add, tmp);
    arena_free(&tmp);
}

static const struct {
    int in, out, groups;
    window window;
    int height, width;
} shapes[] = {
    { 3, 16, 1, { 7, 7, 2, 3 }, 33, 20 },  { 5, 9, 1, { 3, 3, 1, 1 }, 7, 9 },
    { 8, 8, 1, { 1, 1, 1, 0 }, 6, 5 },     { 9, 20, 1, { 1, 1, 2, 0 }, 7, 8 },
    { 16, 24, 1, { 3, 3, 2, 1 }, 14, 13 }, { 4, 7, 1, { 2, 5, 3, 2 }, 10, 11 },
    { 16, 16, 16, { 3, 3, 1, 1 }, 8, 9 },  { 11, 11, 11, { 3, 3, 2, 1 }, 9, 7 },
    { 3, 3, 3, { 5, 5, 1, 2 }, 6, 6 },     { 12, 8, 4, { 3, 3, 1, 1 }, 5, 7 },
    { 6, 18, 6, { 3, 3, 2, 1 }, 8, 8 },    { 40, 8, 1, { 3, 3, 1, 1 }, 40, 40 },
    { 2, 3, 1, { 3, 3, 1, 1 }, 1, 1 },     { 8, 8, 1, { 11, 11, 1, 5 }, 12, 3 },
};

static weights weights_of(const conv *v, precision keep)
{
    tiny_list list = { .count = 0 };
    tiny_add(&list, SHAPE(v->out, v->in / v->groups, v->window.height, v->window.width),
             "c.weight");
    tiny_add(&list, SHAPE(v->out), "c.bias");
    return tiny_weights(&list, keep, 7);
}

static conv conv_of(size_t i)
{
    return (conv){ .in = shapes[i].in,
                   .out = shapes[i].out,
                   .groups = shapes[i].groups,
                   .window = shapes[i].window };
}

static void test_conv_against_a_loop(void **state)
{
    (void)state;
    const compute scalar = { .k = kernels_scalar() };
    for (size_t s = 0; s < COUNT(shapes); s++)
        for (int add = 0; add < (shapes[s].groups > 1 ? 1 : 2); add++) {
            arena room = memory;
            error err;
            conv v = conv_of(s);
            weights w = weights_of(&v, KEEP_AS_STORED);
            assert_true(conv_bind(&v, &w, "c", NULL, &err));
            const float *factors = unpacked(weights_find(&w, "c.weight"));
            feature_map x = random_map(&room, shapes[s].height, shapes[s].width, v.in, -1), y[3];
            for (int i = 0; i < 3; i++) {
                y[i] = window_map(&room, &v.window, x.height, x.width, v.out);
                for (int k = 0; k < y[i].rows.rows * v.out; k++) y[i].rows.data[k] = (float)(k % 5);
            }
            run_conv(&one, &v, x, y[0], ACTIVATION_RELU6, add);
            run_conv(&four, &v, x, y[1], ACTIVATION_RELU6, add);
            run_conv(&scalar, &v, x, y[2], ACTIVATION_RELU6, add);
            size_t size = (size_t)y[0].rows.rows * (size_t)v.out * sizeof(float);
            assert_memory_equal(y[0].rows.data, y[1].rows.data, size);
            assert_memory_equal(y[0].rows.data, y[2].rows.data, size);
            for (int i = 0; i < y[0].rows.rows; i++)
                for (int c = 0; c < v.out; c++) {
                    double want = convolved(&v, factors, x, i / y[0].width, i % y[0].width, c) +
                                  (double)v.product.bias[c];
                    want = fmin(fmax(want, 0), 6) + (add ? (i * v.out + c) % 5 : 0);
                    assert_true(fabs(want - (double)tensor_row(y[0].rows, i)[c]) < 2e-5);
                }
            weights_free(&w);
        }
}

/* The largest difference, and the largest value. */
static double far_off(feature_map got, feature_map want, double *largest)
{
    double most = 0;
    *largest = 0;
    for (int i = 0; i < want.rows.rows * want.rows.cols; i++) {
        most = fmax(most, fabs((double)got.rows.data[i] - (double)want.rows.data[i]));
        *largest = fmax(*largest, fabs((double)want.rows.data[i]));
    }
    return most;
}

/* Within what rounding costs; inputs that are never below 0 lose less where that is known. */
static void test_conv_quantized(void **state)
{
    (void)state;
    double all[2] = { 0 };
    for (size_t s = 0; s < COUNT(shapes); s++) {
        if (shapes[s].groups > 1) continue;
        arena room = memory;
        error err;
        conv exact = conv_of(s);
        weights floats = weights_of(&exact, KEEP_AS_STORED);
        assert_true(conv_bind(&exact, &floats, "c", NULL, &err));
        feature_map x = random_map(&room, shapes[s].height, shapes[s].width, exact.in, 0),
                    want = window_map(&room, &exact.window, x.height, x.width, exact.out);
        run_conv(&one, &exact, x, want, ACTIVATION_NONE, false);
        for (int positive = 0; positive < 2; positive++) {
            conv v = conv_of(s);
            weights w = weights_of(&v, QUANTIZE_Q8);
            feature_map y[3];
            const compute scalar = { .k = kernels_scalar() };
            const compute *const with[3] = { &one, &four, &scalar };
            double largest;
            assert_true(conv_bind(&v, &w, "c", NULL, &err));
            if (positive) linear_expect_positive(&v.product);
            for (int i = 0; i < 3; i++) {
                y[i] = window_map(&room, &v.window, x.height, x.width, v.out);
                run_conv(with[i], &v, x, y[i], ACTIVATION_NONE, false);
                assert_memory_equal(y[0].rows.data, y[i].rows.data,
                                    (size_t)y[0].rows.rows * (size_t)v.out * sizeof(float));
            }
            double off = far_off(y[0], want, &largest);
            assert_true(off <= 0.03 * largest);
            all[positive] += off;
            weights_free(&w);
        }
        weights_free(&floats);
    }
    assert_true(all[1] < 0.8 * all[0]);
}

static void add_norm(tiny_list *list, const char *name, int size)
{
    static const char *const parts[] = { "weight", "bias", "running_mean", "running_var" };
    for (int i = 0; i < 4; i++) tiny_add(list, SHAPE(size), "%s.%s", name, parts[i]);
}

/* Variances are not negative. */
static void make_valid(weights *w)
{
    for (int i = 0; i < w->count; i++)
        if (strstr(w->all[i].info.name, "running_var"))
            for (int c = 0; c < w->all[i].cols; c++)
                w->all[i].floats[c] = 0.3f + fabsf(w->all[i].floats[c]);
}

static void test_batch_norm_against_a_loop(void **state)
{
    (void)state;
    for (int groups = 1; groups <= 10; groups += 9) {
        arena room = memory;
        error err;
        conv v = { .in = 10, .out = 10, .groups = groups, .window = { 3, 3, 1, 1 } };
        tiny_list list = { .count = 0 };
        tiny_add(&list, SHAPE(10, 10 / groups, 3, 3), "c.weight");
        add_norm(&list, "n", 10);
        tiny_add(&list, 0, NULL, "n.num_batches_tracked");
        weights plain = tiny_weights(&list, KEEP_AS_STORED, 3),
                w = tiny_weights(&list, KEEP_AS_STORED, 3);
        make_valid(&plain);
        make_valid(&w);
        assert_true(conv_bind(&v, &w, "c", "n", &err));
        assert_false(weights_find(&w, "n.num_batches_tracked")->used);
        feature_map x = random_map(&room, 5, 6, 10, -1), y = window_map(&room, &v.window, 5, 6, 10);
        run_conv(&one, &v, x, y, ACTIVATION_NONE, false);
        const float *factors = unpacked(weights_find(&plain, "c.weight")),
                    *factor = weights_find(&plain, "n.weight")->floats,
                    *bias = weights_find(&plain, "n.bias")->floats,
                    *mean = weights_find(&plain, "n.running_mean")->floats,
                    *var = weights_find(&plain, "n.running_var")->floats;
        for (int i = 0; i < y.rows.rows; i++)
            for (int c = 0; c < 10; c++) {
                double sum = convolved(&v, factors, x, i / 6, i % 6, c),
                       want = (sum - (double)mean[c]) /
                                  sqrt((double)var[c] + (double)BATCH_NORM_EPS) *
                                  (double)factor[c] +
                              (double)bias[c];
                assert_true(fabs(want - (double)tensor_row(y.rows, i)[c]) < 3e-5);
            }
        weights_free(&plain);
        weights_free(&w);
    }
}

static void test_batch_norm_refused(void **state)
{
    (void)state;
    static const struct {
        const char *norm, *change;
        float value;
        const char *why;
    } cases[] = {
        { "m", NULL, 0, "the model has no tensor 'm.weight'" },
        { "short", NULL, 0, "tensor 'short.weight' has the shape [3], expected [4]" },
        { "n", "n.running_var", -1, "the batch norm 'n' of channel 2 is not a finite number" },
        { "n", "n.running_mean", 3e38f, "the batch norm 'n' of channel 2 is not a finite number" },
        { "n", "n.weight", 3e38f, "tensor 'c.weight': row 2 times 3e+38 is too large for 32 bits" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        error err;
        conv v = { .in = 2, .out = 4, .groups = 1, .window = { 3, 3, 1, 1 } };
        tiny_list list = { .count = 0 };
        tiny_add(&list, SHAPE(4, 2, 3, 3), "c.weight");
        add_norm(&list, "n", 4);
        add_norm(&list, "short", 3);
        weights w = tiny_weights(&list, KEEP_AS_STORED, 3);
        make_valid(&w);
        weights_find(&w, "n.running_var")->floats[2] = 1 - BATCH_NORM_EPS;
        weights_find(&w, "n.running_mean")->floats[2] = 0;
        weights_find(&w, "n.weight")->floats[2] = 10;
        weights_find(&w, "c.weight")->floats[2 * 18] = 10;
        if (cases[i].change) weights_find(&w, cases[i].change)->floats[2] = cases[i].value;
        assert_false(conv_bind(&v, &w, "c", cases[i].norm, &err));
        assert_string_equal(err.text, cases[i].why);
        weights_free(&w);
    }
    conv v = { .in = 64, .out = 64, .groups = 2, .window = { 3, 3, 1, 1 } };
    weights w = weights_of(&v, QUANTIZE_Q8);
    error err;
    assert_false(conv_bind(&v, &w, "c", NULL, &err));
    assert_string_equal(err.text,
                        "tensor 'c.weight' is stored as quantized values, expected floats");
    weights_free(&w);
}

static void test_pooling(void **state)
{
    (void)state;
    static const window windows[] = { { 3, 3, 2, 1 }, { 2, 2, 2, 0 }, { 3, 2, 1, 1 } };
    for (size_t s = 0; s < COUNT(windows); s++)
        for (int kind = POOLING_MAX; kind <= POOLING_AVERAGE; kind++) {
            arena room = memory;
            const window *w = &windows[s];
            feature_map x = random_map(&room, 9, 6, 5, -1),
                        y = window_map(&room, w, x.height, x.width, 5);
            assert_int_equal(y.height, (9 + 2 * w->padding - w->height) / w->stride + 1);
            nn_pooling(&four, (pooling)kind, w, x, y);
            for (int i = 0; i < y.rows.rows; i++)
                for (int c = 0; c < 5; c++) {
                    double most = -INFINITY, sum = 0;
                    for (int t = 0; t < w->height * w->width; t++) {
                        int line = i / y.width * w->stride - w->padding + t / w->width,
                            column = i % y.width * w->stride - w->padding + t % w->width;
                        if (line < 0 || line >= 9 || column < 0 || column >= 6) continue;
                        double value = (double)tensor_row(x.rows, line * 6 + column)[c];
                        most = fmax(most, value);
                        sum += value;
                    }
                    double want = kind == POOLING_MAX ? most : sum / (w->height * w->width);
                    assert_true(fabs(want - (double)tensor_row(y.rows, i)[c]) < 1e-6);
                }
        }
    arena room = memory;
    feature_map x = random_map(&room, 3, 4, 5, -1);
    float y[5];
    nn_global_average(&one, x, y);
    for (int c = 0; c < 5; c++) {
        double sum = 0;
        for (int i = 0; i < 12; i++) sum += (double)tensor_row(x.rows, i)[c];
        assert_true(fabs(sum / 12 - (double)y[c]) < 1e-6);
    }
}

/* ---- whole encoders ---- */

static void add_conv(tiny_list *list, const char *name, const char *batch_norm, int out, int in,
                     int side)
{
    tiny_add(list, SHAPE(out, in, side, side), "%s.weight", name);
    add_norm(list, batch_norm, out);
}

/* ResNets of four, three and two stages, with widths that q4 packs in groups of 128 inputs; and a ViT over
 * the cells of one, without blocks. */
static const struct {
    const char *config, *prefix; /* of the ResNet's tensors */
    int stages, cell, hidden;
} encoders[] = {
    { "{\"model_type\":\"resnet\",\"depths\":[1,1,2,1],\"hidden_sizes\":[8,128,16,12],"
      "\"embedding_size\":8}",
      "", 4, 32, 12 },
    { "{\"model_type\":\"resnet\",\"depths\":[1,1,2],\"hidden_sizes\":[8,128,16]}", "", 3, 16, 16 },
    { "{\"model_type\":\"resnet\",\"depths\":[1,1],\"hidden_sizes\":[8,128]}", "", 2, 8, 128 },
    { "{\"model_type\":\"vit_hybrid\",\"hidden_size\":24,\"num_hidden_layers\":0,"
      "\"num_attention_heads\":4,\"image_size\":[48,64],\"backbone_config\":"
      "{\"model_type\":\"resnet\",\"depths\":[1,1,2],\"hidden_sizes\":[8,128,16]}}",
      "embeddings.patch_embeddings.backbone.", 3, 16, 24 },
};
enum { HYBRID = COUNT(encoders) - 1 };

/* What the encoder of that number needs. */
static void add_encoder(tiny_list *list, size_t which)
{
    static const int sizes[] = { 8, 128, 16, 12 }, depths[] = { 1, 1, 2, 1 };
    const char *prefix = encoders[which].prefix;
    char name[4][100];
    int in = 8;
    snprintf(name[0], sizeof *name, "%sconv1", prefix);
    snprintf(name[1], sizeof *name, "%sbn1", prefix);
    add_conv(list, name[0], name[1], 8, 3, 7);
    for (int s = 0; s < encoders[which].stages; s++)
        for (int b = 0; b < depths[s]; b++) {
            for (int i = 0; i < 2; i++) {
                snprintf(name[i], sizeof *name, "%slayer%d.%d.conv%d", prefix, s + 1, b, i + 1);
                snprintf(name[i + 2], sizeof *name, "%slayer%d.%d.bn%d", prefix, s + 1, b, i + 1);
            }
            add_conv(list, name[0], name[2], sizes[s], in, 3);
            add_conv(list, name[1], name[3], sizes[s], sizes[s], 3);
            in = sizes[s];
            if (s == 0 || b > 0) continue;
            snprintf(name[0], sizeof *name, "%slayer%d.0.downsample.0", prefix, s + 1);
            snprintf(name[1], sizeof *name, "%slayer%d.0.downsample.1", prefix, s + 1);
            add_conv(list, name[0], name[1], sizes[s], sizes[s - 1], 1);
        }
    if (which != HYBRID) return;
    tiny_add(list, SHAPE(1, 1, 24), "embeddings.cls_token");
    tiny_add(list, SHAPE(1, 1 + 3 * 4, 24), "embeddings.position_embeddings");
    tiny_add(list, SHAPE(24, 16, 1, 1), "embeddings.patch_embeddings.projection.weight");
    tiny_add(list, SHAPE(24), "embeddings.patch_embeddings.projection.bias");
    tiny_add(list, SHAPE(24), "layernorm.weight");
    tiny_add(list, SHAPE(24), "layernorm.bias");
}

/* The encoder of that number, with random weights. */
static image_encoder open_encoder(size_t which, weights *w)
{
    tiny_list list = { .count = 0 };
    error err;
    image_encoder e;
    cJSON *config = cJSON_Parse(encoders[which].config);
    add_encoder(&list, which);
    *w = tiny_weights(&list, KEEP_AS_STORED, 11);
    make_valid(w);
    assert_true(image_encoder_bind(&e, w, "", config, &err));
    cJSON_Delete(config);
    return e;
}

static tensor encode(const compute *c, const image_encoder *e, int height, int width, arena *out)
{
    error err;
    arena tmp;
    uint32_t own = 5;
    tensor pixels = tensor_new(out, 3 * height, width),
           y = tensor_new(out, image_encoder_rows(e, height, width), e->hidden);
    for (int i = 0; i < 3 * height * width; i++) pixels.data[i] = tiny_random(&own);
    assert_true(arena_new(&tmp, image_encoder_scratch(e, height, width), "an encoder", &err));
    image_encoder_encode(c, e, pixels.data, height, width, y.rows, y, tmp);
    arena_free(&tmp);
    return y;
}

static bool take_header(void *context, const tensor_info *tensors, int count, const cJSON *metadata,
                        error *err)
{
    (void)metadata;
    return weights_plan(context, tensors, count, KEEP_AS_STORED, err);
}

static bool take_data(void *context, int index, const uint8_t *bytes, size_t size, error *err)
{
    return weights_take(context, index, bytes, size, err);
}

/* The weights of a pack of `w`. */
static weights written_and_read(const weights *w)
{
    char empty[] = "";
    pack_settings s = { cJSON_CreateObject(),
                        cJSON_CreateObject(),
                        cJSON_CreateObject(),
                        cJSON_CreateArray(),
                        empty,
                        empty };
    tiny_bytes pack = tiny_written(w, &s);
    weights again = { 0 };
    error err;
    safetensors *file = safetensors_new((safetensors_sink){ take_header, take_data, &again });
    assert_true(safetensors_push(file, pack.bytes, pack.size, &err));
    assert_true(safetensors_end(file, &err) && weights_finish(&again, &err));
    safetensors_free(file);
    cJSON_Delete(s.config);
    cJSON_Delete(s.preprocessor);
    cJSON_Delete(s.tokenizer);
    cJSON_Delete(s.labels);
    free(pack.bytes);
    return again;
}

/* Whoever stops it leaves y as it is: the map of an earlier block would not fit. */
static void test_what_is_stopped_writes_nothing_beyond(void **state)
{
    (void)state;
    atomic_int stop = 1;
    compute c = one;
    c.stop = &stop;
    static float pixels[3 * 64 * 64];
    for (size_t k = 0; k < COUNT(encoders); k++) {
        arena room = memory, tmp;
        error err;
        weights w;
        image_encoder e = open_encoder(k, &w);
        tensor y = tensor_new(&room, image_encoder_rows(&e, 64, 64), e.hidden),
               behind = tensor_new(&room, 64, e.hidden);
        memset(y.data, 0, (size_t)y.rows * (size_t)y.cols * sizeof *y.data);
        for (int i = 0; i < 64 * e.hidden; i++) behind.data[i] = 7;
        assert_true(arena_new(&tmp, image_encoder_scratch(&e, 64, 64), "an encoder", &err));
        image_encoder_encode(&c, &e, pixels, 64, 64, y.rows, y, tmp);
        arena_free(&tmp);
        for (int i = 0; i < 64 * e.hidden; i++) assert_true(behind.data[i] == 7);
        image_encoder_free(&e);
        weights_free(&w);
    }
}

/* Batch norms are folded at load; what is packed then is the same model, also when it is packed again. */
static void test_a_pack_is_the_same_encoder(void **state)
{
    (void)state;
    for (int t = 0; t < (int)COUNT(encoders) * 3; t++) {
        size_t k = (size_t)t / 3;
        int keep = t % 3;
        tiny_list list = { .count = 0 };
        cJSON *config = cJSON_Parse(encoders[k].config);
        arena room = memory;
        error err;
        image_encoder e[3];
        weights w[3];
        tensor y[3];
        char name[2][100];
        add_encoder(&list, k);
        w[0] = tiny_weights(&list, (precision)keep, 11);
        make_valid(&w[0]);
        for (int i = 0; i < 3; i++) {
            if (i > 0) w[i] = written_and_read(&w[i - 1]);
            assert_true(image_encoder_bind(&e[i], &w[i], "", config, &err));
            y[i] = encode(i ? &four : &one, &e[i], 37, 70, &room);
            size_t values = (size_t)y[0].rows * (size_t)y[0].cols;
            assert_memory_equal(y[i].data, y[0].data, values * sizeof(float));
            for (size_t v = 0; v < values; v++) assert_true(isfinite(y[i].data[v]));
        }
        snprintf(name[0], sizeof *name, "%slayer2.0.conv2.weight", encoders[k].prefix);
        snprintf(name[1], sizeof *name, "%slayer3.0.conv1.weight", encoders[k].prefix);
        if (keep == QUANTIZE_Q4) assert_int_equal(weights_find(&w[2], name[0])->form, FORM_Q8);
        if (keep == QUANTIZE_Q4 && encoders[k].stages > 2)
            assert_int_equal(weights_find(&w[2], name[1])->form, FORM_Q4);
        for (int i = 0; i < 3; i++) {
            image_encoder_free(&e[i]);
            weights_free(&w[i]);
        }
        cJSON_Delete(config);
    }
}

/* Half floats too: the rows are rounded to them again. */
static void test_batch_norm_into_halves(void **state)
{
    (void)state;
    tiny_list list = { .count = 0 };
    tiny_add(&list, SHAPE(4, 9), "pooler.weight"); /* kept as halves */
    add_norm(&list, "n", 4);
    weights w = tiny_weights(&list, QUANTIZE_Q8, 3);
    error err;
    make_valid(&w);
    weight *t = weights_find(&w, "pooler.weight");
    assert_int_equal(t->bits, BITS_HALF);
    assert_true(batch_norm_fold(&w, "n", t, &err));
    for (int i = 0; i < 4 * 9; i++)
        assert_true(t->floats[i] == half_to_float(float_to_half(t->floats[i])));
    weights again = written_and_read(&w);
    weight *same = weights_find(&again, "pooler.weight");
    assert_true(batch_norm_fold(&again, "n", same, &err));
    assert_memory_equal(same->floats, t->floats, 4 * 9 * sizeof(float));
    assert_memory_equal(weights_find(&again, "n.bias")->floats, weights_find(&w, "n.bias")->floats,
                        4 * sizeof(float));
    weights_free(&w);
    weights_free(&again);
}

static void test_sizes_of_pictures(void **state)
{
    (void)state;
    /* height in cells and pixels more, width in cells and pixels more, rows */
    static const int sizes[][5] = { { 1, -1, 2, 0, 0 }, { 2, 0, 1, -1, 0 }, { 1, 0, 1, 0, 2 },
                                    { 1, 1, 1, 0, 3 },  { 2, 1, 1, 7, 7 },  { 3, 0, 2, -1, 7 } };
    for (size_t k = 0; k < COUNT(encoders); k++) {
        weights w;
        image_encoder e = open_encoder(k, &w);
        assert_true(e.rest);
        assert_int_equal(e.patch, encoders[k].cell);
        assert_int_equal(e.hidden, encoders[k].hidden);
        for (size_t i = 0; i < COUNT(sizes); i++) {
            arena room = memory;
            const int *size = sizes[i];
            int height = size[0] * e.patch + size[1], width = size[2] * e.patch + size[3],
                rows = image_encoder_rows(&e, height, width);
            assert_int_equal(rows, size[4]);
            if (!rows) continue;
            tensor y = encode(&one, &e, height, width, &room);
            for (int c = 0; c < y.cols && k != HYBRID; c++) {
                double sum = 0;
                for (int r = 1; r < rows; r++) sum += (double)tensor_row(y, r)[c];
                assert_true(fabs(sum / (rows - 1) - (double)y.data[c]) < 1e-4 * (1 + fabs(sum)));
            }
        }
        image_encoder_free(&e);
        weights_free(&w);
    }
}

#define RESNET     "{\"model_type\":\"resnet\","
#define HYBRID_VIT "{\"model_type\":\"vit_hybrid\""

static void test_configs_refused(void **state)
{
    (void)state;
    static const struct {
        const char *config, *why;
    } cases[] = {
        { "{\"model_type\":\"vgg\"}",
          "config: the picture encoder 'vgg' is not supported (supported: vit, vit_hybrid, resnet, "
          "mobilenet_v2)" },
        { RESNET "\"depths\":[2]}", "config: \"depths\" has 1 stages, expected 2 to 4" },
        { RESNET "\"depths\":[2,2,2,2,2]}", "config: \"depths\" has 5 stages, expected 2 to 4" },
        { RESNET "\"depths\":[2,2,2,0]}", "config: \"depths\" is not 4 numbers from 1 to 1024" },
        { RESNET "\"depths\":{\"a\":1,\"b\":2}}",
          "config: \"depths\" is not 2 numbers from 1 to 1024" },
        { RESNET "\"hidden_sizes\":7}",
          "config: \"hidden_sizes\" is not 4 numbers from 1 to 8192" },
        { RESNET "\"hidden_sizes\":[1,2,3,\"x\"]}",
          "config: \"hidden_sizes\" is not 4 numbers from 1 to 8192" },
        { RESNET "\"depths\":[2,2,2],\"hidden_sizes\":[1,2,3,4]}",
          "config: \"hidden_sizes\" is not 3 numbers from 1 to 8192" },
        { RESNET "\"embedding_size\":64}", "the model has no tensor 'x.conv1.weight'" },
        { HYBRID_VIT "}", "config: \"backbone_config\" is missing" },
        { HYBRID_VIT ",\"patch_size\":16,\"backbone_config\":{}}",
          "config: \"patch_size\" is 16, expected a whole number from 1 to 1" },
        { HYBRID_VIT ",\"backbone_config\":{\"model_type\":\"bit\"}}",
          "config: \"model_type\" is 'bit', expected resnet or mobilenet_v2" },
        { HYBRID_VIT ",\"backbone_config\":{}}",
          "the model has no tensor 'x.embeddings.patch_embeddings.backbone.conv1.weight'" },
        { "{\"model_type\":\"mobilenet_v2\"}", "the model has no tensor 'x.features.0.0.weight'" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        weights w = { 0 };
        image_encoder e;
        error err;
        cJSON *config = cJSON_Parse(cases[i].config);
        assert_false(image_encoder_bind(&e, &w, "x.", config, &err));
        assert_string_equal(err.text, cases[i].why);
        image_encoder_free(&e);
        cJSON_Delete(config);
    }
}

static void test_a_picture_size_below_a_cell_is_refused(void **state)
{
    (void)state;
    tiny_list list = { .count = 0 };
    error err;
    image_encoder e;
    cJSON *config = cJSON_Parse(encoders[HYBRID].config);
    cJSON_ReplaceItemInObject(config, "image_size", cJSON_CreateNumber(15));
    add_encoder(&list, HYBRID);
    weights w = tiny_weights(&list, KEEP_AS_STORED, 11);
    make_valid(&w);
    assert_false(image_encoder_bind(&e, &w, "", config, &err));
    assert_string_equal(err.text,
                        "config: \"image_size\" 15 x 15 is less than a cell of the backbone, 16");
    image_encoder_free(&e);
    weights_free(&w);
    cJSON_Delete(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conv_against_a_loop),
        cmocka_unit_test(test_conv_quantized),
        cmocka_unit_test(test_batch_norm_against_a_loop),
        cmocka_unit_test(test_batch_norm_into_halves),
        cmocka_unit_test(test_batch_norm_refused),
        cmocka_unit_test(test_pooling),
        cmocka_unit_test(test_what_is_stopped_writes_nothing_beyond),
        cmocka_unit_test(test_a_pack_is_the_same_encoder),
        cmocka_unit_test(test_sizes_of_pictures),
        cmocka_unit_test(test_configs_refused),
        cmocka_unit_test(test_a_picture_size_below_a_cell_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
