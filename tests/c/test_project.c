/* UMAP's preparation against umap-learn's vectors (tests/reference/project.py); aligning one map to another. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "core/exponent.h"
#include "ntrace/project.h"
#include "ntrace/random.h"
#include "project/curve.h"
#include "project/fuzzy.h"
#include "project/lanes.h"

enum { MAX_SAMPLES = 600, K = 20 };

static cJSON *vectors;

static int read_vectors(void **state) {
    (void)state;
    FILE *file = fopen("tests/reference/project.json", "rb");
    if (file == NULL) {
        return -1;
    }
    static char text[1 << 17];
    size_t size = fread(text, 1, sizeof text - 1, file);
    (void)fclose(file);
    text[size] = 0;
    vectors = cJSON_Parse(text);
    return vectors != NULL ? 0 : -1;
}

static int free_vectors(void **state) {
    (void)state;
    cJSON_Delete(vectors);
    return 0;
}

/* ---- Preparation, against umap-learn. ---- */

struct problem {
    uint32_t samples, count;
    uint32_t index[MAX_SAMPLES * K];
    float distance[MAX_SAMPLES * K], strength[MAX_SAMPLES * K], rho[MAX_SAMPLES], sigma[MAX_SAMPLES];
    double mean;
};

static double number(const cJSON *object, const char *name) {
    const cJSON *item = cJSON_GetObjectItem(object, name);
    assert_non_null(item);
    return item->valuedouble;
}

static const cJSON *list(const cJSON *object, const char *name) {
    const cJSON *item = cJSON_GetObjectItem(object, name);
    assert_non_null(item);
    return item->child;
}

static void solve(struct problem *p, const cJSON *vector) {
    p->samples = (uint32_t)number(vector, "samples");
    p->count = (uint32_t)number(vector, "neighbors") - 1;
    p->mean = 0;
    assert_true(p->samples <= MAX_SAMPLES && p->count <= K);
    const cJSON *index = list(vector, "index"), *distance = list(vector, "distance");
    for (size_t i = 0; i < (size_t)p->samples * p->count; i++, index = index->next, distance = distance->next) {
        p->index[i] = (uint32_t)index->valuedouble;
        p->distance[i] = (float)distance->valuedouble;
        p->mean += distance->valuedouble;
    }
    p->mean /= (double)p->samples * (p->count + 1);
    for (size_t i = 0; i < p->samples; i++) {
        const float *d = p->distance + i * p->count;
        nt_fuzzy_scale(&p->rho[i], &p->sigma[i], d, p->count, p->mean);
        nt_fuzzy_strengths(p->strength + i * p->count, d, p->count, p->rho[i], p->sigma[i]);
    }
}

static struct problem problem;

static void scales_of_neighbourhoods_equal_those_of_umap_learn(void **state) {
    (void)state;
    const cJSON *vector;
    cJSON_ArrayForEach(vector, cJSON_GetObjectItem(vectors, "problems")) {
        solve(&problem, vector);
        const cJSON *rho = list(vector, "rho"), *sigma = list(vector, "sigma");
        for (size_t i = 0; i < problem.samples; i++, rho = rho->next, sigma = sigma->next) {
            assert_true(fabs((double)problem.rho[i] - rho->valuedouble) <= 1e-7 * rho->valuedouble);
            assert_true(fabs((double)problem.sigma[i] - sigma->valuedouble) <= 1e-4 * sigma->valuedouble);
        }
    }
}

static void fuzzy_sets_equal_those_of_umap_learn(void **state) {
    (void)state;
    const cJSON *vector;
    cJSON_ArrayForEach(vector, cJSON_GetObjectItem(vectors, "problems")) {
        struct nt_fuzzy fuzzy;
        solve(&problem, vector);
        assert_int_equal(nt_fuzzy_unite(&fuzzy, problem.index, problem.strength, problem.samples, problem.count, 0,
                                        nt_allocator_default()),
                         NT_OK);
        const cJSON *row = list(vector, "row"), *column = list(vector, "column"), *weight = list(vector, "weight");
        for (uint32_t i = 0; i < fuzzy.samples; i++) {
            for (size_t e = fuzzy.start[i]; e < fuzzy.start[i + 1]; e++) {
                assert_non_null(row);
                assert_int_equal(row->valuedouble, i);
                assert_int_equal(column->valuedouble, fuzzy.to[e]);
                assert_true(fabs((double)fuzzy.weight[e] - weight->valuedouble) < 1e-4);
                row = row->next, column = column->next, weight = weight->next;
            }
        }
        assert_null(row);
        nt_fuzzy_clear(&fuzzy);
    }
}

static void light_pairs_are_left_out(void **state) {
    (void)state;
    struct nt_fuzzy all, some;
    solve(&problem, cJSON_GetObjectItem(vectors, "problems")->child);
    assert_int_equal(nt_fuzzy_unite(&all, problem.index, problem.strength, problem.samples, problem.count, 0,
                                    nt_allocator_default()),
                     NT_OK);
    assert_int_equal(nt_fuzzy_unite(&some, problem.index, problem.strength, problem.samples, problem.count, 0.5f,
                                    nt_allocator_default()),
                     NT_OK);
    size_t heavy = 0, edges = all.start[all.samples];
    for (size_t e = 0; e < edges; e++) {
        heavy += all.weight[e] >= 0.5f * all.heaviest;
    }
    assert_true(heavy > 0 && heavy < edges);
    assert_int_equal(some.start[some.samples], heavy);
    for (size_t e = 0; e < heavy; e++) {
        assert_true(some.weight[e] >= 0.5f * all.heaviest);
    }
    nt_fuzzy_clear(&all);
    nt_fuzzy_clear(&some);
}

static void curves_equal_those_of_umap_learn(void **state) {
    (void)state;
    const cJSON *vector;
    cJSON_ArrayForEach(vector, cJSON_GetObjectItem(vectors, "curves")) {
        float a, b;
        const cJSON *expected = list(vector, "ab");
        nt_curve_fit(&a, &b, number(vector, "minDist"), number(vector, "spread"));
        assert_true(fabs((double)a - expected->valuedouble) < 1e-3 * expected->valuedouble);
        assert_true(fabs((double)b - expected->next->valuedouble) < 1e-3);
    }
}

static void powers_and_logarithms_are_as_exact_as_they_say(void **state) {
    (void)state;
    for (double x = -700; x < 700; x += 0.37) {
        assert_true(fabs(nt_exp2(x) / exp2(x) - 1) < 1e-14);
        assert_true(fabs(nt_log2(exp2(x)) - x) <= 1e-14 * fmax(1, fabs(x)));
    }
    for (double x = -120; x < 120; x += 0.037) {
        float value = (float)exp2(x), lane = (float)x;
        assert_true(fabs((double)nt_v4_log2(nt_v4_splat(value))[1] - log2((double)value)) < 3e-6 + 1e-7 * fabs(x));
        assert_true(fabs((double)nt_v4_exp2(nt_v4_splat(lane))[2] / exp2((double)lane) - 1) < 3e-6);
    }
}

/* ---- Aligning. ---- */

static float map[2 * MAX_SAMPLES], other[2 * MAX_SAMPLES];

static void a_map_turned_mirrored_and_scaled_is_brought_back(void **state) {
    (void)state;
    struct nt_random random;
    nt_random_seed(&random, 3, 1);
    for (int mirror = 0; mirror < 2; mirror++) {
        for (uint32_t i = 0; i < 200; i++) {
            float x = nt_random_normal(&random), y = nt_random_between(&random, 0, 3);
            other[2 * i] = x, other[2 * i + 1] = y;
            float side = mirror ? -y : y;
            map[2 * i] = 5 + 3 * (0.6f * x - 0.8f * side);
            map[2 * i + 1] = -7 + 3 * (0.8f * x + 0.6f * side);
        }
        assert_true(nt_map_align(map, other, 200) < 1e-6);
        for (uint32_t i = 0; i < 400; i++) {
            assert_true(fabsf(map[i] - other[i]) < 1e-5f);
        }
    }
}

static void maps_with_nothing_in_common_stay_a_root_of_two_apart(void **state) {
    (void)state;
    struct nt_random random;
    nt_random_seed(&random, 4, 1);
    for (uint32_t i = 0; i < 2 * MAX_SAMPLES; i++) {
        map[i] = nt_random_normal(&random);
        other[i] = 10 * nt_random_normal(&random);
    }
    double rest = nt_map_align(map, other, MAX_SAMPLES);
    assert_true(rest > 1.25 && rest < 1.4143);
}

static void a_map_of_one_place_is_only_moved(void **state) {
    (void)state;
    float one[6] = {2, 2, 2, 2, 2, 2};
    const float three[6] = {0, 0, 1, 0, 2, 3};
    (void)nt_map_align(one, three, 3);
    for (int i = 0; i < 6; i++) {
        assert_true(one[i] == 1);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scales_of_neighbourhoods_equal_those_of_umap_learn),
        cmocka_unit_test(fuzzy_sets_equal_those_of_umap_learn),
        cmocka_unit_test(light_pairs_are_left_out),
        cmocka_unit_test(curves_equal_those_of_umap_learn),
        cmocka_unit_test(powers_and_logarithms_are_as_exact_as_they_say),
        cmocka_unit_test(a_map_turned_mirrored_and_scaled_is_brought_back),
        cmocka_unit_test(maps_with_nothing_in_common_stay_a_root_of_two_apart),
        cmocka_unit_test(a_map_of_one_place_is_only_moved),
    };
    return cmocka_run_group_tests_name("project", tests, read_vectors, free_vectors);
}
