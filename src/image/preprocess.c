#include "image/preprocess.h"

#include <assert.h>

/* a * b / c rounded down, for a, b, c of picture sizes. */
static int scaled(int a, int b, int c) { return (int)((int64_t)a * b / c); }

static int smaller(int a, int b) { return a < b ? a : b; }

static int larger(int a, int b) { return a > b ? a : b; }

/* ViltImageProcessor: the doubles are rounded where the reference rounds them. */
static void size_in_multiples(const preprocessor *p, int *width, int *height)
{
    const int longest = (int)(1333.0 / 800.0 * p->side);
    double scale = (double)p->side / smaller(*width, *height);
    double w = *height < *width ? scale * *width : p->side;
    double h = *height < *width ? p->side : scale * *height;
    double longer = w > h ? w : h;
    if (longer > longest) {
        double shrink = longest / longer;
        w *= shrink;
        h *= shrink;
    }
    *width = larger((int)(w + 0.5) / p->divisor * p->divisor, p->divisor);
    *height = larger((int)(h + 0.5) / p->divisor * p->divisor, p->divisor);
}

/* What a picture of *width x *height is resized to, before any cropping. */
static void resized_size(const preprocessor *p, int *width, int *height)
{
    const int w = *width, h = *height;
    switch (p->rule) {
    case RESIZE_NOT: break;
    case RESIZE_TO_SIZE: *width = p->width, *height = p->height; break;
    case RESIZE_SHORT_SIDE:
        *width = w <= h ? p->side : scaled(p->side, w, h);
        *height = w <= h ? scaled(p->side, h, w) : p->side;
        break;
    case RESIZE_TO_MULTIPLES: size_in_multiples(p, width, height); break;
    }
}

/* What is kept of a picture that was resized to width x height: the middle, or all of it. */
static image_part kept_part(const preprocessor *p, int width, int height)
{
    image_part part = { .width = width, .height = height };
    if (p->crop) part.width = p->crop_width, part.height = p->crop_height;
    part.x = (width - part.width) / 2;
    part.y = (height - part.height) / 2;
    return part;
}

bool preprocess_size(const preprocessor *p, int width, int height, int *out_width, int *out_height,
                     error *err)
{
    assert(width > 0 && height > 0);
    *out_width = width, *out_height = height;
    resized_size(p, out_width, out_height);
    image_part part = kept_part(p, *out_width, *out_height);
    *out_width = part.width, *out_height = part.height;
    if ((int64_t)*out_width * *out_height <= PREPROCESS_MAX_PIXELS) return true;
    return fail(err, "a picture of %d x %d pixels would become one of %d x %d, more than %d pixels",
                width, height, *out_width, *out_height, PREPROCESS_MAX_PIXELS);
}

void preprocess_box(const preprocessor *p, int width, int height, int seen_width, int seen_height,
                    float box[4])
{
    resized_size(p, &width, &height);
    image_part part = kept_part(p, width, height);
    box[0] = (float)part.x / (float)width;
    box[1] = (float)part.y / (float)height;
    box[2] = (float)seen_width / (float)width;
    box[3] = (float)seen_height / (float)height;
}

/* [height, width, 3] bytes  ->  [3, height, width] floats, through a table of what each byte
 * becomes. */
static void normalise(const preprocessor *p, const image *from, float *pixels)
{
    const size_t count = (size_t)from->width * (size_t)from->height;
    for (int c = 0; c < 3; c++) {
        float value[256];
        for (int i = 0; i < 256; i++) value[i] = ((float)(i * p->factor) - p->mean[c]) / p->std[c];
        for (size_t i = 0; i < count; i++) *pixels++ = value[from->rgb[3 * i + (size_t)c]];
    }
}

bool preprocess(const preprocessor *p, const image *picture, image *resized, float *pixels,
                error *err)
{
    image small = { 0 };
    int width = picture->width, height = picture->height, ignored;
    bool ok = preprocess_size(p, width, height, &ignored, &ignored, err);
    if (ok) {
        resized_size(p, &width, &height);
        ok = image_resize(picture, width, height, p->filter, kept_part(p, width, height), &small,
                          err);
    }
    if (ok) normalise(p, &small, pixels);
    if (resized)
        *resized = small;
    else
        image_free(&small);
    return ok;
}
