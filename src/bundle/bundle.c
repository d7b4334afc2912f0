#include <assert.h>
#include <math.h>
#include <string.h>

#include "bundle/handle.h"
#include "ntrace/chunk.h"
#include "ntrace/sha256.h"

enum nt_status nt_bundle_open(nt_bundle **bundle, const char *json, size_t bytes, const struct nt_allocator *allocator,
                              struct nt_error *error) {
    *bundle = NULL;
    nt_bundle *b = nt_allocate_zeroed(allocator, 1, sizeof *b);
    if (b == NULL) {
        return nt_error_set(error, NT_E_MEMORY, "manifest: not enough memory");
    }
    b->allocator = allocator;
    enum nt_status status = nt_manifest_parse(&b->manifest, json, bytes, allocator, error);
    if (status == NT_OK) {
        b->codes = nt_allocate_zeroed(allocator, b->manifest.layers, sizeof *b->codes);
        b->codes_rows = nt_allocate_zeroed(allocator, b->manifest.layers, sizeof *b->codes_rows);
        b->mapped = nt_allocate_zeroed(allocator, b->manifest.layers, sizeof *b->mapped);
        b->measured = nt_allocate_zeroed(allocator, b->manifest.layers, sizeof *b->measured);
        if (b->codes == NULL || b->codes_rows == NULL || b->mapped == NULL || b->measured == NULL) {
            status = nt_error_set(error, NT_E_MEMORY, "manifest: not enough memory");
        }
    }
    if (status != NT_OK) {
        nt_bundle_close(b);
        return status;
    }
    *bundle = b;
    return NT_OK;
}

void nt_bundle_close(nt_bundle *b) {
    if (b == NULL) {
        return;
    }
    for (uint32_t l = 0; b->codes != NULL && l < b->manifest.layers; l++) {
        nt_codes_clear(&b->codes[l], b->allocator);
    }
    nt_net_free(b->net);
    nt_answers_clear(b);
    nt_manifest_clear(&b->manifest, b->allocator);
    void *const held[] = {b->label,       b->prediction, b->stability, b->confidence, b->image,
                          b->image_there, b->codes_rows, b->codes,     b->weights};
    for (size_t i = 0; i < sizeof held / sizeof *held; i++) {
        nt_release(b->allocator, held[i]);
    }
    nt_release(b->allocator, b);
}

uint32_t nt_bundle_samples(const nt_bundle *b) { return b->manifest.dataset.samples; }
uint32_t nt_bundle_layers(const nt_bundle *b) { return b->manifest.layers; }
enum nt_answers nt_bundle_answers(const nt_bundle *b) { return b->manifest.answers; }
bool nt_bundle_has_network(const nt_bundle *b) { return b->manifest.weights_bytes > 0; }
struct nt_shape nt_bundle_image_shape(const nt_bundle *b) {
    return b->manifest.dataset.image;
}
uint32_t nt_bundle_classes(const nt_bundle *b) { return b->manifest.classes; }
uint32_t nt_bundle_chunks(const nt_bundle *b) { return b->manifest.chunks; }

const struct nt_bundle_layer *nt_bundle_layer(const nt_bundle *b, uint32_t layer) {
    assert(layer < b->manifest.layers);
    return &b->manifest.layer[layer];
}

const char *nt_bundle_class(const nt_bundle *b, uint32_t label) {
    assert(label < b->manifest.classes);
    return b->manifest.class_name[label];
}

const struct nt_bundle_chunk *nt_bundle_chunk(const nt_bundle *b, uint32_t chunk) {
    assert(chunk < b->manifest.chunks);
    return &b->manifest.chunk[chunk];
}

const uint16_t *nt_bundle_labels(const nt_bundle *b) { return b->label; }
const uint16_t *nt_bundle_predictions(const nt_bundle *b) { return b->prediction; }
const float *nt_bundle_confidences(const nt_bundle *b) { return b->confidence; }
const uint16_t *nt_bundle_stability(const nt_bundle *b) { return b->stability; }
const nt_net *nt_bundle_net(const nt_bundle *b) { return b->net; }

size_t nt_bundle_image_bytes(const nt_bundle *b) {
    struct nt_shape image = b->manifest.dataset.image;
    return (size_t)image.channels * image.height * image.width;
}

const uint8_t *nt_bundle_image(const nt_bundle *b, uint32_t sample) {
    bool there = b->image_there != NULL && sample < b->manifest.dataset.samples && b->image_there[sample];
    return there ? b->image + sample * nt_bundle_image_bytes(b) : NULL;
}

const struct nt_codes *nt_bundle_codes(const nt_bundle *b, uint32_t layer) {
    uint32_t served = b->manifest.layer[layer].codes;
    return b->codes_rows[served] == b->manifest.dataset.samples ? &b->codes[served] : NULL;
}

uint32_t nt_bundle_candidates_for(const nt_bundle *b, uint32_t layer, uint32_t k) {
    const struct nt_bundle_layer *l = &b->manifest.layer[layer];
    uint32_t most = b->manifest.dataset.samples - 1, wanted = l->candidates;
    if (k > 100) {
        double growth = pow((double)l->candidates_1000 / l->candidates, log10(k / 100.0));
        wanted = (uint32_t)ceil(l->candidates * growth);
    }
    return wanted < k ? k : wanted > most ? most : wanted;
}

/* ---- Feeding. ---- */

static enum nt_status no_memory(const struct nt_bundle_chunk *chunk, struct nt_error *error) {
    return nt_error_set(error, NT_E_MEMORY, "%s: not enough memory for its %u bytes", chunk->file, chunk->raw_bytes);
}

/* samples: all labels, then all predictions, then all confidences. */
static enum nt_status feed_samples(nt_bundle *b, const struct nt_bundle_chunk *chunk, const uint8_t *raw,
                                   struct nt_error *error) {
    uint32_t n = chunk->rows;
    uint16_t *label = nt_allocate(b->allocator, n, sizeof *label),
             *prediction = nt_allocate(b->allocator, n, sizeof *label);
    float *confidence = nt_allocate(b->allocator, n, sizeof *confidence);
    enum nt_status status = label && prediction && confidence ? NT_OK : no_memory(chunk, error);
    if (status == NT_OK) {
        memcpy(label, raw, 2 * (size_t)n);
        memcpy(prediction, raw + 2 * (size_t)n, 2 * (size_t)n);
        memcpy(confidence, raw + 4 * (size_t)n, 4 * (size_t)n);
    }
    for (uint32_t i = 0; status == NT_OK && i < n; i++) {
        if (label[i] >= b->manifest.classes || prediction[i] >= b->manifest.classes ||
            !(confidence[i] >= 0 && confidence[i] <= 1)) {
            status = nt_error_set(error, NT_E_VALUE, "%s: sample %u has label %u, prediction %u: expected below %u",
                                  chunk->file, i, label[i], prediction[i], b->manifest.classes);
        }
    }
    if (status != NT_OK) {
        nt_release(b->allocator, label);
        nt_release(b->allocator, prediction);
        nt_release(b->allocator, confidence);
        return status;
    }
    b->label = label;
    b->prediction = prediction;
    b->confidence = confidence;
    return NT_OK;
}

static enum nt_status room_for_images(nt_bundle *b, const struct nt_bundle_chunk *chunk, struct nt_error *error) {
    if (b->image != NULL) {
        return NT_OK;
    }
    uint32_t n = b->manifest.dataset.samples;
    uint8_t *image = nt_allocate(b->allocator, n, nt_bundle_image_bytes(b)),
            *there = nt_allocate_zeroed(b->allocator, n, 1);
    if (image == NULL || there == NULL) {
        nt_release(b->allocator, image);
        nt_release(b->allocator, there);
        return no_memory(chunk, error);
    }
    b->image = image;
    b->image_there = there;
    return NT_OK;
}

static enum nt_status feed_images(nt_bundle *b, const struct nt_bundle_chunk *chunk, const uint8_t *raw,
                                  struct nt_error *error) {
    NT_TRY(room_for_images(b, chunk, error));
    size_t bytes = nt_bundle_image_bytes(b);
    memcpy(b->image + chunk->row * bytes, raw, chunk->rows * bytes);
    memset(b->image_there + chunk->row, 1, chunk->rows);
    return NT_OK;
}

static enum nt_status feed_opening(nt_bundle *b, const struct nt_bundle_chunk *chunk, const uint8_t *raw,
                                   struct nt_error *error) {
    NT_TRY(room_for_images(b, chunk, error));
    size_t bytes = nt_bundle_image_bytes(b);
    for (int write = 0; write < 2; write++) { /* all numbers are checked before the first image is taken */
        for (uint32_t i = 0; i < chunk->rows; i++) {
            uint32_t sample;
            memcpy(&sample, raw + 4 * (size_t)i, sizeof sample);
            if (sample >= b->manifest.dataset.samples) {
                return nt_error_set(error, NT_E_VALUE, "%s: image of sample %u: expected below %u", chunk->file, sample,
                                    b->manifest.dataset.samples);
            }
            if (write) {
                memcpy(b->image + sample * bytes, raw + 4 * (size_t)chunk->rows + i * bytes, bytes);
                b->image_there[sample] = 1;
            }
        }
    }
    return NT_OK;
}

static enum nt_status feed_codes(nt_bundle *b, const struct nt_bundle_chunk *chunk, const uint8_t *raw,
                                 struct nt_error *error) {
    const struct nt_bundle_layer *layer = &b->manifest.layer[chunk->layer];
    struct nt_codes *codes = &b->codes[chunk->layer];
    if (codes->code == NULL &&
        nt_codes_create(codes, b->manifest.dataset.samples, layer->axes, layer->step, b->allocator) != NT_OK) {
        return no_memory(chunk, error);
    }
    nt_codes_put(codes, raw, chunk->row, chunk->rows);
    b->codes_rows[chunk->layer] += chunk->rows;
    return NT_OK;
}

static enum nt_status open_network(nt_bundle *b, const struct nt_bundle_chunk *chunk, const uint8_t *raw, size_t bytes,
                                   struct nt_error *error) {
    nt_net *net;
    NT_TRY(nt_net_parse(&net, raw, bytes, chunk->file, b->allocator, error));
    bool fits = nt_net_layers(net) == b->manifest.layers && nt_net_layer(net, 0)->size == nt_bundle_image_bytes(b) &&
                nt_net_classes(net) == b->manifest.classes;
    for (uint32_t l = 0; fits && l < b->manifest.layers; l++) {
        fits = nt_net_layer(net, l)->size == b->manifest.layer[l].size;
    }
    if (!fits) {
        nt_net_free(net);
        return nt_error_set(error, NT_E_SHAPE, "%s: the network's layers are not those of the manifest", chunk->file);
    }
    b->net = net;
    return NT_OK;
}

static enum nt_status feed_stability(nt_bundle *b, const struct nt_bundle_chunk *chunk, const uint8_t *raw,
                                     struct nt_error *error) {
    uint16_t *stability = nt_allocate(b->allocator, chunk->raw_bytes, 1);
    if (stability == NULL) {
        return no_memory(chunk, error);
    }
    size_t count = chunk->raw_bytes / 2;
    for (size_t i = 0; i < count; i++) {
        stability[i] = (uint16_t)(raw[i] | raw[count + i] << 8);
    }
    b->stability = stability;
    return NT_OK;
}

/* The network is there with the last of its parts, in whatever order they come. */
static enum nt_status feed_weights(nt_bundle *b, const struct nt_bundle_chunk *chunk, const uint8_t *raw,
                                   struct nt_error *error) {
    uint32_t whole = b->manifest.weights_bytes;
    if (chunk->raw_bytes == whole) {
        return open_network(b, chunk, raw, whole, error);
    }
    b->weights = b->weights != NULL ? b->weights : nt_allocate(b->allocator, whole, 1);
    if (b->weights == NULL) {
        return no_memory(chunk, error);
    }
    memcpy(b->weights + chunk->columns, raw, chunk->raw_bytes);
    if (b->weights_bytes + chunk->raw_bytes < whole) {
        b->weights_bytes += chunk->raw_bytes;
        return NT_OK;
    }
    NT_TRY(open_network(b, chunk, b->weights, whole, error));
    nt_release(b->allocator, b->weights);
    b->weights = NULL;
    return NT_OK;
}

static enum nt_status check_chunk(struct nt_chunk_header *header, const struct nt_bundle_chunk *chunk,
                                  const uint8_t *bytes, size_t size, struct nt_error *error) {
    uint8_t digest[NT_SHA256_BYTES];
    if (size != chunk->bytes) {
        return nt_error_set(error, NT_E_DAMAGED, "%s: expected %u bytes, found %zu", chunk->file, chunk->bytes, size);
    }
    nt_sha256(digest, bytes, size);
    if (memcmp(digest, chunk->sha256, sizeof digest) != 0) {
        return nt_error_set(error, NT_E_DAMAGED, "%s: damaged: its SHA-256 is not the manifest's", chunk->file);
    }
    NT_TRY(nt_chunk_header(header, bytes, size, chunk->file, error));
    if (header->layer != chunk->layer || header->rows != chunk->rows || header->columns != chunk->columns ||
        header->raw_bytes != chunk->raw_bytes) {
        return nt_error_set(
            error, NT_E_SHAPE,
            "%s: expected layer %u, %u rows of %u columns, %u bytes; found layer %u, %u rows of %u columns, "
            "%u bytes",
            chunk->file, chunk->layer, chunk->rows, chunk->columns, chunk->raw_bytes, header->layer, header->rows,
            header->columns, header->raw_bytes);
    }
    return NT_OK;
}

/* Of most roles one chunk is all; images and codes come in several. */
static bool is_second(const nt_bundle *b, const struct nt_bundle_chunk *chunk) {
    switch (chunk->role) {
    case NT_ROLE_SAMPLES:
        return b->label != NULL;
    case NT_ROLE_WEIGHTS:
        return b->net != NULL;
    case NT_ROLE_STABILITY:
        return b->stability != NULL;
    case NT_ROLE_MAP:
        return b->mapped[chunk->layer].point != NULL;
    case NT_ROLE_MEASURES:
        return b->measured[chunk->layer].rbo != NULL;
    case NT_ROLE_CREDIBILITY:
        return b->credible.credibility != NULL;
    case NT_ROLE_SUGGESTIONS:
        return b->suggestion != NULL;
    default:
        return false;
    }
}

enum nt_status nt_bundle_feed(nt_bundle *b, uint32_t number, const void *bytes, size_t size, struct nt_error *error) {
    if (number >= b->manifest.chunks) {
        return nt_error_set(error, NT_E_ARG, "there is no chunk %u: the bundle has %u", number, b->manifest.chunks);
    }
    struct nt_bundle_chunk *chunk = &b->manifest.chunk[number];
    if (chunk->loaded) {
        return NT_OK;
    }
    static enum nt_status (*const feed[NT_ROLE_COUNT])(nt_bundle *, const struct nt_bundle_chunk *, const uint8_t *,
                                                       struct nt_error *) = {
        [NT_ROLE_SAMPLES] = feed_samples,
        [NT_ROLE_IMAGES] = feed_images,
        [NT_ROLE_OPENING] = feed_opening,
        [NT_ROLE_CODES] = feed_codes,
        [NT_ROLE_WEIGHTS] = feed_weights,
        [NT_ROLE_STABILITY] = feed_stability,
        [NT_ROLE_MAP] = nt_feed_map,
        [NT_ROLE_MEASURES] = nt_feed_measures,
        [NT_ROLE_CREDIBILITY] = nt_feed_credibility,
        [NT_ROLE_SUGGESTIONS] = nt_feed_suggestions,
    };
    if (is_second(b, chunk)) {
        return nt_error_set(error, NT_E_FORMAT, "%s: a second chunk of %s, where one holds all", chunk->file,
                            nt_role_name(chunk->role));
    }
    struct nt_chunk_header header;
    NT_TRY(check_chunk(&header, chunk, bytes, size, error));
    uint8_t *raw = nt_allocate(b->allocator, header.raw_bytes, 1);
    enum nt_status status = raw != NULL ? NT_OK : no_memory(chunk, error);
    if (status == NT_OK) {
        status = nt_chunk_read(raw, &header, bytes, size, chunk->file, b->allocator, error);
    }
    if (status == NT_OK) {
        status = feed[chunk->role](b, chunk, raw, error);
    }
    nt_release(b->allocator, raw);
    chunk->loaded = status == NT_OK;
    return status;
}

static bool holds_wanted(const nt_bundle *b, const struct nt_bundle_chunk *chunk, const uint32_t *rows,
                         uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        if (rows[i] >= chunk->row && rows[i] - chunk->row < chunk->rows && nt_bundle_image(b, rows[i]) == NULL) {
            return true;
        }
    }
    return false;
}

uint32_t nt_bundle_need(uint32_t *chunk, uint32_t capacity, const nt_bundle *b, enum nt_role role, uint32_t layer,
                        const uint32_t *rows, uint32_t rows_count) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < b->manifest.chunks; i++) {
        const struct nt_bundle_chunk *c = &b->manifest.chunk[i];
        bool needed = c->role == role && !c->loaded;
        if (needed && (role == NT_ROLE_CODES || role == NT_ROLE_MAP || role == NT_ROLE_MEASURES)) {
            needed = layer < b->manifest.layers && c->layer == b->manifest.layer[layer].codes;
        } else if (needed && role == NT_ROLE_IMAGES) {
            needed = rows == NULL || holds_wanted(b, c, rows, rows_count);
        }
        if (needed) {
            if (count < capacity) {
                chunk[count] = i;
            }
            count++;
        }
    }
    return count;
}

enum nt_status nt_bundle_probabilities(float *probability, nt_bundle *b, uint32_t sample, struct nt_error *error) {
    const uint8_t *image = nt_bundle_image(b, sample);
    if (image == NULL || b->net == NULL) {
        return nt_error_set(error, NT_E_MISSING, "probabilities of sample %u need its image and the network", sample);
    }
    uint32_t size = (uint32_t)nt_bundle_image_bytes(b);
    float *activation[NT_BUNDLE_MAX_LAYERS] = {NULL};
    void *scratch = nt_allocate(b->allocator, nt_net_forward_bytes(b->net, 1), 1);
    float *input = nt_allocate(b->allocator, size, sizeof *input);
    enum nt_status status =
        scratch != NULL && input != NULL ? NT_OK : nt_error_set(error, NT_E_MEMORY, "not enough memory");
    if (status == NT_OK) {
        activation[nt_net_logits(b->net)] = probability;
        nt_net_input(input, image, size);
        status = nt_net_forward(activation, b->net, input, 1, scratch);
    }
    if (status == NT_OK) {
        nt_softmax(probability, b->manifest.classes);
    }
    nt_release(b->allocator, scratch);
    nt_release(b->allocator, input);
    return status;
}

void nt_softmax(float *logit, uint32_t classes) {
    double most = -INFINITY, sum = 0;
    for (uint32_t c = 0; c < classes; c++) {
        most = logit[c] > most ? logit[c] : most;
    }
    for (uint32_t c = 0; c < classes; c++) {
        sum += exp(logit[c] - most);
    }
    for (uint32_t c = 0; c < classes; c++) {
        logit[c] = (float)(exp(logit[c] - most) / sum);
    }
}
