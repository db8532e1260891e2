/* vqa ask: one question about one picture, written or spoken. */
#include <cjson/cJSON.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/explain.h"
#include "tools/files.h"
#include "tools/tools.h"

/* ,"heatmap":{...} behind the answers, if there is one */
static void print_heatmap(const vqa *v)
{
    int height, width;
    float box[4];
    const float *heat = vqa_heatmap(v, &height, &width);
    if (!heat) return;
    vqa_heatmap_box(v, box);
    printf(",\"heatmap\":{\"width\":%d,\"height\":%d,\"data\":[", width, height);
    for (int i = 0; i < height * width; i++) printf("%s%.9g", i ? "," : "", (double)heat[i]);
    printf("],\"box\":{\"x\":%.9g,\"y\":%.9g,\"width\":%.9g,\"height\":%.9g}}", (double)box[0],
           (double)box[1], (double)box[2], (double)box[3]);
}

static void print_json(vqa *v, int count)
{
    printf("{\"answers\":[");
    for (int i = 0; i < count; i++) {
        cJSON *text = cJSON_CreateString(vqa_answer_text(v, i));
        char *quoted = cJSON_PrintUnformatted(text);
        printf("%s{\"answer\":%s,\"score\":%.9g}", i ? "," : "", quoted,
               (double)vqa_answer_score(v, i));
        cJSON_free(quoted);
        cJSON_Delete(text);
    }
    printf("]");
    print_heatmap(v);
    puts("}");
}

static void print_table(vqa *v, int count)
{
    for (int i = 0; i < count; i++)
        printf("%7.4f  %s\n", (double)vqa_answer_score(v, i), vqa_answer_text(v, i));
}

/* All of them; nine digits tell every float apart. */
static void print_logits(vqa *v, bool json)
{
    int count;
    const float *logits = vqa_logits(v, &count);
    fputs(json ? "{\"logits\":[" : "", stdout);
    for (int i = 0; i < count; i++)
        printf("%s%.9g", i == 0 ? "" : json ? "," : "\n", (double)logits[i]);
    puts(json ? "]}" : "");
}

/* "cat, dog" becomes "cat" and "dog", each with its zero byte; returns the bytes of all. */
static size_t split(char *list)
{
    char *to = list;
    for (char *from = list, *next; from; from = next) {
        next = strchr(from, ',');
        if (next) *next++ = 0;
        from += strspn(from, " ");
        size_t size = strlen(from);
        while (size > 0 && from[size - 1] == ' ') size--;
        memmove(to, from, size);
        to[size] = 0;
        to += size + 1;
    }
    return (size_t)(to - list);
}

/* What is asked about what: files, NULL or "-" where there is none. */
typedef struct {
    const char *picture, *speech, *question;
    uint8_t *bytes; /* of the picture */
    size_t size;
} subject;

/* Read a file unless there is none to read. */
static bool read_given(const char *path, uint8_t **bytes, size_t *size, error *err)
{
    return !path || strcmp(path, "-") == 0 || (*bytes = file_read(path, size, err));
}

/* Look and listen: the ids, 0 for none. False after saying what is wrong. */
static bool perceive(vqa *v, subject *s, int *picture, int *sound)
{
    error err;
    uint8_t *wav = NULL;
    size_t size;
    bool ok = (read_given(s->picture, &s->bytes, &s->size, &err) &&
               read_given(s->speech, &wav, &size, &err)) ||
              tool_failed("%s", err.text) == TOOL_OK;
    if (ok && s->bytes && (*picture = vqa_encode(v, s->bytes, s->size)) < 0)
        ok = tool_failed("%s: %s", s->picture, vqa_error(v)) == TOOL_OK;
    if (ok && wav && (*sound = vqa_hear(v, wav, size)) < 0)
        ok = tool_failed("%s: %s", s->speech, vqa_error(v)) == TOOL_OK;
    free(wav);
    return ok;
}

int command_ask(int argc, char **argv)
{
    static const struct option options[] = { { "json", no_argument, NULL, 'j' },
                                             { "logits", no_argument, NULL, 'l' },
                                             { "choices", required_argument, NULL, 'c' },
                                             { "explain", required_argument, NULL, 'e' },
                                             { "precision", required_argument, NULL, 'p' },
                                             { "scalar", no_argument, NULL, 'S' },
                                             { "speech", required_argument, NULL, 's' },
                                             { 0 } };
    subject s = { 0 };
    model_options how = { .threads = tool_threads() };
    int top_k = 5;
    char *choices = NULL;
    const char *explain = NULL;
    size_t choices_size = 0;
    bool json = false, logits = false, ok = true;
    for (int o; ok && (o = getopt_long(argc, argv, "k:t:jc:p:", options, NULL)) != -1;) {
        if (o == 'k')
            top_k = tool_number("-k", optarg, 1, VQA_MAX_ANSWERS, &ok);
        else if (o == 'c') {
            choices = optarg;
            choices_size = split(choices);
        } else if (o == 's')
            s.speech = optarg;
        else if (o == 'p')
            how.precision = tool_precision(optarg, &ok);
        else if (o == 't')
            how.threads = tool_number("-t", optarg, 1, 64, &ok);
        else if (o == 'e')
            explain = optarg;
        else if (o == 'j')
            json = true;
        else if (o == 'l')
            logits = true;
        else if (o == 'S')
            how.scalar = true;
        else
            return tool_bad_option(argv);
    }
    if (!ok) return TOOL_USAGE;
    int given = argc - optind;
    if (given != 3 && !(given == 2 && s.speech))
        return tool_usage("ask takes a model, a picture and a question, in words or as --speech");
    s.picture = argv[optind + 1];
    s.question = given == 3 ? argv[optind + 2] : "";
    error err;
    vqa *v = tool_open_as(argv[optind], how);
    if (!v) return TOOL_FAILED;
    vqa_set_explain(v, explain != NULL);
    int result = TOOL_FAILED, picture = 0, sound = 0, count = -1;
    size_t size = strlen(s.question);
    bool perceived = perceive(v, &s, &picture, &sound);
    if (perceived)
        count = choices
                    ? vqa_choose(v, picture, sound, s.question, size, choices, choices_size, top_k)
                    : vqa_ask(v, picture, sound, s.question, size, top_k);
    if (perceived && count < 0)
        tool_failed("%s", vqa_error(v));
    else if (perceived && explain && !explain_write(v, s.bytes, s.size, explain, &err))
        tool_failed("%s", err.text);
    else if (perceived) {
        if (logits)
            print_logits(v, json);
        else if (json)
            print_json(v, count);
        else
            print_table(v, count);
        result = TOOL_OK;
    }
    free(s.bytes);
    vqa_free(v);
    return result;
}
