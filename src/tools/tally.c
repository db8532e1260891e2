#include "tools/tally.h"

#include <math.h>

void tally_add(tally *t, double right, double score, bool sure)
{
    int bin = (int)(score * TALLY_BINS);
    if (bin < 0) bin = 0;
    if (bin >= TALLY_BINS) bin = TALLY_BINS - 1;
    t->all++;
    t->right += right;
    t->bins[bin].all++;
    t->bins[bin].scores += score;
    t->bins[bin].right += right;
    if (!sure) return;
    t->sure++;
    t->sure_right += right;
}

double tally_calibration_error(const tally *t)
{
    double sum = 0; /* each bin's difference of means, weighted by how many it has */
    for (int i = 0; i < TALLY_BINS; i++) sum += fabs(t->bins[i].scores - t->bins[i].right);
    return t->all ? sum / t->all : 0;
}

cJSON *tally_json(const tally *t, bool scored)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddNumberToObject(json, "accuracy", t->right / t->all);
    cJSON_AddNumberToObject(json, "right", t->right);
    cJSON_AddNumberToObject(json, "questions", t->all);
    if (!scored) return json;
    cJSON_AddNumberToObject(json, "sure", (double)t->sure / t->all);
    cJSON_AddNumberToObject(json, "sure_accuracy", t->sure ? t->sure_right / t->sure : 0);
    cJSON_AddNumberToObject(json, "calibration_error", tally_calibration_error(t));
    return json;
}
