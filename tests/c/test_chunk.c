#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "ntrace/chunk.h"
#include "ntrace/random.h"

enum { RAW = 3000 };

static uint8_t original[RAW];
static const struct nt_chunk_header shape = {5, 60, 50, RAW};

static void make_columns(uint8_t **chunk, size_t *bytes, size_t column_bytes, uint32_t numbers) {
    struct nt_random random;
    nt_random_seed(&random, 11, 0);
    for (int i = 0; i < RAW; i++) {
        original[i] = (uint8_t)nt_random_below(&random, numbers);
    }
    assert_int_equal(nt_chunk_write(chunk, bytes, &shape, original, column_bytes, nt_allocator_default()), NT_OK);
}

static void make(uint8_t **chunk, size_t *bytes) { make_columns(chunk, bytes, RAW, 7); }

static enum nt_status read_back(uint8_t *raw, const uint8_t *chunk, size_t bytes, struct nt_error *error) {
    struct nt_chunk_header header;
    NT_TRY(nt_chunk_header(&header, chunk, bytes, "c/test.bin", error));
    if (header.raw_bytes != RAW) {
        return NT_E_SHAPE;
    }
    return nt_chunk_read(raw, &header, chunk, bytes, "c/test.bin", nt_allocator_default(), error);
}

static void columns_of_any_width_are_read_back_the_same(void **state) {
    (void)state;
    uint8_t *chunk, raw[RAW];
    size_t bytes;
    for (size_t column = 1; column <= 2 * RAW; column = 3 * column + 1) {
        make_columns(&chunk, &bytes, column, 7);
        assert_int_equal(read_back(raw, chunk, bytes, NULL), NT_OK);
        assert_memory_equal(raw, original, RAW);
        nt_release(nt_allocator_default(), chunk);
    }
}

static void what_is_written_is_read_back_smaller_and_the_same(void **state) {
    (void)state;
    uint8_t *chunk, raw[RAW];
    size_t bytes;
    make(&chunk, &bytes);
    assert_true(bytes < RAW);
    assert_int_equal(read_back(raw, chunk, bytes, NULL), NT_OK);
    assert_memory_equal(raw, original, RAW);
    nt_release(nt_allocator_default(), chunk);
}

static void expect_that_changes_are_detected(size_t column_bytes) {
    uint8_t *chunk, raw[RAW];
    size_t bytes;
    unsigned detected = 0;
    make_columns(&chunk, &bytes, column_bytes, 3);
    for (size_t i = 0; i < bytes; i++) {
        for (unsigned change = 1; change < 256; change += change < 8 ? 1 : 37) {
            chunk[i] ^= (uint8_t)change;
            if (read_back(raw, chunk, bytes, NULL) == NT_OK) {
                assert_memory_equal(raw, original, RAW);
            } else {
                detected++;
            }
            chunk[i] ^= (uint8_t)change;
        }
    }
    assert_true(detected > 10 * bytes);
    nt_release(nt_allocator_default(), chunk);
}

static void every_changed_byte_is_detected_or_harmless(void **state) {
    (void)state;
    expect_that_changes_are_detected(RAW);
    expect_that_changes_are_detected(shape.rows);
}

static void numbers_of_narrow_columns_share_bytes(void **state) {
    (void)state;
    uint8_t *chunk, *joined, raw[RAW];
    size_t bytes, joined_bytes;
    make_columns(&chunk, &bytes, shape.rows - 1, 3);
    make_columns(&joined, &joined_bytes, shape.rows, 3);
    assert_int_equal(chunk[6], 1);
    assert_int_equal(joined[6], 2);
    assert_true(20 * joined_bytes < 19 * bytes);
    assert_int_equal(read_back(raw, joined, joined_bytes, NULL), NT_OK);
    assert_memory_equal(raw, original, RAW);
    nt_release(nt_allocator_default(), chunk);
    nt_release(nt_allocator_default(), joined);
}

static void put_crc(uint8_t *at, const uint8_t *bytes, size_t size) {
    uint32_t crc = (uint32_t)crc32(0, bytes, (uInt)size);
    for (int i = 0; i < 4; i++) {
        at[i] = (uint8_t)(crc >> (8 * i));
    }
}

/* Reads a chunk of two columns of four rows that says what `stream` does, checksums right. */
static enum nt_status read_forged(uint8_t *second, const uint8_t *stream, size_t bytes, uint32_t rows) {
    uint8_t chunk[NT_CHUNK_HEADER_BYTES + 64] = "NTCK\1\0\2", raw[8];
    uLongf size = 64;
    chunk[12] = (uint8_t)rows;
    chunk[16] = 2;
    chunk[20] = 8;
    assert_int_equal(compress(chunk + NT_CHUNK_HEADER_BYTES, &size, stream, bytes), Z_OK);
    put_crc(chunk + 24, chunk + NT_CHUNK_HEADER_BYTES, size);
    put_crc(chunk + 28, chunk, NT_CHUNK_HEADER_BYTES - 4);
    struct nt_chunk_header header;
    struct nt_error error = {0};
    assert_int_equal(nt_chunk_header(&header, chunk, NT_CHUNK_HEADER_BYTES + size, "c/forged.bin", &error), NT_OK);
    enum nt_status status = nt_chunk_read(raw, &header, chunk, NT_CHUNK_HEADER_BYTES + size, "c/forged.bin",
                                          nt_allocator_default(), &error);
    assert_true(status == NT_OK || strstr(error.text, "c/forged.bin") != NULL);
    memcpy(second, raw + 4, 4);
    return status;
}

static void columns_that_cannot_be_are_refused(void **state) {
    (void)state;
    /* The second column: -2, -1, 0, -1 in base 4 from -2 is 0 + 1 * 4 + 2 * 16 + 1 * 64. */
    uint8_t second[4];
    const uint8_t right[] = {1, 0, 4, 254, 1, 2, 3, 4, 100};
    assert_int_equal(read_forged(second, right, sizeof right, 4), NT_OK);
    assert_memory_equal(second, "\376\377\0\377", 4);
    assert_int_equal(read_forged(second, right, sizeof right, 5), NT_E_FORMAT);
    assert_int_equal(read_forged(second, right, sizeof right - 1, 4), NT_E_DAMAGED);
    assert_int_equal(read_forged(second, right, 3, 4), NT_E_DAMAGED);
    const uint8_t longer[] = {1, 0, 4, 254, 1, 2, 3, 4, 100, 0};
    assert_int_equal(read_forged(second, longer, sizeof longer, 4), NT_E_DAMAGED);
    for (int join = 0; join < 256; join++) {
        const uint8_t other[] = {1, 0, (uint8_t)join, 254, 1, 2, 3, 4, 100};
        assert_int_equal(read_forged(second, other, sizeof other, 4),
                         join == 4 || join == 5 || join == 8 ? NT_OK : NT_E_DAMAGED);
    }
    const uint8_t beyond[] = {1, 0, 5, 254, 1, 2, 3, 4, 243}; /* 3 to the fifth is 243 */
    assert_int_equal(read_forged(second, beyond, sizeof beyond, 4), NT_E_DAMAGED);
}

static void every_truncation_and_every_surplus_is_detected_and_named(void **state) {
    (void)state;
    uint8_t *chunk, raw[RAW];
    size_t bytes;
    make(&chunk, &bytes);
    for (size_t size = 0; size < bytes; size++) {
        struct nt_error error = {0};
        assert_int_not_equal(read_back(raw, chunk, size, &error), NT_OK);
        assert_non_null(strstr(error.text, "c/test.bin"));
    }
    uint8_t longer[RAW];
    memcpy(longer, chunk, bytes);
    longer[bytes] = 0;
    assert_int_equal(read_back(raw, longer, bytes + 1, NULL), NT_E_DAMAGED);
    nt_release(nt_allocator_default(), chunk);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_of_any_width_are_read_back_the_same),
        cmocka_unit_test(what_is_written_is_read_back_smaller_and_the_same),
        cmocka_unit_test(numbers_of_narrow_columns_share_bytes),
        cmocka_unit_test(columns_that_cannot_be_are_refused),
        cmocka_unit_test(every_changed_byte_is_detected_or_harmless),
        cmocka_unit_test(every_truncation_and_every_surplus_is_detected_and_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
