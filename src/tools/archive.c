#include "tools/archive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/files.h"

enum { BLOCK = 512, NAME_SIZE = 100, PREFIX_SIZE = 155 };

typedef struct {
    char *name;
    size_t at, size;
} member;

struct archive {
    char *folder;    /* or NULL, then: */
    uint8_t *bytes;  /* the tar file */
    member *members; /* sorted by name */
    size_t count;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(((const member *)a)->name, ((const member *)b)->name);
}

static bool octal(const uint8_t *text, int digits, size_t *value)
{
    *value = 0;
    for (int i = 0; i < digits && text[i] && text[i] != ' '; i++) {
        if (text[i] < '0' || text[i] > '7') return false;
        *value = *value * 8 + (size_t)(text[i] - '0');
    }
    return true;
}

static bool add_member(archive *a, const char *name, size_t length, size_t at, size_t size)
{
    if ((a->count & (a->count - 1)) == 0) { /* room doubles at every power of two */
        member *larger = realloc(a->members, (a->count ? 2 * a->count : 1) * sizeof *larger);
        if (!larger) return false;
        a->members = larger;
    }
    char *copy = malloc(length + 1);
    if (!copy) return false;
    memcpy(copy, name, length);
    copy[length] = 0;
    if (strncmp(copy, "./", 2) == 0)
        memmove(copy, copy + 2, length - 1); /* as `tar -C folder .` writes */
    a->members[a->count++] = (member){ copy, at, size };
    /* cppcheck-suppress memleak ; it is the member's name */
    return true;
}

static bool index_tar(archive *a, size_t total, error *err)
{
    const char *long_name = NULL;
    size_t long_length = 0, size;
    for (size_t at = 0; at + BLOCK <= total && a->bytes[at] != 0;
         at += BLOCK + (size + BLOCK - 1) / BLOCK * BLOCK) {
        const uint8_t *header = a->bytes + at;
        if (memcmp(header + 257, "ustar", 5) != 0)
            return fail(err, "not a tar file (no 'ustar' at byte %zu)", at + 257);
        if (!octal(header + 124, 12, &size) || size > total - at - BLOCK)
            return fail(err, "the tar file is cut off or damaged at byte %zu", at);
        const char *data = (const char *)header + BLOCK;
        if (header[156] == 'L') {
            long_name = data;
            long_length = strnlen(data, size);
        } else if (header[156] == '0' || header[156] == 0) {
            const char *name = long_name ? long_name : (const char *)header;
            size_t length = long_name ? long_length : strnlen(name, NAME_SIZE);
            if (!add_member(a, name, length, at + BLOCK, size))
                return fail_memory(err, "not enough memory");
            long_name = NULL;
        }
    }
    if (a->count == 0) return fail(err, "the tar file has no files");
    qsort(a->members, a->count, sizeof *a->members, by_name);
    return true;
}

archive *archive_open(const char *path, error *err)
{
    archive *a = calloc(1, sizeof *a);
    error why = { .text = "not enough memory", .no_memory = true };
    size_t total;
    if (!a) {
        *err = why;
        return NULL;
    }
    if (file_is_folder(path)) {
        a->folder = strdup(path);
        if (a->folder) return a;
    } else if (!(a->bytes = file_read(path, &total, &why))) {
        archive_close(a);
        *err = why;
        return NULL;
    } else if (index_tar(a, total, &why)) {
        return a;
    }
    archive_close(a);
    fail(err, "%s: %s", path, why.text);
    return NULL;
}

void archive_close(archive *a)
{
    if (!a) return;
    for (size_t i = 0; i < a->count; i++) free(a->members[i].name);
    free(a->members);
    free(a->bytes);
    free(a->folder);
    free(a);
}

static const char *base_name(const char *name)
{
    const char *slash = strrchr(name, '/');
    return slash ? slash + 1 : name;
}

/* The member of that name; without one, the only member whose name ends with it behind a slash. */
static const member *find(const archive *a, const char *name, error *err)
{
    const member key = { .name = (char *)name }, *found = NULL;
    const member *exact = bsearch(&key, a->members, a->count, sizeof *a->members, by_name);
    if (exact) return exact;
    for (size_t i = 0; i < a->count; i++) {
        if (strcmp(base_name(a->members[i].name), name) != 0) continue;
        if (found) {
            fail(err, "'%s' is the name of several pictures in the tar file: '%s', '%s'", name,
                 found->name, a->members[i].name);
            return NULL;
        }
        found = &a->members[i];
    }
    if (!found) fail(err, "there is no picture '%s' in the tar file", name);
    return found;
}

uint8_t *archive_read(const archive *a, const char *name, size_t *size, error *err)
{
    if (a->folder) return file_read_in(a->folder, name, size, err);
    const member *m = find(a, name, err);
    if (!m) return NULL;
    uint8_t *copy = malloc(m->size + 1);
    if (!copy) {
        fail_memory(err, "not enough memory for '%s'", name);
        return NULL;
    }
    memcpy(copy, a->bytes + m->at, m->size);
    *size = m->size;
    return copy;
}
