/* Whisper: what is written with the cache against what is written anew, beam search against trying all
 * texts, the rules of generation, prompts, settings that are refused. Its exactness is tested by the
 * goldens, the whole by test_transcribe.c. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/json.h"
#include "models/whisper_rules.h"
#include "models/whisper_search.h"
#include "tiny_pack.h"

#include "testing.h"

enum { VOCABULARY = 12, SOURCE = 20, POSITIONS = 20, END = 5 };

static const char settings[] =
    "{\"model_type\":\"whisper\",\"d_model\":24,\"encoder_layers\":1,\"decoder_layers\":2,"
    "\"encoder_attention_heads\":4,\"decoder_attention_heads\":3,\"encoder_ffn_dim\":48,"
    "\"decoder_ffn_dim\":48,\"num_mel_bins\":%d,\"max_source_positions\":20,"
    "\"max_target_positions\":20,\"vocab_size\":12,\"eos_token_id\":5,"
    "\"decoder_start_token_id\":6}";

typedef struct {
    cJSON *config;
    weights weights;
    model model;
} tiny_whisper;

static cJSON *new_config(void)
{
    char text[800];
    error err;
    int size = snprintf(text, sizeof text, settings, TINY_MEL);
    cJSON *config = json_object(text, (size_t)size, "the config", &err);
    assert_non_null(config);
    return config;
}

static tiny_whisper new_whisper(precision keep)
{
    tiny_list list;
    tiny_add_whisper(&list, VOCABULARY, SOURCE, POSITIONS);
    tiny_whisper t = { .weights = tiny_weights(&list, keep, 7), .config = new_config() };
    error err = { .text = "" };
    bool bound = model_bind(&t.model, &t.weights, t.config, &err);
    assert_string_equal(err.text, "");
    assert_true(bound);
    return t;
}

static void free_whisper(tiny_whisper *t)
{
    model_free(&t->model);
    weights_free(&t->weights);
    cJSON_Delete(t->config);
}

/* A hearing with room for exactly what is planned, which has listened to some noise. */
typedef struct {
    arena block;
    whisper_hearing h;
} listener;

static void listen(listener *l, const compute *c, const tiny_whisper *t, int sequences, int rows)
{
    error err;
    static float noise[2 * SOURCE * TINY_MEL];
    uint32_t seed = 3;
    for (size_t i = 0; i < COUNT(noise); i++) noise[i] = 2 * tiny_random(&seed);
    assert_true(
        arena_new(&l->block, whisper_hearing_cost(t->model.self, sequences, rows), "a plan", &err));
    arena rest = l->block;
    l->h = whisper_hearing_new(c, t->model.self, sequences, rows, &rest);
    whisper_listen(&l->h, (tensor){ noise, 2 * SOURCE, TINY_MEL }, 0);
}

static const int text[] = { 6, 0, 3, 11, 2, 2, 9, 1, 4, 7, 0, 10, 8, 3, 1 };

static tensor logits_of(float (*room)[VOCABULARY], int rows)
{
    return (tensor){ *room, rows, VOCABULARY };
}

/* Token by token, by two and all at once: the same bits, on any number of threads. */
static void test_cache(void **state)
{
    (void)state;
    pool *threads = pool_new(3);
    tiny_whisper t = new_whisper(KEEP_AS_STORED);
    const compute one = { .k = kernels_best() },
                  three = { .k = kernels_best(), .threads = threads };
    listener l, other;
    listen(&l, &one, &t, 1, COUNT(text));
    listen(&other, &three, &t, 1, COUNT(text));
    for (int n = 1; n <= (int)COUNT(text); n++) {
        float step[1][VOCABULARY], anew[1][VOCABULARY];
        whisper_next(&l.h, text + n - 1, 1, 1, logits_of(step, 1));
        other.h.cache.count = 0;
        if (n > 4) whisper_next(&other.h, text, 1, 3, logits_of(anew, 1));
        whisper_next(&other.h, text + other.h.cache.count, 1, n - other.h.cache.count,
                     logits_of(anew, 1));
        assert_memory_equal(step, anew, sizeof step);
    }
    arena_free(&l.block);
    arena_free(&other.block);
    free_whisper(&t);
    pool_free(threads);
}

/* Texts that part and follow each other go on as they would alone. */
static void test_parting(void **state)
{
    (void)state;
    tiny_whisper t = new_whisper(KEEP_AS_STORED);
    const compute c = { .k = kernels_best() };
    listener l, alone;
    float both[3][VOCABULARY], one[1][VOCABULARY];
    listen(&l, &c, &t, 3, 4);
    listen(&alone, &c, &t, 1, 8);
    whisper_next(&l.h, (int[]){ 6, 1 }, 1, 2, logits_of(both, 1));
    decoder_follow(&l.h.cache, (int[]){ 0, 0, 0 }, 3);
    whisper_next(&l.h, (int[]){ 2, 3, 4 }, 3, 1, logits_of(both, 3));
    decoder_follow(&l.h.cache, (int[]){ 2, 2 }, 2);
    whisper_next(&l.h, (int[]){ 7, 8 }, 2, 1, logits_of(both, 2));
    decoder_follow(&l.h.cache, (int[]){ 1, 0, 1 }, 3);
    whisper_next(&l.h, (int[]){ 9, 10, 11 }, 3, 1, logits_of(both, 3));
    static const int texts[3][5] = { { 6, 1, 4, 8, 9 }, { 6, 1, 4, 7, 10 }, { 6, 1, 4, 8, 11 } };
    for (int i = 0; i < 3; i++) {
        alone.h.cache.count = 0;
        whisper_next(&alone.h, texts[i], 1, 5, logits_of(one, 1));
        assert_memory_equal(one, both[i], sizeof one);
    }
    arena_free(&l.block);
    arena_free(&alone.block);
    free_whisper(&t);
}

/* Quantized weights, of which the table of words is the output layer, write nearly the same. */
static void test_quantized(void **state)
{
    (void)state;
    float exact[1][VOCABULARY], got[1][VOCABULARY];
    static const precision keeps[] = { KEEP_AS_STORED, QUANTIZE_Q8, QUANTIZE_Q4 };
    for (size_t k = 0; k < COUNT(keeps); k++) {
        tiny_whisper t = new_whisper(keeps[k]);
        const compute c = { .k = kernels_best() };
        listener l;
        listen(&l, &c, &t, 1, 8);
        whisper_next(&l.h, text, 1, 8, logits_of(k ? got : exact, 1));
        double ab = 0, aa = 0, bb = 0;
        for (int i = 0; i < VOCABULARY && k; i++) {
            ab += (double)exact[0][i] * got[0][i];
            aa += (double)exact[0][i] * exact[0][i];
            bb += (double)got[0][i] * got[0][i];
        }
        assert_true(k == 0 || ab / sqrt(aa * bb) > 0.99);
        arena_free(&l.block);
        free_whisper(&t);
    }
}

/* ---- search ---- */

enum { MOST_TRIED = 8 };

/* The best of all texts that begin with tokens[0..count). */
typedef struct {
    listener l;
    int most;
    int tokens[MOST_TRIED], best[MOST_TRIED], best_count;
    double score;
} attempt;

static double log_sum(const float *x)
{
    double sum = 0;
    for (int i = 0; i < VOCABULARY; i++) sum += exp((double)x[i]);
    return log(sum);
}

static void finish(attempt *a, int count, double score)
{
    if (score <= a->score) return;
    a->score = score;
    a->best_count = count;
    memcpy(a->best, a->tokens, sizeof a->best);
}

/* Every text of tokens that are not banned. */
static void try_all(attempt *a, const uint8_t *banned, int count, double sum)
{
    float logits[1][VOCABULARY];
    int ids[MOST_TRIED] = { 6 };
    memcpy(ids + 1, a->tokens, (size_t)count * sizeof *ids);
    a->l.h.cache.count = 0;
    whisper_next(&a->l.h, ids, 1, count + 1, logits_of(logits, 1));
    double all = log_sum(logits[0]);
    for (int i = 0; i < VOCABULARY; i++) {
        if (banned[i]) continue;
        double next = sum + (double)logits[0][i] - all;
        a->tokens[count] = i;
        if (i == END)
            finish(a, count, next / (count + 1));
        else if (count + 1 == a->most)
            finish(a, count + 1, next / (count + 1));
        else
            try_all(a, banned, count + 1, next);
    }
}

static whisper_text search(const tiny_whisper *t, const compute *c, int beams, int most,
                           arena *block)
{
    error err;
    float first[TRANSCRIBE_MAX_BEAMS][VOCABULARY];
    listener l;
    listen(&l, c, t, beams, beams);
    whisper_next(&l.h, (int[]){ 6 }, 1, 1, logits_of(first, 1));
    assert_true(arena_new(block, whisper_search_cost(t->model.self, beams, most), "a plan", &err));
    arena room = *block;
    whisper_text found = whisper_search(&l.h, logits_of(first, beams), false, beams, most, &room);
    arena_free(&l.block);
    return found;
}

static void check_best(tiny_whisper *t, int most)
{
    const compute c = { .k = kernels_best() };
    arena block;
    attempt a = { .most = most, .score = -INFINITY };
    listen(&a.l, &c, t, 1, MOST_TRIED);
    try_all(&a, ((whisper *)t->model.self)->settings.banned, 0, 0);
    whisper_text found = search(t, &c, TRANSCRIBE_MAX_BEAMS, most, &block);
    assert_int_equal(found.count, a.best_count);
    assert_memory_equal(found.tokens, a.best, (size_t)a.best_count * sizeof *a.best);
    assert_true(fabs(found.score - a.score) < 1e-5);
    arena_free(&block);
    arena_free(&a.l.block);
}

/* Sixteen beams lose none of the texts that can be best: of two tokens, and of more where there are two tokens to
 * choose from and so many texts that end that nothing which is still being written can be better. */
static void test_beams_find_the_best(void **state)
{
    (void)state;
    tiny_whisper t = new_whisper(KEEP_AS_STORED);
    whisper *w = t.model.self;
    for (int most = 1; most <= 2; most++) check_best(&t, most);
    for (int first = 0; first < END; first++) {
        for (int i = 0; i < VOCABULARY; i++)
            w->settings.banned[i] = i == END || i == first || i == first + 6 ? 0 : WHISPER_BANNED;
        for (int most = 3; most <= MOST_TRIED - 1; most++) check_best(&t, most);
    }
    free_whisper(&t);
}

static void test_one_beam_is_greedy(void **state)
{
    (void)state;
    enum { MOST = 12 };
    const compute c = { .k = kernels_best() };
    tiny_whisper t = new_whisper(KEEP_AS_STORED);
    arena block;
    listener l;
    float logits[1][VOCABULARY];
    int ids[MOST + 1] = { 6 }, count = 0;
    double logprob = 0;
    listen(&l, &c, &t, 1, 1);
    for (bool ended = false; count < MOST && !ended;) {
        whisper_next(&l.h, ids + count, 1, 1, logits_of(logits, 1));
        int best = whisper_largest(logits[0], VOCABULARY);
        logprob += (double)logits[0][best] - log_sum(logits[0]);
        ended = best == END;
        if (!ended) ids[++count] = best;
    }
    whisper_text found = search(&t, &c, 1, MOST, &block);
    assert_int_equal(found.count, count);
    assert_memory_equal(found.tokens, ids + 1, (size_t)count * sizeof *ids);
    assert_true(fabs(found.logprob - logprob) < 1e-4);
    arena_free(&block);
    arena_free(&l.block);
    free_whisper(&t);
}

static void test_suppressed_tokens_are_not_written(void **state)
{
    (void)state;
    const compute c = { .k = kernels_best() };
    for (int beams = 1; beams <= 4; beams += 3) {
        tiny_whisper t = new_whisper(KEEP_AS_STORED);
        whisper *w = t.model.self;
        arena block;
        whisper_text before = search(&t, &c, beams, 6, &block);
        assert_true(before.count > 1);
        int first = before.tokens[0], last = before.tokens[before.count - 1];
        arena_free(&block);
        w->settings.banned[last] = WHISPER_BANNED;
        w->settings.banned[first] |= WHISPER_BANNED_FIRST;
        whisper_text after = search(&t, &c, beams, 6, &block);
        assert_true(after.count == 0 || after.tokens[0] != first);
        for (int i = 0; i < after.count; i++) assert_int_not_equal(after.tokens[i], last);
        arena_free(&block);
        free_whisper(&t);
    }
}

static void stop_at_third_layer(void *context, const char *name, int layer, tensor value)
{
    (void)value;
    static int seen;
    if (strcmp(name, "hidden_states") == 0 && layer == 1 && ++seen == 3)
        atomic_store((atomic_int *)context, 1);
}

static void test_stop(void **state)
{
    (void)state;
    atomic_int stop = 0;
    const compute c = {
        .k = kernels_best(), .stop = &stop, .watch = stop_at_third_layer, .watch_context = &stop
    };
    tiny_whisper t = new_whisper(KEEP_AS_STORED);
    static float silence[2 * SOURCE * TINY_MEL];
    transcript out;
    error err = { .text = "" };
    const transcribe_options o = {
        .beams = 2, .max_tokens = POSITIONS, .no_speech = 1, .logprob = -100
    };
    assert_false(whisper_transcribe(&c, &t.model, (tensor){ silence, 2 * SOURCE, TINY_MEL },
                                    2 * SOURCE, &o, &out, &err));
    assert_string_equal(err.text, "the transcription was stopped");
    transcript_free(&out);
    free_whisper(&t);
}

/* ---- rules ---- */

/* Tokens 0..4 are text, 5 ends it, 6 starts it, 7 means no timestamps, 8..19 are timestamps. */
enum { RULED = 20, STAMP = 8 };

static void check_rules(bool timestamps, const int *tokens, int count, float favoured, int which,
                        const char *allowed)
{
    uint8_t banned[RULED] = { [1] = WHISPER_BANNED, [2] = WHISPER_BANNED_FIRST };
    const whisper_settings s = { .vocabulary = RULED,
                                 .start = 6,
                                 .end = 5,
                                 .no_timestamps = 7,
                                 .max_initial = 2,
                                 .banned = banned };
    float logits[RULED] = { 0 }, room[RULED];
    char got[RULED + 1] = "";
    logits[which] = favoured;
    whisper_rules(kernels_best(), &s, timestamps, tokens, count, logits, room);
    for (int i = 0; i < RULED; i++) got[i] = logits[i] == -INFINITY ? '.' : 'x';
    assert_string_equal(got, allowed);
}

static void test_rules(void **state)
{
    (void)state;
    static const struct {
        bool timestamps;
        int tokens[5], count;
        float favoured; /* the logit of */
        int which;
        const char *allowed; /* text, end, start, none, then the timestamps */
    } cases[] = {
        { false, { 0 }, 0, 0, 0, "x..xxxxxxxxxxxxxxxxx" },
        { false, { 0 }, 1, 0, 0, "x.xxxxxxxxxxxxxxxxxx" },
        { true, { 0 }, 0, 9, 0, "........xxx........." },        /* begins with an early one */
        { true, { 9 }, 1, 9, 0, "x.xxxxx............." },        /* text comes behind it */
        { true, { 9, 0 }, 2, 9, 0, "x.xxxxx...xxxxxxxxxx" },     /* or, after text, a later one */
        { true, { 9, 0, 12 }, 3, 9, 5, ".....xx.....xxxxxxxx" }, /* a pair, or the end */
        { true, { 9, 0, 12, 12 }, 4, 9, 0, "x.xxxxx............." },
        { true, { 9, 0, 12, 12, 3 }, 5, 9, 4, "x.xxxxx......xxxxxxx" },
        { true,
          { 9, 0 },
          2,
          1,
          0,
          "..........xxxxxxxxxx" }, /* ten together are likelier than any */
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        check_rules(cases[i].timestamps, cases[i].tokens, cases[i].count, cases[i].favoured,
                    cases[i].which, cases[i].allowed);
}

static void test_log_sum(void **state)
{
    (void)state;
    float room[4];
    const kernels *k = kernels_best();
    const float x[] = { 1, 3, -2, 0.5f }, none[] = { -INFINITY, -INFINITY };
    double want = log(exp(1) + exp(3) + exp(-2) + exp(0.5));
    assert_true(fabs(whisper_log_sum(k, x, 4, room) - want) < 1e-6);
    assert_true(whisper_log_sum(k, none, 2, room) == -INFINITY);
}

/* ---- settings ---- */

static cJSON *parsed(const char *json)
{
    error err;
    cJSON *config = json_object(json, strlen(json), "the config", &err);
    assert_non_null(config);
    return config;
}

static const char multilingual[] =
    "\"decoder_start_token_id\":6,\"eos_token_id\":5,\"no_timestamps_token_id\":7,"
    "\"lang_to_id\":{\"<|en|>\":1,\"<|de|>\":2},\"task_to_id\":{\"translate\":3,\"transcribe\":4}";

static void test_prompts(void **state)
{
    (void)state;
    static const char none[] = "\"decoder_start_token_id\":6,\"eos_token_id\":5";
    static const char english[] = "\"decoder_start_token_id\":6,\"eos_token_id\":5,"
                                  "\"no_timestamps_token_id\":7,\"forced_decoder_ids\":[[1,7]]";
    static const struct {
        const char *settings, *forced, *language, *task;
        bool timestamps;
        int count, prompt[6];
        const char *why;
    } cases[] = {
        { none, "null", NULL, NULL, false, 1, { 6 }, NULL },
        { none, "null", "en", NULL, false, 0, { 0 }, "the model knows one language only" },
        { none, "null", NULL, "translate", false, 0, { 0 }, "the model can't translate" },
        { english, NULL, NULL, NULL, false, 2, { 6, 7 }, NULL },
        { english, NULL, NULL, NULL, true, 1, { 6 }, NULL },
        { english, NULL, NULL, "transcribe", false, 2, { 6, 7 }, NULL },
        { multilingual, "null", NULL, NULL, false, 4, { 6, -1, 4, 7 }, NULL },
        { multilingual, "[[1,null],[2,3]]", NULL, NULL, false, 4, { 6, -1, 3, 7 }, NULL },
        { multilingual, "[[1,2],[2,4],[3,7]]", NULL, NULL, false, 4, { 6, 2, 4, 7 }, NULL },
        { multilingual, "[[1,2],[2,4],[3,7]]", NULL, NULL, true, 3, { 6, 2, 4 }, NULL },
        { multilingual, "[[1,2],[2,3],[3,7]]", "en", NULL, true, 3, { 6, 1, 4 }, NULL },
        { multilingual, "[[1,2],[2,4]]", NULL, "translate", false, 4, { 6, -1, 3, 7 }, NULL },
        { multilingual, "null", "de", "translate", false, 4, { 6, 2, 3, 7 }, NULL },
        { multilingual, "null", "fr", NULL, false, 0, { 0 }, "doesn't know the language 'fr'" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char json[600];
        int prompt[WHISPER_MAX_PROMPT];
        snprintf(json, sizeof json, cases[i].forced ? "{%s,\"forced_decoder_ids\":%s}" : "{%s}",
                 cases[i].settings, cases[i].forced);
        cJSON *config = parsed(json);
        whisper_settings s;
        error err = { .text = "" };
        assert_true(whisper_settings_read(&s, config, 20, 100, &err));
        const transcribe_options o = { .language = cases[i].language, .task = cases[i].task };
        assert_int_equal(whisper_prompt(&s, &o, cases[i].timestamps, prompt, &err), cases[i].count);
        for (int k = 0; k < cases[i].count; k++) assert_int_equal(prompt[k], cases[i].prompt[k]);
        if (cases[i].why) assert_non_null(strstr(err.text, cases[i].why));
        whisper_settings_free(&s);
        cJSON_Delete(config);
    }
}

/* generation_config comes before config, key by key. */
static void test_settings(void **state)
{
    (void)state;
    cJSON *config = parsed(
        "{\"decoder_start_token_id\":6,\"eos_token_id\":5,\"suppress_tokens\":[1,2],"
        "\"begin_suppress_tokens\":[3],\"generation_config\":{\"suppress_tokens\":[4],"
        "\"begin_suppress_tokens\":null,\"max_length\":448,\"lang_to_id\":{\"<|yue|>\":9}}}");
    whisper_settings s;
    error err;
    char code[16];
    assert_true(whisper_settings_read(&s, config, 20, 100, &err));
    static const uint8_t banned[20] = { [4] = WHISPER_BANNED };
    assert_memory_equal(s.banned, banned, sizeof banned);
    assert_int_equal(s.start, 6);
    assert_int_equal(s.max_length, 100);
    assert_int_equal(s.no_timestamps, -1);
    whisper_language(&s, 9, code);
    assert_string_equal(code, "yue");
    whisper_language(&s, 8, code);
    assert_string_equal(code, "");
    whisper_settings_free(&s);
    cJSON_Delete(config);
}

static void test_bad_settings(void **state)
{
    (void)state;
    static const struct {
        const char *json, *why;
    } cases[] = {
        { "{}", "the tokens that start and end a text are 50257 and 50256, of 20" },
        { "{\"eos_token_id\":20}", "\"eos_token_id\" is 20, expected a whole number from 0 to 19" },
        { "{\"suppress_tokens\":3}", "\"suppress_tokens\" is not a list of tokens" },
        { "{\"suppress_tokens\":[1,20]}", "\"suppress_tokens\" names a token that is not one of" },
        { "{\"begin_suppress_tokens\":[1.5]}", "\"begin_suppress_tokens\" names a token" },
        { "{\"forced_decoder_ids\":[[2,3]]}", "\"forced_decoder_ids\" has no place and token as "
                                              "entry 0" },
        { "{\"forced_decoder_ids\":[[1,3],[2,null]]}", "as entry 1" },
        { "{\"forced_decoder_ids\":[[1,3],[2,99]]}", "as entry 1" },
        { "{\"forced_decoder_ids\":[7]}", "as entry 0" },
        { "{\"lang_to_id\":{\"<|en|>\":\"x\"}}", "\"lang_to_id\" has no token for '<|en|>'" },
        { "{\"task_to_id\":[99]}", "\"task_to_id\" has no token for ''" },
        { "{\"max_length\":0}", "\"max_length\" is 0" },
        { "{\"generation_config\":{\"no_timestamps_token_id\":-5}}",
          "\"no_timestamps_token_id\" is -5" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        cJSON *config = parsed(cases[i].json);
        whisper_settings s;
        error err = { .text = "" };
        assert_false(whisper_settings_read(&s, config, 20, 100, &err));
        if (!strstr(err.text, cases[i].why)) fail_msg("%s: %s", cases[i].json, err.text);
        whisper_settings_free(&s);
        cJSON_Delete(config);
    }
}

static void test_bad_configs(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        double value;
        const char *why;
    } cases[] = {
        { "d_model", 25, "\"d_model\" 25 is not a multiple of \"encoder_attention_heads\" 4" },
        { "decoder_attention_heads", 5,
          "\"d_model\" 24 is not a multiple of \"decoder_attention_heads\" 5" },
        { "vocab_size", 13,
          "'model.decoder.embed_tokens.weight' has the shape [12, 24], expected "
          "[13, 24]" },
        { "decoder_layers", 3, "the model has no tensor 'model.decoder.layers.2.self_attn" },
        { "max_source_positions", 21, "'model.encoder.embed_positions.weight' has the shape" },
        { "max_target_positions", 3, "\"max_target_positions\" is 3" },
        { "num_mel_bins", 0, "\"num_mel_bins\" is 0" },
        { "encoder_ffn_dim", 1, "fc1.weight" },
    };
    tiny_list list;
    tiny_add_whisper(&list, VOCABULARY, SOURCE, POSITIONS);
    for (size_t i = 0; i < COUNT(cases); i++) {
        weights w = tiny_weights(&list, KEEP_AS_STORED, 7);
        cJSON *config = new_config();
        cJSON_ReplaceItemInObject(config, cases[i].key, cJSON_CreateNumber(cases[i].value));
        model m;
        error err = { .text = "" };
        assert_false(model_bind(&m, &w, config, &err));
        if (!strstr(err.text, cases[i].why)) fail_msg("%s: %s", cases[i].key, err.text);
        model_free(&m);
        weights_free(&w);
        cJSON_Delete(config);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cache),
        cmocka_unit_test(test_parting),
        cmocka_unit_test(test_quantized),
        cmocka_unit_test(test_beams_find_the_best),
        cmocka_unit_test(test_one_beam_is_greedy),
        cmocka_unit_test(test_suppressed_tokens_are_not_written),
        cmocka_unit_test(test_stop),
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_log_sum),
        cmocka_unit_test(test_prompts),
        cmocka_unit_test(test_settings),
        cmocka_unit_test(test_bad_settings),
        cmocka_unit_test(test_bad_configs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
