/* Resizing against values worked out by hand and identities; the processors' settings, sizes and
 * numbers. Whole pictures are compared with the reference in the goldens. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/preprocess.h"

#include "testing.h"

static const resize_filter filters[] = { RESIZE_LANCZOS, RESIZE_BILINEAR, RESIZE_BICUBIC };

static image new_image(int width, int height)
{
    image picture;
    error err;
    assert_true(image_new(width, height, &picture, &err));
    return picture;
}

static image noise(int width, int height)
{
    image picture = new_image(width, height);
    uint32_t random = 7;
    for (int i = 0; i < width * height * 3; i++) {
        random = random * 1664525 + 1013904223;
        picture.rgb[i] = (uint8_t)(random >> 24);
    }
    return picture;
}

/* A row, or with `upright` a column, of grey pixels. */
static image greys(const uint8_t *values, int count, bool upright)
{
    image picture = upright ? new_image(1, count) : new_image(count, 1);
    for (int i = 0; i < count * 3; i++) picture.rgb[i] = values[i / 3];
    return picture;
}

static image resize(const image *from, int width, int height, resize_filter filter)
{
    image out;
    error err;
    assert_true(
        image_resize(from, width, height, filter, (image_part){ 0, 0, width, height }, &out, &err));
    assert_int_equal(out.width, width);
    assert_int_equal(out.height, height);
    return out;
}

/* ---- resizing ---- */

static void test_same_size_is_a_copy(void **state)
{
    (void)state;
    image from = noise(7, 5);
    for (size_t i = 0; i < COUNT(filters); i++) {
        image to = resize(&from, 7, 5, filters[i]);
        assert_memory_equal(to.rgb, from.rgb, 7 * 5 * 3);
        image_free(&to);
    }
    image_free(&from);
}

static void test_one_colour_stays(void **state)
{
    (void)state;
    static const int sizes[][2] = { { 1, 1 }, { 3, 200 }, { 200, 3 }, { 13, 17 }, { 50, 1 } };
    image from = new_image(13, 17);
    for (int i = 0; i < 13 * 17 * 3; i++) from.rgb[i] = (uint8_t)(i % 3 * 100 + 55);
    for (size_t i = 0; i < COUNT(filters) * COUNT(sizes); i++) {
        const int *size = sizes[i / COUNT(filters)];
        image to = resize(&from, size[0], size[1], filters[i % COUNT(filters)]);
        for (int k = 0; k < size[0] * size[1] * 3; k++)
            assert_int_equal(to.rgb[k], k % 3 * 100 + 55);
        image_free(&to);
    }
    image_free(&from);
}

/* Worked out with the formulas of resize.h, in fractions. */
static void test_known_values(void **state)
{
    (void)state;
    static const struct {
        resize_filter filter;
        int in, out;
        uint8_t from[8], to[8];
    } cases[] = {
        /* each output pixel 3/4 of the nearer and 1/4 of the farther one */
        { RESIZE_BILINEAR, 2, 4, { 0, 100 }, { 0, 25, 75, 100 } },
        /* two to one: weights 1/4 3/4 3/4 1/4 of 2, at the edge 3/4 3/4 1/4 of 1.75 */
        { RESIZE_BILINEAR, 4, 2, { 0, 80, 160, 240 }, { 57, 183 } },
        /* everything to one: 1/4 3/4 3/4 1/4 of 2 */
        { RESIZE_BILINEAR, 2, 1, { 10, 21 }, { 16 } },
        { RESIZE_BICUBIC, 2, 4, { 0, 100 }, { 0, 21, 79, 109 } },
        /* an edge overshoots and is clipped */
        { RESIZE_BICUBIC, 4, 8, { 0, 0, 255, 255 }, { 0, 0, 0, 52, 203, 255, 255, 255 } },
    };
    for (size_t i = 0; i < COUNT(cases) * 2; i++) {
        bool upright = i % 2;
        size_t c = i / 2;
        image from = greys(cases[c].from, cases[c].in, upright);
        image to =
            resize(&from, upright ? 1 : cases[c].out, upright ? cases[c].out : 1, cases[c].filter);
        for (int k = 0; k < cases[c].out * 3; k++)
            if (to.rgb[k] != cases[c].to[k / 3])
                fail_msg("case %zu, pixel %d: %d, expected %d", c, k / 3, to.rgb[k],
                         cases[c].to[k / 3]);
        image_free(&from);
        image_free(&to);
    }
}

/* A part is what cutting it out of the whole gives. */
static void test_parts(void **state)
{
    (void)state;
    static const int sizes[][2] = { { 31, 23 }, { 11, 23 }, { 31, 40 }, { 80, 9 } };
    image from = noise(31, 23);
    for (size_t i = 0; i < COUNT(filters) * COUNT(sizes); i++) {
        const int width = sizes[i / COUNT(filters)][0], height = sizes[i / COUNT(filters)][1];
        const image_part part = { 2, 3, 7, 5 };
        image whole = resize(&from, width, height, filters[i % COUNT(filters)]), cut;
        error err;
        assert_true(
            image_resize(&from, width, height, filters[i % COUNT(filters)], part, &cut, &err));
        assert_int_equal(cut.width, 7);
        assert_int_equal(cut.height, 5);
        for (int y = 0; y < 5; y++)
            assert_memory_equal(cut.rgb + y * 21, whole.rgb + ((y + 3) * width + 2) * 3, 21);
        image_free(&whole);
        image_free(&cut);
    }
    image_free(&from);
}

/* ---- settings ---- */

static preprocessor parse(const char *json)
{
    preprocessor p;
    error err;
    cJSON *settings = cJSON_Parse(json);
    if (!preprocessor_parse(&p, settings, &err)) fail_msg("%s: %s", json, err.text);
    cJSON_Delete(settings);
    return p;
}

static void test_class_defaults(void **state)
{
    (void)state;
    preprocessor p = parse("{}");
    assert_int_equal(p.rule, RESIZE_TO_SIZE);
    assert_int_equal(p.width, 224);
    assert_int_equal(p.height, 224);
    assert_int_equal(p.filter, RESIZE_BILINEAR);
    assert_false(p.crop);
    assert_true(p.factor == 1 / 255.0 && p.mean[1] == 0.5f && p.std[2] == 0.5f);

    /* no class, but only CLIP's has such a size */
    p = parse("{\"size\":{\"shortest_edge\":32},\"crop_size\":32}");
    preprocessor clip = parse("{\"image_processor_type\":\"CLIPImageProcessor\",\"size\":{"
                              "\"shortest_edge\":32},\"crop_size\":32}");
    assert_memory_equal(&p, &clip, sizeof p);
    p = parse("{\"image_processor_type\":\"CLIPImageProcessor\"}");
    assert_int_equal(p.rule, RESIZE_SHORT_SIDE);
    assert_int_equal(p.side, 224);
    assert_int_equal(p.filter, RESIZE_BICUBIC);
    assert_true(p.crop && p.crop_width == 224 && p.crop_height == 224);
    assert_true(p.mean[0] == 0.48145466f && p.std[2] == 0.27577711f);

    p = parse(
        "{\"feature_extractor_type\":\"ViltFeatureExtractor\",\"size\":96,\"size_divisor\":16}");
    assert_int_equal(p.rule, RESIZE_TO_MULTIPLES);
    assert_int_equal(p.side, 96);
    assert_int_equal(p.divisor, 16);

    p = parse("{\"image_processor_type\":\"DeiTImageProcessor\",\"size\":64,\"crop_size\":48}");
    assert_int_equal(p.rule, RESIZE_TO_SIZE);
    assert_int_equal(p.width, 64);
    assert_int_equal(p.crop_height, 48);

    p = parse("{\"image_processor_type\":\"BlipImageProcessor\"}");
    assert_true(p.width == 384 && p.height == 384 && p.std[0] == 0.26862954f && !p.crop);
    p = parse("{\"image_processor_type\":\"SiglipImageProcessorFast\"}");
    assert_true(p.width == 224 && p.filter == RESIZE_BICUBIC && p.mean[0] == 0.5f);
    p = parse("{\"size_divisor\":32}");
    assert_true(p.rule == RESIZE_TO_MULTIPLES && p.side == 384);
}

static void test_keys(void **state)
{
    (void)state;
    preprocessor p =
        parse("{\"size\":{\"height\":96,\"width\":160},\"resample\":1,\"image_mean\":0.25,"
              "\"image_std\":[0.5,0.25,0.125],\"rescale_factor\":0.5,\"do_pad\":true}");
    assert_true(p.width == 160 && p.height == 96 && p.filter == RESIZE_LANCZOS);
    assert_true(p.mean[0] == 0.25f && p.mean[2] == 0.25f && p.std[1] == 0.25f && p.factor == 0.5);

    p = parse("{\"do_rescale\":false,\"do_normalize\":false,\"do_resize\":false,\"size\":null}");
    assert_true(p.factor == 1 && p.mean[0] == 0 && p.std[0] == 1 && p.rule == RESIZE_NOT);

    p = parse(
        "{\"image_processor_type\":\"CLIPImageProcessor\",\"size\":{\"height\":8,\"width\":9},"
        "\"do_center_crop\":false}");
    assert_true(p.rule == RESIZE_TO_SIZE && p.width == 9 && p.height == 8 && !p.crop);
}

static void test_bad_settings(void **state)
{
    (void)state;
    static const struct {
        const char *json, *sentence;
    } cases[] = {
        { "[]", "its settings are not a JSON object" },
        { "{\"do_image_splitting\":true}", "'do_image_splitting' is not supported" },
        { "{\"image_processor_type\":\"FuyuImageProcessor\"}",
          "'FuyuImageProcessor' is not supported" },
        { "{\"image_processor_type\":\"ViTProcessor\"}", "'ViTProcessor' is not supported" },
        { "{\"image_processor_type\":7}", "'image_processor_type' is 7, expected a text" },
        { "{\"do_resize\":1}", "'do_resize' is 1, expected true or false" },
        { "{\"size\":0}", "'size' is 0, expected a whole number in 1..4096" },
        { "{\"size\":-224}", "'size' is -224, expected a whole number in 1..4096" },
        { "{\"size\":1e300}", "'size' is 1e+300, expected a whole number in 1..4096" },
        { "{\"size\":22.5}", "'size' is 22.5, expected a whole number in 1..4096" },
        { "{\"size\":\"224\"}", "'size' is '224', expected a whole number in 1..4096" },
        { "{\"size\":[224,224]}", "'size' is a list, expected a whole number in 1..4096" },
        { "{\"size\":{\"height\":224}}",
          "'size' is an object, expected a number or an object with height and width" },
        { "{\"size\":{\"height\":224,\"width\":true}}",
          "'size.width' is true, expected a whole number in 1..4096" },
        { "{\"size\":{\"shortest_edge\":5000}}",
          "'size.shortest_edge' is 5000, expected a whole number in 1..4096" },
        { "{\"size\":{\"longest_edge\":512}}", "'size.longest_edge' is not supported" },
        { "{\"size_divisor\":0}", "'size_divisor' is 0, expected a whole number in 1..4096" },
        { "{\"size_divisor\":32,\"size\":{\"height\":3,\"width\":3}}",
          "'size' is an object, expected a number or an object with shortest_edge" },
        { "{\"resample\":0}",
          "'resample' is 0, expected 1 (Lanczos), 2 (bilinear) or 3 (bicubic)" },
        { "{\"rescale_factor\":0}", "'rescale_factor' is 0, expected a number in 1e-06..1000" },
        { "{\"image_mean\":[0.5,0.5]}", "'image_mean' has 2 numbers, expected 3" },
        { "{\"image_mean\":[0.5,0.5,\"x\"]}", "'image_mean' is 'x', expected numbers" },
        { "{\"image_std\":[0.5,0.5,0]}", "'image_std' is 0, expected 0.0001..10000" },
        { "{\"image_std\":-1}", "'image_std' is -1, expected 0.0001..10000" },
        { "{\"image_processor_type\":\"CLIPImageProcessor\",\"crop_size\":225}",
          "'crop_size' is 225 x 225, more than the 224 x 224 it is cut from" },
        { "{\"image_processor_type\":\"CLIPImageProcessor\",\"do_resize\":false}",
          "'do_center_crop' needs 'do_resize'" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        preprocessor p;
        error err;
        char want[200];
        cJSON *settings = cJSON_Parse(cases[i].json);
        assert_non_null(settings);
        assert_false(preprocessor_parse(&p, settings, &err));
        snprintf(want, sizeof want, "picture processor: %s", cases[i].sentence);
        assert_string_equal(err.text, want);
        cJSON_Delete(settings);
    }
    preprocessor p;
    error err;
    assert_false(preprocessor_parse(&p, NULL, &err));
}

/* ---- sizes ---- */

static void check_size(const preprocessor *p, int width, int height, int want_width,
                       int want_height)
{
    int w, h;
    error err;
    if (!preprocess_size(p, width, height, &w, &h, &err)) fail_msg("%s", err.text);
    if (w != want_width || h != want_height)
        fail_msg("%d x %d becomes %d x %d, expected %d x %d", width, height, w, h, want_width,
                 want_height);
}

static void test_sizes(void **state)
{
    (void)state;
    preprocessor vilt = parse("{\"size_divisor\":32}");
    check_size(&vilt, 123, 77, 608, 384);
    check_size(&vilt, 77, 123, 384, 608);
    check_size(&vilt, 1999, 1501, 480, 384);
    check_size(&vilt, 75, 40, 608, 320); /* 720 would be too long: 639 x 341 */
    check_size(&vilt, 3, 5, 352, 608);   /* 640 would be, by one */
    check_size(&vilt, 400, 20, 608, 32);
    check_size(&vilt, 5, 5, 384, 384);
    check_size(&vilt, 32768, 1, 608, 32); /* never less than the divisor */
    check_size(&vilt, 1, 32768, 32, 608);

    preprocessor clip = parse("{\"image_processor_type\":\"CLIPImageProcessor\"}");
    check_size(&clip, 32768, 1, 224, 224);
    clip.crop = false;
    check_size(&clip, 123, 77, 357, 224); /* 357.8 */
    check_size(&clip, 77, 123, 224, 357);
    check_size(&clip, 9, 9, 224, 224);

    int w, h;
    error err;
    assert_false(preprocess_size(&clip, 32768, 1, &w, &h, &err));
    assert_string_equal(err.text,
                        "a picture of 32768 x 1 pixels would become one of 7340032 x 224, "
                        "more than 16777216 pixels");
    preprocessor as_is = parse("{\"do_resize\":false}");
    check_size(&as_is, 7, 9, 7, 9);
    assert_false(preprocess_size(&as_is, 8192, 4096, &w, &h, &err));
}

/* ---- the whole ---- */

static float *run(const preprocessor *p, const image *picture, image *resized)
{
    int w, h;
    error err;
    assert_true(preprocess_size(p, picture->width, picture->height, &w, &h, &err));
    float *pixels = malloc((size_t)w * (size_t)h * 3 * sizeof *pixels);
    assert_non_null(pixels);
    if (!preprocess(p, picture, resized, pixels, &err)) fail_msg("%s", err.text);
    return pixels;
}

static void test_numbers(void **state)
{
    (void)state;
    preprocessor p =
        parse("{\"do_resize\":false,\"image_mean\":[0.5,0.4,0.3],\"image_std\":[0.5,0.6,0.7]}");
    image all = new_image(256, 1), same;
    for (int i = 0; i < 256; i++) memset(all.rgb + 3 * i, i, 3);
    float *pixels = run(&p, &all, &same);
    assert_memory_equal(same.rgb, all.rgb, 256 * 3);
    for (int c = 0; c < 3; c++) {
        for (int i = 0; i < 256; i++) {
            float value = (float)(i * (1 / 255.0));
            assert_true(pixels[c * 256 + i] == (value - p.mean[c]) / p.std[c]);
        }
    }
    assert_true(pixels[0] == -1 && pixels[255] == 1);
    free(pixels);
    image_free(&same);
    image_free(&all);
}

/* The crop is the middle of the resized picture, its offset rounded down. */
static void test_clip_crop(void **state)
{
    (void)state;
    preprocessor clip =
        parse("{\"image_processor_type\":\"CLIPImageProcessor\",\"size\":8,\"crop_size\":8}");
    static const int sizes[][3] = { { 24, 13, 3 }, { 30, 16, 3 }, { 17, 16, 0 }, { 16, 16, 0 } };
    for (size_t i = 0; i < COUNT(sizes) * 2; i++) {
        bool tall = i % 2;
        const int *s = sizes[i / 2];
        image from = tall ? noise(s[1], s[0]) : noise(s[0], s[1]), cut;
        int longer = 8 * s[0] / s[1],
            offset = s[2]; /* 14, 15, 8, 8: (14 - 8) / 2, (15 - 8) / 2, ... */
        image whole = resize(&from, tall ? 8 : longer, tall ? longer : 8, RESIZE_BICUBIC);
        free(run(&clip, &from, &cut));
        assert_true(cut.width == 8 && cut.height == 8);
        for (int y = 0; y < 8; y++) {
            int first = tall ? (y + offset) * 8 : y * longer + offset;
            assert_memory_equal(cut.rgb + y * 24, whole.rgb + first * 3, 24);
        }
        image_free(&from);
        image_free(&cut);
        image_free(&whole);
    }
}

/* The longest and thinnest pictures there are, and the smallest. */
static void test_extreme_shapes(void **state)
{
    (void)state;
    static const char *const settings[] = {
        "{}",
        "{\"size_divisor\":32}",
        "{\"image_processor_type\":\"CLIPImageProcessor\"}",
        "{\"image_processor_type\":\"BlipImageProcessor\"}",
    };
    static const int sizes[][2] = {
        { IMAGE_MAX_SIDE, 1 }, { 1, IMAGE_MAX_SIDE }, { 1, 1 }, { 5, 3 }, { 3, 1 }
    };
    for (size_t i = 0; i < COUNT(settings) * COUNT(sizes); i++) {
        preprocessor p = parse(settings[i % COUNT(settings)]);
        const int *size = sizes[i / COUNT(settings)];
        image from = new_image(size[0], size[1]);
        memset(from.rgb, 255, (size_t)size[0] * (size_t)size[1] * 3);
        float *pixels = run(&p, &from, NULL);
        assert_true(pixels[0] == (1 - p.mean[0]) / p.std[0]);
        free(pixels);
        image_free(&from);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_size_is_a_copy),
        cmocka_unit_test(test_one_colour_stays),
        cmocka_unit_test(test_known_values),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_class_defaults),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_bad_settings),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_clip_crop),
        cmocka_unit_test(test_extreme_shapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
