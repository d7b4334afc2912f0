/* What maps have to be, on small problems: true to neighbours, the same for one seed, near where they start, finite. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ntrace/measures.h"
#include "ntrace/project.h"
#include "ntrace/random.h"

enum { MAX_SAMPLES = 600, MAX_SIZE = 3, K = 20 };

struct cloud {
    uint32_t samples, size;
    float x[MAX_SAMPLES * MAX_SIZE];
    nt_graph *graph;
};

static float apart(const float *a, const float *b, uint32_t size) {
    float sum = 0;
    for (uint32_t j = 0; j < size; j++) {
        sum += (a[j] - b[j]) * (a[j] - b[j]);
    }
    return sqrtf(sum);
}

/* The graph of all samples, by comparing each with all. */
static void connect_all(struct cloud *c, uint32_t k) {
    assert_int_equal(nt_graph_create(&c->graph, c->samples, k, nt_allocator_default()), NT_OK);
    for (uint32_t i = 0; i < c->samples; i++) {
        uint32_t index[K], found = 0;
        float distance[K];
        for (uint32_t j = 0; j < c->samples; j++) {
            float d = apart(c->x + i * c->size, c->x + j * c->size, c->size);
            uint32_t at = found;
            for (; at > 0 && d < distance[at - 1]; at--) {
                if (at < k) {
                    distance[at] = distance[at - 1];
                    index[at] = index[at - 1];
                }
            }
            if (j != i && at < k) {
                distance[at] = d;
                index[at] = j;
                found += found < k;
            }
        }
        nt_graph_set(c->graph, i, index, distance);
    }
}

/* A sheet rolled up: the plane is hidden in three dimensions. */
static void roll(struct cloud *c, uint32_t samples, float stretch, uint64_t seed) {
    struct nt_random random;
    nt_random_seed(&random, seed, 1);
    *c = (struct cloud){.samples = samples, .size = 3};
    for (uint32_t i = 0; i < samples; i++) {
        float u = nt_random_between(&random, 2, 9), v = nt_random_between(&random, 0, 6);
        c->x[3 * i] = u * cosf(stretch * u);
        c->x[3 * i + 1] = u * sinf(stretch * u);
        c->x[3 * i + 2] = v;
    }
    connect_all(c, K);
}

/* Round heaps far from each other, the first `large`, the others `small` samples each. */
static void heap_up(struct cloud *c, uint32_t heaps, uint32_t large, uint32_t small, uint32_t k) {
    struct nt_random random;
    nt_random_seed(&random, 5, 1);
    *c = (struct cloud){.samples = large + (heaps - 1) * small, .size = 2};
    for (uint32_t i = 0; i < c->samples; i++) {
        uint32_t heap = i < large ? 0 : 1 + (i - large) / small;
        c->x[2 * i] = nt_random_normal(&random) + 100 * (float)heap;
        c->x[2 * i + 1] = nt_random_normal(&random);
    }
    connect_all(c, k);
}

static void map_with(float *map, const struct cloud *c, const struct nt_umap_options *options, const float *start) {
    nt_umap *umap;
    struct nt_error error = {0};
    uint32_t epoch = 0;
    double done = 0;
    if (nt_umap_create(&umap, c->graph, options, start, nt_allocator_default(), &error) != NT_OK) {
        fail_msg("%s", error.text);
    }
    while (epoch < options->epochs) {
        assert_int_equal(nt_umap_step(&epoch, umap, &error), NT_OK);
        assert_true(nt_umap_done(umap) >= done && nt_umap_done(umap) <= 1);
        done = nt_umap_done(umap);
    }
    assert_true(done == 1);
    memcpy(map, nt_umap_map(umap), c->samples * 2 * sizeof *map);
    for (uint32_t i = 0; i < 2 * c->samples; i++) {
        assert_true(isfinite(map[i]));
    }
    nt_umap_free(umap);
}

static struct nt_umap_options options_of(const struct cloud *c, enum nt_umap_start start, uint32_t seed) {
    struct nt_umap_options options;
    nt_umap_defaults(&options, c->samples, start);
    options.seed = seed;
    return options;
}

static double trustworthiness(const struct cloud *c, const float *map, uint32_t k) {
    static uint32_t key[MAX_SAMPLES], scratch[4 * MAX_SAMPLES];
    double sum = 0;
    for (uint32_t i = 0; i < c->samples; i++) {
        float one;
        float other;
        nt_measure_keys(key, c->x, i, c->samples, c->size);
        assert_int_equal(nt_measure_map(&one, &other, key, NULL, map, i, c->samples, k, scratch), NT_OK);
        sum += (double)one;
    }
    return sum / c->samples;
}

static struct cloud cloud;
static float map[2 * MAX_SAMPLES], other[2 * MAX_SAMPLES];

static void a_map_keeps_neighbours_together(void **state) {
    (void)state;
    roll(&cloud, 600, 1, 1);
    struct nt_umap_options options = options_of(&cloud, NT_UMAP_SPECTRAL, 1);
    map_with(map, &cloud, &options, NULL);
    assert_true(trustworthiness(&cloud, map, 15) > 0.985);
    nt_graph_free(cloud.graph);
}

static void one_seed_gives_one_map_and_another_seed_another(void **state) {
    (void)state;
    roll(&cloud, 200, 1, 1);
    struct nt_umap_options options = options_of(&cloud, NT_UMAP_SPECTRAL, 7);
    options.epochs = 50;
    map_with(map, &cloud, &options, NULL);
    map_with(other, &cloud, &options, NULL);
    assert_memory_equal(map, other, 200 * 2 * sizeof *map);
    options.seed = 8;
    map_with(other, &cloud, &options, NULL);
    assert_memory_not_equal(map, other, 200 * 2 * sizeof *map);
    nt_graph_free(cloud.graph);
}

static void a_warm_start_stays_near_the_earlier_map(void **state) {
    (void)state;
    static float earlier[2 * MAX_SAMPLES];
    struct nt_umap_options options;
    roll(&cloud, 500, 1, 3);
    options = options_of(&cloud, NT_UMAP_SPECTRAL, 1);
    map_with(earlier, &cloud, &options, NULL);
    nt_graph_free(cloud.graph);
    roll(&cloud, 500, 1.05f, 3); /* the next layer: rolled up a little tighter */
    options.seed = 2;
    map_with(other, &cloud, &options, NULL);
    options = options_of(&cloud, NT_UMAP_MAP, 2);
    map_with(map, &cloud, &options, earlier);
    double cold = trustworthiness(&cloud, other, 15), warm = trustworthiness(&cloud, map, 15);
    assert_true(warm > cold - 0.005);
    assert_true(nt_map_align(map, earlier, 500) < 0.5 * nt_map_align(other, earlier, 500));
    nt_graph_free(cloud.graph);
}

static void given_coordinates_are_scaled_and_kept_in_place(void **state) {
    (void)state;
    roll(&cloud, 300, 1, 1);
    struct nt_umap_options options = options_of(&cloud, NT_UMAP_SPECTRAL, 1);
    for (uint32_t i = 0; i < 300; i++) {
        other[2 * i] = 1000 * cloud.x[3 * i];
        other[2 * i + 1] = 1000 * cloud.x[3 * i + 1];
    }
    options.start = NT_UMAP_COORDINATES;
    options.epochs = 1;
    options.alpha = 1e-6f;
    map_with(map, &cloud, &options, other);
    float low = map[0], high = map[0];
    for (uint32_t i = 0; i < 300; i++) {
        low = fminf(low, map[2 * i]);
        high = fmaxf(high, map[2 * i]);
    }
    assert_true(fabsf(low) < 1e-3f && fabsf(high - 10) < 1e-3f);
    assert_true(nt_map_align(map, other, 300) < 0.1);
    nt_graph_free(cloud.graph);
}

static void samples_on_a_circle_start_on_a_circle(void **state) {
    (void)state;
    const float turn = 6.2831853f;
    struct nt_umap_options options;
    cloud = (struct cloud){.samples = 400, .size = 2};
    for (uint32_t i = 0; i < 400; i++) {
        cloud.x[2 * i] = cosf(turn * (float)i / 400);
        cloud.x[2 * i + 1] = sinf(turn * (float)i / 400);
    }
    connect_all(&cloud, 12);
    options = options_of(&cloud, NT_UMAP_SPECTRAL, 1);
    options.epochs = 1;
    options.neighbors = 13;
    options.alpha = 1e-6f;
    map_with(map, &cloud, &options, NULL);
    assert_true(nt_map_align(map, cloud.x, 400) < 0.05);
    nt_graph_free(cloud.graph);
}

/* The largest distance of a sample from its heap's middle, and the least between the middles of two heaps. */
static void spread_of_heaps(double *widest, double *nearest, uint32_t heaps, uint32_t large, uint32_t small) {
    double x[MAX_SAMPLES] = {0}, y[MAX_SAMPLES] = {0};
    *widest = 0;
    *nearest = INFINITY;
    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t i = 0; i < cloud.samples; i++) {
            uint32_t heap = i < large ? 0 : 1 + (i - large) / small, count = heap == 0 ? large : small;
            double px = (double)map[2 * i], py = (double)map[2 * i + 1];
            if (pass == 0) {
                x[heap] += px / count;
                y[heap] += py / count;
            } else {
                *widest = fmax(*widest, hypot(px - x[heap], py - y[heap]));
            }
        }
    }
    for (uint32_t a = 0; a < heaps; a++) {
        for (uint32_t b = 0; b < a; b++) {
            *nearest = fmin(*nearest, hypot(x[a] - x[b], y[a] - y[b]));
        }
    }
}

static void heaps_that_are_not_connected_stay_apart(void **state) {
    (void)state;
    const uint32_t shapes[][3] = {{2, 60, 60}, {3, 60, 40}, {4, 50, 50}, {9, 200, 20}, {30, 100, 8}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        double widest, nearest;
        heap_up(&cloud, shapes[i][0], shapes[i][1], shapes[i][2], 6);
        struct nt_umap_options options = options_of(&cloud, NT_UMAP_SPECTRAL, 1);
        options.neighbors = 7;
        map_with(map, &cloud, &options, NULL);
        spread_of_heaps(&widest, &nearest, shapes[i][0], shapes[i][1], shapes[i][2]);
        assert_true(nearest > 1);
        assert_true(trustworthiness(&cloud, map, 6) > 0.97);
        nt_graph_free(cloud.graph);
    }
}

static void samples_that_coincide_get_a_finite_map_each(void **state) {
    (void)state;
    cloud = (struct cloud){.samples = 120, .size = 2};
    for (uint32_t i = 40; i < 120; i++) { /* the first 40 are all at 0 */
        cloud.x[2 * i] = (float)(i % 9);
        cloud.x[2 * i + 1] = (float)(i % 7);
    }
    connect_all(&cloud, K);
    struct nt_umap_options options = options_of(&cloud, NT_UMAP_SPECTRAL, 1);
    map_with(map, &cloud, &options, NULL);
    for (uint32_t i = 0; i < 40; i++) {
        for (uint32_t j = 0; j < i; j++) {
            assert_true(map[2 * i] != map[2 * j] || map[2 * i + 1] != map[2 * j + 1]);
        }
    }
    nt_graph_free(cloud.graph);
}

static void the_fewest_samples_get_a_map(void **state) {
    (void)state;
    for (uint32_t samples = 3; samples < 30; samples++) {
        heap_up(&cloud, 1, samples, 1, samples - 1 < K ? samples - 1 : K);
        struct nt_umap_options options = options_of(&cloud, NT_UMAP_SPECTRAL, 1);
        options.neighbors = samples < 15 ? samples : 15;
        options.epochs = 30;
        map_with(map, &cloud, &options, NULL);
        nt_graph_free(cloud.graph);
    }
}

static void assert_refused(const struct nt_umap_options *options, const float *start, enum nt_status status,
                           const char *said) {
    nt_umap *umap;
    struct nt_error error = {0};
    assert_int_equal(nt_umap_create(&umap, cloud.graph, options, start, nt_allocator_default(), &error), status);
    assert_null(umap);
    if (strstr(error.text, said) == NULL) {
        fail_msg("expected \"%s\" in: %s", said, error.text);
    }
}

static void what_cannot_be_is_refused_in_words(void **state) {
    (void)state;
    heap_up(&cloud, 1, 12, 1, 5);
    struct nt_umap_options good = options_of(&cloud, NT_UMAP_SPECTRAL, 1), bad = good;
    assert_refused(&bad, NULL, NT_E_ARG, "there are only 12 samples");
    bad.neighbors = 7;
    assert_refused(&bad, NULL, NT_E_ARG, "the graph has 5");
    bad.neighbors = 1;
    assert_refused(&bad, NULL, NT_E_ARG, "neighbors 1");
    good.neighbors = 6;
    bad = good, bad.epochs = 0;
    assert_refused(&bad, NULL, NT_E_ARG, "epochs 0");
    bad = good, bad.min_dist = 2;
    assert_refused(&bad, NULL, NT_E_ARG, "min_dist 2");
    bad = good, bad.alpha = NAN;
    assert_refused(&bad, NULL, NT_E_ARG, "alpha");
    bad = good, bad.start = NT_UMAP_MAP;
    assert_refused(&bad, NULL, NT_E_ARG, "start 2");
    memset(map, 0, sizeof map);
    assert_refused(&good, map, NT_E_ARG, "start 0");
    map[7] = NAN;
    assert_refused(&bad, map, NT_E_VALUE, "sample 3");
    nt_graph_free(cloud.graph);
}

/* ---- Memory. ---- */

struct meter {
    int left; /* allocations that still succeed */
    int held;
};

static void *metered_allocate(void *context, size_t bytes) {
    struct meter *meter = context;
    if (meter->left-- <= 0) {
        return NULL;
    }
    meter->held++;
    return nt_allocate(nt_allocator_default(), bytes, 1);
}

static void metered_release(void *context, void *pointer) {
    struct meter *meter = context;
    meter->held -= pointer != NULL;
    nt_release(nt_allocator_default(), pointer);
}

static void a_map_that_runs_out_of_memory_says_so_and_gives_all_back(void **state) {
    (void)state;
    heap_up(&cloud, 2, 40, 40, K);
    struct nt_umap_options options = options_of(&cloud, NT_UMAP_SPECTRAL, 1);
    options.epochs = 2;
    enum nt_status status = NT_E_MEMORY;
    int allocations = 0;
    for (; status == NT_E_MEMORY; allocations++) {
        struct meter meter = {.left = allocations};
        const struct nt_allocator allocator = {metered_allocate, metered_release, &meter};
        struct nt_error error = {0};
        nt_umap *umap;
        uint32_t epoch = 0;
        status = nt_umap_create(&umap, cloud.graph, &options, NULL, &allocator, &error);
        while (status == NT_OK && epoch < options.epochs) {
            status = nt_umap_step(&epoch, umap, &error);
        }
        nt_umap_free(umap);
        assert_int_equal(meter.held, 0);
        assert_true(status == NT_OK || strstr(error.text, "memory") != NULL);
    }
    assert_int_equal(status, NT_OK);
    assert_true(allocations > 20);
    nt_graph_free(cloud.graph);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_map_keeps_neighbours_together),
        cmocka_unit_test(one_seed_gives_one_map_and_another_seed_another),
        cmocka_unit_test(a_warm_start_stays_near_the_earlier_map),
        cmocka_unit_test(given_coordinates_are_scaled_and_kept_in_place),
        cmocka_unit_test(samples_on_a_circle_start_on_a_circle),
        cmocka_unit_test(heaps_that_are_not_connected_stay_apart),
        cmocka_unit_test(samples_that_coincide_get_a_finite_map_each),
        cmocka_unit_test(the_fewest_samples_get_a_map),
        cmocka_unit_test(what_cannot_be_is_refused_in_words),
        cmocka_unit_test(a_map_that_runs_out_of_memory_says_so_and_gives_all_back),
    };
    return cmocka_run_group_tests_name("umap", tests, NULL, NULL);
}
