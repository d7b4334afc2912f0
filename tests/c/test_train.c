#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "ntrace/random.h"
#include "ntrace/safetensors.h"
#include "ntrace/train.h"

enum { SIDE = 8, CLASSES = 3, SAMPLES = 90 };

/* Three kinds of images that a small network tells apart: a bar on the left, a bar at the top, a square in the middle.
 */
static void make_dataset(struct nt_dataset *dataset) {
    const struct nt_allocator *allocator = nt_allocator_default();
    struct nt_random random;
    nt_random_seed(&random, 5, 5);
    *dataset = (struct nt_dataset){.samples = SAMPLES, .classes = CLASSES, .shape = {1, SIDE, SIDE}};
    dataset->image = nt_allocate_zeroed(allocator, (size_t)SAMPLES * SIDE * SIDE, 1);
    dataset->label = nt_allocate_zeroed(allocator, SAMPLES, sizeof *dataset->label);
    dataset->name = nt_allocate_zeroed(allocator, CLASSES, sizeof *dataset->name);
    for (uint32_t i = 0; i < SAMPLES; i++) {
        uint32_t class = i % CLASSES;
        dataset->label[i] = (uint16_t) class;
        for (uint32_t p = 0; p < SIDE * SIDE; p++) {
            uint32_t y = p / SIDE, x = p % SIDE;
            bool ink = class == 0 ? x < 2 : class == 1 ? y < 2 : x > 2 && x < 6 && y > 2 && y < 6;
            dataset->image[i * SIDE * SIDE + p] = (uint8_t)(nt_random_below(&random, 60) + (ink ? 190u : 0u));
        }
    }
}

static nt_net *make_net(void) {
    const struct nt_layer layer[] = {
        {.kind = NT_LAYER_CONV2D, .kernel = 3, .shape.channels = 6},
        {.kind = NT_LAYER_RELU},
        {.kind = NT_LAYER_MAXPOOL2D, .kernel = 2},
        {.kind = NT_LAYER_FLATTEN},
        {.kind = NT_LAYER_LINEAR, .shape.channels = CLASSES},
    };
    nt_net *net = NULL;
    assert_int_equal(nt_net_create(&net, (struct nt_shape){1, SIDE, SIDE}, layer, 5, nt_allocator_default(), NULL),
                     NT_OK);
    return net;
}

static struct nt_train_options options_of(unsigned threads) {
    struct nt_train_options options = nt_train_defaults();
    options.epochs = 4;
    options.batch = 40; /* shards of 16, 16 and 8; a last batch of 10 */
    options.rate = 0.01f;
    options.threads = threads;
    options.augment = true;
    options.smoothing = 0.05f;
    options.decay = 0.01f;
    return options;
}

/* A training under way. */
struct run {
    struct nt_dataset dataset;
    nt_net *net;
    nt_trainer *trainer;
    struct nt_train_report report;
};

static void run_open(struct run *r, const struct nt_train_options *options) {
    memset(r, 0, sizeof *r);
    make_dataset(&r->dataset);
    r->net = make_net();
    nt_train_initialise(r->net, options->seed);
    assert_int_equal(nt_trainer_create(&r->trainer, r->net, &r->dataset, options, nt_allocator_default(), NULL), NT_OK);
}

static void run_steps(struct run *r, uint32_t steps) {
    for (uint32_t s = 0; s < steps && !r->report.done; s++) {
        assert_int_equal(nt_trainer_step(r->trainer, &r->report, NULL), NT_OK);
    }
}

static void run_close(struct run *r) {
    nt_trainer_free(r->trainer);
    nt_net_free(r->net);
    nt_dataset_clear(&r->dataset, nt_allocator_default());
}

static int same_weights(const struct run *a, const struct run *b) {
    return memcmp(nt_net_values(a->net), nt_net_values(b->net), nt_net_parameters(a->net) * sizeof(float)) == 0;
}

static void the_loss_falls_on_images_that_are_easy_to_tell_apart(void **state) {
    (void)state;
    struct nt_train_options options = options_of(1);
    struct run r;
    options.epochs = 30;
    options.smoothing = 0;
    options.augment = false;
    run_open(&r, &options);
    run_steps(&r, 3);
    double first = r.report.loss;
    run_steps(&r, UINT32_MAX);
    assert_true(r.report.done);
    assert_true(r.report.loss < 0.05 && r.report.loss < first / 10);
    assert_true(r.report.accuracy > 0.99);
    uint32_t confusion[CLASSES * CLASSES];
    assert_int_equal(nt_train_evaluate(confusion, r.net, &r.dataset, 2, nt_allocator_default(), NULL), NT_OK);
    for (uint32_t i = 0; i < CLASSES * CLASSES; i++) {
        assert_int_equal(confusion[i], i % (CLASSES + 1) == 0 ? SAMPLES / CLASSES : 0);
    }
    run_close(&r);
}

static void the_result_depends_on_the_seed_and_not_on_the_threads(void **state) {
    (void)state;
    struct run one, two, other;
    struct nt_train_options options = options_of(1);
    run_open(&one, &options);
    run_steps(&one, UINT32_MAX);
    assert_int_equal(one.report.epoch, 3);
    assert_int_equal(one.report.seen, 4 * SAMPLES);
    options = options_of(2);
    run_open(&two, &options);
    run_steps(&two, UINT32_MAX);
    assert_true(same_weights(&one, &two));
    assert_true(one.report.loss == two.report.loss);
    options.seed = 2;
    run_open(&other, &options);
    run_steps(&other, UINT32_MAX);
    assert_false(same_weights(&one, &other));
    run_close(&one);
    run_close(&two);
    run_close(&other);
}

static void resuming_gives_the_bits_of_training_without_a_break(void **state) {
    (void)state;
    const struct nt_train_options options = options_of(2);
    for (uint32_t steps = 2; steps <= 12; steps += 2) { /* within epochs, at their ends, and at the end of all */
        struct run whole, first, second;
        uint8_t *bytes = NULL;
        size_t size = 0;
        run_open(&whole, &options);
        run_steps(&whole, UINT32_MAX);
        run_open(&first, &options);
        run_steps(&first, steps);
        assert_int_equal(nt_trainer_save(&bytes, &size, first.trainer, NULL), NT_OK);
        run_open(&second, &options);
        assert_int_equal(nt_trainer_load(second.trainer, &second.report, bytes, size, "c", NULL), NT_OK);
        assert_memory_equal(&second.report, &first.report, sizeof first.report);
        run_steps(&second, UINT32_MAX);
        assert_true(same_weights(&whole, &second));
        assert_true(whole.report.loss == second.report.loss && whole.report.seen == second.report.seen);
        nt_release(nt_allocator_default(), bytes);
        run_close(&whole);
        run_close(&first);
        run_close(&second);
    }
}

static void a_checkpoint_of_other_training_is_refused(void **state) {
    (void)state;
    struct nt_train_options options = options_of(1);
    struct run r, other;
    struct nt_error error = {0};
    uint8_t *bytes = NULL;
    size_t size = 0;
    run_open(&r, &options);
    run_steps(&r, 3);
    assert_int_equal(nt_trainer_save(&bytes, &size, r.trainer, NULL), NT_OK);
    options.rate = 0.02f;
    run_open(&other, &options);
    assert_int_equal(nt_trainer_load(other.trainer, &other.report, bytes, size, "c.ckpt", &error), NT_E_VALUE);
    assert_non_null(strstr(error.text, "c.ckpt"));
    assert_non_null(strstr(error.text, "rate 0.02"));
    run_close(&other);
    options.rate = 0.01f;
    run_open(&other, &options);
    other.dataset.image[7]++; /* other data: the description is of the data as they are when loading */
    assert_int_equal(nt_trainer_load(other.trainer, &other.report, bytes, size, "c.ckpt", &error), NT_E_VALUE);
    other.dataset.image[7]--;
    for (size_t cut = 0; cut < size; cut += cut < 600 ? 1 : 97) {
        assert_int_equal(nt_trainer_load(other.trainer, &other.report, bytes, cut, "c.ckpt", &error), NT_E_FORMAT);
    }
    assert_int_equal(nt_trainer_load(other.trainer, &other.report, bytes, size, "c.ckpt", &error), NT_OK);
    run_close(&other);
    run_close(&r);
    nt_release(nt_allocator_default(), bytes);
}

static void a_loss_that_explodes_is_said(void **state) {
    (void)state;
    struct nt_train_options options = options_of(1);
    struct run r;
    struct nt_error error = {0};
    options.rate = 1e30f;
    run_open(&r, &options);
    enum nt_status status = NT_OK;
    while (status == NT_OK && !r.report.done) {
        status = nt_trainer_step(r.trainer, &r.report, &error);
    }
    assert_int_equal(status, NT_E_VALUE);
    assert_non_null(strstr(error.text, "lower rate"));
    run_close(&r);
}

static void data_that_do_not_fit_the_network_are_refused(void **state) {
    (void)state;
    struct nt_train_options options = options_of(1);
    struct nt_dataset dataset;
    struct nt_error error = {0};
    nt_trainer *trainer = NULL;
    nt_net *net = make_net();
    uint32_t confusion[CLASSES * CLASSES];
    make_dataset(&dataset);
    dataset.label[11] = CLASSES;
    assert_int_equal(nt_trainer_create(&trainer, net, &dataset, &options, nt_allocator_default(), &error), NT_E_SHAPE);
    assert_non_null(strstr(error.text, "sample 11 has label 3"));
    assert_int_equal(nt_train_evaluate(confusion, net, &dataset, 1, nt_allocator_default(), &error), NT_E_SHAPE);
    dataset.label[11] = 0;
    dataset.shape.width = 4;
    dataset.shape.height = 16;
    assert_int_equal(nt_trainer_create(&trainer, net, &dataset, &options, nt_allocator_default(), &error), NT_E_SHAPE);
    assert_non_null(strstr(error.text, "1 x 16 x 4; the network takes 1 x 8 x 8"));
    dataset.shape = (struct nt_shape){1, SIDE, SIDE};
    options.epochs = 0;
    assert_int_equal(nt_trainer_create(&trainer, net, &dataset, &options, nt_allocator_default(), &error), NT_E_ARG);
    assert_null(trainer);
    nt_dataset_clear(&dataset, nt_allocator_default());
    nt_net_free(net);
}

static void weights_begin_as_he_proposed(void **state) {
    (void)state;
    nt_net *net = NULL;
    assert_int_equal(nt_net_create_reference(&net, 15, nt_allocator_default(), NULL), NT_OK);
    nt_train_initialise(net, 3);
    const float *at = nt_net_values(net);
    for (uint32_t l = 1; l < nt_net_layers(net); l++) {
        const struct nt_layer *layer = nt_net_layer(net, l);
        uint32_t weights = layer->parameters - (layer->parameters > 0 ? layer->shape.channels : 0);
        double square = 0;
        for (uint32_t i = 0; i < weights; i++) {
            square += (double)at[i] * (double)at[i];
        }
        for (uint32_t i = weights; i < layer->parameters; i++) {
            assert_true(at[i] == 0);
        }
        if (weights > 0) {
            double wanted = 2.0 * layer->shape.channels / weights, relative = square / weights / wanted;
            assert_true(fabs(relative - 1) < 6 * sqrt(2.0 / weights));
        }
        at += layer->parameters;
    }
    nt_net_free(net);
}

static void a_changed_image_is_the_same_each_time_and_stays_near_its_original(void **state) {
    (void)state;
    enum { SIZE = 28 * 28 };
    static uint8_t image[SIZE];
    static float first[SIZE], again[SIZE], scratch[2 * SIZE];
    const struct nt_shape shape = {1, 28, 28};
    for (int y = 8; y < 20; y++) {
        for (int x = 8; x < 20; x++) {
            image[y * 28 + x] = 255;
        }
    }
    for (uint64_t number = 0; number < 200; number++) {
        double ink = 0, down = 0, right = 0;
        nt_train_augment(first, image, shape, 1, number, scratch);
        nt_train_augment(again, image, shape, 1, number, scratch);
        assert_memory_equal(first, again, sizeof first);
        nt_train_augment(again, image, shape, 1, number + 1, scratch);
        assert_memory_not_equal(first, again, sizeof first);
        for (int p = 0; p < SIZE; p++) {
            assert_true(first[p] >= 0 && first[p] <= 1.0001f);
            ink += (double)first[p];
            down += (double)first[p] * (p / 28);
            right += (double)first[p] * (p % 28);
        }
        assert_true(ink > 144 * 0.5 && ink < 144 * 1.7);
        assert_true(fabs(down / ink - 13.5) < 3.5 && fabs(right / ink - 13.5) < 3.5);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_loss_falls_on_images_that_are_easy_to_tell_apart),
        cmocka_unit_test(the_result_depends_on_the_seed_and_not_on_the_threads),
        cmocka_unit_test(resuming_gives_the_bits_of_training_without_a_break),
        cmocka_unit_test(a_checkpoint_of_other_training_is_refused),
        cmocka_unit_test(a_loss_that_explodes_is_said),
        cmocka_unit_test(data_that_do_not_fit_the_network_are_refused),
        cmocka_unit_test(weights_begin_as_he_proposed),
        cmocka_unit_test(a_changed_image_is_the_same_each_time_and_stays_near_its_original),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
