#include "quant/precision.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "quant/packed.h"

enum {
    FINER_LAYERS = 3,     /* the first ones, whose errors all later ones carry on */
    LEAST_CONVOLVED = 32, /* inputs of a convolution's output: depthwise ones have fewer */
};

static bool holds_any(const char *name, const char *const *parts)
{
    for (; *parts; parts++)
        if (strstr(name, *parts)) return true;
    return false;
}

/* The number of the layer in "encoder.layer.3.output" or "layer3.0.conv1", -1 where there is none. */
static int layer_of(const char *name)
{
    const char *layer = strstr(name, "layer");
    if (!layer) return -1;
    layer += strcspn(layer, ".0123456789");
    return *layer ? (int)strtol(layer + (*layer == '.'), NULL, 10) : -1;
}

int precision_bits(precision keep, const char *name, int rank, int cols)
{
    static const char *const tables[] = { "position_embedding", "embed_positions",
                                          "token_type_embeddings", NULL };
    static const char *const recurrent[] = { ".weight_ih_l", ".weight_hh_l", NULL };
    static const char *const first_of_head[] = { "pooler.", "classifier.0.", NULL };
    static const char *const finer[] = { ".value.",           ".v_proj.",     ".out_proj.",
                                         "attention.output.", "classifier",   "text_projection",
                                         "visual_projection", ".weight_hh_l", NULL };
    size_t length = strlen(name);
    bool weight = (length >= 6 && strcmp(name + length - 6, "weight") == 0) ||
                  holds_any(name, recurrent),
         depthwise = rank == 4 && cols < LEAST_CONVOLVED;
    if (keep == KEEP_AS_STORED || !weight || rank < 2 || cols > PACKED_MAX_COLS || depthwise ||
        holds_any(name, tables))
        return BITS_FLOAT;
    bool head = holds_any(name, first_of_head);
    if (keep == QUANTIZE_Q8) return head ? BITS_HALF : 8;
    if (head || cols % PACKED_EIGHT) return 8;
    if (holds_any(name, finer) || cols % PACKED_GROUP) return 6;
    int layer = layer_of(name);
    return layer >= 0 && layer < FINER_LAYERS ? 5 : 4;
}
