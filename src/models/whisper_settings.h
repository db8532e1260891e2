/* How Whisper generates: what generation_config.json says (in packs: the config's object
 * "generation_config"), and config.json where that has no such key. */
#ifndef VQA_MODELS_WHISPER_SETTINGS_H
#define VQA_MODELS_WHISPER_SETTINGS_H

#include <cjson/cJSON.h>
#include <stdint.h>

#include "core/error.h"
#include "models/transcript.h"

enum { WHISPER_MAX_PROMPT = 16 };

typedef struct {
    int vocabulary;
    int start, end;    /* decoder_start_token_id, eos_token_id */
    int no_timestamps; /* its token, behind which the timestamps begin; -1: the model has none */
    int max_initial;   /* max_initial_timestamp_index; -1: any */
    int max_length;    /* of prompt and text together */
    uint8_t *banned;   /* [vocabulary], owned: see whisper_ban */
    int forced_count;  /* tokens behind `start` */
    int forced[WHISPER_MAX_PROMPT]; /* forced_decoder_ids; -1: the language that is heard */
    const cJSON *languages, *tasks; /* lang_to_id, task_to_id: of the config; or NULL */
} whisper_settings;

enum { WHISPER_BANNED = 1, WHISPER_BANNED_FIRST = 2 }; /* suppress_tokens, begin_suppress_tokens */

/* Read the settings from a config, which has to live longer than they. positions:
 * max_target_positions, which max_length is not above. Give them back with whisper_settings_free(). */
bool whisper_settings_read(whisper_settings *s, const cJSON *config, int vocabulary, int positions,
                           error *err);
void whisper_settings_free(whisper_settings *s);

/* What stands before the text for these options, timestamps or not: prompt [WHISPER_MAX_PROMPT], with
 * -1 in the place of the language that is to be heard. Returns how many; 0 and a sentence for what the
 * model does not know. As WhisperForConditionalGeneration.generate(), but where neither options nor
 * settings name a task it is "transcribe". */
int whisper_prompt(const whisper_settings *s, const transcribe_options *o, bool timestamps,
                   int *prompt, error *err);

/* The code of a language's token ("en" of "<|en|>"), "" if it is none. */
void whisper_language(const whisper_settings *s, int token, char code[16]);

#endif
