#include "models/whisper_settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/json.h"

enum { MAX_NAME = sizeof "<||>" + 15 }; /* of a language, whose code is kept in 16 bytes */

/* The object that has the key: the generation's, or else the model's. */
static const cJSON *holder(const cJSON *config, const char *key)
{
    const cJSON *generation = cJSON_GetObjectItemCaseSensitive(config, "generation_config");
    return cJSON_HasObjectItem(generation, key) ? generation : config;
}

static const cJSON *setting(const cJSON *config, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(holder(config, key), key);
}

static bool is_token(const whisper_settings *s, const cJSON *number)
{
    return cJSON_IsNumber(number) && number->valuedouble == number->valueint &&
           number->valueint >= 0 && number->valueint < s->vocabulary;
}

static bool token_setting(const whisper_settings *s, const cJSON *config, const char *key,
                          int missing, int *token, error *err)
{
    const cJSON *where = holder(config, key), *item = cJSON_GetObjectItemCaseSensitive(where, key);
    *token = missing;
    return !item || cJSON_IsNull(item) ||
           json_int(where, key, missing, 0, s->vocabulary - 1, token, err);
}

/* A list of tokens that are not to be chosen. */
static bool ban(whisper_settings *s, const cJSON *config, const char *key, uint8_t how, error *err)
{
    const cJSON *list = setting(config, key), *token;
    if (list && !cJSON_IsNull(list) && !cJSON_IsArray(list))
        return fail(err, "config: \"%s\" is not a list of tokens", key);
    cJSON_ArrayForEach(token, list)
    {
        if (cJSON_IsNumber(token) && token->valueint == -1) continue; /* OpenAI's "as usual" */
        if (!is_token(s, token))
            return fail(err, "config: \"%s\" names a token that is not one of 0 to %d", key,
                        s->vocabulary - 1);
        s->banned[token->valueint] |= how;
    }
    return true;
}

/* [[1, null], [2, 50359]]: place and token, in order from place 1 on. */
static bool read_forced(whisper_settings *s, const cJSON *config, error *err)
{
    static const char key[] = "forced_decoder_ids";
    const cJSON *list = setting(config, key), *pair;
    if (!list || cJSON_IsNull(list)) list = cJSON_GetObjectItemCaseSensitive(config, key);
    cJSON_ArrayForEach(pair, list)
    {
        const cJSON *place = cJSON_GetArrayItem(pair, 0), *token = cJSON_GetArrayItem(pair, 1);
        bool heard = s->forced_count == 0 && cJSON_IsNull(token);
        if (!cJSON_IsNumber(place) || place->valueint != s->forced_count + 1 ||
            !(heard || is_token(s, token)) || s->forced_count == WHISPER_MAX_PROMPT - 3)
            return fail(err, "config: \"%s\" has no place and token as entry %d", key,
                        s->forced_count);
        s->forced[s->forced_count++] = heard ? -1 : token->valueint;
    }
    return true;
}

/* lang_to_id and task_to_id: {"<|en|>": 50259, ...} */
static bool read_names(const whisper_settings *s, const cJSON *config, const char *key,
                       const cJSON **names, error *err)
{
    const cJSON *token;
    *names = setting(config, key);
    cJSON_ArrayForEach(token, *names) if (!token->string || !is_token(s, token)) return fail(
        err, "config: \"%s\" has no token for '%s'", key, token->string ? token->string : "");
    cJSON_ArrayForEach(token, *names) if (strlen(token->string) >= MAX_NAME) return fail(
        err, "config: \"%s\" names '%s', of more than %d bytes", key, token->string, MAX_NAME - 1);
    if (!cJSON_IsObject(*names) || cJSON_GetArraySize(*names) == 0) *names = NULL;
    return true;
}

bool whisper_settings_read(whisper_settings *s, const cJSON *config, int vocabulary, int positions,
                           error *err)
{
    *s = (whisper_settings){ .vocabulary = vocabulary };
    s->banned = calloc((size_t)vocabulary, 1);
    if (!s->banned) return fail_memory(err, "not enough memory for %d tokens", vocabulary);
    if (!token_setting(s, config, "decoder_start_token_id", 50257, &s->start, err) ||
        !token_setting(s, config, "eos_token_id", 50256, &s->end, err) ||
        !token_setting(s, config, "no_timestamps_token_id", -1, &s->no_timestamps, err) ||
        !token_setting(s, config, "max_initial_timestamp_index", -1, &s->max_initial, err) ||
        !json_int(holder(config, "max_length"), "max_length", positions, 1, 1 << 20, &s->max_length,
                  err) ||
        !ban(s, config, "suppress_tokens", WHISPER_BANNED, err) ||
        !ban(s, config, "begin_suppress_tokens", WHISPER_BANNED_FIRST, err) ||
        !read_forced(s, config, err) || !read_names(s, config, "lang_to_id", &s->languages, err) ||
        !read_names(s, config, "task_to_id", &s->tasks, err))
        return false;
    if (s->start >= vocabulary || s->end >= vocabulary)
        return fail(err, "config: the tokens that start and end a text are %d and %d, of %d",
                    s->start, s->end, vocabulary);
    if (s->no_timestamps == 0 || s->no_timestamps >= vocabulary - 1 || s->no_timestamps == s->start)
        return fail(err, "config: \"no_timestamps_token_id\" is %d, but timestamps come behind it",
                    s->no_timestamps);
    if (s->max_length > positions) s->max_length = positions;
    return true;
}

void whisper_settings_free(whisper_settings *s)
{
    free(s->banned);
    s->banned = NULL;
}

/* The token that `names` has for a name, -1 if it has none. */
static int named(const cJSON *names, const char *name)
{
    const cJSON *token = cJSON_GetObjectItemCaseSensitive(names, name);
    return token ? token->valueint : -1;
}

static bool holds(const cJSON *names, const int *prompt, int count)
{
    const cJSON *token;
    cJSON_ArrayForEach(token, names) for (int i = 0; i < count;
                                          i++) if (prompt[i] == token->valueint) return true;
    return false;
}

int whisper_prompt(const whisper_settings *s, const transcribe_options *o, bool timestamps,
                   int *prompt, error *err)
{
    int count = 0;
    prompt[count++] = s->start;
    if (!o->language && !o->task)
        for (int i = 0; i < s->forced_count; i++)
            if (s->forced[i] >= 0 || s->languages) prompt[count++] = s->forced[i];
    if (o->language) {
        char name[32];
        snprintf(name, sizeof name, "<|%.20s|>", o->language);
        if ((prompt[count++] = named(s->languages, name)) < 0)
            return fail(err,
                        s->languages ? "the model doesn't know the language '%s'"
                                     : "the model knows one language only, '%s' can't be chosen",
                        o->language);
    } else if (s->languages && count == 1) {
        prompt[count++] = -1;
    }
    if (o->task && !s->tasks && strcmp(o->task, "transcribe") != 0)
        return fail(err, "the model can't %s, it transcribes only", o->task);
    if (s->tasks && !holds(s->tasks, prompt, count)) {
        int task = named(s->tasks, o->task ? o->task : "transcribe");
        if (task < 0)
            return fail(err, "the model doesn't know the task '%s'",
                        o->task ? o->task : "transcribe");
        prompt[count++] = task;
    }
    bool without = s->no_timestamps >= 0 && prompt[count - 1] == s->no_timestamps;
    if (timestamps && without) count--;
    if (!timestamps && !without && s->no_timestamps >= 0) prompt[count++] = s->no_timestamps;
    return count;
}

void whisper_language(const whisper_settings *s, int token, char code[16])
{
    const cJSON *language;
    code[0] = 0;
    cJSON_ArrayForEach(language, s->languages) if (language->valueint == token &&
                                                   strncmp(language->string, "<|", 2) == 0)
        snprintf(code, 16, "%.*s", (int)strcspn(language->string + 2, "|"), language->string + 2);
}
