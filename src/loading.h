/* From the bytes of a model, as one pack or as the files of a folder, to its settings and weights.
 */
#ifndef VQA_LOADING_H
#define VQA_LOADING_H

#include "format/folder.h"
#include "format/pack.h"
#include "format/safetensors.h"

/* Starts as zeros but for `keep` and `size_limit`. */
typedef struct {
    precision keep;    /* what becomes of tensors that come as floats */
    size_t size_limit; /* bytes that a pack may have; 0: nobody knows */
    folder *folder;    /* NULL: a pack */
    safetensors *file; /* of weights, while it arrives */
    pack_check check;  /* of a pack */
    /* what comes of it */
    pack_settings settings;
    weights weights;
} loading;

/* Before the first byte: the files of a folder will come. Its name: UTF-8, `size` bytes. */
bool loading_open_folder(loading *l, const char *name, size_t size, error *err);

/* Whether anything was taken in yet. */
bool loading_begun(const loading *l);

/* The file of the folder that is wanted next; "" when there is none. */
const char *loading_wanted(const loading *l);

/* The next bytes of the pack or of the wanted file. */
bool loading_take(loading *l, const uint8_t *bytes, size_t size, error *err);

/* The wanted file has ended, or is not there. An architecture that we don't run is refused as soon
 * as config.json is read. */
bool loading_end_file(loading *l, bool there, error *err);

/* All is there: settings and weights are complete. */
bool loading_end(loading *l, error *err);

/* Give everything back; also after a failure, and again. */
void loading_free(loading *l);

#endif
