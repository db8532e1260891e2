/* Questions about pictures in a .jsonl file: one object with "file" and "question" a line. */
#ifndef VQA_TOOLS_QUESTIONS_H
#define VQA_TOOLS_QUESTIONS_H

#include <cjson/cJSON.h>

#include "core/error.h"
#include "tools/archive.h"
#include "vqa.h"

typedef struct {
    const cJSON *record; /* the whole line */
    const char *file, *question;
    const uint8_t *picture; /* its bytes */
    size_t size;
    bool same; /* the picture is that of the question before */
} picture_question;

/* Hand on each line, at most `most` of them, until take() returns false with a sentence. False and
 * a sentence that names the line. */
bool questions_each(const char *path, const archive *pictures, int most,
                    bool (*take)(void *context, const picture_question *q, error *err),
                    void *context, error *err);

#endif
