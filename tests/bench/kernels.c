#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "kernels/kernels.h"
#include "kernels/panel.h"
#include "kernels/simd.h"
#include "loops.h"
#include "nn/attention.h"
#include "nn/conv.h"

enum {
    WINDOW = 3,
    ROWS = 161,
    HIDDEN = 768,
    INTERMEDIATE = 3072,
    HEADS = 12,
    FEW = 16,
    TILE_ROWS = 4
};

enum { MOST = ROWS * INTERMEDIATE, WEIGHTS = HIDDEN * INTERMEDIATE };

typedef enum {
    F32,
    Q8,
    Q4,
    CONV_F32,
    CONV_Q8,
    DEPTHWISE,
    ATTENTION,
    QUANTIZE,
    NORM,
    SOFTMAX,
    GELU
} what;

typedef struct {
    what what;
    const char *name;
    int rows, in, out; /* of a convolution: the side of the picture, channels */
    enum { PLAIN, WITH_GELU, WIDE, AT_ONCE } how; /* of a product */
} job;

#define PRODUCTS(what, name, how)                                                                  \
    { what, name, ROWS, HIDDEN, HIDDEN, how }, { what, name, ROWS, HIDDEN, INTERMEDIATE, how },    \
        { what, name, ROWS, INTERMEDIATE, HIDDEN, how }, { what, name, FEW, HIDDEN, HIDDEN, how }, \
        { what, name, FEW, HIDDEN, INTERMEDIATE, how },                                            \
        { what, name, FEW, INTERMEDIATE, HIDDEN, how },                                            \
    {                                                                                              \
        what, name, TILE_ROWS, HIDDEN, PANEL, how                                                  \
    }

/* Of a ResNet-18, 3 x 3. */
#define CONVOLUTIONS(what, name)                                                                   \
    { what, name, 56, 64, 64, PLAIN }, { what, name, 28, 128, 128, PLAIN },                        \
    {                                                                                              \
        what, name, 14, 256, 256, PLAIN                                                            \
    }

static const job jobs[] = {
    PRODUCTS(F32, "matmul_f32", PLAIN),
    PRODUCTS(Q8, "matmul_q8", PLAIN),
    { Q8, "matmul_q8 with gelu", ROWS, HIDDEN, INTERMEDIATE, WITH_GELU },
#ifdef __wasm_relaxed_simd__
    { Q8, "matmul_q8, all wide", ROWS, HIDDEN, INTERMEDIATE, WIDE },
    PRODUCTS(Q8, "matmul_q8, at once", AT_ONCE),
#endif
    PRODUCTS(Q4, "matmul_q4", PLAIN),
    CONVOLUTIONS(CONV_F32, "convolution f32"),
    CONVOLUTIONS(CONV_Q8, "convolution q8"),
    { DEPTHWISE, "depthwise convolution", 28, 192, 192, PLAIN },
    { ATTENTION, "attention", ROWS, HIDDEN, 0, PLAIN },
    { QUANTIZE, "quantize_row", 1, HIDDEN, 0, PLAIN },
    { QUANTIZE, "quantize_row", 1, INTERMEDIATE, 0, PLAIN },
    { NORM, "layer_norm", 1, HIDDEN, 0, PLAIN },
    { SOFTMAX, "softmax", 1, ROWS, 0, PLAIN },
    { GELU, "gelu", 1, INTERMEDIATE, 0, PLAIN },
};

static float x[MOST], y[MOST], floats[WEIGHTS], scale[WEIGHTS / Q4_GROUP], bias[INTERMEDIATE];
static int8_t bytes[WEIGHTS], q[MOST + INTERMEDIATE];
static q8_input u[MOST + INTERMEDIATE];
static uint8_t wide[WEIGHTS / Q8_BLOCK];
static int32_t sums[(MOST + INTERMEDIATE) / Q4_GROUP], offset[INTERMEDIATE];
static float row_scale[ROWS + 1];
static uint8_t room[1 << 23] __attribute__((aligned(ARENA_ALIGN)));

static int some(int most)
{
    static uint32_t seed = 1;
    seed = seed * 1664525u + 1013904223u;
    return (int)(seed >> 8) % (most + 1);
}

/* About a normal distribution in -127..127, as weights of a row have: large ones are rare. */
static int bell(void)
{
    int sum = 0;
    for (int i = 0; i < 8; i++) sum += some(31);
    return sum > 251 ? 127 : sum < -3 ? -127 : sum - 124;
}

static void fill(void)
{
    for (int i = 0; i < MOST; i++) x[i] = (float)bell() / 32;
    for (int i = 0; i < WEIGHTS; i++) {
        bytes[i] = (int8_t)bell();
        floats[i] = (float)bytes[i] / 1024;
    }
    for (int i = 0; i < WEIGHTS / Q4_GROUP; i++) scale[i] = (float)(1 + some(7)) / 1024;
    for (int i = 0; i < INTERMEDIATE; i++) bias[i] = (float)bell() / 64;
}

static const kernels *table_of(const job *j)
{
#ifdef __wasm_relaxed_simd__
    if (j->how == AT_ONCE) return kernels_simd_at_once();
#endif
    (void)j;
    return kernels_simd();
}

/* The row that the engine takes finer is part of all products but the tile. */
static int finest_of(const job *j) { return j->rows == TILE_ROWS ? -1 : 0; }

/* Inputs of one output. */
static int inputs(const job *j)
{
    return j->what < CONV_F32     ? j->in
           : j->what == DEPTHWISE ? WINDOW * WINDOW
                                  : WINDOW * WINDOW * j->in;
}

void kernel_prepare(int i)
{
    static bool filled;
    const job *j = &jobs[i];
    const kernels *k = kernels_simd();
    if (!filled) fill();
    filled = true;
    if (j->what == CONV_Q8) {
        k->facts_q8(bytes, q8_padded(inputs(j)), 0, panel_count(j->out), offset, wide);
        return;
    }
    if (j->what != Q8 && j->what != Q4) return;
    for (int r = 0; r <= j->rows; r++) {
        size_t before = (size_t)r * (size_t)j->in;
        row_scale[r] = k->quantize_row(x + before % (MOST / 2), j->in, false, q + before,
                                       u + before, sums + before / Q4_GROUP);
    }
    if (j->what == Q4) return;
    k->facts_q8(bytes, j->in, 0, panel_count(j->out), offset, wide);
    if (j->how == WIDE) memset(wide, 1, sizeof wide);
}

static void multiply(const job *j, const kernels *k, int panels)
{
    const quantized_rows rows = { j->rows, j->in, q, u, sums, row_scale, finest_of(j) };
    const q8_matrix q8 = { bytes, scale, offset, wide };
    const q4_matrix q4 = { (const uint8_t *)bytes, scale };
    const product p = { .y = y,
                        .y_stride = j->out,
                        .out = j->out,
                        .bias = bias,
                        .activation = j->how == WITH_GELU ? k->gelu : NULL };
    if (j->what == F32)
        k->matmul_f32(x, j->in, j->rows, j->in, floats, &p, 0, panels);
    else if (j->what == Q8)
        k->matmul_q8(&rows, &q8, &p, 0, panels);
    else
        k->matmul_q4(&rows, &q4, &p, 0, panels);
}

static void convolve(const job *j, const kernels *k)
{
    const compute c = { .k = k };
    const arena tmp = { .base = room, .size = sizeof room };
    conv v = { .in = j->in,
               .out = j->out,
               .groups = j->what == DEPTHWISE ? j->in : 1,
               .window = { WINDOW, WINDOW, 1, WINDOW / 2 },
               .product = { .in = inputs(j), .out = j->out, .bias = bias } };
    int pixels = j->rows * j->rows;
    if (j->what == CONV_Q8)
        v.product.q8 = (q8_matrix){ bytes, scale, offset, wide };
    else
        v.product.floats = floats;
    assert(conv_scratch(&v, j->rows, j->rows) <= sizeof room);
    nn_conv(&c, &v, (feature_map){ { x, pixels, j->in }, j->rows, j->rows },
            (feature_map){ { y, pixels, j->out }, j->rows, j->rows }, ACTIVATION_RELU, false, tmp);
}

static void attend(const kernels *k)
{
    const compute c = { .k = k };
    const arena tmp = { .base = room, .size = sizeof room };
    const tensor to = { y, ROWS, HIDDEN };
    tensor from[3];
    for (int i = 0; i < 3; i++) from[i] = (tensor){ x + i * ROWS * HIDDEN, ROWS, HIDDEN };
    assert(attention_scratch(HEADS, ROWS, ROWS, HIDDEN) <= sizeof room);
    nn_attention(&c, HEADS, from[0], from[1], from[2], NULL, false, to, tmp);
}

/* Once; of a product the first `panels` panels. */
static void do_job(const job *j, const kernels *k, int panels)
{
    switch (j->what) {
    case F32:
    case Q8:
    case Q4: multiply(j, k, panels); break;
    case CONV_F32:
    case CONV_Q8:
    case DEPTHWISE: convolve(j, k); break;
    case ATTENTION: attend(k); break;
    case QUANTIZE: y[0] = k->quantize_row(x, j->in, false, q, u, NULL); break;
    case NORM: k->layer_norm(x, floats, bias, 1e-5f, y, j->in); break;
    case SOFTMAX:
    case GELU: /* in place, and always the same */
        memcpy(y, x, (size_t)j->in * sizeof *y);
        if (j->what == GELU)
            k->gelu(y, (size_t)j->in);
        else
            k->softmax(y, j->in, 0.125f);
        break;
    }
}

void kernel_run(int i, int rounds)
{
    const job *j = &jobs[i];
    for (; rounds > 0; rounds--) do_job(j, table_of(j), panel_count(j->out));
}

bool kernel_check(int i)
{
    enum { PANELS = 4 }; /* of a product: the definition is slow */
    static float expected[MOST];
    static int8_t expected_q[INTERMEDIATE];
    const job *j = &jobs[i];
    int panels = panel_count(j->out) < PANELS ? panel_count(j->out) : PANELS;
    kernel_prepare(i);
    memset(y, 0, sizeof y);
    do_job(j, kernels_scalar(), panels);
    memcpy(expected, y, sizeof y);
    memcpy(expected_q, q, sizeof expected_q);
    memset(y, 0, sizeof y);
    do_job(j, table_of(j), panels);
    return memcmp(expected, y, sizeof y) == 0 && memcmp(expected_q, q, sizeof expected_q) == 0;
}

int kernel_count(void) { return sizeof jobs / sizeof *jobs; }

static mix mix_of(const job *j)
{
    switch (j->what) {
    case F32:
    case CONV_F32:
    case DEPTHWISE:
    case ATTENTION: return MIX_F32;
    case CONV_Q8:
    case Q8: return Q8_RUN == 2 ? MIX_PAIRS : j->how == AT_ONCE ? MIX_AT_ONCE : MIX_STEPS;
    case Q4: return MIX_NIBBLES;
    default: return MIX_NONE;
    }
}

loop kernel_loop(int i)
{
    const job *j = &jobs[i];
    loop l = { .kind = LOOP_KERNEL, .name = j->name, .mix = mix_of(j), .work = j->in };
    if (j->what <= Q4) {
        int rows =
            j->rows + (j->what != F32 && finest_of(j) == 0); /* and a remainder of rounding */
        snprintf(l.shape, sizeof l.shape, "%d x %d x %d", rows, j->in, j->out);
        l.work = 2.0 * rows * j->in * j->out;
    } else if (j->what < ATTENTION) {
        snprintf(l.shape, sizeof l.shape, "%d x %d, %d to %d", j->rows, j->rows, j->in, j->out);
        l.work = 2.0 * j->rows * j->rows * inputs(j) * j->out;
    } else if (j->what == ATTENTION) {
        snprintf(l.shape, sizeof l.shape, "%d rows, %d heads x %d", ROWS, HEADS, HIDDEN / HEADS);
        l.work = 2.0 * 2 * ROWS * ROWS * HIDDEN;
    } else
        snprintf(l.shape, sizeof l.shape, "%d", j->in);
    return l;
}
