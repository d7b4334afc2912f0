/* Building JSON where memory may run short: what cJSON does not take is given back. */
#ifndef NTRACE_FORMATS_JSON_H
#define NTRACE_FORMATS_JSON_H

#include <cjson/cJSON.h>
#include <stdbool.h>

/* Puts an item at the end of an array; false, the item being gone, where either is NULL. */
static inline bool nt_json_append(cJSON *array, cJSON *item) {
    bool taken = cJSON_AddItemToArray(array, item);
    if (!taken) {
        cJSON_Delete(item);
    }
    return taken;
}

/* Puts an item into an object, alike. */
static inline bool nt_json_put(cJSON *object, const char *key, cJSON *item) {
    bool taken = cJSON_AddItemToObject(object, key, item);
    if (!taken) {
        cJSON_Delete(item);
    }
    return taken;
}

#endif
