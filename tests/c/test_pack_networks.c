/* Bundles of networks that are more than a chain of convolutions: packed, fed, asked. */
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

#include "ntrace/folder.h"
#include "ntrace/pack.h"
#include "ntrace/random.h"

enum { SAMPLES = 90, CLASSES = 4, SIDE = 12, CHANNELS = 3, PIXELS = SIDE * SIDE * CHANNELS, K = 10 };

static char folder[] = "/tmp/ntrace-networks-XXXXXX";
static struct nt_dataset dataset;

static const struct nt_allocator *memory(void) { return nt_allocator_default(); }

static const struct nt_layer residual[] = {
    {.kind = NT_LAYER_CONV2D, .shape.channels = 8, .no_bias = true, .window = {{3, 3}, {2, 2}, {1, 1}, {1, 1, 1, 1}}},
    {.kind = NT_LAYER_BATCHNORM2D},
    {.kind = NT_LAYER_SILU},
    {.kind = NT_LAYER_CONV2D, .kernel = 3, .shape.channels = 8, .groups = 8},
    {.kind = NT_LAYER_ADD, .back = {1, 2}},
    {.kind = NT_LAYER_DROPOUT},
    {.kind = NT_LAYER_GLOBALAVGPOOL2D},
    {.kind = NT_LAYER_FLATTEN},
    {.kind = NT_LAYER_LINEAR, .shape.channels = CLASSES},
    {.kind = NT_LAYER_SOFTMAX}};

static const struct nt_layer pooled[] = {{.kind = NT_LAYER_CONV2D, .kernel = 3, .shape.channels = CLASSES},
                                         {.kind = NT_LAYER_GELU},
                                         {.kind = NT_LAYER_GLOBALAVGPOOL2D},
                                         {.kind = NT_LAYER_FLATTEN}};

static const struct nt_layer wide[] = {{.kind = NT_LAYER_FLATTEN},
                                       {.kind = NT_LAYER_LINEAR, .shape.channels = 2600},
                                       {.kind = NT_LAYER_RELU},
                                       {.kind = NT_LAYER_LINEAR, .shape.channels = CLASSES}};

static int make_dataset(void **state) {
    (void)state;
    struct nt_random random;
    nt_random_seed(&random, 3, 3);
    dataset = (struct nt_dataset){.samples = SAMPLES, .classes = CLASSES, .shape = {CHANNELS, SIDE, SIDE}};
    dataset.image = nt_allocate(memory(), SAMPLES, PIXELS);
    dataset.label = nt_allocate(memory(), SAMPLES, sizeof *dataset.label);
    dataset.name = nt_allocate_zeroed(memory(), CLASSES, sizeof *dataset.name);
    for (uint32_t c = 0; c < CLASSES; c++) {
        (void)snprintf(dataset.name[c], sizeof dataset.name[c], "class %u", c);
    }
    for (uint32_t i = 0; i < SAMPLES; i++) {
        dataset.label[i] = (uint16_t)(i * CLASSES / SAMPLES);
        for (uint32_t p = 0; p < PIXELS; p++) {
            bool lit = (p / CHANNELS % SIDE / 3 == dataset.label[i]) != (nt_random_uniform(&random) < 0.2f);
            dataset.image[i * PIXELS + p] = (uint8_t)(nt_random_uniform(&random) * (lit ? 255 : 60));
        }
    }
    return mkdtemp(folder) == NULL;
}

static int clear_dataset(void **state) {
    (void)state;
    char command[64];
    nt_dataset_clear(&dataset, memory());
    (void)snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

/* Packs a network of random weights, and opens the bundle. */
static nt_bundle *pack(nt_net **net, const struct nt_layer *layer, uint32_t layers) {
    struct nt_pack_options options = {
        .title = "t", .source = "s", .licence = "l", .command = "c", .seed = 1, .workers = 1};
    struct nt_random random;
    struct nt_pack_result result;
    struct nt_error error = {0};
    nt_bundle *bundle = NULL;
    uint8_t *weights;
    size_t bytes;
    nt_random_seed(&random, 8, 8);
    assert_int_equal(nt_net_create(net, dataset.shape, layer, layers, memory(), NULL), NT_OK);
    for (uint64_t i = 0; i < nt_net_parameters(*net); i++) {
        nt_net_values(*net)[i] = 0.4f * nt_random_normal(&random);
    }
    nt_net_changed(*net);
    assert_int_equal(nt_net_serialize(&weights, &bytes, *net, NULL, memory(), NULL), NT_OK);
    struct nt_pack_data data = nt_pack_dataset(&dataset, *net, weights, bytes);
    if (nt_pack(&result, folder, &data, &options, memory(), &error) != NT_OK ||
        nt_folder_open(&bundle, folder, memory(), &error) != NT_OK) {
        fail_msg("%s", error.text);
    }
    nt_release(memory(), weights);
    return bundle;
}

static void load(nt_bundle *bundle, enum nt_role role, uint32_t layer) {
    struct nt_error error = {0};
    if (nt_folder_load(bundle, folder, role, layer, NULL, 0, memory(), &error) != NT_OK) {
        fail_msg("%s", error.text);
    }
}

/* The activations of all samples. */
static void compute(float **activation, const nt_net *net) {
    float *input = nt_allocate(memory(), SAMPLES * PIXELS, sizeof *input);
    void *scratch = nt_allocate(memory(), nt_net_forward_bytes(net, SAMPLES), 1);
    nt_net_input(input, dataset.image, SAMPLES * PIXELS);
    for (uint32_t l = 0; l < nt_net_layers(net); l++) {
        activation[l] = nt_allocate(memory(), (size_t)SAMPLES * nt_net_layer(net, l)->size, sizeof(float));
    }
    assert_int_equal(nt_net_forward(activation, net, input, SAMPLES, scratch), NT_OK);
    nt_release(memory(), input);
    nt_release(memory(), scratch);
}

static void release_all(float **activation, const nt_net *net) {
    for (uint32_t l = 0; l < nt_net_layers(net); l++) {
        nt_release(memory(), activation[l]);
    }
}

static double distance_of(const float *x, uint32_t a, uint32_t b, uint32_t size) {
    double sum = 0;
    for (uint32_t i = 0; i < size; i++) {
        double gap = (double)x[(size_t)a * size + i] - (double)x[(size_t)b * size + i];
        sum += gap * gap;
    }
    return sqrt(sum);
}

/* The exact neighbours of a sample at a layer are as near as those that brute force finds. */
static void ask(nt_bundle *bundle, float *const *activation, uint32_t layer, uint32_t sample) {
    nt_query *query;
    uint32_t done = 0, count, index[K];
    float distance[K];
    load(bundle, NT_ROLE_CODES, layer);
    assert_int_equal(nt_query_create(&query, bundle, sample, &layer, 1, K, NULL), NT_OK);
    assert_int_equal(nt_query_set_effort(query, NT_QUERY_ALL, NULL), NT_OK);
    (void)nt_query_rows(query, &count);
    while (done < count) {
        assert_int_equal(nt_query_step(&done, query, 50, NULL), NT_OK);
    }
    assert_int_equal(nt_query_neighbors(index, distance, query, 0), NT_OK);
    uint32_t size = nt_bundle_layer(bundle, layer)->size;
    for (uint32_t i = 0; i < K; i++) {
        uint32_t nearer = 0;
        double own = distance_of(activation[layer], sample, index[i], size);
        for (uint32_t j = 0; j < SAMPLES; j++) {
            nearer += j != sample && distance_of(activation[layer], sample, j, size) < own - 1e-5 * (1 + own);
        }
        assert_true(nearer <= i);
        assert_true(fabs((double)distance[i] - own) < 1e-4 * (1 + own));
    }
    nt_query_free(query);
}

static void a_network_of_sums_and_groups_is_packed_and_asked(void **state) {
    (void)state;
    nt_net *net;
    float *activation[NT_NET_MAX_LAYERS], probability[CLASSES];
    nt_bundle *bundle = pack(&net, residual, sizeof residual / sizeof *residual);
    compute(activation, net);
    load(bundle, NT_ROLE_SAMPLES, 0);
    load(bundle, NT_ROLE_WEIGHTS, 0);
    load(bundle, NT_ROLE_IMAGES, 0);
    uint32_t last = nt_bundle_layers(bundle) - 1;
    assert_int_equal(last, 10);
    for (uint32_t l = 0; l <= last; l++) {
        const struct nt_bundle_layer *layer = nt_bundle_layer(bundle, l);
        assert_int_equal(layer->kind, nt_net_layer(net, l)->kind);
        assert_string_equal(layer->name, nt_net_layer(net, l)->name);
        assert_int_equal(layer->codes, l == 6 ? 5 : l == 8 ? 7 : l);
        ask(bundle, activation, l, 7 * l);
    }
    assert_string_equal(nt_bundle_layer(bundle, 5)->name, "Add(layer 3)");
    for (uint32_t i = 0; i < SAMPLES; i++) {
        const float *wanted = activation[last] + i * CLASSES;
        uint32_t top = nt_bundle_predictions(bundle)[i];
        assert_int_equal(nt_bundle_probabilities(probability, bundle, i, NULL), NT_OK);
        for (uint32_t c = 0; c < CLASSES; c++) {
            assert_true(fabsf(probability[c] - wanted[c]) < 1e-6f && wanted[c] <= wanted[top]);
        }
        assert_true(fabsf(nt_bundle_confidences(bundle)[i] - wanted[top]) < 1e-6f);
    }
    release_all(activation, net);
    nt_net_free(net);
    nt_bundle_close(bundle);
}

static void a_last_layer_may_be_its_inputs_twin(void **state) {
    (void)state;
    nt_net *net;
    float *activation[NT_NET_MAX_LAYERS];
    nt_bundle *bundle = pack(&net, pooled, sizeof pooled / sizeof *pooled);
    compute(activation, net);
    assert_int_equal(nt_bundle_layer(bundle, 4)->codes, 3);
    load(bundle, NT_ROLE_WEIGHTS, 0);
    load(bundle, NT_ROLE_IMAGES, 0);
    load(bundle, NT_ROLE_OPENING, 0);
    ask(bundle, activation, 4, 11);
    release_all(activation, net);
    nt_net_free(net);
    nt_bundle_close(bundle);
}

/* Numbers of the chunks that hold the network; returns how many. */
static uint32_t find_weights(uint32_t chunk[8], const nt_bundle *bundle) {
    return nt_bundle_need(chunk, 8, bundle, NT_ROLE_WEIGHTS, 0, NULL, 0);
}

static void feed(nt_bundle *bundle, uint32_t chunk) {
    char path[128];
    uint8_t *bytes;
    size_t size;
    (void)snprintf(path, sizeof path, "%s/%s", folder, nt_bundle_chunk(bundle, chunk)->file);
    assert_int_equal(nt_folder_read_file(&bytes, &size, path, 1 << 24, memory(), NULL), NT_OK);
    assert_int_equal(nt_bundle_feed(bundle, chunk, bytes, size, NULL), NT_OK);
    nt_release(memory(), bytes);
}

static void a_large_network_comes_in_parts_in_any_order(void **state) {
    (void)state;
    nt_net *net;
    uint32_t chunk[8];
    nt_bundle *bundle = pack(&net, wide, sizeof wide / sizeof *wide);
    assert_int_equal(find_weights(chunk, bundle), 2);
    assert_int_equal(nt_bundle_chunk(bundle, chunk[1])->columns, 4 << 20);
    feed(bundle, chunk[1]);
    assert_null(nt_bundle_net(bundle));
    assert_int_equal(find_weights(chunk, bundle), 1);
    feed(bundle, chunk[0]);
    assert_non_null(nt_bundle_net(bundle));
    assert_int_equal(nt_net_parameters(nt_bundle_net(bundle)), nt_net_parameters(net));
    assert_int_equal(find_weights(chunk, bundle), 0);
    nt_bundle_close(bundle);
    assert_int_equal(nt_folder_open(&bundle, folder, memory(), NULL), NT_OK);
    assert_int_equal(find_weights(chunk, bundle), 2);
    feed(bundle, chunk[0]); /* closed with a part alone */
    nt_bundle_close(bundle);
    nt_net_free(net);
}

static void parts_of_a_network_that_leave_a_gap_are_refused(void **state) {
    (void)state;
    nt_net *net;
    char path[128], *name;
    uint8_t *bytes;
    size_t size;
    struct nt_error error = {0};
    nt_bundle *bundle = pack(&net, wide, sizeof wide / sizeof *wide);
    nt_bundle_close(bundle);
    nt_net_free(net);
    (void)snprintf(path, sizeof path, "%s/current.json", folder);
    assert_int_equal(nt_folder_read_file(&bytes, &size, path, 1000, memory(), NULL), NT_OK);
    name = strstr((char *)bytes, "m.");
    (void)snprintf(path, sizeof path, "%s/%.*s", folder, (int)strcspn(name, "\""), name);
    nt_release(memory(), bytes);
    assert_int_equal(nt_folder_read_file(&bytes, &size, path, 1 << 24, memory(), NULL), NT_OK);
    char *columns = strstr((char *)bytes, "\"columns\":4194304");
    assert_non_null(columns);
    columns[strlen("\"columns\":")] = '5';
    assert_int_equal(nt_bundle_open(&bundle, (char *)bytes, size, memory(), &error), NT_E_FORMAT);
    assert_non_null(strstr(error.text, "where the part of the network before it ends"));
    nt_release(memory(), bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_network_of_sums_and_groups_is_packed_and_asked),
        cmocka_unit_test(a_last_layer_may_be_its_inputs_twin),
        cmocka_unit_test(a_large_network_comes_in_parts_in_any_order),
        cmocka_unit_test(parts_of_a_network_that_leave_a_gap_are_refused),
    };
    return cmocka_run_group_tests(tests, make_dataset, clear_dataset);
}
