/* Single files of a folder of fixtures: tensors and JSON. */
#ifndef VQA_TOOLS_FIXTURE_FILES_H
#define VQA_TOOLS_FIXTURE_FILES_H

#include <cjson/cJSON.h>

#include "quant/weights.h"

/* The tensors of a safetensors file. Give them back with weights_free(), also after a failure. */
bool tensors_read(const char *path, precision keep, weights *w, error *err);
bool tensors_read_in(const char *folder, const char *name, precision keep, weights *w, error *err);

/* A JSON object from folder/name. */
cJSON *json_read_in(const char *folder, const char *name, error *err);

#endif
