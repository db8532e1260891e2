/* Memory that ends: each block that the engine takes from the heap is refused once, alone or with all that follow, and the
 * call says so, leaks nothing (LeakSanitizer looks) and works when it is made again. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tiny_folder.h"
#include "tiny_wav.h"
#include "vqa.h"

#include "testing.h"

/* ---- the heap: the linker puts these in the place of malloc and so on; cJSON's blocks come from json.c ---- */

static int until_refused =
    -1;               /* blocks that are given before one is refused; less than 0: all are given */
static bool for_good; /* and so are all that follow */
static bool refused;

static bool refuse(void)
{
    if (until_refused) {
        until_refused -= until_refused > 0;
        return false;
    }
    if (!for_good) until_refused = -1;
    return refused = true;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t size);

void *__wrap_malloc(size_t size) { return refuse() ? NULL : __real_malloc(size); }
void *__wrap_calloc(size_t count, size_t size)
{
    return refuse() ? NULL : __real_calloc(count, size);
}
void *__wrap_realloc(void *block, size_t size)
{
    return refuse() ? NULL : __real_realloc(block, size);
}
void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return refuse() ? NULL : __real_aligned_alloc(alignment, size);
}
char *__wrap_strdup(const char *text) { return refuse() ? NULL : __real_strdup(text); }
char *__wrap_strndup(const char *text, size_t size)
{
    return refuse() ? NULL : __real_strndup(text, size);
}

/* ---- models ---- */

/* A model and what it is asked; either a pack or a folder. */
typedef struct {
    tiny_bytes pack, picture, sound;
    tiny_folder folder;
    vqa_precision keep;
    vqa *v;
    int seen, heard;   /* ids, 0: none */
    char answer[2000]; /* what came of the last call */
} scene;

static int load(scene *s)
{
    s->v = vqa_new(2);
    if (!s->v) return VQA_NO_MEMORY;
    vqa_set_precision(s->v, s->keep);
    int status = vqa_set_licence(s->v, "CC0-1.0", 7);
    if (status != VQA_OK) return status;
    if (s->folder.count) return tiny_folder_load(s->v, &s->folder, 999, NULL);
    status = vqa_load(s->v, s->pack.bytes, s->pack.size);
    return status == VQA_OK ? vqa_load_end(s->v) : status;
}

static int encode(scene *s)
{
    vqa_set_explain(s->v, 1);
    return s->seen = vqa_encode(s->v, s->picture.bytes, s->picture.size);
}

enum { WIDTH = 30, HEIGHT = 20, SAMPLES = 1500, RATE = 11025 };

static int encode_pixels(scene *s)
{
    return s->seen = vqa_encode_pixels(s->v, s->picture.bytes, WIDTH, HEIGHT);
}

static int hear(scene *s) { return s->heard = vqa_hear(s->v, s->sound.bytes, s->sound.size); }

static int hear_samples(scene *s)
{
    float samples[SAMPLES];
    uint32_t seed = 2;
    for (int i = 0; i < SAMPLES; i++) samples[i] = tiny_random(&seed) / 2;
    return s->heard = vqa_hear_samples(s->v, samples, SAMPLES, RATE);
}

static void note_answers(scene *s, int count)
{
    s->answer[0] = 0;
    for (int i = 0; i < count; i++) {
        size_t used = strlen(s->answer);
        snprintf(s->answer + used, sizeof s->answer - used, "%s %.9g\n", vqa_answer_text(s->v, i),
                 (double)vqa_answer_score(s->v, i));
    }
}

static int ask(scene *s)
{
    int count = vqa_ask(s->v, s->seen, s->heard > 0 ? s->heard : 0, "what is the cat?", 16, 5);
    note_answers(s, count);
    return count;
}

static int choose(scene *s)
{
    static const char labels[] = "answer 1\0answer 0", any[] = "cat\0question";
    bool own = strstr(vqa_info(s->v), "\"choices\":\"optional\"");
    int count = vqa_choose(s->v, s->seen, 0, "what is a {}?", 13, own ? labels : any,
                           own ? sizeof labels : sizeof any, 5);
    note_answers(s, count);
    return count;
}

static int transcribe(scene *s)
{
    int status = vqa_transcribe(s->v, s->heard, "{\"beams\":2,\"timestamps\":true}", 29);
    snprintf(s->answer, sizeof s->answer, "%s", vqa_transcript(s->v));
    return status;
}

static int save(scene *s)
{
    uint8_t bytes[500];
    uint32_t hash = 0;
    int n;
    size_t saved = 0;
    double size = vqa_pack_size(s->v);
    if (size < 0) return (int)size;
    while ((n = vqa_pack_read(s->v, bytes, sizeof bytes)) > 0) {
        saved += (size_t)n;
        for (int i = 0; i < n; i++) hash = hash * 31 + bytes[i];
    }
    snprintf(s->answer, sizeof s->answer, "%zu bytes %u", saved, (unsigned)hash);
    return n < 0 ? n : saved == (size_t)size ? VQA_OK : VQA_BAD_CALL;
}

static bool can(const scene *s, const char *what) { return strstr(vqa_info(s->v), what); }

/* What the model makes of what it has seen and heard. */
static int reply(scene *s)
{
    return can(s, "\"transcribes\":true")       ? transcribe(s)
           : can(s, "\"choices\":\"optional\"") ? ask(s)
                                                : choose(s);
}

static int first_reply(scene *s)
{
    int status = can(s, "\"transcribes\":true") ? hear(s) : encode(s);
    return status < 0 ? status : reply(s);
}

/* ---- refusing ---- */

/* Without a model there is a sentence, whatever is asked. */
static void assert_no_model(vqa *v, const scene *s)
{
    static const uint8_t more[] = "more of the model";
    for (int again = 0; again < 2; again++) {
        const int status[] = {
            vqa_ask(v, 1, 0, "cat?", 4, 1),
            vqa_choose(v, 1, 0, "cat?", 4, "yes", 4, 1),
            vqa_transcribe(v, 1, "", 0),
            vqa_encode(v, s->picture.bytes, s->picture.size),
            vqa_hear(v, s->sound.bytes, s->sound.size),
            (int)vqa_pack_size(v),
            vqa_load(v, more, sizeof more),
            vqa_load_end(v),
        };
        for (size_t i = 0; i < COUNT(status); i++)
            if (status[i] >= 0) fail_msg("call %zu without a model: %d", i, status[i]);
        assert_true(strlen(vqa_error(v)) > 8);
        assert_string_equal(vqa_info(v), "{}");
    }
}

/* Make the call with every single block refused in turn, alone (or with all that follow); the last time none was. What
 * comes of it in the end is what `after` (NULL: it itself) gives. */
static void refuse_from(const char *what, int least, int (*call)(scene *s), int (*after)(scene *s),
                        scene *s)
{
    char first[sizeof s->answer];
    const bool opens = call == load;
    const int step = for_good && (opens || call == save) ? 9 : 1; /* these take long */
    int blocks = -1;                                              /* so none is, at first */
    for (refused = true; refused; blocks += blocks < 0 ? 1 : step) {
        if (opens) {
            vqa_free(s->v);
            s->v = NULL;
        }
        refused = blocks < 0;
        until_refused = blocks;
        int status = call(s);
        if (status < 0 && opens && s->v) assert_no_model(s->v, s);
        until_refused = -1;
        if (status < 0) {
            const char *sentence = s->v ? vqa_error(s->v) : "no handle";
            if (!refused || status != VQA_NO_MEMORY || strlen(sentence) < 9)
                fail_msg("%s without block %d: %d, '%s'", what, blocks, status, sentence);
            if (opens && s->v) assert_no_model(s->v, s);
            if (opens) continue;
            status = call(s);
        } /* else some can be done without: helpers */
        if (status >= 0 && after) status = after(s);
        if (status < 0) fail_msg("%s, after block %d: %s", what, blocks, vqa_error(s->v));
        if (blocks < 0) memcpy(first, s->answer, sizeof first);
        if (strcmp(s->answer, first) != 0)
            fail_msg("%s, after block %d: '%s' instead of '%s'", what, blocks, s->answer, first);
    }
    if (blocks <= least) fail_msg("%s: only %d blocks are counted", what, blocks);
}

static void refuse_each(const char *what, int least, int (*call)(scene *s), int (*after)(scene *s),
                        scene *s)
{
    for (int all = 0; all < 2; all++) {
        for_good = all;
        refuse_from(what, least, call, after, s);
    }
}

/* Everything that the model does. */
static void use(scene s)
{
    double samples[2 * SAMPLES];
    uint32_t seed = 1;
    for (int i = 0; i < 2 * SAMPLES; i++) samples[i] = (double)tiny_random(&seed) / 2;
    s.sound = tiny_wav((tiny_wave){ .format = 1, .bits = 16, .channels = 2, .rate = RATE }, samples,
                       2 * SAMPLES);
    s.picture = tiny_bmp(40, 30, 1);
    refuse_each("load", 500, load, first_reply, &s);
    if (can(&s, "\"hears\":true")) {
        refuse_each("hear", 5, hear, reply, &s);
        refuse_each("hear_samples", 5, hear_samples, reply, &s);
    }
    if (can(&s, "\"transcribes\":true")) {
        refuse_each("transcribe", 50, transcribe, NULL, &s);
    } else {
        refuse_each("encode", 12, encode, reply, &s);
        refuse_each("encode_pixels", 12, encode_pixels, reply, &s);
        if (can(&s, "\"choices\":\"optional\"")) refuse_each("ask", 0, ask, NULL, &s);
        refuse_each("choose", 3, choose, NULL, &s);
    }
    refuse_each("save", 300, save, NULL, &s);
    vqa_free(s.v);
    free(s.pack.bytes);
    free(s.sound.bytes);
    free(s.picture.bytes);
    tiny_folder_free(&s.folder);
}

static void test_packs(void **state)
{
    (void)state;
    static const tiny_model models[] = {
        { .vilt = true },
        { .fusion = "concat", .q8 = true },
        { .fusion = "hybrid" },
        { .fusion = "token_transformer_cls", .absent = "learned" },
        { .fusion = "token_attention_mean", .absent = "omit", .q8 = true },
        { .recurrent = "gru" },
        { .recurrent = "lstm", .fusion = "additive_gate", .q8 = true },
    };
    for (size_t i = 0; i < COUNT(models); i++)
        use((scene){ .pack = tiny_pack(models[i]), .keep = i == 3 ? VQA_Q8 : VQA_FLOAT });
}

static void test_folders(void **state)
{
    (void)state;
    tiny_bytes pack = tiny_pack((tiny_model){ .fusion = "decision_weighted" });
    tiny_folder shards = tiny_folder_of(pack, 2);
    tiny_folder_put(&shards, "README.md", "---\nlicense: mit\n---\n");
    free(pack.bytes);
    use((scene){ .folder = shards, .keep = VQA_Q4 });
    use((scene){ .folder = tiny_folder_clip(), .keep = VQA_Q8 });
    use((scene){ .folder = tiny_folder_whisper() });
}

static bool is_picture(const char *path)
{
    return tiny_ends_with(path, ".png") || tiny_ends_with(path, ".jpg");
}

static scene of_pictures;

static void encode_each(const char *path, tiny_bytes file)
{
    of_pictures.picture = file;
    refuse_each(path, 12, encode, reply, &of_pictures);
}

/* Each kind of file takes blocks of its own. */
static void test_pictures(void **state)
{
    (void)state;
    of_pictures.pack = tiny_pack((tiny_model){ .vilt = true });
    if (load(&of_pictures) != VQA_OK) fail_msg("%s", vqa_error(of_pictures.v));
    assert_true(tiny_read_all(VQA_SOURCE_DIR "/tests/fixtures/preprocess/images", is_picture,
                              encode_each) > 10);
    vqa_free(of_pictures.v);
    free(of_pictures.pack.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_packs),
        cmocka_unit_test(test_folders),
        cmocka_unit_test(test_pictures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
