#include "tools/explain.h"

#include <math.h>

#include "tools/png.h"

/* The value at `at` (0..1) of the way along `count` patches, between the centres of which it is
 * interpolated: the patch before, and how far it is to the next. */
static int patch_before(float at, int count, float *beyond)
{
    float centre = fminf(fmaxf(at * (float)count - 0.5f, 0), (float)(count - 1));
    int before = (int)centre < count - 1 ? (int)centre : count - 1;
    *beyond = centre - (float)before;
    return before;
}

/* x, y: 0..1 of what the map covers; outside of it there is no heat. */
static float heat_at(const float *heat, int height, int width, float x, float y)
{
    if (x < 0 || x > 1 || y < 0 || y > 1) return 0;
    float right, below;
    int column = patch_before(x, width, &right), row = patch_before(y, height, &below);
    int next = column + (column < width - 1);
    const float *first = heat + row * width, *second = first + (row < height - 1 ? width : 0);
    return (1 - below) * ((1 - right) * first[column] + right * first[next]) +
           below * ((1 - right) * second[column] + right * second[next]);
}

bool explain_write(const vqa *v, const uint8_t *bytes, size_t size, const char *path, error *err)
{
    int height, width;
    float box[4];
    const float *heat = vqa_heatmap(v, &height, &width);
    vqa_heatmap_box(v, box);
    image picture = { 0 };
    if (!heat) return fail(err, "there is no heat map of this answer");
    if (!image_decode(bytes, size, (decode_options){ 0 }, &picture, err)) return false;
    uint8_t *pixel = picture.rgb;
    for (int row = 0; row < picture.height; row++)
        for (int column = 0; column < picture.width; column++, pixel += 3) {
            float x = ((float)column + 0.5f) / (float)picture.width,
                  y = ((float)row + 0.5f) / (float)picture.height;
            float light = 0.2f + 0.8f * heat_at(heat, height, width, (x - box[0]) / box[2],
                                                (y - box[1]) / box[3]);
            for (int i = 0; i < 3; i++) pixel[i] = (uint8_t)(light * pixel[i] + 0.5f);
        }
    bool ok = png_write(path, &picture, err);
    image_free(&picture);
    return ok;
}
