#include "format/json.h"

#include <math.h>
#include <string.h>

#include "core/utf8.h"

cJSON *json_parse(const char *text, size_t size, const char *what, error *err)
{
    if (utf8_valid(text, size) != size) {
        fail(err, "%s is not UTF-8 text (byte %zu)", what, utf8_valid(text, size));
        return NULL;
    }
    const char *end = text;
    cJSON *json = cJSON_ParseWithLengthOpts(text, size, &end, false);
    while (json && end < text + size && strchr(" \t\r\n", *end) && *end) end++;
    if (json && end == text + size) return json;
    fail(err, "%s is not valid JSON", what);
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
