#include "heads/classify.h"

void classify_probabilities(const kernels *k, classify_scores how, tensor scores)
{
    if (how == CLASSIFY_SOFTMAX)
        k->softmax(scores.data, scores.cols, 1);
    else
        k->sigmoid(scores.data, (size_t)scores.cols);
}

int classify_best(tensor scores, const int *among, int count, int top_k, answer *best)
{
    int kept = 0;
    for (int i = 0; i < count; i++) { /* insertion into a short sorted list */
        int index = among ? among[i] : i;
        float score = scores.data[index];
        if (kept == top_k && score <= best[kept - 1].score) continue;
        int at = kept < top_k ? kept++ : kept - 1;
        for (; at > 0 && best[at - 1].score < score; at--) best[at] = best[at - 1];
        best[at] = (answer){ index, score };
    }
    return kept;
}
