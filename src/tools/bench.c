/* vqa bench: how long loading, encoding a picture and answering take. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/files.h"
#include "tools/tools.h"

enum { MAX_RUNS = 1000 };

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print_times(const char *what, double *ms, int runs)
{
    double first = ms[0];
    qsort(ms, (size_t)runs, sizeof *ms, by_value);
    printf("%-26s median %9.3f ms   fastest %9.3f ms   first %9.3f ms\n", what, ms[runs / 2], ms[0],
           first);
}

int command_bench(int argc, char **argv)
{
    static const struct option options[] = { { "precision", required_argument, NULL, 'p' }, { 0 } };
    int runs = 20, threads = 1;
    vqa_precision keep = VQA_FLOAT;
    bool ok = true;
    for (int o; ok && (o = getopt_long(argc, argv, "n:t:p:", options, NULL)) != -1;) {
        if (o == 'p')
            keep = tool_precision(optarg, &ok);
        else if (o == 'n')
            runs = tool_number("-n", optarg, 1, MAX_RUNS, &ok);
        else if (o == 't')
            threads = tool_number("-t", optarg, 1, 64, &ok);
        else
            return tool_bad_option(argv);
    }
    if (!ok) return TOOL_USAGE;
    if (argc - optind != 3) return tool_usage("bench takes a model, a picture and a question");
    static double load[MAX_RUNS], encode[MAX_RUNS], ask[MAX_RUNS];
    const char *question = argv[optind + 2];
    size_t size;
    error err;
    uint8_t *bytes = file_read(argv[optind + 1], &size, &err);
    if (!bytes) return tool_failed("%s", err.text);
    vqa *v = NULL;
    for (int r = 0; r < runs && ok; r++) {
        vqa_free(v);
        double start = tool_now();
        v = tool_open(argv[optind], threads, keep);
        if (!v) break;
        load[r] = tool_now() - start;
    }
    for (int r = 0; v && r < runs && ok; r++) {
        double start = tool_now();
        int picture = vqa_encode(v, bytes, size);
        double middle = tool_now();
        ok = picture > 0 && vqa_ask(v, picture, question, strlen(question), 5) > 0;
        encode[r] = middle - start;
        ask[r] = tool_now() - middle;
        if (picture < 0)
            tool_failed("%s: %s", argv[optind + 1], vqa_error(v));
        else if (!ok)
            tool_failed("%s", vqa_error(v));
        else
            vqa_close_picture(v, picture);
    }
    if (v && ok) {
        printf("%s, %d threads, %d runs\n", argv[optind], threads, runs);
        print_times("load", load, runs);
        print_times("decode, resize, encode", encode, runs);
        print_times("answer", ask, runs);
    }
    ok = ok && v;
    vqa_free(v);
    free(bytes);
    return ok ? TOOL_OK : TOOL_FAILED;
}
