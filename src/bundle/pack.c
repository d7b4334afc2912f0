#include "bundle/pack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/parallel.h"
#include "ntrace/knn.h"
#include "ntrace/sha256.h"

enum { CODES_RAW_BYTES = 8 << 20, IMAGES_RAW_BYTES = 1 << 20, WEIGHTS_RAW_BYTES = 4 << 20 };

enum nt_status nt_pack_report(const struct nt_packer *p, const char *doing, double done) {
    if (p->options->report != NULL && p->options->report(p->options->context, doing, done) != 0) {
        return nt_error_set(p->error, NT_E_CANCELLED,
                            "cancelled while %s; the bundle that was there, if any, is as it was", doing);
    }
    return NT_OK;
}

static uint32_t at_most(uint64_t value, uint32_t most) { return value < most ? (uint32_t)value : most; }

/* ---- What the manifest says before anything is computed. ---- */

static void set_text(char *out, size_t room, const char *text) {
    (void)snprintf(out, room, "%s", text != NULL ? text : "");
}

static enum nt_status check_fit(const struct nt_packer *p, size_t weights_bytes) {
    struct nt_shape image = p->dataset->shape, input = nt_net_layer(p->net, 0)->shape;
    if (image.channels != input.channels || image.height != input.height || image.width != input.width) {
        return nt_error_set(p->error, NT_E_SHAPE,
                            "the network takes images of %u x %u x %u, the dataset has %u x %u x %u", input.channels,
                            input.height, input.width, image.channels, image.height, image.width);
    }
    if (nt_net_classes(p->net) != p->dataset->classes) {
        return nt_error_set(p->error, NT_E_SHAPE, "the network has %u classes, the dataset %u", nt_net_classes(p->net),
                            p->dataset->classes);
    }
    for (uint32_t c = 0; nt_net_class(p->net, 0) != NULL && c < p->dataset->classes; c++) {
        if (strcmp(nt_net_class(p->net, c), p->dataset->name[c]) != 0) {
            return nt_error_set(p->error, NT_E_SHAPE, "the network's class %u is '%s', the dataset's '%s'", c,
                                nt_net_class(p->net, c), p->dataset->name[c]);
        }
    }
    if ((p->options->noun == NULL) != (p->options->nouns == NULL)) {
        return nt_error_set(p->error, NT_E_ARG, "a noun needs its plural: give both --noun and --nouns, or neither");
    }
    if (p->samples < 3 || weights_bytes > NT_MANIFEST_MAX_WEIGHTS) {
        return nt_error_set(p->error, NT_E_SHAPE,
                            "expected at least 3 samples and at most %d bytes of weights, found %u and %zu",
                            NT_MANIFEST_MAX_WEIGHTS, p->samples, weights_bytes);
    }
    return NT_OK;
}

static void describe(struct nt_packer *p, const uint8_t *weights, size_t weights_bytes) {
    struct nt_manifest *m = &p->manifest;
    const struct nt_pack_options *o = p->options;
    uint8_t digest[NT_SHA256_BYTES];
    set_text(m->dataset.title, sizeof m->dataset.title, o->title);
    set_text(m->dataset.source, sizeof m->dataset.source, o->source);
    set_text(m->dataset.licence, sizeof m->dataset.licence, o->licence);
    if (o->noun != NULL && o->nouns != NULL) {
        set_text(m->dataset.noun[0], sizeof m->dataset.noun[0], o->noun);
        set_text(m->dataset.noun[1], sizeof m->dataset.noun[1], o->nouns);
    }
    set_text(m->provenance.tool, sizeof m->provenance.tool, "ntrace pack");
    set_text(m->provenance.command, sizeof m->provenance.command, o->command);
    nt_sha256(digest, weights, weights_bytes);
    nt_sha256_hex(m->provenance.weights_sha256, digest, NT_SHA256_BYTES);
    m->dataset.samples = p->samples;
    m->dataset.synthetic = o->synthetic;
    m->dataset.image = p->dataset->shape;
    m->network.parameters = nt_net_parameters(p->net);
    m->stability.reference = 0;
    m->stability.k = p->k;
    for (uint32_t l = 0; l < p->layers; l++) {
        const struct nt_layer *layer = nt_net_layer(p->net, l);
        struct nt_bundle_layer *entry = &m->layer[l];
        set_text(entry->name, sizeof entry->name, layer->name);
        entry->kind = layer->kind;
        entry->shape = layer->shape;
        entry->size = layer->size;
        bool twin = l > 0 && nt_net_same(p->net, l) && nt_net_from(p->net, l, 0) + 1 == l;
        entry->codes = twin ? m->layer[l - 1].codes : l;
    }
}

static enum nt_status start(struct nt_packer *p) {
    struct nt_manifest *m = &p->manifest;
    m->classes = p->dataset->classes;
    m->layers = p->layers;
    m->layer = nt_allocate_zeroed(p->allocator, p->layers, sizeof *m->layer);
    m->class_name = nt_allocate_zeroed(p->allocator, m->classes, sizeof *m->class_name);
    m->chunk = nt_allocate_zeroed(p->allocator, NT_MANIFEST_MAX_CHUNKS, sizeof *m->chunk);
    p->prediction = nt_allocate(p->allocator, p->samples, sizeof *p->prediction);
    p->confidence = nt_allocate(p->allocator, p->samples, sizeof *p->confidence);
    p->stability = nt_allocate(p->allocator, p->samples, p->layers * sizeof *p->stability);
    if (!m->layer || !m->class_name || !m->chunk || !p->prediction || !p->confidence || !p->stability) {
        return nt_error_set(p->error, NT_E_MEMORY, "not enough memory to pack %u samples", p->samples);
    }
    memcpy(m->class_name, p->dataset->name, m->classes * sizeof *m->class_name);
    return NT_OK;
}

static void stop(struct nt_packer *p) {
    nt_pack_clear_answers(p);
    nt_manifest_clear(&p->manifest, p->allocator);
    nt_codes_clear(&p->opening[0], p->allocator);
    nt_codes_clear(&p->opening[1], p->allocator);
    nt_release(p->allocator, p->prediction);
    nt_release(p->allocator, p->confidence);
    nt_release(p->allocator, p->stability);
}

/* ---- Chunks. ---- */

static enum nt_status write_codes(struct nt_packer *p, const struct nt_codes *codes, uint32_t layer) {
    uint32_t columns = codes->axes + 1, most = at_most(CODES_RAW_BYTES / columns, p->samples);
    uint8_t *raw = nt_allocate(p->allocator, most, columns);
    enum nt_status status = raw != NULL ? NT_OK : nt_error_set(p->error, NT_E_MEMORY, "not enough memory for a chunk");
    uint64_t before = p->result->bytes;
    for (uint32_t row = 0; status == NT_OK && row < p->samples; row += most) {
        uint32_t rows = at_most(p->samples - row, most);
        struct nt_bundle_chunk what = {.role = NT_ROLE_CODES,
                                       .layer = layer,
                                       .row = row,
                                       .rows = rows,
                                       .columns = columns,
                                       .raw_bytes = rows * columns};
        nt_codes_get(raw, codes, row, rows);
        status = nt_pack_chunk(p, &what, raw, rows);
    }
    p->result->layer_bytes[layer] = p->result->bytes - before;
    p->result->code_bytes += p->result->bytes - before;
    nt_release(p->allocator, raw);
    return status;
}

/* Chunks of images hold one class each where samples are sorted by class: what a page shows together comes together. */
static uint32_t image_rows(const struct nt_packer *p, uint32_t row, uint32_t image_bytes) {
    uint32_t most = at_most(IMAGES_RAW_BYTES / image_bytes + 1, p->samples - row), rows = 1;
    while (rows < most && p->dataset->label[row + rows] == p->dataset->label[row]) {
        rows++;
    }
    /* Where labels come in no order, runs are short: fill the chunk up instead. */
    return rows >= 64 || row + rows == p->samples ? rows : most;
}

static enum nt_status write_images(struct nt_packer *p) {
    uint32_t bytes = nt_net_layer(p->net, 0)->size;
    for (uint32_t row = 0; row < p->samples;) {
        uint32_t rows = image_rows(p, row, bytes);
        struct nt_bundle_chunk what = {
            .role = NT_ROLE_IMAGES, .row = row, .rows = rows, .columns = bytes, .raw_bytes = rows * bytes};
        NT_TRY(nt_pack_chunk(p, &what, p->dataset->image + (size_t)row * bytes, what.raw_bytes));
        row += rows;
    }
    return NT_OK;
}

static enum nt_status write_samples(struct nt_packer *p) {
    uint32_t n = p->samples;
    struct nt_bundle_chunk what = {.role = NT_ROLE_SAMPLES, .rows = n, .columns = 8, .raw_bytes = 8 * n};
    uint8_t *raw = nt_allocate(p->allocator, n, 8);
    if (raw == NULL) {
        return nt_error_set(p->error, NT_E_MEMORY, "not enough memory for a chunk");
    }
    memcpy(raw, p->dataset->label, 2 * (size_t)n);
    memcpy(raw + 2 * (size_t)n, p->prediction, 2 * (size_t)n);
    memcpy(raw + 4 * (size_t)n, p->confidence, 4 * (size_t)n);
    enum nt_status status = nt_pack_chunk(p, &what, raw, what.raw_bytes);
    nt_release(p->allocator, raw);
    return status;
}

/* Low and high bytes apart, layer by layer: the high ones are nearly all zero. */
static enum nt_status write_stability(struct nt_packer *p) {
    size_t count = (size_t)p->samples * p->layers;
    struct nt_bundle_chunk what = {
        .role = NT_ROLE_STABILITY, .rows = p->samples, .columns = p->layers, .raw_bytes = 2 * p->samples * p->layers};
    uint8_t *raw = nt_allocate(p->allocator, count, 2);
    if (raw == NULL) {
        return nt_error_set(p->error, NT_E_MEMORY, "not enough memory for a chunk");
    }
    for (size_t i = 0; i < count; i++) {
        raw[i] = (uint8_t)p->stability[i];
        raw[count + i] = (uint8_t)(p->stability[i] >> 8);
    }
    enum nt_status status = nt_pack_chunk(p, &what, raw, p->samples);
    nt_release(p->allocator, raw);
    return status;
}

static enum nt_status write_weights(struct nt_packer *p, const uint8_t *weights, size_t bytes) {
    for (size_t at = 0; at < bytes; at += WEIGHTS_RAW_BYTES) {
        uint32_t part = at_most(bytes - at, WEIGHTS_RAW_BYTES);
        struct nt_bundle_chunk what = {.role = NT_ROLE_WEIGHTS, .columns = (uint32_t)at, .raw_bytes = part};
        NT_TRY(nt_pack_chunk(p, &what, weights + at, part));
    }
    return NT_OK;
}

/* ---- The first view. ---- */

static int ascending(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* A sample whose story is typical of the network's successes: right, sure of it, and with the median overlap of these
 * between the first layer and the last. */
static uint32_t choose_sample(const struct nt_packer *p, uint32_t *room) {
    const uint16_t *overlap = p->stability + (size_t)(p->layers - 1) * p->samples;
    uint32_t count = 0;
    for (uint32_t i = 0; i < p->samples; i++) {
        bool good = p->prediction[i] == p->dataset->label[i] && p->confidence[i] > 0.9f;
        room[count] = overlap[i];
        count += good;
    }
    if (count == 0) {
        return 0;
    }
    qsort(room, count, sizeof *room, ascending);
    for (uint32_t i = 0;; i++) {
        if (overlap[i] == room[count / 2] && p->prediction[i] == p->dataset->label[i] && p->confidence[i] > 0.9f) {
            return i;
        }
    }
}

/* Candidates of the opening sample at the first and the last layer, ascending; returns how many. room [4 N]. */
static uint32_t opening_rows(uint32_t *rows, const struct nt_packer *p, uint32_t sample, uint32_t *room) {
    uint32_t n = p->samples, count = 0, *square = room, *nearest = room + n;
    for (uint32_t s = 0; s < 2; s++) {
        uint32_t m = p->manifest.layer[s == 0 ? 0 : p->layers - 1].candidates;
        nt_codes_scan(square, &p->opening[s > 0 && p->manifest.layer[p->layers - 1].codes > 0], sample);
        nt_knn_select(nearest, square, n, m, sample, nearest + n);
        memcpy(rows + count, nearest, m * sizeof *rows);
        count += m;
    }
    rows[count++] = sample;
    qsort(rows, count, sizeof *rows, ascending);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        rows[kept] = rows[i];
        kept += i + 1 == count || rows[i + 1] != rows[i];
    }
    return kept;
}

static enum nt_status write_opening(struct nt_packer *p) {
    uint32_t n = p->samples, bytes = nt_net_layer(p->net, 0)->size;
    uint32_t *room = nt_allocate(p->allocator, 4, n * sizeof *room),
             *rows = nt_allocate(p->allocator, 2 * n + 1, sizeof *rows);
    uint8_t *raw = NULL;
    enum nt_status status = NT_E_MEMORY;
    if (room != NULL && rows != NULL) {
        uint32_t sample = choose_sample(p, room), count = opening_rows(rows, p, sample, room);
        p->manifest.opening.sample = sample;
        p->manifest.opening.from = 0;
        p->manifest.opening.to = p->layers - 1;
        p->manifest.opening.k = p->k;
        raw = nt_allocate(p->allocator, count, 4 + bytes);
        for (uint32_t i = 0; raw != NULL && i < count; i++) {
            memcpy(raw + 4 * (size_t)i, &rows[i], 4);
            memcpy(raw + 4 * (size_t)count + (size_t)i * bytes, p->dataset->image + (size_t)rows[i] * bytes, bytes);
        }
        struct nt_bundle_chunk what = {
            .role = NT_ROLE_OPENING, .rows = count, .columns = bytes, .raw_bytes = count * (4 + bytes)};
        status = raw != NULL ? nt_pack_chunk(p, &what, raw, what.raw_bytes) : NT_E_MEMORY;
    }
    nt_release(p->allocator, room);
    nt_release(p->allocator, rows);
    nt_release(p->allocator, raw);
    return status == NT_E_MEMORY ? nt_error_set(p->error, status, "not enough memory for the first view") : status;
}

/* ---- The whole. ---- */

/* A layer with the activations of an earlier one: its codes, its map and its measures are that one's. */
static enum nt_status pack_twin(struct nt_packer *p, uint32_t layer) {
    struct nt_bundle_layer *entry = &p->manifest.layer[layer], own = *entry;
    *entry = p->manifest.layer[own.codes];
    memcpy(entry->name, own.name, sizeof own.name);
    entry->kind = own.kind;
    entry->shape = own.shape;
    return nt_pack_answers(p, NULL, NULL, layer);
}

static enum nt_status pack_layer(struct nt_packer *p, uint32_t layer) {
    struct nt_codes codes;
    nt_graph *graph;
    enum nt_status status = nt_pack_layer(&codes, &graph, p, layer);
    if (status == NT_OK) {
        status = write_codes(p, &codes, layer);
    }
    if (status == NT_OK) {
        status = nt_pack_answers(p, graph, &codes, layer);
    } else {
        nt_graph_free(graph);
    }
    if (status != NT_OK || (layer != 0 && layer != p->manifest.layer[p->layers - 1].codes)) {
        nt_codes_clear(&codes, p->allocator);
    } else {
        p->opening[layer == 0 ? 0 : 1] = codes;
    }
    return status;
}

static enum nt_status pack_layers(struct nt_packer *p) {
    NT_TRY(nt_pack_start_answers(p));
    for (uint32_t l = 0; l < p->layers; l++) {
        const struct nt_bundle_layer *entry = &p->manifest.layer[l];
        char doing[128];
        (void)snprintf(doing, sizeof doing, "packing layer %u of %u, %s", l + 1, p->layers, entry->name);
        NT_TRY(nt_pack_report(p, doing, (double)l / p->layers));
        NT_TRY(entry->codes != l ? pack_twin(p, l) : pack_layer(p, l));
    }
    return nt_pack_finish_answers(p);
}

static enum nt_status pack_all(struct nt_packer *p, const uint8_t *weights, size_t weights_bytes) {
    NT_TRY(check_fit(p, weights_bytes));
    NT_TRY(start(p));
    describe(p, weights, weights_bytes);
    NT_TRY(nt_pack_start_folder(p));
    NT_TRY(nt_pack_report(p, "predicting", 0));
    NT_TRY(nt_pack_predict(p));
    NT_TRY(pack_layers(p));
    NT_TRY(write_samples(p));
    NT_TRY(write_opening(p));
    NT_TRY(write_weights(p, weights, weights_bytes));
    NT_TRY(write_stability(p));
    NT_TRY(write_images(p));
    NT_TRY(nt_pack_finish_folder(p));
    p->result->layers = p->layers;
    p->result->chunks = p->manifest.chunks;
    memcpy(p->result->layer, p->manifest.layer, p->layers * sizeof *p->manifest.layer);
    return nt_pack_report(p, "done", 1);
}

enum nt_status nt_pack(struct nt_pack_result *result, const char *path, const struct nt_dataset *dataset,
                       const nt_net *net, const uint8_t *weights, size_t weights_bytes,
                       const struct nt_pack_options *options, const struct nt_allocator *allocator,
                       struct nt_error *error) {
    *result = (struct nt_pack_result){0};
    struct nt_packer p = {.dataset = dataset,
                          .net = net,
                          .options = options,
                          .allocator = allocator,
                          .error = error,
                          .result = result,
                          .path = path,
                          .workers = options->workers > 0 ? options->workers : nt_parallel_processors(),
                          .samples = dataset->samples,
                          .layers = nt_net_layers(net),
                          .k = dataset->samples > NT_PACK_K + 1 ? NT_PACK_K : dataset->samples - 2};
    enum nt_status status = pack_all(&p, weights, weights_bytes);
    stop(&p);
    return status;
}
