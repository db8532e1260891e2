#include "core/thread.h"

#include <stddef.h>

#ifdef __wasm_atomics__

#include <stdint.h>
#include <stdlib.h>

enum { WAITING, RUNNING, ENDED };

struct thread {
    void (*run)(void *argument);
    void *argument;
    atomic_uint state;
    _Alignas(16) uint8_t stack[THREAD_STACK];
};

/* JavaScript's part, see web/src/wasm.js: let another worker, with an instance of the same module in
 * the same memory, set its stack pointer to `stack` and call thread_run(t). */
__attribute__((import_module("env"), import_name("thread_begin"))) void thread_begin(thread *t,
                                                                                     void *stack);

/* What that worker calls; returns when the thread has ended. */
void thread_run(thread *t);

void thread_run(thread *t)
{
    unsigned state = WAITING;
    if (!atomic_compare_exchange_strong(&t->state, &state, RUNNING)) return;
    t->run(t->argument);
    atomic_store(&t->state, ENDED);
    thread_wake(&t->state);
}

thread *thread_start(void (*run)(void *argument), void *argument)
{
    thread *t = aligned_alloc(16, sizeof *t);
    if (!t) return NULL;
    t->run = run;
    t->argument = argument;
    atomic_init(&t->state, WAITING);
    thread_begin(t, t->stack + THREAD_STACK);
    return t;
}

void thread_join(thread *t)
{
    unsigned state = WAITING;
    /* a worker that has not come yet still may: it keeps the stack it was promised */
    if (atomic_compare_exchange_strong(&t->state, &state, ENDED)) return;
    while (atomic_load(&t->state) != ENDED) thread_wait(&t->state, RUNNING);
    free(t);
}

void thread_wait(atomic_uint *word, unsigned value)
{
    __builtin_wasm_memory_atomic_wait32((int *)word, (int)value, -1);
}

void thread_wake(atomic_uint *word) { __builtin_wasm_memory_atomic_notify((int *)word, ~0u); }

#else /* a build without threads */

thread *thread_start(void (*run)(void *argument), void *argument)
{
    (void)run;
    (void)argument;
    return NULL;
}

void thread_join(thread *t) { (void)t; }

void thread_wait(atomic_uint *word, unsigned value)
{
    (void)word;
    (void)value;
}

void thread_wake(atomic_uint *word) { (void)word; }

#endif
