/* Vision transformer (Dosovitskiy et al. 2020; Hugging Face ViTModel and ViTHybridModel): pixels to one
 * row per patch, behind the row of [CLS]. */
#ifndef VQA_ENCODERS_IMAGE_VIT_H
#define VQA_ENCODERS_IMAGE_VIT_H

#include <cjson/cJSON.h>

#include "encoders/image_patches.h"
#include "nn/pooler.h"
#include "nn/transformer.h"

typedef struct {
    image_patches patches;
    transformer layers;
    norm final;
    pooler pooler; /* for ViTModel's pooler_output; the fusions don't use it */
} image_vit;

/* Take the weights called "<prefix>embeddings...", "<prefix>encoder.layer...",
 * "<prefix>layernorm..." out of `w`; `config` is a ViTConfig, missing keys have its defaults, or, by
 * its "model_type" "vit_hybrid", a ViTHybridConfig. Give it back with image_vit_free(). */
bool image_vit_bind(image_vit *v, weights *w, const char *prefix, const cJSON *config, error *err);
void image_vit_free(image_vit *v);

/* Rows that a picture of that size becomes, see image_patches_rows(). */
int image_vit_tokens(const image_vit *v, int height, int width);

/* Encode pixels [channels, height, width]. The position grid is resized (bicubic) to other picture
 * sizes than the trained one. y: [tokens, hidden], allocated by the caller: last_hidden_state, its
 * first `wanted` rows. */
void image_vit_encode(const compute *c, const image_vit *v, const float *pixels, int height,
                      int width, int wanted, tensor y, arena tmp);

/* Bytes of `tmp` that encoding a picture of that size needs. */
uint64_t image_vit_scratch(const image_vit *v, int height, int width);

#endif
