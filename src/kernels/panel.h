/* The order in which matrix products read weights. A weight matrix [out, in] is cut into panels of
 * PANEL outputs; the missing outputs of the last panel are zeros. Float panels are [in, PANEL];
 * int8 panels are [in / Q8_RUN, PANEL, Q8_RUN]: runs of neighbouring inputs, as an instruction adds
 * them up; q4 panels are [in / (2 Q8_RUN), PANEL, Q8_RUN] bytes, of each byte the low nibble for one
 * run of inputs and the high nibble for the next. */
#ifndef VQA_KERNELS_PANEL_H
#define VQA_KERNELS_PANEL_H

#include <stddef.h>
#include <stdint.h>

#include "kernels/kernels.h"

/* Where the weight of an output for input `k` is: among the values, or bytes, of panels of `in`
 * inputs. */
static inline size_t panel_place_q8(size_t output, size_t k, size_t in)
{
    size_t panel = output / PANEL * PANEL * in;
    return panel + (k / Q8_RUN * PANEL + output % PANEL) * Q8_RUN + k % Q8_RUN;
}

static inline size_t panel_place_q4(size_t output, size_t k, size_t in)
{
    size_t panel = output / PANEL * PANEL * (in / 2), run = k / (2 * Q8_RUN);
    return panel + (run * PANEL + output % PANEL) * Q8_RUN + k % Q8_RUN;
}

/* The bits to shift that byte by: 0 or 4. */
static inline int panel_shift_q4(size_t k) { return (int)(k / Q8_RUN % 2 * 4); }

/* How many panels `out` outputs make. */
int panel_count(int out);

/* `n` rounded up to a multiple of Q8_STEP. */
int q8_padded(int n);

/* From rows to panels: w [out, in] with `stride` floats from row to row -> panels, not overlapping.
 */
void panel_pack_f32(const float *w, int stride, int out, int in, float *panels);

/* The same from columns: w [in, out] with `stride` floats from row to row. */
void panel_pack_columns_f32(const float *w, int stride, int in, int out, float *panels);

/* From rows to panels in place: w holds panel_count(out) * PANEL rows of `in` (int8: q8_padded(in))
 * values, the surplus zeros; `panel` is room for one panel. */
void panel_pack_in_place_f32(float *w, int out, int in, float *panel);
void panel_pack_in_place_q8(int8_t *w, int out, int in, int8_t *panel);

/* The same for rows of in / 2 bytes, each a pair of nibbles, the low one first; in is a multiple of
 * Q4_GROUP. */
void panel_pack_in_place_q4(uint8_t *w, int out, int in, uint8_t *panel);

/* Blocks of Q8_BLOCK inputs, the last perhaps shorter. */
int q8_blocks(int in);

/* Row `r` of a matrix in panel order, back as it was: [in] values, or in / 2 pairs of nibbles. */
void panel_row_f32(const float *panels, int r, int in, float *row);
void panel_row_q8(const int8_t *panels, int r, int in, int8_t *row);
void panel_row_q4(const uint8_t *panels, int r, int in, uint8_t *row);

#endif
