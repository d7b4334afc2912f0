/* Exact graphs against brute force, on data that make each level of bounds matter; and their storage. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/target.h"
#include "ntrace/graph.h"
#include "ntrace/knn.h"
#include "ntrace/random.h"

enum { ROOM = 4 << 20 };

struct cloud {
    float *x;
    uint32_t size, reads, fail_after;
    int released;
};

static enum nt_status read(void *context, float *out, const uint32_t *sample, uint32_t count, struct nt_error *error) {
    struct cloud *cloud = context;
    if (++cloud->reads > cloud->fail_after) {
        return nt_error_set(error, NT_E_IO, "the disk is gone");
    }
    for (uint32_t i = 0; i < count; i++) {
        memcpy(out + (size_t)i * cloud->size, cloud->x + (size_t)sample[i] * cloud->size, cloud->size * sizeof *out);
    }
    return NT_OK;
}

static void release(void *context) { ((struct cloud *)context)->released++; }

/* Clusters of smooth images, rectified, so that norms, ranks and zeros are like those of activations. */
static struct cloud make_cloud(uint32_t samples, struct nt_shape shape, uint64_t seed) {
    struct nt_random random;
    struct cloud cloud = {.size = shape.channels * shape.height * shape.width, .fail_after = UINT32_MAX};
    nt_random_seed(&random, seed, 1);
    cloud.x = nt_allocate(nt_allocator_default(), samples, cloud.size * sizeof *cloud.x);
    assert_non_null(cloud.x);
    for (uint32_t i = 0; i < samples; i++) {
        float phase = (float)(i % 7), tilt = nt_random_normal(&random), turn = nt_random_normal(&random);
        for (uint32_t j = 0; j < cloud.size; j++) {
            float at = (float)j / (float)cloud.size;
            float value = sinf(9 * at + phase + tilt) + 0.3f * turn * cosf(31 * at) + 0.2f * nt_random_normal(&random);
            cloud.x[(size_t)i * cloud.size + j] = value > 0 ? value : 0;
        }
    }
    return cloud;
}

/* With the graph of another layer, or NULL. */
static nt_graph *search_hinted(struct cloud *cloud, uint32_t samples, struct nt_shape shape, uint32_t k, size_t room,
                               const nt_graph *hint, struct nt_graph_work *work) {
    nt_graph_search *search;
    struct nt_rows rows = {samples, shape, read, release, cloud};
    double done = 0, before = 0;
    assert_int_equal(nt_graph_search_create(&search, &rows, k, room, nt_allocator_default(), NULL), NT_OK);
    assert_true(hint == NULL || nt_graph_search_hint(search, hint) == NT_OK);
    while (done < 1) {
        assert_null(nt_graph_search_take(search));
        assert_int_equal(nt_graph_search_step(&done, search, NULL), NT_OK);
        assert_true(done >= before);
        before = done;
    }
    nt_graph *graph = nt_graph_search_take(search);
    assert_non_null(graph);
    assert_null(nt_graph_search_take(search));
    *work = nt_graph_search_work(search);
    nt_graph_search_free(search);
    assert_int_equal(cloud->released, 1);
    return graph;
}

static nt_graph *search_graph(struct cloud *cloud, uint32_t samples, struct nt_shape shape, uint32_t k, size_t room,
                              struct nt_graph_work *work) {
    return search_hinted(cloud, samples, shape, k, room, NULL, work);
}

static void check_against_brute_force(const nt_graph *graph, const struct cloud *cloud, uint32_t samples, uint32_t k) {
    uint32_t key[2048], scratch[4096], expected[512], index[512];
    float distance[512];
    for (uint32_t i = 0; i < samples; i++) {
        for (uint32_t j = 0; j < samples; j++) {
            key[j] = nt_knn_key(nt_distance_squared(cloud->x + (size_t)i * cloud->size,
                                                    cloud->x + (size_t)j * cloud->size, cloud->size));
        }
        nt_knn_select(expected, key, samples, k, i, scratch);
        nt_graph_get(index, distance, graph, i, k);
        assert_memory_equal(index, expected, k * sizeof *index);
        for (uint32_t n = 0; n < k; n++) {
            assert_true(fabsf(distance[n] - sqrtf(nt_knn_value(key[index[n]]))) <= 1e-5f * distance[k - 1]);
        }
    }
}

static void check(uint32_t samples, struct nt_shape shape, uint32_t k, size_t room, uint64_t seed) {
    struct cloud cloud = make_cloud(samples, shape, seed);
    struct nt_graph_work work;
    nt_graph *graph = search_graph(&cloud, samples, shape, k, room, &work);
    check_against_brute_force(graph, &cloud, samples, k);
    assert_true(work.pairs == (uint64_t)samples * (samples - 1) / 2);
    assert_true(work.exact <= work.reduced && work.reduced <= work.pairs);
    nt_graph_free(graph);
    nt_release(nt_allocator_default(), cloud.x);
}

static void graphs_of_vectors_equal_brute_force(void **state) {
    (void)state;
    check(700, (struct nt_shape){15, 1, 1}, 20, ROOM, 1);
    check(523, (struct nt_shape){288, 1, 1}, 33, ROOM, 2);
}

static void graphs_of_reduced_images_equal_brute_force(void **state) {
    (void)state;
    check(600, (struct nt_shape){16, 28, 28}, 25, ROOM, 3);
    check(300, (struct nt_shape){32, 14, 14}, 10, 64 << 20, 4);
}

/* Values and norms that typical rows do not announce are held to what 16 bits and their products can hold. */
static void outliers_far_beyond_typical_samples_are_found_all_the_same(void **state) {
    (void)state;
    enum { SAMPLES = 600, K = 12 };
    const struct nt_shape shape = {3, 18, 18};
    struct cloud cloud = make_cloud(SAMPLES, shape, 12);
    for (uint32_t i = 1; i < SAMPLES; i += 150) {
        for (uint32_t j = 0; j < cloud.size; j++) {
            cloud.x[(size_t)i * cloud.size + j] *= 40;
            cloud.x[(size_t)(i + 1) * cloud.size + j] *= 41;
        }
    }
    struct nt_graph_work work;
    nt_graph *graph = search_graph(&cloud, SAMPLES, shape, K, ROOM, &work);
    check_against_brute_force(graph, &cloud, SAMPLES, K);
    nt_graph_free(graph);
    nt_release(nt_allocator_default(), cloud.x);
}

/* Who was near at another layer, and who was not: only the work differs. */
static void hints_change_the_work_and_nothing_else(void **state) {
    (void)state;
    enum { SAMPLES = 900, K = 20 };
    const struct nt_shape shapes[] = {{16, 20, 20}, {37, 1, 1}, {5, 31, 23}};
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        struct cloud cloud = make_cloud(SAMPLES, shapes[s], 13),
                     other = make_cloud(SAMPLES, (struct nt_shape){9, 1, 1}, 7);
        struct nt_graph_work alone, hinted, misled, work;
        nt_graph *graph = search_graph(&cloud, SAMPLES, shapes[s], K, ROOM, &alone),
                 *far = search_graph(&other, SAMPLES, (struct nt_shape){9, 1, 1}, K + 3, ROOM, &work);
        const struct {
            const nt_graph *hint;
            struct nt_graph_work *work;
        } each[] = {{graph, &hinted}, {far, &misled}};
        for (size_t e = 0; e < 2; e++) {
            cloud.released = 0;
            nt_graph *found = search_hinted(&cloud, SAMPLES, shapes[s], K, ROOM, each[e].hint, each[e].work);
            check_against_brute_force(found, &cloud, SAMPLES, K);
            nt_graph_free(found);
        }
        bool same = memcmp(&hinted, &alone, sizeof alone) == 0;
        assert_true(s == 1 ? same : hinted.reduced < alone.reduced && hinted.exact <= alone.exact);
        nt_graph_free(graph);
        nt_graph_free(far);
        nt_release(nt_allocator_default(), cloud.x);
        nt_release(nt_allocator_default(), other.x);
    }
}

static void hints_that_do_not_fit_are_refused(void **state) {
    (void)state;
    struct cloud cloud = make_cloud(40, (struct nt_shape){16, 1, 1}, 4);
    struct nt_rows rows = {40, {16, 1, 1}, read, release, &cloud};
    const struct nt_allocator *al = nt_allocator_default();
    nt_graph_search *search;
    nt_graph *few, *narrow, *right;
    double done;
    assert_int_equal(nt_graph_search_create(&search, &rows, 5, ROOM, al, NULL), NT_OK);
    assert_int_equal(nt_graph_create(&few, 39, 5, al), NT_OK);
    assert_int_equal(nt_graph_create(&narrow, 40, 4, al), NT_OK);
    assert_int_equal(nt_graph_create(&right, 40, 5, al), NT_OK);
    assert_int_equal(nt_graph_search_hint(search, few), NT_E_ARG);
    assert_int_equal(nt_graph_search_hint(search, narrow), NT_E_ARG);
    assert_int_equal(nt_graph_search_step(&done, search, NULL), NT_OK);
    assert_int_equal(nt_graph_search_hint(search, right), NT_E_ARG);
    nt_graph_free(few);
    nt_graph_free(narrow);
    nt_graph_free(right);
    nt_graph_search_free(search);
    nt_release(al, cloud.x);
}

/* Images of 24 x 24 x 16 whose blocks of 4 x 4 are mixtures of a few patterns: a few axes hold them wholly. */
enum { MIXED = 600, SIDE = 24, BLOCK = 4, CHANNELS = 16, BLOCKS = SIDE * SIDE / BLOCK / BLOCK, PATTERNS = 12 };
enum { BLOCK_VALUES = BLOCK * BLOCK * CHANNELS };

static const struct nt_shape MIXED_SHAPE = {CHANNELS, SIDE, SIDE};

/* Where a block's j-th value is in an image. */
static size_t place_in_image(uint32_t block, uint32_t j) {
    uint32_t across = SIDE / BLOCK, y = block / across * BLOCK + j / (CHANNELS * BLOCK);
    return (y * SIDE + block % across * BLOCK + j / CHANNELS % BLOCK) * CHANNELS + j % CHANNELS;
}

static void make_patterns(float pattern[PATTERNS][BLOCK_VALUES]) {
    struct nt_random random;
    nt_random_seed(&random, 3, 1);
    for (uint32_t i = 0; i < PATTERNS * BLOCK_VALUES; i++) {
        pattern[i % PATTERNS][i / PATTERNS] = nt_random_normal(&random);
    }
}

static void mix(float block[BLOCK_VALUES], float pattern[PATTERNS][BLOCK_VALUES], struct nt_random *random) {
    memset(block, 0, BLOCK_VALUES * sizeof *block);
    for (uint32_t p = 0; p < PATTERNS; p++) {
        float share = 3 * nt_random_normal(random);
        for (uint32_t j = 0; j < BLOCK_VALUES; j++) {
            block[j] += share * pattern[p][j];
        }
    }
}

/* Threes of samples that hardly differ in what the axes hold: the second is opposite to the first in all the rest, and
 * seems nearer to it than the third, which is the same there. */
static void limits_that_prove_too_low_are_found_out(void **state) {
    (void)state;
    struct nt_random random;
    struct cloud cloud = make_cloud(MIXED, MIXED_SHAPE, 1);
    float pattern[PATTERNS][BLOCK_VALUES], strong[BLOCK_VALUES];
    make_patterns(pattern);
    nt_random_seed(&random, 3, 2);
    for (uint32_t i = 0; i < MIXED; i += 3) {
        float *x = cloud.x + (size_t)i * cloud.size, *opposite = x + cloud.size, *third = opposite + cloud.size;
        double rest = 0, step = 0, apart;
        for (uint32_t block = 0; block < BLOCKS; block++) {
            mix(strong, pattern, &random);
            for (uint32_t j = 0; j < BLOCK_VALUES; j++) {
                size_t at = place_in_image(block, j);
                float weak = nt_random_normal(&random);
                x[at] = strong[j] + weak;
                opposite[at] = strong[j] - weak;
                third[at] = block == 7 ? pattern[2][j] : 0;
                rest += (double)(weak * weak);
                step += (double)(third[at] * third[at]);
            }
        }
        apart = sqrt(3.8 * rest / step); /* squared, four times the rest is the distance of the second */
        for (uint32_t j = 0; j < cloud.size; j++) {
            third[j] = x[j] + (float)apart * third[j];
        }
    }
    struct nt_graph_work work;
    nt_graph *graph = search_graph(&cloud, MIXED, MIXED_SHAPE, 1, ROOM, &work);
    uint32_t nearest;
    nt_graph_get(&nearest, NULL, graph, 0, 1);
    assert_int_equal(nearest, 2);
    check_against_brute_force(graph, &cloud, MIXED, 1);
    assert_true(work.again > MIXED / 2 && work.again < MIXED);
    nt_graph_free(graph);
    nt_release(nt_allocator_default(), cloud.x);
}

/* Of nothing that is left out little more is known than that it is small beside the rows: that must not make pairs be
 * measured which the axes tell apart. */
static void rows_that_the_axes_hold_wholly_are_hardly_measured_in_vain(void **state) {
    (void)state;
    enum { K = 20 };
    struct nt_random random;
    struct cloud cloud = make_cloud(MIXED, MIXED_SHAPE, 1);
    float pattern[PATTERNS][BLOCK_VALUES], block[BLOCK_VALUES];
    make_patterns(pattern);
    nt_random_seed(&random, 3, 2);
    for (uint32_t i = 0; i < MIXED * BLOCKS; i++) {
        mix(block, pattern, &random);
        for (uint32_t j = 0; j < BLOCK_VALUES; j++) {
            cloud.x[i / BLOCKS * (size_t)cloud.size + place_in_image(i % BLOCKS, j)] = block[j];
        }
    }
    struct nt_graph_work work;
    nt_graph *graph = search_graph(&cloud, MIXED, MIXED_SHAPE, K, ROOM, &work);
    check_against_brute_force(graph, &cloud, MIXED, K);
    assert_true(work.exact < (uint64_t)MIXED * K);
    nt_graph_free(graph);
    nt_release(nt_allocator_default(), cloud.x);
}

/* What many values share, each a little of it, spreads more than what a few strong ones do each for itself. */
static void the_plane_holds_what_weak_values_share(void **state) {
    (void)state;
    enum { SAMPLES = 500, STRONG = 300, VALUES = 1000 };
    const struct nt_shape shape = {VALUES, 1, 1};
    struct nt_random random;
    struct cloud cloud = make_cloud(SAMPLES, shape, 1);
    double square = 0, kept = 0;
    nt_random_seed(&random, 5, 1);
    for (uint32_t i = 0; i < SAMPLES; i++) {
        float first = nt_random_normal(&random), second = nt_random_normal(&random);
        for (uint32_t j = 0; j < VALUES; j++) {
            float shared = j % 2 == 0 ? first : 0.8f * second;
            cloud.x[(size_t)i * VALUES + j] = j < STRONG ? nt_random_normal(&random) : 0.5f * shared;
        }
        square += (double)(first * first + 0.64f * second * second) * 0.25 * (VALUES - STRONG) / 2;
    }
    struct nt_rows rows = {SAMPLES, shape, read, release, &cloud};
    nt_graph_search *search;
    double done = 0;
    assert_int_equal(nt_graph_search_create(&search, &rows, 5, ROOM, nt_allocator_default(), NULL), NT_OK);
    while (done < 1) {
        assert_int_equal(nt_graph_search_step(&done, search, NULL), NT_OK);
    }
    const float *plane = nt_graph_search_plane(search);
    for (uint32_t i = 0; i < 2 * SAMPLES; i++) {
        kept += (double)(plane[i] * plane[i]);
    }
    assert_true(kept > 0.98 * square && kept < 1.03 * square);
    nt_graph_search_free(search);
    nt_release(nt_allocator_default(), cloud.x);
}

/* Which pairs are compared and measured is decided by whole numbers and by sums in one order. */
static void every_target_finds_the_same_with_the_same_work(void **state) {
    (void)state;
    const struct nt_shape shapes[] = {{16, 20, 20}, {37, 1, 1}};
    enum nt_target best = nt_target();
    for (size_t s = 0; s < 2; s++) {
        struct nt_graph_work first = {0};
        for (int t = 0; t < NT_TARGET_COUNT; t++) {
            if (!nt_target_available((enum nt_target)t)) {
                continue;
            }
            nt_target_select((enum nt_target)t);
            struct cloud cloud = make_cloud(650, shapes[s], 12);
            struct nt_graph_work work;
            nt_graph *graph = search_graph(&cloud, 650, shapes[s], 17, ROOM, &work);
            check_against_brute_force(graph, &cloud, 650, 17);
            first = t == NT_SCALAR ? work : first;
            assert_true(work.reduced == first.reduced && work.exact == first.exact);
            nt_graph_free(graph);
            nt_release(nt_allocator_default(), cloud.x);
        }
    }
    nt_target_select(best);
}

static void images_that_blocks_do_not_divide_are_filled_up(void **state) {
    (void)state;
    check(400, (struct nt_shape){5, 23, 19}, 12, NT_GRAPH_ROOM_MIN, 5);
}

static void few_samples_and_the_largest_k_work(void **state) {
    (void)state;
    check(2, (struct nt_shape){1, 4, 4}, 1, ROOM, 6);
    check(130, (struct nt_shape){1, 28, 28}, 129, ROOM, 7);
}

static void equal_samples_stand_in_the_order_of_their_numbers(void **state) {
    (void)state;
    enum { SAMPLES = 90, SIZE = 64 };
    struct cloud cloud = make_cloud(SAMPLES, (struct nt_shape){1, 8, 8}, 8);
    for (uint32_t i = 30; i < SAMPLES; i++) {
        memcpy(cloud.x + (size_t)i * SIZE, cloud.x + (size_t)(i % 30) * SIZE, SIZE * sizeof *cloud.x);
    }
    struct nt_graph_work work;
    nt_graph *graph = search_graph(&cloud, SAMPLES, (struct nt_shape){1, 8, 8}, 5, ROOM, &work);
    check_against_brute_force(graph, &cloud, SAMPLES, 5);
    uint32_t index[2];
    nt_graph_get(index, NULL, graph, 3, 2);
    assert_int_equal(index[0], 33);
    assert_int_equal(index[1], 63);
    nt_graph_free(graph);
    nt_release(nt_allocator_default(), cloud.x);
}

static void all_samples_alike_still_give_a_graph(void **state) {
    (void)state;
    struct cloud cloud = make_cloud(300, (struct nt_shape){16, 28, 28}, 9);
    memset(cloud.x, 0, 300 * (size_t)cloud.size * sizeof *cloud.x);
    struct nt_graph_work work;
    nt_graph *graph = search_graph(&cloud, 300, (struct nt_shape){16, 28, 28}, 4, ROOM, &work);
    check_against_brute_force(graph, &cloud, 300, 4);
    nt_graph_free(graph);
    nt_release(nt_allocator_default(), cloud.x);
}

static void failures_of_the_source_are_passed_on(void **state) {
    (void)state;
    struct cloud cloud = make_cloud(200, (struct nt_shape){16, 28, 28}, 10);
    struct nt_rows rows = {200, {16, 28, 28}, read, release, &cloud};
    for (uint32_t after = 0; after < 30; after += 3) {
        nt_graph_search *search;
        struct nt_error error = {0};
        double done = 0;
        cloud.reads = 0;
        cloud.released = 0;
        cloud.fail_after = after;
        enum nt_status status = nt_graph_search_create(&search, &rows, 3, ROOM, nt_allocator_default(), &error);
        while (status == NT_OK && done < 1) {
            status = nt_graph_search_step(&done, search, &error);
        }
        nt_graph_search_free(search);
        assert_true(status == NT_E_IO || cloud.reads <= after);
        assert_int_equal(cloud.released, 1);
    }
    nt_release(nt_allocator_default(), cloud.x);
}

static void activations_that_are_not_finite_are_refused(void **state) {
    (void)state;
    struct cloud cloud = make_cloud(64, (struct nt_shape){1, 28, 28}, 11);
    cloud.x[5] = NAN;
    nt_graph_search *search;
    struct nt_rows rows = {64, {1, 28, 28}, read, release, &cloud};
    struct nt_error error = {0};
    double done = 0;
    enum nt_status status = nt_graph_search_create(&search, &rows, 3, ROOM, nt_allocator_default(), &error);
    while (status == NT_OK && done < 1) {
        status = nt_graph_search_step(&done, search, &error);
    }
    assert_int_equal(status, NT_E_VALUE);
    assert_non_null(strstr(error.text, "not finite"));
    nt_graph_search_free(search);
    nt_release(nt_allocator_default(), cloud.x);
}

static void arguments_out_of_range_are_refused(void **state) {
    (void)state;
    struct cloud cloud = {.size = 4};
    struct nt_rows rows = {10, {4, 1, 1}, read, release, &cloud};
    nt_graph_search *search;
    const struct nt_allocator *al = nt_allocator_default();
    assert_int_equal(nt_graph_search_create(&search, &rows, 0, ROOM, al, NULL), NT_E_ARG);
    assert_int_equal(nt_graph_search_create(&search, &rows, 10, ROOM, al, NULL), NT_E_ARG);
    assert_int_equal(nt_graph_search_create(&search, &rows, 3, 1, al, NULL), NT_E_ARG);
    assert_null(search);
    assert_int_equal(cloud.released, 3);
    nt_graph *graph;
    assert_int_equal(nt_graph_create(&graph, 5, 5, al), NT_E_ARG);
    assert_int_equal(nt_graph_create(&graph, 5, 0, al), NT_E_ARG);
}

/* Both widths of indexes. */
static void rows_come_back_as_they_were_set(void **state) {
    (void)state;
    const uint32_t sizes[] = {1000, 70000};
    for (size_t s = 0; s < 2; s++) {
        nt_graph *graph;
        uint32_t index[3] = {7, sizes[s] - 1, 0}, back[3];
        float distance[3] = {0.25f, 1.5f, 4}, found[3];
        assert_int_equal(nt_graph_create(&graph, sizes[s], 3, nt_allocator_default()), NT_OK);
        nt_graph_set(graph, sizes[s] - 2, index, distance);
        nt_graph_get(back, found, graph, sizes[s] - 2, 3);
        assert_memory_equal(back, index, sizeof index);
        for (int i = 0; i < 3; i++) {
            assert_true(fabsf(found[i] - distance[i]) < 3.75f / 131070 + 1e-6f);
        }
        assert_true(nt_graph_bytes(graph) < sizes[s] * (3u * 6 + 8) + 200);
        nt_graph_free(graph);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(graphs_of_vectors_equal_brute_force),
        cmocka_unit_test(graphs_of_reduced_images_equal_brute_force),
        cmocka_unit_test(outliers_far_beyond_typical_samples_are_found_all_the_same),
        cmocka_unit_test(hints_change_the_work_and_nothing_else),
        cmocka_unit_test(hints_that_do_not_fit_are_refused),
        cmocka_unit_test(limits_that_prove_too_low_are_found_out),
        cmocka_unit_test(rows_that_the_axes_hold_wholly_are_hardly_measured_in_vain),
        cmocka_unit_test(the_plane_holds_what_weak_values_share),
        cmocka_unit_test(every_target_finds_the_same_with_the_same_work),
        cmocka_unit_test(images_that_blocks_do_not_divide_are_filled_up),
        cmocka_unit_test(few_samples_and_the_largest_k_work),
        cmocka_unit_test(equal_samples_stand_in_the_order_of_their_numbers),
        cmocka_unit_test(all_samples_alike_still_give_a_graph),
        cmocka_unit_test(failures_of_the_source_are_passed_on),
        cmocka_unit_test(activations_that_are_not_finite_are_refused),
        cmocka_unit_test(arguments_out_of_range_are_refused),
        cmocka_unit_test(rows_come_back_as_they_were_set),
    };
    return cmocka_run_group_tests_name("graph", tests, NULL, NULL);
}
