#include "core/parallel.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/thread.h"

enum {
    LINE = 64,       /* bytes: what different threads write lies in different cache lines */
    SPINS = 1 << 14, /* looks at a word before sleeping: some ten microseconds */
};

/* A number that threads wait for to change: awake for a while, because the next loop mostly comes at
 * once and waking takes longer than many a loop; then asleep. */
typedef struct {
    _Alignas(LINE) atomic_uint value;
    atomic_uint asleep; /* how many */
} event;

static void event_wait(event *e, unsigned value)
{
    for (int i = 0; i < SPINS; i++)
        if (atomic_load_explicit(&e->value, memory_order_acquire) != value) return;
    atomic_fetch_add(&e->asleep, 1);
    while (atomic_load(&e->value) == value) thread_wait(&e->value, value);
    atomic_fetch_sub(&e->asleep, 1);
}

/* After a change of its value. */
static void event_signal(event *e)
{
    if (atomic_load(&e->asleep) > 0) thread_wake(&e->value);
}

/* Whoever has taken an i keeps its loop from ending until `unfinished` is told, so that work, context
 * and count don't change meanwhile; who comes too late takes none. */
struct pool {
    thread *helper[POOL_MAX_THREADS];
    int threads; /* with the caller */
    void (*work)(void *context, int i);
    void *context;
    int count;
    atomic_bool ending;
    event round;      /* one more with every loop, and at the end: wakes the helpers */
    event unfinished; /* how many i are still to be done; 0 wakes the caller */
    _Alignas(LINE) atomic_int untaken; /* how many i nobody has taken; less than 0: asked in vain */
};

static void share(pool *p)
{
    unsigned done = 0;
    for (int left; (left = atomic_fetch_sub(&p->untaken, 1)) > 0; done++)
        p->work(p->context, p->count - left);
    if (done > 0 && atomic_fetch_sub(&p->unfinished.value, done) == done)
        event_signal(&p->unfinished);
}

static void help(void *pointer)
{
    pool *p = pointer;
    for (unsigned seen = 0;;) {
        event_wait(&p->round, seen);
        seen = atomic_load(&p->round.value);
        if (p->ending) return;
        share(p);
    }
}

/* Also wakes helpers that begin only later. */
static void next_round(pool *p)
{
    atomic_fetch_add(&p->round.value, 1);
    event_signal(&p->round);
}

pool *pool_new(int threads)
{
    pool *p = aligned_alloc(_Alignof(pool), sizeof *p);
    if (!p) return NULL;
    memset(p, 0, sizeof *p);
    if (threads > POOL_MAX_THREADS) threads = POOL_MAX_THREADS;
    for (p->threads = 1; p->threads < threads; p->threads++)
        if (!(p->helper[p->threads] = thread_start(help, p))) break;
    return p;
}

void pool_free(pool *p)
{
    if (!p) return;
    atomic_store(&p->ending, 1);
    next_round(p);
    for (int i = 1; i < p->threads; i++) thread_join(p->helper[i]);
    free(p);
}

int pool_threads(const pool *p) { return p ? p->threads : 1; }

void pool_run(pool *p, int count, void (*work)(void *context, int i), void *context)
{
    if (!p || p->threads == 1 || count < 2) {
        for (int i = 0; i < count; i++) work(context, i);
        return;
    }
    p->work = work;
    p->context = context;
    p->count = count;
    atomic_store(&p->unfinished.value, (unsigned)count);
    atomic_store(&p->untaken, count);
    next_round(p);
    share(p);
    for (unsigned left; (left = atomic_load(&p->unfinished.value)) > 0;)
        event_wait(&p->unfinished, left);
}
