#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bundle/manifest.h"

/* Where the reader stands, for errors: "layers[3].axes". */
struct cursor {
    struct nt_error *error;
    char path[64];
};

static const char *const ROLES[NT_ROLE_COUNT] = {"samples",   "images", "opening",  "codes",       "weights",
                                                 "stability", "map",    "measures", "credibility", "suggestions"};

const char *nt_role_name(enum nt_role role) { return (unsigned)role < NT_ROLE_COUNT ? ROLES[role] : "unknown"; }

static enum nt_status fail(const struct cursor *at, const char *key, const char *expected) {
    return nt_error_set(at->error, NT_E_FORMAT, "manifest: %s%s%s: expected %s", at->path, at->path[0] != 0 ? "." : "",
                        key, expected);
}

static enum nt_status get_number(double *value, const cJSON *object, const char *key, double low, double high,
                                 const struct cursor *at) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= low && item->valuedouble <= high)) {
        char expected[80];
        (void)snprintf(expected, sizeof expected, "a number from %.10g to %.10g", low, high);
        return fail(at, key, expected);
    }
    *value = item->valuedouble;
    return NT_OK;
}

static enum nt_status get_count(uint32_t *value, const cJSON *object, const char *key, uint32_t low, uint32_t high,
                                const struct cursor *at) {
    double number = 0;
    NT_TRY(get_number(&number, object, key, low, high, at));
    if (floor(number) != number) {
        return fail(at, key, "a whole number");
    }
    *value = (uint32_t)number;
    return NT_OK;
}

static enum nt_status copy_text(char *text, size_t room, const cJSON *item, const char *key, const struct cursor *at) {
    if (!cJSON_IsString(item) || strlen(item->valuestring) >= room) {
        char expected[48];
        (void)snprintf(expected, sizeof expected, "a text of at most %zu bytes", room - 1);
        return fail(at, key, expected);
    }
    memcpy(text, item->valuestring, strlen(item->valuestring) + 1);
    return NT_OK;
}

static enum nt_status get_text(char *text, size_t room, const cJSON *object, const char *key, const struct cursor *at) {
    return copy_text(text, room, cJSON_GetObjectItemCaseSensitive(object, key), key, at);
}

static enum nt_status get_object(const cJSON **item, const cJSON *object, const char *key, struct cursor *at) {
    at->path[0] = 0;
    *item = cJSON_GetObjectItemCaseSensitive(object, key);
    if (!cJSON_IsObject(*item)) {
        return fail(at, key, "an object");
    }
    (void)snprintf(at->path, sizeof at->path, "%s", key);
    return NT_OK;
}

static enum nt_status get_array(const cJSON **item, uint32_t *count, const cJSON *object, const char *key,
                                uint32_t high, struct cursor *at) {
    at->path[0] = 0;
    *item = cJSON_GetObjectItemCaseSensitive(object, key);
    if (!cJSON_IsArray(*item) || cJSON_GetArraySize(*item) < 1 || (uint32_t)cJSON_GetArraySize(*item) > high) {
        char expected[48];
        (void)snprintf(expected, sizeof expected, "an array of 1 to %u", high);
        return fail(at, key, expected);
    }
    *count = (uint32_t)cJSON_GetArraySize(*item);
    return NT_OK;
}

/* What one sample is called, and many, where the manifest says so. */
static enum nt_status read_noun(struct nt_manifest *m, const cJSON *dataset, struct cursor *at) {
    if (cJSON_GetObjectItemCaseSensitive(dataset, "noun") == NULL) {
        return NT_OK;
    }
    const cJSON *noun;
    NT_TRY(get_object(&noun, dataset, "noun", at));
    NT_TRY(get_text(m->dataset.noun[0], sizeof m->dataset.noun[0], noun, "one", at));
    return get_text(m->dataset.noun[1], sizeof m->dataset.noun[1], noun, "many", at);
}

static enum nt_status read_dataset(struct nt_manifest *m, const cJSON *root, struct cursor *at) {
    const cJSON *dataset, *image;
    NT_TRY(get_object(&image, root, "dataset", at));
    dataset = image;
    NT_TRY(get_text(m->dataset.title, sizeof m->dataset.title, dataset, "title", at));
    NT_TRY(get_text(m->dataset.source, sizeof m->dataset.source, dataset, "source", at));
    NT_TRY(get_text(m->dataset.licence, sizeof m->dataset.licence, dataset, "licence", at));
    NT_TRY(get_count(&m->dataset.samples, dataset, "samples", 2, NT_BUNDLE_MAX_SAMPLES, at));
    m->dataset.synthetic = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(dataset, "synthetic"));
    NT_TRY(read_noun(m, dataset, at));
    if (cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(dataset, "image"))) {
        return NT_OK;
    }
    NT_TRY(get_object(&image, dataset, "image", at));
    NT_TRY(get_count(&m->dataset.image.channels, image, "channels", 1, 4, at));
    NT_TRY(get_count(&m->dataset.image.height, image, "height", 1, 1024, at));
    return get_count(&m->dataset.image.width, image, "width", 1, 1024, at);
}

static enum nt_status read_classes(struct nt_manifest *m, const cJSON *root, struct cursor *at,
                                   const struct nt_allocator *allocator) {
    const cJSON *array, *item;
    uint32_t i = 0;
    NT_TRY(get_array(&array, &m->classes, root, "classes", NT_BUNDLE_MAX_CLASSES, at));
    m->class_name = nt_allocate_zeroed(allocator, m->classes, sizeof *m->class_name);
    if (m->class_name == NULL) {
        return NT_E_MEMORY;
    }
    cJSON_ArrayForEach(item, array) {
        NT_TRY(copy_text(m->class_name[i++], sizeof *m->class_name, item, "classes", at));
    }
    return NT_OK;
}

static enum nt_status read_shape(struct nt_bundle_layer *layer, const cJSON *item, const struct cursor *at) {
    const cJSON *shape = cJSON_GetObjectItemCaseSensitive(item, "shape");
    double size = 1;
    uint32_t *part[3] = {&layer->shape.channels, &layer->shape.height, &layer->shape.width};
    for (int i = 0; i < 3; i++) {
        const cJSON *number = cJSON_IsArray(shape) ? cJSON_GetArrayItem(shape, i) : NULL;
        if (!cJSON_IsNumber(number) || !(number->valuedouble >= 1 && number->valuedouble <= NT_NET_MAX_SIZE)) {
            return fail(at, "shape", "channels, height and width");
        }
        *part[i] = (uint32_t)number->valuedouble;
        size *= *part[i];
    }
    NT_TRY(get_count(&layer->size, item, "size", 1, NT_NET_MAX_SIZE, at));
    return size == (double)layer->size ? NT_OK : fail(at, "size", "the product of the shape");
}

static enum nt_status read_kind(enum nt_layer_kind *kind, const cJSON *item, const struct cursor *at) {
    char text[24];
    NT_TRY(get_text(text, sizeof text, item, "kind", at));
    *kind = NT_BUNDLE_LAYER_OTHER;
    if (strcmp(text, "other") == 0) {
        return NT_OK;
    }
    for (int k = 0; k < NT_LAYER_KIND_COUNT; k++) {
        if (strcmp(text, nt_layer_kind_name((enum nt_layer_kind)k)) == 0) {
            *kind = (enum nt_layer_kind)k;
            return NT_OK;
        }
    }
    return fail(at, "kind", "a kind of layer that this version knows");
}

/* Absent where the bundle ships no map of the layer. */
static enum nt_status read_map(struct nt_bundle_map *map, const cJSON *layer, uint32_t samples, struct cursor *at) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(layer, "map");
    if (item == NULL) {
        return NT_OK;
    }
    size_t length = strlen(at->path);
    (void)snprintf(at->path + length, sizeof at->path - length, ".map");
    NT_TRY(get_number(&map->left, item, "left", -1e30, 1e30, at));
    NT_TRY(get_number(&map->bottom, item, "bottom", -1e30, 1e30, at));
    NT_TRY(get_number(&map->step, item, "step", 1e-30, 1e30, at));
    NT_TRY(get_count(&map->neighbors, item, "neighbors", 2, samples, at));
    NT_TRY(get_count(&map->epochs, item, "epochs", 1, UINT32_MAX, at));
    NT_TRY(get_count(&map->k, item, "k", 1, (samples - 1) / 2, at));
    NT_TRY(get_number(&map->trustworthiness, item, "trustworthiness", 0, 1, at));
    NT_TRY(get_number(&map->continuity, item, "continuity", 0, 1, at));
    map->moved = -1;
    return cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(item, "moved"))
               ? NT_OK
               : get_number(&map->moved, item, "moved", 0, 1e30, at);
}

static enum nt_status read_layer(struct nt_bundle_layer *layer, const cJSON *item, uint32_t number, uint32_t samples,
                                 struct cursor *at) {
    double step = 0;
    NT_TRY(get_text(layer->name, sizeof layer->name, item, "name", at));
    NT_TRY(read_kind(&layer->kind, item, at));
    NT_TRY(read_shape(layer, item, at));
    NT_TRY(get_count(&layer->codes, item, "codes", 0, number, at));
    NT_TRY(get_count(&layer->axes, item, "axes", 0, 1024, at));
    NT_TRY(get_count(&layer->candidates, item, "candidates", 1, samples - 1, at));
    NT_TRY(get_count(&layer->candidates_1000, item, "candidates1000", layer->candidates, samples - 1, at));
    NT_TRY(get_number(&step, item, "step", 1e-30, 1e30, at));
    NT_TRY(get_number(&layer->recall, item, "recall", 0, 1, at));
    NT_TRY(get_number(&layer->recall_codes, item, "recallCodes", 0, 1, at));
    layer->step = (float)step;
    return read_map(&layer->map, item, samples, at);
}

static enum nt_status read_layers(struct nt_manifest *m, const cJSON *root, struct cursor *at,
                                  const struct nt_allocator *allocator) {
    const cJSON *array, *item;
    uint32_t i = 0;
    NT_TRY(get_array(&array, &m->layers, root, "layers", NT_BUNDLE_MAX_LAYERS, at));
    m->layer = nt_allocate_zeroed(allocator, m->layers, sizeof *m->layer);
    if (m->layer == NULL) {
        return NT_E_MEMORY;
    }
    cJSON_ArrayForEach(item, array) {
        (void)snprintf(at->path, sizeof at->path, "layers[%u]", i);
        NT_TRY(read_layer(&m->layer[i], item, i, m->dataset.samples, at));
        const struct nt_bundle_layer *served = &m->layer[m->layer[i].codes];
        if (served->codes != m->layer[i].codes || served->size != m->layer[i].size) {
            return fail(at, "codes", "a layer of the same size with codes of its own");
        }
        m->layer[i].map = served->map;
        i++;
    }
    return NT_OK;
}

uint64_t nt_manifest_raw_bytes(const struct nt_manifest *m, const struct nt_bundle_chunk *chunk) {
    uint64_t rows = chunk->rows,
             image = (uint64_t)m->dataset.image.channels * m->dataset.image.height * m->dataset.image.width;
    switch (chunk->role) {
    case NT_ROLE_SAMPLES:
        return rows * 8;
    case NT_ROLE_IMAGES:
        return rows * image;
    case NT_ROLE_OPENING:
        return rows * (4 + image);
    case NT_ROLE_CODES:
        return rows * (m->layer[chunk->layer].axes + 1);
    case NT_ROLE_STABILITY:
        return rows * 2 * m->layers;
    case NT_ROLE_MAP:
        return rows * NT_MAP_PLANES;
    case NT_ROLE_MEASURES:
        return rows * NT_MEASURES_PLANES + (m->classes + 1) * (uint64_t)(sizeof(double) + sizeof(uint32_t));
    case NT_ROLE_CREDIBILITY:
        return rows * NT_CREDIBILITY_PLANES;
    default:
        return 0;
    }
}

static bool hex_digits(uint8_t *bytes, const char *text) {
    for (size_t i = 0; i < 64; i++) {
        int c = text[i], digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (digit < 0) {
            return false;
        }
        bytes[i / 2] = (uint8_t)(i % 2 == 0 ? digit << 4 : bytes[i / 2] | digit);
    }
    return text[64] == 0;
}

static enum nt_status read_digests(struct nt_bundle_chunk *chunk, const cJSON *item, const struct cursor *at) {
    char sha256[65], crc[9], name[sizeof chunk->file];
    unsigned value;
    int used = 0;
    NT_TRY(get_text(sha256, sizeof sha256, item, "sha256", at));
    if (!hex_digits(chunk->sha256, sha256)) {
        return fail(at, "sha256", "64 hexadecimal digits");
    }
    NT_TRY(get_text(crc, sizeof crc, item, "crc32", at));
    if (sscanf(crc, "%8x%n", &value, &used) != 1 || used != 8) {
        return fail(at, "crc32", "8 hexadecimal digits");
    }
    chunk->crc32 = value;
    NT_TRY(get_text(chunk->file, sizeof chunk->file, item, "file", at));
    (void)snprintf(name, sizeof name, "c/%.32s.bin", sha256);
    return strcmp(name, chunk->file) == 0 ? NT_OK : fail(at, "file", "the chunk's name, made of its SHA-256");
}

/* What chunks of a role must fit besides. */
static enum nt_status check_role(const struct nt_bundle_chunk *chunk, const struct nt_manifest *m,
                                 const struct cursor *at) {
    enum nt_role role = chunk->role;
    bool any_size = role == NT_ROLE_WEIGHTS || role == NT_ROLE_SUGGESTIONS;
    bool of_layer = role == NT_ROLE_MAP || role == NT_ROLE_MEASURES;
    bool of_all = of_layer || role == NT_ROLE_SAMPLES || role == NT_ROLE_STABILITY || role == NT_ROLE_CREDIBILITY;
    if (!any_size && chunk->raw_bytes != nt_manifest_raw_bytes(m, chunk)) {
        return fail(at, "raw", "rows times what one row of this role takes");
    }
    if (role == NT_ROLE_SUGGESTIONS && chunk->raw_bytes % sizeof(struct nt_suggestion) != 0) {
        return fail(at, "raw", "whole suggestions");
    }
    if (of_all && chunk->rows != m->dataset.samples) {
        return fail(at, "rows", "all samples in one chunk of this role");
    }
    if (of_layer && m->layer[chunk->layer].codes != chunk->layer) {
        return fail(at, "layer", "a layer with codes of its own");
    }
    if (role == NT_ROLE_MAP && m->layer[chunk->layer].map.step == 0) {
        return fail(at, "layer", "a layer whose map is described");
    }
    bool described = m->measures.p > 0 || (role < NT_ROLE_MEASURES);
    return described ? NT_OK : fail(at, "role", "a bundle that says how its measures were made");
}

static enum nt_status read_chunk(struct nt_bundle_chunk *chunk, const cJSON *item, const struct nt_manifest *m,
                                 const struct cursor *at) {
    char role[16];
    NT_TRY(get_text(role, sizeof role, item, "role", at));
    for (chunk->role = 0; chunk->role < NT_ROLE_COUNT && strcmp(role, ROLES[chunk->role]) != 0;) {
        chunk->role++;
    }
    if (chunk->role == NT_ROLE_COUNT) {
        return fail(at, "role", "a role that this version knows");
    }
    uint32_t samples = m->dataset.samples;
    NT_TRY(read_digests(chunk, item, at));
    NT_TRY(get_count(&chunk->layer, item, "layer", 0, m->layers - 1, at));
    NT_TRY(get_count(&chunk->row, item, "row", 0, samples - 1, at));
    bool of_samples = chunk->role != NT_ROLE_WEIGHTS && chunk->role != NT_ROLE_SUGGESTIONS;
    NT_TRY(get_count(&chunk->rows, item, "rows", of_samples, samples - chunk->row, at));
    NT_TRY(get_count(&chunk->columns, item, "columns", 0, UINT32_MAX, at));
    NT_TRY(get_count(&chunk->bytes, item, "bytes", 33, NT_CHUNK_MAX_BYTES, at));
    NT_TRY(get_count(&chunk->raw_bytes, item, "raw", 1, NT_CHUNK_MAX_RAW_BYTES, at));
    return check_role(chunk, m, at);
}

/* The parts of the network follow each other. */
static enum nt_status add_weights(struct nt_manifest *m, const struct nt_bundle_chunk *chunk, const struct cursor *at) {
    if (chunk->columns != m->weights_bytes) {
        return fail(at, "columns", "where the part of the network before it ends");
    }
    if (chunk->raw_bytes > NT_MANIFEST_MAX_WEIGHTS - m->weights_bytes) {
        return fail(at, "raw", "a network of at most 1 GiB");
    }
    m->weights_bytes += chunk->raw_bytes;
    return NT_OK;
}

static enum nt_status read_chunks(struct nt_manifest *m, const cJSON *root, struct cursor *at,
                                  const struct nt_allocator *allocator) {
    const cJSON *array, *item;
    uint32_t i = 0;
    NT_TRY(get_array(&array, &m->chunks, root, "chunks", NT_MANIFEST_MAX_CHUNKS, at));
    m->chunk = nt_allocate_zeroed(allocator, m->chunks, sizeof *m->chunk);
    if (m->chunk == NULL) {
        return NT_E_MEMORY;
    }
    cJSON_ArrayForEach(item, array) {
        (void)snprintf(at->path, sizeof at->path, "chunks[%u]", i);
        NT_TRY(read_chunk(&m->chunk[i], item, m, at));
        NT_TRY(m->chunk[i].role == NT_ROLE_WEIGHTS ? add_weights(m, &m->chunk[i], at) : NT_OK);
        i++;
    }
    return NT_OK;
}

/* Absent where the bundle ships no measures. */
static enum nt_status read_measures(struct nt_manifest *m, const cJSON *root, struct cursor *at) {
    const cJSON *item;
    if (cJSON_GetObjectItemCaseSensitive(root, "measures") == NULL) {
        return NT_OK;
    }
    NT_TRY(get_object(&item, root, "measures", at));
    NT_TRY(get_number(&m->measures.p, item, "p", 1e-6, 1 - 1e-6, at));
    NT_TRY(get_count(&m->measures.calibration, item, "calibration", 0, m->dataset.samples, at));
    NT_TRY(get_count(&m->measures.seed, item, "seed", 0, UINT32_MAX, at));
    return get_count(&m->measures.suggestions, item, "suggestions", 1, 1000, at);
}

const char *nt_answers_name(enum nt_answers answers) {
    static const char *const names[] = {"none", "classes", "sure"};
    return (unsigned)answers <= NT_ANSWERS_SURE ? names[answers] : "unknown";
}

/* What is not said is known. */
static enum nt_status read_answers(enum nt_answers *answers, const cJSON *root, struct cursor *at) {
    char text[16];
    at->path[0] = 0;
    *answers = NT_ANSWERS_SURE;
    if (cJSON_GetObjectItemCaseSensitive(root, "answers") == NULL) {
        return NT_OK;
    }
    NT_TRY(get_text(text, sizeof text, root, "answers", at));
    for (int a = NT_ANSWERS_NONE; a <= NT_ANSWERS_SURE; a++) {
        if (strcmp(text, nt_answers_name((enum nt_answers)a)) == 0) {
            *answers = (enum nt_answers)a;
            return NT_OK;
        }
    }
    return fail(at, "answers", "\"none\", \"classes\" or \"sure\"");
}

static enum nt_status read_figures(struct nt_manifest *m, const cJSON *root, struct cursor *at) {
    const cJSON *item;
    double parameters = 0;
    uint32_t last = m->layers - 1, most = m->dataset.samples - 1;
    NT_TRY(get_object(&item, root, "network", at));
    NT_TRY(get_number(&parameters, item, "parameters", 0, 1e15, at));
    m->network.parameters = (uint64_t)parameters;
    NT_TRY(get_number(&m->network.accuracy, item, "accuracy", 0, 1, at));
    NT_TRY(get_number(&m->network.balanced_accuracy, item, "balancedAccuracy", 0, 1, at));
    NT_TRY(read_answers(&m->answers, root, at));
    NT_TRY(get_object(&item, root, "stability", at));
    NT_TRY(get_count(&m->stability.reference, item, "reference", 0, last, at));
    NT_TRY(get_count(&m->stability.k, item, "k", 1, most, at));
    m->stability.exact = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(item, "exact"));
    NT_TRY(read_measures(m, root, at));
    NT_TRY(get_object(&item, root, "opening", at));
    NT_TRY(get_count(&m->opening.sample, item, "sample", 0, most, at));
    NT_TRY(get_count(&m->opening.from, item, "from", 0, last, at));
    NT_TRY(get_count(&m->opening.to, item, "to", 0, last, at));
    NT_TRY(get_count(&m->opening.k, item, "k", 1, most, at));
    NT_TRY(get_object(&item, root, "provenance", at));
    NT_TRY(get_text(m->provenance.tool, sizeof m->provenance.tool, item, "tool", at));
    NT_TRY(get_text(m->provenance.command, sizeof m->provenance.command, item, "command", at));
    return get_text(m->provenance.weights_sha256, sizeof m->provenance.weights_sha256, item, "weightsSha256", at);
}

static enum nt_status check_version(const cJSON *root, struct cursor *at) {
    char format[32];
    double reader = 0;
    NT_TRY(get_text(format, sizeof format, root, "format", at));
    if (strcmp(format, "ntrace-bundle") != 0) {
        return fail(at, "format", "\"ntrace-bundle\"");
    }
    NT_TRY(get_number(&reader, root, "reader", 1, 1e6, at));
    if (reader > NT_BUNDLE_VERSION) {
        return nt_error_set(at->error, NT_E_VERSION, "manifest: needs a reader of version %.0f; this one is version %d",
                            reader, NT_BUNDLE_VERSION);
    }
    return NT_OK;
}

enum nt_status nt_manifest_parse(struct nt_manifest *m, const char *json, size_t bytes,
                                 const struct nt_allocator *allocator, struct nt_error *error) {
    *m = (struct nt_manifest){0};
    struct cursor at = {.error = error};
    cJSON *root = bytes <= NT_MANIFEST_MAX_BYTES ? cJSON_ParseWithLength(json, bytes) : NULL;
    if (!cJSON_IsObject(root)) {
        cJSON_Delete(root);
        return nt_error_set(error, NT_E_FORMAT,
                            "manifest: expected a JSON object of at most %d bytes, found %zu bytes that are not",
                            NT_MANIFEST_MAX_BYTES, bytes);
    }
    enum nt_status status = check_version(root, &at);
    status = status != NT_OK ? status : read_dataset(m, root, &at);
    status = status != NT_OK ? status : read_classes(m, root, &at, allocator);
    status = status != NT_OK ? status : read_layers(m, root, &at, allocator);
    status = status != NT_OK ? status : read_figures(m, root, &at);
    status = status != NT_OK ? status : read_chunks(m, root, &at, allocator);
    cJSON_Delete(root);
    if (status != NT_OK) {
        nt_manifest_clear(m, allocator);
    }
    return status == NT_E_MEMORY ? nt_error_set(error, status, "manifest: not enough memory") : status;
}

void nt_manifest_clear(struct nt_manifest *m, const struct nt_allocator *allocator) {
    nt_release(allocator, m->class_name);
    nt_release(allocator, m->layer);
    nt_release(allocator, m->chunk);
    *m = (struct nt_manifest){0};
}
