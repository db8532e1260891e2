#include "core/parallel.h"

#include <stdlib.h>

#if defined(__EMSCRIPTEN__) && !defined(__EMSCRIPTEN_PTHREADS__)

struct pool {
    int threads;
};

pool *pool_new(int threads)
{
    (void)threads;
    pool *p = malloc(sizeof *p);
    if (p) p->threads = 1;
    return p;
}

void pool_free(pool *p) { free(p); }

int pool_threads(const pool *p) { return p ? p->threads : 1; }

void pool_run(pool *p, int count, void (*work)(void *context, int i), void *context)
{
    (void)p;
    for (int i = 0; i < count; i++) work(context, i);
}

#else

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct pool {
    int threads; /* with the caller */
    pthread_t helper[POOL_MAX_THREADS];
    pthread_mutex_t lock;
    pthread_cond_t start, done;
    unsigned round; /* one more with every loop; a change wakes the helpers */
    int busy;       /* helpers that have not finished this round */
    bool ending;
    void (*work)(void *context, int i);
    void *context;
    int count;
    atomic_int next; /* the next i that nobody has taken */
};

static void share(pool *p)
{
    for (int i; (i = atomic_fetch_add(&p->next, 1)) < p->count;) p->work(p->context, i);
}

static void *help(void *pointer)
{
    pool *p = pointer;
    unsigned seen = 0;
    pthread_mutex_lock(&p->lock);
    for (;;) {
        while (p->round == seen && !p->ending) pthread_cond_wait(&p->start, &p->lock);
        if (p->ending) break;
        seen = p->round;
        pthread_mutex_unlock(&p->lock);
        share(p);
        pthread_mutex_lock(&p->lock);
        if (--p->busy == 0) pthread_cond_signal(&p->done);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

pool *pool_new(int threads)
{
    pool *p = calloc(1, sizeof *p);
    if (!p) return NULL;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->start, NULL);
    pthread_cond_init(&p->done, NULL);
    if (threads > POOL_MAX_THREADS) threads = POOL_MAX_THREADS;
    for (p->threads = 1; p->threads < threads; p->threads++)
        if (pthread_create(&p->helper[p->threads], NULL, help, p) != 0) break;
    return p;
}

void pool_free(pool *p)
{
    if (!p) return;
    pthread_mutex_lock(&p->lock);
    p->ending = true;
    pthread_cond_broadcast(&p->start);
    pthread_mutex_unlock(&p->lock);
    for (int i = 1; i < p->threads; i++) pthread_join(p->helper[i], NULL);
    pthread_cond_destroy(&p->done);
    pthread_cond_destroy(&p->start);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

int pool_threads(const pool *p) { return p ? p->threads : 1; }

void pool_run(pool *p, int count, void (*work)(void *context, int i), void *context)
{
    if (!p || p->threads == 1 || count < 2) {
        for (int i = 0; i < count; i++) work(context, i);
        return;
    }
    pthread_mutex_lock(&p->lock);
    p->work = work;
    p->context = context;
    p->count = count;
    p->busy = p->threads - 1;
    atomic_store(&p->next, 0);
    p->round++;
    pthread_cond_broadcast(&p->start);
    pthread_mutex_unlock(&p->lock);
    share(p);
    pthread_mutex_lock(&p->lock);
    while (p->busy > 0) pthread_cond_wait(&p->done, &p->lock);
    pthread_mutex_unlock(&p->lock);
}

#endif
