/* safetensors, read as it arrives: u64 header length, JSON header {name: {dtype, shape,
 * data_offsets}}, data. Bytes are pushed in pieces of any size; the header's tensors are announced
 * once, then the data of each is handed on in the order of the file. Nothing but the header is
 * kept. Format: https://github.com/huggingface/safetensors#format */
#ifndef VQA_FORMAT_SAFETENSORS_H
#define VQA_FORMAT_SAFETENSORS_H

#include <cjson/cJSON.h>

#include "quant/weights.h"

enum {
    SAFETENSORS_MAX_HEADER = 64 << 20, /* bytes; published files have less than 1 MB */
    SAFETENSORS_MAX_TENSORS = 65536,
};

/* Who takes the contents. Each function returns false with a sentence to stop the reading. */
typedef struct {
    /* The header is complete: `count` tensors in the order of their data, without gaps; `metadata`
     * is the object "__metadata__" or NULL. All of it lives until safetensors_free(). */
    bool (*header)(void *context, const tensor_info *tensors, int count, const cJSON *metadata,
                   error *err);
    /* The next bytes of tensor `index`. */
    bool (*data)(void *context, int index, const uint8_t *bytes, size_t size, error *err);
    void *context;
} safetensors_sink;

typedef struct safetensors safetensors;

/* A reader that hands on to `sink`; NULL without memory. */
safetensors *safetensors_new(safetensors_sink sink);
void safetensors_free(safetensors *s);

/* The next bytes of the file. Refuses, with a sentence: header not UTF-8 JSON, of wrong form, or
 * too long; unknown dtype, shape and offsets that disagree, overlaps, holes, two tensors of one
 * name, bytes after the last tensor, more than SAFETENSORS_MAX_TENSORS. After a failure every further call fails with the same
 * sentence. */
bool safetensors_push(safetensors *s, const uint8_t *bytes, size_t size, error *err);

/* The file has ended: refuses one that is cut off. */
bool safetensors_end(safetensors *s, error *err);

#endif
