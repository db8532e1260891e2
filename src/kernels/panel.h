/* The order in which matrix products read weights. A weight matrix [out, in] is cut into panels of
 * PANEL outputs; the missing outputs of the last panel are zeros. Float panels are [in, PANEL];
 * int8 panels are [in / 2, PANEL, 2]: pairs of neighbouring inputs, as i32x4.dot_i16x8 multiplies
 * them. */
#ifndef VQA_KERNELS_PANEL_H
#define VQA_KERNELS_PANEL_H

#include <stddef.h>
#include <stdint.h>

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

#endif
