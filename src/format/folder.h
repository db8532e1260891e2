/* A folder as Hugging Face publishes models (config.json, preprocessor_config.json, tokenizer
 * files, weights), taken in file by file: which file is wanted next, and what its contents mean for
 * the settings of a pack. Where the bytes come from is the caller's business. */
#ifndef VQA_FORMAT_FOLDER_H
#define VQA_FORMAT_FOLDER_H

#include "format/pack.h"

typedef struct folder folder;

/* A folder that people call `name` (UTF-8, `size` bytes); NULL and a sentence. */
folder *folder_new(const char *name, size_t size, error *err);
void folder_free(folder *f);

/* The name of the file that is wanted next; "" when there is none. */
const char *folder_wanted(const folder *f);

/* Whether the wanted file holds weights: a safetensors file, for the caller to read. */
bool folder_wants_weights(const folder *f);

/* The next bytes of the wanted file, if it is not one of weights. */
bool folder_take(folder *f, const uint8_t *bytes, size_t size, error *err);

/* The wanted file has ended (`there`), or the folder has none of that name. False and a sentence:
 * it can't be done without, or its contents can't be used. */
bool folder_end(folder *f, bool there, error *err);

/* What the files said so far: config is there as soon as config.json has ended. Owned by the
 * folder; to keep it, move it out. */
pack_settings *folder_settings(folder *f);

#endif
