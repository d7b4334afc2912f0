/* Densities by class against SciPy's gaussian_kde: tests/reference/measures.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "measures_world.h"
#include "ntrace/density.h"

enum { SELF = 5, POINTS = 9 };

static uint32_t order[N], start[C + 1], scratch[3 * N];
static float value[N], distance[N];

static void sort_world(const struct world *w) {
    for (uint32_t i = 0; i < N; i++) {
        distance[i] = sqrtf(nt_distance_squared(w->x[1] + SELF * D, w->x[1] + i * D, D));
    }
    nt_density_sort(order, value, start, distance, w->label, SELF, N, C, scratch);
}

static void samples_are_sorted_by_class_and_then_by_distance(void **state) {
    const struct world *w = *state;
    sort_world(w);
    uint8_t seen[N] = {0};
    assert_int_equal(start[0], 0);
    assert_int_equal(start[C], N - 1);
    for (uint32_t c = 0; c < C; c++) {
        for (uint32_t r = start[c]; r < start[c + 1]; r++) {
            assert_int_equal(w->label[order[r]], c);
            assert_float_equal(value[r], distance[order[r]], 0);
            assert_true(r == start[c] || value[r] >= value[r - 1]);
            assert_false(seen[order[r]]);
            seen[order[r]] = 1;
        }
    }
    assert_false(seen[SELF]);
}

static void densities_by_class_equal_those_of_scipy(void **state) {
    const struct world *w = *state;
    sort_world(w);
    double at[POINTS], expected[C * POINTS], width[C], bandwidth[C], grid[POINTS], density[POINTS];
    world_numbers(at, w, "density_at", POINTS);
    world_numbers(expected, w, "density", C * POINTS);
    world_numbers(width, w, "density_bandwidth", C);
    nt_density_grid(grid, bandwidth, value, start, C, POINTS);
    for (uint32_t c = 0; c < C; c++) {
        assert_close(bandwidth[c], width[c], 1e-6);
        assert_int_equal(nt_density(density, at, POINTS, value + start[c], start[c + 1] - start[c]), NT_OK);
        for (int p = 0; p < POINTS; p++) {
            assert_close(density[p], expected[c * POINTS + (uint32_t)p], 1e-6);
        }
    }
}

static void the_grid_covers_every_class_and_nothing_below_zero(void **state) {
    const struct world *w = *state;
    sort_world(w);
    double grid[POINTS], bandwidth[C], farthest = 0;
    nt_density_grid(grid, bandwidth, value, start, C, POINTS);
    for (uint32_t c = 0; c < C; c++) {
        double end = (double)value[start[c + 1] - 1] + 3 * bandwidth[c];
        farthest = end > farthest ? end : farthest;
        assert_true(grid[0] <= (double)value[start[c]]);
    }
    assert_true(grid[0] >= 0);
    assert_close(grid[POINTS - 1], farthest, 1e-12);
    for (int p = 2; p < POINTS; p++) {
        assert_close(grid[p] - grid[p - 1], grid[1] - grid[0], 1e-12);
    }
}

static void a_class_with_one_sample_or_no_spread_has_no_bandwidth(void **state) {
    (void)state;
    const float apart[6] = {0, 3, 0.1f, 0.1f, 0.1f, 7};
    const uint16_t label[6] = {0, 0, 1, 1, 1, 2};
    double grid[POINTS], bandwidth[C];
    nt_density_sort(order, value, start, apart, label, 0, 6, C, scratch);
    nt_density_grid(grid, bandwidth, value, start, C, POINTS);
    for (int c = 0; c < C; c++) {
        assert_close(bandwidth[c], 0, 0);
    }
    assert_int_equal(start[4] - start[3], 0);
    assert_close(grid[0], 0.1, 1e-7);
    assert_close(grid[POINTS - 1], 7, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_are_sorted_by_class_and_then_by_distance),
        cmocka_unit_test(densities_by_class_equal_those_of_scipy),
        cmocka_unit_test(the_grid_covers_every_class_and_nothing_below_zero),
        cmocka_unit_test(a_class_with_one_sample_or_no_spread_has_no_bandwidth),
    };
    return cmocka_run_group_tests_name("densities", tests, world_open, world_close);
}
