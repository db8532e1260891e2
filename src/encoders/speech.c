#include "encoders/speech.h"

#include <stdio.h>
#include <string.h>

#include "format/json.h"

bool speech_encoder_bind(speech_encoder *e, weights *w, const char *prefix, const cJSON *config,
                         error *err)
{
    *e = (speech_encoder){ 0 };
    const char *type = json_text(config, "model_type", "whisper");
    if (strcmp(type, "whisper") != 0)
        return fail(err, "config: the speech encoder '%s' is not supported (supported: whisper)",
                    type);
    if (!audio_whisper_bind(&e->whisper, w, prefix, config, err)) return false;
    const transformer_shape *s = &e->whisper.layers.shape;
    e->hidden = s->hidden;
    e->mels = e->whisper.mels;
    e->most = 2 * e->whisper.positions;
    snprintf(e->summary, sizeof e->summary, "Whisper %d x %d", s->layers, e->hidden);
    return true;
}

void speech_encoder_free(speech_encoder *e) { audio_whisper_free(&e->whisper); }

int speech_encoder_rows(const speech_encoder *e, int frames)
{
    return 1 + audio_whisper_rows(&e->whisper, frames);
}

/* to = the mean of the rows of y: [1, hidden] */
static void mean(tensor y, tensor to)
{
    memset(to.data, 0, (size_t)to.cols * sizeof(float));
    for (int r = 0; r < y.rows; r++)
        for (int i = 0; i < y.cols; i++) to.data[i] += tensor_row(y, r)[i];
    for (int i = 0; i < y.cols; i++) to.data[i] /= (float)y.rows;
}

void speech_encoder_encode(const compute *c, const speech_encoder *e, tensor spectrogram, tensor y,
                           arena tmp)
{
    tensor sound = tensor_rows(y, 1, y.rows - 1);
    audio_whisper_encode(c, &e->whisper, spectrogram, sound.rows, sound, tmp);
    mean(sound, tensor_rows(y, 0, 1));
}

size_t speech_encoder_scratch(const speech_encoder *e, int frames)
{
    return audio_whisper_scratch(&e->whisper, frames);
}
