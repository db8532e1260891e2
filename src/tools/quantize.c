/* vqa quantize: any model becomes a pack. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/json.h"
#include "tools/files.h"
#include "tools/parts.h"
#include "tools/tools.h"

static bool write_bytes(vqa *v, FILE *f, error *err)
{
    enum { PIECE = 1 << 20 };
    uint8_t *piece = malloc(PIECE);
    bool ok = piece || fail_memory(err, "not enough memory");
    int n = 1;
    while (ok && n > 0) {
        n = vqa_pack_read(v, piece, PIECE);
        if (n < 0) ok = fail(err, "%s", vqa_error(v));
        if (n > 0 && fwrite(piece, 1, (size_t)n, f) != (size_t)n)
            ok = fail(err, "can't be written (%s)", strerror(errno));
    }
    free(piece);
    return ok;
}

/* Write to a file beside the final one and rename it when all is well: a pack is whole or not
 * there. */
static bool write_pack(vqa *v, const char *path, error *err)
{
    char temporary[4096];
    error why;
    if (snprintf(temporary, sizeof temporary, "%s.part", path) >= (int)sizeof temporary)
        return fail(err, "the path '%s' is too long", path);
    FILE *f = fopen(temporary, "wb");
    if (!f) return fail(err, "%s: can't be written (%s)", temporary, strerror(errno));
    bool ok = write_bytes(v, f, &why);
    if (fclose(f) != 0 && ok) ok = fail(&why, "can't be written (%s)", strerror(errno));
    if (ok && rename(temporary, path) != 0)
        ok = fail(&why, "can't be renamed (%s)", strerror(errno));
    if (!ok) remove(temporary);
    return ok || fail(err, "%s: %s", path, why.text);
}

int command_quantize(int argc, char **argv)
{
    static const struct option options[] = { { "precision", required_argument, NULL, 'p' },
                                             { "name", required_argument, NULL, 'n' },
                                             { "licence", required_argument, NULL, 'l' },
                                             { 0 } };
    model_options how = { .threads = 1, .precision = VQA_Q8 };
    bool ok = true;
    for (int o; ok && (o = getopt_long(argc, argv, "p:n:l:", options, NULL)) != -1;) {
        if (o == 'p')
            how.precision = tool_precision(optarg, &ok);
        else if (o == 'n')
            how.name = optarg;
        else if (o == 'l')
            how.licence = optarg;
        else
            return tool_bad_option(argv);
    }
    if (!ok) return TOOL_USAGE;
    if (argc - optind != 2) return tool_usage("quantize takes a model and the pack to write");
    if (how.name && !file_is_folder(argv[optind]))
        return tool_usage("--name is for folders: '%s' has a name of its own", argv[optind]);
    const char *pack = argv[optind + 1], *end = strrchr(pack, '.');
    error err;
    vqa *v = tool_open_as(argv[optind], how);
    if (!v) return TOOL_FAILED;
    ok = end && strcmp(end, ".json") == 0 ? parts_write(v, pack, PARTS_MAX, &err)
                                          : write_pack(v, pack, &err);
    if (ok) {
        cJSON *info = cJSON_Parse(vqa_info(v));
        printf("%s: %.0f parameters, %s, %.0f bytes\n", pack,
               cJSON_GetNumberValue(cJSON_GetObjectItem(info, "parameters")),
               json_text(info, "precision", ""), vqa_pack_size(v));
        cJSON_Delete(info);
    } else {
        tool_failed("%s", err.text);
    }
    vqa_free(v);
    return ok ? TOOL_OK : TOOL_FAILED;
}
