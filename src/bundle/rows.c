/* Activations of a bundle's samples at one layer, recomputed from their images. */
#include "bundle/handle.h"

enum { BATCH = 32 };

struct layer_rows {
    const nt_bundle *bundle;
    uint32_t layer;
    float *input; /* [BATCH] images */
    void *scratch;
};

static void release(void *context) {
    struct layer_rows *rows = context;
    const struct nt_allocator *al = rows->bundle->allocator;
    nt_release(al, rows->input);
    nt_release(al, rows->scratch);
    nt_release(al, rows);
}

static enum nt_status read(void *context, float *out, const uint32_t *sample, uint32_t count, struct nt_error *error) {
    struct layer_rows *rows = context;
    const nt_bundle *b = rows->bundle;
    size_t bytes = nt_bundle_image_bytes(b), size = nt_bundle_layer(b, rows->layer)->size;
    for (uint32_t first = 0; first < count; first += BATCH) {
        uint32_t batch = count - first < BATCH ? count - first : BATCH;
        float *activation[NT_NET_MAX_LAYERS] = {NULL};
        for (uint32_t i = 0; i < batch; i++) {
            nt_net_input(rows->input + i * bytes, nt_bundle_image(b, sample[first + i]), bytes);
        }
        activation[rows->layer] = out + first * size;
        enum nt_status status = nt_net_forward(activation, b->net, rows->input, batch, rows->scratch);
        if (status != NT_OK) {
            return nt_error_set(error, status, "the activations of layer %u could not be computed", rows->layer);
        }
    }
    return NT_OK;
}

static enum nt_status check(const nt_bundle *b, uint32_t layer, struct nt_error *error) {
    if (layer >= nt_bundle_layers(b)) {
        return nt_error_set(error, NT_E_ARG, "layer %u: expected 0 to %u", layer, nt_bundle_layers(b) - 1);
    }
    if (b->net == NULL) {
        return nt_error_set(error, NT_E_MISSING, "exact neighbours need the network's weights, which are not loaded");
    }
    for (uint32_t i = 0; i < nt_bundle_samples(b); i++) {
        if (nt_bundle_image(b, i) == NULL) {
            return nt_error_set(error, NT_E_MISSING, "the image of sample %u is not loaded", i);
        }
    }
    return NT_OK;
}

enum nt_status nt_bundle_graph_search(nt_graph_search **search, const nt_bundle *b, uint32_t layer, uint32_t k,
                                      size_t room, struct nt_error *error) {
    *search = NULL;
    NT_TRY(check(b, layer, error));
    struct layer_rows *context = nt_allocate_zeroed(b->allocator, 1, sizeof *context);
    if (context == NULL) {
        return nt_error_set(error, NT_E_MEMORY, "not enough memory for the neighbours of all samples");
    }
    *context = (struct layer_rows){.bundle = b, .layer = layer};
    context->input = nt_allocate(b->allocator, BATCH * nt_bundle_image_bytes(b), sizeof *context->input);
    context->scratch = nt_allocate(b->allocator, nt_net_forward_bytes(b->net, BATCH), 1);
    if (context->input == NULL || context->scratch == NULL) {
        release(context);
        return nt_error_set(error, NT_E_MEMORY, "not enough memory for the neighbours of all samples");
    }
    struct nt_rows rows = {nt_bundle_samples(b), nt_bundle_layer(b, layer)->shape, read, release, context};
    return nt_graph_search_create(search, &rows, k, room, b->allocator, error);
}
