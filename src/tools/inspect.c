/* vqa inspect: what a model is made of. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "format/json.h"
#include "format/safetensors.h"
#include "tools/files.h"
#include "tools/folder.h"
#include "tools/tools.h"

static void print_tensors(const weights *w)
{
    for (int i = 0; i < w->count; i++) {
        const tensor_info *t = &w->all[i].info;
        printf("  %-4s [", dtype_name(t->type));
        for (int d = 0; d < t->rank; d++) printf(d ? ", %lld" : "%lld", (long long)t->shape[d]);
        printf("] %s\n", t->name);
    }
}

static void print_json(const char *title, const cJSON *json)
{
    char *text = cJSON_PrintUnformatted(json);
    printf("%s %s\n", title, text ? text : "?");
    cJSON_free(text);
}

static int inspect_folder(const char *folder, bool json)
{
    error err;
    weights w = { 0 };
    cJSON *config = json_read_in(folder, "config.json", &err);
    bool ok = config && tensors_read_in(folder, "model.safetensors", KEEP_AS_STORED, &w, &err);
    if (!ok)
        tool_failed("%s", err.text);
    else if (json) {
        cJSON_AddNumberToObject(config, "parameters", (double)weights_parameters(&w));
        char *text = cJSON_Print(config);
        puts(text);
        cJSON_free(text);
    } else {
        printf("%s: %s, %lld parameters, %d tensors\n", folder,
               json_text(config, "model_type", "no model_type"), (long long)weights_parameters(&w),
               w.count);
        cJSON_DeleteItemFromObject(config, "id2label");
        cJSON_DeleteItemFromObject(config, "label2id");
        print_json("config", config);
        print_tensors(&w);
    }
    cJSON_Delete(config);
    weights_free(&w);
    return ok ? TOOL_OK : TOOL_FAILED;
}

static int inspect_pack(const char *path, bool json)
{
    error err;
    weights w = { 0 };
    vqa *v = tool_open(path, 1);
    if (!v) return TOOL_FAILED;
    bool ok = tensors_read(path, KEEP_AS_STORED, &w, &err);
    if (!ok)
        tool_failed("%s", err.text);
    else if (json)
        puts(vqa_info(v));
    else {
        cJSON *info = cJSON_Parse(vqa_info(v));
        const cJSON *entry;
        printf("%s\n", path);
        cJSON_ArrayForEach(entry, info)
        {
            if (cJSON_IsString(entry))
                printf("  %-14s %s\n", entry->string, entry->valuestring);
            else
                printf("  %-14s %.0f\n", entry->string, entry->valuedouble);
        }
        print_tensors(&w);
        cJSON_Delete(info);
    }
    weights_free(&w);
    vqa_free(v);
    return ok ? TOOL_OK : TOOL_FAILED;
}

int command_inspect(int argc, char **argv)
{
    static const struct option options[] = { { "json", no_argument, NULL, 'j' }, { 0 } };
    bool json = false;
    for (int o; (o = getopt_long(argc, argv, "j", options, NULL)) != -1;) {
        if (o != 'j') return tool_bad_option(argv);
        json = true;
    }
    if (argc - optind != 1) return tool_usage("inspect takes a pack or a folder");
    return file_is_folder(argv[optind]) ? inspect_folder(argv[optind], json)
                                        : inspect_pack(argv[optind], json);
}
