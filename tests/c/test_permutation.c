/* The vectors are PyTorch's: tests/reference/permutation.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "ntrace/permutation.h"
#include "ntrace/sha256.h"

static cJSON *vectors;

static int read_vectors(void **state) {
    (void)state;
    static char text[1 << 16];
    FILE *file = fopen("tests/reference/permutation.json", "rb");
    if (file == NULL) {
        return -1;
    }
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    (void)fclose(file);
    vectors = cJSON_Parse(text);
    return vectors != NULL ? 0 : -1;
}

static int free_vectors(void **state) {
    (void)state;
    cJSON_Delete(vectors);
    return 0;
}

static uint64_t number(const cJSON *vector, const char *key) {
    return (uint64_t)cJSON_GetObjectItem(vector, key)->valuedouble;
}

static void entries_are(const uint32_t *permutation, const cJSON *entries) {
    const cJSON *item;
    uint32_t i = 0;
    cJSON_ArrayForEach(item, entries) { assert_int_equal(permutation[i++], (uint32_t)item->valuedouble); }
}

static void permutations_are_those_of_torch(void **state) {
    (void)state;
    const cJSON *vector;
    uint32_t seen = 0;
    cJSON_ArrayForEach(vector, cJSON_GetObjectItem(vectors, "vectors")) {
        uint32_t count = (uint32_t)number(vector, "count"), last = (uint32_t)number(vector, "last");
        uint32_t *permutation = malloc(count * sizeof *permutation), *kept = permutation + count - last;
        uint8_t digest[NT_SHA256_BYTES];
        char hex[2 * NT_SHA256_BYTES + 1];
        const cJSON *ends = cJSON_GetObjectItem(vector, "last_entries");
        assert_int_equal(nt_permutation_torch(permutation, count, number(vector, "seed")), NT_OK);
        entries_are(kept, cJSON_GetObjectItem(vector, "first_entries"));
        entries_are(kept + last - cJSON_GetArraySize(ends), ends);
        nt_sha256(digest, kept, last * sizeof *kept); /* both machine and vectors are little-endian */
        nt_sha256_hex(hex, digest, sizeof digest);
        assert_string_equal(hex, cJSON_GetObjectItem(vector, "sha256")->valuestring);
        free(permutation);
        seen++;
    }
    assert_int_equal(seen, 7);
}

static void none_and_too_many_are_possible_and_refused(void **state) {
    (void)state;
    assert_int_equal(nt_permutation_torch(NULL, 0, 0), NT_OK);
    assert_int_equal(nt_permutation_torch(NULL, NT_PERMUTATION_MAX_COUNT + 1, 0), NT_E_ARG);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(permutations_are_those_of_torch),
        cmocka_unit_test(none_and_too_many_are_possible_and_refused),
    };
    return cmocka_run_group_tests(tests, read_vectors, free_vectors);
}
