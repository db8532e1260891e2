#include "encoders/image.h"

#include <stdio.h>
#include <string.h>

#include "core/build.h"
#include "format/json.h"

static bool bind_vit(image_encoder *e, weights *w, const char *prefix, const cJSON *config,
                     error *err)
{
    if (!image_vit_bind(&e->vit, w, prefix, config, err)) return false;
    const transformer_shape *s = &e->vit.layers.shape;
    e->hidden = s->hidden;
    e->patch = e->vit.patches.patch;
    e->rest = e->vit.patches.kind->backbone;
    e->blocks = s->layers;
    e->heads = s->heads;
    snprintf(e->summary, sizeof e->summary, "ViT %d x %d%s%s", s->layers, s->hidden,
             e->rest ? " on " : "", e->rest ? e->vit.patches.backbone.family : "");
    return true;
}

static bool bind_cnn(image_encoder *e, weights *w, const char *prefix, const cJSON *config,
                     error *err)
{
    e->convolutional = true;
    if (!image_cnn_bind(&e->cnn, w, prefix, config, err)) return false;
    e->hidden = e->cnn.hidden;
    e->patch = e->cnn.cell;
    e->rest = true;
    snprintf(e->summary, sizeof e->summary, "%s %d blocks, %d", e->cnn.family, e->cnn.count,
             e->hidden);
    return true;
}

bool image_encoder_bind(image_encoder *e, weights *w, const char *prefix, const cJSON *config,
                        error *err)
{
    *e = (image_encoder){ 0 };
    const char *type = json_text(config, "model_type", "vit");
    if (strcmp(type, "vit") == 0 || strcmp(type, "vit_hybrid") == 0)
        return bind_vit(e, w, prefix, config, err);
    if (strcmp(type, "resnet") == 0 || (VQA_FULL && strcmp(type, "mobilenet_v2") == 0))
        return bind_cnn(e, w, prefix, config, err);
    return fail(err,
                "config: the picture encoder '%s' is not supported (supported: vit, vit_hybrid, "
                "resnet, mobilenet_v2)",
                type);
}

void image_encoder_free(image_encoder *e)
{
    image_vit_free(&e->vit);
    image_cnn_free(&e->cnn);
}

int image_encoder_rows(const image_encoder *e, int height, int width)
{
    return e->convolutional ? image_cnn_rows(&e->cnn, height, width)
                            : image_vit_tokens(&e->vit, height, width);
}

void image_encoder_encode(const compute *c, const image_encoder *e, const float *pixels, int height,
                          int width, int wanted, tensor y, arena tmp)
{
    if (e->convolutional)
        image_cnn_encode(c, &e->cnn, pixels, height, width, y, tmp);
    else
        image_vit_encode(c, &e->vit, pixels, height, width, wanted, y, tmp);
}

uint64_t image_encoder_scratch(const image_encoder *e, int height, int width)
{
    return e->convolutional ? image_cnn_scratch(&e->cnn, height, width)
                            : image_vit_scratch(&e->vit, height, width);
}
