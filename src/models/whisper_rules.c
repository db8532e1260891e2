#include "models/whisper_rules.h"

#include <math.h>
#include <string.h>

#include "core/elementary.h"

int whisper_largest(const float *x, int n)
{
    int best = 0;
    for (int i = 1; i < n; i++)
        if (x[i] > x[best]) best = i;
    return best;
}

double whisper_log_sum(const kernels *k, const float *x, int n, float *room)
{
    int best = whisper_largest(x, n);
    if (x[best] == -INFINITY) return -INFINITY;
    memcpy(room, x, (size_t)n * sizeof *room);
    k->softmax(room, n, 1); /* the largest becomes 1 / sum exp(x - largest) */
    return (double)x[best] - logarithm((double)room[best]);
}

static void forbid(float *logits, int first, int last)
{
    for (int i = first; i < last; i++) logits[i] = -INFINITY;
}

static void timestamp_rules(const kernels *k, const whisper_settings *s, const int *tokens,
                            int count, float *logits, float *room)
{
    int begin = s->no_timestamps + 1, all = s->vocabulary, latest = -1;
    bool last = count >= 1 && tokens[count - 1] >= begin,
         before = count < 2 || tokens[count - 2] >= begin;
    for (int i = 0; i < count; i++)
        if (tokens[i] >= begin) latest = tokens[i];
    forbid(logits, s->no_timestamps, begin);
    if (last && before) forbid(logits, begin, all);
    if (last && !before) forbid(logits, 0, s->end);
    if (latest >= 0) forbid(logits, begin, last && !before ? latest : latest + 1);
    if (count == 0) {
        forbid(logits, 0, begin);
        if (s->max_initial >= 0) forbid(logits, begin + s->max_initial + 1, all);
    }
    if (whisper_log_sum(k, logits + begin, all - begin, room) >
        (double)logits[whisper_largest(logits, begin)])
        forbid(logits, 0, begin);
}

void whisper_rules(const kernels *k, const whisper_settings *s, bool timestamps, const int *tokens,
                   int count, float *logits, float *room)
{
    int how = count == 0 ? WHISPER_BANNED | WHISPER_BANNED_FIRST : WHISPER_BANNED;
    for (int i = 0; i < s->vocabulary; i++)
        if (s->banned[i] & how) logits[i] = -INFINITY;
    if (timestamps) timestamp_rules(k, s, tokens, count, logits, room);
}
