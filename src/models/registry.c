/* The only list of architectures. */
#include <stdio.h>
#include <string.h>

#include "core/build.h"
#include "format/json.h"
#include "models/clip.h"
#include "models/model.h"
#include "models/multimodal.h"
#include "models/vilt.h"
#include "models/whisper.h"

static const architecture *const architectures[] = { &multimodal_architecture, &vilt_architecture,
                                                     VQA_FULL ? &clip_architecture : NULL,
                                                     VQA_FULL ? &whisper_architecture : NULL };
enum { ARCHITECTURES = VQA_FULL ? sizeof architectures / sizeof *architectures : 2 };

static const architecture *find(const char *type)
{
    for (int i = 0; i < ARCHITECTURES; i++)
        for (const char *const *name = architectures[i]->model_types; *name; name++)
            if (strcmp(*name, type) == 0) return architectures[i];
    return NULL;
}

/* "multimodal, bert_vit_fusion" */
static const char *list_types(char *text, size_t size)
{
    size_t used = 0;
    for (int i = 0; i < ARCHITECTURES; i++)
        for (const char *const *name = architectures[i]->model_types; *name && used < size; name++)
            used += (size_t)snprintf(text + used, size - used, used ? ", %s" : "%s", *name);
    return text;
}

/* The architecture, or NULL and a sentence. */
static const architecture *known(const cJSON *config, error *err)
{
    char all[200];
    const char *type = json_text(config, "model_type", NULL);
    const architecture *arch = type ? find(type) : NULL;
    if (!type)
        fail(err, "config: \"model_type\" is missing");
    else if (!arch)
        fail(err, "the architecture '%s' is not supported (supported: %s)", type,
             list_types(all, sizeof all));
    return arch;
}

/* Whether the model has a part that only full builds have. */
static bool needs_full(const cJSON *config)
{
    static const char *const types[] = { "clip", "whisper", "gru", "lstm", "mobilenet_v2" };
    const cJSON *text = cJSON_GetObjectItemCaseSensitive(config, "text_config"),
                *vision = cJSON_GetObjectItemCaseSensitive(config, "vision_config"),
                *parts[] = { config, text, vision,
                             cJSON_GetObjectItemCaseSensitive(vision, "backbone_config") };
    for (int i = 0; i < 4; i++)
        for (size_t k = 0; k < sizeof types / sizeof *types; k++)
            if (strcmp(json_text(parts[i], "model_type", ""), types[k]) == 0) return true;
    return cJSON_HasObjectItem(config, "speech_config");
}

bool model_known(const cJSON *config, error *err)
{
    if (!VQA_FULL && needs_full(config)) return fail_build(err, "the model");
    return known(config, err) != NULL;
}

bool model_bind(model *m, weights *w, const cJSON *config, error *err)
{
    *m = (model){ .arch = known(config, err) };
    return m->arch && m->arch->bind(m, w, config, err);
}

int model_rows(const model *m, int tokens, int speech_rows, int picture_rows)
{
    const int rows[MODALITIES] = { [TEXT] = tokens ? m->extra_text_rows + tokens : 0,
                                   [SPEECH] = speech_rows,
                                   [PICTURE] = picture_rows };
    int all = 0;
    for (modality i = 0; i < MODALITIES; i++)
        all += rows[i] == 0 && m->takes[i] == STANDS_IN ? 1 : rows[i];
    return all;
}

void model_free(model *m)
{
    if (m->arch) m->arch->free(m);
    *m = (model){ 0 };
}
