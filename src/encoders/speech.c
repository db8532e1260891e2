#include "encoders/speech.h"

#include <stdio.h>
#include <string.h>

#include "format/json.h"

static bool bind_whisper(speech_encoder *e, weights *w, const char *prefix, const cJSON *config,
                         error *err)
{
    if (!audio_whisper_bind(&e->whisper, w, prefix, config, err)) return false;
    const transformer_shape *s = &e->whisper.layers.shape;
    e->hidden = s->hidden;
    e->mels = e->whisper.mels;
    e->most = 2 * e->whisper.positions;
    snprintf(e->summary, sizeof e->summary, "Whisper %d x %d", s->layers, s->hidden);
    return true;
}

static bool bind_ast(speech_encoder *e, weights *w, const char *prefix, const cJSON *config,
                     error *err)
{
    e->patches = true;
    if (!audio_ast_bind(&e->ast, w, prefix, config, err)) return false;
    const transformer_shape *s = &e->ast.layers.shape;
    e->hidden = s->hidden;
    e->mels = e->ast.mels;
    e->most = e->ast.frames;
    snprintf(e->summary, sizeof e->summary, "AST %d x %d", s->layers, s->hidden);
    return true;
}

bool speech_encoder_bind(speech_encoder *e, weights *w, const char *prefix, const cJSON *config,
                         error *err)
{
    *e = (speech_encoder){ 0 };
    const char *type = json_text(config, "model_type", "whisper");
    if (strcmp(type, "whisper") == 0) return bind_whisper(e, w, prefix, config, err);
    if (strcmp(type, "audio-spectrogram-transformer") == 0)
        return bind_ast(e, w, prefix, config, err);
    return fail(err,
                "config: the speech encoder '%s' is not supported (supported: whisper, "
                "audio-spectrogram-transformer)",
                type);
}

void speech_encoder_free(speech_encoder *e)
{
    audio_whisper_free(&e->whisper);
    audio_ast_free(&e->ast);
}

int speech_encoder_rows(const speech_encoder *e, int frames)
{
    return e->patches ? audio_ast_rows(&e->ast) : 1 + audio_whisper_rows(&e->whisper, frames);
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
    if (e->patches) {
        audio_ast_encode(c, &e->ast, spectrogram, y.rows, y, tmp);
        audio_ast_pool(y);
        return;
    }
    tensor sound = tensor_rows(y, 1, y.rows - 1);
    audio_whisper_encode(c, &e->whisper, spectrogram, sound.rows, sound, tmp);
    mean(sound, tensor_rows(y, 0, 1));
}

uint64_t speech_encoder_scratch(const speech_encoder *e, int frames)
{
    return e->patches ? audio_ast_scratch(&e->ast) : audio_whisper_scratch(&e->whisper, frames);
}
