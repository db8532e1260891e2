#include "nn/batch_norm.h"

#include <math.h>
#include <stdio.h>

bool batch_norm_fold(weights *w, const char *name, weight *before, error *err)
{
    static const char *const parts[4] = { "weight", "bias", "running_mean", "running_var" };
    weight *t[4];
    for (int i = 0; i < 4; i++) {
        char full[256];
        snprintf(full, sizeof full, "%s.%s", name, parts[i]);
        if (!(t[i] = weights_need(w, full, SHAPE(before->rows), err))) return false;
        t[i]->bits = BITS_FLOAT; /* what is written into them may be no half */
    }
    float *factor = t[0]->floats, *bias = t[1]->floats, *mean = t[2]->floats, *var = t[3]->floats;
    for (int r = 0; r < before->rows; r++) {
        float f = factor[r] / sqrtf(var[r] + BATCH_NORM_EPS);
        bias[r] -= mean[r] * f;
        if (!isfinite(f) || !isfinite(bias[r]))
            return fail(err, "the batch norm '%s' of channel %d is not a finite number", name, r);
        if (!weights_scale_row(before, r, f, err)) return false;
        factor[r] = 1;
        mean[r] = 0;
        var[r] = 1 - BATCH_NORM_EPS; /* and BATCH_NORM_EPS is 1, also in floats */
    }
    return true;
}
