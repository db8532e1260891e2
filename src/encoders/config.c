#include "encoders/config.h"

#include <stdio.h>

bool transformer_config(transformer_shape *s, const cJSON *config, error *err)
{
    *s = (transformer_shape){ .layers = 12,
                              .hidden = 768,
                              .heads = 12,
                              .intermediate = 3072,
                              .act = ACTIVATION_GELU,
                              .eps = 1e-12f,
                              .qkv_bias = true };
    return transformer_config_with_defaults(s, config, err);
}

static bool heads_fit(const transformer_shape *s, const char *hidden, const char *heads, error *err)
{
    return s->hidden % s->heads == 0 ||
           fail(err, "config: \"%s\" %d is not a multiple of \"%s\" %d", hidden, s->hidden, heads,
                s->heads);
}

bool transformer_config_with_defaults(transformer_shape *s, const cJSON *config, error *err)
{
    double eps;
    const char *act = json_text(config, "hidden_act", NULL);
    if (!json_int(config, "hidden_size", s->hidden, 1, 1 << 13, &s->hidden, err) ||
        !json_int(config, "num_hidden_layers", s->layers, 0, 1 << 10, &s->layers, err) ||
        !json_int(config, "num_attention_heads", s->heads, 1, 1 << 10, &s->heads, err) ||
        !json_int(config, "intermediate_size", s->intermediate, 1, 1 << 16, &s->intermediate,
                  err) ||
        !json_number(config, "layer_norm_eps", (double)s->eps, 0, 1, &eps, err) ||
        (act && !activation_named(act, &s->act, err)))
        return false;
    s->qkv_bias = json_bool(config, "qkv_bias", s->qkv_bias);
    s->eps = (float)eps;
    return heads_fit(s, "hidden_size", "num_attention_heads", err);
}

bool whisper_config(transformer_shape *s, const cJSON *config, const char *side, error *err)
{
    char layers[32], heads[32], intermediate[32];
    snprintf(layers, sizeof layers, "%s_layers", side);
    snprintf(heads, sizeof heads, "%s_attention_heads", side);
    snprintf(intermediate, sizeof intermediate, "%s_ffn_dim", side);
    *s = (transformer_shape){
        .eps = 1e-5f, .pre_norm = true, .qkv_bias = true, .key_unbiased = true
    };
    return json_int(config, "d_model", 384, 1, 1 << 13, &s->hidden, err) &&
           json_int(config, layers, 4, 0, 1 << 10, &s->layers, err) &&
           json_int(config, heads, 6, 1, 1 << 10, &s->heads, err) &&
           json_int(config, intermediate, 1536, 1, 1 << 16, &s->intermediate, err) &&
           activation_named(json_text(config, "activation_function", "gelu"), &s->act, err) &&
           heads_fit(s, "d_model", heads, err);
}
