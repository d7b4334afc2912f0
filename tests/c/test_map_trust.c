/* Estimated trust in a map against the exact one of nt_measure_map. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ntrace/codes.h"
#include "ntrace/knn.h"
#include "ntrace/measures.h"
#include "ntrace/random.h"
#include "trace/map_trust.h"

enum { N = 1500, AXES = 8, K = 20 };

static const struct nt_allocator *allocator;
static float map[2 * N];
static struct nt_codes codes;
static nt_graph *graph;
static float exact[2][N];

/* Clusters in eight dimensions of which the map shows two, with noise: neither bad nor good. */
static void make_world(float *y, float *rest) {
    struct nt_random random;
    nt_random_seed(&random, 3, 1);
    for (uint32_t i = 0; i < N; i++) {
        for (uint32_t j = 0; j < AXES; j++) {
            float spread = j < 2 ? 1 : 0.35f;
            y[i * AXES + j] = spread * (2 * (float)(i % 5 == j) + nt_random_normal(&random));
        }
        rest[i] = 0.1f;
        map[2 * i] = y[i * AXES] + 0.1f * nt_random_normal(&random);
        map[2 * i + 1] = y[i * AXES + 1];
    }
    map[0] = 60; /* far from all others: rings of empty cells around it */
    map[2] = map[4];
    map[3] = map[5]; /* and two at one place */
}

static int start(void **state) {
    (void)state;
    static float y[N * AXES], rest[N];
    static uint32_t key[N], index[N], scratch[5 * N];
    float distance[K];
    allocator = nt_allocator_default();
    make_world(y, rest);
    if (nt_codes_quantise(&codes, y, rest, N, AXES, 0.05f, allocator) != NT_OK ||
        nt_graph_create(&graph, N, K, allocator) != NT_OK) {
        return -1;
    }
    for (uint32_t i = 0; i < N; i++) {
        nt_codes_scan(key, &codes, i);
        nt_knn_select(index, key, N, K, i, scratch);
        for (uint32_t r = 0; r < K; r++) {
            distance[r] = nt_codes_distance(&codes, key[index[r]]);
        }
        nt_graph_set(graph, i, index, distance);
    }
    for (uint32_t i = 0; i < N; i++) {
        nt_codes_scan(key, &codes, i);
        if (nt_measure_map(&exact[0][i], &exact[1][i], key, graph, map, i, N, K, scratch) != NT_OK) {
            return -1;
        }
    }
    return 0;
}

static int stop(void **state) {
    (void)state;
    nt_codes_clear(&codes, allocator);
    nt_graph_free(graph);
    return 0;
}

static double worst_and_mean(double *mean, const float *a, const float *b) {
    double worst = 0, sum = 0;
    for (uint32_t i = 0; i < N; i++) {
        worst = fmax(worst, fabs((double)a[i] - (double)b[i]));
        sum += (double)a[i] - (double)b[i];
    }
    *mean = sum / N;
    return worst;
}

static void among_all_samples_the_estimate_is_exact_but_for_ties(void **state) {
    (void)state;
    static float found[2][N];
    const struct nt_map_trust of = {map, graph, &codes, K, N};
    assert_int_equal(nt_map_trust(found[0], found[1], &of, 1, allocator), NT_OK);
    for (int m = 0; m < 2; m++) {
        double mean, worst = worst_and_mean(&mean, found[m], exact[m]);
        print_message("worst %.2e, mean %.2e\n", worst, mean);
        assert_true(worst < 1e-3 && fabs(mean) < 2e-4);
    }
}

static void among_some_the_estimate_is_near(void **state) {
    (void)state;
    static float found[2][N], again[2][N];
    const struct nt_map_trust of = {map, graph, &codes, K, 300};
    assert_int_equal(nt_map_trust(found[0], found[1], &of, 1, allocator), NT_OK);
    for (int m = 0; m < 2; m++) {
        double mean, worst = worst_and_mean(&mean, found[m], exact[m]);
        print_message("worst %.2e, mean %.2e\n", worst, mean);
        assert_true(worst < 0.06 && fabs(mean) < 2e-3);
    }
    assert_int_equal(nt_map_trust(again[0], again[1], &of, 2, allocator), NT_OK);
    assert_memory_equal(again, found, sizeof found);
}

static void arguments_out_of_range_are_refused(void **state) {
    (void)state;
    static float found[2][N];
    struct nt_map_trust of = {map, graph, &codes, K + 1, N};
    assert_int_equal(nt_map_trust(found[0], found[1], &of, 1, allocator), NT_E_ARG);
    of.k = K;
    of.landmarks = 0;
    assert_int_equal(nt_map_trust(found[0], found[1], &of, 1, allocator), NT_E_ARG);
    of.landmarks = N + 1;
    assert_int_equal(nt_map_trust(found[0], found[1], &of, 1, allocator), NT_E_ARG);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(among_all_samples_the_estimate_is_exact_but_for_ties),
        cmocka_unit_test(among_some_the_estimate_is_near),
        cmocka_unit_test(arguments_out_of_range_are_refused),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
