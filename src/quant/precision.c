#include "quant/precision.h"

#include <stdbool.h>
#include <string.h>

#include "quant/packed.h"

static bool holds_any(const char *name, const char *const *parts)
{
    for (; *parts; parts++)
        if (strstr(name, *parts)) return true;
    return false;
}

int precision_bits(precision keep, const char *name, int rank, int cols)
{
    static const char *const tables[] = { "position_embedding", "token_type_embeddings", NULL };
    static const char *const finer[] = { ".value.",         ".v_proj.",
                                         ".out_proj.",      "attention.output.",
                                         "pooler.",         "classifier",
                                         "text_projection", "visual_projection",
                                         NULL };
    size_t length = strlen(name);
    bool weight = length >= 6 && strcmp(name + length - 6, "weight") == 0;
    if (keep == KEEP_AS_STORED || !weight || rank < 2 || holds_any(name, tables))
        return BITS_FLOAT;
    if (keep == QUANTIZE_Q8 || cols % PACKED_EIGHT) return 8;
    if (holds_any(name, finer) || cols % PACKED_GROUP) return 6;
    return 4;
}
