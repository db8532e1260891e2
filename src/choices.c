#include "choices.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/utf8.h"
#include "vqa.h"

static bool check(const char *text, int number, error *err)
{
    size_t size = strlen(text), valid = utf8_valid(text, size);
    if (text[strspn(text, " \t\r\n")] == 0) return fail(err, "choice %d is empty", number);
    if (size > VQA_MAX_QUESTION)
        return fail(err, "choice %d has %zu bytes, at most %d are taken", number, size,
                    VQA_MAX_QUESTION);
    return valid == size || fail(err, "choice %d is not UTF-8 text (byte %zu)", number, valid);
}

bool choices_read(choices *c, const char *list, size_t size, error *err)
{
    const size_t most = (size_t)VQA_MAX_CHOICES * (VQA_MAX_QUESTION + 1);
    *c = (choices){ 0 };
    if (size == 0) return fail(err, "there are no choices");
    if (size > most)
        return fail(err, "the choices have %zu bytes, at most %zu are taken", size, most);
    if (list[size - 1] != 0) return fail(err, "the last choice has no zero byte at its end");
    for (size_t i = 0; i < size; i++) c->count += list[i] == 0;
    if (c->count > VQA_MAX_CHOICES) {
        int count = c->count;
        c->count = 0;
        return fail(err, "there are %d choices, at most %d are taken", count, VQA_MAX_CHOICES);
    }
    c->block = malloc(size);
    /* NOLINTNEXTLINE(clang-analyzer-optin.portability.UnixAPI): one zero byte at least was counted */
    c->text = calloc((size_t)c->count, sizeof *c->text);
    if (!c->block || !c->text) return fail_memory(err, "not enough memory for the choices");
    memcpy(c->block, list, size);
    const char *at = c->block;
    for (int i = 0; i < c->count; i++, at += strlen(at) + 1) {
        if (!check(at, i + 1, err)) return false;
        c->text[i] = at;
    }
    return true;
}

void choices_free(choices *c)
{
    free(c->text);
    free(c->block);
    *c = (choices){ 0 };
}

/* The label that is the choice, or else the first that is it but for the letter case; -1: none. */
static int label_of(const char *choice, const cJSON *labels)
{
    int i = 0, alike = -1;
    const cJSON *label;
    cJSON_ArrayForEach(label, labels)
    {
        if (strcmp(label->valuestring, choice) == 0) return i;
        if (alike < 0 && strcasecmp(label->valuestring, choice) == 0) alike = i;
        i++;
    }
    return alike;
}

int *choices_labels(const choices *c, const cJSON *labels, error *err)
{
    int *index = malloc((size_t)c->count * sizeof *index);
    bool *named = calloc((size_t)cJSON_GetArraySize(labels) + 1, sizeof *named);
    bool ok = (index && named) || fail_memory(err, "not enough memory for the choices");
    for (int i = 0; i < c->count && ok; i++) {
        index[i] = label_of(c->text[i], labels);
        if (index[i] < 0)
            ok = fail(err, "the choice '%s' is none of the model's %d answers", c->text[i],
                      cJSON_GetArraySize(labels));
        else if (named[index[i]])
            ok = fail(err, "the choice '%s' stands twice", c->text[i]);
        else
            named[index[i]] = true;
    }
    free(named);
    if (ok) return index;
    free(index);
    return NULL;
}

char *choices_prompt(const char *question, size_t question_size, const char *choice, size_t *size)
{
    size_t room = question_size + strlen(choice) + 32, blank = 0;
    char *text = malloc(room);
    if (!text) return NULL;
    int before = (int)question_size, length;
    const char *gap = NULL;
    for (size_t i = 0; i + 1 < question_size && !gap; i++)
        if (question[i] == '{' && question[i + 1] == '}') gap = question + i;
    while (blank < question_size && strchr(" \t\r\n", question[blank]) && question[blank]) blank++;
    if (gap)
        length = snprintf(text, room, "%.*s%s%.*s", (int)(gap - question), question, choice,
                          before - (int)(gap - question) - 2, gap + 2);
    else if (blank == question_size)
        length = snprintf(text, room, "%s", choice);
    else
        length = snprintf(text, room, "question: %.*s answer: %s", before, question, choice);
    *size = (size_t)length;
    return text;
}
