/* Settings from JSON texts of outside origin: each getter checks type and range and names key and
 * value. */
#ifndef VQA_FORMAT_JSON_H
#define VQA_FORMAT_JSON_H

#include <cjson/cJSON.h>

#include "core/error.h"

enum {
    JSON_MAX_VALUES = 4000000
}; /* of a text; each takes 64 bytes and more, as a byte or two may say */

/* The values of a JSON text, and one; of other texts some number. */
size_t json_values(const char *text, size_t size);

/* Parse `size` bytes as one JSON value with nothing but white space behind it. NULL and a sentence
 * (naming `what`) for anything else, for more than JSON_MAX_VALUES values and without memory (err->no_memory). The caller gives it back with cJSON_Delete(). */
cJSON *json_parse(const char *text, size_t size, const char *what, error *err);

/* The same for an object. NULL and a sentence (naming `what`) for anything else. The
 * caller gives it back with cJSON_Delete(). */
cJSON *json_object(const char *text, size_t size, const char *what, error *err);

/* Put `value` at `key`, or at the end of an array; it is given back where there is no memory (false) and may be
 * NULL (false). */
bool json_put(cJSON *object, const char *key, cJSON *value);
bool json_append(cJSON *array, cJSON *value);

/* The integer at `key`, within least..most; `missing` where there is no such key (or null); a
 * missing key fails too if `missing` is outside that range. */
bool json_int(const cJSON *object, const char *key, int missing, int least, int most, int *value,
              error *err);

/* The number at `key`, within least..most; `missing` where there is none. */
bool json_number(const cJSON *object, const char *key, double missing, double least, double most,
                 double *value, error *err);

/* The text at `key`, or `missing` (may be NULL) where there is none or it is no text. Lives as
 * `object`. */
const char *json_text(const cJSON *object, const char *key, const char *missing);

/* The truth value at `key`, or `missing`. */
bool json_bool(const cJSON *object, const char *key, bool missing);

#endif
