/* vqa transcribe: what is said in a sound. */
#include <cjson/cJSON.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/files.h"
#include "tools/tools.h"

static double number_at(const cJSON *object, const char *key)
{
    return cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(object, key));
}

static const char *text_at(const cJSON *object, const char *key)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
    return text ? text : "";
}

/* The text, or with times a line a segment. */
static void print(const char *transcript, bool timestamps, bool json)
{
    cJSON *parsed = cJSON_Parse(transcript);
    const cJSON *segment;
    if (json) {
        puts(transcript);
    } else if (timestamps) {
        cJSON_ArrayForEach(segment, cJSON_GetObjectItemCaseSensitive(parsed, "segments"))
            printf("%8.2f %8.2f %s\n", number_at(segment, "start"), number_at(segment, "end"),
                   text_at(segment, "text"));
    } else {
        const char *text = text_at(parsed, "text");
        puts(text + strspn(text, " "));
    }
    cJSON_Delete(parsed);
}

static int transcribe(vqa *v, const char *path, const cJSON *options, bool json)
{
    error err;
    size_t size;
    uint8_t *wav = file_read(path, &size, &err);
    if (!wav) return tool_failed("%s", err.text);
    int sound = vqa_hear(v, wav, size);
    free(wav);
    if (sound < 0) return tool_failed("%s: %s", path, vqa_error(v));
    char *text = cJSON_PrintUnformatted(options);
    int status = vqa_transcribe(v, sound, text, strlen(text));
    cJSON_free(text);
    if (status != VQA_OK) return tool_failed("%s: %s", path, vqa_error(v));
    print(vqa_transcript(v), cJSON_HasObjectItem(options, "timestamps"), json);
    return TOOL_OK;
}

int command_transcribe(int argc, char **argv)
{
    static const struct option known[] = { { "language", required_argument, NULL, 'l' },
                                           { "task", required_argument, NULL, 'k' },
                                           { "beams", required_argument, NULL, 'b' },
                                           { "timestamps", no_argument, NULL, 's' },
                                           { "json", no_argument, NULL, 'j' },
                                           { "precision", required_argument, NULL, 'p' },
                                           { 0 } };
    int threads = tool_threads(), code = TOOL_USAGE;
    vqa_precision keep = VQA_FLOAT;
    bool json = false, ok = true, bad = false;
    cJSON *options = cJSON_CreateObject();
    for (int o; ok && !bad && (o = getopt_long(argc, argv, "t:", known, NULL)) != -1;) {
        if (o == 'l')
            cJSON_AddStringToObject(options, "language", optarg);
        else if (o == 'k')
            cJSON_AddStringToObject(options, "task", optarg);
        else if (o == 'b')
            cJSON_AddNumberToObject(options, "beams", tool_number("--beams", optarg, 1, 16, &ok));
        else if (o == 's')
            cJSON_AddTrueToObject(options, "timestamps");
        else if (o == 'j')
            json = true;
        else if (o == 'p')
            keep = tool_precision(optarg, &ok);
        else if (o == 't')
            threads = tool_number("-t", optarg, 1, 64, &ok);
        else
            bad = true;
    }
    if (bad)
        code = tool_bad_option(argv);
    else if (ok && argc - optind != 2)
        code = tool_usage("transcribe takes a model and a WAV file");
    else if (ok) {
        vqa *v = tool_open(argv[optind], threads, keep);
        code = v ? transcribe(v, argv[optind + 1], options, json) : TOOL_FAILED;
        vqa_free(v);
    }
    cJSON_Delete(options);
    return code;
}
