#include "format/folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/build.h"
#include "core/utf8.h"
#include "format/json.h"
#include "format/vocabulary_json.h"

#define PYTORCH                                                                                    \
    "weights in pytorch_model.bin can't be read (it is a program): take a revision of the model "  \
    "that has safetensors"

enum { MAX_TEXT = 64 << 20 }; /* bytes of a file that is held as a whole */

/* The files in the order in which they are wanted. */
typedef enum {
    CONFIG,
    PREPROCESSOR,
    CARD,
    TOKENIZER_CONFIG,
    VOCAB_TXT,
    VOCAB_JSON,
    MERGES_TXT,
    TOKENIZER_JSON,
    ADDED_TOKENS,
    GENERATION,
    WEIGHTS,
    INDEX,
    SHARD,
    NOTHING,
    REFUSED, /* no file may be missing that leads here */
} place;

struct folder {
    pack_settings settings;
    place at;
    char *text; /* of the wanted file, as far as it has arrived */
    size_t size, room;
    char **shards; /* names, in order */
    int shard, shard_count;
};

folder *folder_new(const char *name, size_t size, error *err)
{
    folder *f = calloc(1, sizeof *f);
    if (f) {
        f->settings.name = strndup(name, size);
        f->settings.licence = strdup("");
        f->settings.labels = cJSON_CreateArray();
        if (f->settings.name && f->settings.licence && f->settings.labels) return f;
    }
    folder_free(f);
    fail_memory(err, "not enough memory for a model");
    return NULL;
}

void folder_free(folder *f)
{
    if (!f) return;
    for (int i = 0; i < f->shard_count; i++) free(f->shards[i]);
    free(f->shards);
    free(f->text);
    pack_settings_free(&f->settings);
    free(f);
}

pack_settings *folder_settings(folder *f) { return &f->settings; }

bool folder_wants_weights(const folder *f) { return f->at == WEIGHTS || f->at == SHARD; }

bool folder_take(folder *f, const uint8_t *bytes, size_t size, error *err)
{
    if (size > MAX_TEXT - f->size)
        return fail(err, "%s has more than %d bytes", folder_wanted(f), MAX_TEXT);
    if (f->size + size >= f->room) { /* one byte more, for the end of the text */
        size_t room = 2 * (f->size + size) + 1;
        char *larger = realloc(f->text, room);
        if (!larger)
            return fail_memory(err, "not enough memory for %s (%zu bytes)", folder_wanted(f), room);
        f->text = larger;
        f->room = room;
    }
    if (size) memcpy(f->text + f->size, bytes, size);
    f->size += size;
    return true;
}

/* ---- what each file means ---- */

static cJSON *parse(const folder *f, error *err)
{
    return json_object(f->text, f->size, folder_wanted(f), err);
}

/* id2label {"0": "yes", ...} becomes an array in order. */
static bool take_labels(folder *f, error *err)
{
    cJSON *config = f->settings.config;
    cJSON_DeleteItemFromObjectCaseSensitive(config, "label2id");
    cJSON *names = cJSON_DetachItemFromObjectCaseSensitive(config, "id2label");
    int count = cJSON_GetArraySize(names);
    char **label = calloc((size_t)count + 1, sizeof *label);
    bool ok = label || fail_memory(err, "not enough memory for %d labels", count);
    const cJSON *entry;
    if (ok) cJSON_ArrayForEach(entry, names)
        {
            char *end;
            const char *key = entry->string ? entry->string : "";
            long i = strtol(key, &end, 10);
            if (end == key || *end || i < 0 || i >= count || label[i] || !cJSON_IsString(entry)) {
                ok = fail(err, "config.json: id2label has no text for each of 0 to %d ('%s')",
                          count - 1, key);
                break;
            }
            label[i] = entry->valuestring;
        }
    for (int i = 0; i < count && ok; i++)
        ok = json_append(f->settings.labels, cJSON_CreateString(label[i])) ||
             fail_memory(err, "not enough memory for %d labels", count);
    ok = ok && pack_labels_valid(f->settings.labels, err);
    if (ok && count && !cJSON_HasObjectItem(config, "num_labels"))
        ok = cJSON_AddNumberToObject(config, "num_labels", count) ||
             fail_memory(err, "not enough memory for %d labels", count);
    free(label);
    cJSON_Delete(names);
    return ok;
}

static bool take_config(folder *f, error *err)
{
    return (f->settings.config = parse(f, err)) && take_labels(f, err);
}

static bool take_preprocessor(folder *f, error *err)
{
    f->settings.preprocessor = parse(f, err);
    cJSON_DeleteItemFromObjectCaseSensitive(f->settings.preprocessor, "mel_filters"); /* computed */
    return f->settings.preprocessor != NULL;
}

/* The line "license: ..." of the front matter of README.md (between lines of three dashes). */
static bool take_card(folder *f, error *err)
{
    const char *line = f->text, key[] = "license:";
    if (strncmp(line, "---", 3) != 0) return true;
    while ((line = strchr(line, '\n')) && strncmp(line + 1, "---", 3) != 0) {
        line++;
        if (strncmp(line, key, sizeof key - 1) != 0) continue;
        line += sizeof key - 1;
        line += strspn(line, " \t\"'");
        size_t length = strcspn(line, "\r\n\"'");
        if (utf8_valid(line, length) < length) return true;
        for (size_t i = 0; i < length; i++)
            if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f) return true;
        char *licence = strndup(line, length);
        if (!licence) return fail_memory(err, "not enough memory for the licence");
        free(f->settings.licence);
        f->settings.licence = licence;
        return true;
    }
    return true;
}

static bool take_tokenizer_config(folder *f, error *err)
{
    return (f->settings.tokenizer = parse(f, err));
}

static bool is_type(const folder *f, const char *type)
{
    return strcmp(json_text(f->settings.config, "model_type", ""), type) == 0;
}

static bool is_whisper(const folder *f) { return VQA_FULL && is_type(f, "whisper"); }

/* What tokenizer_config.json may leave open: the class, which the model's type tells. */
static bool name_tokenizer(folder *f, error *err)
{
    pack_settings *s = &f->settings;
    if (!s->tokenizer) s->tokenizer = cJSON_CreateObject();
    if (json_text(s->tokenizer, "tokenizer_class", NULL)) return true;
    cJSON_DeleteItemFromObjectCaseSensitive(s->tokenizer, "tokenizer_class");
    return cJSON_AddStringToObject(s->tokenizer, "tokenizer_class",
                                   VQA_FULL && is_type(f, "clip") ? "CLIPTokenizer"
                                   : is_whisper(f)                ? "WhisperTokenizer"
                                                                  : "BertTokenizer") ||
           fail_memory(err, "not enough memory for the tokenizer");
}

static bool is_wordpiece(const folder *f)
{
    return strncmp(json_text(f->settings.tokenizer, "tokenizer_class", ""), "BertTokenizer", 13) ==
           0;
}

static bool add_lines(folder *f, const char *key, const char *lines, size_t size, error *err)
{
    if (strlen(lines) != size) return fail(err, "%s holds a zero byte", folder_wanted(f));
    cJSON_DeleteItemFromObjectCaseSensitive(f->settings.tokenizer, key);
    return cJSON_AddStringToObject(f->settings.tokenizer, key, lines) ||
           fail_memory(err, "not enough memory for %s", folder_wanted(f));
}

static bool take_vocab_txt(folder *f, error *err)
{
    return add_lines(f, "vocab", f->text, f->size, err);
}

static bool take_merges_txt(folder *f, error *err)
{
    return add_lines(f, "merges", f->text, f->size, err);
}

static bool add_vocabulary(folder *f, const cJSON *vocabulary, error *err)
{
    size_t size;
    char *lines = vocabulary_lines(vocabulary, &size, err);
    bool ok = lines && add_lines(f, "vocab", lines, size, err);
    free(lines);
    return ok;
}

static bool take_vocab_json(folder *f, error *err)
{
    size_t values = json_values(f->text, f->size);
    if (values > VOCABULARY_JSON_MAX + 1)
        return fail(err, "vocab.json has %zu tokens, at most %d are taken", values - 1,
                    VOCABULARY_JSON_MAX);
    cJSON *vocabulary = parse(f, err);
    bool ok = vocabulary && add_vocabulary(f, vocabulary, err);
    cJSON_Delete(vocabulary);
    return ok;
}

/* Tokens behind those of vocab.json, {token: id}. */
static bool add_tokens(folder *f, const cJSON *added, error *err)
{
    size_t size;
    char *lines =
        vocabulary_append(json_text(f->settings.tokenizer, "vocab", ""), added, &size, err);
    bool ok = lines && add_lines(f, "vocab", lines, size, err);
    free(lines);
    return ok;
}

static bool take_added_tokens(folder *f, error *err)
{
    cJSON *added = parse(f, err);
    bool ok = added && add_tokens(f, added, err);
    cJSON_Delete(added);
    return ok;
}

/* The number that a key is, -1 where it is none. */
static double number_in(const char *key)
{
    char *end = NULL;
    double number = key ? strtod(key, &end) : -1;
    return key && *key && *end == 0 ? number : -1;
}

/* The same as newer files have them: in tokenizer.json [{"id", "content"}, ...], in tokenizer_config.json
 * {id: {"content"}, ...}. */
static bool add_described(folder *f, const cJSON *list, error *err)
{
    cJSON *added = cJSON_CreateObject();
    const cJSON *token;
    bool ok = added || fail_memory(err, "not enough memory for the vocabulary");
    cJSON_ArrayForEach(token, list)
    {
        const cJSON *id = cJSON_GetObjectItemCaseSensitive(token, "id");
        const char *text = json_text(token, "content", NULL);
        double number = id ? cJSON_GetNumberValue(id) : number_in(token->string);
        if (ok && !text) ok = fail(err, "the vocabulary: an added token has no \"content\"");
        if (ok && !cJSON_AddNumberToObject(added, text, number))
            ok = fail_memory(err, "not enough memory for the vocabulary");
    }
    ok = ok && add_tokens(f, added, err);
    cJSON_Delete(added);
    return ok;
}

static bool take_generation(folder *f, error *err)
{
    static const char key[] = "generation_config";
    cJSON *generation = parse(f, err);
    if (!generation) return false;
    cJSON_DeleteItemFromObjectCaseSensitive(f->settings.config, key);
    return json_put(f->settings.config, key, generation) ||
           fail_memory(err, "not enough memory for generation_config.json");
}

/* tokenizer.json: {"model": {"vocab": {...}, "merges": ["a b", ...] or [["a", "b"], ...]}}. */
static bool add_merges(folder *f, const cJSON *merges, error *err)
{
    size_t size = 1, at = 0;
    const cJSON *merge;
    if (!cJSON_IsArray(merges) || !merges->child)
        return fail(err, "tokenizer.json has no list \"merges\" in its \"model\"");
    cJSON_ArrayForEach(merge, merges) for (int i = 0; i < 2; i++)
    {
        const cJSON *part = cJSON_IsArray(merge) ? cJSON_GetArrayItem(merge, i) : merge;
        if (!cJSON_IsString(part)) return fail(err, "tokenizer.json: a merge is not a text");
        size += strlen(part->valuestring) + 1;
    }
    char *lines = malloc(size);
    if (!lines) return fail_memory(err, "not enough memory for the merges");
    lines[0] = 0;
    cJSON_ArrayForEach(merge, merges)
    {
        const char *first = cJSON_IsArray(merge) ? merge->child->valuestring : merge->valuestring,
                   *second = cJSON_IsArray(merge) ? merge->child->next->valuestring : "";
        at +=
            (size_t)snprintf(lines + at, size - at, *second ? "%s %s\n" : "%s%s\n", first, second);
    }
    bool ok = add_lines(f, "merges", lines, at, err);
    free(lines);
    return ok;
}

static bool take_tokenizer_json(folder *f, error *err)
{
    cJSON *json = parse(f, err);
    const cJSON *model = cJSON_GetObjectItemCaseSensitive(json, "model"),
                *normalizer = cJSON_GetObjectItemCaseSensitive(json, "normalizer"),
                *vocabulary = cJSON_GetObjectItemCaseSensitive(model, "vocab"),
                *lowercase = cJSON_GetObjectItemCaseSensitive(normalizer, "lowercase");
    bool ok = json &&
              (cJSON_IsObject(vocabulary) ||
               fail(err, "tokenizer.json has no \"vocab\" in its \"model\"")) &&
              add_vocabulary(f, vocabulary, err) &&
              (!VQA_FULL || is_wordpiece(f) ||
               add_merges(f, cJSON_GetObjectItemCaseSensitive(model, "merges"), err)) &&
              (!is_whisper(f) ||
               add_described(f, cJSON_GetObjectItemCaseSensitive(json, "added_tokens"), err));
    if (ok && cJSON_IsBool(lowercase) &&
        !cJSON_HasObjectItem(f->settings.tokenizer, "do_lower_case"))
        ok = cJSON_AddBoolToObject(f->settings.tokenizer, "do_lower_case",
                                   cJSON_IsTrue(lowercase)) ||
             fail_memory(err, "not enough memory for the tokenizer");
    cJSON_Delete(json);
    return ok;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* {"weight_map": {tensor: file, ...}}: each file once. */
static bool take_index(folder *f, error *err)
{
    cJSON *json = parse(f, err);
    const cJSON *map = cJSON_GetObjectItemCaseSensitive(json, "weight_map"), *file;
    int entries = cJSON_GetArraySize(map), distinct = 0;
    char **names = calloc((size_t)entries + 1, sizeof *names);
    bool ok = json && (names || fail_memory(err, "not enough memory for the weight_map"));
    int count = 0;
    if (ok && !cJSON_IsObject(map)) ok = fail(err, "%s has no weight_map", folder_wanted(f));
    if (ok) cJSON_ArrayForEach(file, map)
        {
            const char *name = cJSON_GetStringValue(file);
            if (name && strstr(name, "pytorch_model")) {
                ok = fail(err, "%s lists '%s'; " PYTORCH, folder_wanted(f), name);
                break;
            }
            if (!name || strchr(name, '/') || strchr(name, '\\') || !*name || *name == '.') {
                ok = fail(err, "%s: the file of tensor '%s' is '%s', expected a name",
                          folder_wanted(f), file->string, name ? name : "no text");
                break;
            }
            names[count++] = file->valuestring;
        }
    if (ok && !count) ok = fail(err, "%s has no weight_map", folder_wanted(f));
    if (ok) {
        qsort(names, (size_t)count, sizeof *names, compare_texts);
        for (int i = 0; i < count; i++)
            if (i == 0 || strcmp(names[i], names[i - 1]) != 0) names[distinct++] = names[i];
        f->shards = calloc((size_t)distinct, sizeof *f->shards);
        ok = f->shards || fail_memory(err, "not enough memory for the weight_map");
        for (int i = 0; i < distinct && ok; i++, f->shard_count++) {
            f->shards[i] = strdup(names[i]);
            ok = f->shards[i] || fail_memory(err, "not enough memory for the weight_map");
        }
    }
    free(names);
    cJSON_Delete(json);
    return ok;
}

/* ---- which comes next ---- */

static const struct {
    const char *name;
    bool (*take)(folder *f, error *err); /* NULL: weights */
    place there, missing;
} files[] = {
    [CONFIG] = { "config.json", take_config, PREPROCESSOR, REFUSED },
    [PREPROCESSOR] = { "preprocessor_config.json", take_preprocessor, CARD, REFUSED },
    [CARD] = { "README.md", take_card, TOKENIZER_CONFIG, TOKENIZER_CONFIG },
    [TOKENIZER_CONFIG] = { "tokenizer_config.json", take_tokenizer_config, VOCAB_TXT, VOCAB_TXT },
    [VOCAB_TXT] = { "vocab.txt", take_vocab_txt, WEIGHTS, TOKENIZER_JSON },
    [VOCAB_JSON] = { "vocab.json", VQA_FULL ? take_vocab_json : NULL, MERGES_TXT, TOKENIZER_JSON },
    [MERGES_TXT] = { "merges.txt", VQA_FULL ? take_merges_txt : NULL, WEIGHTS, REFUSED },
    [TOKENIZER_JSON] = { "tokenizer.json", take_tokenizer_json, WEIGHTS, REFUSED },
    [ADDED_TOKENS] = { "added_tokens.json", VQA_FULL ? take_added_tokens : NULL, GENERATION,
                       GENERATION },
    [GENERATION] = { "generation_config.json", VQA_FULL ? take_generation : NULL, WEIGHTS,
                     WEIGHTS },
    [WEIGHTS] = { "model.safetensors", NULL, NOTHING, INDEX },
    [INDEX] = { "model.safetensors.index.json", take_index, SHARD, REFUSED },
    [SHARD] = { "", NULL, SHARD, REFUSED },
    [NOTHING] = { "", NULL, NOTHING, REFUSED },
};

const char *folder_wanted(const folder *f)
{
    return f->at == SHARD ? f->shards[f->shard] : files[f->at].name;
}

static bool refuse(const folder *f, error *err)
{
    switch (f->at) {
    case TOKENIZER_JSON:
        return fail(err, "the folder has neither %s nor tokenizer.json",
                    is_wordpiece(f) ? "vocab.txt" : "vocab.json");
    case INDEX:
        return fail(err,
                    "the folder has neither model.safetensors nor "
                    "model.safetensors.index.json; " PYTORCH "%s",
                    is_type(f, "vilt") ? " (of dandelin/vilt-b32-finetuned-vqa: refs/pr/9)" : "");
    default: return fail(err, "the folder has no %s", folder_wanted(f));
    }
}

bool folder_end(folder *f, bool there, error *err)
{
    place next = there ? files[f->at].there : files[f->at].missing;
    if (next == REFUSED) return refuse(f, err);
    if (there && !folder_wants_weights(f)) {
        if (!folder_take(f, NULL, 0, err)) return false; /* at least room for the end */
        f->text[f->size] = 0;
        size_t valid = utf8_valid(f->text, f->size);
        if (valid < f->size && f->at != CARD)
            return fail(err, "%s is not UTF-8 text (byte %zu)", folder_wanted(f), valid);
        if (!files[f->at].take(f, err)) return false;
    }
    free(f->text);
    f->text = NULL;
    f->size = f->room = 0;
    if (f->at == TOKENIZER_CONFIG) {
        if (!name_tokenizer(f, err)) return false;
        if (!VQA_FULL && !is_wordpiece(f)) return fail_build(err, "the tokenizer");
        next = is_wordpiece(f) ? VOCAB_TXT : VOCAB_JSON;
    }
    if (is_whisper(f) && next == WEIGHTS && f->at != GENERATION) { /* the tokenizer is there */
        static const char key[] = "added_tokens_decoder";
        cJSON *added = cJSON_DetachItemFromObjectCaseSensitive(f->settings.tokenizer, key);
        bool ok = add_described(f, added, err);
        cJSON_Delete(added);
        if (!ok) return false;
        next = ADDED_TOKENS;
    }
    if (f->at == SHARD && ++f->shard == f->shard_count) next = NOTHING;
    f->at = next;
    return true;
}
