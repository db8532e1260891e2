#include "tools/files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

bool file_is_folder(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0 && S_ISDIR(s.st_mode);
}

bool file_exists(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0;
}

static char *joined(const char *folder, const char *name)
{
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = malloc(size);
    if (path) snprintf(path, size, "%s/%s", folder, name);
    return path;
}

bool file_exists_in(const char *folder, const char *name)
{
    char *path = joined(folder, name);
    bool exists = path && file_exists(path);
    free(path);
    return exists;
}

bool file_stream(const char *path,
                 bool (*take)(void *context, const uint8_t *bytes, size_t size, error *err),
                 void *context, error *err)
{
    enum { PIECE = 1 << 16 };
    if (file_is_folder(path)) return fail(err, "is a folder, expected a file");
    FILE *f = fopen(path, "rb");
    if (!f) return fail(err, "can't be read (%s)", strerror(errno));
    uint8_t *piece = malloc(PIECE);
    bool ok = piece || fail_memory(err, "not enough memory");
    while (ok && !feof(f) && !ferror(f)) {
        size_t n = fread(piece, 1, PIECE, f);
        ok = n == 0 || take(context, piece, n, err);
    }
    if (ok && ferror(f)) ok = fail(err, "can't be read (%s)", strerror(errno));
    free(piece);
    fclose(f);
    return ok;
}

typedef struct {
    uint8_t *bytes;
    size_t size, room;
} buffer;

static bool append(void *context, const uint8_t *bytes, size_t size, error *err)
{
    buffer *b = context;
    if (b->size + size + 1 > b->room) {
        size_t room = 2 * (b->size + size + 1);
        /* NOLINTNEXTLINE(clang-analyzer-*): as large as the file, and never 0 */
        uint8_t *larger = realloc(b->bytes, room);
        if (!larger) return fail_memory(err, "not enough memory for %zu bytes", room);
        b->bytes = larger;
        b->room = room;
    }
    memcpy(b->bytes + b->size, bytes, size);
    b->size += size;
    return true;
}

uint8_t *file_read(const char *path, size_t *size, error *err)
{
    buffer b = { 0 };
    error why;
    if (!file_stream(path, append, &b, &why) || !append(&b, (const uint8_t *)"", 1, &why)) {
        fail(err, "%s: %s", path, why.text);
        free(b.bytes); /* NOLINT(clang-analyzer-unix.Malloc): realloc() of 0 bytes can't be */
        return NULL;
    }
    *size = b.size - 1;
    return b.bytes;
}

uint8_t *file_read_in(const char *folder, const char *name, size_t *size, error *err)
{
    char *path = joined(folder, name);
    if (!path) {
        fail_memory(err, "not enough memory");
        return NULL;
    }
    uint8_t *bytes = file_read(path, size, err);
    free(path);
    return bytes;
}

bool file_write(const char *path, const void *bytes, size_t size, error *err)
{
    FILE *f = fopen(path, "wb");
    if (!f) return fail(err, "%s: can't be written (%s)", path, strerror(errno));
    bool ok = fwrite(bytes, 1, size, f) == size;
    if (fclose(f) == 0 && ok) return true;
    fail(err, "%s: can't be written (%s)", path, strerror(errno));
    remove(path);
    return false;
}
