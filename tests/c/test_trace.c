#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ntrace/random.h"
#include "ntrace/trace.h"

enum { N = 40, K = 10 };

/* Two neighbourhoods of sample 0 in a world of N samples with random distances at two layers. */
struct world {
    float distance[2][N];
    uint32_t order[2][N - 1], rank[2][N];
    float near[2][K], other[2][K];
    uint32_t other_rank[2][K];
    uint16_t labels[N];
    struct nt_trace_side side[2];
};

static void make_world(struct world *w, uint64_t seed) {
    struct nt_random random;
    nt_random_seed(&random, seed, 0);
    for (uint32_t i = 0; i < N; i++) {
        w->labels[i] = (uint16_t)nt_random_below(&random, 4);
        w->distance[0][i] = nt_random_between(&random, 1, 9);
        w->distance[1][i] = nt_random_between(&random, 20, 50);
    }
    for (uint32_t s = 0; s < 2; s++) {
        for (uint32_t i = 1; i < N; i++) {
            uint32_t rank = 0;
            for (uint32_t j = 1; j < N; j++) {
                float a = w->distance[s][j], b = w->distance[s][i];
                rank += a < b || (!(a > b) && j < i);
            }
            w->order[s][rank] = i;
            w->rank[s][i] = rank;
        }
    }
    for (uint32_t s = 0; s < 2; s++) {
        for (uint32_t r = 0; r < K; r++) {
            uint32_t i = w->order[s][r];
            w->near[s][r] = w->distance[s][i];
            w->other[s][r] = w->distance[1 - s][i];
            w->other_rank[s][r] = w->rank[1 - s][i];
        }
        w->side[s] = (struct nt_trace_side){w->order[s], w->near[s], w->other[s], w->other_rank[s]};
    }
}

static void every_member_stands_once_with_its_distances_and_ranks(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 50; seed++) {
        struct world w;
        struct nt_trace trace;
        make_world(&w, seed);
        assert_int_equal(nt_trace_layout(&trace, w.side, w.labels, 0, 3, 5, K, nt_allocator_default()), NT_OK);
        uint8_t seen[N] = {0};
        uint32_t both = 0;
        for (uint32_t i = 0; i < trace.points_count; i++) {
            const struct nt_trace_point *p = &trace.points[i];
            assert_false(seen[p->sample]);
            seen[p->sample] = 1;
            for (uint32_t s = 0; s < 2; s++) {
                uint32_t flag = s == 0 ? NT_TRACE_IN_FROM : NT_TRACE_IN_TO;
                assert_int_equal((p->member & flag) != 0, w.rank[s][p->sample] < K);
                assert_int_equal(p->rank[s], w.rank[s][p->sample]);
                assert_true(p->distance[s] >= w.distance[s][p->sample] && p->distance[s] <= w.distance[s][p->sample]);
                assert_int_equal(p->radius[s] <= 1.5f, w.rank[s][p->sample] < K);
                assert_true(p->radius[s] >= 0.5f);
            }
            both += p->member == (NT_TRACE_IN_FROM | NT_TRACE_IN_TO);
        }
        uint32_t scratch[2 * K];
        assert_int_equal(trace.points_count, 2 * K - both);
        assert_int_equal(trace.overlap, both);
        assert_int_equal(nt_trace_overlap(w.order[0], w.order[1], K, scratch), both);
        nt_trace_clear(&trace, nt_allocator_default());
    }
}

static void sectors_fill_the_circle_and_hold_their_own_points(void **state) {
    (void)state;
    struct world w;
    struct nt_trace trace;
    make_world(&w, 7);
    assert_int_equal(nt_trace_layout(&trace, w.side, w.labels, 0, 0, 1, K, nt_allocator_default()), NT_OK);
    uint32_t from = 0, to = 0, point = 0;
    float start = 0;
    for (uint32_t s = 0; s < trace.sectors_count; s++) {
        const struct nt_trace_sector *sector = &trace.sectors[s];
        assert_float_equal(sector->start, start, 0);
        assert_true(sector->end > sector->start);
        start = sector->end;
        from += sector->count[0];
        to += sector->count[1];
        for (; point < trace.points_count && trace.points[point].label == sector->label; point++) {
            assert_true(trace.points[point].angle > sector->start && trace.points[point].angle < sector->end);
        }
    }
    assert_int_equal(point, trace.points_count);
    assert_float_equal(start, 6.2831853f, 1e-6);
    assert_int_equal(from, K);
    assert_int_equal(to, K);
    nt_trace_clear(&trace, nt_allocator_default());
}

static void a_neighbourhood_that_does_not_change_overlaps_wholly_and_does_not_move(void **state) {
    (void)state;
    struct world w;
    struct nt_trace trace;
    make_world(&w, 9);
    uint32_t ranks[K];
    for (uint32_t r = 0; r < K; r++) {
        ranks[r] = r;
    }
    struct nt_trace_side same = {w.order[0], w.near[0], w.near[0], ranks};
    const struct nt_trace_side sides[2] = {same, same};
    assert_int_equal(nt_trace_layout(&trace, sides, w.labels, 0, 2, 2, K, nt_allocator_default()), NT_OK);
    assert_int_equal(trace.overlap, K);
    assert_int_equal(trace.points_count, K);
    assert_int_equal(trace.closer + trace.farther, 0);
    nt_trace_clear(&trace, nt_allocator_default());
}

struct failing {
    unsigned left;
};

static void *fail_later(void *context, size_t bytes) {
    struct failing *failing = context;
    return failing->left-- == 0 ? NULL : malloc(bytes);
}

static void release(void *context, void *pointer) {
    (void)context;
    free(pointer);
}

static void lack_of_memory_is_reported_and_leaks_nothing(void **state) {
    (void)state;
    struct world w;
    make_world(&w, 1);
    for (unsigned n = 0; n < 2; n++) {
        struct failing failing = {n};
        struct nt_allocator allocator = {fail_later, release, &failing};
        struct nt_trace trace;
        assert_int_equal(nt_trace_layout(&trace, w.side, w.labels, 0, 0, 1, K, &allocator), NT_E_MEMORY);
        assert_null(trace.points);
        assert_null(trace.sectors);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_member_stands_once_with_its_distances_and_ranks),
        cmocka_unit_test(sectors_fill_the_circle_and_hold_their_own_points),
        cmocka_unit_test(a_neighbourhood_that_does_not_change_overlaps_wholly_and_does_not_move),
        cmocka_unit_test(lack_of_memory_is_reported_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
