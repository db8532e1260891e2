/* Families tokenizer_wordpiece, tokenizer_bpe: text to ids and back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/json.h"
#include "format/vocabulary_json.h"
#include "text/bpe.h"
#include "text/wordpiece.h"
#include "tools/files.h"
#include "tools/goldens.h"

enum { MAX_IDS = 8192 };

static bool same_ids(const cJSON *expected, const int *ids, int count)
{
    if (!cJSON_IsArray(expected) || cJSON_GetArraySize(expected) != count) return false;
    const cJSON *id;
    int i = 0;
    cJSON_ArrayForEach(id, expected) if (id->valueint != ids[i++]) return false;
    return true;
}

/* Copy an array of ids; returns how many. */
static int read_ids(const cJSON *list, int ids[MAX_IDS])
{
    int count = 0;
    const cJSON *id;
    cJSON_ArrayForEach(id, list) if (count < MAX_IDS) ids[count++] = id->valueint;
    return count;
}

/* Stands for U+0000, which a C string can't hold; BERT drops both. */
static const char zero_escape[] = "\\ue000", zero_utf8[] = "\uE000";

/* cases.json with U+E000 where it has U+0000. */
static cJSON *read_cases(const char *folder, error *err)
{
    size_t size;
    uint8_t *text = file_read_in(folder, "cases.json", &size, err);
    if (!text) return NULL;
    for (char *at = (char *)text; (at = strstr(at, "\\u0000")) != NULL;)
        memcpy(at, zero_escape, strlen(zero_escape));
    cJSON *json = json_object((const char *)text, size, "cases.json", err);
    free(text);
    return json;
}

/* ---- tokenizer_wordpiece ---- */

/* One case of any of the lists: a text or a pair, cut to max_length and padded where the case says
 * so. */
static bool check_encoding(const wordpiece *w, const cJSON *golden_case, error *err)
{
    static int ids[MAX_IDS], types[MAX_IDS];
    int length, count;
    const char *text = json_text(golden_case, "text", ""),
               *pair = json_text(golden_case, "text_pair", NULL);
    bool cut = cJSON_HasObjectItem(golden_case, "max_length");
    if (!json_int(golden_case, "max_length", MAX_IDS, 2, MAX_IDS, &length, err)) return false;
    if (pair)
        count =
            wordpiece_encode_pair(w, text, strlen(text), pair, strlen(pair), ids, types, length);
    else
        count = wordpiece_encode(w, text, strlen(text), ids, length);
    if (cut && json_bool(golden_case, "padding", true))
        while (count < length) ids[count++] = wordpiece_id(w, WORDPIECE_PAD);
    const cJSON *expected = cJSON_GetObjectItemCaseSensitive(golden_case, "ids");
    const cJSON *other = json_bool(golden_case, "strict", true)
                             ? NULL
                             : cJSON_GetObjectItemCaseSensitive(golden_case, "ids_slow_python");
    if (!same_ids(expected, ids, count) && !same_ids(other, ids, count))
        return fail(err, "'%s' becomes other ids", text);
    const cJSON *expected_types = cJSON_GetObjectItemCaseSensitive(golden_case, "token_type_ids");
    return !pair || same_ids(expected_types, types, count) ||
           fail(err, "'%s' + '%s' have other token types", text, pair);
}

static bool check_decoding(const wordpiece *w, const cJSON *golden_case, error *err)
{
    static int ids[MAX_IDS];
    int count = read_ids(cJSON_GetObjectItemCaseSensitive(golden_case, "ids"), ids);
    static const char *const keys[] = { "decoded", "decoded_skip_special" };
    for (int skip = 0; skip < 2; skip++) {
        const char *expected = json_text(golden_case, keys[skip], "");
        char *text = wordpiece_decode(w, ids, count, skip, true);
        bool same = text && strcmp(text, expected) == 0;
        if (!same) fail(err, "ids become '%s', expected '%s'", text ? text : "", expected);
        free(text);
        if (!same) return false;
    }
    return true;
}

static bool check_list(const wordpiece *w, const cJSON *list,
                       bool (*check)(const wordpiece *, const cJSON *, error *),
                       golden_result *result, error *err)
{
    const cJSON *golden_case;
    cJSON_ArrayForEach(golden_case, list)
    {
        result->cases++;
        if (!check(w, golden_case, err)) return false;
    }
    return true;
}

bool golden_wordpiece(const char *folder, const compute *c, golden_result *result, error *err)
{
    (void)c;
    size_t size;
    wordpiece *lower = NULL, *cased = NULL;
    cJSON *cases = read_cases(folder, err),
          *decoding = cases ? json_read_in(folder, "decode_cases.json", err) : NULL;
    uint8_t *vocabulary = decoding ? file_read_in(folder, "vocab.txt", &size, err) : NULL;
    static const char *const lists[] = { "cases", "pairs", "padded_truncated" };
    bool ok = vocabulary && wordpiece_new(&lower, (const char *)vocabulary, size, true, err) &&
              wordpiece_new(&cased, (const char *)vocabulary, size, false, err);
    for (int i = 0; i < 3 && ok; i++)
        ok = check_list(lower, cJSON_GetObjectItemCaseSensitive(cases, lists[i]), check_encoding,
                        result, err);
    ok = ok &&
         check_list(cased, cJSON_GetObjectItemCaseSensitive(cases, "do_lower_case_false"),
                    check_encoding, result, err) &&
         check_list(lower, cJSON_GetObjectItemCaseSensitive(decoding, "cases"), check_decoding,
                    result, err);
    result->measure = "difference";
    wordpiece_free(lower);
    wordpiece_free(cased);
    free(vocabulary);
    cJSON_Delete(cases);
    cJSON_Delete(decoding);
    return ok;
}

/* ---- tokenizer_bpe ---- */

/* A new copy of a text with its zeros; its size goes to *size. */
static char *with_zeros(const char *text, size_t *size)
{
    char *copy = malloc(strlen(text) + 1), *at = copy;
    for (; copy && *text; at++) {
        bool zero = strncmp(text, zero_utf8, strlen(zero_utf8)) == 0;
        *at = zero ? '\0' : *text;
        text += zero ? strlen(zero_utf8) : 1;
    }
    *size = copy ? (size_t)(at - copy) : 0;
    return copy;
}

/* A text, cut to max_length and padded with the end token where the case says so. */
static bool check_bpe_encoding(const bpe *b, const cJSON *golden_case, error *err)
{
    static int ids[MAX_IDS];
    int length;
    bool cut = cJSON_HasObjectItem(golden_case, "max_length");
    if (!json_int(golden_case, "max_length", MAX_IDS, 2, MAX_IDS, &length, err)) return false;
    size_t size;
    const char *shown = json_text(golden_case, "text", "");
    char *text = with_zeros(shown, &size);
    int count = text ? bpe_encode(b, text, size, ids, length) : -1, used = 0;
    free(text);
    if (count < 0) return fail_memory(err, "no memory for '%s'", shown);
    const cJSON *one;
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(golden_case, "attention_mask")) used +=
        one->valueint;
    if (cut && used != count)
        return fail(err, "'%s' becomes %d ids, expected %d", shown, count, used);
    while (cut && count < length) ids[count++] = bpe_id(b, BPE_END);
    return same_ids(cJSON_GetObjectItemCaseSensitive(golden_case, "ids"), ids, count) ||
           fail(err, "'%s' becomes other ids", shown);
}

static bool check_bpe_decoding(const bpe *b, const cJSON *golden_case, error *err)
{
    static int ids[MAX_IDS];
    int count = read_ids(cJSON_GetObjectItemCaseSensitive(golden_case, "ids"), ids);
    const char *shown = json_text(golden_case, "decoded", "");
    size_t size, expected_size;
    char *text = bpe_decode(b, ids, count, false, &size),
         *expected = with_zeros(shown, &expected_size);
    bool same = text && expected && size == expected_size && memcmp(text, expected, size) == 0;
    if (!same) fail(err, "ids become '%s', expected '%s'", text ? text : "", shown);
    free(text);
    free(expected);
    return same;
}

static bool check_bpe_list(const bpe *b, const cJSON *cases, const char *name,
                           bool (*check)(const bpe *, const cJSON *, error *),
                           golden_result *result, error *err)
{
    const cJSON *golden_case;
    cJSON_ArrayForEach(golden_case, cJSON_GetObjectItemCaseSensitive(cases, name))
    {
        result->cases++;
        if (!check(b, golden_case, err)) return false;
    }
    return true;
}

/* The rules that a folder's tokenizer_config.json names. */
static bool read_rules(const char *folder, bpe_rules *rules, error *err)
{
    cJSON *config = json_read_in(folder, "tokenizer_config.json", err);
    if (!config) return false;
    const char *class = json_text(config, "tokenizer_class", "");
    bool clip = strcmp(class, "CLIPTokenizer") == 0, gpt2 = strcmp(class, "GPT2Tokenizer") == 0;
    *rules = clip ? BPE_CLIP : BPE_GPT2;
    if (!clip && !gpt2) fail(err, "the tokenizer_class '%s' is not known", class);
    cJSON_Delete(config);
    return clip || gpt2;
}

bool golden_bpe(const char *folder, const compute *c, golden_result *result, error *err)
{
    (void)c;
    bpe_rules rules;
    if (!read_rules(folder, &rules, err)) return false;
    size_t vocab_size, merges_size;
    bpe *plain = NULL, *digits = NULL;
    cJSON *cases = read_cases(folder, err),
          *json = cases ? json_read_in(folder, "vocab.json", err) : NULL;
    char *vocab = json ? vocabulary_lines(json, &vocab_size, err) : NULL;
    uint8_t *file = vocab ? file_read_in(folder, "merges.txt", &merges_size, err) : NULL;
    const char *merges = (const char *)file;
    bool ok = merges && bpe_new(&plain, vocab, vocab_size, merges, merges_size, rules, err) &&
              check_bpe_list(plain, cases, "cases", check_bpe_encoding, result, err) &&
              check_bpe_list(plain, cases, "padded_truncated", check_bpe_encoding, result, err) &&
              check_bpe_list(plain, cases, "decode", check_bpe_decoding, result, err);
    if (ok && rules == BPE_GPT2)
        ok = bpe_new(&digits, vocab, vocab_size, merges, merges_size, BPE_GPT2_DIGITS, err) &&
             check_bpe_list(digits, cases, "individual_digits_pretokenizer", check_bpe_encoding,
                            result, err);
    result->measure = "difference";
    bpe_free(plain);
    bpe_free(digits);
    free(vocab);
    free(file);
    cJSON_Delete(json);
    cJSON_Delete(cases);
    return ok;
}
