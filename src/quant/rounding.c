#include "quant/rounding.h"

#include <math.h>

/* Change by `way` (1 or -1) the value that this costs least. */
static void change_one(const float *exact, int n, int limit, int way, int *rounded)
{
    int best = -1;
    float best_error = 0;
    for (int i = 0; i < n; i++) {
        float error = (exact[i] - (float)rounded[i]) * (float)way;
        if (rounded[i] != limit && (best < 0 || error > best_error)) best = i, best_error = error;
    }
    if (best >= 0) rounded[best] += way;
}

void rounding_keep_sum(const float *exact, int n, int least, int most, float step, float *debt,
                       int *rounded)
{
    float lacking = 0;
    for (int i = 0; i < n; i++) {
        float nearest = nearbyintf(exact[i]);
        rounded[i] = nearest < (float)least ? least : nearest > (float)most ? most : (int)nearest;
        lacking += exact[i] - (float)rounded[i];
    }
    if (!(step > 0 && isfinite(step))) return; /* zeros, or too large: see weights_take() */
    lacking += *debt / step;
    float changes = nearbyintf(lacking);
    const int worth = n / 4; /* a debt that can't be paid is not worth it */
    if (changes > (float)worth) changes = (float)worth;
    if (changes < -(float)worth) changes = -(float)worth;
    for (int i = 0; i < (int)fabsf(changes); i++)
        change_one(exact, n, changes > 0 ? most : least, changes > 0 ? 1 : -1, rounded);
    *debt = (lacking - changes) * step;
}
