/* Families preprocess, safetensors_format: what comes in from outside. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/json.h"
#include "format/safetensors.h"
#include "image/preprocess.h"
#include "tools/files.h"
#include "tools/goldens.h"
#include "tools/sha256.h"

/* ---- preprocess ---- */

typedef struct {
    const char *folder;
    weights samples;
    golden_result *result;
    int jpegs;
    double jpeg_worst; /* levels */
} preprocess_family;

static bool same_digest(const image *picture, const cJSON *object, const char *key)
{
    char hex[65];
    sha256_hex(picture->rgb, 3 * (size_t)picture->width * (size_t)picture->height, hex);
    return strcmp(hex, json_text(object, key, "")) == 0;
}

/* Where stb's JPEG decoder may differ: on average by a level, at most by 8. */
static bool near_samples(preprocess_family *f, const image *picture, const char *name, error *err)
{
    char key[700];
    snprintf(key, sizeof key, "%s|coords_cyx", name);
    const weight *at = weights_find(&f->samples, key);
    snprintf(key, sizeof key, "%s|u8", name);
    const weight *value = weights_find(&f->samples, key);
    if (!at || !value) return fail(err, "there are no samples '%s'", name);
    double sum = 0, most = 0;
    int count = value->rows * value->cols;
    for (int i = 0; i < count; i++) {
        int channel = (int)at->floats[3 * i], y = (int)at->floats[3 * i + 1],
            x = (int)at->floats[3 * i + 2];
        double d = fabs(
            picture->rgb[((size_t)y * (size_t)picture->width + (size_t)x) * 3 + (size_t)channel] -
            (double)value->floats[i]);
        sum += d;
        most = fmax(most, d);
    }
    f->jpeg_worst = fmax(f->jpeg_worst, most);
    return (sum / count <= 1 && most <= 8) ||
           fail(err, "'%s' differs by %.2f levels on average, %.0f at most", name, sum / count,
                most);
}

static bool near_floats(preprocess_family *f, const float *pixels, int height, int width,
                        const char *name, error *err)
{
    char key[700];
    snprintf(key, sizeof key, "%s|coords_cyx", name);
    const weight *at = weights_find(&f->samples, key);
    snprintf(key, sizeof key, "%s|f32", name);
    const weight *value = weights_find(&f->samples, key);
    if (!at || !value) return fail(err, "there are no samples '%s'", name);
    for (int i = 0; i < value->rows * value->cols; i++) {
        int channel = (int)at->floats[3 * i], y = (int)at->floats[3 * i + 1],
            x = (int)at->floats[3 * i + 2];
        double d = fabs(
            (double)
                pixels[((size_t)channel * (size_t)height + (size_t)y) * (size_t)width + (size_t)x] -
            (double)value->floats[i]);
        if (!(d <= f->result->worst)) f->result->worst = d;
        if (!(d <= 1e-6))
            return fail(err, "'%s' is off by %.3g after normalising, allowed are 1e-6", name, d);
    }
    return true;
}

/* One processor on one picture. `exact`: its pixels are those of the reference. */
static bool check_processor(preprocess_family *f, const image *picture, const char *name,
                            const cJSON *output, bool exact, error *err)
{
    char file[300], sample[600];
    preprocessor p;
    image resized = { 0 };
    int width, height;
    snprintf(file, sizeof file, "processors/%s.json", output->string);
    snprintf(sample, sizeof sample, "%s|%s", name, output->string);
    cJSON *json = json_read_in(f->folder, file, err);
    bool ok = json && preprocessor_parse(&p, json, err) &&
              preprocess_size(&p, picture->width, picture->height, &width, &height, err);
    cJSON_Delete(json);
    if (!ok) return false;
    const cJSON *shape = cJSON_GetObjectItemCaseSensitive(output, "shape_chw");
    if (cJSON_GetArrayItem(shape, 1)->valueint != height ||
        cJSON_GetArrayItem(shape, 2)->valueint != width)
        return fail(err, "'%s' becomes %d x %d pixels", sample, width, height);
    float *pixels = malloc(3 * (size_t)width * (size_t)height * sizeof *pixels);
    ok = pixels ? preprocess(&p, picture, &resized, pixels, err)
                : fail_memory(err, "not enough memory");
    if (ok && exact)
        ok = same_digest(&resized, output, "u8_hwc_sha256")
                 ? near_floats(f, pixels, height, width, sample, err)
                 : fail(err, "'%s' differs before rescaling", sample);
    else if (ok)
        ok = near_samples(f, &resized, sample, err);
    image_free(&resized);
    free(pixels);
    return ok;
}

static bool check_picture(preprocess_family *f, const cJSON *golden_case, error *err)
{
    const char *file = json_text(golden_case, "image", ""),
               *orientation = json_text(golden_case, "orientation", "stored");
    bool stored = strcmp(orientation, "stored") == 0, jpeg = strstr(file, ".jpg") != NULL,
         exact = !jpeg;
    char path[300], name[300], decoded[300];
    snprintf(path, sizeof path, "images/%s", file);
    snprintf(decoded, sizeof decoded, "decoded_png/%s.png", file);
    snprintf(name, sizeof name, stored ? "%s" : "%s#%s", file, orientation);
    /* 16-bit grey: the reference clips every value over 255; this engine takes the high byte, as
     * the fixture's other case */
    if (stored && strncmp(json_text(golden_case, "file_mode_in_reference", ""), "I", 1) == 0)
        return true;
    size_t size;
    image picture = { 0 };
    decode_options how = { .drop_alpha = true, .keep_orientation = stored };
    uint8_t *bytes = file_read_in(f->folder, path, &size, err);
    bool ok = bytes && image_decode(bytes, size, how, &picture, err);
    free(bytes);
    if (ok && exact)
        ok = same_digest(&picture, golden_case, "decoded_rgb_sha256") ||
             fail(err, "'%s' is decoded to other pixels", name);
    if (ok && jpeg) {
        char sample[700];
        snprintf(sample, sizeof sample, "%s|decoded", name);
        ok = near_samples(f, &picture, sample, err);
        f->jpegs++;
    }
    if (ok && jpeg && stored &&
        file_exists_in(f->folder,
                       decoded)) { /* the resizing by itself, from the reference's pixels */
        image_free(&picture);
        bytes = file_read_in(f->folder, decoded, &size, err);
        ok = exact = bytes && image_decode(bytes, size, how, &picture, err);
        free(bytes);
    }
    const cJSON *output;
    if (ok)
        cJSON_ArrayForEach(
            output, cJSON_GetObjectItemCaseSensitive(
                        golden_case, "outputs")) if (ok && !cJSON_HasObjectItem(output, "error"))
            ok = check_processor(f, &picture, name, output, exact, err);
    image_free(&picture);
    f->result->cases++;
    return ok;
}

bool golden_preprocess(const char *folder, const compute *c, golden_result *result, error *err)
{
    (void)c;
    preprocess_family f = { .folder = folder, .result = result };
    cJSON *cases = json_read_in(folder, "cases.json", err);
    const cJSON *golden_case;
    bool ok =
        cases && tensors_read_in(folder, "samples.safetensors", KEEP_AS_STORED, &f.samples, err);
    if (ok)
        cJSON_ArrayForEach(golden_case, cJSON_GetObjectItemCaseSensitive(cases, "cases")) if (ok)
            ok = check_picture(&f, golden_case, err);
    result->measure = "float difference";
    snprintf(result->note, sizeof result->note, "8-bit pixels equal; %d JPEGs within %.0f levels",
             f.jpegs, f.jpeg_worst);
    weights_free(&f.samples);
    cJSON_Delete(cases);
    return ok;
}

/* ---- safetensors_format ---- */

/* A value of cases.json: a number, or "inf", "-inf". */
static double listed_value(const cJSON *value)
{
    if (cJSON_IsNumber(value)) return value->valuedouble;
    const char *text = cJSON_GetStringValue(value);
    return text ? strtod(text, NULL) : NAN;
}

typedef struct {
    const tensor_info *tensors;
    int count;
    uint8_t *data; /* of the whole file */
    size_t filled;
} contents;

static bool keep_header(void *context, const tensor_info *tensors, int count, const cJSON *metadata,
                        error *err)
{
    contents *k = context;
    (void)metadata;
    k->tensors = tensors;
    k->count = count;
    size_t size = count ? tensors[count - 1].begin + tensors[count - 1].size : 0;
    if (size > 1 << 24) return fail(err, "fixture too large");
    k->data = malloc(size + 1);
    return k->data || fail_memory(err, "not enough memory");
}

static bool keep_data(void *context, int index, const uint8_t *bytes, size_t size, error *err)
{
    contents *k = context;
    (void)index, (void)err;
    memcpy(k->data + k->filled, bytes, size);
    k->filled += size;
    return true;
}

static bool check_values(const contents *k, const cJSON *expected, error *err)
{
    const tensor_info *t = k->tensors;
    while (t < k->tensors + k->count && strcmp(t->name, expected->string) != 0) t++;
    if (t == k->tensors + k->count) return fail(err, "there is no tensor '%s'", expected->string);
    const cJSON *shape = cJSON_GetObjectItemCaseSensitive(expected, "shape"), *value;
    bool same = strcmp(dtype_name(t->type), json_text(expected, "dtype", "")) == 0 &&
                t->rank == cJSON_GetArraySize(shape);
    for (int d = 0; same && d < t->rank; d++)
        same = t->shape[d] == cJSON_GetArrayItem(shape, d)->valueint;
    if (!same) return fail(err, "tensor '%s' has another dtype or shape", t->name);
    size_t i = 0, size = dtype_size(t->type);
    cJSON_ArrayForEach(value, cJSON_GetObjectItemCaseSensitive(expected, "values"))
    {
        float got;
        dtype_to_floats(t->type, k->data + t->begin + i++ * size, 1, &got);
        if (got != (float)listed_value(value))
            return fail(err, "tensor '%s': value %zu is %.9g, expected %.9g", t->name, i - 1,
                        (double)got, listed_value(value));
    }
    return true;
}

/* Read the file in pieces of `piece` bytes. */
static bool read_contents(const uint8_t *bytes, size_t size, size_t piece, contents *k,
                          safetensors **file, error *err)
{
    *k = (contents){ 0 };
    *file = safetensors_new((safetensors_sink){ keep_header, keep_data, k });
    if (!*file) return fail_memory(err, "not enough memory");
    for (size_t at = 0; at < size; at += piece)
        if (!safetensors_push(*file, bytes + at, size - at < piece ? size - at : piece, err))
            return false;
    return safetensors_end(*file, err);
}

static bool check_file(const char *folder, const cJSON *golden_case, bool valid,
                       golden_result *result, error *err)
{
    static const size_t pieces[] = { 1, 7, 1 << 20 };
    const char *name = json_text(golden_case, "file", "");
    size_t size;
    uint8_t *bytes = file_read_in(folder, name, &size, err);
    bool ok = bytes != NULL;
    for (int p = 0; p < 3 && ok; p++) {
        contents k;
        safetensors *file;
        error why = { 0 };
        bool opened = read_contents(bytes, size, pieces[p], &k, &file, &why);
        const cJSON *expected;
        if (opened != valid) ok = fail(err, valid ? "%s: %s" : "%s was accepted%s", name, why.text);
        if (ok && !valid && !*why.text) ok = fail(err, "%s: refused without a sentence", name);
        if (ok && valid)
            cJSON_ArrayForEach(
                expected, cJSON_GetObjectItemCaseSensitive(
                              golden_case, "tensors")) if (ok && !check_values(&k, expected, &why))
                ok = fail(err, "%s: %s", name, why.text);
        safetensors_free(file);
        free(k.data);
    }
    free(bytes);
    result->cases++;
    return ok;
}

bool golden_safetensors(const char *folder, const compute *c, golden_result *result, error *err)
{
    (void)c;
    cJSON *cases = json_read_in(folder, "cases.json", err);
    const cJSON *golden_case;
    bool ok = cases != NULL;
    cJSON_ArrayForEach(golden_case, cJSON_GetObjectItemCaseSensitive(cases, "valid")) if (ok) ok =
        check_file(folder, golden_case, true, result, err);
    cJSON_ArrayForEach(golden_case, cJSON_GetObjectItemCaseSensitive(cases, "invalid")) if (ok) ok =
        check_file(folder, golden_case, false, result, err);
    result->measure = "difference";
    cJSON_Delete(cases);
    return ok;
}
