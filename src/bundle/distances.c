#include "ntrace/distances.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "bundle/handle.h"
#include "ntrace/knn.h"

enum { BATCH = 32 };

/* Room to pass a batch of images through the network. */
struct pass {
    float *activation[NT_BUNDLE_MAX_LAYERS]; /* [BATCH, size] at the layers asked for, else NULL */
    float *input;
    void *scratch;
};

struct nt_distances {
    nt_bundle *bundle;
    uint32_t sample, layers, done;
    uint32_t layer[NT_BUNDLE_MAX_LAYERS];
    float *own[NT_BUNDLE_MAX_LAYERS];      /* [size] the sample's own activation, per place in `layer` */
    float *distance[NT_BUNDLE_MAX_LAYERS]; /* [N] */
    struct pass pass;
    uint8_t *image; /* from outside, or NULL */
    bool prepared;
};

static enum nt_status no_memory(struct nt_error *error) {
    return nt_error_set(error, NT_E_MEMORY, "not enough memory for exact distances");
}

static enum nt_status check_place(const nt_bundle *b, uint32_t sample, uint32_t layer, struct nt_error *error) {
    if (sample >= nt_bundle_samples(b)) {
        return nt_error_set(error, NT_E_ARG, "sample %u: expected 0 to %u", sample, nt_bundle_samples(b) - 1);
    }
    if (layer >= nt_bundle_layers(b)) {
        return nt_error_set(error, NT_E_ARG, "layer %u: expected 0 to %u", layer, nt_bundle_layers(b) - 1);
    }
    return NT_OK;
}

enum nt_status nt_distances_on_codes(float *distance, uint32_t *square, const nt_bundle *b, uint32_t sample,
                                     uint32_t layer, struct nt_error *error) {
    NT_TRY(check_place(b, sample, layer, error));
    const struct nt_codes *codes = nt_bundle_codes(b, layer);
    if (codes == NULL) {
        return nt_error_set(error, NT_E_MISSING, "the codes of layer %u are not loaded", layer);
    }
    nt_codes_scan(square, codes, sample);
    square[sample] = 0; /* the scan takes the two remainders for different directions */
    for (uint32_t i = 0; distance != NULL && i < codes->samples; i++) {
        distance[i] = nt_codes_distance(codes, square[i]);
    }
    return NT_OK;
}

/* ---- Passes through the network. ---- */

static void pass_clear(struct pass *pass, const struct nt_allocator *allocator) {
    for (uint32_t l = 0; l < NT_BUNDLE_MAX_LAYERS; l++) {
        nt_release(allocator, pass->activation[l]);
    }
    nt_release(allocator, pass->input);
    nt_release(allocator, pass->scratch);
    *pass = (struct pass){0};
}

/* All or nothing. */
static enum nt_status pass_prepare(struct pass *pass, const nt_bundle *b, const uint32_t *layer, uint32_t layers,
                                   struct nt_error *error) {
    if (b->net == NULL) {
        return nt_error_set(error, NT_E_MISSING, "exact distances need the network's weights, which are not loaded");
    }
    *pass = (struct pass){0};
    pass->input = nt_allocate(b->allocator, BATCH * nt_bundle_image_bytes(b), sizeof *pass->input);
    pass->scratch = nt_allocate(b->allocator, nt_net_forward_bytes(b->net, BATCH), 1);
    bool there = pass->input != NULL && pass->scratch != NULL;
    for (uint32_t s = 0; s < layers; s++) {
        float **batch = &pass->activation[layer[s]];
        if (*batch == NULL) { /* a layer may be asked for twice */
            *batch = nt_allocate(b->allocator, BATCH * (size_t)b->manifest.layer[layer[s]].size, sizeof **batch);
            there = there && *batch != NULL;
        }
    }
    if (!there) {
        pass_clear(pass, b->allocator);
        return no_memory(error);
    }
    return NT_OK;
}

static enum nt_status pass_run(struct pass *pass, const nt_bundle *b, uint32_t first, uint32_t count,
                               struct nt_error *error) {
    size_t bytes = nt_bundle_image_bytes(b);
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *image = nt_bundle_image(b, first + i);
        if (image == NULL) {
            return nt_error_set(error, NT_E_MISSING, "the image of sample %u is not loaded", first + i);
        }
        nt_net_input(pass->input + i * bytes, image, bytes);
    }
    return nt_net_forward(pass->activation, b->net, pass->input, count, pass->scratch);
}

/* ---- Exact distances. ---- */

enum nt_status nt_distances_create(nt_distances **distances, nt_bundle *bundle, uint32_t sample, const uint32_t *layer,
                                   uint32_t layers, struct nt_error *error) {
    *distances = NULL;
    if (layers < 1 || layers > NT_BUNDLE_MAX_LAYERS) {
        return nt_error_set(error, NT_E_ARG, "%u layers: expected 1 to %d", layers, NT_BUNDLE_MAX_LAYERS);
    }
    for (uint32_t s = 0; s < layers; s++) {
        NT_TRY(check_place(bundle, sample, layer[s], error));
    }
    nt_distances *d = nt_allocate_zeroed(bundle->allocator, 1, sizeof *d);
    if (d == NULL) {
        return no_memory(error);
    }
    *d = (nt_distances){.bundle = bundle, .sample = sample, .layers = layers};
    memcpy(d->layer, layer, layers * sizeof *layer);
    for (uint32_t s = 0; s < layers; s++) {
        d->own[s] = nt_allocate(bundle->allocator, bundle->manifest.layer[layer[s]].size, sizeof **d->own);
        d->distance[s] = nt_allocate_zeroed(bundle->allocator, nt_bundle_samples(bundle), sizeof **d->distance);
        if (d->own[s] == NULL || d->distance[s] == NULL) {
            nt_distances_free(d);
            return no_memory(error);
        }
    }
    *distances = d;
    return NT_OK;
}

enum nt_status nt_distances_create_image(nt_distances **distances, nt_bundle *bundle, const uint8_t *image,
                                         const uint32_t *layer, uint32_t layers, struct nt_error *error) {
    NT_TRY(nt_distances_create(distances, bundle, 0, layer, layers, error));
    nt_distances *d = *distances;
    d->image = nt_allocate(bundle->allocator, nt_bundle_image_bytes(bundle), 1);
    if (d->image == NULL) {
        nt_distances_free(d);
        *distances = NULL;
        return no_memory(error);
    }
    memcpy(d->image, image, nt_bundle_image_bytes(bundle));
    return NT_OK;
}

void nt_distances_free(nt_distances *d) {
    if (d == NULL) {
        return;
    }
    const struct nt_allocator *al = d->bundle->allocator;
    for (uint32_t s = 0; s < d->layers; s++) {
        nt_release(al, d->own[s]);
        nt_release(al, d->distance[s]);
    }
    pass_clear(&d->pass, al);
    nt_release(al, d->image);
    nt_release(al, d);
}

static enum nt_status prepare(nt_distances *d, struct nt_error *error) {
    if (d->pass.input == NULL) {
        NT_TRY(pass_prepare(&d->pass, d->bundle, d->layer, d->layers, error));
    }
    if (d->image != NULL) {
        nt_net_input(d->pass.input, d->image, nt_bundle_image_bytes(d->bundle));
        NT_TRY(nt_net_forward(d->pass.activation, d->bundle->net, d->pass.input, 1, d->pass.scratch));
    } else {
        NT_TRY(pass_run(&d->pass, d->bundle, d->sample, 1, error));
    }
    for (uint32_t s = 0; s < d->layers; s++) {
        size_t size = d->bundle->manifest.layer[d->layer[s]].size;
        memcpy(d->own[s], d->pass.activation[d->layer[s]], size * sizeof(float));
    }
    d->prepared = true;
    return NT_OK;
}

enum nt_status nt_distances_step(uint32_t *done, nt_distances *d, uint32_t samples, struct nt_error *error) {
    uint32_t n = nt_bundle_samples(d->bundle);
    *done = d->done;
    if (!d->prepared) {
        NT_TRY(prepare(d, error));
    }
    while (samples > 0 && d->done < n) {
        uint32_t count = n - d->done < BATCH ? n - d->done : BATCH;
        count = count < samples ? count : samples;
        NT_TRY(pass_run(&d->pass, d->bundle, d->done, count, error));
        for (uint32_t s = 0; s < d->layers; s++) {
            size_t size = d->bundle->manifest.layer[d->layer[s]].size;
            const float *x = d->pass.activation[d->layer[s]];
            for (uint32_t i = 0; i < count; i++) {
                d->distance[s][d->done + i] = sqrtf(nt_distance_squared(d->own[s], x + i * size, size));
            }
        }
        d->done += count;
        samples -= count;
        *done = d->done;
    }
    return NT_OK;
}

const float *nt_distances_at(const nt_distances *d, uint32_t at) {
    assert(at < d->layers);
    return d->distance[at];
}

enum nt_status nt_bundle_activations(float *x, const nt_bundle *b, uint32_t layer, uint32_t first, uint32_t count,
                                     struct nt_error *error) {
    uint32_t n = nt_bundle_samples(b);
    if (count > n || first > n - count) {
        return nt_error_set(error, NT_E_ARG, "samples %u and %u more: expected at most %u", first, count, n);
    }
    NT_TRY(check_place(b, 0, layer, error));
    struct pass pass;
    NT_TRY(pass_prepare(&pass, b, &layer, 1, error));
    enum nt_status status = NT_OK;
    size_t size = b->manifest.layer[layer].size;
    for (uint32_t done = 0; done < count && status == NT_OK; done += BATCH) {
        uint32_t rows = count - done < BATCH ? count - done : BATCH;
        status = pass_run(&pass, b, first + done, rows, error);
        if (status == NT_OK) {
            memcpy(x + done * size, pass.activation[layer], rows * size * sizeof *x);
        }
    }
    pass_clear(&pass, b->allocator);
    return status;
}
