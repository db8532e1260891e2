/* Pre-norm transformer blocks over the rows of all modalities, one behind the other, z = [text; image], then
 * logits = head(LayerNorm(z)[0]): self-attention over the fused sequence, several layers deep. */
#include "format/json.h"
#include "fusion/fusion.h"

static bool bind(fusion *f, weights *w, const cJSON *config, error *err)
{
    transformer_shape s = { .hidden = f->hidden, .pre_norm = true, .qkv_bias = true };
    double eps;
    if (!json_int(config, "fusion_num_hidden_layers", 0, 1, 1 << 10, &s.layers, err) ||
        !fusion_heads(f, config, &f->heads, err) ||
        !json_int(config, "fusion_intermediate_size", 0, 1, 1 << 16, &s.intermediate, err) ||
        !json_number(config, "fusion_layer_norm_eps", 1e-12, 0, 1, &eps, err) ||
        !activation_named(json_text(config, "fusion_hidden_act", "gelu"), &s.act, err))
        return false;
    s.heads = f->heads;
    f->blocks = s.layers;
    s.eps = (float)eps;
    return transformer_bind(&f->layers, &s, w, "fusion.layers.", &transformer_vit_names, err) &&
           norm_bind(&f->norm, w, "fusion.norm", f->hidden, s.eps, err) &&
           fusion_head_bind(f, w, f->hidden, err);
}

static void fuse(const compute *c, const fusion *f, const fusion_input *x, tensor logits, arena tmp)
{
    tensor z = fusion_sequence(f->count, x, &tmp), fused = tensor_rows(z, 0, 1);
    const uint8_t *mask = fusion_sequence_mask(f->count, x, &tmp);
    nn_transformer(c, &f->layers, z, mask, 1, tmp);
    nn_norm(c, &f->norm, fused, fused);
    compute_show(c, "fused", 0, fused);
    nn_classifier(c, &f->head, fused, logits, tmp);
}

static uint64_t scratch(const fusion *f, int rows)
{
    return tensor_cost(rows, f->hidden) + arena_cost((uint64_t)rows, 1) +
           transformer_scratch(&f->layers.shape, rows) + classifier_scratch(&f->head);
}

const fusion_kind fusion_token_transformer_cls = { "token_transformer_cls", true, bind, fuse,
                                                   scratch };
