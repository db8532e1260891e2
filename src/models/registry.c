/* The only list of architectures. */
#include <stdio.h>
#include <string.h>

#include "format/json.h"
#include "models/model.h"
#include "models/multimodal.h"

static const architecture *const architectures[] = { &multimodal_architecture };
enum { ARCHITECTURES = sizeof architectures / sizeof *architectures };

bool model_bind(model *m, weights *w, const cJSON *config, error *err)
{
    *m = (model){ 0 };
    const char *type = json_text(config, "model_type", NULL);
    if (!type) return fail(err, "config: \"model_type\" is missing");
    char known[200] = "";
    for (int i = 0; i < ARCHITECTURES; i++)
        for (const char *const *name = architectures[i]->model_types; *name; name++) {
            if (strcmp(*name, type) == 0) {
                m->arch = architectures[i];
                return m->arch->bind(m, w, config, err);
            }
            size_t used = strlen(known);
            snprintf(known + used, sizeof known - used, used ? ", %s" : "%s", *name);
        }
    return fail(err, "the architecture '%s' is not supported (supported: %s)", type, known);
}

void model_free(model *m)
{
    if (m->arch) m->arch->free(m);
    *m = (model){ 0 };
}
