/* How many answers are right, how many are sure, and how honest their scores are. */
#ifndef VQA_TOOLS_TALLY_H
#define VQA_TOOLS_TALLY_H

#include <cjson/cJSON.h>
#include <stdbool.h>

enum { TALLY_NAME = 48, TALLY_BINS = 15 };

typedef struct {
    char name[TALLY_NAME];
    double right; /* what the answers count, 0..1 each */
    int all;
    double sure_right; /* the same of those that are sure */
    int sure;
    struct {
        double scores, right;
        int all;
    } bins[TALLY_BINS]; /* by score, of equal width */
} tally;

/* An answer that counts `right`, with its score 0..1. */
void tally_add(tally *t, double right, double score, bool sure);

/* How far scores are from the share that is right, on average over the bins: the expected
 * calibration error of Guo et al. 2017. 0 of nothing. */
double tally_calibration_error(const tally *t);

/* {"accuracy", "right", "questions", "sure" (share), "sure_accuracy", "calibration_error"}; the
 * last three only if `scored`. The caller's. */
cJSON *tally_json(const tally *t, bool scored);

#endif
