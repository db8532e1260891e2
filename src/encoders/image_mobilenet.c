/* torchvision's MobileNetV2: features.0 of 3 x 3, seventeen inverted residuals (wider by a product of
 * 1 x 1, depthwise 3 x 3, narrower again), and a last product of 1 x 1. */
#include <stdio.h>
#include <stdlib.h>

#include "encoders/image_cnn.h"
#include "format/json.h"

/* Table 2 of the paper: how much wider, channels, how many, stride of the first. */
static const struct {
    int expansion, channels, count, stride;
} groups[] = { { 1, 16, 1, 1 }, { 6, 24, 2, 2 },  { 6, 32, 3, 2 }, { 6, 64, 4, 2 },
               { 6, 96, 3, 1 }, { 6, 160, 3, 2 }, { 6, 320, 1, 1 } };

enum { GROUPS = sizeof groups / sizeof *groups, BLOCKS = 19, FIRST = 32, LAST = 1280, EIGHT = 8 };

/* A multiple of eight near channels * multiplier, not below by more than a tenth
 * (torchvision's _make_divisible). */
static int scaled(int channels, double multiplier)
{
    double exact = channels * multiplier;
    int near = (int)(exact + EIGHT / 2.0) / EIGHT * EIGHT;
    if (near < EIGHT) near = EIGHT;
    return near < 0.9 * exact ? near + EIGHT : near;
}

/* "<prefix>features.<block>.<part>" and the batch norm "<batch_norm>" beside it. */
static bool bind_part(conv *v, weights *w, const char *block, const char *part,
                      const char *batch_norm, int in, int out, int side, int stride,
                      int groups_of_it, error *err)
{
    char names[2][240];
    snprintf(names[0], sizeof names[0], "%s%s", block, part);
    snprintf(names[1], sizeof names[1], "%s%s", block, batch_norm);
    return cnn_conv_bind(v, w, names[0], names[1], in, out, side, stride, groups_of_it, err);
}

static bool bind_block(cnn_block *b, weights *w, const char *name, int in, int out, int expansion,
                       int stride, error *err)
{
    int width = in * expansion;
    *b = (cnn_block){ .around = stride == 1 && in == out ? AROUND_AS_IT_IS : AROUND_NONE };
    if (expansion > 1) {
        b->act[b->count] = ACTIVATION_RELU6;
        if (!bind_part(&b->convs[b->count++], w, name, "conv.0.0", "conv.0.1", in, width, 1, 1, 1,
                       err))
            return false;
    }
    bool wider = expansion > 1;
    b->act[b->count] = ACTIVATION_RELU6;
    if (!bind_part(&b->convs[b->count++], w, name, wider ? "conv.1.0" : "conv.0.0",
                   wider ? "conv.1.1" : "conv.0.1", width, width, 3, stride, width, err))
        return false;
    b->act[b->count] = ACTIVATION_NONE;
    return bind_part(&b->convs[b->count++], w, name, wider ? "conv.2" : "conv.1",
                     wider ? "conv.3" : "conv.2", width, out, 1, 1, 1, err);
}

bool image_mobilenet_bind(image_cnn *v, weights *w, const char *prefix, const cJSON *config,
                          error *err)
{
    double multiplier;
    int last;
    if (!json_number(config, "width_multiplier", 1, 0.01, 8, &multiplier, err) ||
        !json_int(config, "hidden_size", scaled(LAST, multiplier > 1 ? multiplier : 1), 1, 1 << 13,
                  &last, err))
        return false;
    v->family = "MobileNetV2";
    v->cell = 32;
    v->blocks = calloc(BLOCKS, sizeof *v->blocks);
    if (!v->blocks) return fail_memory(err, "not enough memory for the blocks of a MobileNet");
    char name[200];
    int channels = scaled(FIRST, multiplier);
    cnn_block *b = &v->blocks[v->count++];
    *b = (cnn_block){ .count = 1, .act = { ACTIVATION_RELU6 } };
    snprintf(name, sizeof name, "%sfeatures.0.", prefix);
    if (!bind_part(b->convs, w, name, "0", "1", 3, channels, 3, 2, 1, err)) return false;
    for (int g = 0; g < GROUPS; g++)
        for (int i = 0; i < groups[g].count; i++) {
            int out = scaled(groups[g].channels, multiplier);
            snprintf(name, sizeof name, "%sfeatures.%d.", prefix, v->count);
            if (!bind_block(&v->blocks[v->count++], w, name, channels, out, groups[g].expansion,
                            i ? 1 : groups[g].stride, err))
                return false;
            channels = out;
        }
    b = &v->blocks[v->count];
    *b = (cnn_block){ .count = 1, .act = { ACTIVATION_RELU6 } };
    snprintf(name, sizeof name, "%sfeatures.%d.", prefix, v->count++);
    return bind_part(b->convs, w, name, "0", "1", channels, last, 1, 1, 1, err);
}
