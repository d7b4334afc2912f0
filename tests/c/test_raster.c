/* The vectors are cairo's: tests/reference/raster.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "ntrace/allocator.h"
#include "ntrace/raster.h"

enum { MAX_POINTS = 400, MAX_STROKES = 16 };

struct drawing {
    float points[2 * MAX_POINTS];
    uint32_t counts[MAX_STROKES], strokes;
    size_t total;
    uint8_t expected[NT_RASTER_PIXELS];
};

static cJSON *vectors;
static void *scratch;

static int read_vectors(void **state) {
    (void)state;
    FILE *file = fopen("tests/reference/raster.json", "rb");
    if (file == NULL) {
        return -1;
    }
    static char text[1 << 20];
    size_t size = fread(text, 1, sizeof text - 1, file);
    (void)fclose(file);
    text[size] = 0;
    vectors = cJSON_Parse(text);
    scratch = nt_allocate(nt_allocator_default(), nt_raster_bytes(), 1);
    return vectors != NULL && scratch != NULL ? 0 : -1;
}

static int free_vectors(void **state) {
    (void)state;
    cJSON_Delete(vectors);
    nt_release(nt_allocator_default(), scratch);
    return 0;
}

static void take(struct drawing *d, const cJSON *vector) {
    const cJSON *item;
    d->strokes = 0;
    d->total = 0;
    cJSON_ArrayForEach(item, cJSON_GetObjectItem(vector, "counts")) {
        assert_true(d->strokes < MAX_STROKES);
        d->counts[d->strokes++] = (uint32_t)item->valuedouble;
    }
    cJSON_ArrayForEach(item, cJSON_GetObjectItem(vector, "points")) {
        assert_true(d->total < sizeof d->points / sizeof *d->points);
        d->points[d->total++] = (float)item->valuedouble;
    }
    d->total /= 2;
    size_t pixel = 0;
    cJSON_ArrayForEach(item, cJSON_GetObjectItem(vector, "image")) {
        assert_true(pixel < NT_RASTER_PIXELS);
        d->expected[pixel++] = (uint8_t)item->valuedouble;
    }
}

static void draw(uint8_t *image, const struct drawing *d) {
    assert_int_equal(nt_raster(image, d->points, d->counts, d->strokes, scratch), NT_OK);
}

/* Sum and maximum of the differences between two images. */
static unsigned compare(const uint8_t *a, const uint8_t *b, unsigned *largest) {
    unsigned sum = 0;
    *largest = 0;
    for (size_t p = 0; p < NT_RASTER_PIXELS; p++) {
        unsigned difference = (unsigned)abs(a[p] - b[p]);
        sum += difference;
        *largest = difference > *largest ? difference : *largest;
    }
    return sum;
}

static void images_equal_those_of_cairo(void **state) {
    (void)state;
    const cJSON *vector;
    unsigned sum = 0, images = 0;
    cJSON_ArrayForEach(vector, vectors) {
        struct drawing d;
        uint8_t image[NT_RASTER_PIXELS];
        unsigned largest;
        take(&d, vector);
        draw(image, &d);
        sum += compare(image, d.expected, &largest);
        assert_in_range(largest, 0, 16);
        images++;
    }
    assert_in_range(images, 10, 1000);
    assert_in_range(sum, 0, images * NT_RASTER_PIXELS / 10);
}

static void a_drawing_may_lie_anywhere(void **state) {
    (void)state;
    const cJSON *vector;
    cJSON_ArrayForEach(vector, vectors) {
        struct drawing d;
        uint8_t here[NT_RASTER_PIXELS], there[NT_RASTER_PIXELS];
        unsigned largest;
        take(&d, vector);
        draw(here, &d);
        for (size_t i = 0; i < d.total; i++) {
            d.points[2 * i] += 1000.0f;
            d.points[2 * i + 1] -= 500.0f;
        }
        draw(there, &d);
        (void)compare(here, there, &largest);
        assert_in_range(largest, 0, 2);
    }
}

static void a_fitted_drawing_may_have_any_size(void **state) {
    (void)state;
    const cJSON *vector;
    cJSON_ArrayForEach(vector, vectors) {
        struct drawing d;
        uint8_t small[NT_RASTER_PIXELS], large[NT_RASTER_PIXELS];
        unsigned largest;
        take(&d, vector);
        nt_raster_fit(d.points, d.total);
        draw(small, &d);
        for (size_t i = 0; i < d.total; i++) {
            d.points[2 * i] = d.points[2 * i] * 13.7f + 30.0f;
            d.points[2 * i + 1] = d.points[2 * i + 1] * 13.7f - 77.0f;
        }
        nt_raster_fit(d.points, d.total);
        draw(large, &d);
        (void)compare(small, large, &largest);
        assert_in_range(largest, 0, 2);
    }
}

static void fitting_fills_the_square_in_the_longer_direction(void **state) {
    (void)state;
    float points[] = {10, 20, 30, 25, 20, 60};
    nt_raster_fit(points, 3);
    const float expected[] = {0, 0, 127.5f, 31.875f, 63.75f, 255};
    for (size_t i = 0; i < 6; i++) {
        assert_float_equal(points[i], expected[i], 1e-4);
    }
    float dot[] = {7, 9};
    nt_raster_fit(dot, 1);
    assert_float_equal(dot[0], 0, 0);
    assert_float_equal(dot[1], 0, 0);
}

static void nothing_drawn_is_an_empty_image(void **state) {
    (void)state;
    uint8_t image[NT_RASTER_PIXELS], empty[NT_RASTER_PIXELS] = {0};
    const uint32_t counts[] = {0, 0};
    memset(image, 9, sizeof image);
    assert_int_equal(nt_raster(image, NULL, counts, 0, scratch), NT_OK);
    assert_memory_equal(image, empty, sizeof image);
    memset(image, 9, sizeof image);
    assert_int_equal(nt_raster(image, NULL, counts, 2, scratch), NT_OK);
    assert_memory_equal(image, empty, sizeof image);
}

static void one_point_is_a_dot_in_the_middle(void **state) {
    (void)state;
    uint8_t image[NT_RASTER_PIXELS];
    const float point[] = {200, 3};
    const uint32_t counts[] = {0, 1, 0};
    assert_int_equal(nt_raster(image, point, counts, 3, scratch), NT_OK);
    unsigned sum = 0;
    for (size_t p = 0; p < NT_RASTER_PIXELS; p++) {
        sum += image[p];
    }
    assert_true(image[13 * 28 + 13] > 100 && image[13 * 28 + 13] == image[14 * 28 + 14]);
    assert_int_equal(sum, image[13 * 28 + 13] + image[13 * 28 + 14] + image[14 * 28 + 13] + image[14 * 28 + 14]);
}

static void what_lies_outside_of_the_square_is_cut_off(void **state) {
    (void)state;
    uint8_t image[NT_RASTER_PIXELS];
    const float points[] = {-90000, 0, 90000, 0, 0, -90000, 0, 90000};
    const uint32_t counts[] = {2, 2};
    assert_int_equal(nt_raster(image, points, counts, 2, scratch), NT_OK);
    assert_true(image[14 * 28] > 100 && image[14 * 28 + 27] > 100 && image[14] > 100 && image[27 * 28 + 14] > 100);
    assert_int_equal(image[0], 0);
}

static void coordinates_that_are_no_places_are_refused(void **state) {
    (void)state;
    uint8_t image[NT_RASTER_PIXELS], empty[NT_RASTER_PIXELS] = {0};
    const float bad[] = {0.0f / 0.0f, 1.0f / 0.0f, -1.0f / 0.0f, 2e6f};
    const uint32_t counts[] = {2};
    for (size_t i = 0; i < 4; i++) {
        const float points[] = {0, 0, 10, bad[i]};
        memset(image, 9, sizeof image);
        assert_int_equal(nt_raster(image, points, counts, 1, scratch), NT_E_VALUE);
        assert_memory_equal(image, empty, sizeof image);
    }
}

/* ---- One stroke after the other, and drawings that are finished already. ---- */

static void strokes_drawn_one_by_one_give_the_whole_drawing(void **state) {
    (void)state;
    static struct drawing d;
    const cJSON *vector;
    int whole = 0;
    cJSON_ArrayForEach(vector, vectors) {
        uint8_t image[NT_RASTER_PIXELS] = {0}, wanted[NT_RASTER_PIXELS];
        float low[2] = {1e6f, 1e6f}, high[2] = {-1e6f, -1e6f};
        take(&d, vector);
        for (size_t i = 0; i < 2 * d.total; i++) {
            low[i & 1] = d.points[i] < low[i & 1] ? d.points[i] : low[i & 1];
            high[i & 1] = d.points[i] > high[i & 1] ? d.points[i] : high[i & 1];
        }
        for (size_t i = 0; i < 2 * d.total; i++) { /* the middle to 128 */
            d.points[i] += 128 - (low[i & 1] + high[i & 1]) / 2;
        }
        assert_int_equal(nt_raster(wanted, d.points, d.counts, d.strokes, scratch), NT_OK);
        const float *at = d.points;
        for (uint32_t s = 0; s < d.strokes; s++) {
            assert_int_equal(nt_raster_stroke(image, at, d.counts[s], NT_RASTER_PEN, scratch), NT_OK);
            at += 2 * (size_t)d.counts[s];
        }
        assert_memory_equal(image, wanted, sizeof image);
        whole += d.strokes > 1;
    }
    assert_true(whole > 0);
}

static void an_eraser_takes_away_what_lies_under_it_and_nothing_else(void **state) {
    (void)state;
    uint8_t image[NT_RASTER_PIXELS], before[NT_RASTER_PIXELS];
    const float line[] = {0, 128, 255, 128}, rubbed[] = {200, 100, 200, 156};
    memset(image, 0, sizeof image);
    assert_int_equal(nt_raster_stroke(image, line, 2, NT_RASTER_PEN, scratch), NT_OK);
    memcpy(before, image, sizeof image);
    assert_int_equal(nt_raster_stroke(image, rubbed, 2, NT_RASTER_ERASER, scratch), NT_OK);
    for (size_t i = 0; i < sizeof image; i++) {
        size_t x = i % 28;
        assert_true(image[i] <= before[i]);
        if (x < 18) {
            assert_int_equal(image[i], before[i]);
        }
    }
    assert_true(before[14 * 28 + 20] > 100);
    assert_int_equal(image[14 * 28 + 20], 0);
    assert_true(image[14 * 28 + 24] > 100);
    assert_int_equal(nt_raster_stroke(image, NULL, 0, NT_RASTER_ERASER, scratch), NT_OK);
}

static void a_finished_drawing_is_not_fitted_again(void **state) {
    (void)state;
    float finished[] = {2, 10, 253, 200}, small[] = {10, 10, 20, 60};
    const float same[] = {2, 10, 253, 200}, fitted[] = {0, 0, 51, 255};
    nt_raster_refit(finished, 2);
    nt_raster_refit(small, 2);
    nt_raster_refit(NULL, 0);
    assert_memory_equal(finished, same, sizeof same);
    for (int i = 0; i < 4; i++) {
        assert_float_equal(small[i], fitted[i], 1e-4f);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(images_equal_those_of_cairo),
        cmocka_unit_test(a_drawing_may_lie_anywhere),
        cmocka_unit_test(a_fitted_drawing_may_have_any_size),
        cmocka_unit_test(fitting_fills_the_square_in_the_longer_direction),
        cmocka_unit_test(nothing_drawn_is_an_empty_image),
        cmocka_unit_test(one_point_is_a_dot_in_the_middle),
        cmocka_unit_test(what_lies_outside_of_the_square_is_cut_off),
        cmocka_unit_test(coordinates_that_are_no_places_are_refused),
        cmocka_unit_test(strokes_drawn_one_by_one_give_the_whole_drawing),
        cmocka_unit_test(an_eraser_takes_away_what_lies_under_it_and_nothing_else),
        cmocka_unit_test(a_finished_drawing_is_not_fitted_again),
    };
    return cmocka_run_group_tests(tests, read_vectors, free_vectors);
}
