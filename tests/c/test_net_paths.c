/* The fast ways through a network against the plain ones, on networks of many shapes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "core/target.h"
#include "ntrace/net.h"
#include "ntrace/random.h"

enum { MAX_SAMPLES = 37, NETS = 10 };

#define CONV(outputs, size)                                                                                            \
    { .kind = NT_LAYER_CONV2D, .kernel = size, .shape.channels = outputs }
#define RELU                                                                                                           \
    { .kind = NT_LAYER_RELU }
#define POOL(size)                                                                                                     \
    { .kind = NT_LAYER_MAXPOOL2D, .kernel = size }
#define FLATTEN                                                                                                        \
    { .kind = NT_LAYER_FLATTEN }
#define LINEAR(outputs)                                                                                                \
    { .kind = NT_LAYER_LINEAR, .shape.channels = outputs }

static const struct {
    struct nt_shape input;
    struct nt_layer layer[14];
    uint32_t layers;
} nets[NETS] = {
    {{1, 28, 28},
     {CONV(16, 3), RELU, POOL(2), CONV(32, 3), RELU, POOL(2), CONV(32, 3), RELU, POOL(2), FLATTEN, LINEAR(128), RELU,
      LINEAR(15)},
     13},
    {{2, 15, 13}, {CONV(16, 3), RELU, POOL(2), CONV(20, 3), RELU, POOL(2), FLATTEN, LINEAR(9)}, 8},
    {{1, 9, 10}, {CONV(16, 3), RELU, CONV(32, 3), RELU, POOL(2), CONV(17, 3), POOL(2), RELU, FLATTEN, LINEAR(3)}, 10},
    {{3, 12, 11}, {CONV(6, 5), RELU, POOL(2), CONV(18, 1), RELU, POOL(2), FLATTEN, LINEAR(33), RELU, LINEAR(7)}, 10},
    {{1, 5, 4}, {FLATTEN, LINEAR(21), RELU, LINEAR(6), RELU}, 5},
    {{1, 11, 6}, {CONV(18, 3), RELU, POOL(2)}, 3},
    {{16, 1, 1}, {CONV(16, 3), FLATTEN}, 2},
    {{32, 2, 5}, {CONV(19, 3), RELU, FLATTEN}, 3},
    {{48, 3, 2}, {CONV(16, 3), RELU, POOL(2), FLATTEN, FLATTEN, LINEAR(40)}, 6},
    {{4, 7, 7}, {CONV(5, 3), RELU, POOL(3), CONV(16, 3), RELU, FLATTEN, LINEAR(2)}, 7},
};

static float *floats(size_t count) { return nt_allocate_zeroed(nt_allocator_default(), count, sizeof(float)); }
static void release(void *memory) { nt_release(nt_allocator_default(), memory); }

static nt_net *make_net(int number) {
    struct nt_random random;
    nt_net *net = NULL;
    nt_random_seed(&random, (uint64_t)number, 3);
    assert_int_equal(
        nt_net_create(&net, nets[number].input, nets[number].layer, nets[number].layers, nt_allocator_default(), NULL),
        NT_OK);
    for (uint64_t i = 0; i < nt_net_parameters(net); i++) {
        nt_net_values(net)[i] = 0.2f * nt_random_normal(&random);
    }
    nt_net_changed(net);
    return net;
}

/* Grey values, and black and white areas: there windows have several equal maxima. */
static float *make_input(const nt_net *net, uint32_t samples) {
    struct nt_random random;
    const struct nt_layer *in = nt_net_layer(net, 0);
    float *input = floats((size_t)samples * in->size);
    nt_random_seed(&random, 11, 4);
    for (uint32_t s = 0; s < samples; s++) {
        float black = nt_random_between(&random, 0, 8), white = nt_random_between(&random, 4, 20);
        for (uint32_t i = 0; i < in->size; i++) {
            float row = (float)(i / in->shape.channels / in->shape.width);
            float grey = nt_random_uniform(&random);
            input[(size_t)s * in->size + i] = row < black ? 0 : row > white ? 1 : grey;
        }
    }
    return input;
}

/* All activations of a batch. */
struct pass {
    float *activation[NT_NET_MAX_LAYERS];
    void *scratch;
};

static void pass_open(struct pass *pass, const nt_net *net, uint32_t samples) {
    *pass = (struct pass){.scratch = nt_allocate(nt_allocator_default(), nt_net_forward_bytes(net, samples), 1)};
    for (uint32_t l = 0; l < nt_net_layers(net); l++) {
        pass->activation[l] = floats((size_t)samples * nt_net_layer(net, l)->size);
    }
}

static void pass_run(struct pass *pass, const nt_net *net, const float *input, uint32_t samples) {
    assert_int_equal(nt_net_forward(pass->activation, net, input, samples, pass->scratch), NT_OK);
}

static void pass_close(struct pass *pass) {
    for (uint32_t l = 0; l < NT_NET_MAX_LAYERS; l++) {
        release(pass->activation[l]);
    }
    release(pass->scratch);
}

/* Largest difference, relative to the largest value. */
static double difference(const float *a, const float *b, size_t count) {
    double worst = 0, largest = 1e-30;
    for (size_t i = 0; i < count; i++) {
        double gap = fabs((double)a[i] - (double)b[i]);
        worst = gap > worst ? gap : worst;
        largest = fabs((double)b[i]) > largest ? fabs((double)b[i]) : largest;
    }
    return worst / largest;
}

static void filtering_differs_from_direct_sums_by_rounding(void **state) {
    (void)state;
    enum { SAMPLES = 5 };
    int differ = 0;
    for (int n = 0; n < NETS; n++) {
        nt_net *net = make_net(n);
        float *input = make_input(net, SAMPLES);
        struct pass filtered, direct;
        pass_open(&filtered, net, SAMPLES);
        pass_open(&direct, net, SAMPLES);
        pass_run(&filtered, net, input, SAMPLES);
        nt_net_set_direct(net, true);
        pass_run(&direct, net, input, SAMPLES);
        for (uint32_t l = 0; l < nt_net_layers(net); l++) {
            size_t count = (size_t)SAMPLES * nt_net_layer(net, l)->size;
            double gap = difference(filtered.activation[l], direct.activation[l], count);
            assert_true(gap < 2e-6);
            differ += gap > 0;
        }
        nt_net_set_direct(net, false);
        pass_run(&direct, net, input, SAMPLES);
        uint32_t last = nt_net_layers(net) - 1;
        assert_memory_equal(filtered.activation[last], direct.activation[last],
                            SAMPLES * nt_net_classes(net) * sizeof(float));
        pass_close(&filtered);
        pass_close(&direct);
        release(input);
        nt_net_free(net);
    }
    assert_true(differ > 0);
}

static void layers_are_the_same_whichever_are_wanted_in_any_batch(void **state) {
    (void)state;
    static const uint32_t batches[] = {1, 2, 29, MAX_SAMPLES};
    for (int n = 0; n < 2 * NETS; n++) {
        nt_net *net = make_net(n / 2);
        nt_net_set_direct(net, n % 2 == 1);
        float *input = make_input(net, MAX_SAMPLES);
        struct pass all, some;
        uint32_t layers = nt_net_layers(net);
        pass_open(&all, net, MAX_SAMPLES);
        pass_open(&some, net, MAX_SAMPLES);
        pass_run(&all, net, input, MAX_SAMPLES);
        struct nt_random random;
        nt_random_seed(&random, 5, 5);
        for (uint32_t round = 0; round < 24; round++) {
            float *wanted[NT_NET_MAX_LAYERS] = {NULL};
            uint32_t samples = batches[round % 4];
            wanted[round % layers] = some.activation[round % layers];
            for (uint32_t l = 0; l < layers; l++) {
                wanted[l] = nt_random_uniform(&random) < 0.3f ? some.activation[l] : wanted[l];
            }
            assert_int_equal(nt_net_forward(wanted, net, input, samples, some.scratch), NT_OK);
            for (uint32_t l = 0; l < layers; l++) {
                if (wanted[l] != NULL) {
                    size_t bytes = (size_t)samples * nt_net_layer(net, l)->size * sizeof(float);
                    assert_memory_equal(wanted[l], all.activation[l], bytes);
                    memset(wanted[l], 0, bytes);
                }
            }
        }
        pass_close(&all);
        pass_close(&some);
        release(input);
        nt_net_free(net);
    }
}

/* A network, seeds, and room for its input's gradient. */
struct backward {
    nt_net *net;
    float *input, *seed, *gradient, *logit;
    void *scratch;
};

static void backward_open(struct backward *b, int number, uint32_t samples) {
    struct nt_random random;
    b->net = make_net(number);
    b->input = make_input(b->net, samples);
    size_t logits = (size_t)samples * nt_net_classes(b->net);
    b->seed = floats(logits);
    b->logit = floats(logits);
    b->gradient = floats((size_t)samples * nt_net_layer(b->net, 0)->size);
    b->scratch = nt_allocate(nt_allocator_default(), nt_net_input_gradient_bytes(b->net, samples), 1);
    nt_random_seed(&random, 12, 6);
    for (size_t i = 0; i < logits; i++) {
        b->seed[i] = nt_random_between(&random, -1, 1);
    }
}

static void backward_run(struct backward *b, uint32_t samples) {
    assert_int_equal(nt_net_input_gradient(b->gradient, b->logit, b->net, b->input, b->seed, samples, b->scratch),
                     NT_OK);
}

static void backward_close(struct backward *b) {
    release(b->input);
    release(b->seed);
    release(b->gradient);
    release(b->logit);
    release(b->scratch);
    nt_net_free(b->net);
}

static void the_input_gradient_is_that_of_the_general_pass(void **state) {
    (void)state;
    enum { SAMPLES = 16 };
    for (int n = 0; n < NETS; n++) {
        struct backward b;
        struct pass pass;
        backward_open(&b, n, SAMPLES);
        pass_open(&pass, b.net, SAMPLES);
        pass_run(&pass, b.net, b.input, SAMPLES);
        size_t count = (size_t)SAMPLES * nt_net_layer(b.net, 0)->size, logits = SAMPLES * nt_net_classes(b.net);
        float *general[NT_NET_MAX_LAYERS] = {floats(count)};
        void *scratch = nt_allocate(nt_allocator_default(), nt_net_backward_bytes(b.net, SAMPLES), 1);
        assert_int_equal(nt_net_backward(general, NULL, b.net, pass.activation, b.seed, SAMPLES, scratch), NT_OK);
        backward_run(&b, SAMPLES);
        double gap = difference(b.gradient, general[0], count);
        if (gap >= 2e-6) {
            fail_msg("network %d: the gradient deviates by %.1e", n, gap);
        }
        assert_memory_equal(b.logit, pass.activation[nt_net_layers(b.net) - 1], logits * sizeof(float));
        memcpy(general[0], b.gradient, count * sizeof(float));
        assert_int_equal(nt_net_input_gradient(b.gradient, NULL, b.net, b.input, b.seed, SAMPLES, b.scratch), NT_OK);
        assert_memory_equal(b.gradient, general[0], count * sizeof(float));
        release(scratch);
        release(general[0]);
        pass_close(&pass);
        backward_close(&b);
    }
}

static void the_input_gradient_of_a_sample_does_not_depend_on_its_batch(void **state) {
    (void)state;
    for (int n = 0; n < NETS; n++) {
        struct backward b;
        backward_open(&b, n, MAX_SAMPLES);
        backward_run(&b, MAX_SAMPLES);
        size_t size = nt_net_layer(b.net, 0)->size;
        float *one = floats(size);
        for (uint32_t s = 0; s < MAX_SAMPLES; s += 9) {
            const float *seed = b.seed + (size_t)s * nt_net_classes(b.net);
            assert_int_equal(nt_net_input_gradient(one, NULL, b.net, b.input + s * size, seed, 1, b.scratch), NT_OK);
            assert_memory_equal(one, b.gradient + s * size, size * sizeof *one);
        }
        release(one);
        backward_close(&b);
    }
}

/* Sum of one sample's logits, weighted by the seed. */
static double weighted(const struct backward *b, struct pass *pass) {
    double sum = 0;
    pass_run(pass, b->net, b->input, 1);
    for (uint32_t c = 0; c < nt_net_classes(b->net); c++) {
        sum += (double)b->seed[c] * (double)pass->activation[nt_net_layers(b->net) - 1][c];
    }
    return sum;
}

/* A kink of ReLU or pooling within a step spoils a difference: seldom on both sides of a pixel. */
static void the_input_gradient_passes_finite_differences(void **state) {
    (void)state;
    const float step = 1.0f / 512;
    for (int n = 0; n < NETS; n++) {
        struct backward b;
        struct pass pass;
        struct nt_random random;
        backward_open(&b, n, 1);
        pass_open(&pass, b.net, 1);
        uint32_t size = nt_net_layer(b.net, 0)->size, kinks = 0;
        nt_random_seed(&random, 13, 7);
        for (uint32_t i = 0; i < size; i++) { /* no areas of one grey: each of their pixels is at a kink */
            b.input[i] = nt_random_uniform(&random);
        }
        backward_run(&b, 1);
        double largest = 0, here = weighted(&b, &pass);
        for (uint32_t i = 0; i < size; i++) {
            largest = fmax(largest, fabs((double)b.gradient[i]));
        }
        for (uint32_t i = 0; i < size; i++) {
            float kept = b.input[i];
            b.input[i] = kept + step;
            double above = (weighted(&b, &pass) - here) / (double)step;
            b.input[i] = kept - step;
            double below = (here - weighted(&b, &pass)) / (double)step;
            b.input[i] = kept;
            kinks += fmin(fabs(above - (double)b.gradient[i]), fabs(below - (double)b.gradient[i])) > 0.002 * largest;
        }
        print_message("network %d: %u of %u pixels deviate\n", n, kinks, size);
        if (kinks > size / 50) {
            fail_msg("network %d: %u of %u pixels deviate", n, kinks, size);
        }
        pass_close(&pass);
        backward_close(&b);
    }
}

static void every_target_gives_the_same_bits_on_every_path(void **state) {
    (void)state;
    enum { SAMPLES = 3 };
    const enum nt_target best = nt_target();
    for (int n = 0; n < 2 * NETS; n++) {
        struct backward b;
        struct pass scalar, other;
        backward_open(&b, n / 2, SAMPLES);
        nt_net_set_direct(b.net, n % 2 == 1);
        pass_open(&scalar, b.net, SAMPLES);
        pass_open(&other, b.net, SAMPLES);
        size_t bytes = (size_t)SAMPLES * nt_net_layer(b.net, 0)->size * sizeof(float);
        float *gradient = floats(bytes / sizeof(float));
        nt_target_select(NT_SCALAR);
        pass_run(&scalar, b.net, b.input, SAMPLES);
        backward_run(&b, SAMPLES);
        memcpy(gradient, b.gradient, bytes);
        for (int t = 0; t < NT_TARGET_COUNT; t++) {
            if (!nt_target_available((enum nt_target)t)) {
                continue;
            }
            nt_target_select((enum nt_target)t);
            pass_run(&other, b.net, b.input, SAMPLES);
            for (uint32_t l = 0; l < nt_net_layers(b.net); l++) {
                assert_memory_equal(other.activation[l], scalar.activation[l],
                                    SAMPLES * nt_net_layer(b.net, l)->size * sizeof(float));
            }
            memset(b.gradient, 0, bytes);
            backward_run(&b, SAMPLES);
            assert_memory_equal(b.gradient, gradient, bytes);
        }
        nt_target_select(best);
        release(gradient);
        pass_close(&scalar);
        pass_close(&other);
        backward_close(&b);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filtering_differs_from_direct_sums_by_rounding),
        cmocka_unit_test(layers_are_the_same_whichever_are_wanted_in_any_batch),
        cmocka_unit_test(the_input_gradient_is_that_of_the_general_pass),
        cmocka_unit_test(the_input_gradient_of_a_sample_does_not_depend_on_its_batch),
        cmocka_unit_test(the_input_gradient_passes_finite_differences),
        cmocka_unit_test(every_target_gives_the_same_bits_on_every_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
