/* From samples to the spectrogram a speech encoder takes: the feature extractors of Hugging Face,
 * from their preprocessor_config.json. */
#ifndef VQA_AUDIO_FEATURE_EXTRACTOR_H
#define VQA_AUDIO_FEATURE_EXTRACTOR_H

#include <cjson/cJSON.h>

#include "audio/mel.h"
#include "core/tensor.h"

typedef struct {
    mel_scale scale; /* MEL_SLANEY: Whisper's, MEL_KALDI: AST's */
    int rate;        /* that the sound must have, samples a second */
    int mels;        /* filters: values of a frame */
    int window, hop; /* samples that a frame looks at, and from frame to frame */
    int n;           /* size of the Fourier transform */
    int frames;      /* of a whole chunk (Whisper, 30 s), or of any sound (AST's max_length) */
    float mean, std; /* AST: x becomes (x - mean) / (2 std); 0 and 0.5 if do_normalize is false */
} feature_extractor;

/* Read a preprocessor_config.json. The class, "feature_extractor_type", is
 *   - WhisperFeatureExtractor: feature_size (80), sampling_rate (16000), hop_length (160, at least n_fft / 8),
 *     chunk_length (30 s), n_fft (400: 2^a 3^b 5^c);
 *   - ASTFeatureExtractor: num_mel_bins (128), sampling_rate (16000), max_length (1024),
 *     do_normalize, mean (-4.2677393), std (4.5689974); frames of 25 ms every 10.
 * Other keys are ignored; "mel_filters" too, which are computed. False, naming key and value, for
 * a value beyond reason and for other classes. */
bool feature_extractor_parse(feature_extractor *f, const cJSON *json, error *err);

/* Frames for a sound of `count` samples (1 to SOUND_MAX_SAMPLES) that is not filled up to a whole
 * chunk: Whisper's ceil(count / hop); AST's always f->frames. */
int feature_extractor_frames(const feature_extractor *f, size_t count);

/* The log-mel spectrogram of samples of the rate f->rate.
 *   y    [frames, f->mels], as many frames as the caller wants; zeros follow the samples
 *   tmp  feature_extractor_scratch() bytes
 * Whisper: frame t looks at window / 2 samples on both sides of t * hop, the sound being mirrored
 * at its begin; log10, not less than the largest value of y - 8, (x + 4) / 4. With y.rows ==
 * f->frames the sound ends with the chunk and is mirrored there too, which is the reference to the
 * last frame (padded or truncated to chunk_length). Fewer frames (short sounds) or more (long
 * ones, as OpenAI's whisper has them) see what follows.
 * AST: frame t begins at t * hop (Kaldi's fbank with a Hann window, no dither), and where no whole
 * frame is left the values are zeros before they are normalised, as in the reference. */
void feature_extractor_run(const feature_extractor *f, const float *samples, size_t count, tensor y,
                           arena tmp);
uint64_t feature_extractor_scratch(const feature_extractor *f);

#endif
