/* Images from outside among a bundle's samples, and neighbourhoods at all layers at once, against brute force. */
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
#include "ntrace/knn.h"
#include "ntrace/pack.h"
#include "ntrace/place.h"
#include "ntrace/random.h"

enum { SAMPLES = 700, OUTSIDE = 12, CLASSES = 3, SIDE = 12, PIXELS = SIDE * SIDE, K = 15, LAYERS = 8, SELF = 123 };

static struct {
    char folder[40];
    nt_net *net;
    uint8_t image[(SAMPLES + OUTSIDE) * PIXELS]; /* those of the bundle, then those from outside */
    float *activation[LAYERS];                   /* of all of them */
    nt_bundle *bundle;                           /* with all chunks */
    nt_place *place;                             /* ready, for all layers */
    uint32_t layer[LAYERS];
} world;

static const struct nt_allocator *memory(void) { return nt_allocator_default(); }

/* Soft blobs: smooth enough that principal axes hold most of them. */
static void draw(uint8_t *image, struct nt_random *random) {
    float x = nt_random_between(random, 2, 10), y = nt_random_between(random, 2, 10);
    float width = nt_random_between(random, 1, 4), height = nt_random_between(random, 1, 4);
    for (int i = 0; i < PIXELS; i++) {
        float dx = ((float)(i % SIDE) - x) / width, dy = ((float)(i / SIDE) - y) / height;
        float value = 230 * expf(-dx * dx - dy * dy) + nt_random_between(random, 0, 20);
        image[i] = (uint8_t)value;
    }
}

static void make_net(struct nt_random *random) {
    const struct nt_layer layer[LAYERS - 1] = {
        {.kind = NT_LAYER_CONV2D, .kernel = 3, .shape = {6, 0, 0}},
        {.kind = NT_LAYER_RELU},
        {.kind = NT_LAYER_MAXPOOL2D, .kernel = 2},
        {.kind = NT_LAYER_FLATTEN},
        {.kind = NT_LAYER_LINEAR, .shape = {20, 0, 0}},
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
    static char name[CLASSES][64] = {"one", "two", "three"};
    const char *const names[CLASSES] = {"one", "two", "three"};
    for (uint32_t i = 0; i < SAMPLES; i++) {
        label[i] = (uint16_t)(i % CLASSES);
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

static void load(nt_bundle *bundle, enum nt_role role) {
    uint32_t all[SAMPLES];
    for (uint32_t i = 0; i < SAMPLES; i++) {
        all[i] = i;
    }
    for (uint32_t l = 0; l < LAYERS; l++) {
        assert_int_equal(nt_folder_load(bundle, world.folder, role, l, all, SAMPLES, memory(), NULL), NT_OK);
    }
}

static nt_bundle *open_world(const struct nt_allocator *allocator) {
    nt_bundle *bundle;
    assert_int_equal(nt_folder_open(&bundle, world.folder, allocator, NULL), NT_OK);
    return bundle;
}

static nt_place *prepared(const nt_bundle *bundle, uint32_t steps) {
    nt_place *place;
    uint32_t done = 0;
    assert_int_equal(nt_place_create(&place, bundle, world.layer, LAYERS, NULL), NT_OK);
    while (done < nt_place_steps(place)) {
        uint32_t before = done;
        assert_int_equal(nt_place_step(&done, place, steps, NULL), NT_OK);
        assert_true(done > before);
    }
    return place;
}

static int make_world(void **state) {
    (void)state;
    struct nt_random random;
    nt_random_seed(&random, 4, 1);
    (void)strcpy(world.folder, "/tmp/ntrace-place-XXXXXX");
    assert_non_null(mkdtemp(world.folder));
    for (uint32_t i = 0; i < SAMPLES + OUTSIDE; i++) {
        draw(world.image + i * PIXELS, &random);
    }
    make_net(&random);
    pack();
    float *input = malloc(sizeof(float) * sizeof world.image);
    void *scratch = nt_allocate(memory(), nt_net_forward_bytes(world.net, SAMPLES + OUTSIDE), 1);
    nt_net_input(input, world.image, sizeof world.image);
    for (uint32_t l = 0; l < LAYERS; l++) {
        world.layer[l] = l;
        world.activation[l] = malloc(sizeof(float) * (SAMPLES + OUTSIDE) * nt_net_layer(world.net, l)->size);
    }
    assert_int_equal(nt_net_forward(world.activation, world.net, input, SAMPLES + OUTSIDE, scratch), NT_OK);
    nt_release(memory(), scratch);
    free(input);
    world.bundle = open_world(memory());
    for (int role = 0; role < NT_ROLE_COUNT; role++) {
        load(world.bundle, (enum nt_role)role);
    }
    world.place = prepared(world.bundle, 3);
    return 0;
}

static int remove_world(void **state) {
    (void)state;
    char command[64];
    (void)snprintf(command, sizeof command, "rm -r %s", world.folder);
    for (uint32_t l = 0; l < LAYERS; l++) {
        free(world.activation[l]);
    }
    nt_place_free(world.place);
    nt_bundle_close(world.bundle);
    nt_net_free(world.net);
    return system(command);
}

static const uint8_t *outside(uint32_t i) { return world.image + (SAMPLES + i) * PIXELS; }

/* The true neighbours of image `centre`, counted through those of the bundle and those from outside. */
static void brute_force(uint32_t *index, float *distance, uint32_t centre, uint32_t exclude, uint32_t layer) {
    static uint32_t key[SAMPLES], scratch[2 * SAMPLES];
    size_t size = nt_net_layer(world.net, layer)->size;
    const float *x = world.activation[layer];
    for (uint32_t i = 0; i < SAMPLES; i++) {
        key[i] = nt_knn_key(nt_distance_squared(x + centre * size, x + i * size, size));
    }
    nt_knn_select(index, key, SAMPLES, K, exclude, scratch);
    for (uint32_t i = 0; i < K; i++) {
        distance[i] = sqrtf(nt_distance_squared(x + centre * size, x + index[i] * size, size));
    }
}

static void finish(nt_query *query, uint32_t samples) {
    uint32_t done = 0, count;
    (void)nt_query_rows(query, &count);
    for (uint32_t steps = 0; !nt_query_exact(query); steps++) {
        struct nt_error error = {0};
        if (nt_query_step(&done, query, samples, &error) != NT_OK) {
            fail_msg("%s", error.text);
        }
        assert_true(done <= count && steps < 10 * count);
    }
    assert_int_equal(done, count);
}

/* How many of a query's neighbours are the true ones; these must have the true distances, bit for bit. */
static uint32_t count_true(const nt_query *query, uint32_t centre, uint32_t exclude) {
    uint32_t found = 0;
    for (uint32_t l = 0; l < LAYERS; l++) {
        uint32_t index[K], truth[K];
        float distance[K], exact[K];
        assert_int_equal(nt_query_neighbors(index, distance, query, l), NT_OK);
        brute_force(truth, exact, centre, exclude, l);
        for (uint32_t i = 0; i < K; i++) {
            for (uint32_t j = 0; j < K; j++) {
                found += index[i] == truth[j];
                assert_true(!nt_query_exact(query) || index[i] != truth[j] || distance[i] == exact[j]);
            }
        }
    }
    return found;
}

static nt_query *ask(const nt_place *place, const uint8_t *image, uint32_t exclude) {
    nt_query *query;
    struct nt_error error = {0};
    if (nt_query_create_image(&query, world.bundle, place, image, exclude, world.layer, LAYERS, K, &error) != NT_OK) {
        fail_msg("%s", error.text);
    }
    return query;
}

/* ---- The tests. ---- */

static void logits_and_probabilities_are_those_of_the_network(void **state) {
    (void)state;
    for (uint32_t i = 0; i < OUTSIDE; i++) {
        float logit[CLASSES], probability[CLASSES];
        double sum = 0, total = 0;
        assert_int_equal(nt_place_logits(logit, probability, world.bundle, outside(i), NULL), NT_OK);
        assert_memory_equal(logit, world.activation[LAYERS - 1] + (SAMPLES + i) * CLASSES, sizeof logit);
        for (int c = 0; c < CLASSES; c++) {
            sum += exp((double)logit[c]);
        }
        for (int c = 0; c < CLASSES; c++) {
            assert_true(fabs(exp((double)logit[c]) / sum - (double)probability[c]) < 1e-6);
            total += (double)probability[c];
        }
        assert_true(fabs(total - 1) < 1e-6);
        assert_int_equal(nt_place_logits(logit, NULL, world.bundle, outside(i), NULL), NT_OK);
    }
}

static void all_samples_are_ranked_as_brute_force_does_at_every_layer(void **state) {
    (void)state;
    for (uint32_t i = 0; i < OUTSIDE; i++) {
        nt_query *query = ask(NULL, outside(i), NT_QUERY_NOBODY);
        finish(query, 50);
        for (uint32_t l = 0; l < LAYERS; l++) {
            uint32_t index[K], truth[K];
            float distance[K], exact[K];
            assert_int_equal(nt_query_neighbors(index, distance, query, l), NT_OK);
            brute_force(truth, exact, SAMPLES + i, NT_QUERY_NOBODY, l);
            assert_memory_equal(index, truth, sizeof truth);
            assert_memory_equal(distance, exact, sizeof exact);
        }
        nt_query_free(query);
    }
}

static void a_prepared_place_finds_the_neighbours_of_new_images_on_codes(void **state) {
    (void)state;
    uint32_t on_codes = 0, ranked = 0, promising = 0, asked = OUTSIDE * LAYERS * K;
    for (uint32_t i = 0; i < OUTSIDE; i++) {
        nt_query *query = ask(world.place, outside(i), NT_QUERY_NOBODY);
        on_codes += count_true(query, SAMPLES + i, NT_QUERY_NOBODY);
        finish(query, 50);
        ranked += count_true(query, SAMPLES + i, NT_QUERY_NOBODY);
        nt_query_free(query);
        query = ask(world.place, outside(i), NT_QUERY_NOBODY);
        assert_int_equal(nt_query_set_effort(query, NT_QUERY_PROMISING, NULL), NT_OK);
        finish(query, 7);
        promising += count_true(query, SAMPLES + i, NT_QUERY_NOBODY);
        nt_query_free(query);
    }
    assert_true(on_codes > 0.7 * asked);
    assert_true(ranked > 0.999 * asked);
    assert_true(promising > 0.995 * asked);
}

static void distances_on_codes_are_close_to_the_exact_ones(void **state) {
    (void)state;
    for (uint32_t i = 0; i < OUTSIDE; i++) {
        nt_query *query = ask(world.place, outside(i), NT_QUERY_NOBODY);
        for (uint32_t l = 0; l < LAYERS; l++) {
            uint32_t index[K];
            float distance[K];
            double coded = 0, exact = 0;
            size_t size = nt_net_layer(world.net, l)->size;
            const float *x = world.activation[l];
            assert_int_equal(nt_query_neighbors(index, distance, query, l), NT_OK);
            for (uint32_t j = 0; j < K; j++) {
                coded += (double)distance[j];
                exact += sqrt((double)nt_distance_squared(x + (SAMPLES + i) * size, x + index[j] * size, size));
            }
            assert_true(coded > 0.7 * exact && coded < 1.3 * exact);
        }
        nt_query_free(query);
    }
}

static void an_image_of_the_bundle_is_its_own_nearest_neighbour(void **state) {
    (void)state;
    const nt_place *const places[] = {world.place, NULL};
    for (int p = 0; p < 2; p++) {
        nt_query *query = ask(places[p], world.image + SELF * PIXELS, NT_QUERY_NOBODY);
        finish(query, 50);
        for (uint32_t l = 0; l < LAYERS; l++) {
            uint32_t index[K];
            float distance[K];
            assert_int_equal(nt_query_neighbors(index, distance, query, l), NT_OK);
            assert_int_equal(index[0], SELF);
            assert_true(distance[0] == 0);
        }
        nt_query_free(query);
    }
}

static void an_image_of_the_bundle_that_is_left_out_has_the_samples_own_neighbours_and_trace(void **state) {
    (void)state;
    nt_query *image = ask(world.place, world.image + SELF * PIXELS, SELF), *sample;
    assert_int_equal(nt_query_create(&sample, world.bundle, SELF, world.layer, LAYERS, K, NULL), NT_OK);
    assert_int_equal(nt_query_set_effort(image, NT_QUERY_ALL, NULL), NT_OK);
    assert_int_equal(nt_query_set_effort(sample, NT_QUERY_ALL, NULL), NT_OK);
    finish(image, 50);
    finish(sample, 33);
    for (uint32_t l = 0; l < LAYERS; l++) {
        uint32_t index[2][K];
        float distance[2][K];
        assert_int_equal(nt_query_neighbors(index[0], distance[0], image, l), NT_OK);
        assert_int_equal(nt_query_neighbors(index[1], distance[1], sample, l), NT_OK);
        assert_memory_equal(index[0], index[1], sizeof index[0]);
        assert_memory_equal(distance[0], distance[1], sizeof distance[0]);
    }
    struct nt_trace a, b;
    assert_int_equal(nt_query_trace(&a, image, NULL), NT_OK);
    assert_int_equal(nt_query_trace(&b, sample, NULL), NT_OK);
    assert_true(a.sample == NT_QUERY_NOBODY && b.sample == SELF);
    assert_int_equal(a.points_count, b.points_count);
    assert_memory_equal(a.points, b.points, a.points_count * sizeof *a.points);
    assert_memory_equal(a.sectors, b.sectors, a.sectors_count * sizeof *a.sectors);
    nt_trace_clear(&a, memory());
    nt_trace_clear(&b, memory());
    nt_query_free(image);
    nt_query_free(sample);
}

static void promising_samples_hold_the_neighbourhoods_at_all_layers(void **state) {
    (void)state;
    uint32_t found = 0, asked = 0;
    for (uint32_t sample = 0; sample < SAMPLES; sample += 31, asked += LAYERS * K) {
        nt_query *query;
        assert_int_equal(nt_query_create(&query, world.bundle, sample, world.layer, LAYERS, K, NULL), NT_OK);
        assert_int_equal(nt_query_set_effort(query, NT_QUERY_PROMISING, NULL), NT_OK);
        finish(query, 28);
        found += count_true(query, sample, sample);
        nt_query_free(query);
    }
    assert_true(found > 0.998 * asked);
}

static void answers_do_not_depend_on_the_size_of_steps(void **state) {
    (void)state;
    nt_place *place = prepared(world.bundle, 1000);
    uint32_t index[2][K];
    float distance[2][K];
    for (uint32_t l = 0; l < LAYERS; l++) {
        nt_query *query[2] = {ask(world.place, outside(1), NT_QUERY_NOBODY), ask(place, outside(1), NT_QUERY_NOBODY)};
        for (uint32_t i = 0; i < 2; i++) {
            assert_int_equal(nt_query_neighbors(index[i], distance[i], query[i], l), NT_OK);
        }
        assert_memory_equal(distance[0], distance[1], sizeof distance[0]);
        for (uint32_t i = 0; i < 2; i++) {
            assert_int_equal(nt_query_set_effort(query[i], NT_QUERY_PROMISING, NULL), NT_OK);
            finish(query[i], i == 0 ? 3 : 1000);
            assert_int_equal(nt_query_neighbors(index[i], distance[i], query[i], l), NT_OK);
            nt_query_free(query[i]);
        }
        assert_memory_equal(index[0], index[1], sizeof index[0]);
        assert_memory_equal(distance[0], distance[1], sizeof distance[0]);
    }
    nt_place_free(place);
}

static void overlaps_count_the_neighbours_shared_with_the_reference(void **state) {
    (void)state;
    nt_query *query = ask(world.place, outside(0), NT_QUERY_NOBODY);
    for (int exact = 0; exact < 2; exact++) {
        uint32_t overlap[LAYERS];
        assert_int_equal(nt_query_overlap(overlap, query, 2, NULL), NT_OK);
        for (uint32_t l = 0; l < LAYERS; l++) {
            uint32_t here[K], there[K], shared = 0;
            float distance[K];
            assert_int_equal(nt_query_neighbors(here, distance, query, l), NT_OK);
            assert_int_equal(nt_query_neighbors(there, distance, query, 2), NT_OK);
            for (uint32_t i = 0; i < K * K; i++) {
                shared += here[i / K] == there[i % K];
            }
            assert_int_equal(overlap[l], shared);
        }
        assert_int_equal(overlap[2], K);
        if (!exact) {
            finish(query, 100);
        }
    }
    assert_int_equal(nt_query_overlap(NULL, query, LAYERS, NULL), NT_E_ARG);
    nt_query_free(query);
}

static void questions_that_cannot_be_answered_are_refused_in_words(void **state) {
    (void)state;
    struct nt_error error = {0};
    nt_query *query;
    nt_place *place;
    struct nt_trace trace;
    uint32_t beyond = LAYERS, index[K], done, overlap[LAYERS];
    float distance[K];
    nt_bundle *b = world.bundle;
    const uint8_t *image = outside(0);
    assert_int_equal(nt_query_create_image(&query, b, NULL, image, SAMPLES, world.layer, 1, K, &error), NT_E_ARG);
    assert_non_null(strstr(error.text, "sample 700: expected 0 to 699"));
    assert_int_equal(
        nt_query_create_image(&query, b, NULL, image, NT_QUERY_NOBODY, world.layer, 1, SAMPLES + 1, &error), NT_E_ARG);
    assert_non_null(strstr(error.text, "expected 1 to 700"));
    assert_int_equal(nt_query_create_image(&query, b, NULL, image, SELF, world.layer, 1, SAMPLES, &error), NT_E_ARG);
    assert_int_equal(nt_query_create_image(&query, b, NULL, image, SELF, &beyond, 1, K, &error), NT_E_ARG);
    assert_int_equal(nt_query_create_image(&query, b, NULL, image, SELF, world.layer, 0, K, &error), NT_E_ARG);
    assert_int_equal(nt_query_create(&query, b, NT_QUERY_NOBODY, world.layer, 1, K, &error), NT_E_ARG);
    assert_null(query);
    assert_int_equal(nt_place_create(&place, b, &beyond, 1, &error), NT_E_ARG);
    assert_int_equal(nt_place_create(&place, b, world.layer, 1, &error), NT_OK);
    assert_int_equal(nt_query_create_image(&query, b, place, image, SELF, world.layer, 1, K, &error), NT_E_ARG);
    assert_non_null(strstr(error.text, "not prepared"));
    assert_int_equal(nt_place_step(&done, place, UINT32_MAX, &error), NT_OK);
    assert_int_equal(nt_query_create_image(&query, b, place, image, SELF, world.layer, 1, K, &error), NT_OK);
    nt_query_free(query);
    assert_int_equal(nt_query_create_image(&query, b, place, image, SELF, world.layer, 2, K, &error), NT_E_ARG);
    nt_place_free(place);

    query = ask(NULL, image, NT_QUERY_NOBODY);
    assert_int_equal(nt_query_neighbors(index, distance, query, 0), NT_E_MISSING);
    assert_int_equal(nt_query_overlap(overlap, query, 0, &error), NT_E_MISSING);
    assert_int_equal(nt_query_trace(&trace, query, &error), NT_E_MISSING);
    assert_int_equal(nt_query_set_effort(query, NT_QUERY_PROMISING, &error), NT_E_ARG);
    assert_int_equal(nt_query_step(&done, query, 1, &error), NT_OK);
    assert_int_equal(nt_query_set_effort(query, NT_QUERY_ALL, &error), NT_E_ARG);
    nt_query_free(query);
    query = ask(world.place, image, NT_QUERY_NOBODY);
    assert_int_equal(nt_query_set_effort(query, NT_QUERY_PROMISING, &error), NT_OK);
    assert_int_equal(nt_query_trace(&trace, query, &error), NT_E_ARG);
    nt_query_free(query);
}

static void what_is_not_loaded_yet_is_named_and_can_be_loaded_later(void **state) {
    (void)state;
    nt_bundle *bundle = open_world(memory());
    struct nt_error error = {0};
    float logit[CLASSES];
    nt_place *place;
    nt_query *query;
    uint32_t done, rows;
    assert_int_equal(nt_place_logits(logit, NULL, bundle, outside(0), &error), NT_E_MISSING);
    assert_int_equal(nt_place_create(&place, bundle, world.layer, LAYERS, &error), NT_E_MISSING);
    assert_non_null(strstr(error.text, "codes of layer 0"));
    load(bundle, NT_ROLE_CODES);
    assert_int_equal(nt_place_create(&place, bundle, world.layer, LAYERS, &error), NT_E_MISSING);
    assert_non_null(strstr(error.text, "weights"));
    assert_null(place);
    load(bundle, NT_ROLE_WEIGHTS);
    assert_int_equal(nt_place_create(&place, bundle, world.layer, LAYERS, &error), NT_OK);
    assert_non_null(nt_place_rows(place, &rows));
    assert_int_equal(rows, SAMPLES);
    assert_int_equal(nt_place_step(&done, place, 5, &error), NT_E_MISSING);
    assert_int_equal(done, 0);
    assert_non_null(strstr(error.text, "image of sample 0"));
    load(bundle, NT_ROLE_IMAGES);
    assert_int_equal(nt_place_step(&done, place, 5, &error), NT_OK);
    assert_int_equal(done, 5);
    nt_place_free(place);
    assert_int_equal(nt_query_create_image(&query, bundle, NULL, outside(0), SELF, world.layer, 1, K, &error), NT_OK);
    nt_query_free(query);
    nt_bundle_close(bundle);
}

/* ---- Memory that runs out at any point, and is given back. ---- */

struct meter {
    int held, left; /* blocks out, and how many more are given; negative: any number */
};

static void *metered_allocate(void *context, size_t bytes) {
    struct meter *meter = context;
    if (meter->left == 0) {
        return NULL;
    }
    meter->left -= meter->left > 0;
    meter->held++;
    return memory()->allocate(memory()->context, bytes);
}

static void metered_release(void *context, void *pointer) {
    struct meter *meter = context;
    meter->held -= pointer != NULL;
    memory()->release(memory()->context, pointer);
}

/* A whole run; whatever fails, all is given back. */
static enum nt_status run(nt_bundle *bundle, const struct nt_allocator *allocator) {
    nt_place *place = NULL;
    nt_query *query = NULL;
    struct nt_trace trace = {0};
    uint32_t done, overlap[LAYERS];
    enum nt_status status = nt_place_create(&place, bundle, world.layer, LAYERS, NULL);
    if (status == NT_OK) {
        status = nt_place_step(&done, place, UINT32_MAX, NULL);
    }
    if (status == NT_OK) {
        status =
            nt_query_create_image(&query, bundle, place, outside(2), NT_QUERY_NOBODY, world.layer, LAYERS, K, NULL);
    }
    if (status == NT_OK) {
        status = nt_query_step(&done, query, UINT32_MAX, NULL);
    }
    if (status == NT_OK) {
        status = nt_query_overlap(overlap, query, 0, NULL);
    }
    if (status == NT_OK) {
        status = nt_query_trace(&trace, query, NULL);
    }
    nt_trace_clear(&trace, allocator);
    nt_query_free(query);
    nt_place_free(place);
    return status;
}

static void want_of_memory_at_any_point_is_a_status_and_leaks_nothing(void **state) {
    (void)state;
    struct meter meter = {0, -1};
    struct nt_allocator allocator = {metered_allocate, metered_release, &meter};
    nt_bundle *bundle = open_world(&allocator);
    load(bundle, NT_ROLE_SAMPLES);
    load(bundle, NT_ROLE_CODES);
    load(bundle, NT_ROLE_IMAGES);
    load(bundle, NT_ROLE_WEIGHTS);
    int before = meter.held, failed = 0;
    for (int left = 0;; left += left < 60 ? 1 : 37) {
        meter.left = left;
        enum nt_status status = run(bundle, &allocator);
        assert_int_equal(meter.held, before);
        if (status == NT_OK) {
            break;
        }
        assert_int_equal(status, NT_E_MEMORY);
        failed++;
    }
    assert_true(failed > 60);
    meter.left = -1;
    nt_bundle_close(bundle);
    assert_int_equal(meter.held, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logits_and_probabilities_are_those_of_the_network),
        cmocka_unit_test(all_samples_are_ranked_as_brute_force_does_at_every_layer),
        cmocka_unit_test(a_prepared_place_finds_the_neighbours_of_new_images_on_codes),
        cmocka_unit_test(distances_on_codes_are_close_to_the_exact_ones),
        cmocka_unit_test(an_image_of_the_bundle_is_its_own_nearest_neighbour),
        cmocka_unit_test(an_image_of_the_bundle_that_is_left_out_has_the_samples_own_neighbours_and_trace),
        cmocka_unit_test(promising_samples_hold_the_neighbourhoods_at_all_layers),
        cmocka_unit_test(answers_do_not_depend_on_the_size_of_steps),
        cmocka_unit_test(overlaps_count_the_neighbours_shared_with_the_reference),
        cmocka_unit_test(questions_that_cannot_be_answered_are_refused_in_words),
        cmocka_unit_test(what_is_not_loaded_yet_is_named_and_can_be_loaded_later),
        cmocka_unit_test(want_of_memory_at_any_point_is_a_status_and_leaks_nothing),
    };
    return cmocka_run_group_tests_name("place", tests, make_world, remove_world);
}
