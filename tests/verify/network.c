/* Writes what the network computes on a few images, for network.py to compare: network MODEL IMAGES COUNT FOLDER.
 * FOLDER gets image.bin (uint8), label.bin (uint16), activation.<l>.bin and gradient.<l>.bin (float32, gradient of the
 * summed cross-entropy), each [samples, C, H, W] as PyTorch orders it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "ntrace/dataset.h"
#include "ntrace/folder.h"
#include "ntrace/net.h"

enum { PATH_BYTES = 4096 };

struct run {
    nt_net *net;
    struct nt_dataset data;
    const char *folder;
    float *activation[NT_NET_MAX_LAYERS], *gradient[NT_NET_MAX_LAYERS];
    const struct nt_allocator *allocator;
};

static enum nt_status write(const struct run *r, const char *name, const void *bytes, size_t size,
                            struct nt_error *error) {
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s/%s.bin", r->folder, name);
    return nt_folder_write_file(path, bytes, size, error);
}

/* A flattened layer keeps the order of the one before. */
static struct nt_shape shape_of(const nt_net *net, uint32_t layer) {
    const struct nt_layer *l = nt_net_layer(net, layer);
    return l->kind == NT_LAYER_FLATTEN ? nt_net_layer(net, layer - 1)->shape : l->shape;
}

static enum nt_status write_layer(const struct run *r, const char *what, uint32_t layer, const float *values,
                                  struct nt_error *error) {
    char name[64];
    size_t count = (size_t)r->data.samples * nt_net_layer(r->net, layer)->size;
    float *chw = nt_allocate(r->allocator, count, sizeof *chw);
    if (chw == NULL) {
        return nt_error_set(error, NT_E_MEMORY, "not enough memory");
    }
    nt_net_to_chw(chw, values, shape_of(r->net, layer), r->data.samples);
    (void)snprintf(name, sizeof name, "%s.%u", what, layer);
    enum nt_status status = write(r, name, chw, count * sizeof *chw, error);
    nt_release(r->allocator, chw);
    return status;
}

/* Softmax minus the true class, from the logits. */
static void find_seed(float *seed, const float *logit, const uint16_t *label, uint32_t samples, uint32_t classes) {
    for (uint32_t i = 0; i < samples; i++, seed += classes, logit += classes) {
        double most = logit[0], sum = 0;
        for (uint32_t c = 1; c < classes; c++) {
            most = logit[c] > most ? logit[c] : most;
        }
        for (uint32_t c = 0; c < classes; c++) {
            sum += exp(logit[c] - most);
        }
        for (uint32_t c = 0; c < classes; c++) {
            seed[c] = (float)(exp(logit[c] - most) / sum - (c == label[i]));
        }
    }
}

static enum nt_status compute(struct run *r, struct nt_error *error) {
    uint32_t n = r->data.samples, layers = nt_net_layers(r->net), size = nt_net_layer(r->net, 0)->size;
    size_t forward = nt_net_forward_bytes(r->net, n), backward = nt_net_backward_bytes(r->net, n);
    void *scratch = nt_allocate(r->allocator, forward > backward ? forward : backward, 1);
    float *input = nt_allocate(r->allocator, n, size * sizeof *input);
    float *seed = nt_allocate(r->allocator, n, nt_net_classes(r->net) * sizeof *seed);
    int there = scratch != NULL && input != NULL && seed != NULL;
    for (uint32_t l = 0; l < layers; l++) {
        r->activation[l] = nt_allocate(r->allocator, n, nt_net_layer(r->net, l)->size * sizeof(float));
        r->gradient[l] = nt_allocate(r->allocator, n, nt_net_layer(r->net, l)->size * sizeof(float));
        there = there && r->activation[l] != NULL && r->gradient[l] != NULL;
    }
    enum nt_status status = there ? NT_OK : nt_error_set(error, NT_E_MEMORY, "not enough memory");
    if (status == NT_OK) {
        nt_net_input(input, r->data.image, (size_t)n * size);
        status = nt_net_forward(r->activation, r->net, input, n, scratch);
    }
    if (status == NT_OK) {
        find_seed(seed, r->activation[layers - 1], r->data.label, n, nt_net_classes(r->net));
        status = nt_net_backward(r->gradient, NULL, r->net, r->activation, seed, n, scratch);
    }
    nt_release(r->allocator, scratch);
    nt_release(r->allocator, input);
    nt_release(r->allocator, seed);
    return status;
}

static enum nt_status run(struct run *r, const char *model, const char *images, uint32_t count,
                          struct nt_error *error) {
    uint8_t *bytes;
    size_t size;
    NT_TRY(nt_folder_read_file(&bytes, &size, model, 1 << 30, r->allocator, error));
    NT_TRY(nt_net_parse(&r->net, bytes, size, model, r->allocator, error));
    NT_TRY(nt_dataset_read(&r->data, &(struct nt_images_options){.path = images},
                           &(struct nt_selection_options){.limit = count}, r->allocator, error));
    NT_TRY(compute(r, error));
    NT_TRY(write(r, "image", r->data.image, (size_t)r->data.samples * nt_net_layer(r->net, 0)->size, error));
    NT_TRY(write(r, "label", r->data.label, r->data.samples * sizeof *r->data.label, error));
    for (uint32_t l = 0; l < nt_net_layers(r->net); l++) {
        NT_TRY(write_layer(r, "activation", l, r->activation[l], error));
        NT_TRY(write_layer(r, "gradient", l, r->gradient[l], error));
    }
    return NT_OK;
}

int main(int count, char **arguments) {
    if (count != 5) {
        (void)fprintf(stderr, "usage: network MODEL IMAGES COUNT FOLDER\n");
        return 2;
    }
    struct run r = {.folder = arguments[4], .allocator = nt_allocator_default()};
    struct nt_error error = {0};
    if (run(&r, arguments[1], arguments[2], (uint32_t)strtoul(arguments[3], NULL, 10), &error) != NT_OK) {
        (void)fprintf(stderr, "network: %s\n", error.text);
        return 1;
    }
    return 0;
}
