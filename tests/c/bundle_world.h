/* A small dataset and network, packed into a folder: what the tests of bundles share. */
#ifndef NTRACE_TESTS_BUNDLE_WORLD_H
#define NTRACE_TESTS_BUNDLE_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ntrace/folder.h"
#include "ntrace/knn.h"
#include "ntrace/pack.h"
#include "ntrace/random.h"

enum { SAMPLES = 260, CLASSES = 3, SIDE = 12, PIXELS = SIDE * SIDE, K = 20, LAYERS = 11 };

static struct {
    char folder[32];
    struct nt_dataset dataset;
    nt_net *net;
    uint8_t *weights;
    size_t weights_bytes;
    float *activation[LAYERS];
} world;

static const struct nt_allocator *memory(void) { return nt_allocator_default(); }

/* Blobs whose place depends on the class. */
static inline void make_dataset(void) {
    struct nt_dataset *d = &world.dataset;
    struct nt_random random;
    nt_random_seed(&random, 1, 1);
    *d = (struct nt_dataset){.samples = SAMPLES, .classes = CLASSES, .shape = {1, SIDE, SIDE}};
    d->image = nt_allocate_zeroed(memory(), SAMPLES, PIXELS);
    d->label = nt_allocate(memory(), SAMPLES, sizeof *d->label);
    d->name = nt_allocate_zeroed(memory(), CLASSES, sizeof *d->name);
    for (uint32_t c = 0; c < CLASSES; c++) {
        (void)snprintf(d->name[c], sizeof d->name[c], "class %u", c);
    }
    for (uint32_t i = 0; i < SAMPLES; i++) {
        d->label[i] = (uint16_t)(i * CLASSES / SAMPLES);
        uint32_t left = 3u * d->label[i] + nt_random_below(&random, 3), top = nt_random_below(&random, 6);
        for (uint32_t y = top; y < top + 6; y++) {
            for (uint32_t x = left; x < left + 3; x++) {
                d->image[i * PIXELS + y * SIDE + x] = (uint8_t)nt_random_below(&random, 256);
            }
        }
    }
}

static inline void make_net(void) {
    struct nt_random random;
    const char *names[CLASSES] = {"class 0", "class 1", "class 2"};
    nt_random_seed(&random, 2, 1);
    const struct nt_layer layer[LAYERS - 1] = {
        {.kind = NT_LAYER_CONV2D, .kernel = 3, .shape = {8, 0, 0}},
        {.kind = NT_LAYER_RELU},
        {.kind = NT_LAYER_MAXPOOL2D, .kernel = 2},
        {.kind = NT_LAYER_CONV2D, .kernel = 3, .shape = {8, 0, 0}},
        {.kind = NT_LAYER_RELU},
        {.kind = NT_LAYER_MAXPOOL2D, .kernel = 2},
        {.kind = NT_LAYER_FLATTEN},
        {.kind = NT_LAYER_LINEAR, .shape = {16, 0, 0}},
        {.kind = NT_LAYER_RELU},
        {.kind = NT_LAYER_LINEAR, .shape = {CLASSES, 0, 0}},
    };
    assert_int_equal(nt_net_create(&world.net, (struct nt_shape){1, SIDE, SIDE}, layer, LAYERS - 1, memory(), NULL),
                     NT_OK);
    float *values = nt_net_values(world.net);
    for (uint64_t i = 0; i < nt_net_parameters(world.net); i++) {
        values[i] = 0.3f * nt_random_normal(&random);
    }
    nt_net_changed(world.net);
    assert_int_equal(nt_net_serialize(&world.weights, &world.weights_bytes, world.net, names, memory(), NULL), NT_OK);
}

static inline void compute_activations(void) {
    float *input = malloc(sizeof(float) * SAMPLES * PIXELS);
    void *scratch = nt_allocate(memory(), nt_net_forward_bytes(world.net, SAMPLES), 1);
    nt_net_input(input, world.dataset.image, (size_t)SAMPLES * PIXELS);
    for (uint32_t l = 0; l < LAYERS; l++) {
        world.activation[l] = malloc(sizeof(float) * SAMPLES * nt_net_layer(world.net, l)->size);
        assert_non_null(world.activation[l]);
    }
    assert_int_equal(nt_net_forward(world.activation, world.net, input, SAMPLES, scratch), NT_OK);
    nt_release(memory(), scratch);
    free(input);
}

static inline enum nt_status pack(unsigned workers, struct nt_error *error) {
    struct nt_pack_options options = {
        .title = "test", .source = "tests", .licence = "CC0", .command = "pack", .workers = workers};
    struct nt_pack_result result;
    struct nt_pack_data data = nt_pack_dataset(&world.dataset, world.net, world.weights, world.weights_bytes);
    return nt_pack(&result, world.folder, &data, &options, memory(), error);
}

static inline int make_world(void **state) {
    (void)state;
    (void)strcpy(world.folder, "/tmp/ntrace-bundle-XXXXXX");
    assert_non_null(mkdtemp(world.folder));
    make_dataset();
    make_net();
    compute_activations();
    struct nt_error error = {0};
    if (pack(1, &error) != NT_OK) {
        fail_msg("%s", error.text);
    }
    return 0;
}

static inline int remove_world(void **state) {
    (void)state;
    char command[64];
    (void)snprintf(command, sizeof command, "rm -r %s", world.folder);
    int status = system(command);
    for (uint32_t l = 0; l < LAYERS; l++) {
        free(world.activation[l]);
    }
    nt_net_free(world.net);
    nt_release(memory(), world.weights);
    nt_dataset_clear(&world.dataset, memory());
    return status;
}

static inline nt_bundle *open_world(void) {
    nt_bundle *bundle;
    struct nt_error error = {0};
    if (nt_folder_open(&bundle, world.folder, memory(), &error) != NT_OK) {
        fail_msg("%s", error.text);
    }
    return bundle;
}

static inline void load(nt_bundle *bundle, enum nt_role role, uint32_t layer, const uint32_t *rows, uint32_t count) {
    struct nt_error error = {0};
    if (nt_folder_load(bundle, world.folder, role, layer, rows, count, memory(), &error) != NT_OK) {
        fail_msg("%s", error.text);
    }
}

/* The true neighbours and their distances. */
static inline void brute_force(uint32_t *index, float *distance, uint32_t sample, uint32_t layer, uint32_t k) {
    static uint32_t key[SAMPLES], scratch[2 * SAMPLES];
    size_t size = nt_net_layer(world.net, layer)->size;
    const float *x = world.activation[layer];
    for (uint32_t i = 0; i < SAMPLES; i++) {
        key[i] = nt_knn_key(nt_distance_squared(x + sample * size, x + i * size, size));
    }
    nt_knn_select(index, key, SAMPLES, k, sample, scratch);
    for (uint32_t i = 0; i < k; i++) {
        distance[i] = nt_distance_squared(x + sample * size, x + index[i] * size, size);
    }
}

#endif
