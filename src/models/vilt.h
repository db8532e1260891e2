/* ViLT (Kim et al. 2021; Hugging Face ViltForQuestionAnswering): one transformer over the words and
 * the patches, with no picture encoder before it. What is kept of a picture are its rows before the
 * transformer, so each question pays for all layers. Config: a ViltConfig; weights: "vilt.*",
 * "classifier.*". */
#ifndef VQA_MODELS_VILT_H
#define VQA_MODELS_VILT_H

#include "models/model.h"

extern const architecture vilt_architecture;

#endif
