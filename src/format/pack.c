#include "format/pack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/json.h"
#include "format/safetensors.h"
#include "quant/packed.h"

static cJSON *parse_object(const cJSON *metadata, const char *key, error *err)
{
    const char *text = json_text(metadata, key, NULL);
    char what[64];
    snprintf(what, sizeof what, "the pack's \"%s\"", key);
    if (text) return json_object(text, strlen(text), what, err);
    fail(err, "the pack has no \"%s\" in its metadata", key);
    return NULL;
}

bool pack_labels_valid(const cJSON *labels, error *err)
{
    if (!cJSON_IsArray(labels)) return fail(err, "the labels are not an array");
    const cJSON *label;
    cJSON_ArrayForEach(label, labels)
    {
        if (!cJSON_IsString(label)) return fail(err, "the labels are not all texts");
        for (const char *c = label->valuestring; *c; c++)
            if ((unsigned char)*c < 0x20 || *c == 0x7f)
                return fail(err, "the label '%s' holds a control character", label->valuestring);
    }
    return true;
}

static cJSON *parse_labels(const char *text, error *err)
{
    cJSON *labels = json_parse(text, strlen(text), "the pack's \"labels\"", err);
    if (labels && pack_labels_valid(labels, err)) return labels;
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
    checksum_add(&c->sum, c->last, from_held);
    checksum_add(&c->sum, bytes, out - from_held);
    memmove(c->last, c->last + from_held, c->held - from_held);
    c->held -= from_held;
    size_t rest = size - (out - from_held);
    memcpy(c->last + c->held, bytes + size - rest, rest);
    c->held += rest;
}

bool pack_check_end(const pack_check *c, error *err)
{
    uint32_t stored = 0, sum = checksum_value(&c->sum);
    for (int i = PACK_CHECKSUM_SIZE; i-- > 0;) stored = stored << 8 | c->last[i];
    if (c->held == PACK_CHECKSUM_SIZE && stored == sum) return true;
    return fail(err, "the pack is damaged: its bytes have the checksum %08x, it says %08x",
                (unsigned)sum, (unsigned)stored);
}

struct pack_writer {
    const weights *w;
    bool all;          /* also tensors that no layer has asked for */
    char *head;        /* the length of the header, and the header */
    uint8_t *unit;     /* what is being handed out: the head, a row, or the checksum */
    size_t filled, at; /* bytes in it, and how many of them were handed out */
    int tensor, row;   /* the row that comes next */
    bool values;       /* of the tensor's values, not of its scales */
    bool ended;        /* the checksum was the last */
    size_t head_size, data_size;
    uint8_t *row_room, *levels;
    pack_check check;
};

/* An entry of the header; `at` counts up the data's offset. */
static bool add_tensor(cJSON *header, const char *name, const char *type, int rank,
                       const int64_t *shape, size_t size, size_t *at)
{
    double offsets[2] = { (double)*at, (double)(*at + size) };
    cJSON *entry = cJSON_AddObjectToObject(header, name),
          *dimensions = cJSON_AddArrayToObject(entry, "shape");
    bool ok = dimensions != NULL;
    for (int d = 0; d < rank && ok; d++)
        ok = json_append(dimensions, cJSON_CreateNumber((double)shape[d]));
    *at += size;
    return ok && cJSON_AddStringToObject(entry, "dtype", type) &&
           json_put(entry, "data_offsets", cJSON_CreateDoubleArray(offsets, 2));
}

static bool add_text(cJSON *metadata, const char *key, const cJSON *value)
{
    char *text = cJSON_PrintUnformatted(value);
    bool ok = text && cJSON_AddStringToObject(metadata, key, text);
    cJSON_free(text);
    return ok;
}

/* Whether `t` is written: not the checksum and scales of the file it came from. */
static bool written(const pack_writer *p, const weight *t)
{
    return (p->all || t->used) && strcmp(t->info.name, PACK_CHECKSUM) != 0 &&
           !weights_is_scale(p->w, t);
}

static size_t scale_size(const weight *t)
{
    return (size_t)weight_scales(t) * (t->bits < 8 ? sizeof(uint16_t) : sizeof(float));
}

/* The entries of a tensor: of its scales, if it has any, and its own. */
static bool add_entries(cJSON *header, const weight *t, size_t *at)
{
    char name[512];
    size_t rows = (size_t)t->rows, size = rows * weight_row_bytes(t), scales = rows * scale_size(t);
    snprintf(name, sizeof name, "%s" WEIGHT_SCALE_SUFFIX, t->info.name);
    if (t->form == FORM_FLOAT)
        return add_tensor(header, t->info.name, t->bits == BITS_HALF ? "F16" : "F32", t->info.rank,
                          t->info.shape, size, at);
    if (t->bits == 8)
        return add_tensor(header, name, "F32", SHAPE(t->rows), scales, at) &&
               add_tensor(header, t->info.name, "I8", t->info.rank, t->info.shape, size, at);
    return add_tensor(header, name, "F16", SHAPE(t->rows, weight_scales(t)), scales, at) &&
           add_tensor(header, t->info.name, "U8", SHAPE(t->rows, t->cols / PACKED_EIGHT, t->bits),
                      size, at);
}

static cJSON *make_header(pack_writer *p, const pack_settings *s)
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
    for (int i = 0; i < p->w->count && ok; i++)
        if (written(p, &p->w->all[i])) ok = add_entries(header, &p->w->all[i], &p->data_size);
    if (ok && add_tensor(header, PACK_CHECKSUM, "U8", SHAPE(PACK_CHECKSUM_SIZE), PACK_CHECKSUM_SIZE,
                         &p->data_size))
        return header;
    cJSON_Delete(header);
    return NULL;
}

/* The length and the text of the header, with spaces behind it so that the data is aligned. */
static bool make_head(pack_writer *p, const pack_settings *s)
{
    enum { PREFIX = 8 };
    cJSON *header = make_header(p, s);
    char *text = header ? cJSON_PrintUnformatted(header) : NULL;
    cJSON_Delete(header);
    size_t size = text ? strlen(text) : 0, padded = (size + 7) / 8 * 8;
    p->head_size = PREFIX + padded;
    p->head = text && p->head_size <= SAFETENSORS_MAX_HEADER ? malloc(p->head_size) : NULL;
    if (p->head) {
        for (int i = 0; i < PREFIX; i++) p->head[i] = (char)((uint64_t)padded >> (8 * i));
        memcpy(p->head + PREFIX, text, size);
        memset(p->head + PREFIX + size, ' ', padded - size);
    }
    cJSON_free(text);
    return p->head != NULL;
}

/* A row of any tensor, or of its scales as floats and as they are written. */
static bool make_room(pack_writer *p)
{
    size_t most = PACK_CHECKSUM_SIZE, cols = 1;
    for (int i = 0; i < p->w->count; i++) {
        const weight *t = &p->w->all[i];
        size_t scales = (size_t)weight_scales(t) * 2 * sizeof(float);
        if (scales > most) most = scales;
        if ((size_t)t->cols > cols) cols = (size_t)t->cols;
    }
    if (cols * sizeof(float) > most) most = cols * sizeof(float);
    p->row_room = malloc(most);
    p->levels = malloc(cols);
    return p->row_room && p->levels;
}

pack_writer *pack_writer_new(const weights *w, const pack_settings *s, bool all, error *err)
{
    pack_writer *p = calloc(1, sizeof *p);
    if (p) {
        *p = (pack_writer){ .w = w, .all = all };
        if (make_head(p, s) && make_room(p)) {
            p->unit = (uint8_t *)p->head;
            p->filled = p->head_size;
            pack_check_bytes(&p->check, p->unit, p->filled);
            return p;
        }
    }
    size_t head = p ? p->head_size : 0;
    pack_writer_free(p);
    head > SAFETENSORS_MAX_HEADER
        ? fail(err, "the pack's header has %zu bytes, at most %d are taken", head,
               SAFETENSORS_MAX_HEADER)
        : fail_memory(err, "not enough memory for the pack's header");
    return NULL;
}

void pack_writer_free(pack_writer *p)
{
    if (!p) return;
    free(p->row_room);
    free(p->levels);
    free(p->head);
    free(p);
}

size_t pack_writer_size(const pack_writer *p) { return p->head_size + p->data_size; }

/* The scales of a row, as the file has them; returns how many bytes. */
static size_t scales_of(const weight *t, int r, uint8_t *bytes)
{
    size_t count = (size_t)weight_scales(t), size = scale_size(t);
    float *scales = (float *)(void *)bytes;
    weight_row_scales(t, r, scales);
    if (t->bits == 8) return size;
    for (size_t i = 0; i < count; i++) { /* each half goes where floats were read before */
        uint16_t half = float_to_half(scales[i]);
        memcpy(bytes + i * sizeof half, &half, sizeof half);
    }
    return size;
}

static size_t checksum_of(const pack_check *check, uint8_t *bytes)
{
    /* the four bytes held back belong to what is checked: the checksum itself comes behind them */
    checksum all = check->sum;
    checksum_add(&all, check->last, check->held);
    for (int i = 0; i < PACK_CHECKSUM_SIZE; i++)
        bytes[i] = (uint8_t)(checksum_value(&all) >> (8 * i));
    return PACK_CHECKSUM_SIZE;
}

/* Put the next row or the checksum into p->unit; false when all was handed out. */
static bool next_unit(pack_writer *p)
{
    p->unit = p->row_room;
    p->at = p->filled = 0;
    while (p->tensor < p->w->count) {
        const weight *t = &p->w->all[p->tensor];
        bool skipped = !written(p, t) || (!p->values && t->form == FORM_FLOAT);
        if (!skipped && p->row < t->rows) {
            if (p->values) weight_row(t, p->row, p->unit, p->levels);
            p->filled = p->values ? weight_row_bytes(t) : scales_of(t, p->row, p->unit);
            p->row++;
            pack_check_bytes(&p->check, p->unit, p->filled);
            return true;
        }
        p->row = 0;
        p->tensor += p->values;
        p->values = !p->values;
    }
    if (p->ended) return false;
    p->ended = true;
    p->filled = checksum_of(&p->check, p->unit);
    return true;
}

size_t pack_writer_read(pack_writer *p, uint8_t *bytes, size_t size)
{
    size_t done = 0;
    while (done < size && (p->at < p->filled || next_unit(p))) {
        size_t part = p->filled - p->at < size - done ? p->filled - p->at : size - done;
        memcpy(bytes + done, p->unit + p->at, part);
        p->at += part;
        done += part;
    }
    return done;
}
