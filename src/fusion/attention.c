/* One multi-head self-attention over the rows of all modalities, z = [text; image]:
 *     h = LayerNorm(z + MHA(z, z, z)), eps 1e-5
 *     logits = head(h[0]), or head(mean of h over the unmasked rows)
 * MHA is torch.nn.MultiheadAttention: in_proj holds the rows of q, k and v. */
#include "fusion/fusion.h"

#include <string.h>

#include "nn/attention.h"

static bool bind(fusion *f, weights *w, const cJSON *config, error *err)
{
    int hidden = f->hidden;
    f->blocks = 1;
    if (!fusion_heads(f, config, &f->heads, err)) return false;
    return linear_bind_named(&f->in_projection, w, "fusion.attn.in_proj_weight",
                             "fusion.attn.in_proj_bias", hidden, 3 * hidden,
                             SHAPE(3 * hidden, hidden), err) &&
           linear_bind(&f->out_projection, w, "fusion.attn.out_proj", hidden, hidden, true, err) &&
           norm_bind(&f->norm, w, "fusion.norm", hidden, 1e-5f, err) &&
           fusion_head_bind(f, w, hidden, err);
}

/* The columns of q, k or v (part 0, 1, 2) as a matrix of their own. */
static void take_part(tensor qkv, int part, tensor to)
{
    for (int r = 0; r < to.rows; r++)
        memcpy(tensor_row(to, r), tensor_row(qkv, r) + part * to.cols,
               (size_t)to.cols * sizeof(float));
}

/* Mean of the rows that the mask (NULL: all) shows. */
static void mean(tensor h, const uint8_t *mask, tensor fused)
{
    int shown = 0;
    memset(fused.data, 0, (size_t)fused.cols * sizeof(float));
    for (int r = 0; r < h.rows; r++) {
        if (mask && !mask[r]) continue;
        shown++;
        for (int i = 0; i < h.cols; i++) fused.data[i] += tensor_row(h, r)[i];
    }
    for (int i = 0; i < h.cols; i++) fused.data[i] /= (float)shown;
}

static void fuse(const compute *c, const fusion *f, const fusion_input *x, tensor logits, arena tmp)
{
    tensor z = fusion_sequence(f->count, x, &tmp);
    const uint8_t *mask = fusion_sequence_mask(f->count, x, &tmp);
    tensor qkv = tensor_new(&tmp, z.rows, 3 * f->hidden), part[3];
    nn_linear(c, &f->in_projection, z, qkv, tmp);
    for (int i = 0; i < 3; i++) {
        part[i] = tensor_new(&tmp, z.rows, f->hidden);
        take_part(qkv, i, part[i]);
    }
    tensor mixed = tensor_new(&tmp, z.rows, f->hidden), projected = part[0];
    nn_attention(c, f->heads, part[0], part[1], part[2], mask, false, mixed, tmp);
    nn_linear(c, &f->out_projection, mixed, projected, tmp); /* the queries are no longer needed */
    c->k->add(z.data, projected.data, (size_t)z.rows * (size_t)z.cols);
    nn_norm(c, &f->norm, z, z);
    compute_show(c, "token_states", 0, z);
    tensor fused = tensor_rows(z, 0, 1);
    if (f->kind == &fusion_token_attention_mean) {
        fused = tensor_rows(mixed, 0, 1);
        mean(z, mask, fused);
        if (c->rollout) c->rollout->mean = true;
    }
    compute_show(c, "fused", 0, fused);
    nn_classifier(c, &f->head, fused, logits, tmp);
}

static uint64_t scratch(const fusion *f, int rows)
{
    return 5 * tensor_cost(rows, f->hidden) + tensor_cost(rows, 3 * f->hidden) +
           arena_cost((uint64_t)rows, 1) + attention_scratch(f->heads, rows, rows, f->hidden) +
           linear_scratch(rows, f->hidden) + classifier_scratch(&f->head);
}

const fusion_kind fusion_token_attention_cls = { "token_attention_cls", true, bind, fuse, scratch };
const fusion_kind fusion_token_attention_mean = { "token_attention_mean", true, bind, fuse,
                                                  scratch };
