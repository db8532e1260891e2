#include "core/thread.h"

#include <pthread.h>
#include <stdlib.h>

struct thread {
    pthread_t id;
    void (*run)(void *argument);
    void *argument;
};

/* One bed for all who sleep, whatever the word: waking is rare, and a look at the word is cheap. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

static void *begin(void *pointer)
{
    const thread *t = pointer;
    t->run(t->argument);
    return NULL;
}

thread *thread_start(void (*run)(void *argument), void *argument)
{
    thread *t = malloc(sizeof *t);
    if (!t) return NULL;
    *t = (thread){ .run = run, .argument = argument };
    if (pthread_create(&t->id, NULL, begin, t) == 0) return t;
    free(t);
    return NULL;
}

void thread_join(thread *t)
{
    pthread_join(t->id, NULL);
    free(t);
}

void thread_wait(atomic_uint *word, unsigned value)
{
    pthread_mutex_lock(&lock);
    if (atomic_load(word) == value) pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

void thread_wake(atomic_uint *word)
{
    (void)word;
    pthread_mutex_lock(&lock);
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}
