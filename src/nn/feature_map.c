#include "nn/feature_map.h"

bool window_valid(const window *w)
{
    int least = w->height < w->width ? w->height : w->width;
    return least >= 1 && w->height <= WINDOW_SIDE && w->width <= WINDOW_SIDE && w->stride >= 1 &&
           w->padding >= 0;
}

static int steps(const window *w, int side, int size)
{
    int room = size + 2 * w->padding - side;
    return room < 0 ? 0 : room / w->stride + 1;
}

int window_lines(const window *w, int height) { return steps(w, w->height, height); }

int window_columns(const window *w, int width) { return steps(w, w->width, width); }

feature_map window_map(arena *a, const window *w, int height, int width, int channels)
{
    int lines = window_lines(w, height), columns = window_columns(w, width);
    return (feature_map){ tensor_new(a, lines * columns, channels), lines, columns };
}

uint64_t window_map_cost(const window *w, int height, int width, int channels)
{
    return tensor_cost(window_lines(w, height) * window_columns(w, width), channels);
}

void window_taps(const window *w, feature_map x, int line, int column, const float *outside,
                 const float **taps)
{
    int top = line * w->stride - w->padding, left = column * w->stride - w->padding;
    for (int i = top; i < top + w->height; i++)
        for (int j = left; j < left + w->width; j++) {
            bool inside = i >= 0 && i < x.height && j >= 0 && j < x.width;
            *taps++ = inside ? tensor_row(x.rows, i * x.width + j) : outside;
        }
}

void feature_map_of_planes(const float *planes, feature_map y)
{
    for (int i = 0; i < y.rows.rows; i++)
        for (int channel = 0; channel < y.rows.cols; channel++)
            tensor_row(y.rows, i)[channel] =
                planes[(size_t)channel * (size_t)y.rows.rows + (size_t)i];
}
