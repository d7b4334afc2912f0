/* What is done with a network that was read: its passes, where they are short, and writing it. */
#ifndef NTRACE_TESTS_FUZZ_NETWORK_H
#define NTRACE_TESTS_FUZZ_NETWORK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "ntrace/net.h"

enum { SMALL = 1 << 14 /* floats of all activations, and terms of all windows */ };

/* The work of a pass, roughly. */
static inline bool is_small(const nt_net *net) {
    uint64_t work = nt_net_parameters(net);
    for (uint32_t l = 0; l < nt_net_layers(net) && work < SMALL; l++) {
        const struct nt_layer *layer = nt_net_layer(net, l);
        uint64_t terms = (uint64_t)layer->window.kernel[0] * layer->window.kernel[1], padded = layer->size;
        if (l > 0 && layer->kind == NT_LAYER_CONV2D) {
            const struct nt_shape *in = &nt_net_layer(net, nt_net_from(net, l, 0))->shape;
            const uint32_t *pad = layer->window.pad;
            padded = (uint64_t)(in->height + pad[0] + pad[2]) * (in->width + pad[1] + pad[3]) * in->channels;
            terms *= in->channels;
        }
        work += padded + layer->size * (terms > 0 ? terms : 1);
    }
    return work < SMALL;
}

static inline void run_network(const nt_net *net) {
    const struct nt_allocator *al = nt_allocator_default();
    uint32_t layers = nt_net_layers(net);
    float *activation[NT_NET_MAX_LAYERS] = {NULL}, *gradient[NT_NET_MAX_LAYERS] = {NULL};
    size_t input_size = nt_net_layer(net, 0)->size, classes = nt_net_classes(net);
    float *input = nt_allocate_zeroed(al, 2 * input_size, sizeof *input);
    float *seed = nt_allocate_zeroed(al, 2 * classes, sizeof *seed),
          *back = nt_allocate(al, 2 * input_size, sizeof *back);
    size_t bytes[3] = {nt_net_forward_bytes(net, 2), nt_net_backward_bytes(net, 2),
                       nt_net_input_gradient_bytes(net, 2)};
    void *scratch[3];
    for (int i = 0; i < 3; i++) {
        scratch[i] = nt_allocate(al, bytes[i], 1);
    }
    for (size_t i = 0; i < 2 * input_size; i++) {
        input[i] = (float)(i % 7) / 7;
    }
    for (uint32_t l = 0; l < layers; l++) {
        activation[l] = nt_allocate(al, 2 * (size_t)nt_net_layer(net, l)->size, sizeof(float));
    }
    gradient[0] = back;
    (void)nt_net_forward(activation, net, input, 2, scratch[0]);
    (void)nt_net_backward(gradient, NULL, net, activation, seed, 2, scratch[1]);
    (void)nt_net_input_gradient(back, NULL, net, input, seed, 2, scratch[2]);
    float *only[NT_NET_MAX_LAYERS] = {NULL};
    only[layers - 1] = activation[layers - 1];
    (void)nt_net_forward(only, net, input, 2, scratch[0]);
    for (uint32_t l = 0; l < layers; l++) {
        nt_release(al, activation[l]);
    }
    for (int i = 0; i < 3; i++) {
        nt_release(al, scratch[i]);
    }
    nt_release(al, input);
    nt_release(al, seed);
    nt_release(al, back);
}

/* What was read can be written, and read again. Frees the network. */
static inline void try_network(nt_net *net) {
    const struct nt_allocator *al = nt_allocator_default();
    uint8_t *bytes = NULL;
    size_t size;
    nt_net *again = NULL;
    if (is_small(net)) {
        run_network(net);
        struct nt_error error = {0};
        if (nt_net_serialize(&bytes, &size, net, NULL, al, &error) != NT_OK ||
            nt_net_parse(&again, bytes, size, "again", al, &error) != NT_OK ||
            nt_net_layers(again) != nt_net_layers(net)) {
            abort();
        }
    }
    nt_release(al, bytes);
    nt_net_free(again);
    nt_net_free(net);
}

#endif
