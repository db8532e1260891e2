/* Any speech encoder, by the "model_type" of its config: "whisper" (the encoder of one, the default),
 * "audio-spectrogram-transformer". */
#ifndef VQA_ENCODERS_SPEECH_H
#define VQA_ENCODERS_SPEECH_H

#include "encoders/audio_ast.h"
#include "encoders/audio_whisper.h"

typedef struct {
    bool patches; /* ast, not whisper: it takes `most` frames, no fewer */
    audio_whisper whisper;
    audio_ast ast;
    int hidden;       /* columns of its rows */
    int mels, most;   /* of a spectrogram: columns, and frames at most */
    char summary[32]; /* for people: "Whisper 4 x 128" */
} speech_encoder;

/* Take the weights called "<prefix>..." out of `w`. Give it back with speech_encoder_free(). */
bool speech_encoder_bind(speech_encoder *e, weights *w, const char *prefix, const cJSON *config,
                         error *err);
void speech_encoder_free(speech_encoder *e);

/* Rows that so many frames (1..most; AST: the feature extractor makes them `most`) become: one that stands
 * for the whole, and those of the sound. */
int speech_encoder_rows(const speech_encoder *e, int frames);

/* Encode a spectrogram [frames, mels]. y: [rows, hidden], allocated by the caller; the first is the mean
 * of the others, or AST's of its two special tokens. */
void speech_encoder_encode(const compute *c, const speech_encoder *e, tensor spectrogram, tensor y,
                           arena tmp);

/* Bytes of `tmp` that encoding so many frames needs. */
uint64_t speech_encoder_scratch(const speech_encoder *e, int frames);

#endif
