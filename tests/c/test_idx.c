#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ntrace/idx.h"
#include "scratch.h"

/* Three images of 2 x 4. */
static uint8_t file[16 + 24] = {0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 4};

static int fill(void **state) {
    for (uint8_t i = 0; i < 24; i++) {
        file[16 + i] = (uint8_t)(10 * i);
    }
    return scratch_make(state);
}

static void a_header_gives_its_shape(void **state) {
    (void)state;
    struct nt_idx_header header;
    assert_int_equal(nt_idx_parse(&header, file, sizeof file, "x", NULL), NT_OK);
    assert_int_equal(header.dimensions, 3);
    assert_int_equal(header.rows, 3);
    assert_int_equal(header.row_bytes, 8);
    assert_int_equal(header.data_offset, 16);
    assert_int_equal(header.shape[3], 1);
}

static void refuses(uint8_t at, uint8_t byte, size_t size, enum nt_status status, const char *words) {
    uint8_t bytes[sizeof file];
    struct nt_idx_header header;
    struct nt_error error = {0};
    memcpy(bytes, file, sizeof bytes);
    bytes[at] = byte;
    uint8_t *copy = malloc(size > 0 ? size : 1); /* of exactly that size */
    memcpy(copy, bytes, size);
    assert_int_equal(nt_idx_parse(&header, copy, size, "train-images", &error), status);
    free(copy);
    if (strstr(error.text, "train-images") == NULL || strstr(error.text, words) == NULL) {
        fail_msg("'%s' does not name the file and say '%s'", error.text, words);
    }
    assert_int_equal(header.rows, 0);
}

static void other_headers_are_refused_with_their_place(void **state) {
    (void)state;
    refuses(0, 0x7f, 40, NT_E_FORMAT, "at byte 0 expected 00 00 and a type, found 7f 00 08");
    refuses(2, 0x0d, 40, NT_E_FORMAT, "at byte 2 expected type 08, unsigned bytes, found 0d, 32-bit floats");
    refuses(2, 0x55, 40, NT_E_FORMAT, "found 55, nothing known");
    refuses(3, 0, 40, NT_E_SHAPE, "at byte 3 expected 1 to 4 dimensions, found 0");
    refuses(3, 5, 40, NT_E_SHAPE, "found 5");
    refuses(12, 0xff, 40, NT_E_SHAPE, "overflows");
    for (size_t cut = 0; cut < 16; cut++) {
        refuses(0, 0, cut, NT_E_FORMAT, "truncated");
    }
}

static void reads(const char *path) {
    nt_idx_reader *reader;
    uint8_t rows[24];
    struct nt_error error = {0};
    assert_int_equal(nt_idx_open(&reader, path, nt_allocator_default(), &error), NT_OK);
    assert_int_equal(nt_idx_read(rows, reader, 1, 2, &error), NT_OK);
    assert_memory_equal(rows, file + 16 + 8, 16);
    assert_int_equal(nt_idx_read(rows, reader, 0, 3, &error), NT_OK);
    assert_memory_equal(rows, file + 16, 24);
    assert_int_equal(nt_idx_read(rows, reader, 2, 2, &error), NT_E_ARG);
    assert_int_equal(nt_idx_read(rows, reader, UINT32_MAX, 2, &error), NT_E_ARG);
    nt_idx_close(reader);
}

static void rows_come_back_from_plain_and_gzipped_files(void **state) {
    (void)state;
    reads(scratch_write("plain", file, sizeof file));
    reads(scratch_gzip("zipped", file, sizeof file));
}

static void cannot_open(const char *path, enum nt_status status, const char *words) {
    nt_idx_reader *reader;
    struct nt_error error = {0};
    assert_int_equal(nt_idx_open(&reader, path, nt_allocator_default(), &error), status);
    assert_null(reader);
    if (strstr(error.text, path) == NULL || strstr(error.text, words) == NULL) {
        fail_msg("'%s' does not name the file and say '%s'", error.text, words);
    }
}

static void files_of_another_size_are_damaged(void **state) {
    (void)state;
    uint8_t longer[sizeof file + 1] = {0};
    memcpy(longer, file, sizeof file);
    for (int zipped = 0; zipped < 2; zipped++) {
        const char *(*write)(const char *, const void *, size_t) = zipped ? scratch_gzip : scratch_write;
        cannot_open(write("short", file, sizeof file - 1), NT_E_DAMAGED,
                    "truncated: its header announces 40 bytes, 39");
        cannot_open(write("long", longer, sizeof longer), NT_E_DAMAGED, "bytes left over after the array");
    }
    cannot_open(scratch_path("absent"), NT_E_IO, "no such file");
    cannot_open(scratch_make_folder("folder"), NT_E_IO, "no such file");
    cannot_open(scratch_write("empty", "", 0), NT_E_FORMAT, "truncated");
}

static void a_damaged_gzip_stream_is_noticed(void **state) {
    (void)state;
    uint8_t bytes[256];
    FILE *zipped = fopen(scratch_gzip("zipped", file, sizeof file), "rb");
    size_t size = fread(bytes, 1, sizeof bytes, zipped);
    (void)fclose(zipped);
    cannot_open(scratch_write("cut", bytes, size - 3), NT_E_DAMAGED, "");
    bytes[size - 6] ^= 1; /* in the checksum */
    cannot_open(scratch_write("wrong", bytes, size), NT_E_DAMAGED, "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_header_gives_its_shape),
        cmocka_unit_test(other_headers_are_refused_with_their_place),
        cmocka_unit_test(rows_come_back_from_plain_and_gzipped_files),
        cmocka_unit_test(files_of_another_size_are_damaged),
        cmocka_unit_test(a_damaged_gzip_stream_is_noticed),
    };
    return cmocka_run_group_tests(tests, fill, scratch_remove);
}
