#include "encoders/image.h"

#include <stdio.h>
#include <string.h>

#include "format/json.h"

bool image_encoder_bind(image_encoder *e, weights *w, const char *prefix, const cJSON *config,
                        error *err)
{
    *e = (image_encoder){ 0 };
    const char *type = json_text(config, "model_type", "vit");
    if (strcmp(type, "vit") != 0)
        return fail(err, "config: the picture encoder '%s' is not supported (supported: vit)",
                    type);
    if (!image_vit_bind(&e->vit, w, prefix, config, err)) return false;
    const transformer_shape *s = &e->vit.layers.shape;
    e->hidden = s->hidden;
    e->patch = e->vit.patches.patch;
    e->blocks = s->layers;
    e->heads = s->heads;
    snprintf(e->summary, sizeof e->summary, "ViT %d x %d", s->layers, e->hidden);
    return true;
}

void image_encoder_free(image_encoder *e) { image_vit_free(&e->vit); }

int image_encoder_rows(const image_encoder *e, int height, int width)
{
    return image_vit_tokens(&e->vit, height, width);
}

void image_encoder_encode(const compute *c, const image_encoder *e, const float *pixels, int height,
                          int width, int wanted, tensor y, arena tmp)
{
    image_vit_encode(c, &e->vit, pixels, height, width, wanted, y, tmp);
}

size_t image_encoder_scratch(const image_encoder *e, int height, int width)
{
    return image_vit_scratch(&e->vit, height, width);
}
