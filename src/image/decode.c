#include "image/decode.h"

#include <assert.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "image/exif.h"
#include "image/inspect.h"

/* ---- stb_image and what it may take from the heap ---- */

enum { MAX_BLOCKS = 24 }; /* at a time; a JPEG of four channels takes 14 */

/* Its allocator has no room for an argument, so what the current call allows stands here. Its blocks do, too, because
 * some versions forget one when they fail: NULL at free places, and at the last. */
static _Thread_local struct {
    size_t largest_block;
    bool refused;   /* a block larger than that was asked for */
    bool no_memory; /* the heap could not give one */
    void *live[MAX_BLOCKS + 1];
} heap;

/* The place of that block, or for NULL a free one; the last where there is none. */
static void **place_of(const void *block)
{
    void **place = heap.live;
    while (place < heap.live + MAX_BLOCKS && *place != block) place++;
    return place;
}

/* A new block (`block` is NULL) or a larger one. Zeros, because the decoder reads what a damaged file
 * never wrote (scans that are missing, tables that are not defined): that has to be harmless, and the
 * same everywhere. */
static void *heap_grow(void *block, size_t old_size, size_t size)
{
    void **place = place_of(block);
    if (size > heap.largest_block || place == heap.live + MAX_BLOCKS) {
        heap.refused = true;
        return NULL;
    }
    uint8_t *grown = block ? realloc(block, size) : calloc(1, size ? size : 1);
    if (!grown) {
        heap.no_memory = true;
        return NULL;
    }
    *place = grown;
    if (block && size > old_size) memset(grown + old_size, 0, size - old_size);
    return grown;
}

static void heap_free(void *block)
{
    *place_of(block) = NULL;
    free(block);
}

/* Damaged JPEGs make it shift too far and overflow int; the results don't matter and nothing is
 * addressed with them, so UBSan is told to leave its functions (all of them static) alone. ASan
 * still watches. The headers it wants are included above, where `static` is still itself. Its
 * asserts are off because damaged files must not stop the program. */
#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_JPEG
#define STBI_ONLY_PNG
#if IMAGE_GIF_BMP
#define STBI_ONLY_GIF
#define STBI_ONLY_BMP
#endif
#define STBI_NO_STDIO
#define STBI_NO_HDR
#define STBI_NO_LINEAR
#define STBI_MAX_DIMENSIONS                       IMAGE_MAX_SIDE
#define STBI_MALLOC(size)                         heap_grow(NULL, 0, size)
#define STBI_REALLOC_SIZED(block, old_size, size) heap_grow(block, old_size, size)
#define STBI_FREE(block)                          heap_free(block)
#define STBI_ASSERT(condition)                    ((void)0)

#pragma GCC diagnostic push
#ifdef __clang__
#pragma clang diagnostic ignored "-Weverything"
#pragma clang attribute push(__attribute__((no_sanitize("undefined"))), apply_to = function)
#else
#pragma GCC diagnostic ignored "-Wattributes"
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wstrict-prototypes"
#pragma GCC diagnostic ignored "-Wunused-but-set-variable"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#define static static __attribute__((no_sanitize("undefined"))) /* gcc has no pragma for it */
#endif
#include <stb/stb_image.h>
#ifdef __clang__
#pragma clang attribute pop
#else
#undef static
#endif
#pragma GCC diagnostic pop
/* gcc tells of these at the end of the file: most of stb_image's functions. */
#pragma GCC diagnostic ignored "-Wunused-function"

/* ---- from the decoder's pixels to ours ---- */

bool image_new(int width, int height, image *out, error *err)
{
    assert(width > 0 && height > 0);
    *out = (image){ malloc((size_t)width * (size_t)height * 3), width, height };
    if (out->rgb) return true;
    *out = (image){ 0 };
    return fail_memory(err, "not enough memory for a picture of %d x %d pixels", width, height);
}

void image_free(image *picture)
{
    free(picture->rgb);
    *picture = (image){ 0 };
}

/* `value` with alpha `a`, laid on white. */
static uint8_t on_white(int value, int a)
{
    return (uint8_t)((value * a + 255 * (255 - a) + 127) / 255);
}

/* Write pixels of 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGB, alpha) channels through a view. */
static void to_rgb(const uint8_t *pixels, int channels, exif_view view, bool drop_alpha,
                   uint8_t *rgb)
{
    const int green = channels >= 3 ? 1 : 0, blue = channels >= 3 ? 2 : 0;
    const int alpha = channels % 2 == 0 && !drop_alpha ? channels - 1 : 0;
    for (int y = 0; y < view.height; y++) {
        const uint8_t *from = pixels + (view.first + y * view.step_y) * channels;
        for (int x = 0; x < view.width; x++, rgb += 3) {
            const uint8_t *p = from + x * view.step_x * channels;
            int a = alpha ? p[alpha] : 255;
            rgb[0] = on_white(p[0], a);
            rgb[1] = on_white(p[green], a);
            rgb[2] = on_white(p[blue], a);
        }
    }
}

bool image_from_rgba(const uint8_t *rgba, int width, int height, image *out, error *err)
{
    *out = (image){ 0 };
    if (!inspect_size(width, height, err) || !image_new(width, height, out, err)) return false;
    to_rgb(rgba, 4, exif_upright(1, width, height), false, out->rgb);
    return true;
}

/* A copy of the file with the repair its facts ask for; *size becomes the copy's. NULL: no memory.
 */
static uint8_t *repaired(const uint8_t *bytes, size_t *size, const picture_facts *facts)
{
    size_t tail = facts->cut_at + facts->cut_size, left = *size - tail;
    uint8_t *copy = malloc(facts->cut_at + facts->zeros + left);
    if (!copy) return NULL;
    memcpy(copy, bytes, facts->cut_at);
    memset(copy + facts->cut_at, 0, facts->zeros);
    memcpy(copy + facts->cut_at + facts->zeros, bytes + tail, left);
    memcpy(copy + facts->poke_at, facts->poke, facts->poke_size);
    *size = facts->cut_at + facts->zeros + left;
    return copy;
}

/* The file's pixels as they are stored, [height, width, *channels], from the heap; or NULL. */
static uint8_t *decode_stored(const uint8_t *bytes, size_t size, const picture_facts *facts,
                              int *channels)
{
    heap.refused = heap.no_memory = false;
    uint8_t *copy = facts->poke_size ? repaired(bytes, &size, facts) : NULL;
    if (facts->poke_size && !copy) {
        heap.no_memory = true;
        return NULL;
    }
    /* Blocks of the picture are padded to 32 x 32 pixels; the PNG's packed data are gathered in a
     * block that doubles; the decoder's own tables take less than 64 KiB. */
    heap.largest_block =
        ((size_t)facts->width + 32) * ((size_t)facts->height + 32) * facts->pixel_bytes + 2 * size +
        65536;
    int width = 0, height = 0;
    uint8_t *pixels =
        stbi_load_from_memory(copy ? copy : bytes, (int)size, &width, &height, channels, 0);
    assert(!pixels || (width == facts->width && height == facts->height));
    for (int i = 0; i < MAX_BLOCKS; i++) {
        if (heap.live[i] != pixels) free(heap.live[i]);
        heap.live[i] = NULL;
    }
    free(copy);
    return pixels;
}

bool image_decode(const uint8_t *bytes, size_t size, decode_options how, image *out, error *err)
{
    *out = (image){ 0 };
    picture_facts facts;
    if (!inspect_picture(bytes, size, &facts, err)) return false;

    int channels = 0;
    uint8_t *pixels = decode_stored(bytes, size, &facts, &channels);
    if (!pixels && heap.no_memory)
        return fail_memory(err, "not enough memory for a picture of %d x %d pixels", facts.width,
                           facts.height);
    if (!pixels && heap.refused)
        return fail(err, "the %s picture is damaged: it unpacks to more than its %d x %d pixels",
                    facts.kind, facts.width, facts.height);
    if (!pixels) {
        const char *reason = stbi_failure_reason();
        return fail(err, "the %s picture is damaged: %s", facts.kind,
                    reason ? reason : "no pixels");
    }

    int orientation =
        facts.exif && !how.keep_orientation ? exif_orientation(facts.exif, facts.exif_size) : 1;
    if (channels == 3 && orientation == 1) { /* most photos: nothing left to do */
        *out = (image){ pixels, facts.width, facts.height };
        return true;
    }
    exif_view view = exif_upright(orientation, facts.width, facts.height);
    bool made = image_new(view.width, view.height, out, err);
    if (made) to_rgb(pixels, channels, view, how.drop_alpha || facts.ignore_alpha, out->rgb);
    free(pixels);
    return made;
}
