/* vqa inspect: what a model is made of. */
#include <dirent.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/json.h"
#include "format/safetensors.h"
#include "tools/files.h"
#include "tools/tools.h"

/* ---- tensors, from the headers alone ---- */

static bool print_tensors(void *context, const tensor_info *tensors, int count,
                          const cJSON *metadata, error *err)
{
    bool *printed = context;
    (void)metadata, (void)err;
    for (int i = 0; i < count; i++) {
        const tensor_info *t = &tensors[i];
        printf("  %-4s [", dtype_name(t->type));
        for (int d = 0; d < t->rank; d++) printf(d ? ", %lld" : "%lld", (long long)t->shape[d]);
        printf("] %s\n", t->name);
    }
    *printed = true;
    return fail(err, "that is enough");
}

static bool skip_data(void *context, int index, const uint8_t *bytes, size_t size, error *err)
{
    (void)context, (void)index, (void)bytes, (void)size, (void)err;
    return true;
}

static bool push(void *context, const uint8_t *bytes, size_t size, error *err)
{
    return safetensors_push(context, bytes, size, err);
}

static void list_file(const char *path)
{
    bool printed = false;
    error err;
    safetensors *s = safetensors_new((safetensors_sink){ print_tensors, skip_data, &printed });
    if (s && !file_stream(path, push, s, &err) && !printed) printf("  (%s)\n", err.text);
    safetensors_free(s);
}

static int is_safetensors(const struct dirent *entry)
{
    const char *end = strrchr(entry->d_name, '.');
    return end && strcmp(end, ".safetensors") == 0;
}

static void list_folder(const char *folder)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, is_safetensors, alphasort);
    for (int i = 0; i < count; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        printf("%s\n", path);
        list_file(path);
        free(entries[i]);
    }
    if (count >= 0) free(entries);
}

/* ---- the model ---- */

static void print_info(const char *path, vqa *v)
{
    cJSON *info = cJSON_Parse(vqa_info(v));
    const cJSON *entry, *name;
    printf("%s\n", path);
    cJSON_ArrayForEach(entry, info)
    {
        if (cJSON_IsString(entry))
            printf("  %-14s %s\n", entry->string, entry->valuestring);
        else if (cJSON_IsNumber(entry))
            printf("  %-14s %.10g\n", entry->string, entry->valuedouble);
    }
    cJSON_ArrayForEach(name, cJSON_GetObjectItemCaseSensitive(info, "unusedTensors"))
        printf("  not used: %s\n", name->valuestring);
    cJSON_Delete(info);
}

int command_inspect(int argc, char **argv)
{
    static const struct option options[] = { { "json", no_argument, NULL, 'j' },
                                             { "precision", required_argument, NULL, 'p' },
                                             { 0 } };
    vqa_precision keep = VQA_FLOAT;
    bool json = false, ok = true;
    for (int o; ok && (o = getopt_long(argc, argv, "jp:", options, NULL)) != -1;) {
        if (o == 'j')
            json = true;
        else if (o == 'p')
            keep = tool_precision(optarg, &ok);
        else
            return tool_bad_option(argv);
    }
    if (!ok) return TOOL_USAGE;
    if (argc - optind != 1) return tool_usage("inspect takes a model");
    const char *path = argv[optind];
    vqa *v = tool_open(path, 1, keep);
    if (!v) return TOOL_FAILED;
    if (json) {
        puts(vqa_info(v));
    } else {
        print_info(path, v);
        const char *end = strrchr(path, '.');
        if (file_is_folder(path))
            list_folder(path);
        else if (!end || strcmp(end, ".json") != 0)
            list_file(path);
    }
    vqa_free(v);
    return TOOL_OK;
}
