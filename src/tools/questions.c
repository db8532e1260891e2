#include "tools/questions.h"

#include <stdlib.h>
#include <string.h>

#include "format/json.h"
#include "tools/files.h"

typedef struct {
    const archive *pictures;
    bool (*take)(void *context, const picture_question *q, error *err);
    void *context;
    char *file; /* the picture at hand */
    uint8_t *picture;
    size_t size;
} reading;

static bool read_picture(reading *r, const char *file, error *err)
{
    free(r->picture);
    free(r->file);
    r->file = strdup(file);
    r->picture = archive_read(r->pictures, file, &r->size, err);
    return r->picture && (r->file || fail_memory(err, "not enough memory"));
}

static bool take_line(reading *r, const char *line, size_t size, error *err)
{
    cJSON *record = json_object(line, size, "the record", err);
    if (!record) return false;
    picture_question q = { .record = record,
                           .file = json_text(record, "file", NULL),
                           .question = json_text(record, "question", NULL) };
    bool ok =
        (q.file && q.question) || fail(err, "the record lacks a text \"file\" or \"question\"");
    q.same = ok && r->file && strcmp(r->file, q.file) == 0;
    ok = ok && (q.same || read_picture(r, q.file, err));
    q.picture = r->picture;
    q.size = r->size;
    ok = ok && r->take(r->context, &q, err);
    cJSON_Delete(record);
    return ok;
}

bool questions_each(const char *path, const archive *pictures, int most,
                    bool (*take)(void *context, const picture_question *q, error *err),
                    void *context, error *err)
{
    size_t size;
    reading r = { .pictures = pictures, .take = take, .context = context };
    char *data = (char *)file_read(path, &size, err);
    if (!data) return false;
    int number = 0, taken = 0;
    bool ok = true;
    for (const char *line = data; line < data + size && taken < most && ok;) {
        const char *end = memchr(line, '\n', (size_t)(data + size - line));
        if (!end) end = data + size;
        number++;
        error why;
        if (strspn(line, " \t\r") < (size_t)(end - line)) {
            taken++;
            if (!take_line(&r, line, (size_t)(end - line), &why))
                ok = fail(err, "%s: line %d: %s", path, number, why.text);
        }
        line = end + 1;
    }
    if (ok && !taken) ok = fail(err, "%s: there are no questions", path);
    free(r.picture);
    free(r.file);
    free(data);
    return ok;
}
