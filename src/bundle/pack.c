#include "bundle/pack.h"
#include "bundle/pack_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/parallel.h"
#include "ntrace/knn.h"
#include "ntrace/sha256.h"

enum { CODES_RAW_BYTES = 8 << 20, IMAGES_RAW_BYTES = 1 << 20, WEIGHTS_RAW_BYTES = 4 << 20, IMAGES_AT_ONCE = 256 };
enum { OPENING_PAGE = 30 }; /* as in the page's list of samples */

#if defined(__EMSCRIPTEN__)
static const size_t DEFAULT_MEMORY = (size_t)256 << 20; /* of 2 GiB that there are at most */
#else
static const size_t DEFAULT_MEMORY = (size_t)2 << 30;
#endif

/* More are not certified: that takes one thread, and time with the square of the samples. */
enum { MOST_CERTIFIED = 20000 };

enum nt_status nt_pack_report(const struct nt_packer *p, const char *doing, double done) {
    if (p->options->report != NULL && p->options->report(p->options->context, doing, done) != 0) {
        return nt_error_set(p->error, NT_E_CANCELLED,
                            "cancelled while %s; the bundle that was there, if any, is as it was", doing);
    }
    return NT_OK;
}

static uint32_t at_most(uint64_t value, uint32_t most) { return value < most ? (uint32_t)value : most; }

/* What a layer costs, roughly: pairs of samples on axes, and exact distances and passes that grow with its size. */
static double cost_of(const struct nt_packer *p, uint32_t layer) {
    const struct nt_bundle_layer *entry = &p->manifest.layer[layer];
    return entry->codes == layer ? 1e-3 * p->samples + 0.01 * entry->size + 30 : 0;
}

enum nt_status nt_pack_progress(const struct nt_packer *p, uint32_t layer, int step, double part) {
    static const char *const doing[NT_PACK_STEPS] = {"coding", "measuring", "finding the neighbours at", "mapping"};
    static const double end[NT_PACK_STEPS + 1] = {0, 0.15, 0.3, 0.75, 1}; /* shares of a layer's time */
    double before = 0, all = 0;
    for (uint32_t l = 0; l < p->layers; l++) {
        before += l < layer ? cost_of(p, l) : 0;
        all += cost_of(p, l);
    }
    char text[160];
    double share = end[step] + part * (end[step + 1] - end[step]);
    (void)snprintf(text, sizeof text, "%s layer %u of %u, %s", doing[step], layer + 1, p->layers,
                   p->manifest.layer[layer].name);
    return nt_pack_report(p, text, (before + share * cost_of(p, layer)) / all);
}

/* ---- What the manifest says before anything is computed. ---- */

static void set_text(char *out, size_t room, const char *text) {
    (void)snprintf(out, room, "%s", text != NULL ? text : "");
}

static enum nt_status check_network(const struct nt_packer *p) {
    const struct nt_pack_data *d = p->data;
    struct nt_shape image = d->images.shape, input = nt_net_layer(d->net, 0)->shape;
    if (image.channels != input.channels || image.height != input.height || image.width != input.width) {
        return nt_error_set(p->error, NT_E_SHAPE,
                            "the network takes images of %u x %u x %u, the dataset has %u x %u x %u", input.channels,
                            input.height, input.width, image.channels, image.height, image.width);
    }
    if (nt_net_classes(d->net) != d->classes) {
        return nt_error_set(p->error, NT_E_SHAPE, "the network has %u classes, the dataset %u", nt_net_classes(d->net),
                            d->classes);
    }
    for (uint32_t c = 0; d->named && nt_net_class(d->net, 0) != NULL && c < d->classes; c++) {
        if (strcmp(nt_net_class(d->net, c), d->class_name[c]) != 0) {
            return nt_error_set(p->error, NT_E_SHAPE, "the network's class %u is '%s', the dataset's '%s'", c,
                                nt_net_class(d->net, c), d->class_name[c]);
        }
    }
    return d->weights_bytes <= NT_MANIFEST_MAX_WEIGHTS
               ? NT_OK
               : nt_error_set(p->error, NT_E_SHAPE, "expected at most %d bytes of weights, found %zu",
                              NT_MANIFEST_MAX_WEIGHTS, d->weights_bytes);
}

static enum nt_status check_classes(const struct nt_packer *p, const uint16_t *class_of, const char *what) {
    for (uint32_t i = 0; class_of != NULL && i < p->samples; i++) {
        if (class_of[i] >= p->data->classes) {
            return nt_error_set(p->error, NT_E_VALUE, "%s %u of sample %u: expected 0 to %u", what, class_of[i], i,
                                p->data->classes - 1);
        }
    }
    return NT_OK;
}

static enum nt_status check_confidences(const struct nt_packer *p) {
    const float *confidence = p->data->confidence;
    for (uint32_t i = 0; confidence != NULL && i < p->samples; i++) {
        if (!(confidence[i] >= 0 && confidence[i] <= 1)) {
            return nt_error_set(p->error, NT_E_VALUE, "confidence %g of sample %u: expected 0 to 1",
                                (double)confidence[i], i);
        }
    }
    return NT_OK;
}

static enum nt_status check_fit(const struct nt_packer *p) {
    if ((p->options->noun == NULL) != (p->options->nouns == NULL)) {
        return nt_error_set(p->error, NT_E_ARG, "a noun needs its plural: give both --noun and --nouns, or neither");
    }
    if (p->samples < 3 || p->samples > NT_BUNDLE_MAX_SAMPLES || p->data->classes < 1 ||
        p->data->classes > NT_BUNDLE_MAX_CLASSES) {
        return nt_error_set(p->error, NT_E_SHAPE, "expected 3 to %d samples of 1 to %d classes, found %u of %u",
                            NT_BUNDLE_MAX_SAMPLES, NT_BUNDLE_MAX_CLASSES, p->samples, p->data->classes);
    }
    if (p->layers < 2 || p->layers > NT_BUNDLE_MAX_LAYERS) {
        return nt_error_set(p->error, NT_E_SHAPE, "expected 2 to %d layers, found %u", NT_BUNDLE_MAX_LAYERS, p->layers);
    }
    NT_TRY(check_classes(p, p->data->label, "label"));
    NT_TRY(check_classes(p, p->data->prediction, "prediction"));
    NT_TRY(check_confidences(p));
    return p->data->net != NULL ? check_network(p) : NT_OK;
}

static void describe_layer(struct nt_packer *p, uint32_t l) {
    struct nt_manifest *m = &p->manifest;
    struct nt_bundle_layer *entry = &m->layer[l];
    const nt_net *net = p->data->net;
    if (net == NULL) {
        const struct nt_pack_layer *layer = &p->source.layer[l];
        set_text(entry->name, sizeof entry->name, layer->name);
        entry->kind = NT_BUNDLE_LAYER_OTHER;
        entry->shape = layer->shape;
        entry->size = layer->size;
        entry->codes = l;
        return;
    }
    const uint32_t *part = p->data->part;
    uint32_t own = part != NULL ? part[l] : l;
    const struct nt_layer *layer = nt_net_layer(net, own);
    bool twin = l > 0 && own > 0 && nt_net_same(net, own) && nt_net_from(net, own, 0) + 1 == own &&
                (part == NULL || part[l - 1] + 1 == own);
    set_text(entry->name, sizeof entry->name, layer->name);
    entry->kind = layer->kind;
    entry->shape = layer->shape;
    entry->size = layer->size;
    entry->codes = twin ? m->layer[l - 1].codes : l;
}

static void describe_classes(struct nt_packer *p) {
    const struct nt_pack_data *d = p->data;
    bool own = !d->named && d->net != NULL && nt_net_class(d->net, 0) != NULL;
    for (uint32_t c = 0; c < d->classes; c++) {
        set_text(p->manifest.class_name[c], sizeof p->manifest.class_name[c],
                 own ? nt_net_class(d->net, c) : d->class_name[c]);
    }
}

static void describe(struct nt_packer *p) {
    struct nt_manifest *m = &p->manifest;
    const struct nt_pack_options *o = p->options;
    const struct nt_pack_data *d = p->data;
    set_text(m->dataset.title, sizeof m->dataset.title, o->title);
    set_text(m->dataset.source, sizeof m->dataset.source, o->source);
    set_text(m->dataset.licence, sizeof m->dataset.licence, o->licence);
    if (o->noun != NULL && o->nouns != NULL) {
        set_text(m->dataset.noun[0], sizeof m->dataset.noun[0], o->noun);
        set_text(m->dataset.noun[1], sizeof m->dataset.noun[1], o->nouns);
    }
    set_text(m->provenance.tool, sizeof m->provenance.tool, "ntrace pack");
    set_text(m->provenance.command, sizeof m->provenance.command, o->command);
    if (d->net != NULL) {
        uint8_t digest[NT_SHA256_BYTES];
        nt_sha256(digest, d->weights, d->weights_bytes);
        nt_sha256_hex(m->provenance.weights_sha256, digest, NT_SHA256_BYTES);
        m->network.parameters = nt_pack_ships_network(p) ? nt_net_parameters(d->net) : 0;
    }
    m->answers = d->net != NULL || d->confidence != NULL ? NT_ANSWERS_SURE
                 : d->prediction != NULL                 ? NT_ANSWERS_CLASSES
                                                         : NT_ANSWERS_NONE;
    m->dataset.samples = p->samples;
    m->dataset.synthetic = o->synthetic;
    m->dataset.image = d->images.shape;
    m->stability.reference = 0;
    m->stability.k = p->k;
    m->stability.exact = true;
    describe_classes(p);
    for (uint32_t l = 0; l < p->layers; l++) {
        describe_layer(p, l);
        m->stability.exact = m->stability.exact && nt_pack_is_certified(p, m->layer[l].size);
    }
}

static enum nt_status start(struct nt_packer *p) {
    struct nt_manifest *m = &p->manifest;
    m->classes = p->data->classes;
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
    return NT_OK;
}

static void stop(struct nt_packer *p) {
    nt_pack_network_close(p);
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
    while (rows < most && p->data->label[row + rows] == p->data->label[row]) {
        rows++;
    }
    /* Where labels come in no order, runs are short: fill the chunk up instead. */
    return rows >= 64 || row + rows == p->samples ? rows : most;
}

static uint32_t image_bytes(const struct nt_packer *p) {
    struct nt_shape s = p->data->images.shape;
    return s.channels * s.height * s.width;
}

/* Images of samples first .. first + rows. */
static enum nt_status read_images(uint8_t *out, const struct nt_packer *p, uint32_t first, uint32_t rows) {
    for (uint32_t at = 0; at < rows; at += IMAGES_AT_ONCE) {
        uint32_t sample[IMAGES_AT_ONCE], count = at_most(rows - at, IMAGES_AT_ONCE);
        for (uint32_t i = 0; i < count; i++) {
            sample[i] = first + at + i;
        }
        NT_TRY(
            p->data->images.read(p->data->images.context, out + (size_t)at * image_bytes(p), sample, count, p->error));
    }
    return NT_OK;
}

static enum nt_status write_images(struct nt_packer *p) {
    uint32_t bytes = image_bytes(p), most = bytes > 0 ? at_most(IMAGES_RAW_BYTES / bytes + 1, p->samples) : 0;
    uint8_t *raw = nt_allocate(p->allocator, most, bytes);
    enum nt_status status = raw != NULL ? NT_OK : nt_error_set(p->error, NT_E_MEMORY, "not enough memory for a chunk");
    for (uint32_t row = 0, rows; status == NT_OK && bytes > 0 && row < p->samples; row += rows) {
        rows = image_rows(p, row, bytes);
        struct nt_bundle_chunk what = {
            .role = NT_ROLE_IMAGES, .row = row, .rows = rows, .columns = bytes, .raw_bytes = rows * bytes};
        status = read_images(raw, p, row, rows);
        status = status == NT_OK ? nt_pack_chunk(p, &what, raw, what.raw_bytes) : status;
    }
    nt_release(p->allocator, raw);
    return status;
}

static enum nt_status write_samples(struct nt_packer *p) {
    uint32_t n = p->samples;
    struct nt_bundle_chunk what = {.role = NT_ROLE_SAMPLES, .rows = n, .columns = 8, .raw_bytes = 8 * n};
    uint8_t *raw = nt_allocate(p->allocator, n, 8);
    if (raw == NULL) {
        return nt_error_set(p->error, NT_E_MEMORY, "not enough memory for a chunk");
    }
    memcpy(raw, p->data->label, 2 * (size_t)n);
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

static enum nt_status write_weights(struct nt_packer *p) {
    for (size_t at = 0; nt_pack_ships_network(p) && at < p->data->weights_bytes; at += WEIGHTS_RAW_BYTES) {
        uint32_t part = at_most(p->data->weights_bytes - at, WEIGHTS_RAW_BYTES);
        struct nt_bundle_chunk what = {.role = NT_ROLE_WEIGHTS, .columns = (uint32_t)at, .raw_bytes = part};
        NT_TRY(nt_pack_chunk(p, &what, p->data->weights + at, part));
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
        bool good = p->prediction[i] == p->data->label[i] && p->confidence[i] > 0.9f;
        room[count] = overlap[i];
        count += good;
    }
    if (count == 0) {
        return 0;
    }
    qsort(room, count, sizeof *room, ascending);
    for (uint32_t i = 0;; i++) {
        if (overlap[i] == room[count / 2] && p->prediction[i] == p->data->label[i] && p->confidence[i] > 0.9f) {
            return i;
        }
    }
}

/* The samples of its class that a page of OPENING_PAGE shows with it; returns how many. */
static uint32_t page_of_class(uint32_t *rows, const struct nt_packer *p, uint32_t sample) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < p->samples; i++) {
        if (p->data->label[i] != p->data->label[sample]) {
            continue;
        }
        if (count == OPENING_PAGE && i > sample) {
            break;
        }
        count = count == OPENING_PAGE ? 0 : count;
        rows[count++] = i;
    }
    return count;
}

/* What the first view shows, ascending: candidates of the opening sample at the first and the last layer, and a page of
 * its class; returns how many. rows [2 N + OPENING_PAGE + 1], room [4 N]. */
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
    count += page_of_class(rows + count, p, sample);
    qsort(rows, count, sizeof *rows, ascending);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        rows[kept] = rows[i];
        kept += i + 1 == count || rows[i + 1] != rows[i];
    }
    return kept;
}

/* The numbers of some samples, then their images. */
static enum nt_status write_opening_images(struct nt_packer *p, const uint32_t *rows, uint32_t count) {
    uint32_t bytes = image_bytes(p);
    uint8_t *raw = nt_allocate(p->allocator, count, 4 + bytes);
    if (raw == NULL) {
        return nt_error_set(p->error, NT_E_MEMORY, "not enough memory for the first view");
    }
    memcpy(raw, rows, count * sizeof *rows);
    enum nt_status status =
        p->data->images.read(p->data->images.context, raw + count * sizeof *rows, rows, count, p->error);
    struct nt_bundle_chunk what = {
        .role = NT_ROLE_OPENING, .rows = count, .columns = bytes, .raw_bytes = count * (4 + bytes)};
    status = status == NT_OK ? nt_pack_chunk(p, &what, raw, what.raw_bytes) : status;
    nt_release(p->allocator, raw);
    return status;
}

static enum nt_status write_opening(struct nt_packer *p) {
    uint32_t n = p->samples;
    uint32_t *room = nt_allocate(p->allocator, 4, n * sizeof *room),
             *rows = nt_allocate(p->allocator, 2 * n + OPENING_PAGE + 1, sizeof *rows);
    enum nt_status status = NT_OK;
    if (room == NULL || rows == NULL) {
        status = nt_error_set(p->error, NT_E_MEMORY, "not enough memory for the first view");
    } else {
        p->manifest.opening.sample = choose_sample(p, room);
        p->manifest.opening.from = 0;
        p->manifest.opening.to = p->layers - 1;
        p->manifest.opening.k = p->k;
        if (image_bytes(p) > 0) {
            uint32_t count = opening_rows(rows, p, p->manifest.opening.sample, room);
            status = write_opening_images(p, rows, count);
        }
    }
    nt_release(p->allocator, room);
    nt_release(p->allocator, rows);
    return status;
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

/* Whether a layer's codes are wanted at the end. */
static bool is_opening(const struct nt_packer *p, uint32_t layer) {
    return layer == 0 || layer == p->manifest.layer[p->layers - 1].codes;
}

static enum nt_status work_out(struct nt_codes *codes, nt_graph **graph, struct nt_packer *p, uint32_t layer) {
    uint32_t chunks = p->manifest.chunks;
    uint64_t bytes = p->result->bytes;
    NT_TRY(nt_pack_layer(codes, graph, p, layer));
    enum nt_status status = write_codes(p, codes, layer);
    if (status != NT_OK) {
        nt_graph_free(*graph);
        return status;
    }
    NT_TRY(nt_pack_answers(p, *graph, codes, layer));
    return nt_pack_state_save(p, layer, codes, chunks, bytes);
}

static enum nt_status pack_layer(struct nt_packer *p, uint32_t layer) {
    struct nt_codes codes = {0};
    nt_graph *graph;
    bool found;
    enum nt_status status = nt_pack_state_load(&found, &codes, &graph, p, layer);
    if (status == NT_OK) {
        status = found ? nt_pack_take_answers(p, graph, layer) : work_out(&codes, &graph, p, layer);
    }
    if (status != NT_OK || !is_opening(p, layer)) {
        nt_codes_clear(&codes, p->allocator);
    } else {
        p->opening[layer == 0 ? 0 : 1] = codes;
    }
    return status;
}

static enum nt_status pack_layers(struct nt_packer *p) {
    NT_TRY(nt_pack_start_answers(p));
    for (uint32_t l = 0; l < p->layers; l++) {
        NT_TRY(nt_pack_progress(p, l, NT_PACK_CODING, 0));
        NT_TRY(p->manifest.layer[l].codes != l ? pack_twin(p, l) : pack_layer(p, l));
    }
    return nt_pack_finish_answers(p);
}

static enum nt_status pack_all(struct nt_packer *p) {
    nt_pack_state_start(p);
    NT_TRY(nt_pack_report(p, "predicting", 0));
    NT_TRY(nt_pack_predict(p));
    NT_TRY(pack_layers(p));
    NT_TRY(write_samples(p));
    NT_TRY(write_opening(p));
    NT_TRY(write_weights(p));
    NT_TRY(write_stability(p));
    NT_TRY(write_images(p));
    NT_TRY(nt_pack_finish_folder(p));
    nt_pack_state_clear(p);
    p->result->layers = p->layers;
    p->result->chunks = p->manifest.chunks;
    memcpy(p->result->layer, p->manifest.layer, p->layers * sizeof *p->manifest.layer);
    return nt_pack_report(p, "done", 1);
}

static enum nt_status prepare(struct nt_packer *p) {
    NT_TRY(check_fit(p));
    NT_TRY(start(p));
    describe(p);
    if (p->data->net != NULL) {
        NT_TRY(nt_pack_network_open(p));
    }
    return nt_pack_start_folder(p);
}

/* Whether the next call can go on from what was packed before this failure. */
static bool can_go_on(const struct nt_packer *p, enum nt_status status) {
    return p->options->state != NULL && (status == NT_E_CANCELLED || status == NT_E_IO || status == NT_E_MEMORY);
}

static enum nt_status make_packer(struct nt_packer *p, const struct nt_pack_data *data,
                                  const struct nt_pack_options *options, struct nt_error *error) {
    if ((data->net != NULL) == (data->activations != NULL)) {
        return nt_error_set(error, NT_E_ARG, "expected a network or activations, found both or neither");
    }
    *p = (struct nt_packer){.data = data,
                            .options = options,
                            .error = error,
                            .workers = options->workers > 0 ? options->workers : nt_parallel_processors(),
                            .memory = options->memory > 0 ? options->memory : DEFAULT_MEMORY,
                            .certified = MOST_CERTIFIED,
                            .samples = data->samples,
                            .layers = data->activations != NULL ? data->activations->layers
                                      : data->part != NULL      ? data->parts
                                                                : nt_net_layers(data->net),
                            .k = data->samples > NT_PACK_K + 1 ? NT_PACK_K : data->samples - 2};
    if (data->activations != NULL) {
        p->source = *data->activations;
    }
    return NT_OK;
}

enum nt_status nt_pack_check(const struct nt_pack_data *data, const struct nt_pack_options *options,
                             struct nt_error *error) {
    struct nt_packer p = {.data = data};
    NT_TRY(make_packer(&p, data, options, error));
    return check_fit(&p);
}

enum nt_status nt_pack(struct nt_pack_result *result, const char *path, const struct nt_pack_data *data,
                       const struct nt_pack_options *options, const struct nt_allocator *allocator,
                       struct nt_error *error) {
    struct nt_packer p = {.data = data};
    *result = (struct nt_pack_result){0};
    NT_TRY(make_packer(&p, data, options, error));
    p.allocator = allocator;
    p.result = result;
    p.path = path;
    enum nt_status status = prepare(&p);
    if (status == NT_OK) {
        status = pack_all(&p);
        if (status != NT_OK && !can_go_on(&p, status)) {
            nt_pack_state_clear(&p);
            nt_pack_discard(&p);
        }
    }
    stop(&p);
    return status;
}
