#include "encoders/config.h"

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
    if (s->hidden % s->heads != 0)
        return fail(err,
                    "config: \"hidden_size\" %d is not a multiple of \"num_attention_heads\" %d",
                    s->hidden, s->heads);
    s->eps = (float)eps;
    return true;
}
