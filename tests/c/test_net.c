#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "core/target.h"
#include "ntrace/net.h"
#include "ntrace/random.h"
#include "ntrace/safetensors.h"

/* Vectors from PyTorch, see tests/reference/net.py. */
static nt_safetensors *expected;
static uint8_t *expected_bytes;

static uint8_t *read_reference(const char *file, size_t *size) {
    char path[256];
    (void)snprintf(path, sizeof path, "tests/reference/%s", file);
    FILE *stream = fopen(path, "rb");
    assert_non_null(stream);
    uint8_t *bytes = malloc(1 << 19);
    *size = fread(bytes, 1, 1 << 19, stream);
    (void)fclose(stream);
    return bytes;
}

static int open_expected(void **state) {
    (void)state;
    size_t size;
    expected_bytes = read_reference("net_expected.safetensors", &size);
    return nt_safetensors_parse(&expected, expected_bytes, size, "expected", nt_allocator_default(), NULL) != NT_OK;
}

static int close_expected(void **state) {
    (void)state;
    nt_safetensors_free(expected);
    free(expected_bytes);
    return 0;
}

static nt_net *load_reference(const char *name) {
    char file[64];
    struct nt_error error = {0};
    size_t size;
    nt_net *net = NULL;
    (void)snprintf(file, sizeof file, "%s.safetensors", name);
    uint8_t *bytes = read_reference(file, &size);
    if (nt_net_parse(&net, bytes, size, file, nt_allocator_default(), &error) != NT_OK) {
        fail_msg("%s", error.text);
    }
    free(bytes);
    return net;
}

static const struct nt_tensor *vector(const char *name, const char *what, const char *which) {
    char key[128];
    (void)snprintf(key, sizeof key, "%s.%s%s", name, what, which);
    const struct nt_tensor *tensor = nt_safetensors_find(expected, key);
    if (tensor == NULL) {
        fail_msg("no vector %s", key);
    }
    return tensor;
}

/* A network, a batch, and all that the passes give for it. */
struct batch {
    nt_net *net;
    uint32_t samples;
    float *activation[NT_NET_MAX_LAYERS], *gradient[NT_NET_MAX_LAYERS], *parameter, *seed;
    void *scratch;
};

static float *floats(size_t count) { return nt_allocate_zeroed(nt_allocator_default(), count, sizeof(float)); }

static void batch_open(struct batch *b, nt_net *net, uint32_t samples) {
    memset(b, 0, sizeof *b);
    b->net = net;
    b->samples = samples;
    for (uint32_t l = 0; l < nt_net_layers(net); l++) {
        b->activation[l] = floats((size_t)samples * nt_net_layer(net, l)->size);
        b->gradient[l] = floats((size_t)samples * nt_net_layer(net, l)->size);
    }
    b->parameter = floats((size_t)nt_net_parameters(net));
    b->seed = floats((size_t)samples * nt_net_classes(net));
    size_t forward = nt_net_forward_bytes(net, samples), backward = nt_net_backward_bytes(net, samples);
    b->scratch = nt_allocate(nt_allocator_default(), forward > backward ? forward : backward, 1);
}

static void batch_close(struct batch *b) {
    for (uint32_t l = 0; l < nt_net_layers(b->net); l++) {
        nt_release(nt_allocator_default(), b->activation[l]);
        nt_release(nt_allocator_default(), b->gradient[l]);
    }
    nt_release(nt_allocator_default(), b->parameter);
    nt_release(nt_allocator_default(), b->seed);
    nt_release(nt_allocator_default(), b->scratch);
    nt_net_free(b->net);
}

static void batch_forward(struct batch *b, const float *input) {
    assert_int_equal(nt_net_forward(b->activation, b->net, input, b->samples, b->scratch), NT_OK);
}

/* Loads a reference network and runs its input through it. */
static void batch_reference(struct batch *b, const char *name) {
    const struct nt_tensor *image = vector(name, "input", "");
    nt_net *net = load_reference(name);
    struct nt_shape shape = nt_net_layer(net, 0)->shape;
    batch_open(b, net, (uint32_t)image->shape[0]);
    float *chw = floats((size_t)image->items), *hwc = floats((size_t)image->items);
    nt_net_input(chw, image->data, (size_t)image->items);
    nt_net_to_hwc(hwc, chw, shape, b->samples);
    batch_forward(b, hwc);
    nt_release(nt_allocator_default(), chw);
    nt_release(nt_allocator_default(), hwc);
}

/* Largest deviation from a vector of sub-sampled rows, relative to the vector's largest value. */
static double deviation(const struct nt_tensor *wanted, const float *rows, uint64_t samples, uint64_t size) {
    uint64_t step = size / 97 > 1 ? size / 97 : 1, columns = (size + step - 1) / step;
    double worst = 0, largest = 0;
    assert_int_equal(wanted->items, samples * columns);
    for (uint64_t i = 0; i < wanted->items; i++) {
        float value;
        memcpy(&value, (const char *)wanted->data + i * sizeof value, sizeof value);
        double gap = fabs((double)value - (double)rows[i / columns * size + i % columns * step]);
        worst = gap > worst ? gap : worst;
        largest = fabs((double)value) > largest ? fabs((double)value) : largest;
    }
    assert_true(largest > 0);
    return worst / largest;
}

/* The deviation of one layer's activations or gradients, given channel last. */
static double layer_deviation(const struct batch *b, const char *name, const char *what, uint32_t l,
                              const float *values) {
    char which[8];
    const struct nt_layer *layer = nt_net_layer(b->net, l);
    struct nt_shape shape = layer->shape;
    for (uint32_t i = l; shape.height * shape.width == 1 && nt_net_layer(b->net, i)->kind != NT_LAYER_LINEAR; i--) {
        shape = nt_net_layer(b->net, i - 1)->shape; /* a flattened layer keeps the order of what was flattened */
    }
    float *chw = floats((size_t)b->samples * layer->size);
    nt_net_to_chw(chw, values, shape, b->samples);
    (void)snprintf(which, sizeof which, "%u", l);
    double worst = deviation(vector(name, what, which), chw, b->samples, layer->size);
    nt_release(nt_allocator_default(), chw);
    return worst;
}

static void activations_equal_pytorch(void **state) {
    (void)state;
    for (int n = 0; n < 2; n++) {
        const char *name = n == 0 ? "net" : "odd";
        struct batch b;
        batch_reference(&b, name);
        assert_int_equal(nt_net_layers(b.net), n == 0 ? 14 : 8);
        for (uint32_t l = 0; l < nt_net_layers(b.net); l++) {
            double worst = layer_deviation(&b, name, "activation.", l, b.activation[l]);
            print_message("%s layer %2u %-16s deviates by %.1e\n", name, l, nt_net_layer(b.net, l)->name, worst);
            assert_true(worst < 1e-5);
        }
        batch_close(&b);
    }
}

static void layers_are_named_and_shaped_as_the_reference(void **state) {
    (void)state;
    static const struct {
        const char *name;
        uint32_t size;
    } layers[] = {{"Input", 784},         {"Conv2d(1,16,3)", 12544}, {"ReLU", 12544},
                  {"MaxPool2d(2)", 3136}, {"Conv2d(16,32,3)", 6272}, {"ReLU", 6272},
                  {"MaxPool2d(2)", 1568}, {"Conv2d(32,32,3)", 1568}, {"ReLU", 1568},
                  {"MaxPool2d(2)", 288},  {"Flatten", 288},          {"Linear(288,128)", 128},
                  {"ReLU", 128},          {"Linear(128,15)", 15}};
    nt_net *net = NULL;
    assert_int_equal(nt_net_create_reference(&net, 15, nt_allocator_default(), NULL), NT_OK);
    assert_int_equal(nt_net_layers(net), 14);
    for (uint32_t l = 0; l < 14; l++) {
        assert_string_equal(nt_net_layer(net, l)->name, layers[l].name);
        assert_int_equal(nt_net_layer(net, l)->size, layers[l].size);
    }
    assert_int_equal(nt_net_parameters(net), 160 + 4640 + 9248 + 288 * 128 + 128 + 128 * 15 + 15);
    nt_net_free(net);
}

static nt_net *random_net(uint32_t classes) {
    struct nt_random random;
    nt_net *net = NULL;
    nt_random_seed(&random, 7, 7);
    assert_int_equal(nt_net_create_reference(&net, classes, nt_allocator_default(), NULL), NT_OK);
    for (uint64_t i = 0; i < nt_net_parameters(net); i++) {
        nt_net_values(net)[i] = 0.1f * nt_random_normal(&random);
    }
    nt_net_changed(net);
    return net;
}

static float *random_floats(size_t count, uint64_t seed) {
    struct nt_random random;
    float *values = floats(count);
    nt_random_seed(&random, seed, 1);
    for (size_t i = 0; i < count; i++) {
        values[i] = nt_random_uniform(&random) < 0.6f ? 0 : nt_random_uniform(&random);
    }
    return values;
}

static void a_sample_does_not_depend_on_its_neighbours_in_a_batch(void **state) {
    (void)state;
    enum { SAMPLES = 37 };
    struct batch all, one;
    float *input = random_floats((size_t)SAMPLES * 784, 3);
    batch_open(&all, random_net(15), SAMPLES);
    batch_open(&one, random_net(15), 1);
    batch_forward(&all, input);
    for (uint32_t s = 0; s < SAMPLES; s += 6) {
        batch_forward(&one, input + (size_t)s * 784);
        for (uint32_t l = 0; l < 14; l++) {
            size_t size = nt_net_layer(all.net, l)->size;
            assert_memory_equal(one.activation[l], all.activation[l] + s * size, size * sizeof(float));
        }
    }
    batch_close(&all);
    batch_close(&one);
    nt_release(nt_allocator_default(), input);
}

static void a_layer_is_the_same_whichever_others_are_wanted(void **state) {
    (void)state;
    enum { SAMPLES = 15 };
    struct batch b;
    float *input = random_floats((size_t)SAMPLES * 784, 4), *only = floats((size_t)SAMPLES * 12544);
    batch_open(&b, random_net(15), SAMPLES);
    batch_forward(&b, input);
    for (uint32_t l = 0; l < 14; l++) {
        float *wanted[14] = {NULL};
        wanted[l] = only;
        memset(only, 0, (size_t)SAMPLES * 12544 * sizeof *only);
        assert_int_equal(nt_net_forward(wanted, b.net, input, SAMPLES, b.scratch), NT_OK);
        assert_memory_equal(only, b.activation[l], SAMPLES * nt_net_layer(b.net, l)->size * sizeof(float));
    }
    batch_close(&b);
    nt_release(nt_allocator_default(), input);
    nt_release(nt_allocator_default(), only);
}

/* Gradient of the summed cross-entropy by the logits: softmax minus one at the label. */
static void batch_backward(struct batch *b, const int32_t *label) {
    uint32_t classes = nt_net_classes(b->net);
    for (uint32_t s = 0; s < b->samples; s++) {
        const float *logit = b->activation[nt_net_layers(b->net) - 1] + (size_t)s * classes;
        double sum = 0;
        for (uint32_t c = 0; c < classes; c++) {
            sum += exp((double)logit[c]);
        }
        for (uint32_t c = 0; c < classes; c++) {
            b->seed[s * classes + c] = (float)(exp((double)logit[c]) / sum - ((int32_t)c == label[s] ? 1 : 0));
        }
    }
    assert_int_equal(nt_net_backward(b->gradient, b->parameter, b->net, b->activation, b->seed, b->samples, b->scratch),
                     NT_OK);
}

/* The deviation of the gradients by one tensor's parameters: they are written as weights, to have PyTorch's order. */
static double parameter_deviation(const struct batch *b, const char *name, const char *tensor) {
    uint8_t *bytes = NULL;
    size_t size = 0;
    nt_safetensors *file = NULL;
    nt_net *net = load_reference(name);
    memcpy(nt_net_values(net), b->parameter, nt_net_parameters(net) * sizeof(float));
    assert_int_equal(nt_net_serialize(&bytes, &size, net, NULL, nt_allocator_default(), NULL), NT_OK);
    assert_int_equal(nt_safetensors_parse(&file, bytes, size, "gradients", nt_allocator_default(), NULL), NT_OK);
    const struct nt_tensor *found = nt_safetensors_find(file, tensor);
    float *values = floats((size_t)found->items);
    memcpy(values, found->data, (size_t)found->bytes);
    double worst = deviation(vector(name, "parameter.", tensor), values, 1, found->items);
    nt_release(nt_allocator_default(), values);
    nt_safetensors_free(file);
    nt_release(nt_allocator_default(), bytes);
    nt_net_free(net);
    return worst;
}

static void gradients_equal_pytorch(void **state) {
    (void)state;
    for (int n = 0; n < 2; n++) {
        const char *name = n == 0 ? "net" : "odd";
        struct batch b;
        int32_t label[8];
        batch_reference(&b, name);
        memcpy(label, vector(name, "label", "")->data, b.samples * sizeof *label);
        batch_backward(&b, label);
        for (uint32_t l = 0; l < nt_net_layers(b.net); l++) {
            double worst = layer_deviation(&b, name, "gradient.", l, b.gradient[l]);
            print_message("%s gradient by layer %2u deviates by %.1e\n", name, l, worst);
            assert_true(worst < 1e-4);
        }
        for (uint32_t l = 1; l < nt_net_layers(b.net); l++) {
            for (int bias = 0; bias < 2 && nt_net_layer(b.net, l)->parameters > 0; bias++) {
                char tensor[32];
                (void)snprintf(tensor, sizeof tensor, "%u.%s", l - 1, bias ? "bias" : "weight");
                double worst = parameter_deviation(&b, name, tensor);
                print_message("%s gradient by %-9s deviates by %.1e\n", name, tensor, worst);
                assert_true(worst < 1e-4);
            }
        }
        batch_close(&b);
    }
}

/* Sum of the last layer, weighted by the seed. */
static double weighted(struct batch *b, const float *input) {
    size_t count = (size_t)b->samples * nt_net_classes(b->net);
    double sum = 0;
    nt_net_changed(b->net);
    batch_forward(b, input);
    for (size_t i = 0; i < count; i++) {
        sum += (double)b->seed[i] * (double)b->activation[nt_net_layers(b->net) - 1][i];
    }
    return sum;
}

/* Compares a gradient with central differences; `at` are the values that it is a gradient by. */
static void agrees_with_differences(struct batch *b, const float *input, float *at, const float *gradient,
                                    size_t count) {
    const float step = 1.0f / 64;
    for (size_t i = 0; i < count; i++) {
        float kept = at[i];
        at[i] = kept + step;
        double above = weighted(b, input);
        at[i] = kept - step;
        double difference = (above - weighted(b, input)) / (2 * (double)step);
        at[i] = kept;
        if (fabs(difference - (double)gradient[i]) > 2e-3) {
            fail_msg("value %zu: gradient %f, finite difference %f", i, (double)gradient[i], difference);
        }
    }
}

static void gradients_pass_finite_differences(void **state) {
    (void)state;
    static const struct {
        struct nt_shape input;
        struct nt_layer layer[2];
        uint32_t layers;
    } cases[] = {
        {{1, 6, 5}, {{.kind = NT_LAYER_CONV2D, .kernel = 3, .shape.channels = 4}}, 1},
        {{5, 4, 4}, {{.kind = NT_LAYER_CONV2D, .kernel = 3, .shape.channels = 18}}, 1},
        {{2, 5, 4}, {{.kind = NT_LAYER_CONV2D, .kernel = 5, .shape.channels = 3}}, 1},
        {{3, 4, 4}, {{.kind = NT_LAYER_CONV2D, .kernel = 1, .shape.channels = 7}}, 1},
        {{3, 5, 4}, {{.kind = NT_LAYER_RELU}}, 1},
        {{3, 5, 7}, {{.kind = NT_LAYER_MAXPOOL2D, .kernel = 2}}, 1},
        {{2, 7, 6}, {{.kind = NT_LAYER_MAXPOOL2D, .kernel = 3}}, 1},
        {{2, 3, 4}, {{.kind = NT_LAYER_FLATTEN}, {.kind = NT_LAYER_LINEAR, .shape.channels = 9}}, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum { SAMPLES = 3 };
        struct nt_random random;
        struct batch b;
        nt_net *net = NULL;
        nt_random_seed(&random, i, 2);
        assert_int_equal(
            nt_net_create(&net, cases[i].input, cases[i].layer, cases[i].layers, nt_allocator_default(), NULL), NT_OK);
        batch_open(&b, net, SAMPLES);
        size_t count = (size_t)SAMPLES * nt_net_layer(net, 0)->size;
        uint32_t order[512];
        float *input = floats(count);
        for (uint32_t j = 0; j < count; j++) {
            order[j] = j;
        }
        nt_random_shuffle(order, count, &random);
        for (size_t j = 0; j < count; j++) { /* all apart, and none near 0: far from the kinks of ReLU and pooling */
            input[j] = (float)order[j] / 16 - 2.03f;
        }
        for (size_t j = 0; j < nt_net_parameters(net); j++) {
            nt_net_values(net)[j] = nt_random_normal(&random);
        }
        for (size_t j = 0; j < (size_t)SAMPLES * nt_net_classes(net); j++) {
            b.seed[j] = nt_random_between(&random, -1, 1);
        }
        (void)weighted(&b, input);
        assert_int_equal(nt_net_backward(b.gradient, b.parameter, net, b.activation, b.seed, SAMPLES, b.scratch),
                         NT_OK);
        agrees_with_differences(&b, input, input, b.gradient[0], count);
        agrees_with_differences(&b, input, nt_net_values(net), b.parameter, (size_t)nt_net_parameters(net));
        nt_release(nt_allocator_default(), input);
        batch_close(&b);
    }
}

static void the_first_maximum_of_a_window_gets_its_gradient(void **state) {
    (void)state;
    const struct nt_layer layer = {.kind = NT_LAYER_MAXPOOL2D, .kernel = 2};
    const float input[6] = {3, 3, 9, 3, 1, 9}, wanted[6] = {1, 0, 0, 0, 0, 0};
    struct batch b;
    nt_net *net = NULL;
    assert_int_equal(nt_net_create(&net, (struct nt_shape){1, 2, 3}, &layer, 1, nt_allocator_default(), NULL), NT_OK);
    batch_open(&b, net, 1);
    batch_forward(&b, input);
    b.seed[0] = 1;
    assert_int_equal(nt_net_backward(b.gradient, NULL, net, b.activation, b.seed, 1, b.scratch), NT_OK);
    assert_memory_equal(b.gradient[0], wanted, sizeof wanted);
    batch_close(&b);
}

static void a_gradient_is_the_same_whichever_others_are_wanted(void **state) {
    (void)state;
    enum { SAMPLES = 15 };
    struct batch b;
    float *input = random_floats((size_t)SAMPLES * 784, 6), *only = floats((size_t)SAMPLES * 12544);
    batch_open(&b, random_net(15), SAMPLES);
    batch_forward(&b, input);
    const int32_t label[SAMPLES] = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9};
    batch_backward(&b, label);
    for (uint32_t l = 0; l < 14; l++) {
        float *wanted[14] = {NULL};
        wanted[l] = only;
        memset(only, 0, (size_t)SAMPLES * 12544 * sizeof *only);
        assert_int_equal(nt_net_backward(wanted, NULL, b.net, b.activation, b.seed, SAMPLES, b.scratch), NT_OK);
        assert_memory_equal(only, b.gradient[l], SAMPLES * nt_net_layer(b.net, l)->size * sizeof(float));
    }
    float *none[14] = {NULL}, *parameter = floats((size_t)nt_net_parameters(b.net));
    assert_int_equal(nt_net_backward(none, parameter, b.net, b.activation, b.seed, SAMPLES, b.scratch), NT_OK);
    assert_memory_equal(parameter, b.parameter, nt_net_parameters(b.net) * sizeof(float));
    batch_close(&b);
    nt_release(nt_allocator_default(), input);
    nt_release(nt_allocator_default(), only);
    nt_release(nt_allocator_default(), parameter);
}

static void layers_that_do_not_fit_each_other_are_refused(void **state) {
    (void)state;
    static const struct {
        struct nt_layer layer[3];
        uint32_t layers;
        const char *words;
    } cases[] = {
        {{{.kind = NT_LAYER_CONV2D, .kernel = 0, .shape.channels = 4}}, 1, "kernel of 0"},
        {{{.kind = NT_LAYER_CONV2D, .kernel = 3, .shape.channels = 0}}, 1, "expected 1 to"},
        {{{.kind = NT_LAYER_CONV2D, .kernel = 3, .shape.channels = 4000000000u}}, 1, "expected 1 to"},
        {{{.kind = NT_LAYER_LINEAR, .shape.channels = 4}}, 1, "flatten them first"},
        {{{.kind = NT_LAYER_MAXPOOL2D, .kernel = 30}}, 1, "window of 30"},
        {{{.kind = NT_LAYER_MAXPOOL2D, .kernel = 0}}, 1, "window of 0"},
        {{{.kind = NT_LAYER_FLATTEN}, {.kind = NT_LAYER_LINEAR, .shape.channels = 1 << 23}}, 2, "parameters"},
        {{{.kind = NT_LAYER_FLATTEN}, {.kind = NT_LAYER_CONV2D, .kernel = 1, .shape.channels = 3}}, 2, "flattened"},
        {{{.kind = NT_LAYER_INPUT}}, 1, "cannot follow"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        nt_net *net = NULL;
        struct nt_error error = {0};
        enum nt_status status = nt_net_create(&net, (struct nt_shape){1, 28, 28}, cases[i].layer, cases[i].layers,
                                              nt_allocator_default(), &error);
        assert_true(status == NT_E_SHAPE || status == NT_E_ARG);
        assert_null(net);
        if (strstr(error.text, cases[i].words) == NULL) {
            fail_msg("'%s' does not say '%s'", error.text, cases[i].words);
        }
    }
}

static void bytes_become_shares_of_255_exactly(void **state) {
    (void)state;
    uint8_t bytes[256];
    float pixels[256];
    for (int i = 0; i < 256; i++) {
        bytes[i] = (uint8_t)i;
    }
    nt_net_input(pixels, bytes, 256);
    for (int i = 0; i < 256; i++) {
        volatile float wanted = (float)i / 255.0f;
        assert_true(pixels[i] == wanted);
    }
}

static void every_target_gives_the_same_bits(void **state) {
    (void)state;
    enum { SAMPLES = 9 };
    const enum nt_target best = nt_target();
    struct batch b, other;
    float *input = random_floats((size_t)SAMPLES * 784, 5);
    batch_open(&b, random_net(15), SAMPLES);
    batch_open(&other, random_net(15), SAMPLES);
    const int32_t label[SAMPLES] = {0, 3, 14, 2, 7, 7, 1, 9, 11};
    nt_target_select(NT_SCALAR);
    batch_forward(&b, input);
    batch_backward(&b, label);
    for (int t = 0; t < NT_TARGET_COUNT; t++) {
        if (!nt_target_available((enum nt_target)t)) {
            continue;
        }
        nt_target_select((enum nt_target)t);
        batch_forward(&other, input);
        batch_backward(&other, label);
        for (uint32_t l = 0; l < 14; l++) {
            size_t bytes = SAMPLES * nt_net_layer(b.net, l)->size * sizeof(float);
            assert_memory_equal(b.activation[l], other.activation[l], bytes);
            assert_memory_equal(b.gradient[l], other.gradient[l], bytes);
        }
        assert_memory_equal(b.parameter, other.parameter, nt_net_parameters(b.net) * sizeof(float));
    }
    nt_target_select(best);
    batch_close(&b);
    batch_close(&other);
    nt_release(nt_allocator_default(), input);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layers_are_named_and_shaped_as_the_reference),
        cmocka_unit_test(activations_equal_pytorch),
        cmocka_unit_test(gradients_equal_pytorch),
        cmocka_unit_test(gradients_pass_finite_differences),
        cmocka_unit_test(the_first_maximum_of_a_window_gets_its_gradient),
        cmocka_unit_test(a_gradient_is_the_same_whichever_others_are_wanted),
        cmocka_unit_test(a_sample_does_not_depend_on_its_neighbours_in_a_batch),
        cmocka_unit_test(a_layer_is_the_same_whichever_others_are_wanted),
        cmocka_unit_test(every_target_gives_the_same_bits),
        cmocka_unit_test(layers_that_do_not_fit_each_other_are_refused),
        cmocka_unit_test(bytes_become_shares_of_255_exactly),
    };
    return cmocka_run_group_tests(tests, open_expected, close_expected);
}
