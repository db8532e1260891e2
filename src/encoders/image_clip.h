/* CLIP's picture encoder (Radford et al. 2021; Hugging Face CLIPVisionModel): pixels to one row per
 * patch, behind the row that stands for the whole picture. */
#ifndef VQA_ENCODERS_IMAGE_CLIP_H
#define VQA_ENCODERS_IMAGE_CLIP_H

#include <cjson/cJSON.h>

#include "nn/embedding.h"
#include "nn/transformer.h"

typedef struct {
    int side, patch, channels; /* of the square pictures it takes and of a patch, in pixels */
    const float *first;        /* [hidden], of the whole picture */
    embedding position;        /* [1 + patches] */
    linear projection;         /* of a patch: [channels, patch, patch] -> hidden, without bias */
    norm before;
    transformer layers;
    norm after; /* of row 0 of last_hidden_state, which gives the reference's pooler_output */
} image_clip;

/* Take the weights called "<prefix>embeddings...", "<prefix>pre_layrnorm..." (sic),
 * "<prefix>encoder.layers...", "<prefix>post_layernorm..." out of `w`; `config` is a
 * CLIPVisionConfig, missing keys have its defaults. Give it back with image_clip_free(). */
bool image_clip_bind(image_clip *v, weights *w, const char *prefix, const cJSON *config,
                     error *err);
void image_clip_free(image_clip *v);

/* Rows that a picture becomes: 1 + patches. */
int image_clip_tokens(const image_clip *v);

/* Encode pixels [channels, side, side]; the positions are not resized to other sizes. y: [tokens,
 * hidden], allocated by the caller: last_hidden_state, which is not normalised, its first `wanted`
 * rows. */
void image_clip_encode(const compute *c, const image_clip *v, const float *pixels, int wanted,
                       tensor y, arena tmp);

/* Bytes of `tmp` that encoding needs. */
uint64_t image_clip_scratch(const image_clip *v);

#endif
