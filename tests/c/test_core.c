#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/parallel.h"
#include "core/target.h"
#include "ntrace/allocator.h"
#include "ntrace/random.h"
#include "ntrace/status.h"

static void every_status_has_a_name_of_its_own(void **state) {
    (void)state;
    for (int a = 0; a < NT_STATUS_COUNT; a++) {
        assert_string_not_equal(nt_status_name((enum nt_status)a), "unknown");
        for (int b = 0; b < a; b++) {
            assert_string_not_equal(nt_status_name((enum nt_status)a), nt_status_name((enum nt_status)b));
        }
    }
    assert_string_equal(nt_status_name(NT_STATUS_COUNT), "unknown");
}

static void an_error_keeps_its_status_and_cuts_a_long_text(void **state) {
    (void)state;
    struct nt_error error = {0};
    char longer[1024];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_int_equal(nt_error_set(&error, NT_E_SHAPE, "%s", longer), NT_E_SHAPE);
    assert_int_equal(error.status, NT_E_SHAPE);
    assert_int_equal(strlen(error.text), sizeof error.text - 1);
    assert_int_equal(nt_error_set(NULL, NT_E_IO, "nobody listens"), NT_E_IO);
}

static void an_overflowing_allocation_is_refused(void **state) {
    (void)state;
    const struct nt_allocator *allocator = nt_allocator_default();
    assert_null(nt_allocate(allocator, SIZE_MAX / 2, 3));
    assert_null(nt_allocate(allocator, SIZE_MAX, 1));
    unsigned char *bytes = nt_allocate_zeroed(allocator, 100, 1);
    assert_non_null(bytes);
    assert_int_equal((uintptr_t)bytes % 64, 0);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(bytes[i], 0);
    }
    nt_release(allocator, bytes);
    nt_release(allocator, NULL);
}

/* The first outputs of the PCG authors' demonstration for pcg32_srandom(42, 54). */
static void random_numbers_are_those_of_pcg32(void **state) {
    (void)state;
    static const uint32_t expected[6] = {0xa15c02b7u, 0x7b47f409u, 0xba1d3330u, 0x83d2f293u, 0xbfa4784bu, 0xcbed606eu};
    struct nt_random random;
    nt_random_seed(&random, 42, 54);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(nt_random_u32(&random), expected[i]);
    }
}

static void normal_numbers_have_mean_zero_and_variance_one(void **state) {
    (void)state;
    struct nt_random random;
    nt_random_seed(&random, 1, 1);
    double sum = 0, squares = 0;
    for (int i = 0; i < 100000; i++) {
        double x = (double)nt_random_normal(&random);
        sum += x;
        squares += x * x;
    }
    assert_true(sum / 1e5 > -0.015 && sum / 1e5 < 0.015);
    assert_true(squares / 1e5 > 0.98 && squares / 1e5 < 1.02);
}

static void a_shuffle_keeps_every_number_once(void **state) {
    (void)state;
    uint32_t values[257];
    uint8_t seen[257] = {0};
    unsigned moved = 0;
    struct nt_random random;
    nt_random_seed(&random, 3, 0);
    for (uint32_t i = 0; i < 257; i++) {
        values[i] = i;
    }
    nt_random_shuffle(values, 257, &random);
    for (uint32_t i = 0; i < 257; i++) {
        assert_true(values[i] < 257 && !seen[values[i]]);
        seen[values[i]] = 1;
        moved += values[i] != i;
    }
    assert_true(moved > 200);
}

static void add_one(void *context, size_t item, unsigned worker) {
    (void)worker;
    ((uint8_t *)context)[item]++;
}

static void parallel_work_does_each_item_once(void **state) {
    (void)state;
    for (unsigned workers = 0; workers <= 5; workers++) {
        uint8_t done[1000] = {0};
        nt_parallel_for(1000, workers, add_one, done);
        for (int i = 0; i < 1000; i++) {
            assert_int_equal(done[i], 1);
        }
    }
}

static void a_selected_target_is_the_one_in_force(void **state) {
    (void)state;
    enum nt_target best = nt_target();
    assert_true(nt_target_available(best));
    nt_target_select(NT_SCALAR);
    assert_int_equal(nt_target(), NT_SCALAR);
    nt_target_select(best);
    assert_int_equal(nt_target(), best);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_a_name_of_its_own),
        cmocka_unit_test(an_error_keeps_its_status_and_cuts_a_long_text),
        cmocka_unit_test(an_overflowing_allocation_is_refused),
        cmocka_unit_test(random_numbers_are_those_of_pcg32),
        cmocka_unit_test(normal_numbers_have_mean_zero_and_variance_one),
        cmocka_unit_test(a_shuffle_keeps_every_number_once),
        cmocka_unit_test(parallel_work_does_each_item_once),
        cmocka_unit_test(a_selected_target_is_the_one_in_force),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
