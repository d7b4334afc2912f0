/* Products of rows in 7 bits: every kernel of this machine against plain loops. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/target.h"
#include "knn/rough.h"
#include "ntrace/random.h"

enum { ROWS = 75, AXES = 150, STRIDE = 192, LEFTS = (ROWS + NT_ROUGH_LEFT - 1) / NT_ROUGH_LEFT };
enum { RIGHTS = (ROWS + NT_ROUGH_RIGHT - 1) / NT_ROUGH_RIGHT, WIDTH = RIGHTS * NT_ROUGH_RIGHT };

static int8_t row[ROWS * STRIDE];
static int32_t row_start[ROWS];
static uint32_t which[ROWS];

/* Rows of all sizes, the largest among them, so that sums that do not fit anywhere would be found. */
static int make_rows(void **state) {
    struct nt_random random;
    nt_random_seed(&random, 1, 1);
    (void)state;
    for (uint32_t i = 0; i < ROWS; i++) {
        float value[AXES];
        for (uint32_t j = 0; j < AXES; j++) {
            value[j] = i == 0 ? 63.0f : i == 1 ? -63.0f : i == 2 && j % 2 ? 900.0f : 30 * nt_random_normal(&random);
        }
        row_start[i] = nt_rough_round(row + i * STRIDE, value, AXES, 1);
        which[i] = (i * 29 + 3) % ROWS;
    }
    return 0;
}

static int32_t product_of(uint32_t a, uint32_t b, uint32_t depth) {
    int32_t sum = 0;
    for (uint32_t j = 0; j < depth; j++) {
        sum += row[a * STRIDE + j] * row[b * STRIDE + j];
    }
    return sum;
}

static void values_are_rounded_and_held(void **state) {
    (void)state;
    const float value[5] = {0.26f, -0.24f, 40, -40, 0.75f};
    int8_t out[NT_ROUGH_ALIGN];
    memset(out, 1, sizeof out);
    assert_int_equal(nt_rough_round(out, value, 5, 0.5f), -64 * 3);
    const int8_t expected[5] = {1, 0, 63, -63, 2};
    assert_memory_equal(out, expected, 5);
    for (uint32_t i = 5; i < NT_ROUGH_ALIGN; i++) {
        assert_int_equal(out[i], 0);
    }
}

static void check_products(const struct nt_rough_kernel *kernel, uint32_t depth) {
    static uint8_t left[LEFTS * NT_ROUGH_LEFT * STRIDE];
    static int8_t right[WIDTH * STRIDE];
    static int32_t start[WIDTH], product[LEFTS * NT_ROUGH_LEFT * WIDTH];
    nt_rough_pack_left(left, row, NULL, ROWS, STRIDE, depth);
    nt_rough_pack_right(right, start, row, which, ROWS, STRIDE, depth);
    kernel->multiply(product, left, LEFTS, right, start, RIGHTS, depth);
    for (uint32_t i = 0; i < ROWS; i++) {
        for (uint32_t j = 0; j < WIDTH; j++) {
            assert_int_equal(product[i * WIDTH + j], j < ROWS ? product_of(i, which[j], depth) : 0);
        }
    }
}

static void check_dots(const struct nt_rough_kernel *kernel) {
    uint8_t raised[STRIDE];
    int32_t product[ROWS];
    for (uint32_t i = 0; i < ROWS; i++) {
        nt_rough_raise(raised, row + i * STRIDE, STRIDE);
        kernel->dots(product, raised, row, row_start, which, ROWS, STRIDE);
        for (uint32_t j = 0; j < ROWS; j++) {
            assert_int_equal(product[j], product_of(i, which[j], STRIDE));
        }
    }
}

static void check_within(const struct nt_rough_kernel *kernel) {
    int32_t product[32];
    float base[32];
    for (int32_t i = 0; i < 32; i++) {
        product[i] = 1000 * (i * 7 % 32) - 9000;
        base[i] = i == 5 ? NAN : i == 6 ? INFINITY : (float)(i % 3);
    }
    const float reaches[] = {-30, -1.5f, 0, 0.25f, 100, INFINITY};
    for (size_t r = 0; r < sizeof reaches / sizeof *reaches; r++) {
        uint32_t mask = 0;
        for (uint32_t i = 0; i < 32; i++) {
            float less = 0.001f * (float)product[i];
            mask |= (uint32_t)(base[i] - less <= reaches[r]) << i;
        }
        assert_int_equal(kernel->within(product, base, 0.001f, reaches[r]), mask);
    }
}

static void check(const struct nt_rough_kernel *kernel) {
    for (uint32_t depth = NT_ROUGH_DEPTH; depth <= STRIDE; depth += 23 * NT_ROUGH_DEPTH / 8) {
        check_products(kernel, depth / NT_ROUGH_DEPTH * NT_ROUGH_DEPTH);
    }
    check_dots(kernel);
    check_within(kernel);
}

static void every_kernel_multiplies_as_plain_loops_do(void **state) {
    (void)state;
    check(&nt_rough_scalar);
#if defined(__x86_64__)
    if (nt_target_available(NT_AVX2)) {
        check(&nt_rough_avx2);
    }
    if (nt_target_available(NT_AVX512)) {
        check(&nt_rough_avx512);
    }
    if (nt_target_available(NT_AVX512) && __builtin_cpu_supports("avx512vnni")) {
        check(&nt_rough_vnni);
    }
#endif
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_rounded_and_held),
        cmocka_unit_test(every_kernel_multiplies_as_plain_loops_do),
    };
    return cmocka_run_group_tests(tests, make_rows, NULL);
}
