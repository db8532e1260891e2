/* What the pool of parallel.h needs of the system: threads, and to sleep until a word changes.
 * thread_posix.c has it for native builds, thread_wasm.c for WebAssembly. */
#ifndef VQA_CORE_THREAD_H
#define VQA_CORE_THREAD_H

#include <stdatomic.h>

enum { THREAD_STACK = 1 << 16 }; /* bytes of stack that a thread has at least */

typedef struct thread thread;

/* Start a thread that calls run(argument); NULL where there are no threads or no memory. It may
 * begin at any time later. */
thread *thread_start(void (*run)(void *argument), void *argument);

/* Wait until run() has returned and give the thread back; one that has not begun never will. */
void thread_join(thread *t);

/* Sleep while *word is `value`, until thread_wake(word); may also return early. */
void thread_wait(atomic_uint *word, unsigned value);

/* Wake all who sleep on `word`, which has another value now. */
void thread_wake(atomic_uint *word);

#endif
