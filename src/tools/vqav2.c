/* The official files of VQA v2. */
#include "tools/vqav2.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/json.h"
#include "tools/json_list.h"

typedef struct {
    const archive *pictures;
    json_list questions, annotations;
    const char *set; /* of pictures: "val2014" */
    char file[80];   /* the picture at hand */
    uint8_t *picture;
    size_t size;
} reading;

/* The picture of that number, unless it is at hand. */
static bool read_picture(reading *r, int id, picture_question *q, error *err)
{
    char file[sizeof r->file];
    snprintf(file, sizeof file, "COCO_%.40s_%012d.jpg", r->set, id);
    q->same = r->picture && strcmp(file, r->file) == 0;
    if (!q->same) {
        free(r->picture);
        memcpy(r->file, file, sizeof file);
        r->picture = archive_read(r->pictures, file, &r->size, err);
    }
    q->file = r->file;
    q->picture = r->picture;
    q->size = r->size;
    return r->picture != NULL;
}

/* One question, its annotation parsed for it. */
static bool take_question(reading *r, const json_entry *entry,
                          bool (*take)(void *context, const picture_question *q, error *err),
                          void *context, error *err)
{
    const json_entry *answered = json_list_find(&r->annotations, entry->id);
    cJSON *question = json_list_read(entry),
          *annotation = answered ? json_list_read(answered) : NULL;
    picture_question q = { .record = annotation,
                           .question = json_text(question, "question", NULL) };
    int picture;
    bool ok = (answered || fail(err, "there is no annotation of it")) &&
              ((question && annotation) || fail_memory(err, "not enough memory")) &&
              (q.question || fail(err, "it lacks a text \"question\"")) &&
              json_int(question, "image_id", -1, 0, INT_MAX, &picture, err) &&
              read_picture(r, picture, &q, err) && take(context, &q, err);
    cJSON_Delete(question);
    cJSON_Delete(annotation);
    return ok;
}

bool vqav2_each(const char *questions, const char *annotations, const archive *pictures,
                bool (*take)(void *context, const picture_question *q, error *err), void *context,
                error *err)
{
    reading r = { .pictures = pictures };
    bool ok = json_list_open(&r.questions, questions, "questions", "question_id", err) &&
              json_list_open(&r.annotations, annotations, "annotations", "question_id", err);
    r.set = json_text(r.questions.rest, "data_subtype", NULL);
    if (ok && !r.set) ok = fail(err, "%s: there is no text \"data_subtype\"", questions);
    if (ok) json_list_sort(&r.annotations);
    for (size_t i = 0; ok && i < r.questions.count; i++) {
        const json_entry *entry = &r.questions.entries[i];
        error why;
        if (!take_question(&r, entry, take, context, &why))
            ok = fail(err, "%s: question %d: %s", questions, entry->id, why.text);
    }
    free(r.picture);
    json_list_close(&r.questions);
    json_list_close(&r.annotations);
    return ok;
}
