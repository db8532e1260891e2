/* What convolutions and pooling share: pictures whose pixels are rows of channels, and the window that
 * goes over them. */
#ifndef VQA_NN_FEATURE_MAP_H
#define VQA_NN_FEATURE_MAP_H

#include "core/tensor.h"

/* [height * width, channels], line by line: a convolution of 1 x 1 is a product of its rows. */
typedef struct {
    tensor rows;
    int height, width;
} feature_map;

/* A window of height x width pixels that moves by `stride`, over a map with `padding` pixels more
 * at each side. */
typedef struct {
    int height, width, stride, padding;
} window;

enum { WINDOW_SIDE = 11, WINDOW_MOST = WINDOW_SIDE * WINDOW_SIDE }; /* pixels of a window */

/* Whether it has sides of 1 to WINDOW_SIDE and a stride. */
bool window_valid(const window *w);

/* Lines and columns of what a window makes of a map of height x width; 0 if it does not fit. */
int window_lines(const window *w, int height);
int window_columns(const window *w, int width);

/* A map of the size that a window makes of one of height x width, taken from `a`, uninitialised, and
 * what it uses up. */
feature_map window_map(arena *a, const window *w, int height, int width, int channels);
uint64_t window_map_cost(const window *w, int height, int width, int channels);

/* The pixels under the window at one place of the result, line by line: pointers to their rows of
 * channels, `outside` for those of the padding. taps: [w->height * w->width]. */
void window_taps(const window *w, feature_map x, int line, int column, const float *outside,
                 const float **taps);

/* Planes [channels, height, width], as pictures come, as rows of channels. */
void feature_map_of_planes(const float *planes, feature_map y);

#endif
