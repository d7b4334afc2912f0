#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#include "bundle/manifest.h"
#include "ntrace/sha256.h"

static void add_image(cJSON *parent, struct nt_shape shape) {
    if (shape.channels == 0) {
        cJSON_AddNullToObject(parent, "image");
        return;
    }
    cJSON *image = cJSON_AddObjectToObject(parent, "image");
    cJSON_AddNumberToObject(image, "channels", shape.channels);
    cJSON_AddNumberToObject(image, "height", shape.height);
    cJSON_AddNumberToObject(image, "width", shape.width);
}

static void add_dataset(cJSON *root, const struct nt_manifest *m) {
    cJSON *dataset = cJSON_AddObjectToObject(root, "dataset");
    cJSON_AddStringToObject(dataset, "title", m->dataset.title);
    cJSON_AddStringToObject(dataset, "source", m->dataset.source);
    cJSON_AddStringToObject(dataset, "licence", m->dataset.licence);
    cJSON_AddNumberToObject(dataset, "samples", m->dataset.samples);
    cJSON_AddBoolToObject(dataset, "synthetic", m->dataset.synthetic);
    if (m->dataset.noun[0][0] != 0 && m->dataset.noun[1][0] != 0) {
        cJSON *noun = cJSON_AddObjectToObject(dataset, "noun");
        cJSON_AddStringToObject(noun, "one", m->dataset.noun[0]);
        cJSON_AddStringToObject(noun, "many", m->dataset.noun[1]);
    }
    add_image(dataset, m->dataset.image);
    cJSON *classes = cJSON_AddArrayToObject(root, "classes");
    for (uint32_t c = 0; c < m->classes; c++) {
        cJSON_AddItemToArray(classes, cJSON_CreateString(m->class_name[c]));
    }
}

static void add_map(cJSON *layer, const struct nt_bundle_map *map) {
    cJSON *item = cJSON_AddObjectToObject(layer, "map");
    cJSON_AddNumberToObject(item, "left", map->left);
    cJSON_AddNumberToObject(item, "bottom", map->bottom);
    cJSON_AddNumberToObject(item, "step", map->step);
    cJSON_AddNumberToObject(item, "neighbors", map->neighbors);
    cJSON_AddNumberToObject(item, "epochs", map->epochs);
    if (map->moved >= 0) {
        cJSON_AddNumberToObject(item, "moved", map->moved);
    } else {
        cJSON_AddNullToObject(item, "moved");
    }
    cJSON_AddNumberToObject(item, "k", map->k);
    cJSON_AddNumberToObject(item, "trustworthiness", map->trustworthiness);
    cJSON_AddNumberToObject(item, "continuity", map->continuity);
}

static void add_layers(cJSON *root, const struct nt_manifest *m) {
    cJSON *layers = cJSON_AddArrayToObject(root, "layers");
    for (uint32_t l = 0; l < m->layers; l++) {
        const struct nt_bundle_layer *layer = &m->layer[l];
        cJSON *item = cJSON_CreateObject(), *shape;
        cJSON_AddItemToArray(layers, item);
        cJSON_AddStringToObject(item, "name", layer->name);
        cJSON_AddStringToObject(item, "kind",
                                layer->kind == NT_BUNDLE_LAYER_OTHER ? "other" : nt_layer_kind_name(layer->kind));
        shape = cJSON_AddArrayToObject(item, "shape");
        cJSON_AddItemToArray(shape, cJSON_CreateNumber(layer->shape.channels));
        cJSON_AddItemToArray(shape, cJSON_CreateNumber(layer->shape.height));
        cJSON_AddItemToArray(shape, cJSON_CreateNumber(layer->shape.width));
        cJSON_AddNumberToObject(item, "size", layer->size);
        cJSON_AddNumberToObject(item, "codes", layer->codes);
        cJSON_AddNumberToObject(item, "axes", layer->axes);
        cJSON_AddNumberToObject(item, "step", (double)layer->step);
        cJSON_AddNumberToObject(item, "candidates", layer->candidates);
        cJSON_AddNumberToObject(item, "candidates1000", layer->candidates_1000);
        cJSON_AddNumberToObject(item, "recall", layer->recall);
        cJSON_AddNumberToObject(item, "recallCodes", layer->recall_codes);
        if (layer->map.step > 0) {
            add_map(item, &layer->map);
        }
    }
}

static void add_figures(cJSON *root, const struct nt_manifest *m) {
    cJSON *network = cJSON_AddObjectToObject(root, "network");
    cJSON_AddNumberToObject(network, "parameters", (double)m->network.parameters);
    cJSON_AddNumberToObject(network, "accuracy", m->network.accuracy);
    cJSON_AddNumberToObject(network, "balancedAccuracy", m->network.balanced_accuracy);
    if (m->answers != NT_ANSWERS_SURE) {
        cJSON_AddStringToObject(root, "answers", nt_answers_name(m->answers));
    }
    cJSON *stability = cJSON_AddObjectToObject(root, "stability");
    cJSON_AddNumberToObject(stability, "reference", m->stability.reference);
    cJSON_AddNumberToObject(stability, "k", m->stability.k);
    cJSON_AddBoolToObject(stability, "exact", m->stability.exact);
    cJSON *measures = cJSON_AddObjectToObject(root, "measures");
    cJSON_AddNumberToObject(measures, "p", m->measures.p);
    cJSON_AddNumberToObject(measures, "calibration", m->measures.calibration);
    cJSON_AddNumberToObject(measures, "seed", m->measures.seed);
    cJSON_AddNumberToObject(measures, "suggestions", m->measures.suggestions);
    cJSON *opening = cJSON_AddObjectToObject(root, "opening");
    cJSON_AddNumberToObject(opening, "sample", m->opening.sample);
    cJSON_AddNumberToObject(opening, "from", m->opening.from);
    cJSON_AddNumberToObject(opening, "to", m->opening.to);
    cJSON_AddNumberToObject(opening, "k", m->opening.k);
    cJSON *provenance = cJSON_AddObjectToObject(root, "provenance");
    cJSON_AddStringToObject(provenance, "tool", m->provenance.tool);
    cJSON_AddStringToObject(provenance, "command", m->provenance.command);
    cJSON_AddStringToObject(provenance, "weightsSha256", m->provenance.weights_sha256);
}

static void add_chunks(cJSON *root, const struct nt_manifest *m) {
    cJSON *chunks = cJSON_AddArrayToObject(root, "chunks");
    for (uint32_t c = 0; c < m->chunks; c++) {
        const struct nt_bundle_chunk *chunk = &m->chunk[c];
        char sha256[2 * NT_SHA256_BYTES + 1], crc[9];
        nt_sha256_hex(sha256, chunk->sha256, NT_SHA256_BYTES);
        (void)snprintf(crc, sizeof crc, "%08x", (unsigned)chunk->crc32);
        cJSON *item = cJSON_CreateObject();
        cJSON_AddItemToArray(chunks, item);
        cJSON_AddStringToObject(item, "file", chunk->file);
        cJSON_AddStringToObject(item, "role", nt_role_name(chunk->role));
        cJSON_AddNumberToObject(item, "layer", chunk->layer);
        cJSON_AddNumberToObject(item, "row", chunk->row);
        cJSON_AddNumberToObject(item, "rows", chunk->rows);
        cJSON_AddNumberToObject(item, "columns", chunk->columns);
        cJSON_AddNumberToObject(item, "bytes", chunk->bytes);
        cJSON_AddNumberToObject(item, "raw", chunk->raw_bytes);
        cJSON_AddStringToObject(item, "crc32", crc);
        cJSON_AddStringToObject(item, "sha256", sha256);
    }
}

static int version_of(const struct nt_manifest *m) {
    bool plain = m->dataset.image.channels > 0 && m->network.parameters > 0 && m->answers == NT_ANSWERS_SURE;
    return plain ? 2 : NT_BUNDLE_VERSION;
}

enum nt_status nt_manifest_print(char **json, const struct nt_manifest *m, const struct nt_allocator *allocator) {
    *json = NULL;
    cJSON *root = cJSON_CreateObject();
    cJSON_AddStringToObject(root, "format", "ntrace-bundle");
    cJSON_AddNumberToObject(root, "version", version_of(m));
    cJSON_AddNumberToObject(root, "reader", version_of(m));
    add_dataset(root, m);
    add_layers(root, m);
    add_figures(root, m);
    add_chunks(root, m);
    char *text = cJSON_PrintUnformatted(root); /* NULL where any part could not be allocated: chunks come last */
    cJSON_Delete(root);
    size_t bytes = text != NULL ? strlen(text) + 1 : 0;
    *json = text != NULL ? nt_allocate(allocator, bytes, 1) : NULL;
    if (*json != NULL) {
        memcpy(*json, text, bytes);
    }
    cJSON_free(text);
    return *json != NULL ? NT_OK : NT_E_MEMORY;
}
