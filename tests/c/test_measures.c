/* Neighbourhood measures against scikit-learn, SciPy and plain NumPy: tests/reference/measures.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "measures_world.h"
#include "ntrace/measures.h"

enum { CALIBRATION = 10 };

static uint32_t scratch[8 * N];

static void agree(float out[4][N], const nt_graph *a, const nt_graph *b, const uint32_t *sample, uint32_t count,
                  uint32_t k, double p) {
    struct nt_agreement to = {out[0], out[1], out[2], out[3]};
    assert_int_equal(nt_measure_agreement(&to, a, b, sample, count, k, p, scratch), NT_OK);
}

static void overlap_lcmc_jaccard_and_rank_biased_overlap_equal_their_definitions(void **state) {
    const struct world *w = *state;
    float out[4][N];
    agree(out, w->graph[0], w->graph[2], NULL, N, K, world_number(w, "p"));
    assert_near(out[0], w, "overlap", N);
    assert_near(out[1], w, "lcmc", N);
    assert_near(out[2], w, "jaccard", N);
    assert_near(out[3], w, "rbo", N);
}

static void agreement_is_symmetric_and_whole_with_itself(void **state) {
    const struct world *w = *state;
    float forth[4][N], back[4][N], same[4][N];
    for (uint32_t k = 1; k < N; k += 11) {
        agree(forth, w->graph[0], w->graph[1], NULL, N, k, 0.95);
        agree(back, w->graph[1], w->graph[0], NULL, N, k, 0.95);
        assert_memory_equal(forth, back, sizeof forth);
        agree(same, w->graph[1], w->graph[1], NULL, N, k, 0.95);
        for (int i = 0; i < N; i++) {
            assert_float_equal(same[0][i], (float)k, 0);
            assert_float_equal(same[2][i], 1, 0);
            assert_float_equal(same[3][i], 1, 1e-6);
            assert_true(forth[0][i] <= (float)k && forth[2][i] >= 0 && forth[2][i] <= 1);
            assert_true(forth[3][i] >= 0 && forth[3][i] <= 1.000001f);
        }
    }
}

static void overlap_grows_with_k_by_at_most_two_and_ends_whole(void **state) {
    const struct world *w = *state;
    float before[4][N], after[4][N];
    agree(before, w->graph[0], w->graph[2], NULL, N, 1, 0.9);
    for (uint32_t k = 2; k < N; k++) {
        agree(after, w->graph[0], w->graph[2], NULL, N, k, 0.9);
        for (int i = 0; i < N; i++) {
            float growth = after[0][i] - before[0][i];
            assert_true(growth >= 0 && growth <= 2);
        }
        memcpy(before, after, sizeof before);
    }
    assert_close(nt_measure_mean(before[0], N), N - 1, 0);
    assert_close(nt_measure_mean(before[1], N), 0, 1e-6);
}

static void a_measure_of_some_samples_is_that_of_all_in_their_order(void **state) {
    const struct world *w = *state;
    const uint32_t some[4] = {41, 3, 59, 3};
    float all[4][N], few[4][N], purity[N], some_purity[4];
    agree(all, w->graph[0], w->graph[2], NULL, N, K, 0.9);
    agree(few, w->graph[0], w->graph[2], some, 4, K, 0.9);
    assert_int_equal(nt_measure_purity(purity, w->graph[1], w->label, NULL, N, K, scratch), NT_OK);
    assert_int_equal(nt_measure_purity(some_purity, w->graph[1], w->label, some, 4, K, scratch), NT_OK);
    for (int i = 0; i < 4; i++) {
        for (int m = 0; m < 4; m++) {
            assert_float_equal(few[m][i], all[m][some[i]], 0);
        }
        assert_float_equal(some_purity[i], purity[some[i]], 0);
    }
}

static void measures_move_with_the_samples_when_these_are_reordered(void **state) {
    const struct world *w = *state;
    uint32_t place[N];
    float x[2][N * D], before[4][N], after[4][N], purity[N], moved_purity[N];
    uint16_t label[N];
    struct nt_random random;
    nt_random_seed(&random, 3, 1);
    for (uint32_t i = 0; i < N; i++) {
        place[i] = i;
    }
    nt_random_shuffle(place, N, &random);
    for (uint32_t i = 0; i < N; i++) {
        for (int l = 0; l < 2; l++) {
            memcpy(x[l] + place[i] * D, w->x[l] + i * D, D * sizeof(float));
        }
        label[place[i]] = w->label[i];
    }
    nt_graph *a = brute_force(x[0], N, D, K), *b = brute_force(x[1], N, D, K);
    agree(before, w->graph[0], w->graph[1], NULL, N, K, 0.9);
    agree(after, a, b, NULL, N, K, 0.9);
    assert_int_equal(nt_measure_purity(purity, w->graph[1], w->label, NULL, N, K, scratch), NT_OK);
    assert_int_equal(nt_measure_purity(moved_purity, b, label, NULL, N, K, scratch), NT_OK);
    for (int i = 0; i < N; i++) {
        for (int m = 0; m < 4; m++) {
            assert_float_equal(after[m][place[i]], before[m][i], 0);
        }
        assert_float_equal(moved_purity[place[i]], purity[i], 0);
    }
    nt_graph_free(a);
    nt_graph_free(b);
}

static void purity_and_majority_count_the_labels_of_neighbours(void **state) {
    const struct world *w = *state;
    float purity[N], share[N];
    uint16_t majority[N], counts[N * C] = {0};
    double expected[N];
    assert_int_equal(nt_measure_purity(purity, w->graph[2], w->label, NULL, N, K, scratch), NT_OK);
    assert_near(purity, w, "purity", N);
    assert_int_equal(nt_measure_purity(purity, w->graph[2], w->prediction, NULL, N, K, scratch), NT_OK);
    assert_near(purity, w, "purity_prediction", N);
    assert_int_equal(nt_measure_majority(majority, share, w->graph[2], w->label, NULL, N, K, C, scratch), NT_OK);
    assert_int_equal(nt_measure_labels(counts, w->graph[2], w->label, NULL, N, K, C, scratch), NT_OK);
    world_numbers(expected, w, "majority", N);
    for (int i = 0; i < N; i++) {
        assert_int_equal(majority[i], expected[i]);
        assert_float_equal(share[i] * K, counts[i * C + majority[i]], 1e-5);
        assert_int_equal(counts[i * C] + counts[i * C + 1] + counts[i * C + 2] + counts[i * C + 3], K);
    }
}

static void credibility_equals_deep_k_nearest_neighbours(void **state) {
    const struct world *w = *state;
    uint16_t counts[N * C] = {0}, prediction[N];
    double expected[N];
    uint32_t calibration[CALIBRATION];
    float credibility[N], confidence[N];
    for (int l = 1; l < LAYERS; l++) {
        assert_int_equal(nt_measure_labels(counts, w->graph[l], w->label, NULL, N, K, C, scratch), NT_OK);
    }
    world_numbers(expected, w, "calibration", CALIBRATION);
    for (int i = 0; i < CALIBRATION; i++) {
        calibration[i] = (uint32_t)expected[i];
    }
    struct nt_conformity in = {counts, w->label, calibration, N, C, CALIBRATION, 2 * K};
    assert_int_equal(nt_measure_credibility(credibility, confidence, prediction, &in, NULL, N, scratch), NT_OK);
    assert_near(credibility, w, "credibility", N);
    assert_near(confidence, w, "confidence", N);
    world_numbers(expected, w, "credibility_prediction", N);
    for (int i = 0; i < N; i++) {
        assert_int_equal(prediction[i], expected[i]);
    }
    in.calibration_count = 1;
    assert_int_equal(nt_measure_credibility(credibility, NULL, NULL, &in, NULL, N, scratch), NT_E_ARG);
}

static void a_calibration_set_is_drawn_without_repeats_and_evenly(void **state) {
    (void)state;
    struct nt_random random;
    uint32_t drawn[10] = {0}, set[4];
    nt_random_seed(&random, 5, 0);
    for (int i = 0; i < 2000; i++) {
        nt_measure_calibration(set, 10, 4, &random);
        for (int j = 0; j < 4; j++) {
            assert_true(set[j] < 10 && (j == 0 || set[j] > set[j - 1]));
            drawn[set[j]]++;
        }
    }
    for (int i = 0; i < 10; i++) {
        assert_in_range(drawn[i], 700, 900);
    }
}

static void hubs_are_counted_and_their_skewness_is_that_of_scipy(void **state) {
    const struct world *w = *state;
    uint32_t occurrence[N] = {0}, in_parts[N] = {0}, rest[N];
    double expected[N];
    assert_int_equal(nt_measure_occurrences(occurrence, w->graph[2], NULL, N, K, scratch), NT_OK);
    world_numbers(expected, w, "occurrence", N);
    for (uint32_t i = 0; i < N; i++) {
        assert_int_equal(occurrence[i], expected[i]);
        rest[i] = i;
    }
    assert_int_equal(nt_measure_occurrences(in_parts, w->graph[2], rest + 20, N - 20, K, scratch), NT_OK);
    assert_int_equal(nt_measure_occurrences(in_parts, w->graph[2], rest, 20, K, scratch), NT_OK);
    assert_memory_equal(in_parts, occurrence, sizeof occurrence);
    assert_true(fabs(nt_measure_skewness(occurrence, N) - world_number(w, "skewness")) < 1e-9);
    const uint32_t equal[5] = {7, 7, 7, 7, 7};
    assert_close(nt_measure_skewness(equal, 5), 0, 0);
}

static void two_nn_gives_the_dimension_of_all_and_of_a_class(void **state) {
    const struct world *w = *state;
    uint8_t member[N];
    double dimension, room[N + 2 * N];
    uint32_t used;
    assert_true(nt_measure_dimension_bytes(w->graph[0]) <= sizeof room);
    assert_int_equal(nt_measure_dimension(&dimension, &used, w->graph[0], NULL, 0.1, room), NT_OK);
    assert_close(dimension, world_number(w, "dimension"), 1e-4); /* the graph keeps distances in 65,536 steps */
    assert_int_equal(used, world_number(w, "dimension_used"));
    for (int i = 0; i < N; i++) {
        member[i] = w->label[i] == 1;
    }
    assert_int_equal(nt_measure_dimension(&dimension, &used, w->graph[0], member, 0.1, room), NT_OK);
    assert_close(dimension, world_number(w, "dimension_class1"), 1e-3);
    assert_int_equal(used, world_number(w, "dimension_class1_used"));
    assert_int_equal(nt_measure_dimension(&dimension, &used, w->graph[0], NULL, 1, room), NT_E_ARG);
}

static void two_nn_tells_a_plane_from_a_line_among_coinciding_samples(void **state) {
    (void)state;
    enum { MANY = 2000 };
    struct nt_random random;
    nt_random_seed(&random, 11, 0);
    float *x = malloc(MANY * 3 * sizeof *x);
    double *room = malloc(4 * MANY * sizeof *room), dimension;
    assert_non_null(x);
    assert_non_null(room);
    for (int flat = 1; flat <= 2; flat++) {
        uint32_t used;
        for (int i = 0; i < MANY; i++) {
            float u = nt_random_uniform(&random), v = flat == 2 ? nt_random_uniform(&random) : 0;
            x[3 * i] = u;
            x[3 * i + 1] = v;
            x[3 * i + 2] = u - v;
        }
        memcpy(x, x + 30, 30 * sizeof *x); /* ten samples twice */
        nt_graph *graph = brute_force(x, MANY, 3, 5);
        assert_int_equal(nt_measure_dimension(&dimension, &used, graph, NULL, 0.1, room), NT_OK);
        assert_close(dimension, flat, 0.15 * flat);
        assert_int_equal(used, MANY - 20);
        nt_graph_free(graph);
    }
    for (int i = 0; i < 3 * MANY; i++) {
        x[i] = 1;
    }
    uint32_t used;
    nt_graph *point = brute_force(x, MANY, 3, 5);
    assert_int_equal(nt_measure_dimension(&dimension, &used, point, NULL, 0.1, room), NT_OK);
    assert_int_equal(used, 0);
    assert_close(dimension, 0, 0);
    nt_graph_free(point);
    free(x);
    free(room);
}

static void trustworthiness_and_continuity_equal_scikit_learn(void **state) {
    const struct world *w = *state;
    float trust[N], continuity[N];
    uint32_t key[N];
    for (uint32_t i = 0; i < N; i++) {
        nt_measure_keys(key, w->x[2], i, N, D);
        assert_int_equal(nt_measure_map(trust + i, continuity + i, key, NULL, w->map, i, N, K, scratch), NT_OK);
        assert_true(trust[i] <= 1 && continuity[i] <= 1);
    }
    assert_close(nt_measure_mean(trust, N), world_number(w, "trustworthiness"), 1e-6);
    assert_close(nt_measure_mean(continuity, N), world_number(w, "continuity"), 1e-6);
    assert_int_equal(nt_measure_map(trust, continuity, key, NULL, w->map, 0, N, N / 2, scratch), NT_E_ARG);
    assert_int_equal(nt_measure_map(trust, continuity, key, NULL, w->map, N, N, K, scratch), NT_E_ARG);
}

static void a_graph_corrects_the_first_ranks_of_crude_keys(void **state) {
    const struct world *w = *state;
    nt_graph *ten = brute_force(w->x[2], N, D, 10);
    uint32_t key[N], crude[N] = {0};
    float exact[2], found[2], without[2];
    double gap = 0, gap_without = 0;
    for (uint32_t i = 0; i < N; i++) {
        nt_measure_keys(key, w->x[2], i, N, D);
        for (uint32_t j = 0; j < N; j++) {
            crude[j] = key[j] >> 22;
        }
        (void)nt_measure_map(&exact[0], &exact[1], key, NULL, w->map, i, N, K, scratch);
        assert_int_equal(nt_measure_map(&found[0], &found[1], key, ten, w->map, i, N, K, scratch), NT_OK);
        assert_memory_equal(found, exact, sizeof exact); /* exact keys gain nothing from a graph */
        assert_int_equal(nt_measure_map(&found[0], &found[1], crude, ten, w->map, i, N, K, scratch), NT_OK);
        (void)nt_measure_map(&without[0], &without[1], crude, NULL, w->map, i, N, K, scratch);
        assert_float_equal(found[1], exact[1], 0); /* continuity asks the layer only for its k nearest */
        gap += fabs((double)(found[0] - exact[0]));
        gap_without += fabs((double)(without[0] - exact[0]));
    }
    assert_true(gap < gap_without);
    nt_graph_free(ten);
}

static void a_map_that_is_the_layer_itself_is_wholly_trusted(void **state) {
    const struct world *w = *state;
    for (uint32_t i = 0; i < N; i++) {
        uint32_t key[N];
        float trust, continuity;
        nt_measure_keys(key, w->map, i, N, 2);
        assert_int_equal(nt_measure_map(&trust, &continuity, key, NULL, w->map, i, N, 5, scratch), NT_OK);
        assert_float_equal(trust, 1, 0);
        assert_float_equal(continuity, 1, 0);
    }
}

static void what_is_out_of_range_is_refused(void **state) {
    const struct world *w = *state;
    const uint32_t beyond = N;
    float out[4][N];
    uint16_t labels[N];
    struct nt_agreement to = {out[0], NULL, NULL, NULL};
    nt_graph *other = brute_force(w->x[0], N - 1, D, K);
    const nt_graph *a = w->graph[0], *b = w->graph[1];
    assert_int_equal(nt_measure_agreement(&to, a, b, NULL, N, 0, 0.9, scratch), NT_E_ARG);
    assert_int_equal(nt_measure_agreement(&to, a, b, NULL, N, N, 0.9, scratch), NT_E_ARG);
    assert_int_equal(nt_measure_agreement(&to, a, b, NULL, N - 1, K, 0.9, scratch), NT_E_ARG);
    assert_int_equal(nt_measure_agreement(&to, a, b, &beyond, 1, K, 0.9, scratch), NT_E_ARG);
    assert_int_equal(nt_measure_agreement(&to, a, b, NULL, N, K, 1, scratch), NT_E_ARG);
    assert_int_equal(nt_measure_agreement(&to, a, other, &beyond, 0, K, 0.9, scratch), NT_E_ARG);
    assert_int_equal(nt_measure_purity(out[0], a, w->label, &beyond, 1, K, scratch), NT_E_ARG);
    assert_int_equal(nt_measure_majority(labels, NULL, a, w->label, NULL, N, N, C, scratch), NT_E_ARG);
    assert_int_equal(nt_measure_labels(labels, a, w->label, NULL, N, 0, C, scratch), NT_E_ARG);
    assert_int_equal(nt_measure_occurrences(scratch, a, &beyond, 1, K, scratch), NT_E_ARG);
    nt_graph_free(other);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(overlap_lcmc_jaccard_and_rank_biased_overlap_equal_their_definitions),
        cmocka_unit_test(agreement_is_symmetric_and_whole_with_itself),
        cmocka_unit_test(overlap_grows_with_k_by_at_most_two_and_ends_whole),
        cmocka_unit_test(a_measure_of_some_samples_is_that_of_all_in_their_order),
        cmocka_unit_test(measures_move_with_the_samples_when_these_are_reordered),
        cmocka_unit_test(purity_and_majority_count_the_labels_of_neighbours),
        cmocka_unit_test(credibility_equals_deep_k_nearest_neighbours),
        cmocka_unit_test(a_calibration_set_is_drawn_without_repeats_and_evenly),
        cmocka_unit_test(hubs_are_counted_and_their_skewness_is_that_of_scipy),
        cmocka_unit_test(two_nn_gives_the_dimension_of_all_and_of_a_class),
        cmocka_unit_test(two_nn_tells_a_plane_from_a_line_among_coinciding_samples),
        cmocka_unit_test(trustworthiness_and_continuity_equal_scikit_learn),
        cmocka_unit_test(a_graph_corrects_the_first_ranks_of_crude_keys),
        cmocka_unit_test(a_map_that_is_the_layer_itself_is_wholly_trusted),
        cmocka_unit_test(what_is_out_of_range_is_refused),
    };
    return cmocka_run_group_tests_name("measures", tests, world_open, world_close);
}
