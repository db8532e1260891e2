#include "format/pack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crc32.h"
#include "format/json.h"
#include "kernels/panel.h"
#include "quant/q8.h"

static cJSON *parse_object(const cJSON *metadata, const char *key, error *err)
{
    const char *text = json_text(metadata, key, NULL);
    char what[64];
    snprintf(what, sizeof what, "the pack's \"%s\"", key);
    if (text) return json_object(text, strlen(text), what, err);
    fail(err, "the pack has no \"%s\" in its metadata", key);
    return NULL;
}

/* An array of printable texts. */
static cJSON *parse_labels(const char *text, error *err)
{
    cJSON *labels = json_parse(text, strlen(text), "the pack's \"labels\"", err);
    bool ok = labels != NULL;
    if (ok && !cJSON_IsArray(labels)) ok = fail(err, "the pack's \"labels\" are not an array");
    const cJSON *label;
    cJSON_ArrayForEach(label, labels)
    {
        if (ok && !cJSON_IsString(label)) ok = fail(err, "the pack's \"labels\" are not all texts");
        for (const char *c = ok ? label->valuestring : ""; *c && ok; c++)
            if ((unsigned char)*c < 0x20 || *c == 0x7f)
                ok = fail(err, "the pack's label '%s' holds a control character",
                          label->valuestring);
    }
    if (ok) return labels;
    cJSON_Delete(labels);
    return NULL;
}

bool pack_settings_read(pack_settings *s, const cJSON *metadata, error *err)
{
    *s = (pack_settings){ 0 };
    const char *format = json_text(metadata, "format", NULL);
    if (!format)
        return fail(err,
                    "not a pack: its metadata has no \"format\" (make one with: vqa quantize)");
    if (strcmp(format, PACK_FORMAT) != 0)
        return fail(err,
                    "the pack's format is '%s', expected '" PACK_FORMAT
                    "' (make a pack with: vqa quantize)",
                    format);
    if (!(s->config = parse_object(metadata, "config", err)) ||
        !(s->preprocessor = parse_object(metadata, "preprocessor", err)) ||
        !(s->tokenizer = parse_object(metadata, "tokenizer", err)))
        return false;
    if (!(s->labels = parse_labels(json_text(metadata, "labels", "[]"), err))) return false;
    s->name = strdup(json_text(metadata, "name", ""));
    s->licence = strdup(json_text(metadata, "licence", ""));
    return (s->name && s->licence) || fail_memory(err, "not enough memory for the pack's metadata");
}

void pack_settings_free(pack_settings *s)
{
    cJSON_Delete(s->config);
    cJSON_Delete(s->preprocessor);
    cJSON_Delete(s->tokenizer);
    cJSON_Delete(s->labels);
    free(s->name);
    free(s->licence);
    *s = (pack_settings){ 0 };
}

void pack_check_bytes(pack_check *c, const uint8_t *bytes, size_t size)
{
    if (size == 0) return; /* bytes may be NULL */
    size_t known = c->held + size, out = known > PACK_CHECKSUM_SIZE
                                             ? known - PACK_CHECKSUM_SIZE
                                             : 0; /* no longer among the last */
    size_t from_held = out < c->held ? out : c->held;
    c->crc = crc32_update(c->crc, c->last, from_held);
    c->crc = crc32_update(c->crc, bytes, out - from_held);
    memmove(c->last, c->last + from_held, c->held - from_held);
    c->held -= from_held;
    size_t rest = size - (out - from_held);
    memcpy(c->last + c->held, bytes + size - rest, rest);
    c->held += rest;
}

bool pack_check_end(const pack_check *c, error *err)
{
    uint32_t stored = 0;
    for (int i = PACK_CHECKSUM_SIZE; i-- > 0;) stored = stored << 8 | c->last[i];
    if (c->held == PACK_CHECKSUM_SIZE && stored == c->crc) return true;
    return fail(err, "the pack is damaged: its bytes have the checksum %08x, it says %08x",
                (unsigned)c->crc, (unsigned)stored);
}

typedef struct {
    bool (*write)(void *context, const void *bytes, size_t size, error *err);
    void *context;
    pack_check check;
    error *err;
} output;

static bool put(output *o, const void *bytes, size_t size)
{
    pack_check_bytes(&o->check, bytes, size);
    return o->write(o->context, bytes, size, o->err);
}

/* An entry of the header; `at` counts up the data's offset. */
static bool add_tensor(cJSON *header, const char *name, const char *type, int rank,
                       const int64_t *shape, size_t size, size_t *at)
{
    double offsets[2] = { (double)*at, (double)(*at + size) };
    cJSON *entry = cJSON_AddObjectToObject(header, name),
          *dimensions = cJSON_AddArrayToObject(entry, "shape");
    for (int d = 0; d < rank; d++)
        cJSON_AddItemToArray(dimensions, cJSON_CreateNumber((double)shape[d]));
    cJSON *places = cJSON_CreateDoubleArray(offsets, 2);
    *at += size;
    return entry && dimensions && cJSON_AddStringToObject(entry, "dtype", type) &&
           cJSON_AddItemToObject(entry, "data_offsets", places);
}

static bool add_text(cJSON *metadata, const char *key, const cJSON *value)
{
    char *text = cJSON_PrintUnformatted(value);
    bool ok = text && cJSON_AddStringToObject(metadata, key, text);
    cJSON_free(text);
    return ok;
}

static void scale_name(const weight *t, char *name, size_t size)
{
    snprintf(name, size, "%s" Q8_SCALE_SUFFIX, t->info.name);
}

static bool is_checksum(const weight *t) { return strcmp(t->info.name, PACK_CHECKSUM) == 0; }

static cJSON *make_header(const weights *w, const pack_settings *s)
{
    cJSON *header = cJSON_CreateObject(),
          *metadata = cJSON_AddObjectToObject(header, "__metadata__");
    bool ok = cJSON_AddStringToObject(metadata, "format", PACK_FORMAT) &&
              cJSON_AddStringToObject(metadata, "name", s->name) &&
              cJSON_AddStringToObject(metadata, "licence", s->licence) &&
              add_text(metadata, "config", s->config) &&
              add_text(metadata, "preprocessor", s->preprocessor) &&
              add_text(metadata, "tokenizer", s->tokenizer) &&
              add_text(metadata, "labels", s->labels);
    size_t at = 0;
    for (int i = 0; i < w->count && ok; i++) {
        const weight *t = &w->all[i];
        if (is_checksum(t) || weights_is_scale(w, t)) continue;
        size_t values = (size_t)t->rows * (size_t)t->cols;
        if (!t->q8) {
            ok = add_tensor(header, t->info.name, "F32", t->info.rank, t->info.shape,
                            values * sizeof(float), &at);
            continue;
        }
        char name[512];
        scale_name(t, name, sizeof name);
        ok =
            add_tensor(header, name, "F32", SHAPE(t->rows), (size_t)t->rows * sizeof(float), &at) &&
            add_tensor(header, t->info.name, "I8", t->info.rank, t->info.shape, values, &at);
    }
    if (ok &&
        add_tensor(header, PACK_CHECKSUM, "U8", SHAPE(PACK_CHECKSUM_SIZE), PACK_CHECKSUM_SIZE, &at))
        return header;
    cJSON_Delete(header);
    return NULL;
}

static bool write_data(output *o, const weights *w)
{
    for (int i = 0; i < w->count; i++) {
        const weight *t = &w->all[i];
        if (is_checksum(t) || weights_is_scale(w, t)) continue;
        if (!t->q8) {
            if (!put(o, t->floats, (size_t)t->rows * (size_t)t->cols * sizeof(float))) return false;
            continue;
        }
        if (!put(o, t->scale, (size_t)t->rows * sizeof(float))) return false;
        for (int r = 0; r < t->rows; r++)
            if (!put(o, t->bytes + (size_t)r * (size_t)q8_padded(t->cols), (size_t)t->cols))
                return false;
    }
    uint8_t checksum[PACK_CHECKSUM_SIZE];
    /* the four bytes held back belong to what is checked: the checksum itself comes behind them */
    uint32_t crc = crc32_update(o->check.crc, o->check.last, o->check.held);
    for (int i = 0; i < PACK_CHECKSUM_SIZE; i++) checksum[i] = (uint8_t)(crc >> (8 * i));
    return put(o, checksum, sizeof checksum);
}

bool pack_write(const weights *w, const pack_settings *s,
                bool (*write)(void *context, const void *bytes, size_t size, error *err),
                void *context, error *err)
{
    cJSON *header = make_header(w, s);
    char *text = header ? cJSON_PrintUnformatted(header) : NULL;
    cJSON_Delete(header);
    if (!text) return fail_memory(err, "not enough memory for the pack's header");
    size_t size = strlen(text),
           padded = (size + 7) / 8 * 8; /* spaces, so that the data is aligned */
    uint8_t prefix[8];
    for (int i = 0; i < 8; i++) prefix[i] = (uint8_t)((uint64_t)padded >> (8 * i));
    output o = { .write = write, .context = context, .err = err };
    bool ok = put(&o, prefix, sizeof prefix) && put(&o, text, size) &&
              put(&o, "       ", padded - size) && write_data(&o, w);
    cJSON_free(text);
    return ok;
}
