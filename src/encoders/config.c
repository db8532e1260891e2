#include "encoders/config.h"

bool transformer_config(transformer_shape *s, const cJSON *config, error *err)
{
    *s = (transformer_shape){ .qkv_bias = json_bool(config, "qkv_bias", true) };
    double eps;
    if (!json_int(config, "hidden_size", 768, 1, 1 << 13, &s->hidden, err) ||
        !json_int(config, "num_hidden_layers", 12, 0, 1 << 10, &s->layers, err) ||
        !json_int(config, "num_attention_heads", 12, 1, 1 << 10, &s->heads, err) ||
        !json_int(config, "intermediate_size", 3072, 1, 1 << 16, &s->intermediate, err) ||
        !json_number(config, "layer_norm_eps", 1e-12, 0, 1, &eps, err) ||
        !activation_named(json_text(config, "hidden_act", "gelu"), &s->act, err))
        return false;
    if (s->hidden % s->heads != 0)
        return fail(err,
                    "config: \"hidden_size\" %d is not a multiple of \"num_attention_heads\" %d",
                    s->hidden, s->heads);
    s->eps = (float)eps;
    return true;
}
