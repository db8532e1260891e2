/* torchvision's ResNet: conv1 of 7 x 7, max pooling, then two to four stages of residual blocks, all
 * but the first of which begin with a step of two. */
#include <stdio.h>
#include <stdlib.h>

#include "encoders/image_cnn.h"
#include "format/json.h"

enum { LEAST_STAGES = 2, MOST_STAGES = 4, EXPANSION = 4 };

/* A number from 1 to `most` for each stage; *sizes comes with those where the config has none. */
static bool stages_config(const cJSON *config, const char *key, int stages, int most, int *sizes,
                          error *err)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(config, key), *item;
    if (!list) return true;
    bool fits = cJSON_IsArray(list) && cJSON_GetArraySize(list) == stages;
    cJSON_ArrayForEach(item, list)
    {
        fits = fits && cJSON_IsNumber(item) && item->valueint >= 1 && item->valueint <= most;
        if (fits) *sizes++ = item->valueint;
    }
    return fits || fail(err, "config: \"%s\" is not %d numbers from 1 to %d", key, stages, most);
}

/* "<block>.<part><number>" and the batch norm of the same number. */
static bool bind_numbered(conv *v, weights *w, const char *block, int number, int in, int out,
                          int side, int stride, error *err)
{
    char name[240], bn[240];
    snprintf(name, sizeof name, "%sconv%d", block, number);
    snprintf(bn, sizeof bn, "%sbn%d", block, number);
    return cnn_conv_bind(v, w, name, bn, in, out, side, stride, 1, err);
}

/* A block "layer1.0." from `in` channels to `out`. */
static bool bind_block(cnn_block *b, weights *w, const char *name, int in, int out, int stride,
                       bool bottleneck, error *err)
{
    *b = (cnn_block){ .count = bottleneck ? 3 : 2,
                      .act = { ACTIVATION_RELU, ACTIVATION_NONE },
                      .around = AROUND_AS_IT_IS,
                      .after = ACTIVATION_RELU };
    if (bottleneck) {
        int width = out / EXPANSION;
        b->act[1] = ACTIVATION_RELU;
        if (!bind_numbered(&b->convs[0], w, name, 1, in, width, 1, 1, err) ||
            !bind_numbered(&b->convs[1], w, name, 2, width, width, 3, stride, err) ||
            !bind_numbered(&b->convs[2], w, name, 3, width, out, 1, 1, err))
            return false;
    } else if (!bind_numbered(&b->convs[0], w, name, 1, in, out, 3, stride, err) ||
               !bind_numbered(&b->convs[1], w, name, 2, out, out, 3, 1, err))
        return false;
    if (stride == 1 && in == out) return true;
    char conv_name[240], bn[240];
    snprintf(conv_name, sizeof conv_name, "%sdownsample.0", name);
    snprintf(bn, sizeof bn, "%sdownsample.1", name);
    b->around = AROUND_CONV;
    return cnn_conv_bind(&b->shortcut, w, conv_name, bn, in, out, 1, stride, 1, err);
}

bool image_resnet_bind(image_cnn *v, weights *w, const char *prefix, const cJSON *config,
                       error *err)
{
    int depths[MOST_STAGES] = { 2, 2, 2, 2 }, sizes[MOST_STAGES] = { 64, 128, 256, 512 }, channels,
        blocks = 1;
    char name[200];
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(config, "depths");
    int stages = list ? cJSON_GetArraySize(list) : MOST_STAGES;
    if (stages < LEAST_STAGES || stages > MOST_STAGES)
        return fail(err, "config: \"depths\" has %d stages, expected %d to %d", stages,
                    LEAST_STAGES, MOST_STAGES);
    snprintf(name, sizeof name, "%slayer1.0.conv3.weight", prefix);
    bool bottleneck = weights_find(w, name) != NULL;
    if (!stages_config(config, "depths", stages, 1 << 10, depths, err) ||
        !stages_config(config, "hidden_sizes", stages, 1 << 13, sizes, err) ||
        !json_int(config, "embedding_size", bottleneck ? sizes[0] / EXPANSION : sizes[0], 1,
                  1 << 13, &channels, err))
        return false;
    for (int s = 0; s < stages && bottleneck; s++)
        if (sizes[s] % EXPANSION)
            return fail(err, "config: \"hidden_sizes\": %d is not a multiple of %d", sizes[s],
                        EXPANSION);
    for (int s = 0; s < stages; s++) blocks += depths[s];
    v->family = "ResNet";
    v->cell = 2 << stages;
    v->max_pool = true;
    v->blocks = calloc((size_t)blocks, sizeof *v->blocks);
    if (!v->blocks) return fail_memory(err, "not enough memory for the blocks of a ResNet");
    cnn_block *b = &v->blocks[v->count++];
    *b = (cnn_block){ .count = 1, .act = { ACTIVATION_RELU } };
    if (!bind_numbered(b->convs, w, prefix, 1, 3, channels, 7, 2, err)) return false;
    for (int s = 0; s < stages; s++)
        for (int i = 0; i < depths[s]; i++) {
            snprintf(name, sizeof name, "%slayer%d.%d.", prefix, s + 1, i);
            if (!bind_block(&v->blocks[v->count++], w, name, channels, sizes[s],
                            s > 0 && i == 0 ? 2 : 1, bottleneck, err))
                return false;
            channels = sizes[s];
        }
    return true;
}
