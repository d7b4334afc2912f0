#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ntrace/edit.h"
#include "ntrace/random.h"

enum { HEIGHT = 9, WIDTH = 12, SIZE = HEIGHT * WIDTH };

static void fill(uint8_t *image, uint64_t seed) {
    struct nt_random random;
    nt_random_seed(&random, seed, 5);
    for (size_t i = 0; i < SIZE; i++) {
        image[i] = (uint8_t)nt_random_below(&random, 256);
    }
}

static void whole_pixels_move_as_they_are(void **state) {
    (void)state;
    uint8_t in[SIZE], out[SIZE];
    fill(in, 1);
    nt_edit_move(out, in, HEIGHT, WIDTH, 0, 3, -2);
    for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++) {
            int from_x = x - 3, from_y = y + 2;
            int inside = from_x >= 0 && from_y < HEIGHT;
            assert_int_equal(out[y * WIDTH + x], inside ? in[from_y * WIDTH + from_x] : 0);
        }
    }
}

static void half_a_pixel_is_the_mean_of_two(void **state) {
    (void)state;
    uint8_t in[SIZE] = {0}, out[SIZE];
    in[4 * WIDTH + 5] = 200;
    nt_edit_move(out, in, HEIGHT, WIDTH, 0, 0.5f, 0);
    assert_int_equal(out[4 * WIDTH + 5], 100);
    assert_int_equal(out[4 * WIDTH + 6], 100);
    nt_edit_move(out, in, HEIGHT, WIDTH, 0, 1e9f, 0);
    for (size_t i = 0; i < SIZE; i++) {
        assert_int_equal(out[i], 0);
    }
}

static void a_half_turn_reverses_and_a_right_angle_goes_clockwise(void **state) {
    (void)state;
    uint8_t in[SIZE], out[SIZE], square[81] = {0}, turned[81];
    fill(in, 2);
    nt_edit_move(out, in, HEIGHT, WIDTH, 180, 0, 0);
    for (size_t i = 0; i < SIZE; i++) {
        assert_true(abs(out[i] - in[SIZE - 1 - i]) <= 1);
    }
    square[1 * 9 + 4] = 255; /* above the middle, then to its right */
    nt_edit_move(turned, square, 9, 9, 90, 0, 0);
    assert_true(turned[4 * 9 + 7] >= 254);
}

static void thickening_grows_strokes_and_thinning_eats_them(void **state) {
    (void)state;
    uint8_t in[SIZE], out[SIZE], dot[SIZE] = {0};
    dot[4 * WIDTH + 5] = 200;
    nt_edit_thicken(out, dot, HEIGHT, WIDTH, 0.5f);
    assert_int_equal(out[4 * WIDTH + 5], 200);
    assert_int_equal(out[3 * WIDTH + 5], 100);
    assert_int_equal(out[4 * WIDTH + 6], 100);
    assert_int_equal(out[3 * WIDTH + 6], 0);
    nt_edit_thicken(out, dot, HEIGHT, WIDTH, -1);
    assert_int_equal(out[4 * WIDTH + 5], 0);
    fill(in, 3);
    nt_edit_thicken(out, in, HEIGHT, WIDTH, 0);
    assert_memory_equal(out, in, SIZE);
}

static void noise_has_its_seed_and_its_deviation(void **state) {
    (void)state;
    static uint8_t a[20000], b[20000], c[20000];
    double sum = 0, squares = 0;
    memset(a, 128, sizeof a);
    memset(b, 128, sizeof b);
    memset(c, 128, sizeof c);
    nt_edit_noise(a, sizeof a, 20, 7);
    nt_edit_noise(b, sizeof b, 20, 7);
    nt_edit_noise(c, sizeof c, 20, 8);
    assert_memory_equal(a, b, sizeof a);
    assert_memory_not_equal(a, c, sizeof a);
    for (size_t i = 0; i < sizeof a; i++) {
        sum += a[i] - 128;
        squares += (a[i] - 128) * (a[i] - 128);
    }
    assert_true(fabs(sum / sizeof a) < 0.6 && fabs(sqrt(squares / sizeof a) - 20) < 0.5);
    memcpy(b, c, sizeof b);
    nt_edit_noise(b, sizeof b, 0, 8);
    assert_memory_equal(b, c, sizeof b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_pixels_move_as_they_are),
        cmocka_unit_test(half_a_pixel_is_the_mean_of_two),
        cmocka_unit_test(a_half_turn_reverses_and_a_right_angle_goes_clockwise),
        cmocka_unit_test(thickening_grows_strokes_and_thinning_eats_them),
        cmocka_unit_test(noise_has_its_seed_and_its_deviation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
