/* vqa: the command line. */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/files.h"
#include "tools/tools.h"

/* clang-format off */
static const char help[] =
    "vqa answers questions about pictures, on this machine.\n"
    "\n"
    "  vqa ask MODEL PICTURE QUESTION [-k 5] [--choices A,B,...] [--logits] [--scalar] [--json]\n"
    "                                        the best answers with their scores; --logits: all raw\n"
    "                                        outputs of the model instead, to the last bit; --scalar:\n"
    "                                        by the kernels that define all others, slowly\n"
    "      [--explain MAP.png]               --explain: also the picture, bright where the answer comes\n"
    "                                        from; --json has the heat map as numbers then\n"
    "      [--speech QUESTION.wav]           --speech: the question as a sound, instead of in words\n"
    "  vqa transcribe MODEL SOUND.wav [--language en] [--task transcribe|translate] [--beams 5]\n"
    "      [--timestamps] [--json]           what is said in a sound\n"
    "  vqa eval MODEL DATA.jsonl PICTURES [--blank] [--json]\n"
    "                                        accuracy on questions with known answers, and how honest\n"
    "                                        the scores are; --blank: without looking at the pictures\n"
    "  vqa eval MODEL QUESTIONS.json PICTURES --annotations ANNOTATIONS.json [--json]\n"
    "                                        that of VQA v2, from its official files\n"
    "  vqa compare MODEL OTHER DATA.jsonl PICTURES [-n 200]\n"
    "                                        how far two models' outputs are apart\n"
    "  vqa quantize MODEL PACK [--precision q8|q4|f32] [--name NAME] [--licence TEXT]\n"
    "                                        write a pack; in parts where PACK ends with .json\n"
    "  vqa inspect MODEL [--json]            what a model is made of\n"
    "  vqa bench MODEL [PICTURE] [QUESTION] [-n 20] [--explain] [--speech WAV]\n"
    "                                        how long loading, encoding and answering take,\n"
    "                                        and which kernels take it; --explain: with heat maps\n"
    "                                        --speech: the question, or what is written down\n"
    "  vqa goldens DIR [--only NAME] [--small]\n"
    "                                        compare with reference outputs, a line a family;\n"
    "                                        --small leaves out full-size models\n"
    "  vqa recipe FOLDER OUT                 write the full-size random model of a fixture\n"
    "\n"
    "MODEL     a Hugging Face folder, a pack as quantize writes it, or a pack's manifest (.json)\n"
    "PICTURE   a JPEG, PNG, GIF or BMP file; - for none (ask)\n"
    "PICTURES  a folder or a .tar file; DATA.jsonl has one {\"file\", \"question\", \"answer\"} a line\n"
    "--precision f32|q8|q4 keeps float weights so while loading (ask, transcribe, eval,\n"
    "                                        compare, bench, inspect)\n"
    "-t N is the number of threads (ask, transcribe, eval, compare, bench, goldens).\n"
    "Exit codes: 0 done, 1 could not, 2 wrong usage.\n";
/* clang-format on */

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} commands[] = {
    { "ask", command_ask },
    { "eval", command_eval },
    { "quantize", command_quantize },
    { "inspect", command_inspect },
    { "bench", command_bench },
    { "goldens", command_goldens },
    { "compare", command_compare },
    { "recipe", command_recipe },
    { "transcribe", command_transcribe },
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
    const char *last = argv[optind - 1]; /* a long option; letters may stand together */
    return tool_usage("the option '%s' is not known or lacks its value",
                      optopt && strncmp(last, "--", 2) != 0 ? letter : last);
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
