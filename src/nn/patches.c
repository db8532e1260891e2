#include "nn/patches.h"

#include <assert.h>
#include <string.h>

void patches_cut(const float *pixels, int channels, int height, int width, int patch, tensor rows)
{
    int across = width / patch;
    assert(rows.rows == height / patch * across && rows.cols == channels * patch * patch);
    for (int i = 0; i < rows.rows; i++) {
        float *out = tensor_row(rows, i);
        for (int channel = 0; channel < channels; channel++)
            for (int y = 0; y < patch; y++, out += patch) {
                size_t line = (size_t)channel * (size_t)height + (size_t)(i / across * patch + y);
                memcpy(out, pixels + line * (size_t)width + (size_t)(i % across * patch),
                       (size_t)patch * sizeof *out);
            }
    }
}
