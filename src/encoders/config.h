/* The keys that the configurations of all transformer encoders share. */
#ifndef VQA_ENCODERS_CONFIG_H
#define VQA_ENCODERS_CONFIG_H

#include "format/json.h"
#include "nn/transformer.h"

/* hidden_size, num_hidden_layers, num_attention_heads, intermediate_size, hidden_act,
 * layer_norm_eps, qkv_bias; missing keys have the defaults of BertConfig and ViTConfig. `pre_norm`
 * is left false. */
bool transformer_config(transformer_shape *shape, const cJSON *config, error *err);

/* The same, where missing keys have the values that *shape comes with. */
bool transformer_config_with_defaults(transformer_shape *shape, const cJSON *config, error *err);

/* The same for Whisper's `side`, "encoder" or "decoder": d_model, <side>_layers,
 * <side>_attention_heads, <side>_ffn_dim, activation_function; missing keys have WhisperConfig's
 * defaults. Pre-norm. */
bool whisper_config(transformer_shape *shape, const cJSON *config, const char *side, error *err);

#endif
