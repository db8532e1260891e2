#include "format/json.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/utf8.h"

/* Whether cJSON had too little memory since this was last set to false: it does not say why it fails. */
static _Thread_local bool no_memory;

static void *take(size_t size)
{
    void *block = malloc(size);
    if (!block) no_memory = true;
    return block;
}

/* Let cJSON take its memory here, from the first text on. */
static void watch_memory(void)
{
    enum { NOT_YET, AT_IT, DONE };
    static atomic_int state;
    int expected = NOT_YET;
    if (atomic_compare_exchange_strong(&state, &expected, AT_IT)) {
        cJSON_InitHooks(&(cJSON_Hooks){ take, free });
        atomic_store(&state, DONE);
    }
    while (atomic_load(&state) != DONE) {} /* another thread is at it */
}

size_t json_values(const char *text, size_t size)
{
    size_t count = 1;
    bool quoted = false;
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '"') quoted = !quoted;
        if (quoted)
            i += text[i] == '\\'; /* what is escaped ends no string */
        else
            count += text[i] == ',' || text[i] == '[' || text[i] == '{';
    }
    return count;
}

cJSON *json_parse(const char *text, size_t size, const char *what, error *err)
{
    if (utf8_valid(text, size) != size) {
        fail(err, "%s is not UTF-8 text (byte %zu)", what, utf8_valid(text, size));
        return NULL;
    }
    size_t values = json_values(text, size);
    if (values > JSON_MAX_VALUES) {
        fail(err, "%s has %zu values, at most %d are taken", what, values, JSON_MAX_VALUES);
        return NULL;
    }
    watch_memory();
    no_memory = false;
    const char *end = text;
    cJSON *json = cJSON_ParseWithLengthOpts(text, size, &end, false);
    while (json && end < text + size && strchr(" \t\r\n", *end) && *end) end++;
    if (json && end == text + size) return json;
    no_memory ? fail_memory(err, "not enough memory for %s (%zu bytes of JSON)", what, size)
              : fail(err, "%s is not valid JSON", what);
    cJSON_Delete(json);
    return NULL;
}

cJSON *json_object(const char *text, size_t size, const char *what, error *err)
{
    cJSON *json = json_parse(text, size, what, err);
    if (!json || cJSON_IsObject(json)) return json;
    fail(err, "%s is not a JSON object", what);
    cJSON_Delete(json);
    return NULL;
}

bool json_put(cJSON *object, const char *key, cJSON *value)
{
    if (cJSON_AddItemToObject(object, key, value)) return true;
    cJSON_Delete(value);
    return false;
}

bool json_append(cJSON *array, cJSON *value)
{
    if (cJSON_AddItemToArray(array, value)) return true;
    cJSON_Delete(value);
    return false;
}

static const cJSON *item(const cJSON *object, const char *key)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNull(value) ? NULL : value;
}

bool json_int(const cJSON *object, const char *key, int missing, int least, int most, int *value,
              error *err)
{
    const cJSON *number = item(object, key);
    if (number && !cJSON_IsNumber(number)) return fail(err, "config: \"%s\" is not a number", key);
    double d = number ? number->valuedouble : missing;
    if (!number && (d < least || d > most)) return fail(err, "config: \"%s\" is missing", key);
    if (!(d >= least && d <= most) || d != floor(d))
        return fail(err, "config: \"%s\" is %g, expected a whole number from %d to %d", key, d,
                    least, most);
    *value = (int)d;
    return true;
}

bool json_number(const cJSON *object, const char *key, double missing, double least, double most,
                 double *value, error *err)
{
    const cJSON *number = item(object, key);
    if (number && !cJSON_IsNumber(number)) return fail(err, "config: \"%s\" is not a number", key);
    *value = number ? number->valuedouble : missing;
    if (*value >= least && *value <= most) return true;
    return fail(err, "config: \"%s\" is %g, expected %g to %g", key, *value, least, most);
}

const char *json_text(const cJSON *object, const char *key, const char *missing)
{
    const char *text = cJSON_GetStringValue(item(object, key));
    return text ? text : missing;
}

bool json_bool(const cJSON *object, const char *key, bool missing)
{
    const cJSON *value = item(object, key);
    return cJSON_IsBool(value) ? cJSON_IsTrue(value) : missing;
}
