/* A pool of threads that share one loop at a time. Builds without threads have the same calls and run
 * the loop in order on the caller. */
#ifndef VQA_CORE_PARALLEL_H
#define VQA_CORE_PARALLEL_H

typedef struct pool pool;

enum { POOL_MAX_THREADS = 64 };

/* A pool of `threads` (clamped to 1..POOL_MAX_THREADS), the caller among them; NULL without memory.
 * Threads that the system refuses to start are done without. */
pool *pool_new(int threads);

/* End the threads and give the pool back. NULL is fine. */
void pool_free(pool *p);

/* Threads that work, the caller among them; 1 for NULL. */
int pool_threads(const pool *p);

/* Call work(context, i) once for each i in 0..count-1, on any thread and in any order, and return
 * when all are done. Calls must not depend on each other, and not allocate: in WebAssembly malloc()
 * is not for two threads at once. A NULL pool runs them on the caller.
 * A thread that is killed from outside while it works is waited for without end: whoever starts
 * threads has to see to that. */
void pool_run(pool *p, int count, void (*work)(void *context, int i), void *context);

#endif
