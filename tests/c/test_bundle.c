/* Packing a small dataset and asking the bundle: answers against brute force, damage always found. */
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
static void make_dataset(void) {
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

static void make_net(void) {
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

static void compute_activations(void) {
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

static enum nt_status pack(unsigned workers, struct nt_error *error) {
    struct nt_pack_options options = {
        .title = "test", .source = "tests", .licence = "CC0", .command = "pack", .workers = workers};
    struct nt_pack_result result;
    return nt_pack(&result, world.folder, &world.dataset, world.net, world.weights, world.weights_bytes, &options,
                   memory(), error);
}

static int make_world(void **state) {
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

static int remove_world(void **state) {
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

static nt_bundle *open_world(void) {
    nt_bundle *bundle;
    struct nt_error error = {0};
    if (nt_folder_open(&bundle, world.folder, memory(), &error) != NT_OK) {
        fail_msg("%s", error.text);
    }
    return bundle;
}

static void load(nt_bundle *bundle, enum nt_role role, uint32_t layer, const uint32_t *rows, uint32_t count) {
    struct nt_error error = {0};
    if (nt_folder_load(bundle, world.folder, role, layer, rows, count, memory(), &error) != NT_OK) {
        fail_msg("%s", error.text);
    }
}

/* The true neighbours and their distances. */
static void brute_force(uint32_t *index, float *distance, uint32_t sample, uint32_t layer, uint32_t k) {
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

static uint32_t count_common(const uint32_t *a, const uint32_t *b, uint32_t k) {
    uint32_t scratch[2 * SAMPLES];
    return nt_trace_overlap(a, b, k, scratch);
}

static void finish(nt_query *query) {
    uint32_t done = 0, count;
    const uint32_t *rows = nt_query_rows(query, &count);
    assert_non_null(rows);
    while (!nt_query_exact(query)) {
        uint32_t before = done;
        assert_int_equal(nt_query_step(&done, query, 7, NULL), NT_OK);
        assert_true(done > before && done <= count);
    }
}

static void exact_neighbours_are_those_of_brute_force_at_every_layer(void **state) {
    (void)state;
    nt_bundle *bundle = open_world();
    uint32_t index[K], truth[K], found = 0, asked = 0;
    float distance[K], exact[K];
    load(bundle, NT_ROLE_WEIGHTS, 0, NULL, 0);
    for (uint32_t layer = 0; layer < LAYERS; layer++) {
        load(bundle, NT_ROLE_CODES, layer, NULL, 0);
        for (uint32_t sample = layer; sample < SAMPLES; sample += 37) {
            nt_query *query;
            assert_int_equal(nt_query_create(&query, bundle, sample, &layer, 1, K, NULL), NT_OK);
            assert_false(nt_query_exact(query));
            uint32_t count;
            const uint32_t *rows = nt_query_rows(query, &count);
            load(bundle, NT_ROLE_IMAGES, 0, rows, count);
            finish(query);
            assert_int_equal(nt_query_neighbors(index, distance, query, 0), NT_OK);
            brute_force(truth, exact, sample, layer, K);
            found += count_common(index, truth, K);
            asked += K;
            for (uint32_t i = 0; i < K && index[i] == truth[i]; i++) {
                assert_true(distance[i] * distance[i] >= exact[i] * 0.999999f &&
                            distance[i] * distance[i] <= exact[i] * 1.000001f);
            }
            nt_query_free(query);
        }
    }
    nt_bundle_close(bundle);
    assert_true(found >= 0.999 * asked);
}

static void answers_on_codes_come_before_images_and_are_close(void **state) {
    (void)state;
    nt_bundle *bundle = open_world();
    uint32_t index[K], truth[K], found = 0, asked = 0, layer = 0, done;
    float distance[K], exact[K];
    load(bundle, NT_ROLE_CODES, 0, NULL, 0);
    for (uint32_t sample = 0; sample < SAMPLES; sample += 13, asked += K) {
        nt_query *query;
        assert_int_equal(nt_query_create(&query, bundle, sample, &layer, 1, K, NULL), NT_OK);
        assert_int_equal(nt_query_neighbors(index, distance, query, 0), NT_OK);
        brute_force(truth, exact, sample, 0, K);
        found += count_common(index, truth, K);
        assert_int_equal(nt_query_step(&done, query, 1, NULL), NT_E_MISSING);
        nt_query_free(query);
    }
    nt_bundle_close(bundle);
    assert_true(found >= 0.8 * asked);
}

static void traces_hold_both_neighbourhoods_and_their_ranks(void **state) {
    (void)state;
    nt_bundle *bundle = open_world();
    const uint32_t layer[2] = {0, LAYERS - 1}, sample = 100;
    uint32_t truth[2][K], count;
    float exact[2][K];
    nt_query *query;
    load(bundle, NT_ROLE_SAMPLES, 0, NULL, 0);
    load(bundle, NT_ROLE_WEIGHTS, 0, NULL, 0);
    load(bundle, NT_ROLE_CODES, 0, NULL, 0);
    load(bundle, NT_ROLE_CODES, LAYERS - 1, NULL, 0);
    assert_int_equal(nt_query_create(&query, bundle, sample, layer, 2, K, NULL), NT_OK);
    const uint32_t *rows = nt_query_rows(query, &count);
    load(bundle, NT_ROLE_IMAGES, 0, rows, count);
    finish(query);
    struct nt_trace trace;
    assert_int_equal(nt_query_trace(&trace, query, NULL), NT_OK);
    for (int s = 0; s < 2; s++) {
        brute_force(truth[s], exact[s], sample, layer[s], K);
        uint32_t members = 0;
        for (uint32_t i = 0; i < trace.points_count; i++) {
            const struct nt_trace_point *p = &trace.points[i];
            if (p->member & (s == 0 ? NT_TRACE_IN_FROM : NT_TRACE_IN_TO)) {
                assert_int_equal(truth[s][p->rank[s]], p->sample);
                members++;
            } else {
                assert_true(p->rank[s] >= K);
            }
            assert_int_equal(p->label, world.dataset.label[p->sample]);
        }
        assert_int_equal(members, K);
    }
    assert_int_equal(trace.overlap, count_common(truth[0], truth[1], K));
    nt_trace_clear(&trace, memory());
    nt_query_free(query);
    nt_bundle_close(bundle);
}

static void stability_and_predictions_are_recorded(void **state) {
    (void)state;
    nt_bundle *bundle = open_world();
    uint32_t k = 100, truth[2][SAMPLES], off = 0, compared = 0;
    float exact[SAMPLES];
    load(bundle, NT_ROLE_STABILITY, 0, NULL, 0);
    load(bundle, NT_ROLE_SAMPLES, 0, NULL, 0);
    for (uint32_t sample = 0; sample < SAMPLES; sample += 29) {
        brute_force(truth[0], exact, sample, 0, k);
        for (uint32_t l = 0; l < LAYERS; l++) {
            brute_force(truth[1], exact, sample, l, k);
            int32_t gap = (int32_t)nt_bundle_stability(bundle)[l * SAMPLES + sample] -
                          (int32_t)count_common(truth[0], truth[1], k);
            off += (uint32_t)abs(gap);
            compared += k;
        }
        const float *logit = world.activation[LAYERS - 1] + sample * CLASSES;
        for (uint32_t c = 0; c < CLASSES; c++) {
            assert_true(logit[c] <= logit[nt_bundle_predictions(bundle)[sample]]);
        }
    }
    assert_true(off <= 0.001 * compared);
    nt_bundle_close(bundle);
}

static void the_bundle_does_not_depend_on_the_number_of_threads(void **state) {
    (void)state;
    char path[64];
    uint8_t *before, *after;
    size_t before_bytes, after_bytes;
    (void)snprintf(path, sizeof path, "%s/current.json", world.folder);
    assert_int_equal(nt_folder_read_file(&before, &before_bytes, path, 1000, memory(), NULL), NT_OK);
    assert_int_equal(pack(2, NULL), NT_OK);
    assert_int_equal(nt_folder_read_file(&after, &after_bytes, path, 1000, memory(), NULL), NT_OK);
    assert_int_equal(before_bytes, after_bytes);
    assert_memory_equal(before, after, before_bytes);
    nt_release(memory(), before);
    nt_release(memory(), after);
}

static void a_changed_byte_in_any_chunk_is_detected_and_named(void **state) {
    (void)state;
    nt_bundle *bundle = open_world();
    struct nt_random random;
    nt_random_seed(&random, 6, 1);
    for (uint32_t c = 0; c < nt_bundle_chunks(bundle); c++) {
        const struct nt_bundle_chunk *chunk = nt_bundle_chunk(bundle, c);
        char path[96];
        uint8_t *bytes;
        size_t size;
        (void)snprintf(path, sizeof path, "%s/%s", world.folder, chunk->file);
        assert_int_equal(nt_folder_read_file(&bytes, &size, path, 1 << 24, memory(), NULL), NT_OK);
        for (int i = 0; i < 20; i++) {
            uint32_t at = nt_random_below(&random, (uint32_t)size);
            struct nt_error error = {0};
            bytes[at] ^= (uint8_t)(1u << nt_random_below(&random, 8));
            uint8_t changed = bytes[at];
            assert_int_equal(nt_bundle_feed(bundle, c, bytes, size, &error), NT_E_DAMAGED);
            assert_non_null(strstr(error.text, chunk->file));
            bytes[at] = changed;
        }
        assert_int_equal(nt_bundle_feed(bundle, c, bytes, size - 1, NULL), NT_E_DAMAGED);
        assert_false(chunk->loaded);
        nt_release(memory(), bytes);
    }
    nt_bundle_close(bundle);
}

static void manifests_with_any_byte_changed_never_open_with_sizes_that_do_not_fit(void **state) {
    (void)state;
    char path[128], name[80] = {0};
    uint8_t *current, *json;
    size_t bytes;
    (void)snprintf(path, sizeof path, "%s/current.json", world.folder);
    assert_int_equal(nt_folder_read_file(&current, &bytes, path, 1000, memory(), NULL), NT_OK);
    assert_int_equal(sscanf((const char *)current, "{\"manifest\": \"%71[^\"]", name), 1);
    (void)snprintf(path, sizeof path, "%s/%s", world.folder, name);
    assert_int_equal(nt_folder_read_file(&json, &bytes, path, 1 << 24, memory(), NULL), NT_OK);
    struct nt_random random;
    nt_random_seed(&random, 7, 1);
    uint32_t refused = 0;
    for (int i = 0; i < 3000; i++) {
        uint32_t at = nt_random_below(&random, (uint32_t)bytes);
        uint8_t before = json[at];
        json[at] = (uint8_t)nt_random_below(&random, 256);
        nt_bundle *bundle;
        struct nt_error error = {0};
        if (nt_bundle_open(&bundle, (const char *)json, bytes, memory(), &error) != NT_OK) {
            assert_null(bundle);
            assert_true(error.text[0] != 0);
            refused++;
        }
        nt_bundle_close(bundle);
        json[at] = before;
    }
    assert_true(refused > 1000);
    nt_release(memory(), current);
    nt_release(memory(), json);
}

static void questions_out_of_range_are_refused_in_words(void **state) {
    (void)state;
    nt_bundle *bundle = open_world();
    nt_query *query;
    struct nt_error error = {0};
    uint32_t layer = 0, beyond = LAYERS;
    assert_int_equal(nt_query_create(&query, bundle, 0, &layer, 1, K, &error), NT_E_MISSING);
    load(bundle, NT_ROLE_CODES, 0, NULL, 0);
    assert_int_equal(nt_query_create(&query, bundle, SAMPLES, &layer, 1, K, &error), NT_E_ARG);
    assert_non_null(strstr(error.text, "sample 260: expected 0 to 259"));
    assert_int_equal(nt_query_create(&query, bundle, 0, &layer, 1, 0, &error), NT_E_ARG);
    assert_int_equal(nt_query_create(&query, bundle, 0, &layer, 1, SAMPLES, &error), NT_E_ARG);
    assert_int_equal(nt_query_create(&query, bundle, 0, &beyond, 1, K, &error), NT_E_ARG);
    assert_null(query);
    nt_bundle_close(bundle);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_neighbours_are_those_of_brute_force_at_every_layer),
        cmocka_unit_test(answers_on_codes_come_before_images_and_are_close),
        cmocka_unit_test(traces_hold_both_neighbourhoods_and_their_ranks),
        cmocka_unit_test(stability_and_predictions_are_recorded),
        cmocka_unit_test(the_bundle_does_not_depend_on_the_number_of_threads),
        cmocka_unit_test(a_changed_byte_in_any_chunk_is_detected_and_named),
        cmocka_unit_test(manifests_with_any_byte_changed_never_open_with_sizes_that_do_not_fit),
        cmocka_unit_test(questions_out_of_range_are_refused_in_words),
    };
    return cmocka_run_group_tests_name("bundle", tests, make_world, remove_world);
}
