/* Reading preprocessor_config.json; see preprocess.h. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "image/preprocess.h"

enum { VALUE_SIZE = 48 };

/* The processor classes of transformers and their defaults. */
static const struct {
    const char *name;
    resize_rule rule;
    int side; /* of the size */
    resize_filter filter;
    int crop; /* side of what is cut out; 0: nothing */
    bool clip_colours;
} classes[] = {
    { "ViT", RESIZE_TO_SIZE, 224, RESIZE_BILINEAR, 0, false },
    { "DeiT", RESIZE_TO_SIZE, 256, RESIZE_BICUBIC, 224, false },
    { "Vilt", RESIZE_TO_MULTIPLES, 384, RESIZE_BICUBIC, 0, false },
    { "CLIP", RESIZE_SHORT_SIDE, 224, RESIZE_BICUBIC, 224, true },
    { "Blip", RESIZE_TO_SIZE, 384, RESIZE_BICUBIC, 0, true },
    { "Siglip", RESIZE_TO_SIZE, 224, RESIZE_BICUBIC, 0, false },
};

static preprocessor class_defaults(size_t i)
{
    static const float clip_mean[3] = { 0.48145466f, 0.4578275f, 0.40821073f };
    static const float clip_std[3] = { 0.26862954f, 0.26130258f, 0.27577711f };
    preprocessor p = {
        .rule = classes[i].rule,
        .width = classes[i].side,
        .height = classes[i].side,
        .side = classes[i].side,
        .divisor = 32,
        .filter = classes[i].filter,
        .crop = classes[i].crop > 0,
        .crop_width = classes[i].crop,
        .crop_height = classes[i].crop,
        .factor = 1 / 255.0,
    };
    for (int c = 0; c < 3; c++) {
        p.mean[c] = classes[i].clip_colours ? clip_mean[c] : 0.5f;
        p.std[c] = classes[i].clip_colours ? clip_std[c] : 0.5f;
    }
    return p;
}

/* The value of a key; NULL when it is missing or null. */
static const cJSON *find(const cJSON *object, const char *key)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, key);
    return value && !cJSON_IsNull(value) ? value : NULL;
}

/* A value for a sentence: numbers and short texts as they are, anything else by its kind. */
static const char *shown(const cJSON *value, char text[VALUE_SIZE])
{
    if (cJSON_IsNumber(value))
        snprintf(text, VALUE_SIZE, "%g", value->valuedouble);
    else if (cJSON_IsString(value))
        snprintf(text, VALUE_SIZE, "'%.40s'", value->valuestring);
    else if (cJSON_IsBool(value))
        snprintf(text, VALUE_SIZE, "%s", cJSON_IsTrue(value) ? "true" : "false");
    else
        snprintf(text, VALUE_SIZE, "%s", cJSON_IsArray(value) ? "a list" : "an object");
    return text;
}

static bool wrong(const char *key, const cJSON *value, const char *expected, error *err)
{
    char text[VALUE_SIZE];
    return fail(err, "picture processor: '%s' is %s, expected %s", key, shown(value, text),
                expected);
}

/* *flag stays as it is when the key is missing. */
static bool read_flag(const cJSON *json, const char *key, bool *flag, error *err)
{
    const cJSON *value = find(json, key);
    if (!value) return true;
    if (!cJSON_IsBool(value)) return wrong(key, value, "true or false", err);
    *flag = cJSON_IsTrue(value);
    return true;
}

/* A whole number of pixels; `key` is for the sentence. */
static bool read_side(const cJSON *value, const char *key, int *side, error *err)
{
    double v = cJSON_IsNumber(value) ? value->valuedouble : 0;
    if (!(v >= 1 && v <= PREPROCESS_MAX_SIDE) || v != floor(v))
        return wrong(key, value, "a whole number in 1..4096", err);
    *side = (int)v;
    return true;
}

/* {"height", "width"}; both have to be there. */
static bool read_height_width(const cJSON *value, const char *key, int *height, int *width,
                              error *err)
{
    char name[32];
    const cJSON *h = find(value, "height"), *w = find(value, "width");
    if (!h || !w) return wrong(key, value, "a number or an object with height and width", err);
    snprintf(name, sizeof name, "%s.height", key);
    if (!read_side(h, name, height, err)) return false;
    snprintf(name, sizeof name, "%s.width", key);
    return read_side(w, name, width, err);
}

static bool read_size(const cJSON *json, preprocessor *p, error *err)
{
    const cJSON *size = find(json, "size"), *edge = find(size, "shortest_edge");
    bool vilt = p->rule == RESIZE_TO_MULTIPLES;
    if (!size) return true;
    if (find(size, "longest_edge"))
        return fail(err, "picture processor: 'size.longest_edge' is not supported");
    if (edge) {
        if (!vilt) p->rule = RESIZE_SHORT_SIDE;
        return read_side(edge, "size.shortest_edge", &p->side, err);
    }
    if (!cJSON_IsObject(
            size)) { /* a number: of a square, or of the shorter side if that is usual */
        if (!read_side(size, "size", &p->side, err)) return false;
        p->width = p->height = p->side;
        return true;
    }
    if (vilt) return wrong("size", size, "a number or an object with shortest_edge", err);
    p->rule = RESIZE_TO_SIZE;
    return read_height_width(size, "size", &p->height, &p->width, err);
}

static bool read_crop(const cJSON *json, preprocessor *p, error *err)
{
    if (!p->crop) return true; /* the class does not crop: its keys mean nothing */
    const cJSON *size = find(json, "crop_size");
    if (!read_flag(json, "do_center_crop", &p->crop, err)) return false;
    if (!p->crop) return true;
    if (size && cJSON_IsObject(size)) {
        if (!read_height_width(size, "crop_size", &p->crop_height, &p->crop_width, err))
            return false;
    } else if (size) {
        if (!read_side(size, "crop_size", &p->crop_width, err)) return false;
        p->crop_height = p->crop_width;
    }
    if (p->rule == RESIZE_NOT)
        return fail(err, "picture processor: 'do_center_crop' needs 'do_resize'");
    int width = p->rule == RESIZE_TO_SIZE ? p->width : p->side;
    int height = p->rule == RESIZE_TO_SIZE ? p->height : p->side;
    if (p->crop_width > width || p->crop_height > height)
        return fail(
            err, "picture processor: 'crop_size' is %d x %d, more than the %d x %d it is cut from",
            p->crop_width, p->crop_height, width, height);
    return true;
}

static bool read_filter(const cJSON *json, preprocessor *p, error *err)
{
    const cJSON *value = find(json, "resample");
    if (!value) return true;
    double v = cJSON_IsNumber(value) ? value->valuedouble : 0;
    if (v != RESIZE_LANCZOS && v != RESIZE_BILINEAR && v != RESIZE_BICUBIC)
        return wrong("resample", value, "1 (Lanczos), 2 (bilinear) or 3 (bicubic)", err);
    p->filter = (resize_filter)v;
    return true;
}

/* A number, or one for each colour, in low..high. */
static bool read_colours(const cJSON *json, const char *key, double low, double high, float out[3],
                         error *err)
{
    const cJSON *value = find(json, key);
    if (!value) return true;
    if (cJSON_IsArray(value) && cJSON_GetArraySize(value) != 3)
        return fail(err, "picture processor: '%s' has %d numbers, expected 3", key,
                    cJSON_GetArraySize(value));
    for (int c = 0; c < 3; c++) {
        const cJSON *item = cJSON_IsArray(value) ? cJSON_GetArrayItem(value, c) : value;
        if (!cJSON_IsNumber(item)) return wrong(key, item, "numbers", err);
        double v = item->valuedouble;
        if (!(v >= low && v <= high))
            return fail(err, "picture processor: '%s' is %g, expected %g..%g", key, v, low, high);
        out[c] = (float)v;
    }
    return true;
}

static bool read_rescale(const cJSON *json, preprocessor *p, error *err)
{
    const cJSON *value = find(json, "rescale_factor");
    bool rescale = true;
    if (!read_flag(json, "do_rescale", &rescale, err)) return false;
    double v = value && cJSON_IsNumber(value) ? value->valuedouble : 0;
    if (value && !(v >= 1e-6 && v <= 1000))
        return wrong("rescale_factor", value, "a number in 1e-06..1000", err);
    if (value) p->factor = v;
    if (!rescale) p->factor = 1;
    return true;
}

static bool read_normalise(const cJSON *json, preprocessor *p, error *err)
{
    bool normalise = true;
    if (!read_flag(json, "do_normalize", &normalise, err)) return false;
    if (!read_colours(json, "image_mean", -1e4, 1e4, p->mean, err)) return false;
    if (!read_colours(json, "image_std", 1e-4, 1e4, p->std, err)) return false;
    for (int c = 0; c < 3 && !normalise; c++) p->mean[c] = 0, p->std[c] = 1;
    return true;
}

/* The class's defaults, by its name without "ImageProcessor", "ImageProcessorFast" or
 * "FeatureExtractor". */
static bool read_class(const cJSON *json, preprocessor *p, error *err)
{
    static const char *const endings[] = { "ImageProcessor", "ImageProcessorFast",
                                           "FeatureExtractor" };
    const cJSON *value = find(json, "image_processor_type");
    if (!value) value = find(json, "feature_extractor_type");
    if (value && !cJSON_IsString(value)) return wrong("image_processor_type", value, "a text", err);
    bool crop = find(json, "crop_size") || find(find(json, "size"), "shortest_edge");
    const char *assumed = find(json, "size_divisor") ? "ViltImageProcessor"
                          : crop                     ? "CLIPImageProcessor"
                                                     : "ViTImageProcessor";
    const char *name = value ? value->valuestring : assumed;
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        size_t length = strlen(classes[i].name);
        if (strncmp(name, classes[i].name, length) != 0) continue;
        for (size_t e = 0; e < sizeof endings / sizeof *endings; e++) {
            if (strcmp(name + length, endings[e]) != 0) continue;
            *p = class_defaults(i);
            return true;
        }
    }
    return fail(err, "picture processor: '%.60s' is not supported", name);
}

bool preprocessor_parse(preprocessor *p, const cJSON *json, error *err)
{
    bool splitting = false, resize = true;
    if (!cJSON_IsObject(json))
        return fail(err, "picture processor: its settings are not a JSON object");
    if (!read_flag(json, "do_image_splitting", &splitting, err)) return false;
    if (splitting) return fail(err, "picture processor: 'do_image_splitting' is not supported");
    if (!read_class(json, p, err) || !read_filter(json, p, err) || !read_size(json, p, err))
        return false;

    const cJSON *divisor = find(json, "size_divisor");
    if (divisor && p->rule == RESIZE_TO_MULTIPLES &&
        !read_side(divisor, "size_divisor", &p->divisor, err))
        return false;
    if (!read_flag(json, "do_resize", &resize, err)) return false;
    if (!resize) p->rule = RESIZE_NOT;
    return read_crop(json, p, err) && read_rescale(json, p, err) && read_normalise(json, p, err);
}
