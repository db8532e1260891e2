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

/* Where the nibble of output `j` for input `k` is in a panel: the byte, and the bits to shift. */
static size_t q4_byte(int j, int k) { return (size_t)((k / 4 * PANEL + j) * 2 + k % 2); }

static int q4_shift(int k) { return k % 4 / 2 * 4; }

void panel_pack_in_place_q4(uint8_t *w, int out, int in, uint8_t *panel)
{
    size_t row = (size_t)in / 2, size = PANEL * row;
    for (int p = 0; p < panel_count(out); p++, w += size) {
        memset(panel, 0, size);
        for (int j = 0; j < PANEL; j++)
            for (int k = 0; k < in; k++) {
                int nibble = w[(size_t)j * row + (size_t)k / 2] >> k % 2 * 4 & 15;
                panel[q4_byte(j, k)] |= (uint8_t)(nibble << q4_shift(k));
            }
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
    const int8_t *panel = panels + (size_t)(r / PANEL) * PANEL * (size_t)q8_padded(in);
    for (int k = 0; k < in; k++) row[k] = panel[(k / 2 * PANEL + r % PANEL) * 2 + k % 2];
}

void panel_row_q4(const uint8_t *panels, int r, int in, uint8_t *row)
{
    const uint8_t *panel = panels + (size_t)(r / PANEL) * PANEL * (size_t)in / 2;
    for (int k = 0; k < in; k += 2) {
        int low = panel[q4_byte(r % PANEL, k)] >> q4_shift(k) & 15,
            high = panel[q4_byte(r % PANEL, k + 1)] >> q4_shift(k + 1) & 15;
        row[k / 2] = (uint8_t)(low | high << 4);
    }
}
