/* vqa compare: how far the outputs of two models are apart, such as of one model in two precisions.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/goldens.h"
#include "tools/questions.h"
#include "tools/tools.h"

typedef struct {
    vqa *v[2];
    int picture[2]; /* that is open; 0: none */
    int questions, agreed;
    double cosine, least;
    char least_file[256];
} comparison;

static const float *logits_of(comparison *c, int i, const picture_question *q, int *count,
                              error *err)
{
    vqa *v = c->v[i];
    if (!q->same) {
        if (c->picture[i]) vqa_close_picture(v, c->picture[i]);
        c->picture[i] = vqa_encode(v, q->picture, q->size);
        if (c->picture[i] < 0) {
            fail(err, "%s: %s", q->file, vqa_error(v));
            return NULL;
        }
    }
    if (vqa_ask(v, c->picture[i], 0, q->question, strlen(q->question), 1) < 0) {
        fail(err, "%s", vqa_error(v));
        return NULL;
    }
    return vqa_logits(v, count);
}

static int largest(const float *x, int n)
{
    int at = 0;
    for (int i = 1; i < n; i++)
        if (x[i] > x[at]) at = i;
    return at;
}

static bool compare_one(void *context, const picture_question *q, error *err)
{
    comparison *c = context;
    int counts[2];
    const float *a = logits_of(c, 0, q, &counts[0], err),
                *b = a ? logits_of(c, 1, q, &counts[1], err) : NULL;
    if (!a || !b) return false;
    if (counts[0] != counts[1])
        return fail(err, "the models have %d and %d answers", counts[0], counts[1]);
    double similar = golden_cosine(a, b, (size_t)counts[0]);
    if (c->questions == 0 || similar < c->least) {
        c->least = similar;
        snprintf(c->least_file, sizeof c->least_file, "%s", q->file);
    }
    c->cosine += similar;
    c->agreed += largest(a, counts[0]) == largest(b, counts[1]);
    c->questions++;
    if (isatty(2)) fprintf(stderr, "\r%d questions", c->questions);
    return true;
}

int command_compare(int argc, char **argv)
{
    static const struct option options[] = { { "precision", required_argument, NULL, 'p' }, { 0 } };
    int threads = tool_threads(), most = 200;
    vqa_precision keep = VQA_FLOAT;
    bool ok = true;
    for (int o; ok && (o = getopt_long(argc, argv, "t:n:p:", options, NULL)) != -1;) {
        if (o == 't')
            threads = tool_number("-t", optarg, 1, 64, &ok);
        else if (o == 'n')
            most = tool_number("-n", optarg, 1, 1000000, &ok);
        else if (o == 'p')
            keep = tool_precision(optarg, &ok);
        else
            return tool_bad_option(argv);
    }
    if (!ok) return TOOL_USAGE;
    if (argc - optind != 4)
        return tool_usage("compare takes two models, a .jsonl file and a folder or .tar file of "
                          "pictures");
    comparison c = { 0 };
    archive *pictures = NULL;
    error err;
    ok = (c.v[0] = tool_open(argv[optind], threads, VQA_FLOAT)) &&
         (c.v[1] = tool_open(argv[optind + 1], threads, keep));
    if (ok) {
        ok = (pictures = archive_open(argv[optind + 3], &err)) &&
             questions_each(argv[optind + 2], pictures, most, compare_one, &c, &err);
        if (isatty(2)) fputc('\n', stderr);
        if (!ok) tool_failed("%s", err.text);
    }
    if (ok)
        printf(
            "%d questions: cosine of the logits %.6f on average, %.6f at least (%s); best answer "
            "the same %.2f %%\n",
            c.questions, c.cosine / c.questions, c.least, c.least_file,
            100.0 * c.agreed / c.questions);
    archive_close(pictures);
    for (int i = 0; i < 2; i++) vqa_free(c.v[i]);
    return ok ? TOOL_OK : TOOL_FAILED;
}
