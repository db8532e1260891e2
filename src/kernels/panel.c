#include "kernels/panel.h"

#include <string.h>

int panel_count(int out) { return (out + PANEL - 1) / PANEL; }

int q8_padded(int n) { return (n + Q8_STEP - 1) / Q8_STEP * Q8_STEP; }

int q8_blocks(int in) { return (in + Q8_BLOCK - 1) / Q8_BLOCK; }

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
        for (int k = 0; k < padded; k += Q8_RUN)
            for (int j = 0; j < PANEL; j++)
                memcpy(panel + k * PANEL + j * Q8_RUN, w + j * padded + k, Q8_RUN);
        memcpy(w, panel, size);
    }
}

/* Up to four nibbles as bytes. */
static uint32_t spread(uint32_t nibbles)
{
    nibbles = (nibbles | nibbles << 8) & 0x00ff00ff;
    return (nibbles | nibbles << 4) & 0x0f0f0f0f;
}

/* 2 Q8_RUN neighbours of a row lie in Q8_RUN bytes, pair by pair; in a panel, the low nibbles are the
 * first half of them and the high ones the second. */
static void split_pairs(const uint8_t *pairs, uint8_t *halves)
{
    uint32_t all = 0;
    for (int k = 0; k < Q8_RUN; k++) all |= (uint32_t)pairs[k] << 8 * k;
    all = spread(all & ((1u << 4 * Q8_RUN) - 1)) | spread(all >> 4 * Q8_RUN) << 4;
    for (int k = 0; k < Q8_RUN; k++) halves[k] = (uint8_t)(all >> 8 * k);
}

void panel_pack_in_place_q4(uint8_t *w, int out, int in, uint8_t *panel)
{
    size_t row = (size_t)in / 2, size = PANEL * row;
    for (int p = 0; p < panel_count(out); p++, w += size) {
        for (size_t k = 0; k < row; k += Q8_RUN)
            for (size_t j = 0; j < PANEL; j++)
                split_pairs(w + j * row + k, panel + k * PANEL + j * Q8_RUN);
        memcpy(w, panel, size);
    }
}

void panel_row_f32(const float *panels, int r, int in, float *row)
{
    const float *panel = panels + (size_t)(r / PANEL) * PANEL * (size_t)in;
    for (int k = 0; k < in; k++) row[k] = panel[k * PANEL + r % PANEL];
}

void panel_row_q8(const int8_t *panels, int r, int in, int8_t *row)
{
    size_t padded = (size_t)q8_padded(in);
    for (size_t k = 0; k < (size_t)in; k++) row[k] = panels[panel_place_q8((size_t)r, k, padded)];
}

static int nibble(const uint8_t *panels, int r, size_t k, int in)
{
    return panels[panel_place_q4((size_t)r, k, (size_t)in)] >> panel_shift_q4(k) & 15;
}

void panel_row_q4(const uint8_t *panels, int r, int in, uint8_t *row)
{
    for (size_t k = 0; k < (size_t)in; k += 2)
        row[k / 2] = (uint8_t)(nibble(panels, r, k, in) | nibble(panels, r, k + 1, in) << 4);
}
