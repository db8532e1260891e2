/* A pack: one safetensors file that is a whole model. Its "__metadata__" holds texts:
 *   format        "vqa-pack 1"
 *   config        the model's config.json without its labels
 *   preprocessor  preprocessor_config.json
 *   tokenizer     {"tokenizer_class", "do_lower_case", "vocab": the lines of vocab.txt}
 *   labels        ["yes", "no", ...], the answer of each logit
 *   name, licence for people; may be missing
 * Weights are F32, or I8 with scales (quant/q8.h). The last tensor, "checksum" (U8, [4]), is the
 * CRC-32 of every byte of the file before it, little-endian: a damaged pack is refused. */
#ifndef VQA_FORMAT_PACK_H
#define VQA_FORMAT_PACK_H

#include <cjson/cJSON.h>

#include "quant/weights.h"

#define PACK_FORMAT   "vqa-pack 1"
#define PACK_CHECKSUM "checksum"
enum { PACK_CHECKSUM_SIZE = 4 };

/* The settings of a model, parsed. */
typedef struct {
    cJSON *config, *preprocessor, *tokenizer; /* objects */
    cJSON *labels;                            /* array of texts; may be empty */
    char *name, *licence;                     /* never NULL */
} pack_settings;

/* Read the settings from a file's metadata (NULL: none). Give them back with pack_settings_free().
 */
bool pack_settings_read(pack_settings *s, const cJSON *metadata, error *err);
void pack_settings_free(pack_settings *s);

/* The CRC-32 of all bytes but the last four, which must be that CRC: fed as the bytes arrive. */
typedef struct {
    uint32_t crc;
    uint8_t last[PACK_CHECKSUM_SIZE];
    size_t held; /* bytes in `last` */
} pack_check;

void pack_check_bytes(pack_check *c, const uint8_t *bytes, size_t size);
bool pack_check_end(const pack_check *c, error *err);

/* Write a pack: the settings and every tensor of `w` as it is kept (not yet taken by layers).
 * write() gets the bytes in order and returns false with a sentence to stop. */
bool pack_write(const weights *w, const pack_settings *s,
                bool (*write)(void *context, const void *bytes, size_t size, error *err),
                void *context, error *err);

#endif
