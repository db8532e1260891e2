/* Audio Spectrogram Transformer (Gong, Chung and Glass 2021; Hugging Face ASTModel): a
 * spectrogram, cut into patches that overlap, to one row a patch, behind the rows of [CLS] and of
 * the distillation token. */
#ifndef VQA_ENCODERS_AUDIO_AST_H
#define VQA_ENCODERS_AUDIO_AST_H

#include <cjson/cJSON.h>

#include "nn/transformer.h"

typedef struct {
    int mels, frames;         /* of the spectrograms: those it was trained for, no others */
    int patch;                /* side, in mels and in frames */
    int mel_step, frame_step; /* from patch to patch */
    const float *special[2];  /* [hidden]: [CLS], distillation */
    const float *positions;   /* [rows, hidden] */
    linear projection;        /* of a patch: [mels, frames] -> hidden */
    transformer layers;
    norm final;
} audio_ast;

/* Take the weights called "<prefix>embeddings...", "<prefix>encoder.layer...",
 * "<prefix>layernorm..." out of `w`; `config` is an ASTConfig, missing keys have its defaults.
 * Give it back with audio_ast_free(). */
bool audio_ast_bind(audio_ast *a, weights *w, const char *prefix, const cJSON *config, error *err);
void audio_ast_free(audio_ast *a);

/* Rows that a spectrogram becomes: two and its patches. */
int audio_ast_rows(const audio_ast *a);

/* Encode a spectrogram [a->frames, a->mels]. y: [rows, hidden], allocated by the caller:
 * last_hidden_state, its first `wanted` rows: [CLS], distillation, then the patches, those of the
 * lowest mels first. */
void audio_ast_encode(const compute *c, const audio_ast *a, tensor spectrogram, int wanted,
                      tensor y, arena tmp);

/* Bytes of `tmp` that encoding needs. */
size_t audio_ast_scratch(const audio_ast *a);

/* pooler_output, the mean of the first two rows of y, in place of the first; they have to be
 * `wanted`. */
void audio_ast_pool(tensor y);

#endif
