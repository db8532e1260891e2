/* From a picture to the numbers a picture encoder takes: the processors of Hugging Face, from their
 * preprocessor_config.json. */
#ifndef VQA_IMAGE_PREPROCESS_H
#define VQA_IMAGE_PREPROCESS_H

#include <cjson/cJSON.h>

#include "image/resize.h"

enum {
    PREPROCESS_MAX_SIDE = 4096,       /* of any size in the settings */
    PREPROCESS_MAX_PIXELS = 16777216, /* of what preprocess() makes: 4096 x 4096 */
};

typedef enum {
    RESIZE_NOT,          /* do_resize false: the picture's own size */
    RESIZE_TO_SIZE,      /* to width x height, whatever the shape was (ViT, BLIP, DeiT, SigLIP) */
    RESIZE_SHORT_SIDE,   /* shorter side to `side`, longer one in proportion, rounded down (CLIP) */
    RESIZE_TO_MULTIPLES, /* ViLT: as above, longer side at most int(1333 / 800 * side), both rounded
                            down to multiples of `divisor`, but never below it */
} resize_rule;

typedef struct {
    resize_rule rule;
    int width, height; /* RESIZE_TO_SIZE */
    int side;          /* RESIZE_SHORT_SIDE, RESIZE_TO_MULTIPLES */
    int divisor;       /* RESIZE_TO_MULTIPLES */
    resize_filter filter;
    bool crop; /* keep the middle: crop_width x crop_height, never larger than resized */
    int crop_width, crop_height;
    double factor;         /* bytes are multiplied by it (1 when do_rescale is false) */
    float mean[3], std[3]; /* of what that gives (0 and 1 when do_normalize is false) */
} preprocessor;

/* Read a preprocessor_config.json.
 *   - The class: "image_processor_type" or the older "feature_extractor_type": ViT, DeiT, Vilt,
 *     CLIP, Blip or Siglip + ImageProcessor, ImageProcessorFast (computed like the other) or
 *     FeatureExtractor. Without one: ViLT where there is a "size_divisor", else ViT.
 *   - "size": a number, {"height", "width"} or {"shortest_edge"}.
 *   - "crop_size": a number or {"height", "width"}; only for CLIP and DeiT.
 *   - "image_mean", "image_std": a number, or one for each colour.
 *   - Keys that are missing or null take the defaults of the class; others are ignored, as there.
 * False, naming key and value, when a value is of the wrong type or beyond reason, for other
 * classes, and for what is not supported: do_image_splitting, filters other than those of
 * resize_filter, cropping more than there is or without resizing. */
bool preprocessor_parse(preprocessor *p, const cJSON *json, error *err);

/* The size of what preprocess() makes of a picture of width x height (both positive; at most
 * IMAGE_MAX_SIDE). False when that is more than PREPROCESS_MAX_PIXELS, which happens to very long
 * pictures that are resized by their shorter side and not cropped. */
bool preprocess_size(const preprocessor *p, int width, int height, int *out_width, int *out_height,
                     error *err);

/* What the top left `seen_width` x `seen_height` pixels that preprocess() makes of a picture of
 * width x height show of it: x, y, width, height in fractions of the picture, 0..1. */
void preprocess_box(const preprocessor *p, int width, int height, int seen_width, int seen_height,
                    float box[4]);

/* Resize, crop, rescale and normalise.
 *   picture  stays the caller's
 *   resized  overwritten with the 8-bit picture right before rescaling, which the caller gives back
 *            with image_free(); may be NULL
 *   pixels   [3, out_height, out_width] of preprocess_size(); overwritten with (v - mean) / std in
 *            float, where v is byte * factor, computed in double and rounded to float
 * False where preprocess_size() is, and without memory (err->no_memory). */
bool preprocess(const preprocessor *p, const image *picture, image *resized, float *pixels,
                error *err);

#endif
