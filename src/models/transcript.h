/* What was said in a sound, and how a model is asked to write it down. */
#ifndef VQA_MODELS_TRANSCRIPT_H
#define VQA_MODELS_TRANSCRIPT_H

#include <stdbool.h>

enum { TRANSCRIBE_MAX_BEAMS = 16 };

typedef struct {
    const char *language; /* a code such as "en"; NULL: what the model is set to, or hears */
    const char *task;     /* "transcribe", "translate" (into English); NULL: what it is set to */
    int beams;            /* 1..TRANSCRIBE_MAX_BEAMS hypotheses; 1: always the likeliest token */
    bool timestamps;      /* segments with their times; sounds beyond a window have them anyway */
    int max_tokens;       /* of one window, at least 1; those of the prompt do not count */
    float no_speech; /* a window is left out where the probability of no speech is above this ... */
    float logprob;   /* ... and the mean log probability of its tokens not above this */
} transcribe_options;

/* One stretch of speech. */
typedef struct {
    double start, end; /* seconds */
    float
        no_speech; /* probability that there is no speech in its window; 0 if the model can't tell */
    float logprob;    /* mean log probability of its window's tokens, with that which ends them */
    int first, count; /* its tokens */
} transcript_segment;

typedef struct {
    char language[16]; /* "" where the model doesn't know languages */
    transcript_segment *segments;
    int *tokens;
    int segment_count, token_count;
    bool overflowed; /* it failed because the model gives no finite numbers */
    int text_end;    /* tokens below it are text, the others timestamps and the like */
} transcript;

/* Give a transcript back; it is empty afterwards. */
void transcript_free(transcript *t);

#endif
