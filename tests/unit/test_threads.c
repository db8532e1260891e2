/* Threads of the caller: one that stops what another has under way, and two that use a handle each. Not as
 * WebAssembly, where threads are the host's. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/parallel.h"
#include "tiny_folder.h"

#include "testing.h"

#ifdef __SANITIZE_THREAD__ /* this build is slow */
#define SLOW_SIDE "64"
enum { ROUNDS = 4 };
#else
#define SLOW_SIDE "256"
enum { ROUNDS = 20 };
#endif
enum { ANSWERS = 5 };

static void sleep_a_little(void) { nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL); }

/* ---- pools ---- */

static void test_pools_have_their_threads(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 8; threads++) {
        pool *p = pool_new(threads);
        assert_int_equal(pool_threads(p), threads);
        pool_free(p);
    }
    vqa *v = vqa_new(4);
    tiny_bytes pack = tiny_pack((tiny_model){ .vilt = true });
    assert_int_equal(vqa_load(v, pack.bytes, pack.size), VQA_OK);
    assert_int_equal(vqa_load_end(v), VQA_OK);
    assert_non_null(strstr(vqa_info(v), "\"threads\":4,"));
    free(pack.bytes);
    vqa_free(v);
}

typedef struct {
    atomic_int waiting, most;
} meeting;

/* Wait for the others, who come only if they are there at the same time. */
static void meet(void *context, int i)
{
    (void)i;
    meeting *m = context;
    atomic_fetch_add(&m->waiting, 1);
    for (int tries = 0; tries < 20000 && atomic_load(&m->waiting) < m->most; tries++)
        sleep_a_little();
}

static void test_threads_run_at_once(void **state)
{
    (void)state;
    pool *p = pool_new(4);
    for (int round = 0; round < ROUNDS; round++) {
        meeting m = { .most = 4 };
        pool_run(p, 4, meet, &m);
        assert_int_equal(m.waiting, 4);
    }
    pool_free(p);
}

/* ---- models ---- */

static int encode(vqa *v)
{
    static const uint8_t bytes[40 * 30 * 4] = { 90, 10, 200, 255, 17, 80, 3, 255 };
    return vqa_encode_pixels(v, bytes, 40, 30);
}

static int ask(vqa *v, int picture)
{
    static const char question[] = "what color is the cat?";
    return vqa_ask(v, picture, 0, question, sizeof question - 1, ANSWERS);
}

static bool keep_logits(vqa *v, int status, float logits[ANSWERS])
{
    int count = 0;
    const float *now = vqa_logits(v, &count);
    if (status != ANSWERS || count != ANSWERS) return false;
    memcpy(logits, now, ANSWERS * sizeof *logits);
    return true;
}

/* ---- stopping ---- */

/* One with many patches, so that calls take a while. */
static vqa *open_slow(void)
{
    tiny_bytes pack = tiny_pack((tiny_model){ .fusion = "token_transformer_cls" });
    tiny_folder f = tiny_folder_of(pack, 1);
    tiny_folder_put(&f, "preprocessor_config.json", "{\"size\":" SLOW_SIDE "}");
    vqa *v = vqa_new(3);
    if (tiny_folder_load(v, &f, 1 << 20, NULL) != VQA_OK) fail_msg("%s", vqa_error(v));
    free(pack.bytes);
    tiny_folder_free(&f);
    return v;
}

typedef struct {
    atomic_int *stop, calls; /* that have begun */
    int turns;               /* that are waited then */
} stopper;

/* Stop the call soon after it has begun. */
static void *stop_call(void *context)
{
    stopper *s = context;
    while (!atomic_load(&s->calls)) {}
    for (int i = 0; i < s->turns; i++) atomic_load(&s->calls);
    atomic_store(s->stop, 1);
    return NULL;
}

/* Make the call, encode() or for a picture ask(), while another thread stops it. */
static int call_stopped(vqa *v, int picture, int turns)
{
    stopper s = { .stop = vqa_stop(v), .turns = turns };
    pthread_t other;
    assert_int_equal(pthread_create(&other, NULL, stop_call, &s), 0);
    atomic_store(&s.calls, 1);
    int status = picture ? ask(v, picture) : encode(v);
    pthread_join(other, NULL);
    atomic_store(s.stop, 0);
    return status;
}

static void test_stopping_from_another_thread(void **state)
{
    (void)state;
    vqa *v = open_slow();
    float first[ANSWERS], now[ANSWERS];
    int picture = encode(v), stopped[2] = { 0 };
    assert_true(keep_logits(v, ask(v, picture), first));
    for (int round = 0; round < 2 * ROUNDS; round++) {
        bool asks = round % 2;
        int status = call_stopped(v, asks ? picture : 0, round / 2 * 20000);
        if (status == VQA_STOPPED) {
            stopped[asks]++;
            assert_non_null(strstr(vqa_error(v), "stopped"));
        } else if (status <= 0) { /* the other thread came too late */
            fail_msg("%d: %s", status, vqa_error(v));
        }
        int again = encode(v);
        assert_true(again > 0);
        assert_true(keep_logits(v, ask(v, again), now));
        assert_memory_equal(now, first, sizeof first);
        assert_int_equal(vqa_close_picture(v, again), VQA_OK);
    }
    assert_true(stopped[0] && stopped[1]);
    vqa_free(v);
}

/* ---- two handles ---- */

typedef struct {
    tiny_bytes pack;
    float first[ANSWERS]; /* logits */
    int wrong;            /* answers with others */
} user;

static bool answer(tiny_bytes pack, int rounds, float logits[ANSWERS])
{
    vqa *v = vqa_new(2);
    bool ok = v && vqa_load(v, pack.bytes, pack.size) == VQA_OK && vqa_load_end(v) == VQA_OK;
    for (int i = 0; ok && i < rounds; i++) {
        int picture = encode(v);
        ok = picture > 0 && keep_logits(v, ask(v, picture), logits);
    }
    vqa_free(v);
    return ok;
}

static void *use(void *context)
{
    user *u = context;
    float now[ANSWERS];
    for (int i = 0; i < ROUNDS; i++)
        u->wrong += !answer(u->pack, 1 + i % 3, now) || memcmp(now, u->first, sizeof now) != 0;
    return NULL;
}

static void test_two_handles_at_once(void **state)
{
    (void)state;
    static const tiny_model models[] = { { .vilt = true },
                                         { .recurrent = "gru", .q8 = true },
                                         { .fusion = "token_attention_mean", .q8 = true } };
    for (size_t first = 0; first < COUNT(models); first++) {
        user users[2];
        pthread_t threads[2];
        for (size_t i = 0; i < 2; i++) {
            users[i] = (user){ .pack = tiny_pack(models[(first + i) % COUNT(models)]) };
            assert_true(answer(users[i].pack, 1, users[i].first));
        }
        for (int i = 0; i < 2; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, use, &users[i]), 0);
        for (int i = 0; i < 2; i++) {
            pthread_join(threads[i], NULL);
            assert_int_equal(users[i].wrong, 0);
            free(users[i].pack.bytes);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pools_have_their_threads),
        cmocka_unit_test(test_threads_run_at_once),
        cmocka_unit_test(test_stopping_from_another_thread),
        cmocka_unit_test(test_two_handles_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
