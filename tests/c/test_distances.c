/* Distances from one sample to all others, against brute force over the network's activations. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ntrace/distances.h"
#include "ntrace/folder.h"
#include "ntrace/knn.h"
#include "ntrace/pack.h"
#include "ntrace/random.h"

enum { SAMPLES = 150, CLASSES = 2, SIDE = 8, PIXELS = SIDE * SIDE, LAYERS = 5, SELF = 40, WIDEST = PIXELS };

static struct {
    char folder[40];
    nt_net *net;
    uint8_t image[SAMPLES * PIXELS];
    float *activation[LAYERS];
    nt_bundle *bundle; /* with all chunks */
} world;

static const struct nt_allocator *memory(void) { return nt_allocator_default(); }

static void make_net(struct nt_random *random) {
    const struct nt_layer layer[LAYERS - 1] = {
        {.kind = NT_LAYER_FLATTEN},
        {.kind = NT_LAYER_LINEAR, .shape = {12, 0, 0}},
        {.kind = NT_LAYER_RELU},
        {.kind = NT_LAYER_LINEAR, .shape = {CLASSES, 0, 0}},
    };
    assert_int_equal(nt_net_create(&world.net, (struct nt_shape){1, SIDE, SIDE}, layer, LAYERS - 1, memory(), NULL),
                     NT_OK);
    float *value = nt_net_values(world.net);
    for (uint64_t i = 0; i < nt_net_parameters(world.net); i++) {
        value[i] = 0.3f * nt_random_normal(random);
    }
    nt_net_changed(world.net);
}

static void pack(void) {
    static uint16_t label[SAMPLES];
    static char name[CLASSES][64] = {"one", "two"};
    const char *const names[CLASSES] = {"one", "two"};
    for (uint32_t i = 0; i < SAMPLES; i++) {
        label[i] = i % CLASSES;
    }
    struct nt_dataset dataset = {SAMPLES, CLASSES, {1, SIDE, SIDE}, world.image, label, name, true};
    struct nt_pack_options options = {
        .title = "test", .source = "tests", .licence = "CC0", .command = "pack", .workers = 1};
    struct nt_pack_result result;
    struct nt_error error = {0};
    uint8_t *weights;
    size_t bytes;
    assert_int_equal(nt_net_serialize(&weights, &bytes, world.net, names, memory(), NULL), NT_OK);
    struct nt_pack_data packed = nt_pack_dataset(&dataset, world.net, weights, bytes);
    if (nt_pack(&result, world.folder, &packed, &options, memory(), &error) != NT_OK) {
        fail_msg("%s", error.text);
    }
    nt_release(memory(), weights);
}

static nt_bundle *open_with(int roles) {
    nt_bundle *bundle;
    assert_int_equal(nt_folder_open(&bundle, world.folder, memory(), NULL), NT_OK);
    uint32_t all[SAMPLES];
    for (uint32_t i = 0; i < SAMPLES; i++) {
        all[i] = i;
    }
    for (int role = 0; role < NT_ROLE_COUNT; role++) {
        for (uint32_t l = 0; (roles >> role & 1) && l < LAYERS; l++) {
            assert_int_equal(nt_folder_load(bundle, world.folder, (enum nt_role)role, l, all, SAMPLES, memory(), NULL),
                             NT_OK);
        }
    }
    return bundle;
}

static int make_world(void **state) {
    (void)state;
    struct nt_random random;
    nt_random_seed(&random, 4, 1);
    (void)strcpy(world.folder, "/tmp/ntrace-distances-XXXXXX");
    assert_non_null(mkdtemp(world.folder));
    for (uint32_t i = 0; i < SAMPLES * PIXELS; i++) {
        world.image[i] = (uint8_t)nt_random_below(&random, 256);
    }
    make_net(&random);
    pack();
    float *input = malloc(sizeof(float) * SAMPLES * PIXELS);
    void *scratch = nt_allocate(memory(), nt_net_forward_bytes(world.net, SAMPLES), 1);
    nt_net_input(input, world.image, SAMPLES * PIXELS);
    for (uint32_t l = 0; l < LAYERS; l++) {
        world.activation[l] = malloc(sizeof(float) * SAMPLES * nt_net_layer(world.net, l)->size);
    }
    assert_int_equal(nt_net_forward(world.activation, world.net, input, SAMPLES, scratch), NT_OK);
    nt_release(memory(), scratch);
    free(input);
    world.bundle = open_with(-1);
    return 0;
}

static int remove_world(void **state) {
    (void)state;
    char command[64];
    (void)snprintf(command, sizeof command, "rm -r %s", world.folder);
    int status = system(command);
    for (uint32_t l = 0; l < LAYERS; l++) {
        free(world.activation[l]);
    }
    nt_bundle_close(world.bundle);
    nt_net_free(world.net);
    return status;
}

static float brute_force(uint32_t layer, uint32_t sample) {
    size_t size = nt_net_layer(world.net, layer)->size;
    const float *x = world.activation[layer];
    return sqrtf(nt_distance_squared(x + SELF * size, x + sample * size, size));
}

static void exact_distances_are_those_of_the_activations_bit_for_bit(void **state) {
    (void)state;
    const uint32_t layer[4] = {0, 2, 4, 2};
    nt_distances *distances;
    assert_int_equal(nt_distances_create(&distances, world.bundle, SELF, layer, 4, NULL), NT_OK);
    uint32_t done, before = 0;
    do { /* 7 at a time, then what is left */
        assert_int_equal(nt_distances_step(&done, distances, 7, NULL), NT_OK);
        assert_int_equal(done, before + 7 < SAMPLES ? before + 7 : SAMPLES);
        before = done;
    } while (done < SAMPLES);
    for (uint32_t s = 0; s < 4; s++) {
        for (uint32_t i = 0; i < SAMPLES; i++) {
            float expected = brute_force(layer[s], i);
            assert_memory_equal(nt_distances_at(distances, s) + i, &expected, sizeof expected);
        }
    }
    nt_distances_free(distances);
}

static void distances_on_codes_are_near_the_exact_ones_and_zero_to_oneself(void **state) {
    (void)state;
    float distance[SAMPLES];
    uint32_t square[SAMPLES];
    for (uint32_t l = 0; l < LAYERS; l++) {
        assert_int_equal(nt_distances_on_codes(distance, square, world.bundle, SELF, l, NULL), NT_OK);
        float step = nt_bundle_layer(world.bundle, l)->step;
        assert_int_equal(square[SELF], 0);
        for (uint32_t i = 0; i < SAMPLES; i++) {
            assert_float_equal(distance[i], sqrtf((float)square[i]) * step, 0);
            assert_true(fabsf(distance[i] - brute_force(l, i)) < 0.15f * brute_force(l, i) + 4 * step);
        }
    }
}

static void activations_come_row_by_row(void **state) {
    (void)state;
    float x[70 * WIDEST];
    for (uint32_t l = 0; l < LAYERS; l++) {
        size_t size = nt_net_layer(world.net, l)->size;
        assert_int_equal(nt_bundle_activations(x, world.bundle, l, 80, 70, NULL), NT_OK);
        assert_memory_equal(x, world.activation[l] + 80 * size, 70 * size * sizeof *x);
    }
    assert_int_equal(nt_bundle_activations(x, world.bundle, 0, 81, 70, NULL), NT_E_ARG);
    assert_int_equal(nt_bundle_activations(x, world.bundle, LAYERS, 0, 1, NULL), NT_E_ARG);
}

static void what_is_not_loaded_is_missed_and_can_be_tried_again(void **state) {
    (void)state;
    nt_bundle *empty = open_with(0), *blind = open_with(1 << NT_ROLE_WEIGHTS);
    const uint32_t layer = 1;
    float distance[SAMPLES];
    uint32_t square[SAMPLES], done, one = SAMPLES - 1;
    struct nt_error error = {0};
    nt_distances *distances;
    assert_int_equal(nt_distances_on_codes(distance, square, empty, 0, 0, &error), NT_E_MISSING);
    assert_int_equal(nt_distances_create(&distances, empty, 0, &layer, 1, NULL), NT_OK);
    assert_int_equal(nt_distances_step(&done, distances, 1, &error), NT_E_MISSING);
    nt_distances_free(distances);
    assert_int_equal(nt_bundle_activations(distance, empty, 0, 0, 1, &error), NT_E_MISSING);
    assert_int_equal(nt_distances_create(&distances, blind, 0, &layer, 1, NULL), NT_OK);
    assert_int_equal(nt_distances_step(&done, distances, SAMPLES, &error), NT_E_MISSING);
    assert_int_equal(done, 0);
    assert_int_equal(nt_folder_load(blind, world.folder, NT_ROLE_IMAGES, 0, &one, 1, memory(), NULL), NT_OK);
    assert_int_equal(nt_distances_step(&done, distances, SAMPLES, &error), NT_OK);
    assert_int_equal(done, SAMPLES);
    nt_distances_free(distances);
    nt_bundle_close(blind);
    nt_bundle_close(empty);
}

static void places_beyond_the_bundle_are_refused_with_words(void **state) {
    (void)state;
    const uint32_t fine = 0, beyond = LAYERS;
    float distance[SAMPLES];
    uint32_t square[SAMPLES];
    struct nt_error error = {0};
    nt_distances *distances;
    assert_int_equal(nt_distances_create(&distances, world.bundle, SAMPLES, &fine, 1, &error), NT_E_ARG);
    assert_non_null(strstr(error.text, "150"));
    assert_null(distances);
    assert_int_equal(nt_distances_create(&distances, world.bundle, 0, &beyond, 1, &error), NT_E_ARG);
    assert_int_equal(nt_distances_create(&distances, world.bundle, 0, &fine, 0, &error), NT_E_ARG);
    assert_int_equal(nt_distances_on_codes(distance, square, world.bundle, 0, LAYERS, &error), NT_E_ARG);
    nt_distances_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_distances_are_those_of_the_activations_bit_for_bit),
        cmocka_unit_test(distances_on_codes_are_near_the_exact_ones_and_zero_to_oneself),
        cmocka_unit_test(activations_come_row_by_row),
        cmocka_unit_test(what_is_not_loaded_is_missed_and_can_be_tried_again),
        cmocka_unit_test(places_beyond_the_bundle_are_refused_with_words),
    };
    return cmocka_run_group_tests_name("distances", tests, make_world, remove_world);
}
