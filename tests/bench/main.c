/* The program behind web/bench/kernels.js: a module with three functions as WebAssembly; natively it
 * takes lines "INDEX ROUNDS" and answers each with milliseconds. */
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "loops.h"

#ifdef __EMSCRIPTEN__
#include <emscripten.h>
#define EXPORTED EMSCRIPTEN_KEEPALIVE
#else
#define EXPORTED
#endif

/* All loops as JSON, peaks first: [{ kind, name, shape, mix, work }, ...], see loops.h; their places
 * are their indices below. Lives on. */
const char *bench_list(void);

/* Whether the loop gives what the definition of its kernel gives. */
int bench_check(int index);

/* Milliseconds that so many rounds take. */
double bench_run(int index, int rounds);

static loop loop_at(int i)
{
    return i < peak_count() ? peak_loop(i) : kernel_loop(i - peak_count());
}

EXPORTED const char *bench_list(void)
{
    static const char *const kinds[] = {
        [LOOP_KERNEL] = "kernel", [LOOP_REGISTERS] = "registers", [LOOP_TILE] = "tile"
    };
    static const char *const mixes[] = { [MIX_F32] = "f32 mul, add",
                                         [MIX_PAIRS] = "dot_i16x8, both spread",
                                         [MIX_WORDS] = "dot_i16x8, 16-bit inputs",
                                         [MIX_STEPS] = "2 i16x8.relaxed_dot, dot_i16x8",
                                         [MIX_AT_ONCE] = "i32x4.relaxed_dot_add",
                                         [MIX_NIBBLES] = "nibbles",
                                         [MIX_NONE] = "" };
    static char text[1 << 14];
    char *at = text, *end = text + sizeof text;
    for (int i = 0; i < peak_count() + kernel_count(); i++) {
        loop l = loop_at(i);
        at += snprintf(
            at, (size_t)(end - at),
            "%s{\"kind\":\"%s\",\"name\":\"%s\",\"shape\":\"%s\",\"mix\":\"%s\",\"work\":%.0f}",
            i ? "," : "[", kinds[l.kind], l.name, l.shape, mixes[l.mix], l.work);
    }
    strcpy(at, "]");
    return text;
}

EXPORTED int bench_check(int index)
{
    return index < peak_count() || kernel_check(index - peak_count());
}

EXPORTED double bench_run(int index, int rounds)
{
    int kernel = index - peak_count();
    if (kernel >= 0) kernel_prepare(kernel);
    double begin = clock_now();
    if (kernel >= 0)
        kernel_run(kernel, rounds);
    else
        peak_run(index, rounds);
    return clock_now() - begin;
}

#ifndef __EMSCRIPTEN__

int main(int argc, char **argv)
{
    int index, rounds, wrong = 0;
    if (argc > 1 && strcmp(argv[1], "check") == 0) {
        for (int i = 0; i < peak_count() + kernel_count(); i++)
            if (!bench_check(i)) {
                loop l = loop_at(i);
                printf("%s, %s: not what the definition gives\n", l.name, l.shape);
                wrong++;
            }
        return wrong > 0;
    }
    puts(bench_list());
    fflush(stdout);
    while (scanf("%d %d", &index, &rounds) == 2) {
        printf("%f\n", rounds ? bench_run(index, rounds) : bench_check(index));
        fflush(stdout);
    }
    return 0;
}

#endif
