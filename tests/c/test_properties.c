/* What must hold of any data, on what the engine makes of a packed bundle. */
#include "bundle_world.h"

#include <math.h>

#include "ntrace/distances.h"
#include "ntrace/graph.h"
#include "ntrace/measures.h"
#include "ntrace/overlap.h"

enum { MOST = 100 };

static nt_bundle *open_all(void) {
    nt_bundle *bundle = open_world();
    load(bundle, NT_ROLE_SAMPLES, 0, NULL, 0);
    load(bundle, NT_ROLE_WEIGHTS, 0, NULL, 0);
    load(bundle, NT_ROLE_IMAGES, 0, NULL, 0);
    for (uint32_t l = 0; l < LAYERS; l++) {
        load(bundle, NT_ROLE_CODES, l, NULL, 0);
    }
    return bundle;
}

static nt_graph *finish_search(nt_graph_search *search) {
    for (double done = 0; done < 1;) {
        assert_int_equal(nt_graph_search_step(&done, search, NULL), NT_OK);
    }
    nt_graph *graph = nt_graph_search_take(search);
    nt_graph_search_free(search);
    return graph;
}

static nt_graph *graph_of(const nt_bundle *bundle, uint32_t layer, uint32_t k) {
    nt_graph_search *search;
    assert_int_equal(nt_bundle_graph_search(&search, bundle, layer, k, 4 << 20, NULL), NT_OK);
    return finish_search(search);
}

/* ---- Order of samples. ---- */

struct shuffled {
    const uint32_t *original; /* [SAMPLES] by new number */
    uint32_t layer;
};

static enum nt_status read_shuffled(void *context, float *out, const uint32_t *sample, uint32_t count,
                                    struct nt_error *error) {
    const struct shuffled *s = context;
    size_t size = nt_net_layer(world.net, s->layer)->size;
    (void)error;
    for (uint32_t i = 0; i < count; i++) {
        memcpy(out + i * size, world.activation[s->layer] + s->original[sample[i]] * size, size * sizeof *out);
    }
    return NT_OK;
}

static float exact_square(uint32_t layer, uint32_t a, uint32_t b) {
    size_t size = nt_net_layer(world.net, layer)->size;
    return nt_distance_squared(world.activation[layer] + a * size, world.activation[layer] + b * size, size);
}

/* Neighbours one by one; where they differ they are equally far. */
static void neighbourhoods_do_not_depend_on_the_order_of_samples(void **state) {
    (void)state;
    uint32_t original[SAMPLES], number[SAMPLES], here[MOST], there[MOST], same = 0, asked = 0;
    struct nt_random random;
    nt_random_seed(&random, 11, 1);
    for (uint32_t i = 0; i < SAMPLES; i++) {
        original[i] = i;
    }
    nt_random_shuffle(original, SAMPLES, &random);
    for (uint32_t i = 0; i < SAMPLES; i++) {
        number[original[i]] = i;
    }
    nt_bundle *bundle = open_all();
    for (uint32_t l = 0; l < LAYERS; l++) {
        struct shuffled context = {original, l};
        struct nt_rows rows = {SAMPLES, nt_net_layer(world.net, l)->shape, read_shuffled, NULL, &context};
        nt_graph_search *search;
        assert_int_equal(nt_graph_search_create(&search, &rows, MOST, 4 << 20, memory(), NULL), NT_OK);
        nt_graph *shuffled = finish_search(search), *plain = graph_of(bundle, l, MOST);
        for (uint32_t i = 0; i < SAMPLES; i++) {
            nt_graph_get(here, NULL, plain, i, MOST);
            nt_graph_get(there, NULL, shuffled, number[i], MOST);
            for (uint32_t d = 0; d < MOST; d++, asked++) {
                uint32_t other = original[there[d]];
                same += other == here[d];
                assert_true(other == here[d] || exact_square(l, i, other) == exact_square(l, i, here[d]));
            }
        }
        nt_graph_free(shuffled);
        nt_graph_free(plain);
    }
    nt_bundle_close(bundle);
    assert_true(same > 0.99 * asked);
}

/* ---- Nesting. ---- */

static void neighbours_of(uint32_t *index, nt_bundle *bundle, uint32_t sample, uint32_t layer, uint32_t k, bool exact) {
    nt_query *query;
    float distance[MOST + 1];
    assert_int_equal(nt_query_create(&query, bundle, sample, &layer, 1, k, NULL), NT_OK);
    for (uint32_t done; exact && !nt_query_exact(query);) {
        assert_int_equal(nt_query_step(&done, query, 64, NULL), NT_OK);
    }
    assert_int_equal(nt_query_neighbors(index, distance, query, 0), NT_OK);
    for (uint32_t d = 1; d < k; d++) {
        assert_true(distance[d] >= distance[d - 1]);
        assert_true(distance[d] > distance[d - 1] || index[d] > index[d - 1]);
    }
    nt_query_free(query);
}

static void the_k_nearest_are_the_beginning_of_the_k_plus_1_nearest(void **state) {
    (void)state;
    nt_bundle *bundle = open_all();
    uint32_t less[MOST + 1], more[MOST + 1];
    for (uint32_t l = 0; l < LAYERS; l++) {
        nt_graph *graph = graph_of(bundle, l, MOST), *wider = graph_of(bundle, l, MOST + 1);
        for (uint32_t sample = l; sample < SAMPLES; sample += 41) {
            for (int exact = 0; exact < 2; exact++) {
                for (uint32_t k = 1 + sample % 7; k < MOST; k += 23) {
                    neighbours_of(less, bundle, sample, l, k, exact);
                    neighbours_of(more, bundle, sample, l, k + 1, exact);
                    assert_memory_equal(less, more, k * sizeof *less);
                }
            }
        }
        for (uint32_t sample = 0; sample < SAMPLES; sample++) {
            nt_graph_get(less, NULL, graph, sample, MOST);
            nt_graph_get(more, NULL, wider, sample, MOST + 1);
            assert_memory_equal(less, more, MOST * sizeof *less);
            for (uint32_t d = 0; d <= MOST; d++) {
                assert_int_not_equal(more[d], sample);
            }
        }
        nt_graph_free(graph);
        nt_graph_free(wider);
    }
    nt_bundle_close(bundle);
}

/* ---- Symmetry. ---- */

static void check_symmetry(const struct nt_overlap_request *request) {
    static uint16_t curve[LAYERS][SAMPLES * LAYERS];
    uint64_t sum[LAYERS * LAYERS] = {0};
    for (uint32_t r = 0; r < LAYERS; r++) {
        struct nt_overlap_request with = *request;
        with.reference = r;
        assert_int_equal(nt_overlap(curve[r], r == 0 ? sum : NULL, &with, NULL), NT_OK);
    }
    for (uint32_t a = 0; a < LAYERS; a++) {
        for (uint32_t b = 0; b < LAYERS; b++) {
            uint64_t total = 0;
            for (uint32_t i = 0; i < request->count; i++) {
                assert_int_equal(curve[a][i * LAYERS + b], curve[b][i * LAYERS + a]);
                assert_true(curve[a][i * LAYERS + b] <= request->k);
                assert_true(a != b || curve[a][i * LAYERS + b] == request->k);
                total += curve[a][i * LAYERS + b];
            }
            assert_true(sum[a * LAYERS + b] == total && sum[b * LAYERS + a] == total);
        }
    }
}

static void overlap_is_symmetric_and_whole_with_itself(void **state) {
    (void)state;
    nt_bundle *bundle = open_all();
    nt_graph *graph[LAYERS];
    uint32_t layer[LAYERS], sample[SAMPLES];
    for (uint32_t l = 0; l < LAYERS; l++) {
        layer[l] = l;
        graph[l] = graph_of(bundle, l, MOST);
    }
    for (uint32_t i = 0; i < SAMPLES; i++) {
        sample[i] = SAMPLES - 1 - i;
    }
    struct nt_overlap_request request = {
        .bundle = bundle, .layer = layer, .sample = sample, .layers = LAYERS, .k = 30, .count = 40};
    check_symmetry(&request); /* on codes */
    request.graph = (const nt_graph *const *)graph;
    request.count = SAMPLES;
    check_symmetry(&request);
    request.k = MOST;
    check_symmetry(&request);
    for (uint32_t l = 0; l < LAYERS; l++) {
        nt_graph_free(graph[l]);
    }
    nt_bundle_close(bundle);
}

/* Rank-biased overlap, Jaccard and the like, both ways round. */
static void measures_of_agreement_are_symmetric(void **state) {
    (void)state;
    nt_bundle *bundle = open_all();
    static float value[2][4][SAMPLES];
    uint32_t *scratch = malloc((SAMPLES + 3 * MOST) * sizeof *scratch);
    nt_graph *a = graph_of(bundle, 0, MOST), *b = graph_of(bundle, LAYERS - 1, MOST);
    for (int way = 0; way < 2; way++) {
        struct nt_agreement out = {value[way][0], value[way][1], value[way][2], value[way][3]};
        const nt_graph *from = way == 0 ? a : b, *to = way == 0 ? b : a;
        assert_int_equal(nt_measure_agreement(&out, from, to, NULL, SAMPLES, MOST, 0.9, scratch), NT_OK);
    }
    assert_memory_equal(value[0], value[1], sizeof value[0]);
    free(scratch);
    nt_graph_free(a);
    nt_graph_free(b);
    nt_bundle_close(bundle);
}

/* ---- Contraction. ---- */

/* Both are 1-Lipschitz in every coordinate or window; what is allowed beyond is the rounding of two sums. */
static void relu_and_pooling_never_increase_a_distance(void **state) {
    (void)state;
    nt_bundle *bundle = open_all();
    uint32_t layer[LAYERS], done, contracted = 0;
    for (uint32_t l = 0; l < LAYERS; l++) {
        layer[l] = l;
    }
    for (uint32_t sample = 0; sample < SAMPLES; sample += 13) {
        nt_distances *distances;
        assert_int_equal(nt_distances_create(&distances, bundle, sample, layer, LAYERS, NULL), NT_OK);
        assert_int_equal(nt_distances_step(&done, distances, SAMPLES, NULL), NT_OK);
        assert_int_equal(done, SAMPLES);
        for (uint32_t l = 1; l < LAYERS; l++) {
            enum nt_layer_kind kind = nt_net_layer(world.net, l)->kind;
            const float *before = nt_distances_at(distances, l - 1), *after = nt_distances_at(distances, l);
            for (uint32_t i = 0; i < SAMPLES; i++) {
                if (kind == NT_LAYER_RELU || kind == NT_LAYER_MAXPOOL2D) {
                    assert_true(after[i] <= before[i] * (1 + 1e-6f));
                    contracted += after[i] < before[i];
                } else if (kind == NT_LAYER_FLATTEN) {
                    assert_true(fabsf(after[i] - before[i]) <= 1e-6f * before[i]);
                }
            }
        }
        nt_distances_free(distances);
    }
    nt_bundle_close(bundle);
    assert_true(contracted > 1000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(neighbourhoods_do_not_depend_on_the_order_of_samples),
        cmocka_unit_test(the_k_nearest_are_the_beginning_of_the_k_plus_1_nearest),
        cmocka_unit_test(overlap_is_symmetric_and_whole_with_itself),
        cmocka_unit_test(measures_of_agreement_are_symmetric),
        cmocka_unit_test(relu_and_pooling_never_increase_a_distance),
    };
    return cmocka_run_group_tests_name("properties", tests, make_world, remove_world);
}
