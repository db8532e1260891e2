#include "encoders/image_vit.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "encoders/config.h"

static const image_patches_kind squares = { 224, 16, interpolate_bicubic, false },
                                cells = { 384, 1, interpolate_bicubic, true };

bool image_vit_bind(image_vit *v, weights *w, const char *prefix, const cJSON *config, error *err)
{
    *v = (image_vit){ 0 };
    transformer_shape shape;
    if (!transformer_config(&shape, config, err)) return false;
    shape.pre_norm = true;
    bool hybrid = strcmp(json_text(config, "model_type", ""), "vit_hybrid") == 0;
    char name[4][200];
    const char *const parts[4] = { "embeddings.", "encoder.layer.", "layernorm", "pooler" };
    for (int i = 0; i < 4; i++) snprintf(name[i], sizeof name[i], "%s%s", prefix, parts[i]);
    return image_patches_bind(&v->patches, hybrid ? &cells : &squares, w, name[0], config,
                              shape.hidden, err) &&
           transformer_bind(&v->layers, &shape, w, name[1], &transformer_vit_names, err) &&
           norm_bind(&v->final, w, name[2], shape.hidden, shape.eps, err) &&
           pooler_bind(&v->pooler, w, name[3], shape.hidden, err);
}

void image_vit_free(image_vit *v)
{
    image_patches_free(&v->patches);
    transformer_free(&v->layers);
}

int image_vit_tokens(const image_vit *v, int height, int width)
{
    return image_patches_rows(&v->patches, height, width);
}

void image_vit_encode(const compute *c, const image_vit *v, const float *pixels, int height,
                      int width, int wanted, tensor y, arena tmp)
{
    assert(y.cols == v->layers.shape.hidden);
    image_patches_embed(c, &v->patches, pixels, height, width, y, tmp);
    nn_transformer(c, &v->layers, y, NULL, wanted, tmp);
    tensor result = tensor_rows(y, 0, wanted);
    nn_norm(c, &v->final, result, result);
}

uint64_t image_vit_scratch(const image_vit *v, int height, int width)
{
    uint64_t cut = image_patches_scratch(&v->patches, height, width),
             layers = transformer_scratch(&v->layers.shape, image_vit_tokens(v, height, width));
    return cut > layers ? cut : layers;
}
