/* Text encoder (BERT) + picture encoder (ViT) + any fusion: two towers that meet late, so that a
 * picture is encoded once for many questions. Config: "text_config", "vision_config", "fusion" and
 * what it needs, "num_labels"; weights: "text_encoder.*", "image_encoder.*", "fusion.*", "head*".
 */
#ifndef VQA_MODELS_MULTIMODAL_H
#define VQA_MODELS_MULTIMODAL_H

#include "models/model.h"

extern const architecture multimodal_architecture;

#endif
