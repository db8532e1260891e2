/* CLIP (Radford et al. 2021; Hugging Face CLIPModel): a text and a picture encoder whose results
 * are directions in one space. It has no answers of its own; it says how well a text fits a
 * picture: exp(logit_scale) * cosine. Config: "text_config", "vision_config" (very old files:
 * "text_config_dict", "vision_config_dict"), "projection_dim"; weights: "text_model.*",
 * "vision_model.*", "text_projection", "visual_projection", "logit_scale". */
#ifndef VQA_MODELS_CLIP_H
#define VQA_MODELS_CLIP_H

#include "models/model.h"

extern const architecture clip_architecture;

#endif
