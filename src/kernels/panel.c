#include "kernels/panel.h"

#include <string.h>

#include "kernels/kernels.h"

int panel_count(int out) { return (out + PANEL - 1) / PANEL; }

int q8_padded(int n) { return (n + Q8_STEP - 1) / Q8_STEP * Q8_STEP; }

void panel_pack_f32(const float *w, int stride, int out, int in, float *panels)
{
    for (int p = 0; p < panel_count(out); p++) {
        float *panel = panels + (size_t)p * PANEL * (size_t)in;
        for (int j = 0; j < PANEL; j++) {
            int row = p * PANEL + j;
            for (int k = 0; k < in; k++)
                panel[k * PANEL + j] = row < out ? w[(size_t)row * (size_t)stride + (size_t)k] : 0;
        }
    }
}

void panel_pack_columns_f32(const float *w, int stride, int in, int out, float *panels)
{
    for (int p = 0; p < panel_count(out); p++) {
        float *panel = panels + (size_t)p * PANEL * (size_t)in;
        int filled = out - p * PANEL < PANEL ? out - p * PANEL : PANEL;
        for (int k = 0; k < in; k++) {
            const float *from = w + (size_t)k * (size_t)stride + (size_t)p * PANEL;
            for (int j = 0; j < PANEL; j++) panel[k * PANEL + j] = j < filled ? from[j] : 0;
        }
    }
}

void panel_pack_in_place_f32(float *w, int out, int in, float *panel)
{
    size_t size = (size_t)PANEL * (size_t)in;
    for (int p = 0; p < panel_count(out); p++, w += size) {
        panel_pack_f32(w, in, PANEL, in, panel);
        memcpy(w, panel, size * sizeof *w);
    }
}

void panel_pack_in_place_q8(int8_t *w, int out, int in, int8_t *panel)
{
    int padded = q8_padded(in);
    size_t size = (size_t)PANEL * (size_t)padded;
    for (int p = 0; p < panel_count(out); p++, w += size) {
        for (int j = 0; j < PANEL; j++)
            for (int k = 0; k < padded; k++)
                panel[(k / 2 * PANEL + j) * 2 + k % 2] = w[j * padded + k];
        memcpy(w, panel, size);
    }
}
