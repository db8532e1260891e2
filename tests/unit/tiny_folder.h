/* Folders as models are published, in memory: those of tiny_pack.h, a CLIP and a Whisper. A defect in here
 * stops the program. */
#ifndef VQA_TESTS_TINY_FOLDER_H
#define VQA_TESTS_TINY_FOLDER_H

#include "tiny_pack.h"
#include "vqa.h"

enum { TINY_MAX_FILES = 16 };

typedef struct {
    char name[64];
    tiny_bytes content;
} tiny_file;

typedef struct {
    tiny_file files[TINY_MAX_FILES];
    int count;
} tiny_folder;

/* The folder whose model is that of a pack of floats: config.json, preprocessor_config.json,
 * vocab.txt, and the weights in one file or, with their index, in several. */
tiny_folder tiny_folder_of(tiny_bytes pack, int shards);

/* A CLIP of two small encoders: its words are spelled in the letters of tiny_clip_letters. */
tiny_folder tiny_folder_clip(void);
extern const char tiny_clip_letters[];

/* A Whisper that hears windows of 1 second and writes the letters of tiny_whisper_letters; it knows English
 * and German, has timestamps and may not write "z". */
tiny_folder tiny_folder_whisper(void);
extern const char tiny_whisper_letters[];

void tiny_folder_free(tiny_folder *f);

/* The file of that name, or NULL. */
tiny_file *tiny_folder_file(tiny_folder *f, const char *name);

/* Put a text there as the file of that name, or take the file away (NULL). */
void tiny_folder_put(tiny_folder *f, const char *name, const char *text);

/* Add the tensors of a pack as one more file of weights to a folder that has several. */
void tiny_folder_add_tensors(tiny_folder *f, const char *name, tiny_bytes pack);

/* Open the folder and hand over what is wanted in pieces; the status of the first call that
 * fails, or of vqa_load_end(). `asked`, if not NULL, becomes the names in order, a space behind
 * each. */
int tiny_folder_load(vqa *v, const tiny_folder *f, size_t piece, char asked[500]);

#endif
