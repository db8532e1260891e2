/* Whisper (Radford et al. 2022; Hugging Face WhisperForConditionalGeneration): writes down what is said
 * in a window of sound, token by token. Config: a WhisperConfig, with what generation_config.json says in
 * "generation_config"; weights: "model.encoder.*", "model.decoder.*". The table of the words is the
 * output layer, too. */
#ifndef VQA_MODELS_WHISPER_H
#define VQA_MODELS_WHISPER_H

#include "encoders/audio_whisper.h"
#include "models/model.h"
#include "models/whisper_settings.h"
#include "nn/decoder.h"

extern const architecture whisper_architecture;

typedef struct {
    audio_whisper encoder;
    decoder decoder;
    linear words;       /* [vocabulary, hidden] */
    embedding position; /* [positions, hidden] */
    norm final;
    int positions; /* the longest text, with its prompt */
    whisper_settings settings;
} whisper;

/* A window of sound that is being written down. */
typedef struct {
    const compute *c;
    const whisper *w;
    decoder_cache cache;
    int rows;        /* tokens that whisper_next() takes at once, over all sequences */
    bool overflowed; /* a logit was no finite number */
    arena tmp;       /* what is behind the cache */
} whisper_hearing;

/* Room for the hearing of `sequences` texts, whisper_hearing_cost() bytes of an arena. */
whisper_hearing whisper_hearing_new(const compute *c, const whisper *w, int sequences, int rows,
                                    arena *a);
uint64_t whisper_hearing_cost(const whisper *w, int sequences, int rows);

/* Frames of a window. */
int whisper_window(const whisper *w);

/* Listen to the window that begins with the frame `first` of a spectrogram [frames, mels]; zeros follow
 * its end. No tokens are written yet. Shows "hidden_states" and "encoder_last_hidden_state". */
void whisper_listen(whisper_hearing *h, tensor spectrogram, int first);

/* Write the next tokens of the first `sequences` texts, as many of each (one, if there are several):
 * ids [sequences * tokens].
 *   logits  [sequences, vocabulary], allocated by the caller: what may follow
 * Shows "hidden_states" and "decoder_last_hidden_state". */
void whisper_next(whisper_hearing *h, const int *ids, int sequences, int tokens, tensor logits);

/* Write down a sound: its spectrogram [frames, mels], which is normed as a whole; `frames` of it are
 * sound, what is behind them may fill up a window. One window, or where there are more frames, window
 * after window as OpenAI's whisper does: each begins where the last timestamp of the one before says that
 * a segment ended. False, with a sentence, for options that the model doesn't know, without memory, and if it
 * was stopped. Give the transcript back with transcript_free(), also after a failure. */
bool whisper_transcribe(const compute *c, const model *m, tensor spectrogram, int frames,
                        const transcribe_options *options, transcript *out, error *err);

#endif
