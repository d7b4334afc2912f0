/* Rows that are decoded once and read many times. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ntrace/spool.h"
#include "scratch.h"

enum { ROWS = 9, BYTES = 5 };

static void fill(uint8_t *row, uint32_t number) {
    for (uint32_t i = 0; i < BYTES; i++) {
        row[i] = (uint8_t)(16 * number + i);
    }
}

static nt_spool *filled(const char *path) {
    nt_spool *spool;
    struct nt_error error = {0};
    assert_int_equal(nt_spool_create(&spool, path, BYTES, ROWS, nt_allocator_default(), &error), NT_OK);
    for (uint32_t i = 0; i < ROWS; i++) {
        uint8_t row[BYTES];
        fill(row, i * 4 % ROWS);
        assert_int_equal(nt_spool_put(spool, i * 4 % ROWS, row, &error), NT_OK);
    }
    return spool;
}

static void rows_put_in_any_order_are_read_in_any_order(void **state) {
    (void)state;
    static const uint32_t wanted[6] = {7, 2, 3, 4, 0, 8};
    char path[SCRATCH_PATH];
    uint8_t found[6 * BYTES], expected[BYTES];
    struct nt_error error = {0};
    (void)strcpy(path, scratch_path("rows"));
    nt_spool *spool = filled(path);
    assert_int_not_equal(access(path, F_OK), 0); /* not before it is finished */
    assert_int_equal(nt_spool_finish(spool, &error), NT_OK);
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(nt_spool_read(spool, found, wanted, 6, &error), NT_OK);
    for (uint32_t i = 0; i < 6; i++) {
        fill(expected, wanted[i]);
        assert_memory_equal(found + (size_t)i * BYTES, expected, BYTES);
    }
    nt_spool_close(spool);
    assert_int_equal(access(path, F_OK), 0);
}

static void one_that_was_not_finished_leaves_no_file(void **state) {
    (void)state;
    char path[SCRATCH_PATH], beside[SCRATCH_PATH + 8];
    (void)strcpy(path, scratch_path("unfinished"));
    (void)snprintf(beside, sizeof beside, "%s.tmp", path);
    nt_spool *spool = filled(path);
    assert_int_equal(access(beside, F_OK), 0);
    nt_spool_close(spool);
    assert_int_not_equal(access(beside, F_OK), 0);
    nt_spool_close(NULL);
}

static void rows_out_of_range_and_folders_that_are_not_there_are_refused(void **state) {
    (void)state;
    const uint32_t beyond[2] = {ROWS - 1, ROWS};
    uint8_t rows[2 * BYTES] = {0};
    struct nt_error error = {0};
    nt_spool *spool = filled(scratch_path("range"));
    assert_int_equal(nt_spool_put(spool, ROWS, rows, &error), NT_E_ARG);
    assert_int_equal(nt_spool_read(spool, rows, beyond, 2, &error), NT_E_ARG);
    nt_spool_close(spool);
    assert_int_equal(nt_spool_create(&spool, scratch_path("no/folder"), BYTES, ROWS, nt_allocator_default(), &error),
                     NT_E_IO);
    assert_null(spool);
    assert_non_null(strstr(error.text, "no/folder"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_put_in_any_order_are_read_in_any_order),
        cmocka_unit_test(one_that_was_not_finished_leaves_no_file),
        cmocka_unit_test(rows_out_of_range_and_folders_that_are_not_there_are_refused),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
