/* Networks and vectors of tests/reference/networks: see networks.py there. Part of the tests that compare with them. */
#ifndef NTRACE_TESTS_VECTORS_H
#define NTRACE_TESTS_VECTORS_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ntrace/net.h"
#include "ntrace/safetensors.h"

enum { VECTOR_NETS = 5 };

static const char *const vector_net[VECTOR_NETS] = {"windows", "curves", "vgg", "resnet", "depthwise"};

static nt_safetensors *vectors;
static uint8_t *vectors_bytes;

static inline float *floats(size_t count) { return nt_allocate_zeroed(nt_allocator_default(), count, sizeof(float)); }
static inline void release(void *memory) { nt_release(nt_allocator_default(), memory); }

/* A whole file of tests/reference/networks; to be freed. */
static inline uint8_t *read_whole(const char *file, size_t *size) {
    char path[256];
    enum { MOST = 1 << 20 };
    (void)snprintf(path, sizeof path, "tests/reference/networks/%s", file);
    FILE *stream = fopen(path, "rb");
    if (stream == NULL) {
        fail_msg("%s is missing", path);
    }
    uint8_t *bytes = malloc(MOST);
    *size = fread(bytes, 1, MOST, stream);
    (void)fclose(stream);
    return bytes;
}

static inline int open_vectors(void **state) {
    (void)state;
    size_t size;
    vectors_bytes = read_whole("expected.safetensors", &size);
    return nt_safetensors_parse(&vectors, vectors_bytes, size, "expected", nt_allocator_default(), NULL) != NT_OK;
}

static inline int close_vectors(void **state) {
    (void)state;
    nt_safetensors_free(vectors);
    free(vectors_bytes);
    return 0;
}

static inline nt_net *load_vector_net(const char *name) {
    char file[64];
    struct nt_error error = {0};
    size_t size;
    nt_net *net = NULL;
    (void)snprintf(file, sizeof file, "%s.safetensors", name);
    uint8_t *bytes = read_whole(file, &size);
    if (nt_net_parse(&net, bytes, size, file, nt_allocator_default(), &error) != NT_OK) {
        fail_msg("%s", error.text);
    }
    free(bytes);
    return net;
}

static inline const struct nt_tensor *vector(const char *name, const char *what) {
    char key[128];
    (void)snprintf(key, sizeof key, "%s.%s", name, what);
    const struct nt_tensor *tensor = nt_safetensors_find(vectors, key);
    if (tensor == NULL) {
        fail_msg("no vector %s", key);
    }
    return tensor;
}

/* A network, a batch, and all that the passes give for it. */
struct batch {
    nt_net *net;
    uint32_t samples;
    float *input, *seed;
    float *activation[NT_NET_MAX_LAYERS], *gradient[NT_NET_MAX_LAYERS];
    void *scratch;
};

static inline void batch_open(struct batch *b, nt_net *net, uint32_t samples) {
    *b = (struct batch){.net = net, .samples = samples};
    for (uint32_t l = 0; l < nt_net_layers(net); l++) {
        b->activation[l] = floats((size_t)samples * nt_net_layer(net, l)->size);
        b->gradient[l] = floats((size_t)samples * nt_net_layer(net, l)->size);
    }
    b->input = floats((size_t)samples * nt_net_layer(net, 0)->size);
    b->seed = floats((size_t)samples * nt_net_classes(net));
    size_t bytes[3] = {nt_net_forward_bytes(net, samples), nt_net_backward_bytes(net, samples),
                       nt_net_input_gradient_bytes(net, samples)};
    size_t most = bytes[0] > bytes[1] ? bytes[0] : bytes[1];
    b->scratch = nt_allocate(nt_allocator_default(), most > bytes[2] ? most : bytes[2], 1);
}

static inline void batch_close(struct batch *b) {
    for (uint32_t l = 0; l < nt_net_layers(b->net); l++) {
        release(b->activation[l]);
        release(b->gradient[l]);
    }
    release(b->input);
    release(b->seed);
    release(b->scratch);
    nt_net_free(b->net);
}

static inline void batch_forward(struct batch *b) {
    assert_int_equal(nt_net_forward(b->activation, b->net, b->input, b->samples, b->scratch), NT_OK);
}

static inline void batch_backward(struct batch *b) {
    assert_int_equal(nt_net_backward(b->gradient, NULL, b->net, b->activation, b->seed, b->samples, b->scratch), NT_OK);
}

/* The inputs and the seed of a reference network into a batch. */
static inline void batch_fill(struct batch *b, const char *name) {
    const struct nt_tensor *image = vector(name, "input"), *seed = vector(name, "seed");
    float *chw = floats((size_t)image->items);
    assert_int_equal(image->shape[0], b->samples);
    assert_int_equal(seed->items, (size_t)b->samples * nt_net_classes(b->net));
    nt_net_input(chw, image->data, (size_t)image->items);
    nt_net_to_hwc(b->input, chw, nt_net_layer(b->net, 0)->shape, b->samples);
    memcpy(b->seed, seed->data, (size_t)seed->bytes);
    release(chw);
}

/* Largest deviation of a layer's activations or gradients from PyTorch's, relative to the largest of these. */
static inline double deviation(const struct batch *b, const struct nt_tensor *wanted, uint32_t layer,
                               const float *values) {
    const struct nt_layer *l = nt_net_layer(b->net, layer);
    uint64_t step = l->size / 41 > 1 ? l->size / 41 : 1, columns = (l->size + step - 1) / step;
    float *chw = floats((size_t)b->samples * l->size);
    double worst = 0, largest = 0;
    bool flattened = l->order.height * l->order.width > 1;
    nt_net_to_chw(chw, values, flattened ? l->order : l->shape, b->samples);
    assert_int_equal(wanted->items, b->samples * columns);
    for (uint64_t i = 0; i < wanted->items; i++) {
        float value;
        memcpy(&value, (const char *)wanted->data + i * sizeof value, sizeof value);
        double gap = fabs((double)value - (double)chw[i / columns * l->size + i % columns * step]);
        worst = !(gap <= worst) ? gap : worst;
        largest = fabs((double)value) > largest ? fabs((double)value) : largest;
    }
    release(chw);
    assert_true(largest > 0);
    return worst / largest;
}

#endif
