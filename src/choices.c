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

typedef struct {
    const char *text;
    int index;
    bool named; /* by a choice */
} label;

/* By text but for the letter case, then by index. */
static int compare_labels(const void *a, const void *b)
{
    const label *x = a, *y = b;
    int order = strcasecmp(x->text, y->text);
    return order ? order : x->index - y->index;
}

/* The label that is the choice, or else the first that is it but for the letter case, or NULL. */
static label *label_of(const char *choice, label *labels, int count)
{
    label *alike = NULL;
    int at = 0; /* labels before it come before the choice */
    for (int step = 1 << 24; step; step /= 2)
        if (at + step <= count && strcasecmp(labels[at + step - 1].text, choice) < 0) at += step;
    for (; at < count && strcasecmp(labels[at].text, choice) == 0; at++) {
        if (strcmp(labels[at].text, choice) == 0) return &labels[at];
        if (!alike) alike = &labels[at];
    }
    return alike;
}

int *choices_labels(const choices *c, const cJSON *labels, error *err)
{
    int *index = malloc((size_t)c->count * sizeof *index), count = 0;
    label *sorted = calloc((size_t)cJSON_GetArraySize(labels) + 1, sizeof *sorted);
    bool ok = (index && sorted) || fail_memory(err, "not enough memory for the choices");
    const cJSON *item;
    if (ok) cJSON_ArrayForEach(item, labels)
        {
            sorted[count] = (label){ item->valuestring, count, false };
            count++;
        }
    if (ok) qsort(sorted, (size_t)count, sizeof *sorted, compare_labels);
    for (int i = 0; i < c->count && ok; i++) {
        label *named = label_of(c->text[i], sorted, count);
        if (!named) {
            ok = fail(err, "the choice '%s' is none of the model's %d answers", c->text[i], count);
        } else if (named->named) {
            ok = fail(err, "the choice '%s' stands twice", c->text[i]);
        } else {
            named->named = true;
            index[i] = named->index;
        }
    }
    free(sorted);
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
