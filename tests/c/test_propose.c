/* The nearest of many samples: proposed by few axes in 7 bits, thinned out, decided by exact distances; against all
 * distances. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bundle/pack.h"
#include "core/target.h"
#include "knn/rough.h"
#include "ntrace/knn.h"

enum { N = 1300, SIZE = 160, K = 20 };

static const struct nt_allocator *allocator;
static float *x;

/* Clusters whose axes fall off slowly, twins, samples at one place, and some far from all others. */
static int start(void **state) {
    struct nt_random random;
    (void)state;
    allocator = nt_allocator_default();
    x = malloc((size_t)N * SIZE * sizeof *x);
    nt_random_seed(&random, 8, 1);
    for (uint32_t i = 0; i < N; i++) {
        float spread = i % 500 == 7 ? 6 : 1;
        for (uint32_t j = 0; j < SIZE; j++) {
            float centre = j % 7 == i % 7 ? 1.5f : 0;
            x[i * SIZE + j] = spread * (centre + nt_random_normal(&random) / (1 + (float)j / 30));
        }
    }
    memcpy(x + 11 * SIZE, x + 10 * SIZE, SIZE * sizeof *x);
    for (uint32_t i = 1000; i < 1030; i++) {
        memcpy(x + (size_t)i * SIZE, x + 999 * SIZE, SIZE * sizeof *x);
    }
    return 0;
}

static int stop(void **state) {
    (void)state;
    free(x);
    return 0;
}

static enum nt_status read_rows(void *context, float *out, uint32_t layer, const uint32_t *sample, uint32_t count,
                                struct nt_error *error) {
    (void)context;
    (void)layer;
    (void)error;
    for (uint32_t i = 0; i < count; i++) {
        memcpy(out + (size_t)i * SIZE, x + (size_t)sample[i] * SIZE, SIZE * sizeof *out);
    }
    return NT_OK;
}

/* The codes and the neighbours of the first samples as packing finds them with so much memory. */
static enum nt_status pack(struct nt_codes *codes, nt_graph **graph, uint32_t samples, size_t memory, unsigned workers,
                           const struct nt_allocator *from) {
    struct nt_bundle_layer layer = {.shape = {SIZE, 1, 1}, .size = SIZE};
    struct nt_pack_data data = {.samples = samples};
    struct nt_pack_options options = {.seed = 1};
    struct nt_error error;
    struct nt_packer p = {.data = &data,
                          .source = {1, NULL, read_rows, NULL},
                          .options = &options,
                          .allocator = from,
                          .error = &error,
                          .workers = workers,
                          .memory = memory,
                          .samples = samples,
                          .layers = 1,
                          .k = K};
    p.manifest.layers = 1;
    p.manifest.layer = &layer;
    return nt_pack_layer(codes, graph, &p, 0);
}

static nt_graph *find(size_t memory, unsigned workers) {
    struct nt_codes codes;
    nt_graph *graph;
    assert_int_equal(pack(&codes, &graph, N, memory, workers, allocator), NT_OK);
    assert_int_equal(codes.samples, N);
    nt_codes_clear(&codes, allocator);
    return graph;
}

static bool is_in(const uint32_t *list, uint32_t sample) {
    for (uint32_t i = 0; i < K; i++) {
        if (list[i] == sample) {
            return true;
        }
    }
    return false;
}

static float root_of(uint32_t key) { return sqrtf(nt_knn_value(key)); }

/* How many of the true neighbours are there; all in order, and the first and the last with their distances. */
static uint32_t check_sample(const nt_graph *graph, uint32_t sample) {
    static uint32_t key[N], scratch[2 * N];
    uint32_t truth[K], index[K], found = 0;
    float distance[K];
    for (uint32_t i = 0; i < N; i++) {
        key[i] = nt_knn_key(nt_distance_squared(x + (size_t)sample * SIZE, x + (size_t)i * SIZE, SIZE));
    }
    nt_knn_select(truth, key, N, K, sample, scratch);
    nt_graph_get(index, distance, graph, sample, K);
    for (uint32_t i = 0; i < K; i++) {
        assert_true(index[i] != sample);
        assert_true(i == 0 || key[index[i - 1]] < key[index[i]] ||
                    (key[index[i - 1]] == key[index[i]] && index[i - 1] < index[i]));
        found += is_in(index, truth[i]);
    }
    assert_true(distance[0] == root_of(key[index[0]]) && distance[K - 1] == root_of(key[index[K - 1]]));
    return found;
}

static void neighbours_of_many_samples_are_the_true_ones(void **state) {
    (void)state;
    nt_graph *graph = find((size_t)1 << 30, 2);
    uint32_t found = 0;
    for (uint32_t i = 0; i < N; i++) {
        found += check_sample(graph, i);
    }
    assert_true(found >= 0.9995 * N * K);
    nt_graph_free(graph);
}

static void same(const nt_graph *a, const nt_graph *b) {
    for (uint32_t i = 0; i < N; i++) {
        uint32_t left[K], right[K];
        float left_distance[K], right_distance[K];
        nt_graph_get(left, left_distance, a, i, K);
        nt_graph_get(right, right_distance, b, i, K);
        assert_memory_equal(left, right, sizeof left);
        assert_memory_equal(left_distance, right_distance, sizeof left_distance);
    }
}

/* Axes come from fewer samples where there is little memory: the codes are others, the neighbours must not be. */
static void neighbours_do_not_depend_on_blocks_threads_and_targets(void **state) {
    (void)state;
    enum nt_target best = nt_target();
    nt_graph *usual = find((size_t)1 << 30, 2), *other = find((size_t)1 << 30, 1);
    same(usual, other);
    nt_graph_free(other);
    for (int target = 0; target < NT_TARGET_COUNT; target++) {
        if (nt_target_available((enum nt_target)target)) {
            nt_target_select((enum nt_target)target);
            other = find((size_t)1 << 30, 2);
            same(usual, other);
            nt_graph_free(other);
        }
    }
    nt_target_select(best);
    other = find(300 * SIZE * sizeof(float), 2);
    uint32_t found = 0;
    for (uint32_t i = 0; i < N; i++) {
        found += check_sample(other, i);
    }
    assert_true(found >= 0.995 * N * K);
    nt_graph_free(other);
    nt_graph_free(usual);
}

static int by_number(const void *a, const void *b) {
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

/* Of 6,144 samples every third is among the 4,096 that limits are guessed from. A cluster of such ones alone looks half
 * as large again as it is: its limits reach no farther than itself, and it is smaller than what is wanted. */
static void who_has_too_narrow_a_limit_gets_all_that_is_wanted(void **state) {
    (void)state;
    enum { MANY = 6144, AXES = 8, WANTED = 400, CLUSTER = 395, APART = 15 };
    static int8_t value[MANY * NT_ROUGH_ALIGN];
    static float norm[MANY + NT_ROUGH_RIGHT];
    static uint32_t key[MANY], truth[WANTED], scratch[2 * MANY], proposed[NT_PACK_TILE * WANTED];
    struct nt_random random;
    nt_random_seed(&random, 3, 1);
    for (uint32_t i = 0; i < MANY + NT_ROUGH_RIGHT; i++) {
        bool near = i % APART == 0 && i / APART < CLUSTER;
        norm[i] = i < MANY ? 0 : NAN;
        for (uint32_t j = 0; i < MANY && j < AXES; j++) {
            int v = near ? (int)nt_random_below(&random, 5) - 2 : 10 * (int)nt_random_below(&random, 5) - 20;
            value[i * NT_ROUGH_ALIGN + j] = (int8_t)(near && j == 0 ? 60 + v : v);
            norm[i] += (float)(value[i * NT_ROUGH_ALIGN + j] * value[i * NT_ROUGH_ALIGN + j]);
        }
    }
    struct nt_error error;
    struct nt_packer packer = {.allocator = allocator, .error = &error, .samples = MANY};
    struct nt_pack_space space = {.axes = AXES, .norm = norm, .rough = {NT_ROUGH_ALIGN, value, NULL, 2}};
    struct nt_pack_proposer *proposer;
    assert_int_equal(nt_pack_proposer_create(&proposer, &packer, &space, AXES, WANTED), NT_OK);
    nt_pack_propose(proposed, proposer, 0, NT_PACK_TILE);
    nt_pack_proposer_free(proposer);
    for (uint32_t i = 0; i < NT_PACK_TILE; i++) {
        for (uint32_t other = 0; other < MANY; other++) {
            int square = 0;
            for (uint32_t j = 0; j < AXES; j++) {
                int off = value[i * NT_ROUGH_ALIGN + j] - value[other * NT_ROUGH_ALIGN + j];
                square += off * off;
            }
            key[other] = nt_knn_key((float)square);
        }
        nt_knn_select(truth, key, MANY, WANTED, i, scratch);
        qsort(truth, WANTED, sizeof *truth, by_number);
        assert_memory_equal(proposed + i * WANTED, truth, sizeof truth);
    }
}

static struct { long asked, fails, held; } count;

static void *count_allocate(void *context, size_t bytes) {
    (void)context;
    void *pointer = count.asked++ != count.fails ? nt_allocate(allocator, bytes, 1) : NULL;
    count.held += pointer != NULL;
    return pointer;
}

static void count_release(void *context, void *pointer) {
    (void)context;
    count.held -= pointer != NULL;
    nt_release(allocator, pointer);
}

/* In blocks, so that rows are also read for those that pass. */
static void an_allocation_that_fails_is_told_and_nothing_is_kept(void **state) {
    (void)state;
    enum { FEW = 150 };
    const struct nt_allocator counting = {count_allocate, count_release, NULL};
    enum nt_status status = NT_E_MEMORY;
    for (count.fails = 0; status != NT_OK; count.fails++) {
        struct nt_codes codes;
        nt_graph *graph;
        count.asked = 0;
        status = pack(&codes, &graph, FEW, 60 * SIZE * sizeof(float), 1, &counting);
        assert_true(status == (count.asked > count.fails ? NT_E_MEMORY : NT_OK));
        nt_codes_clear(&codes, &counting);
        nt_graph_free(graph);
        assert_int_equal(count.held, 0);
    }
    assert_true(count.fails > 60);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(neighbours_of_many_samples_are_the_true_ones),
        cmocka_unit_test(neighbours_do_not_depend_on_blocks_threads_and_targets),
        cmocka_unit_test(who_has_too_narrow_a_limit_gets_all_that_is_wanted),
        cmocka_unit_test(an_allocation_that_fails_is_told_and_nothing_is_kept),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
