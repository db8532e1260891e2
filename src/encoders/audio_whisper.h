/* Whisper's encoder (Radford et al. 2022; Hugging Face WhisperEncoder): a log-mel spectrogram to one row
 * for every two of its frames. */
#ifndef VQA_ENCODERS_AUDIO_WHISPER_H
#define VQA_ENCODERS_AUDIO_WHISPER_H

#include <cjson/cJSON.h>

#include "nn/embedding.h"
#include "nn/transformer.h"

typedef struct {
    int mels, positions;  /* columns of a spectrogram; rows of the position table */
    linear first, second; /* convolutions over 3 frames: [hidden, 3 mels], [hidden, 3 hidden] */
    embedding position;   /* sinusoids, stored */
    transformer layers;
    norm final;
} audio_whisper;

/* Take the weights called "<prefix>conv1...", "<prefix>conv2...", "<prefix>embed_positions...",
 * "<prefix>layers...", "<prefix>layer_norm..." out of `w`; `config` is a WhisperConfig, missing keys have
 * its defaults. Give it back with audio_whisper_free(). */
bool audio_whisper_bind(audio_whisper *e, weights *w, const char *prefix, const cJSON *config,
                        error *err);
void audio_whisper_free(audio_whisper *e);

/* Rows that so many frames (at least 1) become: (frames + 1) / 2, at most `positions`. */
int audio_whisper_rows(const audio_whisper *e, int frames);

/* Encode a spectrogram [frames, mels]; frames beyond 2 * positions are not looked at, fewer have the
 * first positions.
 *   wanted  rows 1..audio_whisper_rows() of the result that are computed
 *   y       [audio_whisper_rows(), hidden], allocated by the caller: last_hidden_state */
void audio_whisper_encode(const compute *c, const audio_whisper *e, tensor spectrogram, int wanted,
                          tensor y, arena tmp);

/* Bytes of `tmp` that encoding so many frames needs. */
uint64_t audio_whisper_scratch(const audio_whisper *e, int frames);

#endif
