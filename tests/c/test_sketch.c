#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ntrace/sketch.h"
#include "sketch/pen.h"

enum { COUNT = 40 };

static uint8_t first[COUNT * NT_RASTER_PIXELS], second[COUNT * NT_RASTER_PIXELS];

static void draw(uint8_t *images, uint32_t label, uint64_t from, uint32_t count, uint64_t seed, double noise,
                 unsigned workers) {
    memset(images, 0x55, (size_t)count * NT_RASTER_PIXELS);
    assert_int_equal(nt_sketch_draw(images, label, from, count, seed, noise, workers, nt_allocator_default()), NT_OK);
}

static void classes_stand_in_alphabetical_order_and_are_found_by_name(void **state) {
    (void)state;
    for (uint32_t label = 0; label < NT_SKETCH_CLASSES; label++) {
        assert_int_equal(nt_sketch_class_find(nt_sketch_class_name(label)), label);
        if (label > 0) {
            assert_true(strcmp(nt_sketch_class_name(label - 1), nt_sketch_class_name(label)) < 0);
        }
    }
    assert_int_equal(nt_sketch_class_find("smiley face"), 11);
    assert_int_equal(nt_sketch_class_find("submarine"), NT_SKETCH_CLASSES);
}

static void the_number_of_threads_does_not_show(void **state) {
    (void)state;
    for (uint32_t label = 0; label < NT_SKETCH_CLASSES; label++) {
        draw(first, label, 0, COUNT, 3, 0.1, 1);
        draw(second, label, 0, COUNT, 3, 0.1, 4);
        assert_memory_equal(first, second, sizeof first);
    }
}

static void a_sketch_depends_on_its_number_and_not_on_how_many_are_drawn(void **state) {
    (void)state;
    draw(first, 5, 0, COUNT, 11, 0.01, 2);
    for (uint32_t i = 0; i < COUNT; i++) {
        draw(second, 5, i, 1, 11, 0.01, 1);
        assert_memory_equal(first + (size_t)i * NT_RASTER_PIXELS, second, NT_RASTER_PIXELS);
    }
}

static uint32_t equal_images(const uint8_t *a, const uint8_t *b) {
    uint32_t equal = 0;
    for (size_t i = 0; i < COUNT; i++) {
        equal += memcmp(a + i * NT_RASTER_PIXELS, b + i * NT_RASTER_PIXELS, NT_RASTER_PIXELS) == 0;
    }
    return equal;
}

static void other_seeds_and_other_numbers_give_other_sketches(void **state) {
    (void)state;
    for (uint32_t label = 0; label < NT_SKETCH_CLASSES; label++) {
        draw(first, label, 0, COUNT, 1, 0, 1);
        draw(second, label, 0, COUNT, 2, 0, 1);
        assert_int_equal(equal_images(first, second), 0);
        draw(second, label, 1, COUNT, 1, 0, 1);
        assert_int_equal(equal_images(first, second), 0);
    }
}

/* Human sketches of these classes cover 3 to 60 % of the square. */
static void every_sketch_has_ink_and_leaves_paper(void **state) {
    (void)state;
    for (uint32_t label = 0; label < NT_SKETCH_CLASSES; label++) {
        uint64_t total = 0;
        for (uint32_t block = 0; block < 5; block++) {
            draw(first, label, block * COUNT, COUNT, 21, 0, 0);
            for (size_t i = 0; i < COUNT; i++) {
                uint64_t ink = 0;
                for (size_t p = 0; p < NT_RASTER_PIXELS; p++) {
                    ink += first[i * NT_RASTER_PIXELS + p];
                }
                assert_in_range(ink / 255, 8, 560);
                total += ink;
            }
        }
        assert_in_range(total / (255 * 5 * COUNT), 50, 300);
    }
}

static void a_sketch_reaches_two_opposite_sides(void **state) {
    (void)state;
    draw(first, 1, 0, COUNT, 4, 0, 1);
    for (size_t i = 0; i < COUNT; i++) {
        uint32_t edge[4] = {0};
        const uint8_t *image = first + i * NT_RASTER_PIXELS;
        for (size_t t = 0; t < 28; t++) {
            for (size_t rim = 0; rim < 3; rim++) {
                edge[0] += image[rim * 28 + t];
                edge[1] += image[(27 - rim) * 28 + t];
                edge[2] += image[t * 28 + rim];
                edge[3] += image[t * 28 + 27 - rim];
            }
        }
        assert_true((edge[0] > 0 && edge[1] > 0) || (edge[2] > 0 && edge[3] > 0));
    }
}

static void noise_is_the_share_of_sketches_that_show_another_class(void **state) {
    (void)state;
    uint32_t changed = 0;
    for (uint32_t block = 0; block < 25; block++) {
        draw(first, 2, block * COUNT, COUNT, 6, 0, 0);
        draw(second, 2, block * COUNT, COUNT, 6, 0.1, 0);
        changed += COUNT - equal_images(first, second);
    }
    assert_in_range(changed, 70, 130); /* of 1000 */
}

static void arguments_out_of_range_are_refused(void **state) {
    (void)state;
    const struct nt_allocator *allocator = nt_allocator_default();
    assert_int_equal(nt_sketch_draw(first, NT_SKETCH_CLASSES, 0, 1, 1, 0, 1, allocator), NT_E_ARG);
    assert_int_equal(nt_sketch_draw(first, 0, 0, 1, 1, 1.5, 1, allocator), NT_E_ARG);
    assert_int_equal(nt_sketch_draw(first, 0, 0, 1, 1, 0.0 / 0.0, 1, allocator), NT_E_ARG);
    assert_int_equal(nt_sketch_draw(first, 0, UINT64_MAX, 1, 1, 0, 1, allocator), NT_E_ARG);
    assert_int_equal(nt_sketch_draw(first, 0, 0, 0, 1, 0, 1, allocator), NT_OK);
}

static void *refuse(void *context, size_t bytes) {
    (void)context;
    (void)bytes;
    return NULL;
}

static void release(void *context, void *pointer) {
    (void)context;
    free(pointer);
}

static void lack_of_memory_is_reported(void **state) {
    (void)state;
    const struct nt_allocator allocator = {refuse, release, NULL};
    assert_int_equal(nt_sketch_draw(first, 0, 0, 1, 1, 0, 1, &allocator), NT_E_MEMORY);
}

static void a_pen_that_ran_out_of_paper_draws_no_more(void **state) {
    (void)state;
    struct nt_pen *pen = malloc(sizeof *pen);
    float *points = malloc(2 * NT_PEN_POINTS * sizeof *points);
    uint32_t counts[NT_PEN_STROKES];
    assert_non_null(pen);
    assert_non_null(points);
    nt_pen_start(pen, 1, 1);
    for (unsigned i = 0; i < 2 * NT_PEN_STROKES; i++) {
        nt_pen_loop(pen, 0, 0, 1 + i * 0.1, 1);
    }
    assert_true(pen->strokes <= NT_PEN_STROKES && pen->total <= NT_PEN_POINTS);
    uint32_t strokes = nt_pen_finish(points, counts, pen);
    assert_in_range(strokes, 1, NT_PEN_STROKES);
    free(points);
    free(pen);
}

static void finished_points_are_whole_numbers_from_0_to_255(void **state) {
    (void)state;
    static struct nt_pen pen;
    static float points[2 * NT_PEN_POINTS];
    static uint32_t counts[NT_PEN_STROKES];
    for (uint64_t seed = 0; seed < 50; seed++) {
        nt_pen_start(&pen, seed, 7);
        nt_draw_train(&pen);
        uint32_t strokes = nt_pen_finish(points, counts, &pen), largest = 0;
        size_t total = 0;
        for (uint32_t s = 0; s < strokes; s++) {
            total += counts[s];
        }
        for (size_t i = 0; i < 2 * total; i++) {
            uint32_t whole = (uint32_t)points[i];
            assert_float_equal(points[i], (float)whole, 0);
            largest = whole > largest ? whole : largest;
        }
        assert_in_range(largest, 253, 255); /* thinning may take the outermost point */
    }
}

static void the_strokes_of_a_sketch_give_its_image_to_the_bit(void **state) {
    (void)state;
    static float points[2 * NT_SKETCH_POINTS];
    static uint32_t counts[NT_SKETCH_STROKES];
    void *scratch = nt_allocate(nt_allocator_default(), nt_raster_bytes(), 1);
    for (uint32_t label = 0; label < NT_SKETCH_CLASSES; label++) {
        for (uint64_t number = 0; number < 4; number++) {
            uint8_t image[NT_RASTER_PIXELS], wanted[NT_RASTER_PIXELS];
            uint32_t strokes;
            size_t total = 0;
            assert_int_equal(
                nt_sketch_strokes(points, counts, &strokes, label, number, 20261124, 0.01, nt_allocator_default()),
                NT_OK);
            for (uint32_t s = 0; s < strokes; s++) {
                total += counts[s];
            }
            nt_raster_refit(points, total);
            assert_int_equal(nt_raster(image, points, counts, strokes, scratch), NT_OK);
            assert_int_equal(nt_sketch_draw(wanted, label, number, 1, 20261124, 0.01, 1, nt_allocator_default()),
                             NT_OK);
            assert_memory_equal(image, wanted, sizeof image);
        }
    }
    assert_int_equal(nt_sketch_strokes(points, counts, counts, NT_SKETCH_CLASSES, 0, 1, 0, nt_allocator_default()),
                     NT_E_ARG);
    nt_release(nt_allocator_default(), scratch);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes_stand_in_alphabetical_order_and_are_found_by_name),
        cmocka_unit_test(the_number_of_threads_does_not_show),
        cmocka_unit_test(a_sketch_depends_on_its_number_and_not_on_how_many_are_drawn),
        cmocka_unit_test(other_seeds_and_other_numbers_give_other_sketches),
        cmocka_unit_test(every_sketch_has_ink_and_leaves_paper),
        cmocka_unit_test(a_sketch_reaches_two_opposite_sides),
        cmocka_unit_test(noise_is_the_share_of_sketches_that_show_another_class),
        cmocka_unit_test(arguments_out_of_range_are_refused),
        cmocka_unit_test(lack_of_memory_is_reported),
        cmocka_unit_test(a_pen_that_ran_out_of_paper_draws_no_more),
        cmocka_unit_test(finished_points_are_whole_numbers_from_0_to_255),
        cmocka_unit_test(the_strokes_of_a_sketch_give_its_image_to_the_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
