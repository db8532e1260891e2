#include "models/whisper_search.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "models/whisper_rules.h"

/* A text that is still being written could go on with this token. */
typedef struct {
    int text, token;
    double score, logprob;
} candidate;

typedef struct {
    whisper_hearing *h;
    bool timestamps;
    int beams, most;
    whisper_text writing[2][TRANSCRIBE_MAX_BEAMS]; /* now, and in the next step */
    int count;                                     /* of those that are being written */
    whisper_text done[TRANSCRIBE_MAX_BEAMS + 1];   /* scores by their lengths; room for one more */
    int done_count;
    candidate best[2 * TRANSCRIBE_MAX_BEAMS]; /* in order */
    int best_count;
    float *room; /* [vocabulary] */
} search;

/* Keep it among the best 2 * beams; equals in the order they came. */
static void offer(search *s, candidate c)
{
    int i = s->best_count, most = 2 * s->beams;
    if (i == most && !(c.score > s->best[i - 1].score)) return;
    if (i < most)
        s->best_count++;
    else
        i--;
    for (; i > 0 && c.score > s->best[i - 1].score; i--) s->best[i] = s->best[i - 1];
    s->best[i] = c;
}

/* Every token that may follow one of the texts. */
static void rank(search *s, tensor logits)
{
    const kernels *k = s->h->c->k;
    const whisper_settings *settings = &s->h->w->settings;
    s->best_count = 0;
    for (int t = 0; t < s->count; t++) {
        const whisper_text *text = &s->writing[0][t];
        float *row = tensor_row(logits, t);
        double all = whisper_log_sum(k, row, logits.cols, s->room);
        whisper_rules(k, settings, s->timestamps, text->tokens, text->count, row, s->room);
        double allowed = whisper_log_sum(k, row, logits.cols, s->room);
        for (int i = 0; i < logits.cols; i++) {
            if (row[i] == -INFINITY) continue;
            double x = (double)row[i];
            offer(s, (candidate){ t, i, text->score + (x - all), text->logprob + (x - allowed) });
        }
    }
}

/* A text has ended; the worst of more than `beams` goes, the first of equals. */
static void end(search *s, const whisper_text *text, double score, double logprob, int length)
{
    int worst = 0;
    whisper_text *to = &s->done[s->done_count];
    memcpy(to->tokens, text->tokens, (size_t)text->count * sizeof *to->tokens);
    to->count = text->count;
    to->score = score / length;
    to->logprob = logprob;
    if (s->done_count < s->beams) {
        s->done_count++;
        return;
    }
    for (int i = 1; i <= s->beams; i++)
        if (s->done[i].score < s->done[worst].score) worst = i;
    whisper_text gone = s->done[worst];
    memmove(&s->done[worst], &s->done[worst + 1], (size_t)(s->beams - worst) * sizeof gone);
    s->done[s->beams] = gone; /* its tokens are the room of the next one */
}

/* The texts of the next step, and those that end; from: the text that each goes on from. */
static void choose(search *s, int *from)
{
    int next = 0;
    for (int i = 0; i < s->best_count && next < s->beams; i++) {
        const candidate *c = &s->best[i];
        const whisper_text *text = &s->writing[0][c->text];
        if (c->token == s->h->w->settings.end) {
            if (i < s->beams) end(s, text, c->score, c->logprob, text->count + 1);
            continue;
        }
        whisper_text *to = &s->writing[1][next];
        memcpy(to->tokens, text->tokens, (size_t)text->count * sizeof *to->tokens);
        to->tokens[text->count] = c->token;
        to->count = text->count + 1;
        to->score = c->score;
        to->logprob = c->logprob;
        from[next++] = c->text;
    }
    for (int i = 0; i < s->beams; i++) {
        whisper_text before = s->writing[0][i];
        s->writing[0][i] = s->writing[1][i];
        s->writing[1][i] = before;
    }
    s->count = next;
}

/* Whether no text that is being written can become better than those that have ended. */
static bool settled(const search *s, int length)
{
    if (s->count == 0) return true;
    if (s->done_count < s->beams) return false;
    double worst = s->done[0].score;
    for (int i = 1; i < s->beams; i++)
        if (s->done[i].score < worst) worst = s->done[i].score;
    return worst >= s->best[0].score / length;
}

static int *tokens_new(const search *s, arena *a)
{
    return arena_take(a, (size_t)s->most + 1, sizeof(int));
}

whisper_text whisper_search(whisper_hearing *h, tensor logits, bool timestamps, int beams, int most,
                            arena *out)
{
    int from[TRANSCRIBE_MAX_BEAMS], ids[TRANSCRIBE_MAX_BEAMS];
    search s = { .h = h, .timestamps = timestamps, .beams = beams, .most = most, .count = 1 };
    assert(beams <= h->cache.sequences && beams <= h->rows && logits.rows == beams &&
           h->cache.count + most <= h->cache.positions);
    for (int i = 0; i < beams; i++)
        for (int side = 0; side < 2; side++) s.writing[side][i].tokens = tokens_new(&s, out);
    for (int i = 0; i <= beams; i++) s.done[i].tokens = tokens_new(&s, out);
    s.room = arena_take(out, (size_t)logits.cols, sizeof *s.room);
    bool open = true; /* whether a text that is being written may be the best */
    for (int length = 1;; length++) {
        rank(&s, logits);
        choose(&s, from);
        open = !settled(&s, length);
        if (!open || length == most || h->overflowed || compute_stopped(h->c)) break;
        decoder_follow(&h->cache, from, s.count);
        for (int i = 0; i < s.count; i++) ids[i] = s.writing[0][i].tokens[length - 1];
        whisper_next(h, ids, s.count, 1, tensor_rows(logits, 0, s.count));
    }
    for (int i = 0; i < s.count && open; i++) {
        const whisper_text *t = &s.writing[0][i];
        end(&s, t, t->score, t->logprob, t->count);
    }
    int best = 0;
    /* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): set since `s` was made */
    for (int i = 1; i < s.done_count; i++)
        if (s.done[i].score >= s.done[best].score) best = i;
    return s.done[best];
}

uint64_t whisper_search_cost(const whisper *w, int beams, int most)
{
    return (uint64_t)(3 * beams + 1) * arena_cost((uint64_t)most + 1, sizeof(int)) +
           arena_cost((uint64_t)w->words.out, sizeof(float));
}
