/* The command line's commands and what they share. */
#ifndef VQA_TOOLS_TOOLS_H
#define VQA_TOOLS_TOOLS_H

#include <stdbool.h>

#include "vqa.h"

/* Exit codes. */
enum { TOOL_OK = 0, TOOL_FAILED = 1, TOOL_USAGE = 2 };

/* One command each: argv[0] is its name. They return an exit code. */
int command_ask(int argc, char **argv);
int command_eval(int argc, char **argv);
int command_quantize(int argc, char **argv);
int command_inspect(int argc, char **argv);
int command_bench(int argc, char **argv);
int command_compare(int argc, char **argv);
int command_goldens(int argc, char **argv);
int command_recipe(int argc, char **argv);
int command_transcribe(int argc, char **argv);

/* Say on standard error what went wrong, "vqa: ..." in one line, and return TOOL_FAILED or
 * TOOL_USAGE. */
int tool_failed(const char *format, ...) __attribute__((format(printf, 1, 2)));
int tool_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same for the option that getopt has just refused. */
int tool_bad_option(char **argv);

/* The whole number that an option's text is, or a usage message naming the option; *ok tells. */
int tool_number(const char *option, const char *text, int least, int most, bool *ok);

/* Threads to use unless told otherwise: the processors of this machine, at most 8. */
int tool_threads(void);

/* The precision that an option's text is, or a usage message. */
vqa_precision tool_precision(const char *text, bool *ok);

/* How a model is opened. */
typedef struct {
    int threads;
    vqa_precision precision;
    bool scalar;         /* by the kernels that define the others */
    const char *name;    /* of a folder; NULL: the folder's own */
    const char *licence; /* NULL: what the model says */
} model_options;

/* A handle with the model at `path` loaded (a pack, the manifest of a pack in parts, or a folder),
 * or NULL after saying what is wrong. */
vqa *tool_open_as(const char *path, model_options options);
vqa *tool_open(const char *path, int threads, vqa_precision keep);

#endif
