/* Files of this machine. */
#ifndef VQA_TOOLS_FILES_H
#define VQA_TOOLS_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

/* The whole file, terminated by a zero byte that is not counted, for the caller to free(); NULL and
 * a sentence if it can't be read. */
uint8_t *file_read(const char *path, size_t *size, error *err);

/* The same for folder/name. */
uint8_t *file_read_in(const char *folder, const char *name, size_t *size, error *err);

/* Hand the file on piece by piece until its end or until take() returns false with a sentence. */
bool file_stream(const char *path,
                 bool (*take)(void *context, const uint8_t *bytes, size_t size, error *err),
                 void *context, error *err);

/* Write the whole file, or leave none. */
bool file_write(const char *path, const void *bytes, size_t size, error *err);

/* Whether there is a file (or folder) of that name. */
bool file_exists(const char *path);
bool file_exists_in(const char *folder, const char *name);
bool file_is_folder(const char *path);

#endif
