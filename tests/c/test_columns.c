#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bundle/columns.h"
#include "ntrace/random.h"

enum { ROWS = 1003 };

/* Numbers from low up to low + base - 1, mostly small where `skewed`. */
static void fill(uint8_t *column, int low, uint32_t base, bool skewed, struct nt_random *random) {
    for (size_t i = 0; i < ROWS; i++) {
        uint32_t v = nt_random_below(random, base);
        column[i] = (uint8_t)(low + (int)(skewed && nt_random_below(random, 10) > 0 ? 0 : v));
    }
}

static void joined_columns_are_split_into_the_same(void **state) {
    (void)state;
    static const struct {
        uint8_t join;
        uint32_t base;
    } ways[] = {{1, 256}, {2, 16}, {3, 6}, {4, 4}, {5, 3}, {8, 2}};
    struct nt_random random;
    nt_random_seed(&random, 7, 0);
    for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
        for (int low = -128; low <= 127; low += 51) {
            uint8_t column[ROWS], joined[ROWS], again[ROWS];
            struct nt_column how = {ways[w].join, (uint8_t)low};
            fill(column, low, ways[w].base, false, &random);
            for (size_t rows = ROWS - 9; rows <= ROWS; rows++) { /* the last byte full or not */
                assert_int_equal(nt_column_bytes(how, rows), (rows + how.join - 1) / how.join);
                nt_column_join(joined, column, rows, how);
                memset(again, 0xEE, sizeof again);
                assert_true(nt_column_split(again, joined, rows, how));
                assert_memory_equal(again, column, rows);
                assert_true(rows == ROWS || again[rows] == 0xEE);
            }
        }
    }
}

static void bytes_beyond_a_columns_numbers_are_refused(void **state) {
    (void)state;
    uint8_t column[ROWS], joined[ROWS];
    for (int byte = 0; byte < 256; byte++) {
        memset(joined, 0, sizeof joined);
        joined[3] = (uint8_t)byte;
        assert_int_equal(nt_column_split(column, joined, 20, (struct nt_column){5, 0}), byte < 243);
        assert_int_equal(nt_column_split(column, joined, 18, (struct nt_column){5, 0}), byte < 243);
        assert_int_equal(nt_column_split(column, joined, 12, (struct nt_column){3, 0}), byte < 216);
        assert_true(nt_column_split(column, joined, 8, (struct nt_column){2, 0}));
    }
    assert_int_equal(nt_column_bytes((struct nt_column){6, 0}, 12), 0);
}

static void plans_fit_the_columns_range_and_join_what_is_mostly_one_number(void **state) {
    (void)state;
    struct nt_random random;
    nt_random_seed(&random, 8, 0);
    for (uint32_t base = 2; base <= 256; base++) {
        uint8_t column[ROWS], joined[ROWS], again[ROWS];
        fill(column, base <= 128 ? -(int)(base / 2) : -128, base, true, &random);
        column[0] = (uint8_t)(column[1] + 1); /* never one number alone */
        struct nt_column how = nt_column_plan(column, ROWS);
        nt_column_join(joined, column, ROWS, how);
        assert_true(nt_column_split(again, joined, ROWS, how));
        assert_memory_equal(again, column, ROWS);
        assert_true(base > 16 ? how.join == 1 : how.join >= 2);
        assert_true(base != 3 || how.join == 5);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(joined_columns_are_split_into_the_same),
        cmocka_unit_test(bytes_beyond_a_columns_numbers_are_refused),
        cmocka_unit_test(plans_fit_the_columns_range_and_join_what_is_mostly_one_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
