#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#include "bundle/manifest.h"
#include "formats/json.h"
#include "ntrace/sha256.h"

/* What could not be allocated is not there, and nothing says so but these: *whole is then false. */

static cJSON *keep(bool *whole, cJSON *item) {
    *whole = *whole && item != NULL;
    return item;
}

static void add_number(bool *whole, cJSON *object, const char *key, double value) {
    (void)keep(whole, cJSON_AddNumberToObject(object, key, value));
}

static void add_text(bool *whole, cJSON *object, const char *key, const char *text) {
    (void)keep(whole, cJSON_AddStringToObject(object, key, text));
}

static void add_bool(bool *whole, cJSON *object, const char *key, bool value) {
    (void)keep(whole, cJSON_AddBoolToObject(object, key, value));
}

static void add_null(bool *whole, cJSON *object, const char *key) {
    (void)keep(whole, cJSON_AddNullToObject(object, key));
}

static cJSON *add_object(bool *whole, cJSON *object, const char *key) {
    return keep(whole, cJSON_AddObjectToObject(object, key));
}

static cJSON *add_array(bool *whole, cJSON *object, const char *key) {
    return keep(whole, cJSON_AddArrayToObject(object, key));
}

static cJSON *append(bool *whole, cJSON *array, cJSON *item) {
    return keep(whole, nt_json_append(array, item) ? item : NULL);
}

static void add_image(bool *whole, cJSON *parent, struct nt_shape shape) {
    if (shape.channels == 0) {
        add_null(whole, parent, "image");
        return;
    }
    cJSON *image = add_object(whole, parent, "image");
    add_number(whole, image, "channels", shape.channels);
    add_number(whole, image, "height", shape.height);
    add_number(whole, image, "width", shape.width);
}

static void add_dataset(bool *whole, cJSON *root, const struct nt_manifest *m) {
    cJSON *dataset = add_object(whole, root, "dataset");
    add_text(whole, dataset, "title", m->dataset.title);
    add_text(whole, dataset, "source", m->dataset.source);
    add_text(whole, dataset, "licence", m->dataset.licence);
    add_number(whole, dataset, "samples", m->dataset.samples);
    add_bool(whole, dataset, "synthetic", m->dataset.synthetic);
    if (m->dataset.noun[0][0] != 0 && m->dataset.noun[1][0] != 0) {
        cJSON *noun = add_object(whole, dataset, "noun");
        add_text(whole, noun, "one", m->dataset.noun[0]);
        add_text(whole, noun, "many", m->dataset.noun[1]);
    }
    add_image(whole, dataset, m->dataset.image);
    cJSON *classes = add_array(whole, root, "classes");
    for (uint32_t c = 0; c < m->classes; c++) {
        (void)append(whole, classes, cJSON_CreateString(m->class_name[c]));
    }
}

static void add_map(bool *whole, cJSON *layer, const struct nt_bundle_map *map) {
    cJSON *item = add_object(whole, layer, "map");
    add_number(whole, item, "left", map->left);
    add_number(whole, item, "bottom", map->bottom);
    add_number(whole, item, "step", map->step);
    add_number(whole, item, "neighbors", map->neighbors);
    add_number(whole, item, "epochs", map->epochs);
    if (map->moved >= 0) {
        add_number(whole, item, "moved", map->moved);
    } else {
        add_null(whole, item, "moved");
    }
    add_number(whole, item, "k", map->k);
    add_number(whole, item, "trustworthiness", map->trustworthiness);
    add_number(whole, item, "continuity", map->continuity);
}

static void add_layers(bool *whole, cJSON *root, const struct nt_manifest *m) {
    cJSON *layers = add_array(whole, root, "layers");
    for (uint32_t l = 0; l < m->layers; l++) {
        const struct nt_bundle_layer *layer = &m->layer[l];
        cJSON *item = append(whole, layers, cJSON_CreateObject()), *shape;
        add_text(whole, item, "name", layer->name);
        add_text(whole, item, "kind", layer->kind == NT_BUNDLE_LAYER_OTHER ? "other" : nt_layer_kind_name(layer->kind));
        shape = add_array(whole, item, "shape");
        (void)append(whole, shape, cJSON_CreateNumber(layer->shape.channels));
        (void)append(whole, shape, cJSON_CreateNumber(layer->shape.height));
        (void)append(whole, shape, cJSON_CreateNumber(layer->shape.width));
        add_number(whole, item, "size", layer->size);
        add_number(whole, item, "codes", layer->codes);
        add_number(whole, item, "axes", layer->axes);
        add_number(whole, item, "step", (double)layer->step);
        add_number(whole, item, "candidates", layer->candidates);
        add_number(whole, item, "candidates1000", layer->candidates_1000);
        add_number(whole, item, "recall", layer->recall);
        add_number(whole, item, "recallCodes", layer->recall_codes);
        if (layer->map.step > 0) {
            add_map(whole, item, &layer->map);
        }
    }
}

static void add_figures(bool *whole, cJSON *root, const struct nt_manifest *m) {
    cJSON *network = add_object(whole, root, "network");
    add_number(whole, network, "parameters", (double)m->network.parameters);
    add_number(whole, network, "accuracy", m->network.accuracy);
    add_number(whole, network, "balancedAccuracy", m->network.balanced_accuracy);
    if (m->answers != NT_ANSWERS_SURE) {
        add_text(whole, root, "answers", nt_answers_name(m->answers));
    }
    cJSON *stability = add_object(whole, root, "stability");
    add_number(whole, stability, "reference", m->stability.reference);
    add_number(whole, stability, "k", m->stability.k);
    add_bool(whole, stability, "exact", m->stability.exact);
    cJSON *measures = add_object(whole, root, "measures");
    add_number(whole, measures, "p", m->measures.p);
    add_number(whole, measures, "calibration", m->measures.calibration);
    add_number(whole, measures, "seed", m->measures.seed);
    add_number(whole, measures, "suggestions", m->measures.suggestions);
    cJSON *opening = add_object(whole, root, "opening");
    add_number(whole, opening, "sample", m->opening.sample);
    add_number(whole, opening, "from", m->opening.from);
    add_number(whole, opening, "to", m->opening.to);
    add_number(whole, opening, "k", m->opening.k);
    cJSON *provenance = add_object(whole, root, "provenance");
    add_text(whole, provenance, "tool", m->provenance.tool);
    add_text(whole, provenance, "command", m->provenance.command);
    add_text(whole, provenance, "weightsSha256", m->provenance.weights_sha256);
}

static void add_chunks(bool *whole, cJSON *root, const struct nt_manifest *m) {
    cJSON *chunks = add_array(whole, root, "chunks");
    for (uint32_t c = 0; c < m->chunks; c++) {
        const struct nt_bundle_chunk *chunk = &m->chunk[c];
        char sha256[2 * NT_SHA256_BYTES + 1], crc[9];
        nt_sha256_hex(sha256, chunk->sha256, NT_SHA256_BYTES);
        (void)snprintf(crc, sizeof crc, "%08x", (unsigned)chunk->crc32);
        cJSON *item = append(whole, chunks, cJSON_CreateObject());
        add_text(whole, item, "file", chunk->file);
        add_text(whole, item, "role", nt_role_name(chunk->role));
        add_number(whole, item, "layer", chunk->layer);
        add_number(whole, item, "row", chunk->row);
        add_number(whole, item, "rows", chunk->rows);
        add_number(whole, item, "columns", chunk->columns);
        add_number(whole, item, "bytes", chunk->bytes);
        add_number(whole, item, "raw", chunk->raw_bytes);
        add_text(whole, item, "crc32", crc);
        add_text(whole, item, "sha256", sha256);
    }
}

enum nt_status nt_manifest_print(char **json, const struct nt_manifest *m, const struct nt_allocator *allocator) {
    *json = NULL;
    bool whole = true;
    cJSON *root = keep(&whole, cJSON_CreateObject());
    add_text(&whole, root, "format", "ntrace-bundle");
    add_number(&whole, root, "version", NT_BUNDLE_VERSION);
    add_number(&whole, root, "reader", NT_BUNDLE_VERSION);
    add_dataset(&whole, root, m);
    add_layers(&whole, root, m);
    add_figures(&whole, root, m);
    add_chunks(&whole, root, m);
    char *text = whole ? cJSON_PrintUnformatted(root) : NULL;
    cJSON_Delete(root);
    size_t bytes = text != NULL ? strlen(text) + 1 : 0;
    *json = text != NULL ? nt_allocate(allocator, bytes, 1) : NULL;
    if (*json != NULL) {
        memcpy(*json, text, bytes);
    }
    cJSON_free(text);
    return *json != NULL ? NT_OK : NT_E_MEMORY;
}
