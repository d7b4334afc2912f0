/* Principal axes, the quantiser and the search on codes. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "codes/eigen.h"
#include "core/matrix.h"
#include "core/target.h"
#include "ntrace/codes.h"
#include "ntrace/knn.h"
#include "ntrace/random.h"

static void eigenvectors_rebuild_the_matrix(void **state) {
    (void)state;
    enum { N = 61 };
    static double a[N * N], before[N * N], value[N];
    struct nt_random random;
    nt_random_seed(&random, 1, 1);
    for (size_t i = 0; i < N; i++) {
        for (size_t j = 0; j <= i; j++) {
            a[i * N + j] = a[j * N + i] = (double)nt_random_normal(&random);
        }
    }
    memcpy(before, a, sizeof a);
    assert_int_equal(nt_eigen_symmetric(value, a, N, nt_allocator_default()), NT_OK);
    for (size_t i = 0; i < N; i++) {
        assert_true(i == 0 || value[i] <= value[i - 1]);
        for (size_t j = 0; j < N; j++) {
            double sum = 0, unit = 0;
            for (size_t k = 0; k < N; k++) {
                sum += a[k * N + i] * value[k] * a[k * N + j];
                unit += a[i * N + k] * a[j * N + k];
            }
            assert_true(fabs(sum - before[i * N + j]) < 1e-11);
            assert_true(fabs(unit - (i == j)) < 1e-12);
        }
    }
}

static void eigenvectors_of_a_diagonal_matrix_with_equal_values_are_found(void **state) {
    (void)state;
    double a[9] = {2, 0, 0, 0, 5, 0, 0, 0, 2}, value[3];
    assert_int_equal(nt_eigen_symmetric(value, a, 3, nt_allocator_default()), NT_OK);
    assert_true(value[0] == 5 && value[1] == 2 && value[2] == 2);
    assert_true(fabs(a[1]) == 1);
}

static void matrix_products_equal_plain_loops_bit_for_bit_on_every_target(void **state) {
    (void)state;
    enum { M = 101, N = 45, K = 517 };
    static float a[M * K], b[N * K], c[M * N];
    struct nt_random random;
    nt_random_seed(&random, 2, 1);
    for (size_t i = 0; i < M * K; i++) {
        a[i] = nt_random_normal(&random);
    }
    for (size_t i = 0; i < N * K; i++) {
        b[i] = nt_random_normal(&random);
    }
    enum nt_target best = nt_target();
    for (int t = 0; t < NT_TARGET_COUNT; t++) {
        if (!nt_target_available((enum nt_target)t)) {
            continue;
        }
        nt_target_select((enum nt_target)t);
        struct nt_matrix transposed = {b, 1, N}; /* b as [K, N] */
        assert_int_equal(
            nt_matrix_product(c, (struct nt_matrix){a, K, 1}, transposed, M, N, K, 2, nt_allocator_default()), NT_OK);
        for (size_t i = 0; i < M; i++) {
            for (size_t j = 0; j < N; j++) {
                float sum = 0, part = 0;
                for (size_t k = 0; k < K; k++) {
                    part += a[i * K + k] * b[k * N + j];
                    if ((k + 1) % NT_MATRIX_DEPTH == 0 || k + 1 == K) {
                        sum += part;
                        part = 0;
                    }
                }
                assert_true(sum == c[i * N + j]);
            }
        }
    }
    nt_target_select(best);
}

enum { ROWS = 300 };

/* Rows whose variance falls from direction to direction, mixed by a random matrix. */
static float *make_rows(uint32_t size, uint32_t rank, uint64_t seed) {
    struct nt_random random;
    nt_random_seed(&random, seed, 1);
    float *mix = malloc((size_t)rank * size * sizeof *mix), *x = calloc((size_t)ROWS * size, sizeof *x);
    assert_non_null(mix);
    assert_non_null(x);
    for (size_t i = 0; i < (size_t)rank * size; i++) {
        mix[i] = nt_random_normal(&random);
    }
    for (size_t i = 0; i < ROWS; i++) {
        for (size_t r = 0; r < rank; r++) {
            float weight = nt_random_normal(&random) / (float)(1 + r);
            for (size_t j = 0; j < size; j++) {
                x[i * size + j] += weight * mix[r * size + j] + 3;
            }
        }
    }
    free(mix);
    return x;
}

static float *copy_of(const float *x, size_t count) {
    float *copy = malloc(count * sizeof *copy);
    assert_non_null(copy);
    memcpy(copy, x, count * sizeof *copy);
    return copy;
}

static void check_axes(uint32_t size, uint32_t rank) {
    float *x = make_rows(size, rank, size), *y = malloc((size_t)ROWS * 64 * sizeof *y), rest[ROWS];
    float *kept = copy_of(x, (size_t)ROWS * size);
    struct nt_axes axes;
    struct nt_random random;
    nt_random_seed(&random, 3, 1);
    assert_int_equal(nt_axes_find(&axes, x, ROWS, size, 64, 2, &random, 2, nt_allocator_default()), NT_OK);
    assert_int_equal(axes.count, size < 64 ? size : 64);
    assert_int_equal(nt_axes_project(y, rest, kept, &axes, ROWS, 2, nt_allocator_default()), NT_OK);
    double before = INFINITY;
    for (uint32_t a = 0; a < axes.count; a++) {
        double variance = 0;
        for (uint32_t i = 0; i < ROWS; i++) {
            variance += (double)y[i * axes.count + a] * (double)y[i * axes.count + a];
        }
        assert_true(variance <= before * (1 + 1e-3) + 1e-3);
        before = variance;
        for (uint32_t b = 0; b < axes.count; b++) {
            double dot = 0;
            for (uint32_t j = 0; j < size; j++) {
                dot += (double)axes.axis[a * size + j] * (double)axes.axis[b * size + j];
            }
            assert_true(fabs(dot - (a == b)) < 1e-5);
        }
    }
    for (uint32_t i = 0; rank <= 20 && i < ROWS; i++) { /* 64 axes hold all of 20 directions */
        double norm = 0;
        for (uint32_t j = 0; j < size; j++) {
            norm += (double)kept[i * size + j] * (double)kept[i * size + j];
        }
        assert_true((double)rest[i] < 2e-3 * sqrt(norm));
    }
    nt_axes_clear(&axes, nt_allocator_default());
    free(x);
    free(y);
    free(kept);
}

static void principal_axes_are_orthonormal_and_hold_what_varies(void **state) {
    (void)state;
    check_axes(40, 20);
    check_axes(700, 20);
    check_axes(1500, 20);
    check_axes(1500, 200);
}

static struct nt_codes make_codes(float **y, float *rest, uint32_t axes, float step) {
    struct nt_random random;
    nt_random_seed(&random, 4, 1);
    *y = malloc((size_t)ROWS * axes * sizeof **y);
    assert_non_null(*y);
    for (uint32_t i = 0; i < ROWS; i++) {
        for (uint32_t j = 0; j < axes; j++) {
            (*y)[i * axes + j] = nt_random_normal(&random) * 12 / (1 + 0.1f * (float)(j * j));
        }
        rest[i] = nt_random_uniform(&random);
    }
    struct nt_codes codes;
    assert_int_equal(nt_codes_quantise(&codes, *y, rest, ROWS, axes, step, nt_allocator_default()), NT_OK);
    return codes;
}

static void distances_on_codes_are_within_the_quantisers_error(void **state) {
    (void)state;
    float *y, rest[ROWS];
    uint32_t square[ROWS];
    struct nt_codes codes = make_codes(&y, rest, 50, 0.5f);
    assert_true(codes.axes < 50 && codes.axes > 20); /* the last axes are zero everywhere */
    nt_codes_scan(square, &codes, 7);
    for (uint32_t i = 0; i < ROWS; i++) {
        double exact = (double)rest[i] * (double)rest[i] + (double)rest[7] * (double)rest[7];
        for (uint32_t j = 0; j < 50; j++) {
            double gap = (double)(y[i * 50 + j] - y[7 * 50 + j]);
            exact += gap * gap;
        }
        /* Each kept axis is off by half a step at both ends at most, and so are the two rests; dropped axes are half a
         * step long. */
        double off = sqrt(50 + 4) * 0.5;
        assert_true(fabs((double)nt_codes_distance(&codes, square[i]) - sqrt(exact)) <= off);
    }
    nt_codes_clear(&codes, nt_allocator_default());
    free(y);
}

/* Where most coordinates become 0, a code and its rest have the sample's own norm, and no coordinate is off by more
 * than a step. */
static void norms_of_sparse_codes_are_those_of_their_samples(void **state) {
    (void)state;
    float *y, rest[ROWS], step = 4;
    struct nt_codes codes = make_codes(&y, rest, 50, step);
    uint32_t axes = codes.axes;
    assert_true(axes < 50);
    for (uint32_t i = 0; i < ROWS; i++) {
        double own = (double)rest[i] * (double)rest[i], kept = codes.norm[i] - (double)(codes.rest[i] * codes.rest[i]);
        for (uint32_t j = 0; j < 50; j++) {
            own += (double)y[i * 50 + j] * (double)y[i * 50 + j];
        }
        own /= (double)step * (double)step;
        assert_true(kept <= own * (1 + 1e-6));
        assert_true(fabs(codes.norm[i] - own) <= codes.rest[i] + 0.25 + 1e-6 * own);
        for (uint32_t j = 0; j < 5; j++) { /* the first axes are not dropped */
            assert_true(fabsf(y[i * 50 + j] - step * (float)codes.code[(size_t)i * codes.stride + j]) <= step);
        }
    }
    nt_codes_clear(&codes, nt_allocator_default());
    free(y);
}

static void small_coordinates_of_sparse_codes_are_left_to_the_rest(void **state) {
    (void)state;
    enum { AXES = 40 };
    for (int sparse = 0; sparse < 2; sparse++) {
        float y[2 * AXES] = {0}, rest[2] = {0, 0};
        for (int j = 0; j < 2 * AXES; j++) {
            y[j] = !sparse || j % AXES < 10 ? (j % 2 == 0 ? 0.55f : -0.65f) : 0;
        }
        y[0] = 3;
        struct nt_codes codes;
        assert_int_equal(nt_codes_quantise(&codes, y, rest, 2, AXES, 1, nt_allocator_default()), NT_OK);
        const int8_t *second = codes.code + codes.stride;
        double own = 0;
        for (int j = 0; j < AXES; j++) {
            own += (double)y[AXES + j] * (double)y[AXES + j];
        }
        if (sparse) { /* the even axes are 0 everywhere, but for the first sample's first */
            assert_int_equal(codes.axes, 6);
            assert_int_equal(second[0], 0);
            assert_true(fabs(codes.norm[1] - own) <= 1);
        } else {
            assert_int_equal(codes.axes, AXES);
            assert_int_equal(second[0], 1);
        }
        nt_codes_clear(&codes, nt_allocator_default());
    }
}

static void codes_survive_the_chunk_layout(void **state) {
    (void)state;
    float *y, rest[ROWS];
    struct nt_codes codes = make_codes(&y, rest, 50, 0.5f), read;
    assert_int_equal(nt_codes_create(&read, ROWS, codes.axes, 0.5f, nt_allocator_default()), NT_OK);
    uint8_t *raw = malloc((size_t)(codes.axes + 1) * ROWS);
    nt_codes_get(raw, &codes, 0, 100);
    nt_codes_put(&read, raw, 0, 100);
    nt_codes_get(raw, &codes, 100, ROWS - 100);
    nt_codes_put(&read, raw, 100, ROWS - 100);
    assert_memory_equal(read.code, codes.code, (size_t)ROWS * codes.stride);
    assert_memory_equal(read.rest, codes.rest, ROWS);
    assert_memory_equal(read.norm, codes.norm, ROWS * sizeof *codes.norm);
    nt_codes_clear(&codes, nt_allocator_default());
    nt_codes_clear(&read, nt_allocator_default());
    free(raw);
    free(y);
}

static void scans_and_distances_are_the_same_on_every_target(void **state) {
    (void)state;
    float *y, rest[ROWS];
    struct nt_codes codes = make_codes(&y, rest, 50, 0.05f);
    uint32_t square[ROWS], first[ROWS];
    float distance = 0;
    enum nt_target best = nt_target();
    for (int t = 0; t < NT_TARGET_COUNT; t++) {
        if (!nt_target_available((enum nt_target)t)) {
            continue;
        }
        nt_target_select((enum nt_target)t);
        nt_codes_scan(t == 0 ? first : square, &codes, 3);
        assert_true(t == 0 || memcmp(first, square, sizeof first) == 0);
        distance = t == 0 ? nt_distance_squared(y, y + 50, 49) : distance;
        assert_true(nt_distance_squared(y, y + 50, 49) == distance);
    }
    nt_target_select(best);
    nt_codes_clear(&codes, nt_allocator_default());
    free(y);
}

static void distances_equal_their_definition(void **state) {
    (void)state;
    float *x = make_rows(97, 5, 9);
    for (size_t d = 1; d <= 97; d++) {
        double sum = 0;
        for (size_t j = 0; j < d; j++) {
            sum += (double)(x[j] - x[97 + j]) * (double)(x[j] - x[97 + j]);
        }
        assert_true(fabs((double)nt_distance_squared(x, x + 97, d) - sum) <= 1e-5 * sum);
    }
    free(x);
}

static void selection_gives_the_nearest_by_key_and_index(void **state) {
    (void)state;
    enum { N = 2000 };
    static uint32_t key[N], order[N], index[N], scratch[2 * N];
    struct nt_random random;
    nt_random_seed(&random, 5, 1);
    for (uint32_t range = 3; range < 2000000000; range *= 17) {
        for (uint32_t i = 0; i < N; i++) {
            key[i] = nt_random_below(&random, range);
        }
        nt_knn_order(order, key, N, scratch);
        for (uint32_t i = 1; i < N; i++) {
            uint32_t a = order[i - 1], b = order[i];
            assert_true(key[a] < key[b] || (key[a] == key[b] && a < b));
        }
        for (uint32_t m = 1; m < N; m = 3 * m + 1) {
            uint32_t self = nt_random_below(&random, N);
            nt_knn_select(index, key, N, m, self, scratch);
            for (uint32_t i = 0, at = 0; i < m; i++, at++) {
                at += order[at] == self;
                assert_int_equal(index[i], order[at]);
            }
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eigenvectors_rebuild_the_matrix),
        cmocka_unit_test(eigenvectors_of_a_diagonal_matrix_with_equal_values_are_found),
        cmocka_unit_test(matrix_products_equal_plain_loops_bit_for_bit_on_every_target),
        cmocka_unit_test(principal_axes_are_orthonormal_and_hold_what_varies),
        cmocka_unit_test(distances_on_codes_are_within_the_quantisers_error),
        cmocka_unit_test(norms_of_sparse_codes_are_those_of_their_samples),
        cmocka_unit_test(small_coordinates_of_sparse_codes_are_left_to_the_rest),
        cmocka_unit_test(codes_survive_the_chunk_layout),
        cmocka_unit_test(scans_and_distances_are_the_same_on_every_target),
        cmocka_unit_test(distances_equal_their_definition),
        cmocka_unit_test(selection_gives_the_nearest_by_key_and_index),
    };
    return cmocka_run_group_tests_name("codes", tests, NULL, NULL);
}
