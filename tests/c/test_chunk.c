#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ntrace/chunk.h"
#include "ntrace/random.h"

enum { RAW = 3000 };

static uint8_t original[RAW];
static const struct nt_chunk_header shape = {5, 60, 50, RAW};

static void make_columns(uint8_t **chunk, size_t *bytes, size_t column_bytes) {
    struct nt_random random;
    nt_random_seed(&random, 11, 0);
    for (int i = 0; i < RAW; i++) {
        original[i] = (uint8_t)nt_random_below(&random, 7);
    }
    assert_int_equal(nt_chunk_write(chunk, bytes, &shape, original, column_bytes, nt_allocator_default()), NT_OK);
}

static void make(uint8_t **chunk, size_t *bytes) { make_columns(chunk, bytes, RAW); }

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
        make_columns(&chunk, &bytes, column);
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

static void every_changed_byte_is_detected_or_harmless(void **state) {
    (void)state;
    uint8_t *chunk, raw[RAW];
    size_t bytes;
    unsigned detected = 0;
    make(&chunk, &bytes);
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
        cmocka_unit_test(every_changed_byte_is_detected_or_harmless),
        cmocka_unit_test(every_truncation_and_every_surplus_is_detected_and_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
