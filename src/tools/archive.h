/* A set of pictures: a folder, or a .tar file (POSIX ustar and GNU long names). */
#ifndef VQA_TOOLS_ARCHIVE_H
#define VQA_TOOLS_ARCHIVE_H

#include "core/error.h"

#include <stddef.h>
#include <stdint.h>

typedef struct archive archive;

/* Open the folder or tar file at `path`; NULL and a sentence. A tar file is read into memory as a
 * whole. */
archive *archive_open(const char *path, error *err);
void archive_close(archive *a);

/* The file of that name, for the caller to free(); NULL and a sentence. In a tar file leading
 * folders may be left out where the name stays unique. */
uint8_t *archive_read(const archive *a, const char *name, size_t *size, error *err);

#endif
