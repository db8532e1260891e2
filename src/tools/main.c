/* vqa: the command line. */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tools/files.h"
#include "tools/tools.h"

/* clang-format off */
static const char help[] =
    "vqa answers questions about pictures, on this machine.\n"
    "\n"
    "  vqa ask PACK PICTURE QUESTION [-k 5] [--json]      the best answers with their scores\n"
    "  vqa eval PACK DATA.jsonl PICTURES [--json]         accuracy on questions with known answers\n"
    "  vqa quantize FOLDER PACK [--precision q8|f32] [--name NAME] [--licence TEXT]\n"
    "                                                     a Hugging Face style folder becomes a pack\n"
    "  vqa inspect PACK|FOLDER [--json]                   what a model is made of\n"
    "  vqa bench PACK PICTURE QUESTION [-n 20]            how long loading, encoding and answering take\n"
    "  vqa goldens DIR [--only NAME] [--small]            compare with reference outputs, a line a family;\n"
    "                                                     --small leaves out full-size models\n"
    "\n"
    "PACK      a model in one file, as quantize writes it\n"
    "PICTURE   a JPEG, PNG, GIF or BMP file\n"
    "PICTURES  a folder or a .tar file; DATA.jsonl has one {\"file\", \"question\", \"answer\"} a line\n"
    "ask, eval, bench and goldens take -t N, the number of threads.\n"
    "Exit codes: 0 done, 1 could not, 2 wrong usage.\n";
/* clang-format on */

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} commands[] = {
    { "ask", command_ask },         { "eval", command_eval },   { "quantize", command_quantize },
    { "inspect", command_inspect }, { "bench", command_bench }, { "goldens", command_goldens },
};

static void say(const char *format, va_list args)
{
    error err;
    char text[ERROR_SIZE];
    vsnprintf(text, sizeof text, format, args);
    fail(&err, "%s", text); /* makes it printable */
    fprintf(stderr, "vqa: %s\n", err.text);
}

int tool_failed(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(format, args);
    va_end(args);
    return TOOL_FAILED;
}

int tool_usage(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(format, args);
    va_end(args);
    fprintf(stderr, "'vqa help' lists the commands.\n");
    return TOOL_USAGE;
}

int tool_bad_option(char **argv)
{
    char letter[] = { '-', (char)optopt, 0 };
    return tool_usage("the option '%s' is not known or lacks its value",
                      optopt ? letter : argv[optind - 1]);
}

int tool_number(const char *option, const char *text, int least, int most, bool *ok)
{
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    *ok = end != text && *end == 0 && errno == 0 && value >= least && value <= most;
    if (!*ok)
        tool_usage("%s is '%s', expected a whole number from %d to %d", option, text, least, most);
    return *ok ? (int)value : 0;
}

int tool_threads(void)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    return processors < 1 ? 1 : processors > 8 ? 8 : (int)processors;
}

double tool_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static bool push(void *context, const uint8_t *bytes, size_t size, error *err)
{
    vqa *v = context;
    return vqa_load(v, bytes, size) == VQA_OK || fail(err, "%s", vqa_error(v));
}

vqa *tool_open(const char *path, int threads)
{
    error err;
    vqa *v = vqa_new(threads);
    if (!v) {
        tool_failed("not enough memory");
        return NULL;
    }
    if (!file_stream(path, push, v, &err))
        tool_failed("%s: %s", path, err.text);
    else if (vqa_load_end(v) != VQA_OK)
        tool_failed("%s: %s", path, vqa_error(v));
    else
        return v;
    vqa_free(v);
    return NULL;
}

static bool asks_for_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fputs(help, stderr);
        return TOOL_USAGE;
    }
    if (strcmp(argv[1], "help") == 0 || asks_for_help(argv[1]) ||
        (argc > 2 && asks_for_help(argv[2]))) {
        fputs(help, stdout);
        return TOOL_OK;
    }
    opterr = 0; /* we say it ourselves */
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(argv[1], commands[i].name) == 0) return commands[i].run(argc - 1, argv + 1);
    return tool_usage("there is no command '%s'", argv[1]);
}
