#include "models/transcript.h"

#include <stdlib.h>

void transcript_free(transcript *t)
{
    free(t->segments);
    free(t->tokens);
    *t = (transcript){ 0 };
}
