/* A Hugging Face style folder: config.json, model.safetensors, vocab.txt, tokenizer_config.json,
 * preprocessor_config.json. */
#ifndef VQA_TOOLS_FOLDER_H
#define VQA_TOOLS_FOLDER_H

#include "format/pack.h"

/* The tensors of a safetensors file. Give them back with weights_free(), also after a failure. */
bool tensors_read(const char *path, precision keep, weights *w, error *err);
bool tensors_read_in(const char *folder, const char *name, precision keep, weights *w, error *err);

/* A JSON object from folder/name. */
cJSON *json_read_in(const char *folder, const char *name, error *err);

/* Everything but the weights, as a pack wants it; id2label goes from the config into the labels.
 * Give it back with pack_settings_free(), also after a failure. */
bool folder_settings(const char *folder, const char *name, const char *licence, pack_settings *s,
                     error *err);

#endif
