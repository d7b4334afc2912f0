#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ntrace/npy.h"

/* Builds a file of the given version around a dictionary. */
static size_t file_of(uint8_t *bytes, int version, const char *dictionary) {
    size_t length = strlen(dictionary), prefix = version == 1 ? 10 : 12;
    memcpy(bytes, "\x93NUMPY", 6);
    bytes[6] = (uint8_t)version;
    bytes[7] = 0;
    memset(bytes + 8, 0, 4);
    bytes[8] = (uint8_t)(length & 0xff);
    bytes[9] = (uint8_t)(length >> 8);
    memcpy(bytes + prefix, dictionary, length);
    return prefix + length;
}

static void refuses(const char *dictionary, enum nt_status status, const char *text) {
    uint8_t bytes[1024];
    struct nt_npy_header header;
    struct nt_error error = {0};
    size_t size = file_of(bytes, 1, dictionary);
    assert_int_equal(nt_npy_parse(&header, bytes, size, "x.npy", &error), status);
    assert_non_null(strstr(error.text, "x.npy"));
    if (strstr(error.text, text) == NULL) {
        fail_msg("'%s' does not say '%s'", error.text, text);
    }
    assert_int_equal(header.data_offset, 0);
}

static void every_version_is_parsed(void **state) {
    (void)state;
    for (int version = 1; version <= 3; version++) {
        uint8_t bytes[1024];
        struct nt_npy_header header;
        struct nt_error error = {0};
        size_t size = file_of(bytes, version, "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4, 5), }     \n");
        assert_int_equal(nt_npy_parse(&header, bytes, size, "x.npy", &error), NT_OK);
        assert_int_equal(header.type, NT_NPY_FLOAT32);
        assert_int_equal(header.dimensions, 3);
        assert_int_equal(header.rows, 3);
        assert_int_equal(header.row_items, 20);
        assert_int_equal(header.data_bytes, 240);
        assert_int_equal(header.data_offset, size);
    }
}

static void scalars_vectors_and_empty_arrays_have_rows(void **state) {
    (void)state;
    const struct {
        const char *shape;
        uint64_t rows, row_items;
    } cases[] = {{"()", 1, 1}, {"(7,)", 7, 1}, {"(0, 784)", 0, 784}, {"(5, 0)", 5, 0}, {"(2L, 3L)", 2, 3}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[128];
        uint8_t bytes[256];
        struct nt_npy_header header;
        snprintf(text, sizeof text, "{\"shape\": %s, 'descr': '|u1', 'fortran_order': False}", cases[i].shape);
        size_t size = file_of(bytes, 2, text);
        assert_int_equal(nt_npy_parse(&header, bytes, size, "x", NULL), NT_OK);
        assert_int_equal(header.rows, cases[i].rows);
        assert_int_equal(header.row_items, cases[i].row_items);
        assert_int_equal(header.data_bytes, cases[i].rows * cases[i].row_items);
    }
}

static void what_cannot_be_read_is_refused_by_name(void **state) {
    (void)state;
    refuses("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3)}", NT_E_FORMAT, "Fortran order");
    refuses("{'descr': '>f4', 'fortran_order': False, 'shape': (2, 3)}", NT_E_FORMAT, "big-endian");
    refuses("{'descr': '|O', 'fortran_order': False, 'shape': (2, 3)}", NT_E_FORMAT, "objects");
    refuses("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,)}", NT_E_FORMAT, "structures");
    refuses("{'descr': '<c8', 'fortran_order': False, 'shape': (2, 3)}", NT_E_FORMAT, "<c8");
    refuses("{'descr': '<f2', 'shape': (2, 3)}", NT_E_FORMAT, "lacks 'fortran_order'");
    refuses("{'descr': '<f2', 'descr': '<f2'}", NT_E_FORMAT, "repeated");
    refuses("{'descr': '<f2', 'colour': 3}", NT_E_FORMAT, "'colour'");
    refuses("{'shape': (2, -3)}", NT_E_FORMAT, "expected a dimension");
    refuses("{'shape': (2 3)}", NT_E_FORMAT, "expected a comma or )");
    refuses("{'shape': (2, 3", NT_E_FORMAT, "the end of the header");
    refuses("{'descr': 'unterminated", NT_E_FORMAT, "expected a type");
    refuses("{'descr': '<f2', 'fortran_order': False, 'shape': (2,)} extra", NT_E_FORMAT, "nothing after }");
    refuses("{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296)}", NT_E_SHAPE, "overflows");
    refuses("{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999999,)}", NT_E_SHAPE, "overflows");
    refuses("{'shape': (1,1,1,1,1,1,1,1,1)}", NT_E_SHAPE, "more than 8 dimensions");
}

static void bad_magic_versions_and_lengths_are_named(void **state) {
    (void)state;
    uint8_t bytes[1024];
    struct nt_npy_header header;
    struct nt_error error = {0};
    size_t size = file_of(bytes, 1, "{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}");
    for (size_t cut = 0; cut < size; cut++) {
        assert_int_equal(nt_npy_parse(&header, bytes, cut, "x", &error), NT_E_FORMAT);
    }
    assert_non_null(strstr(error.text, "truncated"));
    bytes[6] = 4;
    assert_int_equal(nt_npy_parse(&header, bytes, size, "x", &error), NT_E_VERSION);
    bytes[6] = 2;
    memset(bytes + 8, 0xff, 4);
    assert_int_equal(nt_npy_parse(&header, bytes, size, "x", &error), NT_E_FORMAT);
    bytes[0] = 'P';
    assert_int_equal(nt_npy_parse(&header, bytes, size, "x", &error), NT_E_FORMAT);
    assert_non_null(strstr(error.text, "magic"));
}

static void a_written_header_parses_to_what_was_asked(void **state) {
    (void)state;
    const uint64_t shape[NT_NPY_MAX_DIMENSIONS] = {3, 1, 28, 28, 1, 2, 1, 9};
    for (int type = 0; type < NT_NPY_TYPE_COUNT; type++) {
        for (uint32_t dimensions = 0; dimensions <= NT_NPY_MAX_DIMENSIONS; dimensions++) {
            uint8_t bytes[NT_NPY_WRITTEN_HEADER_BYTES];
            size_t size = 0;
            struct nt_npy_header header;
            assert_int_equal(nt_npy_format(bytes, &size, (enum nt_npy_type)type, shape, dimensions), NT_OK);
            assert_int_equal(size % 64, 0);
            assert_int_equal(nt_npy_parse(&header, bytes, size, "x", NULL), NT_OK);
            assert_int_equal(header.type, type);
            assert_int_equal(header.dimensions, dimensions);
            assert_memory_equal(header.shape, shape, dimensions * sizeof *shape);
            assert_int_equal(header.data_offset, size);
        }
    }
}

static void items_convert_to_float(void **state) {
    (void)state;
    const uint16_t half[] = {0x3c00, 0xc000, 0x0001, 0x8400, 0x7bff, 0x7c00, 0x0000};
    const float expected[] = {1.0f, -2.0f, 0x1p-24f, -0x1p-14f, 65504.0f, 1.0f / 0.0f, 0.0f};
    float out[7];
    nt_npy_to_float(out, half, NT_NPY_FLOAT16, 7);
    assert_memory_equal(out, expected, sizeof out);
    const int64_t wide[] = {-3, 1 << 20};
    nt_npy_to_float(out, wide, NT_NPY_INT64, 2);
    assert_true(out[0] == -3.0f && out[1] == 1048576.0f);
    const uint8_t packed[] = {0, 0, 0, 0x40, 0x40}; /* 3.0f one byte off its alignment */
    nt_npy_to_float(out, packed + 1, NT_NPY_FLOAT32, 1);
    assert_true(out[0] == 3.0f);
}

static void integers_keep_sign_and_size(void **state) {
    (void)state;
    const int8_t small = -128;
    const int64_t lowest = INT64_MIN, minus = -7;
    const uint64_t highest = UINT64_MAX;
    const uint16_t packed[] = {0xffff, 3};
    assert_true(nt_npy_to_number(&small, NT_NPY_INT8) == -128);
    assert_true(nt_npy_to_number(&small, NT_NPY_UINT8) == 128);
    assert_true(nt_npy_to_number(&lowest, NT_NPY_INT64) == -0x1p63);
    assert_true(nt_npy_to_number(&minus, NT_NPY_INT64) == -7);
    assert_true(nt_npy_to_number(&highest, NT_NPY_UINT64) == 0x1p64);
    assert_true(nt_npy_to_number(packed, NT_NPY_INT16) == -1);
    assert_true(nt_npy_to_number(packed, NT_NPY_UINT16) == 65535);
    assert_true(nt_npy_to_number(packed, NT_NPY_UINT32) == 262143);
}

/* A folder of its own for each run of this file. */
static char folder[] = "/tmp/test_npy.XXXXXX";
static char path[64], temporary[80];

static int make_folder(void **state) {
    (void)state;
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    snprintf(path, sizeof path, "%s/a.npy", folder);
    snprintf(temporary, sizeof temporary, "%s.tmp", path);
    return 0;
}

static int remove_folder(void **state) {
    (void)state;
    (void)remove(path);
    return rmdir(folder);
}

static void rows_come_back_as_they_were_written(void **state) {
    (void)state;
    const struct nt_allocator *allocator = nt_allocator_default();
    uint16_t items[12], block[6];
    for (uint16_t i = 0; i < 12; i++) {
        items[i] = (uint16_t)(i * 5000);
    }
    const uint64_t shape[] = {4, 3};
    struct nt_error error = {0};
    assert_int_equal(nt_npy_write(path, items, NT_NPY_UINT16, shape, 2, allocator, &error), NT_OK);
    assert_int_not_equal(access(temporary, F_OK), 0);
    nt_npy_reader *reader = NULL;
    assert_int_equal(nt_npy_open(&reader, path, allocator, &error), NT_OK);
    assert_int_equal(nt_npy_reader_header(reader)->rows, 4);
    assert_int_equal(nt_npy_read(block, reader, 2, 2, &error), NT_OK);
    assert_memory_equal(block, items + 6, sizeof block);
    assert_int_equal(nt_npy_read(block, reader, 0, 1, &error), NT_OK);
    assert_memory_equal(block, items, 6);
    assert_int_equal(nt_npy_read(block, reader, 3, 2, &error), NT_E_ARG);
    assert_int_equal(nt_npy_read(block, reader, UINT64_MAX, 2, &error), NT_E_ARG);
    nt_npy_close(reader);
}

static void a_file_too_short_or_too_long_is_damaged(void **state) {
    (void)state;
    const struct nt_allocator *allocator = nt_allocator_default();
    const uint64_t shape[] = {4, 3};
    uint8_t items[12] = {0};
    struct nt_error error = {0};
    nt_npy_reader *reader = NULL;
    assert_int_equal(nt_npy_write(path, items, NT_NPY_UINT8, shape, 2, allocator, &error), NT_OK);
    assert_int_equal(truncate(path, 128 + 11), 0);
    assert_int_equal(nt_npy_open(&reader, path, allocator, &error), NT_E_DAMAGED);
    assert_non_null(strstr(error.text, "truncated"));
    assert_int_equal(truncate(path, 128 + 13), 0);
    assert_int_equal(nt_npy_open(&reader, path, allocator, &error), NT_E_DAMAGED);
    assert_non_null(strstr(error.text, "left over"));
    assert_int_equal(truncate(path, 0), 0);
    assert_int_equal(nt_npy_open(&reader, path, allocator, &error), NT_E_FORMAT);
    assert_int_equal(nt_npy_open(&reader, "/nonexistent/a.npy", allocator, &error), NT_E_IO);
    assert_non_null(strstr(error.text, "/nonexistent/a.npy"));
    assert_null(reader);
}

static void a_failed_writer_leaves_nothing_behind(void **state) {
    (void)state;
    const struct nt_allocator *allocator = nt_allocator_default();
    const uint64_t shape[] = {4, 3};
    uint8_t items[12] = {0};
    struct nt_error error = {0};
    nt_npy_writer *writer = NULL;
    (void)remove(path);
    assert_int_equal(nt_npy_create(&writer, path, NT_NPY_UINT8, shape, 2, allocator, &error), NT_OK);
    assert_int_equal(nt_npy_append(writer, items, 13, &error), NT_E_ARG);
    assert_int_equal(nt_npy_append(writer, items, 11, &error), NT_OK);
    assert_int_equal(nt_npy_commit(writer, &error), NT_E_ARG);
    assert_int_not_equal(access(path, F_OK), 0);
    assert_int_not_equal(access(temporary, F_OK), 0);
    assert_int_equal(nt_npy_create(&writer, path, NT_NPY_UINT8, shape, 2, allocator, &error), NT_OK);
    nt_npy_abandon(writer);
    assert_int_not_equal(access(temporary, F_OK), 0);
    assert_int_equal(nt_npy_write("/nonexistent/a.npy", items, NT_NPY_UINT8, shape, 2, allocator, &error), NT_E_IO);
}

static void a_full_disk_is_an_error_of_writing(void **state) {
    (void)state;
    /* /dev/full refuses every byte; the writer reaches it through a link under its temporary name. */
    const struct nt_allocator *allocator = nt_allocator_default();
    const uint64_t shape[] = {4};
    uint8_t items[4] = {0};
    struct nt_error error = {0};
    if (access("/dev/full", W_OK) != 0 || symlink("/dev/full", temporary) != 0) {
        skip();
    }
    (void)remove(path);
    assert_int_equal(nt_npy_write(path, items, NT_NPY_UINT8, shape, 1, allocator, &error), NT_E_IO);
    assert_int_not_equal(access(path, F_OK), 0);
    assert_int_not_equal(access(temporary, F_OK), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_version_is_parsed),
        cmocka_unit_test(scalars_vectors_and_empty_arrays_have_rows),
        cmocka_unit_test(what_cannot_be_read_is_refused_by_name),
        cmocka_unit_test(bad_magic_versions_and_lengths_are_named),
        cmocka_unit_test(a_written_header_parses_to_what_was_asked),
        cmocka_unit_test(items_convert_to_float),
        cmocka_unit_test(integers_keep_sign_and_size),
        cmocka_unit_test(rows_come_back_as_they_were_written),
        cmocka_unit_test(a_file_too_short_or_too_long_is_damaged),
        cmocka_unit_test(a_failed_writer_leaves_nothing_behind),
        cmocka_unit_test(a_full_disk_is_an_error_of_writing),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
