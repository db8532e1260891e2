#include "heads/classify.h"

int classify_best(const kernels *k, classify_scores how, tensor scores, int top_k, answer *best)
{
    if (how == CLASSIFY_SOFTMAX)
        k->softmax(scores.data, scores.cols);
    else
        k->sigmoid(scores.data, (size_t)scores.cols);
    int kept = 0;
    for (int i = 0; i < scores.cols; i++) { /* insertion into a short sorted list */
        float score = scores.data[i];
        if (kept == top_k && score <= best[kept - 1].score) continue;
        int at = kept < top_k ? kept++ : kept - 1;
        for (; at > 0 && best[at - 1].score < score; at--) best[at] = best[at - 1];
        best[at] = (answer){ i, score };
    }
    return kept;
}
