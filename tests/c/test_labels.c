#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ntrace/labels.h"
#include "ntrace/npy.h"
#include "ntrace/selection.h"
#include "scratch.h"

static const char *npy(const char *name, const void *items, enum nt_npy_type type, const uint64_t *shape,
                       uint32_t dimensions) {
    const char *path = scratch_path(name);
    assert_int_equal(nt_npy_write(path, items, type, shape, dimensions, nt_allocator_default(), NULL), NT_OK);
    return path;
}

static void gives(const char *path, const char *names, uint32_t classes, const uint16_t *label, uint32_t count) {
    struct nt_labels labels;
    struct nt_error error = {0};
    if (nt_labels_read(&labels, path, names, nt_allocator_default(), &error) != NT_OK) {
        fail_msg("%s", error.text);
    }
    assert_int_equal(labels.count, count);
    assert_int_equal(labels.classes, classes);
    assert_memory_equal(labels.label, label, count * sizeof *label);
    nt_labels_clear(&labels, nt_allocator_default());
}

static void refuses(const char *path, const char *names, enum nt_status status, const char *words) {
    struct nt_labels labels;
    struct nt_error error = {0};
    assert_int_equal(nt_labels_read(&labels, path, names, nt_allocator_default(), &error), status);
    assert_null(labels.label);
    if (strstr(error.text, words) == NULL) {
        fail_msg("'%s' does not say '%s'", error.text, words);
    }
}

static void integers_of_every_type_are_read(void **state) {
    (void)state;
    static const uint16_t expected[] = {2, 0, 7};
    const uint64_t shape[] = {3, 1};
    const int64_t wide[] = {2, 0, 7};
    const int32_t middle[] = {2, 0, 7};
    const uint16_t narrow[] = {2, 0, 7};
    const int8_t bytes[] = {2, 0, 7};
    gives(npy("a", wide, NT_NPY_INT64, shape, 1), NULL, 8, expected, 3);
    gives(npy("a", wide, NT_NPY_UINT64, shape, 2), NULL, 8, expected, 3);
    gives(npy("a", middle, NT_NPY_INT32, shape, 1), NULL, 8, expected, 3);
    gives(npy("a", narrow, NT_NPY_UINT16, shape, 1), NULL, 8, expected, 3);
    gives(npy("a", bytes, NT_NPY_INT8, shape, 1), NULL, 8, expected, 3);
}

static void idx_labels_are_read_plain_and_gzipped(void **state) {
    (void)state;
    static const uint8_t file[] = {0, 0, 8, 1, 0, 0, 0, 4, 9, 0, 3, 3};
    static const uint16_t expected[] = {9, 0, 3, 3};
    gives(scratch_write("i", file, sizeof file), NULL, 10, expected, 4);
    gives(scratch_gzip("i", file, sizeof file), NULL, 10, expected, 4);
    static const uint8_t images[] = {0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 2, 9, 0, 3, 3};
    refuses(scratch_write("i", images, sizeof images), NULL, NT_E_SHAPE, "found 2 dimensions");
}

static void lines_of_numbers_are_classes(void **state) {
    (void)state;
    static const uint16_t expected[] = {10, 2, 0};
    gives(scratch_text("t", "10\n2\r\n0"), NULL, 11, expected, 3);
    gives(scratch_text("t", "\xef\xbb\xbf"
                            "10\n\n2\n0\n"),
          NULL, 11, expected, 3);
    refuses(scratch_text("t", "1\n-2\n"), NULL, NT_E_VALUE, "line 2 (byte 2): label -2 of sample 1: expected 0 to 999");
    refuses(scratch_text("t", "1\n1000"), NULL, NT_E_VALUE, "label 1000 of sample 1");
    refuses(scratch_text("t", "1\n99999999999999999999999999"), NULL, NT_E_VALUE, "of sample 1");
}

static void names_become_classes_in_their_order(void **state) {
    (void)state;
    struct nt_labels labels;
    const char *path = scratch_text("t", "pear\nwine bottle\napple\nb\xc3\xa4r\npear\n");
    assert_int_equal(nt_labels_read(&labels, path, NULL, nt_allocator_default(), NULL), NT_OK);
    static const char *const names[] = {"apple", "b\xc3\xa4r", "pear", "wine bottle"};
    static const uint16_t expected[] = {2, 3, 0, 1, 2};
    assert_int_equal(labels.classes, 4);
    assert_true(labels.named);
    for (int c = 0; c < 4; c++) {
        assert_string_equal(labels.name[c], names[c]);
    }
    assert_memory_equal(labels.label, expected, sizeof expected);
    nt_labels_clear(&labels, nt_allocator_default());
}

static void names_given_apart_fix_numbers_and_classes(void **state) {
    (void)state;
    struct nt_labels labels;
    static const uint16_t expected[] = {0, 2, 0};
    const char *names = scratch_text("names", "zebra\nape\nlion\nfourth\n");
    gives(scratch_text("t", "zebra\nlion\nzebra\n"), names, 4, expected, 3);
    const char *path = scratch_text("t", "0\n2\n0");
    assert_int_equal(nt_labels_read(&labels, path, names, nt_allocator_default(), NULL), NT_OK);
    assert_string_equal(labels.name[2], "lion");
    assert_int_equal(labels.classes, 4);
    nt_labels_clear(&labels, nt_allocator_default());
    refuses(scratch_text("t", "zebra\ntiger\n"), names, NT_E_VALUE, "line 2 (byte 6): 'tiger' of sample 1");
    refuses(scratch_text("t", "0\n4\n"), names, NT_E_VALUE, "label 4 of sample 1: expected 0 to 3");
    refuses(scratch_text("t", "0"), scratch_text("n", "a\nb\na"), NT_E_VALUE, "n, line 3 (byte 4): the name 'a' is");
    refuses(scratch_text("t", "0"), scratch_text("n", "\n\n"), NT_E_FORMAT, "one class a line, found none");
}

static void text_that_names_nothing_is_refused_with_its_place(void **state) {
    (void)state;
    char text[6000];
    refuses(scratch_text("t", ""), NULL, NT_E_SHAPE, "expected 1 to 67108864 labels, found 0");
    refuses(scratch_text("t", "ok\nb\xff"), NULL, NT_E_VALUE, "line 2 (byte 3): expected text in UTF-8, found byte ff");
    refuses(scratch_text("t", "a\tb"), NULL, NT_E_VALUE, "found byte 09 at place 1");
    refuses(scratch_text("t", "\xc0\x80"), NULL, NT_E_VALUE, "found byte c0");
    refuses(scratch_text("t", "\xed\xa0\x80"), NULL, NT_E_VALUE, "found byte ed");
    refuses(scratch_write("t", "a\0b\n", 4), NULL, NT_E_VALUE, "found byte 00");
    memset(text, 'x', 64);
    text[64] = 0;
    refuses(scratch_text("t", text), NULL, NT_E_VALUE, "1 to 63 bytes, found 64 bytes");
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = 0;
    refuses(scratch_text("t", text), NULL, NT_E_FORMAT, "line 1 (byte 0): expected at most 4096 bytes");
    char *at = text;
    for (int i = 0; i < 1001; i++) {
        at += sprintf(at, "c%d\n", i);
    }
    refuses(scratch_text("t", text), NULL, NT_E_VALUE, "line 1001 (byte 4890): more than 1000 classes");
    refuses(scratch_path("absent"), NULL, NT_E_IO, "absent");
}

static void other_arrays_are_refused(void **state) {
    (void)state;
    const uint64_t square[] = {2, 2}, none[] = {0};
    const float floats[] = {1, 2, 3, 4};
    const int16_t numbers[] = {1, -5, 3, 4};
    const uint64_t huge[] = {1, UINT64_MAX};
    const uint64_t two[] = {2};
    refuses(npy("f.npy", floats, NT_NPY_FLOAT32, square, 1), NULL, NT_E_FORMAT,
            "expected integer labels, found float32");
    refuses(npy("a.npy", numbers, NT_NPY_INT16, square, 2), NULL, NT_E_SHAPE, "found 2 dimensions, 2 rows of 2");
    refuses(npy("a.npy", numbers, NT_NPY_INT16, two, 1), NULL, NT_E_VALUE, "label -5 of sample 1: expected 0 to 999");
    refuses(npy("a.npy", huge, NT_NPY_UINT64, two, 1), NULL, NT_E_VALUE, "of sample 1: expected 0 to 999");
    refuses(npy("a.npy", numbers, NT_NPY_INT16, none, 1), NULL, NT_E_SHAPE, "found 0");
}

/* ---- Selections: 12 samples, 6 of class 0, 4 of class 1, 2 of class 2, mixed. ---- */

static const uint16_t MIXED[] = {0, 1, 0, 0, 1, 2, 0, 0, 1, 1, 2, 0};

static void nothing_asked_takes_all(void **state) {
    (void)state;
    struct nt_selection selection;
    const struct nt_selection_options options = {.limit = 12};
    assert_int_equal(nt_select(&selection, MIXED, 12, &options, nt_allocator_default(), NULL), NT_OK);
    assert_int_equal(selection.count, 12);
    assert_null(selection.sample);
    nt_selection_clear(&selection, nt_allocator_default());
}

static void a_limit_keeps_shares_and_order_and_depends_on_the_seed(void **state) {
    (void)state;
    uint32_t seen[12] = {0};
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct nt_selection selection;
        const struct nt_selection_options options = {.limit = 6, .seed = seed};
        uint32_t of_class[3] = {0};
        assert_int_equal(nt_select(&selection, MIXED, 12, &options, nt_allocator_default(), NULL), NT_OK);
        assert_int_equal(selection.count, 6);
        for (uint32_t i = 0; i < 6; i++) {
            assert_true(i == 0 || selection.sample[i] > selection.sample[i - 1]);
            of_class[MIXED[selection.sample[i]]]++;
            seen[selection.sample[i]]++;
        }
        assert_int_equal(of_class[0], 3);
        assert_int_equal(of_class[1], 2);
        assert_int_equal(of_class[2], 1);
        nt_selection_clear(&selection, nt_allocator_default());
    }
    for (uint32_t i = 0; i < 12; i++) { /* each is drawn half of the times: 100 +- 7 */
        assert_in_range(seen[i], 65, 135);
    }
}

static void small_classes_keep_one_where_there_is_room(void **state) {
    (void)state;
    uint16_t label[1000] = {0};
    uint32_t of_class[3] = {0};
    struct nt_selection selection;
    label[500] = 1;
    label[700] = 2;
    const struct nt_selection_options options = {.limit = 10, .seed = 3};
    assert_int_equal(nt_select(&selection, label, 1000, &options, nt_allocator_default(), NULL), NT_OK);
    assert_int_equal(selection.count, 10);
    for (uint32_t i = 0; i < 10; i++) {
        of_class[label[selection.sample[i]]]++;
    }
    assert_int_equal(of_class[1], 1);
    assert_int_equal(of_class[2], 1);
    nt_selection_clear(&selection, nt_allocator_default());
    const struct nt_selection_options two = {.limit = 2};
    assert_int_equal(nt_select(&selection, label, 1000, &two, nt_allocator_default(), NULL), NT_OK);
    assert_int_equal(selection.count, 2);
    nt_selection_clear(&selection, nt_allocator_default());
}

static void rows_count_among_the_first_of_each_class(void **state) {
    (void)state;
    /* The first two of each class: samples 0 1 2 4 5 10. */
    static const int32_t rows[] = {5, 0, 3};
    static const uint32_t expected[] = {10, 0, 4};
    const uint64_t shape[] = {3};
    struct nt_selection selection;
    char path[SCRATCH_PATH];
    strcpy(path, npy("rows.npy", rows, NT_NPY_INT32, shape, 1));
    struct nt_selection_options options = {.per_class = 2, .rows = path};
    assert_int_equal(nt_select(&selection, MIXED, 12, &options, nt_allocator_default(), NULL), NT_OK);
    assert_int_equal(selection.count, 3);
    assert_memory_equal(selection.sample, expected, sizeof expected);
    nt_selection_clear(&selection, nt_allocator_default());
    options.rows = NULL;
    assert_int_equal(nt_select(&selection, MIXED, 12, &options, nt_allocator_default(), NULL), NT_OK);
    assert_int_equal(selection.count, 6);
    assert_int_equal(selection.sample[5], 10);
    nt_selection_clear(&selection, nt_allocator_default());
}

static void rows_out_of_range_or_twice_are_refused(void **state) {
    (void)state;
    static const int64_t wrong[][3] = {{0, 1, 12}, {0, 1, -1}, {0, 1, 0}, {0, 1, INT64_C(1) << 32}};
    const uint64_t shape[] = {3}, square[] = {1, 3};
    struct nt_selection selection;
    struct nt_error error = {0};
    for (size_t i = 0; i < 4; i++) {
        const struct nt_selection_options options = {.rows = npy("rows.npy", wrong[i], NT_NPY_INT64, shape, 1)};
        assert_int_equal(nt_select(&selection, MIXED, 12, &options, nt_allocator_default(), &error), NT_E_VALUE);
        assert_non_null(strstr(error.text, "rows.npy: entry 2: expected a row from 0 to 11 that did not come before"));
        assert_null(selection.sample);
    }
    const struct nt_selection_options options = {.rows = npy("rows.npy", wrong, NT_NPY_INT64, square, 2)};
    assert_int_equal(nt_select(&selection, MIXED, 12, &options, nt_allocator_default(), &error), NT_E_SHAPE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_of_every_type_are_read),
        cmocka_unit_test(idx_labels_are_read_plain_and_gzipped),
        cmocka_unit_test(lines_of_numbers_are_classes),
        cmocka_unit_test(names_become_classes_in_their_order),
        cmocka_unit_test(names_given_apart_fix_numbers_and_classes),
        cmocka_unit_test(text_that_names_nothing_is_refused_with_its_place),
        cmocka_unit_test(other_arrays_are_refused),
        cmocka_unit_test(nothing_asked_takes_all),
        cmocka_unit_test(a_limit_keeps_shares_and_order_and_depends_on_the_seed),
        cmocka_unit_test(small_classes_keep_one_where_there_is_room),
        cmocka_unit_test(rows_count_among_the_first_of_each_class),
        cmocka_unit_test(rows_out_of_range_or_twice_are_refused),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
