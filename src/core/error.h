/* One sentence that says what is wrong, naming the thing and the value. */
#ifndef VQA_CORE_ERROR_H
#define VQA_CORE_ERROR_H

#include <stdbool.h>

enum { ERROR_SIZE = 512 };

typedef struct {
    char text[ERROR_SIZE]; /* UTF-8, always terminated; empty while nothing has failed */
    bool no_memory;        /* the heap was too small; the input may be fine */
    bool other_build;      /* the full build takes what this one can't: core/build.h */
} error;

/* Store the sentence (printf style, cut to ERROR_SIZE) and return false, so that a caller can write
 * `return fail(err, "tensor '%s': ...", name)`. Bytes that are not printable text (they come from
 * file names, tensor names, questions) are shown as '?'. */
bool fail(error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same when memory did not suffice. */
bool fail_memory(error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same when `what` ("the model") takes the full build. */
bool fail_build(error *err, const char *what);

#ifdef __clang_analyzer__ /* it reads one file at a time, and can't see what error.c returns */
static inline bool failed(bool result)
{
    (void)result;
    return false;
}
#define fail(...)        failed((fail)(__VA_ARGS__))
#define fail_memory(...) failed((fail_memory)(__VA_ARGS__))
#define fail_build(...)  failed((fail_build)(__VA_ARGS__))
#endif

#endif
