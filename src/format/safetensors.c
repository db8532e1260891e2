#include "format/safetensors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/reader.h"
#include "format/json.h"

enum { PREFIX = 8 };

struct safetensors {
    safetensors_sink sink;
    uint8_t prefix[PREFIX];
    size_t prefix_filled;
    size_t header_size;
    char *header; /* grows as the bytes arrive, so that a false length costs nothing */
    size_t header_filled, header_room;
    cJSON *json;          /* owns the names in `tensors` */
    tensor_info *tensors; /* in the order of their data */
    int count;
    int at; /* the tensor whose data comes next */
    size_t at_filled;
    bool failed;
    error why;
};

safetensors *safetensors_new(safetensors_sink sink)
{
    safetensors *s = calloc(1, sizeof *s);
    if (s) s->sink = sink;
    return s;
}

void safetensors_free(safetensors *s)
{
    if (!s) return;
    cJSON_Delete(s->json);
    free(s->tensors);
    free(s->header);
    free(s);
}

/* A whole number 0..2^53, which is what JSON numbers hold exactly. */
static bool whole(const cJSON *number, double *value)
{
    if (!cJSON_IsNumber(number)) return false;
    *value = number->valuedouble;
    return *value >= 0 && *value <= 0x1p53 && *value == floor(*value);
}

static bool parse_shape(tensor_info *t, const cJSON *shape, error *err)
{
    if (!cJSON_IsArray(shape)) return fail(err, "tensor '%s': no shape", t->name);
    double elements = 1, value;
    bool empty = false;
    const cJSON *dimension;
    cJSON_ArrayForEach(dimension, shape)
    {
        if (t->rank == WEIGHT_MAX_RANK)
            return fail(err, "tensor '%s': more than %d dimensions", t->name, WEIGHT_MAX_RANK);
        if (!whole(dimension, &value))
            return fail(err, "tensor '%s': dimension %d is not a whole number", t->name, t->rank);
        t->shape[t->rank++] = (int64_t)value;
        if (value == 0)
            empty = true;
        else
            elements *= value;
        if (elements > 0x1p53)
            return fail(err, "tensor '%s': its shape has more than 2^53 elements", t->name);
    }
    double bytes = empty ? 0 : elements * (double)dtype_size(t->type);
    if (bytes != (double)t->size)
        return fail(err, "tensor '%s': %zu bytes, its shape and dtype %s need %.0f", t->name,
                    t->size, dtype_name(t->type), bytes);
    return true;
}

static bool parse_tensor(tensor_info *t, const cJSON *entry, error *err)
{
    t->name = entry->string;
    if (!cJSON_IsObject(entry))
        return fail(err, "tensor '%s': its header entry is not an object", t->name);
    const char *type = json_text(entry, "dtype", NULL);
    if (!type) return fail(err, "tensor '%s': no dtype", t->name);
    t->type = dtype_named(type);
    if (t->type == DTYPE_COUNT) return fail(err, "tensor '%s': unknown dtype '%s'", t->name, type);
    const cJSON *offsets = cJSON_GetObjectItemCaseSensitive(entry, "data_offsets");
    double begin, end;
    if (cJSON_GetArraySize(offsets) != 2 || !cJSON_IsArray(offsets) ||
        !whole(cJSON_GetArrayItem(offsets, 0), &begin) ||
        !whole(cJSON_GetArrayItem(offsets, 1), &end))
        return fail(err, "tensor '%s': data_offsets are not two whole numbers", t->name);
    if (begin > end)
        return fail(err, "tensor '%s': data_offsets [%.0f, %.0f] are reversed", t->name, begin,
                    end);
    if (end > (double)(SIZE_MAX / 2))
        return fail(err, "tensor '%s': data_offsets end at %.0f, beyond this device's memory",
                    t->name, end);
    t->begin = (size_t)begin;
    t->size = (size_t)end - t->begin;
    return parse_shape(t, cJSON_GetObjectItemCaseSensitive(entry, "shape"), err);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const tensor_info *)a)->name, ((const tensor_info *)b)->name);
}

static int by_place(const void *a, const void *b)
{
    const tensor_info *x = a, *y = b;
    if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
    if (x->size != y->size) return x->size < y->size ? -1 : 1; /* empty tensors first */
    return by_name(a, b);
}

static bool parse_header(safetensors *s, error *err)
{
    s->json = json_object(s->header, s->header_size, "the model file's header", err);
    free(s->header);
    s->header = NULL;
    if (!s->json) return false;
    const cJSON *metadata = NULL, *entry;
    int entries = cJSON_GetArraySize(s->json);
    if (entries > SAFETENSORS_MAX_TENSORS)
        return fail(err, "the model file has %d tensors, at most %d are taken", entries,
                    SAFETENSORS_MAX_TENSORS);
    s->tensors = calloc((size_t)entries + 1, sizeof *s->tensors);
    if (!s->tensors) return fail_memory(err, "not enough memory for the model file's header");
    cJSON_ArrayForEach(entry, s->json)
    {
        if (strcmp(entry->string, "__metadata__") == 0) {
            if (metadata || !cJSON_IsObject(entry))
                return fail(err, "the model file's __metadata__ is not one object");
            metadata = entry;
        } else if (!parse_tensor(&s->tensors[s->count++], entry, err)) {
            return false;
        }
    }
    qsort(s->tensors, (size_t)s->count, sizeof *s->tensors, by_name);
    for (int i = 1; i < s->count; i++)
        if (strcmp(s->tensors[i].name, s->tensors[i - 1].name) == 0)
            return fail(err, "tensor '%s' stands twice in the header", s->tensors[i].name);
    qsort(s->tensors, (size_t)s->count, sizeof *s->tensors, by_place);
    size_t end = 0;
    for (int i = 0; i < s->count; i++) {
        const tensor_info *t = &s->tensors[i];
        if (t->begin != end)
            return fail(err, "tensor '%s' begins at byte %zu of the data, expected %zu (%s)",
                        t->name, t->begin, end,
                        t->begin < end ? "it overlaps another" : "there is a hole before it");
        end += t->size;
    }
    return s->sink.header(s->sink.context, s->tensors, s->count, metadata, err);
}

/* Skip tensors without data. */
static void settle(safetensors *s)
{
    while (s->at < s->count && s->at_filled == s->tensors[s->at].size) {
        s->at++;
        s->at_filled = 0;
    }
}

static bool grow_header(safetensors *s, const uint8_t *bytes, size_t size, error *err)
{
    if (s->header_filled + size > s->header_room) {
        size_t room = 2 * (s->header_filled + size);
        if (room > s->header_size) room = s->header_size;
        char *larger = realloc(s->header, room);
        if (!larger)
            return fail_memory(err, "not enough memory for the model file's header (%zu bytes)",
                               s->header_size);
        s->header = larger;
        s->header_room = room;
    }
    memcpy(s->header + s->header_filled, bytes, size);
    s->header_filled += size;
    return true;
}

static bool read_prefix(safetensors *s, error *err)
{
    reader r = reader_of(s->prefix, PREFIX);
    uint64_t size = read_u64le(&r);
    if (memcmp(s->prefix, "version ", 8) == 0 || memcmp(s->prefix, "<!DOCTYP", 8) == 0 ||
        memcmp(s->prefix, "<!doctyp", 8) == 0)
        return fail(err, "not a safetensors file but a text page that begins with '%.8s'",
                    (const char *)s->prefix);
    if (size < 2 || size > SAFETENSORS_MAX_HEADER)
        return fail(err,
                    "not a safetensors file: its header would have %llu bytes, expected 2 to %d",
                    (unsigned long long)size, SAFETENSORS_MAX_HEADER);
    s->header_size = (size_t)size;
    return true;
}

static bool push(safetensors *s, const uint8_t *bytes, size_t size, error *err)
{
    while (size > 0) {
        size_t part;
        if (s->prefix_filled < PREFIX) {
            part = PREFIX - s->prefix_filled < size ? PREFIX - s->prefix_filled : size;
            memcpy(s->prefix + s->prefix_filled, bytes, part);
            s->prefix_filled += part;
            if (s->prefix_filled == PREFIX && !read_prefix(s, err)) return false;
        } else if (!s->json) {
            part =
                s->header_size - s->header_filled < size ? s->header_size - s->header_filled : size;
            if (!grow_header(s, bytes, part, err)) return false;
            if (s->header_filled == s->header_size) {
                if (!parse_header(s, err)) return false;
                settle(s);
            }
        } else if (s->at < s->count) {
            size_t left = s->tensors[s->at].size - s->at_filled;
            part = left < size ? left : size;
            if (!s->sink.data(s->sink.context, s->at, bytes, part, err)) return false;
            s->at_filled += part;
            settle(s);
        } else {
            return fail(err, "the model file goes on after its last tensor (%zu bytes or more)",
                        size);
        }
        bytes += part;
        size -= part;
    }
    return true;
}

bool safetensors_push(safetensors *s, const uint8_t *bytes, size_t size, error *err)
{
    if (!s->failed && push(s, bytes, size, &s->why)) return true;
    s->failed = true;
    *err = s->why;
    return false;
}

bool safetensors_end(safetensors *s, error *err)
{
    if (s->failed)
        *err = s->why;
    else if (s->prefix_filled == 0)
        fail(err, "the model file is empty (0 bytes)");
    else if (s->prefix_filled < PREFIX)
        fail(err, "the model file ends after %zu bytes, inside its first number", s->prefix_filled);
    else if (!s->json)
        fail(err, "the model file ends inside its header (%zu of %zu bytes)", s->header_filled,
             s->header_size);
    else if (s->at < s->count)
        fail(err, "the model file ends inside tensor '%s' (%zu of %zu bytes)",
             s->tensors[s->at].name, s->at_filled, s->tensors[s->at].size);
    else
        return true;
    s->failed = true;
    s->why = *err;
    return false;
}
