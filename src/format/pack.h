/* A pack: one safetensors file that is a whole model. Its "__metadata__" holds texts:
 *   format        "vqa-pack 2"
 *   config        the model's config.json without its labels
 *   preprocessor  preprocessor_config.json
 *   tokenizer     {"tokenizer_class", "do_lower_case", "vocab": a token a line, in the order of
 *                 their ids, "merges": the lines of merges.txt (byte-level BPE only)}
 *   labels        ["yes", "no", ...], the answer of each logit
 *   name, licence for people; may be missing
 * Weights are F32, I8 with scales (quant/q8.h) or packed U8 with scales (quant/packed.h). The last
 * tensor, "checksum" (U8, [4]), is the sum (core/checksum.h) of every byte of the file before it,
 * little-endian: a damaged pack is refused. */
#ifndef VQA_FORMAT_PACK_H
#define VQA_FORMAT_PACK_H

#include <cjson/cJSON.h>

#include "core/checksum.h"
#include "quant/weights.h"

#define PACK_FORMAT   "vqa-pack 2"
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

/* Whether `labels` is an array of printable texts; otherwise a sentence. */
bool pack_labels_valid(const cJSON *labels, error *err);

/* The sum of all bytes but the last four, which must be that sum: fed as the bytes arrive. */
typedef struct {
    checksum sum;
    uint8_t last[PACK_CHECKSUM_SIZE];
    size_t held; /* bytes in `last` */
} pack_check;

void pack_check_bytes(pack_check *c, const uint8_t *bytes, size_t size);
bool pack_check_end(const pack_check *c, error *err);

/* A pack being written, to be read piece by piece. */
typedef struct pack_writer pack_writer;

/* A pack of the settings and of the tensors of `w` as they are kept, packed by layers or not: `all`
 * of them, or those that a layer has asked for. Both live longer than the writer. NULL: no memory.
 */
pack_writer *pack_writer_new(const weights *w, const pack_settings *s, bool all, error *err);
void pack_writer_free(pack_writer *p);

/* Bytes of the whole pack. */
size_t pack_writer_size(const pack_writer *p);

/* The next bytes, at most `size`; fewer only at the end, 0 behind it. */
size_t pack_writer_read(pack_writer *p, uint8_t *bytes, size_t size);

#endif
