/* What a layer does to one image: the pixels and the channels that part it from the neighbours it lost, and distances
 * from an image that is no sample. */
#include <math.h>

#include "bundle_world.h"
#include "ntrace/density.h"
#include "ntrace/distances.h"
#include "ntrace/explain.h"
#include "ntrace/project.h"

static const uint32_t LEFT[] = {3, 50, 51, 200}, ARRIVED[] = {7, 120, 121};

static nt_bundle *open_with_images(void) {
    uint32_t rows[SAMPLES];
    nt_bundle *bundle = open_world();
    for (uint32_t i = 0; i < SAMPLES; i++) {
        rows[i] = i;
    }
    load(bundle, NT_ROLE_WEIGHTS, 0, NULL, 0);
    load(bundle, NT_ROLE_IMAGES, 0, rows, SAMPLES);
    return bundle;
}

static nt_explain *explain(const nt_bundle *bundle, struct nt_explain_request request) {
    nt_explain *made;
    struct nt_error error = {0};
    if (nt_explain_create(&made, world.net, bundle, &request, memory(), &error) != NT_OK) {
        fail_msg("%s", error.text);
    }
    assert_int_equal(nt_explain_step(made, UINT32_MAX, NULL), NT_OK);
    return made;
}

static struct nt_explain_request crowds(uint32_t layer, const uint8_t *image) {
    return (struct nt_explain_request){.method = NT_EXPLAIN_LAYER,
                                       .label = NT_EXPLAIN_TOP,
                                       .layer = layer,
                                       .image = image,
                                       .left = LEFT,
                                       .arrived = ARRIVED,
                                       .lefts = 4,
                                       .arrivals = 3};
}

/* The mean squared distance in one channel from sample `own` to some others. */
static double mean_square(uint32_t layer, uint32_t channel, uint32_t own, const uint32_t *other, uint32_t count) {
    const struct nt_layer *l = nt_net_layer(world.net, layer);
    const float *x = world.activation[layer];
    double sum = 0;
    for (uint32_t j = 0; j < count; j++) {
        for (size_t i = channel; i < l->size; i += l->shape.channels) {
            sum += pow((double)x[own * l->size + i] - (double)x[other[j] * l->size + i], 2);
        }
    }
    return sum / count;
}

static void channels_add_up_to_what_parts_a_sample_from_those_it_lost(void **state) {
    (void)state;
    enum { OWN = 77 };
    nt_bundle *bundle = open_with_images();
    for (uint32_t layer = 0; layer < LAYERS; layer++) {
        nt_explain *made = explain(bundle, crowds(layer, world.dataset.image + OWN * PIXELS));
        const struct nt_explanation *found = nt_explain_result(made);
        double sum = 0, scale = 0;
        assert_int_equal(found->channels, nt_net_layer(world.net, layer)->shape.channels);
        assert_int_equal(found->size, nt_net_layer(world.net, layer)->size);
        assert_memory_equal(found->activation, world.activation[layer] + OWN * (size_t)found->size,
                            found->size * sizeof(float));
        for (uint32_t c = 0; c < found->channels; c++) {
            double left = mean_square(layer, c, OWN, LEFT, 4), arrived = mean_square(layer, c, OWN, ARRIVED, 3);
            assert_true(fabs((double)found->moves[c] - (left - arrived)) <= 1e-5 * (left + arrived) + 1e-9);
            sum += (double)found->moves[c];
            scale += left + arrived;
        }
        assert_true(scale > 0);
        assert_true(fabs((double)found->value - sum) <= 1e-5 * scale);
        nt_explain_free(made);
    }
    nt_bundle_close(bundle);
}

static double value_of(const nt_bundle *bundle, struct nt_explain_request request) {
    nt_explain *made = explain(bundle, request);
    double value = (double)nt_explain_result(made)->value;
    nt_explain_free(made);
    return value;
}

/* Central differences by a byte; the network has kinks, where they need not agree. */
static void its_gradient_passes_finite_differences(void **state) {
    (void)state;
    nt_bundle *bundle = open_with_images();
    uint8_t image[PIXELS];
    struct nt_random random;
    nt_random_seed(&random, 9, 1);
    for (int i = 0; i < PIXELS; i++) {
        image[i] = (uint8_t)(1 + nt_random_below(&random, 254));
    }
    for (uint32_t layer = 0; layer < LAYERS; layer++) {
        struct nt_explain_request request = crowds(layer, image);
        nt_explain *made = explain(bundle, request);
        const struct nt_explanation *found = nt_explain_result(made);
        double scale = fmax(fabs((double)found->high), fabs((double)found->low));
        int kinks = 0;
        for (int i = 0; i < PIXELS; i++) {
            image[i]++;
            double above = value_of(bundle, request);
            image[i] -= 2;
            double difference = (above - value_of(bundle, request)) * 255 / 2;
            image[i]++;
            kinks += fabs(difference - (double)found->values[i]) > 1e-2 * scale;
        }
        assert_true(scale > 0);
        assert_in_range(kinks, 0, layer < 2 ? 0 : PIXELS / 8);
        nt_explain_free(made);
    }
    nt_bundle_close(bundle);
}

static void one_who_left_alone_is_the_distance_to_another_image(void **state) {
    (void)state;
    nt_bundle *bundle = open_with_images();
    uint8_t *image = world.dataset.image;
    struct nt_explain_request crowd = crowds(4, image), pair = {.method = NT_EXPLAIN_LAYER, .label = NT_EXPLAIN_TOP};
    crowd.lefts = 1;
    crowd.arrivals = 0;
    pair.layer = 4;
    pair.image = image;
    pair.other = image + LEFT[0] * PIXELS;
    nt_explain *a = explain(bundle, crowd), *b = explain(NULL, pair);
    assert_memory_equal(nt_explain_result(a)->values, nt_explain_result(b)->values, PIXELS * sizeof(float));
    assert_memory_equal(nt_explain_result(a)->moves, nt_explain_result(b)->moves, 8 * sizeof(float));
    nt_explain_free(a);
    nt_explain_free(b);
    nt_bundle_close(bundle);
}

static void crowds_that_cannot_be_are_refused_in_words(void **state) {
    (void)state;
    nt_bundle *bundle = open_with_images(), *bare = open_world();
    const uint32_t beyond[] = {SAMPLES};
    struct nt_explain_request r = crowds(1, world.dataset.image);
    struct nt_error error = {0};
    nt_explain *made;
    assert_int_equal(nt_explain_create(&made, world.net, NULL, &r, memory(), &error), NT_E_MISSING);
    assert_int_equal(nt_explain_create(&made, world.net, bare, &r, memory(), &error), NT_OK);
    assert_int_equal(nt_explain_step(made, UINT32_MAX, &error), NT_E_MISSING);
    assert_non_null(strstr(error.text, "the image of sample 3 is not loaded"));
    nt_explain_free(made);
    r.other = world.dataset.image;
    assert_int_equal(nt_explain_create(&made, world.net, bundle, &r, memory(), &error), NT_E_ARG);
    r.other = NULL;
    r.arrived = beyond;
    r.arrivals = 1;
    assert_int_equal(nt_explain_create(&made, world.net, bundle, &r, memory(), &error), NT_E_ARG);
    assert_non_null(strstr(error.text, "sample 260: expected 0 to 259"));
    nt_bundle_close(bundle);
    nt_bundle_close(bare);
}

static void distances_from_an_image_are_those_from_its_sample(void **state) {
    (void)state;
    enum { OWN = 40 };
    const uint32_t layer[] = {0, 4, 10};
    nt_bundle *bundle = open_with_images();
    nt_distances *outside, *inside;
    uint32_t done;
    assert_int_equal(nt_distances_create(&inside, bundle, OWN, layer, 3, NULL), NT_OK);
    assert_int_equal(nt_distances_create_image(&outside, bundle, world.dataset.image + OWN * PIXELS, layer, 3, NULL),
                     NT_OK);
    assert_int_equal(nt_distances_step(&done, inside, SAMPLES, NULL), NT_OK);
    assert_int_equal(nt_distances_step(&done, outside, SAMPLES, NULL), NT_OK);
    for (uint32_t l = 0; l < 3; l++) {
        assert_memory_equal(nt_distances_at(outside, l), nt_distances_at(inside, l), SAMPLES * sizeof(float));
    }
    uint32_t order[SAMPLES], start[CLASSES + 1], scratch[3 * SAMPLES];
    float value[SAMPLES];
    nt_density_sort(order, value, start, nt_distances_at(outside, 1), world.dataset.label, UINT32_MAX, SAMPLES, CLASSES,
                    scratch);
    assert_int_equal(start[CLASSES], SAMPLES);
    assert_int_equal(order[start[world.dataset.label[OWN]]], OWN);
    nt_distances_free(inside);
    nt_distances_free(outside);
    nt_bundle_close(bundle);
}

static void a_seat_on_a_map_lies_among_the_neighbours_and_nearest_to_the_nearest(void **state) {
    (void)state;
    const float map[] = {0, 0, 4, 0, 0, 4, 100, 100}, distance[] = {1, 2, 3}, even[] = {5, 5, 5};
    const uint32_t index[] = {1, 0, 2};
    float at[2], far[2];
    nt_map_place(at, map, index, even, 3);
    assert_float_equal(at[0], 4.0f / 3, 1e-5);
    assert_float_equal(at[1], 4.0f / 3, 1e-5);
    nt_map_place(at, map, index, distance, 3);
    assert_true(at[0] > 4.0f / 3 && at[0] < 4 && at[1] > 0 && at[1] < 4.0f / 3);
    nt_map_place(far, map, index, distance, 1);
    assert_float_equal(far[0], 4, 0);
    assert_float_equal(far[1], 0, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(channels_add_up_to_what_parts_a_sample_from_those_it_lost),
        cmocka_unit_test(its_gradient_passes_finite_differences),
        cmocka_unit_test(one_who_left_alone_is_the_distance_to_another_image),
        cmocka_unit_test(crowds_that_cannot_be_are_refused_in_words),
        cmocka_unit_test(distances_from_an_image_are_those_from_its_sample),
        cmocka_unit_test(a_seat_on_a_map_lies_among_the_neighbours_and_nearest_to_the_nearest),
    };
    return cmocka_run_group_tests(tests, make_world, remove_world);
}
