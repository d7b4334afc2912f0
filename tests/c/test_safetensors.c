#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ntrace/random.h"
#include "ntrace/safetensors.h"

/* A file of a header and so many bytes of data, in memory of just that size, so that reading beyond it is noticed. */
static uint8_t *file_of(size_t *size, const char *header, size_t data) {
    size_t length = strlen(header);
    *size = 8 + length + data;
    uint8_t *bytes = calloc(*size, 1);
    for (size_t i = 0; i < 8; i++) {
        bytes[i] = (uint8_t)((uint64_t)length >> (8 * i));
    }
    memcpy(bytes + 8, header, length);
    return bytes;
}

static void refuses(const char *header, size_t data, enum nt_status status, const char *words) {
    size_t size;
    uint8_t *bytes = file_of(&size, header, data);
    nt_safetensors *file = (nt_safetensors *)bytes;
    struct nt_error error = {0};
    assert_int_equal(nt_safetensors_parse(&file, bytes, size, "x.safetensors", nt_allocator_default(), &error), status);
    assert_null(file);
    if (strstr(error.text, words) == NULL || strstr(error.text, "x.safetensors") == NULL) {
        fail_msg("'%s' does not say '%s'", error.text, words);
    }
    free(bytes);
}

#define TENSOR(name, type, shape, begin, end)                                                                          \
    "\"" name "\":{\"dtype\":\"" type "\",\"shape\":[" shape "],\"data_offsets\":[" begin "," end "]}"

static void headers_that_lie_are_refused_in_words(void **state) {
    (void)state;
    refuses("", 0, NT_E_FORMAT, "not one JSON object");
    refuses("[]", 0, NT_E_FORMAT, "not one JSON object");
    refuses("{} x", 0, NT_E_FORMAT, "not one JSON object");
    refuses("{}", 4, NT_E_FORMAT, "4 bytes are left over");
    refuses("{\"a\":3}", 0, NT_E_FORMAT, "'a' is not described");
    refuses("{" TENSOR("a", "BF16", "2", "0", "4") "}", 4, NT_E_FORMAT, "type 'BF16' is not read");
    refuses("{\"a\":{\"shape\":[1],\"data_offsets\":[0,4]}}", 4, NT_E_FORMAT, "'(none)'");
    refuses("{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", 4, NT_E_FORMAT, "no shape");
    refuses("{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, NT_E_FORMAT, "no data_offsets");
    refuses("{" TENSOR("a", "F32", "1.5", "0", "4") "}", 4, NT_E_FORMAT, "something else than sizes");
    refuses("{" TENSOR("a", "F32", "-1", "0", "4") "}", 4, NT_E_FORMAT, "something else than sizes");
    refuses("{" TENSOR("a", "F32", "1,1,1,1,1,1,1,1,1", "0", "4") "}", 4, NT_E_SHAPE, "more than 8 dimensions");
    refuses("{" TENSOR("a", "F32", "4294967296,4294967296", "0", "4") "}", 4, NT_E_SHAPE, "overflows");
    refuses("{" TENSOR("a", "F32", "2", "0", "4") "}", 4, NT_E_SHAPE, "takes 8 bytes, its offsets give 4");
    refuses("{" TENSOR("a", "F32", "2", "0", "8") "}", 7, NT_E_FORMAT, "7 are there");
    refuses("{" TENSOR("a", "F32", "1", "8", "4") "}", 8, NT_E_FORMAT, "no data_offsets");
    refuses("{" TENSOR("a", "F32", "1", "0", "1e300") "}", 8, NT_E_FORMAT, "no data_offsets");
    refuses("{" TENSOR("a", "F32", "1", "0", "9007199254740992") "}", 8, NT_E_FORMAT, "truncated");
    refuses("{" TENSOR("a", "F32", "2", "0", "8") "," TENSOR("b", "F32", "2", "4", "12") "}", 12, NT_E_FORMAT,
            "'b' overlaps");
    refuses("{" TENSOR("a", "F32", "1", "0", "4") "," TENSOR("b", "F32", "1", "8", "12") "}", 12, NT_E_FORMAT,
            "'b' comes after a gap");
    refuses("{" TENSOR("a", "F32", "1", "0", "4") "," TENSOR("a", "F32", "1", "4", "8") "}", 8, NT_E_FORMAT,
            "'a' is there twice");
    refuses("{" TENSOR("a", "F32", "1", "0", "4") "," TENSOR("b", "F32", "1", "0", "4") "}", 4, NT_E_FORMAT,
            "overlaps");
    refuses("{\"__metadata__\":{\"a\":1}}", 0, NT_E_FORMAT, "something else than text");
    refuses("{\"__metadata__\":7}", 0, NT_E_FORMAT, "not an object");
}

static void header_lengths_are_checked(void **state) {
    (void)state;
    uint8_t bytes[8] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    nt_safetensors *file;
    struct nt_error error = {0};
    assert_int_equal(nt_safetensors_parse(&file, bytes, 8, "x", nt_allocator_default(), &error), NT_E_FORMAT);
    assert_non_null(strstr(error.text, "at most"));
    memset(bytes, 0, 8);
    bytes[0] = 2;
    assert_int_equal(nt_safetensors_parse(&file, bytes, 8, "x", nt_allocator_default(), &error), NT_E_FORMAT);
    assert_non_null(strstr(error.text, "truncated"));
    assert_int_equal(nt_safetensors_parse(&file, bytes, 0, "x", nt_allocator_default(), &error), NT_E_FORMAT);
}

static const uint8_t byte_data[3] = {1, 2, 3};
static const float float_data[6] = {1, -2, 3.5f, 0, 1e-30f, 7};

static uint8_t *write_example(size_t *size) {
    const struct nt_tensor tensor[3] = {
        {.name = "bytes", .type = NT_NPY_UINT8, .dimensions = 1, .shape = {3}, .data = byte_data},
        {.name = "none", .type = NT_NPY_INT64, .dimensions = 2, .shape = {0, 9}, .data = byte_data},
        {.name = "layer \"1\"", .type = NT_NPY_FLOAT32, .dimensions = 2, .shape = {2, 3}, .data = float_data},
    };
    const char *text[2][2] = {{"maker", "a \"test\"\n"}, {"empty", ""}};
    uint8_t *bytes = NULL;
    assert_int_equal(
        nt_safetensors_write(&bytes, size, tensor, 3, (const char *const(*)[2])text, 2, nt_allocator_default(), NULL),
        NT_OK);
    return bytes;
}

static void tensors_and_texts_come_back_as_they_were_written(void **state) {
    (void)state;
    size_t size = 0;
    uint8_t *bytes = write_example(&size);
    nt_safetensors *file = NULL;
    assert_int_equal(nt_safetensors_parse(&file, bytes, size, "x", nt_allocator_default(), NULL), NT_OK);
    assert_int_equal(nt_safetensors_count(file), 3);
    assert_string_equal(nt_safetensors_tensor(file, 0)->name, "bytes");
    assert_string_equal(nt_safetensors_tensor(file, 1)->name, "none");
    const struct nt_tensor *found = nt_safetensors_find(file, "layer \"1\"");
    assert_int_equal(found->dimensions, 2);
    assert_int_equal(found->shape[1], 3);
    assert_int_equal(found->items, 6);
    assert_memory_equal(found->data, float_data, sizeof float_data);
    assert_memory_equal(nt_safetensors_find(file, "bytes")->data, byte_data, 3);
    assert_string_equal(nt_safetensors_text(file, "maker"), "a \"test\"\n");
    assert_string_equal(nt_safetensors_text(file, "empty"), "");
    assert_null(nt_safetensors_text(file, "Maker"));
    assert_null(nt_safetensors_find(file, "__metadata__"));
    nt_safetensors_free(file);
    nt_release(nt_allocator_default(), bytes);
}

static void what_cannot_be_described_is_not_written(void **state) {
    (void)state;
    struct nt_tensor tensor = {.name = "a", .type = NT_NPY_FLOAT32, .dimensions = 2};
    uint8_t *bytes = NULL;
    size_t size;
    tensor.shape[0] = tensor.shape[1] = (uint64_t)1 << 32;
    assert_int_equal(nt_safetensors_write(&bytes, &size, &tensor, 1, NULL, 0, nt_allocator_default(), NULL), NT_E_ARG);
    tensor.dimensions = NT_NPY_MAX_DIMENSIONS + 1;
    assert_int_equal(nt_safetensors_write(&bytes, &size, &tensor, 1, NULL, 0, nt_allocator_default(), NULL), NT_E_ARG);
    assert_null(bytes);
}

/* Reads every byte that the reader says is there, so that a sanitizer sees one that is not. */
static unsigned touch(const nt_safetensors *file) {
    unsigned sum = 0;
    for (uint32_t t = 0; t < nt_safetensors_count(file); t++) {
        const struct nt_tensor *tensor = nt_safetensors_tensor(file, t);
        for (uint64_t i = 0; i < tensor->bytes; i++) {
            sum += ((const uint8_t *)tensor->data)[i];
        }
    }
    return sum;
}

static void a_truncated_file_is_refused_at_every_length(void **state) {
    (void)state;
    size_t size = 0;
    uint8_t *bytes = write_example(&size);
    for (size_t cut = 0; cut < size; cut++) {
        uint8_t *part = malloc(cut + 1);
        nt_safetensors *file = NULL;
        memcpy(part + 1, bytes, cut); /* also off its alignment */
        assert_int_equal(nt_safetensors_parse(&file, part + 1, cut, "x", nt_allocator_default(), NULL), NT_E_FORMAT);
        free(part);
    }
    nt_release(nt_allocator_default(), bytes);
}

static void changed_bytes_are_refused_or_read_within_the_file(void **state) {
    (void)state;
    size_t size = 0;
    uint8_t *bytes = write_example(&size), *changed = malloc(size);
    struct nt_random random;
    uint32_t refused = 0, rounds = 6000;
    unsigned sum = 0;
    nt_random_seed(&random, 1, 9);
    for (uint32_t round = 0; round < rounds; round++) {
        nt_safetensors *file = NULL;
        memcpy(changed, bytes, size);
        for (uint32_t n = 1 + nt_random_below(&random, 3); n > 0; n--) {
            static const char likely[] = "0123456789{}[]\",:e-.";
            uint8_t value = (uint8_t)nt_random_u32(&random);
            changed[nt_random_below(&random, (uint32_t)size)] =
                (value & 1) != 0 ? (uint8_t)likely[value % (sizeof likely - 1)] : value;
        }
        if (nt_safetensors_parse(&file, changed, size, "x", nt_allocator_default(), NULL) == NT_OK) {
            sum += touch(file);
            nt_safetensors_free(file);
        } else {
            assert_null(file);
            refused++;
        }
    }
    assert_true(refused > rounds / 2 && refused < rounds && sum > 0);
    free(changed);
    nt_release(nt_allocator_default(), bytes);
}

static void values_that_are_not_finite_are_named(void **state) {
    (void)state;
    const uint16_t half[3] = {0x3c00, 0x7c00, 0};
    const double wide[2] = {1, 0.0 / 0.0};
    const struct nt_tensor tensor[3] = {
        {.name = "h", .type = NT_NPY_FLOAT16, .items = 3, .data = half},
        {.name = "d", .type = NT_NPY_FLOAT64, .items = 2, .data = wide},
        {.name = "f", .type = NT_NPY_FLOAT32, .items = 6, .data = float_data},
    };
    struct nt_error error = {0};
    assert_int_equal(nt_safetensors_check_finite(&tensor[0], "x", &error), NT_E_VALUE);
    assert_non_null(strstr(error.text, "'h': value 1 is inf"));
    assert_int_equal(nt_safetensors_check_finite(&tensor[1], "x", &error), NT_E_VALUE);
    assert_non_null(strstr(error.text, "'d': value 1 is"));
    assert_int_equal(nt_safetensors_check_finite(&tensor[2], "x", &error), NT_OK);
}

static void a_header_alone_tells_where_tensors_of_a_large_file_lie(void **state) {
    (void)state;
    size_t size, header;
    nt_safetensors *file;
    uint8_t *bytes = file_of(&size,
                             "{" TENSOR("a", "F32", "1073741824", "0",
                                        "4294967296") "," TENSOR("b", "U8", "5", "4294967296", "4294967301") "}",
                             0);
    uint64_t whole = size + UINT64_C(4294967301);
    assert_int_equal(nt_safetensors_header_bytes(&header, bytes, whole, "x", NULL), NT_OK);
    assert_int_equal(header, size);
    assert_int_equal(nt_safetensors_parse_header(&file, bytes, whole, "x", nt_allocator_default(), NULL), NT_OK);
    const struct nt_tensor *b = nt_safetensors_find(file, "b");
    assert_true(b->offset == size + UINT64_C(4294967296) && b->bytes == 5 && b->data == NULL);
    nt_safetensors_free(file);
    struct nt_error error = {0};
    assert_int_equal(nt_safetensors_parse_header(&file, bytes, whole - 1, "x", nt_allocator_default(), &error),
                     NT_E_FORMAT);
    assert_non_null(strstr(error.text, "truncated"));
    free(bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tensors_and_texts_come_back_as_they_were_written),
        cmocka_unit_test(what_cannot_be_described_is_not_written),
        cmocka_unit_test(headers_that_lie_are_refused_in_words),
        cmocka_unit_test(header_lengths_are_checked),
        cmocka_unit_test(a_header_alone_tells_where_tensors_of_a_large_file_lie),
        cmocka_unit_test(a_truncated_file_is_refused_at_every_length),
        cmocka_unit_test(changed_bytes_are_refused_or_read_within_the_file),
        cmocka_unit_test(values_that_are_not_finite_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
