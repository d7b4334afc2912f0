/* Searches of tables against all distances measured, bit for bit, on rows that make rounding matter. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/target.h"
#include "ntrace/knn.h"
#include "ntrace/random.h"

enum { N = 600, MOST = 1000, QUERIES = 12 };

static struct {
    float *x, *square, *own_square;
    uint32_t *key, *index, *own;
} world;

static int make_world(void **state) {
    (void)state;
    const struct nt_allocator *al = nt_allocator_default();
    world.x = nt_allocate(al, N, MOST * sizeof *world.x);
    world.square = nt_allocate(al, N, sizeof *world.square);
    world.own_square = nt_allocate(al, N, sizeof *world.own_square);
    world.key = nt_allocate(al, 3 * N, sizeof *world.key);
    world.index = nt_allocate(al, N, sizeof *world.index);
    world.own = nt_allocate(al, N, sizeof *world.own);
    return 0;
}

static int free_world(void **state) {
    (void)state;
    void *const held[] = {world.x, world.square, world.own_square, world.key, world.index, world.own};
    for (size_t i = 0; i < sizeof held / sizeof *held; i++) {
        nt_release(nt_allocator_default(), held[i]);
    }
    return 0;
}

/* ---- Rows [n, d], each kind in its own way hard to round. ---- */

typedef float value_of(struct nt_random *random, uint32_t i, size_t j);

static float noise(struct nt_random *random, uint32_t i, size_t j) {
    (void)i;
    (void)j;
    return nt_random_normal(random);
}

static float clusters(struct nt_random *random, uint32_t i, size_t j) {
    return 50 * sinf((float)(i % 6) * 1.7f + (float)j) + 1e-3f * nt_random_normal(random);
}

/* Every row stands twenty times. */
static float duplicates(struct nt_random *random, uint32_t i, size_t j) {
    (void)random;
    return (float)((i % (N / 20) * 7919 + j * 104729) % 256) / 255;
}

static float sparse(struct nt_random *random, uint32_t i, size_t j) {
    (void)i;
    (void)j;
    return nt_random_below(random, 40) == 0 ? nt_random_normal(random) : 0;
}

static float constant(struct nt_random *random, uint32_t i, size_t j) {
    (void)random;
    (void)i;
    return (float)j - 3.25f;
}

/* Some rows are larger by far: a common step would leave nothing of the others. */
static float outliers(struct nt_random *random, uint32_t i, size_t j) {
    (void)j;
    return nt_random_normal(random) * (i % 50 == 7 ? 1e9f : i % 50 == 8 ? 1e-9f : 1);
}

/* One value of a row is larger by far: its step is too coarse for all the others. */
static float spikes(struct nt_random *random, uint32_t i, size_t j) {
    return nt_random_normal(random) + (j == i % 3 ? 1e4f : 0);
}

static float far_from_zero(struct nt_random *random, uint32_t i, size_t j) {
    (void)i;
    (void)j;
    return 1e6f + nt_random_normal(random);
}

/* Squares of differences overflow, or underflow. */
static float huge(struct nt_random *random, uint32_t i, size_t j) {
    return noise(random, i, j) * (i % 2 == 0 ? 1e37f : 1e19f);
}
static float tiny(struct nt_random *random, uint32_t i, size_t j) {
    return noise(random, i, j) * (i % 2 == 0 ? 1e-41f : 1e-22f);
}

/* From the smallest to the largest. */
static float all_sizes(struct nt_random *random, uint32_t i, size_t j) {
    (void)j;
    return ldexpf(nt_random_normal(random), (int)(i % 270) - 145);
}

static void fill(value_of *value, uint32_t n, size_t d, uint64_t seed) {
    struct nt_random random;
    nt_random_seed(&random, seed, d);
    for (uint32_t i = 0; i < n; i++) {
        for (size_t j = 0; j < d; j++) {
            world.x[i * d + j] = value(&random, i, j);
        }
    }
}

/* ---- The search, and its oracle. ---- */

static void measure_all(const float *query, uint32_t n, size_t d, uint32_t k, uint32_t self) {
    for (uint32_t i = 0; i < n; i++) {
        world.square[i] = nt_distance_squared(query, world.x + i * d, d);
        world.key[i] = nt_knn_key(world.square[i]);
    }
    nt_knn_select(world.index, world.key, n, k, self, world.key + n);
}

static void check_query(const nt_knn_table *table, const float *query, uint32_t n, size_t d, uint32_t k,
                        uint32_t self) {
    uint32_t *scratch = nt_allocate(nt_allocator_default(), nt_knn_table_scratch(table), 1);
    assert_non_null(scratch);
    measure_all(query, n, d, k, self);
    nt_knn_table_search(world.own, world.own_square, table, query, k, self, scratch);
    assert_memory_equal(world.own, world.index, k * sizeof *world.own);
    for (uint32_t i = 0; i < k; i++) {
        assert_int_equal(nt_knn_key(world.own_square[i]), world.key[world.index[i]]);
    }
    nt_release(nt_allocator_default(), scratch);
}

/* Rows of the table, and queries between and beyond them. */
static void check(value_of *value, uint32_t n, size_t d, uint32_t k) {
    nt_knn_table *table;
    float query[MOST];
    fill(value, n, d, 5);
    assert_int_equal(nt_knn_table_create(&table, world.x, n, d, nt_allocator_default()), NT_OK);
    for (uint32_t q = 0; q < QUERIES; q++) {
        uint32_t self = q * 37 % n, other = (q * 101 + 13) % n;
        check_query(table, world.x + self * d, n, d, k, self);
        for (size_t j = 0; j < d; j++) {
            float far = q % 3 == 0 ? 1 : q % 3 == 1 ? 3e3f : 1e-3f;
            query[j] = far * (0.5f * world.x[self * d + j] + 0.5f * world.x[other * d + j]);
            query[j] = isfinite(query[j]) ? query[j] : 0;
        }
        check_query(table, query, n, d, k, UINT32_MAX);
    }
    nt_knn_table_free(table);
}

static void searches_equal_all_distances_measured(void **state) {
    (void)state;
    value_of *const kinds[] = {noise,  clusters,      duplicates, sparse, constant, outliers,
                               spikes, far_from_zero, huge,       tiny,   all_sizes};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        check(kinds[i], N, 33, 20);
        check(kinds[i], N / 3, 257, 40);
    }
    check(clusters, N, MOST, 100);
    check(sparse, N, MOST, 100);
}

static void every_number_of_neighbours_and_rows_is_found(void **state) {
    (void)state;
    check(noise, 2, 1, 1);
    check(duplicates, 3, 5, 2);
    check(noise, 40, 16, 39);
    check(duplicates, 100, 7, 99);
    check(spikes, N, 3, N - 1);
}

static void every_target_finds_the_same(void **state) {
    (void)state;
    enum nt_target best = nt_target();
    for (int t = 0; t < NT_TARGET_COUNT; t++) {
        if (nt_target_available((enum nt_target)t)) {
            nt_target_select((enum nt_target)t);
            check(clusters, 200, 100, 30);
            check(outliers, 200, 61, 30);
        }
    }
    nt_target_select(best);
}

/* What is not near is not read again: its rows are changed after the table was made, so that they would be found. */
static void rows_that_the_bounds_exclude_are_not_measured(void **state) {
    (void)state;
    enum { D = 128, K = 50 };
    nt_knn_table *table;
    uint32_t before[K], after[K], *scratch, moved = 0;
    fill(clusters, N, D, 5);
    assert_int_equal(nt_knn_table_create(&table, world.x, N, D, nt_allocator_default()), NT_OK);
    scratch = nt_allocate(nt_allocator_default(), nt_knn_table_scratch(table), 1);
    assert_non_null(scratch);
    nt_knn_table_search(before, NULL, table, world.x, K, 0, scratch);
    for (uint32_t i = 0; i < N; i++) {
        if (i % 6 != 0) {
            memcpy(world.x + i * D, world.x, D * sizeof *world.x);
            moved++;
        }
    }
    nt_knn_table_search(after, NULL, table, world.x, K, 0, scratch);
    assert_memory_equal(before, after, sizeof before);
    assert_true(moved > N / 2);
    assert_true(nt_knn_table_bytes(table) < N * D * 2);
    nt_release(nt_allocator_default(), scratch);
    nt_knn_table_free(table);
}

static void what_is_no_table_is_refused(void **state) {
    (void)state;
    nt_knn_table *table;
    const struct nt_allocator *al = nt_allocator_default();
    fill(noise, 20, 10, 5);
    assert_int_equal(nt_knn_table_create(&table, world.x, 1, 10, al), NT_E_ARG);
    assert_int_equal(nt_knn_table_create(&table, world.x, 20, 0, al), NT_E_ARG);
    assert_int_equal(nt_knn_table_create(&table, world.x, 20, 8454661, al), NT_E_ARG);
    const float bad[] = {NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < 3; i++) {
        world.x[57] = bad[i];
        assert_int_equal(nt_knn_table_create(&table, world.x, 20, 10, al), NT_E_VALUE);
        assert_null(table);
    }
    nt_knn_table_free(NULL);
}

/* ---- Memory that runs out. ---- */

struct stingy {
    uint32_t left;
    int32_t held;
};

static void *stingy_allocate(void *context, size_t bytes) {
    struct stingy *stingy = context;
    if (stingy->left == 0) {
        return NULL;
    }
    stingy->left--;
    stingy->held++;
    return nt_allocator_default()->allocate(NULL, bytes);
}

static void stingy_release(void *context, void *pointer) {
    ((struct stingy *)context)->held -= pointer != NULL;
    nt_allocator_default()->release(NULL, pointer);
}

static void lack_of_memory_is_told_and_nothing_stays_held(void **state) {
    (void)state;
    nt_knn_table *table = NULL;
    uint32_t failed = 0;
    fill(noise, 20, 10, 5);
    for (enum nt_status status = NT_E_MEMORY; status != NT_OK; failed++) {
        struct stingy stingy = {failed, 0};
        struct nt_allocator al = {stingy_allocate, stingy_release, &stingy};
        status = nt_knn_table_create(&table, world.x, 20, 10, &al);
        assert_true(status == NT_OK || (status == NT_E_MEMORY && table == NULL && stingy.held == 0));
        nt_knn_table_free(table);
        assert_int_equal(stingy.held, 0);
    }
    assert_true(failed > 5);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(searches_equal_all_distances_measured),
        cmocka_unit_test(every_number_of_neighbours_and_rows_is_found),
        cmocka_unit_test(every_target_finds_the_same),
        cmocka_unit_test(rows_that_the_bounds_exclude_are_not_measured),
        cmocka_unit_test(what_is_no_table_is_refused),
        cmocka_unit_test(lack_of_memory_is_told_and_nothing_stays_held),
    };
    return cmocka_run_group_tests(tests, make_world, free_world);
}
