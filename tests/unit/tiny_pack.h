/* Tiny random models for tests: named tensors, whole packs, edited packs, and a small picture. A
 * defect in here stops the program. */
#ifndef VQA_TESTS_TINY_PACK_H
#define VQA_TESTS_TINY_PACK_H

#include <cjson/cJSON.h>

#include "format/pack.h"
#include "fusion/modality.h"
#include "quant/weights.h"

enum {
    TINY_HIDDEN = 24,
    TINY_HEADS = 4,
    TINY_TOKENS = 12,
    TINY_SIDE = 16,
    TINY_MEL = 8,
    TINY_MAX_TENSORS = 200
};

/* Bytes on the heap, in a block of exactly their size; give them back with free(). */
typedef struct {
    uint8_t *bytes;
    size_t size;
} tiny_bytes;

/* ---- files ---- */

/* A file's bytes. */
tiny_bytes tiny_read(const char *path);

/* Read the files below a folder whose paths are `wanted`; returns how many there are. */
int tiny_read_all(const char *folder, bool (*wanted)(const char *path),
                  void (*each)(const char *path, tiny_bytes file));

/* Whether a path ends so. */
bool tiny_ends_with(const char *path, const char *end);

/* ---- tensors ---- */

typedef struct {
    tensor_info infos[TINY_MAX_TENSORS];
    char names[TINY_MAX_TENSORS][128];
    int count;
} tiny_list;

/* Add an F32 tensor of that name and shape: SHAPE(...). */
void tiny_add(tiny_list *list, int rank, const int64_t *shape, const char *name, ...)
    __attribute__((format(printf, 4, 5)));

/* What a fusion of the modalities that are `there` needs; `inner` is the width of a layer inside its heads,
 * 0: none. */
void tiny_add_fusion(tiny_list *list, const char *fusion, const bool there[MODALITIES], int hidden,
                     int answers, int inner);

/* What ViLT needs with patches of that size, a table of `modalities` rows. */
void tiny_add_vilt(tiny_list *list, int patch, int modalities, int answers);

/* A new list of what CLIP needs: two encoders of two layers, 24 wide for texts and 32 for
 * pictures of 16 x 16 pixels in patches of 8 x 8, and a common space of 20. */
void tiny_add_clip(tiny_list *list, int vocabulary, int positions);

/* A new list of what Whisper needs: one block that listens to TINY_MEL bands, two that write. source:
 * rows of the encoder, positions: of a text. */
void tiny_add_whisper(tiny_list *list, int vocabulary, int source, int positions);

/* All tensors of the list with random values, the same for the same seed. */
weights tiny_weights(const tiny_list *list, precision keep, uint32_t seed);

/* -1..1 */
float tiny_random(uint32_t *seed);

/* ---- packs ---- */

typedef struct {
    bool vilt;                /* ViLT, not two encoders with a fusion */
    const char *fusion;       /* NULL: concat */
    const char *problem_type; /* NULL: none */
    int answers;              /* 0: 5 */
    int patch;                /* 0: 8 */
    bool q8;
    const char *
        absent; /* not NULL: it also hears, and this is what it does without any of its modalities */
    const char *recurrent; /* not NULL: it reads with "gru" or "lstm" and sees with a ResNet */
    uint32_t seed;
} tiny_model;

/* The words of its tokenizer, special tokens first; NULL at the end. */
extern const char *const tiny_words[];

tiny_bytes tiny_pack(tiny_model m);

/* A pack of all tensors and these settings. */
tiny_bytes tiny_written(const weights *w, const pack_settings *s);

/* The config of tiny_add_vilt()'s model, with "id2label" as it is published; give it back with
 * cJSON_Delete(). */
cJSON *tiny_vilt_config(int patch, int modalities, int answers);

/* The settings of a pack that is being edited: the header, and the objects its metadata has as
 * text, put back afterwards. */
typedef struct {
    cJSON *header, *metadata;
    cJSON *part[4]; /* config, preprocessor, tokenizer, labels */
} tiny_settings;

/* A copy of the pack, changed by `edit`, with the right checksum. */
tiny_bytes tiny_edit(tiny_bytes pack, void (*edit)(tiny_settings *s, const void *context),
                     const void *context);

/* Put the right checksum at the pack's end. */
void tiny_seal(tiny_bytes pack);

/* The data of the tensor of that name in a pack. */
uint8_t *tiny_data(tiny_bytes pack, const char *name);

/* ---- pictures ---- */

/* RGBA noise, [height, width, 4]; opaque unless `alpha`. */
tiny_bytes tiny_pixels(int width, int height, bool alpha, uint32_t seed);

/* The same pixels, opaque, as a BMP file of 24 bits. */
tiny_bytes tiny_bmp(int width, int height, uint32_t seed);

#endif
