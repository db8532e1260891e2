/* Memory that ends: each single block that the engine takes from the heap is refused once, and the call says so, leaks
 * nothing (LeakSanitizer looks) and works when it is made again. */
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
    -1; /* blocks that are given before one is refused; less than 0: all are given */
static bool refused;

static bool refuse(void)
{
    if (until_refused < 0 || until_refused-- > 0) return false;
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
    size_t saved;      /* bytes of the pack that it was saved as */
    char answer[2000]; /* that the last call gave */
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

static int hear(scene *s) { return s->heard = vqa_hear(s->v, s->sound.bytes, s->sound.size); }

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
    int n;
    double size = vqa_pack_size(s->v);
    if (size < 0) return (int)size;
    for (s->saved = 0; (n = vqa_pack_read(s->v, bytes, sizeof bytes)) > 0;) s->saved += (size_t)n;
    return n < 0 ? n : s->saved == (size_t)size ? VQA_OK : VQA_BAD_CALL;
}

/* ---- refusing ---- */

/* Make the call with every single block refused in turn; the last time none was. */
static void refuse_each(const char *what, int (*call)(scene *s), scene *s)
{
    char first[sizeof s->answer];
    const bool opens = call == load;
    int status = call(s), blocks = 0;
    if (status < 0) fail_msg("%s: %s", what, vqa_error(s->v));
    memcpy(first, s->answer, sizeof first);
    for (refused = true; refused; blocks++) {
        if (opens) {
            vqa_free(s->v);
            s->v = NULL;
        }
        refused = false;
        until_refused = blocks;
        status = call(s);
        until_refused = -1;
        if (!refused || status >= 0) continue; /* some can be done without: helpers */
        const char *sentence = s->v ? vqa_error(s->v) : "no handle";
        if (status != VQA_NO_MEMORY || strlen(sentence) < 9)
            fail_msg("%s without block %d: %d, '%s'", what, blocks, status, sentence);
        if (opens) continue;
        status = call(s);
        if (status < 0) fail_msg("%s, again after block %d: %s", what, blocks, vqa_error(s->v));
        if (strcmp(s->answer, first) != 0)
            fail_msg("%s, again after block %d: '%s' instead of '%s'", what, blocks, s->answer,
                     first);
    }
    if (strcmp(s->answer, first) != 0) fail_msg("%s: '%s' instead of '%s'", what, s->answer, first);
    assert_true(status >= 0);
    if (opens || call == encode) assert_true(blocks > 5); /* they are counted */
}

/* Everything that the model does. */
static void use(scene s)
{
    double samples[3000];
    uint32_t seed = 1;
    for (int i = 0; i < 3000; i++) samples[i] = (double)tiny_random(&seed) / 2;
    s.sound = tiny_wav((tiny_wave){ .format = 1, .bits = 16, .channels = 2, .rate = 11025 },
                       samples, 3000);
    s.picture = tiny_bmp(40, 30, 1);
    refuse_each("load", load, &s);
    const char *info = vqa_info(s.v);
    bool transcribes = strstr(info, "\"transcribes\":true"), hears = strstr(info, "\"hears\":true");
    if (hears) refuse_each("hear", hear, &s);
    if (transcribes) {
        refuse_each("transcribe", transcribe, &s);
    } else {
        refuse_each("encode", encode, &s);
        if (strstr(info, "\"choices\":\"optional\"")) refuse_each("ask", ask, &s);
        refuse_each("choose", choose, &s);
    }
    refuse_each("save", save, &s);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_packs),
        cmocka_unit_test(test_folders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
