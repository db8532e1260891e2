/* vqa quantize: a Hugging Face style folder becomes a pack. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/files.h"
#include "tools/folder.h"
#include "tools/tools.h"

static bool write_bytes(void *context, const void *bytes, size_t size, error *err)
{
    return fwrite(bytes, 1, size, context) == size ||
           fail(err, "can't be written (%s)", strerror(errno));
}

/* Write to a file beside the final one and rename it when all is well: a pack is whole or not
 * there. */
static bool write_pack(const char *path, const weights *w, const pack_settings *s, error *err)
{
    char temporary[4096];
    error why;
    if (snprintf(temporary, sizeof temporary, "%s.part", path) >= (int)sizeof temporary)
        return fail(err, "the path '%s' is too long", path);
    FILE *f = fopen(temporary, "wb");
    if (!f) return fail(err, "%s: can't be written (%s)", temporary, strerror(errno));
    bool ok = pack_write(w, s, write_bytes, f, &why);
    if (fclose(f) != 0 && ok) ok = fail(&why, "can't be written (%s)", strerror(errno));
    if (ok) {
        vqa *check = tool_open(temporary, 1); /* says itself what is wrong */
        ok = check ? true : fail(&why, "the pack does not load");
        vqa_free(check);
    }
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
    precision keep = QUANTIZE_Q8;
    const char *name = NULL, *licence = "";
    for (int o; (o = getopt_long(argc, argv, "p:n:l:", options, NULL)) != -1;) {
        if (o == 'p' && strcmp(optarg, "q8") == 0)
            keep = QUANTIZE_Q8;
        else if (o == 'p' && strcmp(optarg, "f32") == 0)
            keep = KEEP_AS_STORED;
        else if (o == 'p')
            return tool_usage("--precision is '%s', expected q8 or f32", optarg);
        else if (o == 'n')
            name = optarg;
        else if (o == 'l')
            licence = optarg;
        else
            return tool_bad_option(argv);
    }
    if (argc - optind != 2) return tool_usage("quantize takes a folder and the pack to write");
    const char *folder = argv[optind], *pack = argv[optind + 1];
    if (!file_is_folder(folder)) return tool_failed("%s: there is no such folder", folder);
    pack_settings s = { 0 };
    weights w = { 0 };
    error err;
    bool ok = folder_settings(folder, name ? name : "", licence, &s, &err) &&
              tensors_read_in(folder, "model.safetensors", keep, &w, &err) &&
              write_pack(pack, &w, &s, &err);
    if (!ok)
        tool_failed("%s", err.text);
    else
        printf("%s: %lld parameters, %s\n", pack, (long long)weights_parameters(&w),
               keep == QUANTIZE_Q8 ? "q8" : "as stored");
    weights_free(&w);
    pack_settings_free(&s);
    return ok ? TOOL_OK : TOOL_FAILED;
}
