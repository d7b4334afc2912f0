#include "bundle/pass.h"

enum nt_status nt_pass_open(struct nt_pass *pass, const nt_bundle *b, const uint32_t *layer, uint32_t layers,
                            const char *what, struct nt_error *error) {
    *pass = (struct nt_pass){.bundle = b};
    if (b->net == NULL) {
        return nt_error_set(error, NT_E_MISSING, "%s: the network's weights are needed and not loaded", what);
    }
    pass->input = nt_allocate(b->allocator, NT_PASS_BATCH * nt_bundle_image_bytes(b), sizeof *pass->input);
    pass->scratch = nt_allocate(b->allocator, nt_net_forward_bytes(b->net, NT_PASS_BATCH), 1);
    bool there = pass->input != NULL && pass->scratch != NULL;
    for (uint32_t s = 0; s < layers; s++) {
        float **batch = &pass->activation[layer[s]];
        if (*batch == NULL) { /* a layer may be asked for twice */
            *batch =
                nt_allocate(b->allocator, NT_PASS_BATCH * (size_t)b->manifest.layer[layer[s]].size, sizeof **batch);
            there = there && *batch != NULL;
        }
    }
    if (!there) {
        nt_pass_close(pass);
        return nt_error_set(error, NT_E_MEMORY, "%s: not enough memory", what);
    }
    return NT_OK;
}

void nt_pass_close(struct nt_pass *pass) {
    if (pass->bundle == NULL) {
        return;
    }
    const struct nt_allocator *al = pass->bundle->allocator;
    for (uint32_t l = 0; l < NT_BUNDLE_MAX_LAYERS; l++) {
        nt_release(al, pass->activation[l]);
    }
    nt_release(al, pass->input);
    nt_release(al, pass->scratch);
    *pass = (struct nt_pass){0};
}

static enum nt_status run(struct nt_pass *pass, uint32_t count, nt_layer_bits wanted, struct nt_error *error) {
    float *activation[NT_BUNDLE_MAX_LAYERS] = {NULL};
    for (uint32_t l = 0; l < nt_bundle_layers(pass->bundle); l++) {
        activation[l] = wanted >> l & 1 ? pass->activation[l] : NULL;
    }
    enum nt_status status = nt_net_forward(activation, pass->bundle->net, pass->input, count, pass->scratch);
    return status == NT_OK ? NT_OK : nt_error_set(error, status, "the network could not compute %u images", count);
}

enum nt_status nt_pass_rows(struct nt_pass *pass, const uint32_t *rows, uint32_t count, nt_layer_bits wanted,
                            struct nt_error *error) {
    size_t bytes = nt_bundle_image_bytes(pass->bundle);
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *image = nt_bundle_image(pass->bundle, rows[i]);
        if (image == NULL) {
            return nt_error_set(error, NT_E_MISSING, "the image of sample %u is not loaded", rows[i]);
        }
        nt_net_input(pass->input + i * bytes, image, bytes);
    }
    return run(pass, count, wanted, error);
}

enum nt_status nt_pass_image(struct nt_pass *pass, const uint8_t *image, struct nt_error *error) {
    nt_net_input(pass->input, image, nt_bundle_image_bytes(pass->bundle));
    return run(pass, 1, NT_PASS_ALL, error);
}
