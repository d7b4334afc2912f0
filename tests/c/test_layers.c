/* Layers of every kind, and networks of them: against PyTorch, finite differences, and each other. */
#include "vectors.h"

#include "core/target.h"
#include "ntrace/random.h"

/* Compares activations, or gradients, of all layers with PyTorch's. */
static double worst_of(const struct batch *b, const char *name, const char *what, float *const *values) {
    double worst = 0;
    for (uint32_t l = 0; l < nt_net_layers(b->net); l++) {
        char key[32];
        (void)snprintf(key, sizeof key, "%s.%u", what, l);
        double gap = deviation(b, vector(name, key), l, values[l]);
        if (!(gap < 1e-5)) {
            fail_msg("%s: %s of layer %u, %s, deviates by %.1e", name, what, l, nt_net_layer(b->net, l)->name, gap);
        }
        worst = gap > worst ? gap : worst;
    }
    return worst;
}

static void batch_reference(struct batch *b, const char *name) {
    nt_net *net = load_vector_net(name);
    batch_open(b, net, (uint32_t)vector(name, "input")->shape[0]);
    batch_fill(b, name);
    batch_forward(b);
}

static void every_layer_equals_pytorch(void **state) {
    (void)state;
    for (int n = 0; n < VECTOR_NETS; n++) {
        struct batch b;
        batch_reference(&b, vector_net[n]);
        print_message("%s: %u layers deviate by at most %.1e\n", vector_net[n], nt_net_layers(b.net),
                      worst_of(&b, vector_net[n], "activation", b.activation));
        batch_close(&b);
    }
}

static void every_gradient_equals_pytorch(void **state) {
    (void)state;
    for (int n = 0; n < VECTOR_NETS; n++) {
        struct batch b;
        batch_reference(&b, vector_net[n]);
        batch_backward(&b);
        print_message("%s: gradients deviate by at most %.1e\n", vector_net[n],
                      worst_of(&b, vector_net[n], "gradient", b.gradient));
        batch_close(&b);
    }
}

static void the_input_gradient_equals_pytorch(void **state) {
    (void)state;
    for (int n = 0; n < VECTOR_NETS; n++) {
        struct batch b;
        batch_reference(&b, vector_net[n]);
        uint32_t last = nt_net_layers(b.net) - 1;
        float *logit = floats((size_t)b.samples * nt_net_classes(b.net));
        assert_int_equal(nt_net_input_gradient(b.gradient[0], logit, b.net, b.input, b.seed, b.samples, b.scratch),
                         NT_OK);
        assert_true(deviation(&b, vector(vector_net[n], "gradient.0"), 0, b.gradient[0]) < 1e-5);
        assert_memory_equal(logit, b.activation[last], b.samples * nt_net_classes(b.net) * sizeof(float));
        release(logit);
        batch_close(&b);
    }
}

static void every_target_gives_the_same_bits(void **state) {
    (void)state;
    const enum nt_target best = nt_target();
    for (int n = 0; n < VECTOR_NETS; n++) {
        struct batch scalar, other;
        nt_target_select(NT_SCALAR);
        batch_reference(&scalar, vector_net[n]);
        batch_backward(&scalar);
        for (int t = 0; t < NT_TARGET_COUNT; t++) {
            if (!nt_target_available((enum nt_target)t)) {
                continue;
            }
            nt_target_select((enum nt_target)t);
            batch_reference(&other, vector_net[n]);
            batch_backward(&other);
            for (uint32_t l = 0; l < nt_net_layers(scalar.net); l++) {
                size_t bytes = scalar.samples * nt_net_layer(scalar.net, l)->size * sizeof(float);
                assert_memory_equal(scalar.activation[l], other.activation[l], bytes);
                assert_memory_equal(scalar.gradient[l], other.gradient[l], bytes);
            }
            batch_close(&other);
        }
        batch_close(&scalar);
    }
    nt_target_select(best);
}

/* More samples than go through a network together, made of the reference's two. */
static void batch_repeat(struct batch *b, const char *name, uint32_t samples) {
    struct batch two;
    struct nt_random random;
    batch_reference(&two, name);
    batch_open(b, load_vector_net(name), samples);
    size_t size = nt_net_layer(b->net, 0)->size, classes = nt_net_classes(b->net);
    nt_random_seed(&random, 5, 5);
    for (uint32_t s = 0; s < samples; s++) {
        float share = nt_random_uniform(&random);
        for (size_t i = 0; i < size; i++) {
            b->input[s * size + i] = share * two.input[i] + (1 - share) * two.input[size + i];
        }
        memcpy(b->seed + s * classes, two.seed + s % 2 * classes, classes * sizeof(float));
    }
    batch_close(&two);
}

static void samples_and_layers_do_not_depend_on_what_else_is_computed(void **state) {
    (void)state;
    enum { SAMPLES = 31 };
    for (int n = 0; n < VECTOR_NETS; n++) {
        struct batch all, one;
        batch_repeat(&all, vector_net[n], SAMPLES);
        batch_open(&one, load_vector_net(vector_net[n]), 1);
        batch_forward(&all);
        for (uint32_t s = 0; s < SAMPLES; s += 15) {
            memcpy(one.input, all.input + (size_t)s * nt_net_layer(all.net, 0)->size,
                   nt_net_layer(all.net, 0)->size * sizeof(float));
            batch_forward(&one);
            for (uint32_t l = 0; l < nt_net_layers(all.net); l++) {
                size_t size = nt_net_layer(all.net, l)->size;
                assert_memory_equal(one.activation[l], all.activation[l] + s * size, size * sizeof(float));
            }
        }
        for (uint32_t l = 0; l < nt_net_layers(all.net); l++) {
            float *wanted[NT_NET_MAX_LAYERS] = {NULL};
            wanted[l] = all.gradient[l]; /* some memory */
            assert_int_equal(nt_net_forward(wanted, all.net, all.input, SAMPLES, all.scratch), NT_OK);
            assert_memory_equal(wanted[l], all.activation[l], SAMPLES * nt_net_layer(all.net, l)->size * sizeof(float));
        }
        batch_close(&all);
        batch_close(&one);
    }
}

static void a_gradient_is_the_same_whichever_others_are_wanted(void **state) {
    (void)state;
    enum { SAMPLES = 16 };
    for (int n = 0; n < VECTOR_NETS; n++) {
        struct batch all;
        batch_repeat(&all, vector_net[n], SAMPLES);
        batch_forward(&all);
        batch_backward(&all);
        for (uint32_t l = 0; l < nt_net_layers(all.net); l++) {
            size_t count = (size_t)SAMPLES * nt_net_layer(all.net, l)->size;
            float *wanted[NT_NET_MAX_LAYERS] = {NULL}, *only = floats(count);
            wanted[l] = only;
            assert_int_equal(nt_net_backward(wanted, NULL, all.net, all.activation, all.seed, SAMPLES, all.scratch),
                             NT_OK);
            assert_memory_equal(only, all.gradient[l], count * sizeof(float));
            release(only);
        }
        batch_close(&all);
    }
}

static void networks_survive_writing_and_reading(void **state) {
    (void)state;
    for (int n = 0; n < VECTOR_NETS; n++) {
        struct batch b, again;
        struct nt_error error = {0};
        uint8_t *bytes = NULL;
        size_t size = 0;
        nt_net *read = NULL;
        batch_reference(&b, vector_net[n]);
        assert_int_equal(nt_net_serialize(&bytes, &size, b.net, NULL, nt_allocator_default(), &error), NT_OK);
        if (nt_net_parse(&read, bytes, size, "again", nt_allocator_default(), &error) != NT_OK) {
            fail_msg("%s", error.text);
        }
        batch_open(&again, read, b.samples);
        batch_fill(&again, vector_net[n]);
        batch_forward(&again);
        assert_int_equal(nt_net_layers(read), nt_net_layers(b.net));
        assert_int_equal(nt_net_parameters(read), nt_net_parameters(b.net));
        for (uint32_t l = 0; l < nt_net_layers(b.net); l++) {
            assert_string_equal(nt_net_layer(read, l)->name, nt_net_layer(b.net, l)->name);
            assert_memory_equal(again.activation[l], b.activation[l],
                                b.samples * nt_net_layer(b.net, l)->size * sizeof(float));
        }
        release(bytes);
        batch_close(&again);
        batch_close(&b);
    }
}

/* ---- Finite differences. ---- */

#define CONV(outputs, ...)                                                                                             \
    { .kind = NT_LAYER_CONV2D, .shape.channels = outputs, __VA_ARGS__ }
#define WINDOW(...) .window = {__VA_ARGS__}

static const struct {
    struct nt_shape input;
    struct nt_layer layer[5];
    uint32_t layers;
} small[] = {
    {{3, 6, 7}, {CONV(4, WINDOW({2, 3}, {2, 1}, {1, 1}, {1, 0, 0, 2}))}, 1},
    {{2, 7, 8}, {CONV(3, WINDOW({3, 2}, {1, 2}, {2, 3}, {0, 1, 1, 0}))}, 1},
    {{6, 5, 4}, {CONV(9, .groups = 3, .kernel = 3)}, 1},
    {{5, 6, 5}, {CONV(5, .groups = 5, WINDOW({3, 3}, {2, 2}, {1, 1}, {1, 1, 1, 1}))}, 1},
    {{18, 5, 5}, {CONV(18, .groups = 18, .kernel = 3, .no_bias = true)}, 1},
    {{4, 5, 6}, {CONV(8, .groups = 4, WINDOW({2, 2}, {1, 1}, {2, 2}, {0, 0, 0, 0}))}, 1},
    {{3, 4, 5}, {{.kind = NT_LAYER_BATCHNORM2D}}, 1},
    {{3, 4, 5}, {{.kind = NT_LAYER_LEAKYRELU, .slope = 0.3f}}, 1},
    {{3, 4, 5}, {{.kind = NT_LAYER_GELU}}, 1},
    {{3, 4, 5}, {{.kind = NT_LAYER_GELU, .tanh = true}}, 1},
    {{3, 4, 5}, {{.kind = NT_LAYER_SILU}}, 1},
    {{19, 2, 2}, {{.kind = NT_LAYER_SOFTMAX}}, 1},
    {{5, 2, 3}, {{.kind = NT_LAYER_LOGSOFTMAX}}, 1},
    {{2, 7, 8}, {{.kind = NT_LAYER_MAXPOOL2D, WINDOW({3, 2}, {2, 1}, {1, 1}, {1, 1, 0, 0}), .ceil = true}}, 1},
    {{2, 9, 8}, {{.kind = NT_LAYER_MAXPOOL2D, WINDOW({3, 3}, {1, 1}, {2, 3}, {1, 2, 1, 2})}}, 1},
    {{17, 5, 6}, {{.kind = NT_LAYER_AVGPOOL2D, WINDOW({3, 2}, {2, 2}, {1, 1}, {1, 0, 1, 1}), .ceil = true}}, 1},
    {{2, 5, 6}, {{.kind = NT_LAYER_AVGPOOL2D, WINDOW({3, 3}, {2, 2}, {1, 1}, {1, 1, 1, 1}), .skip_pad = true}}, 1},
    {{3, 5, 6}, {{.kind = NT_LAYER_GLOBALAVGPOOL2D}}, 1},
    {{3, 4, 3}, {{.kind = NT_LAYER_DROPOUT}, {.kind = NT_LAYER_IDENTITY}}, 2},
    {{3, 4, 3}, {{.kind = NT_LAYER_ADD}}, 1}, /* twice the input */
    {{3, 4, 3},
     {{.kind = NT_LAYER_SILU},
      CONV(3, .kernel = 3),
      {.kind = NT_LAYER_ADD, .back = {1, 2}},
      {.kind = NT_LAYER_ADD, .back = {1, 4}},
      {.kind = NT_LAYER_ADD, .back = {2, 2}}},
     5}, /* the second sum leads nowhere */
};

/* Sum of the last layer, weighted by the seed. */
static double weighted(struct batch *b) {
    size_t count = (size_t)b->samples * nt_net_classes(b->net);
    double sum = 0;
    batch_forward(b);
    for (size_t i = 0; i < count; i++) {
        sum += (double)b->seed[i] * (double)b->activation[nt_net_layers(b->net) - 1][i];
    }
    return sum;
}

/* Values far from each other and from 0: no step crosses a kink. */
static void fill_apart(struct batch *b, struct nt_random *random) {
    size_t count = (size_t)b->samples * nt_net_layer(b->net, 0)->size;
    uint32_t order[1024];
    for (uint32_t j = 0; j < count; j++) {
        order[j] = j;
    }
    nt_random_shuffle(order, (uint32_t)count, random);
    for (size_t j = 0; j < count; j++) {
        b->input[j] = (float)order[j] / 64 - 2.007f;
    }
    for (size_t j = 0; j < (size_t)b->samples * nt_net_classes(b->net); j++) {
        b->seed[j] = nt_random_between(random, -1, 1);
    }
    for (uint64_t j = 0; j < nt_net_parameters(b->net); j++) {
        nt_net_values(b->net)[j] = nt_random_normal(random);
    }
    nt_net_changed(b->net);
}

static void gradients_pass_finite_differences(void **state) {
    (void)state;
    const float step = 1.0f / 256;
    for (size_t i = 0; i < sizeof small / sizeof *small; i++) {
        struct batch b;
        struct nt_random random;
        struct nt_error error = {0};
        nt_net *net = NULL;
        nt_random_seed(&random, i, 6);
        if (nt_net_create(&net, small[i].input, small[i].layer, small[i].layers, nt_allocator_default(), &error) !=
            NT_OK) {
            fail_msg("%zu: %s", i, error.text);
        }
        batch_open(&b, net, 2);
        fill_apart(&b, &random);
        batch_forward(&b);
        batch_backward(&b);
        for (size_t j = 0; j < 2 * (size_t)nt_net_layer(net, 0)->size; j++) {
            float kept = b.input[j];
            b.input[j] = kept + step;
            double above = weighted(&b);
            b.input[j] = kept - step;
            double difference = (above - weighted(&b)) / (2 * (double)step), found = (double)b.gradient[0][j];
            b.input[j] = kept;
            if (!(fabs(difference - found) < 3e-3 * (1 + fabs(found)))) {
                fail_msg("network %zu, value %zu: gradient %f, finite difference %f", i, j, found, difference);
            }
        }
        batch_close(&b);
    }
}

static void a_layer_that_leads_nowhere_has_no_gradient(void **state) {
    (void)state;
    const struct nt_layer layer[] = {
        {.kind = NT_LAYER_SILU}, {.kind = NT_LAYER_GELU}, {.kind = NT_LAYER_SILU, .back = {2}}};
    struct batch b;
    nt_net *net = NULL;
    assert_int_equal(nt_net_create(&net, (struct nt_shape){2, 3, 3}, layer, 3, nt_allocator_default(), NULL), NT_OK);
    batch_open(&b, net, 1);
    for (int i = 0; i < 18; i++) {
        b.seed[i] = b.gradient[2][i] = 1;
    }
    batch_forward(&b);
    batch_backward(&b);
    for (int i = 0; i < 18; i++) {
        assert_true(b.gradient[2][i] == 0 && b.gradient[1][i] != 0);
    }
    batch_close(&b);
}

static void only_plain_networks_are_trained(void **state) {
    (void)state;
    struct batch b;
    batch_reference(&b, "vgg");
    float *none[NT_NET_MAX_LAYERS] = {NULL}, *parameter = floats((size_t)nt_net_parameters(b.net));
    assert_false(nt_net_trainable(b.net));
    assert_int_equal(nt_net_backward(none, parameter, b.net, b.activation, b.seed, b.samples, b.scratch), NT_E_ARG);
    release(parameter);
    batch_close(&b);
}

/* ---- Exponentials. ---- */

static void curves_and_softmax_hold_at_the_ends(void **state) {
    (void)state;
    static const struct nt_layer kinds[] = {
        {.kind = NT_LAYER_SILU}, {.kind = NT_LAYER_GELU}, {.kind = NT_LAYER_GELU, .tanh = true}};
    const float far[6] = {-300, -90, -1e-6f, 0, 90, 300};
    for (size_t k = 0; k < 3; k++) {
        struct batch b;
        nt_net *net = NULL;
        assert_int_equal(nt_net_create(&net, (struct nt_shape){6, 1, 1}, &kinds[k], 1, nt_allocator_default(), NULL),
                         NT_OK);
        batch_open(&b, net, 1);
        memcpy(b.input, far, sizeof far);
        b.seed[0] = b.seed[5] = 1;
        batch_forward(&b);
        batch_backward(&b);
        for (int i = 0; i < 6; i++) {
            double wanted = i < 2 ? 0 : i > 3 ? (double)far[i] : (double)far[i] / 2;
            assert_true(fabs((double)b.activation[1][i] - wanted) < 1e-9);
        }
        assert_true(fabsf(b.gradient[0][0]) < 1e-9f && b.gradient[0][5] == 1);
        batch_close(&b);
    }
}

static void probabilities_of_large_logits_are_finite(void **state) {
    (void)state;
    const float logit[5] = {1000, 999, -1000, 0, 1000};
    for (int logarithm = 0; logarithm < 2; logarithm++) {
        const struct nt_layer layer = {.kind = logarithm ? NT_LAYER_LOGSOFTMAX : NT_LAYER_SOFTMAX};
        struct batch b;
        nt_net *net = NULL;
        assert_int_equal(nt_net_create(&net, (struct nt_shape){5, 1, 1}, &layer, 1, nt_allocator_default(), NULL),
                         NT_OK);
        batch_open(&b, net, 1);
        memcpy(b.input, logit, sizeof logit);
        batch_forward(&b);
        assert_int_equal(nt_net_logits(net), 0);
        for (int i = 0; i < 5; i++) {
            double share = exp((double)logit[i] - 1000) / (2 + exp(-1)), found = (double)b.activation[1][i];
            double wanted = logarithm ? (double)logit[i] - 1000 - log(2 + exp(-1)) : share;
            assert_true(fabs(found - wanted) < 2e-7 * (1 + fabs(wanted)));
        }
        batch_close(&b);
    }
}

/* ---- Names and refusals. ---- */

static void layers_have_readable_names(void **state) {
    (void)state;
    static const struct {
        struct nt_layer layer;
        const char *name;
    } cases[] = {
        {CONV(4, .kernel = 3), "Conv2d(6,4,3)"},
        {CONV(4, WINDOW({5, 5}, {2, 2}, {1, 1}, {2, 2, 2, 2})), "Conv2d(6,4,5,stride 2)"},
        {CONV(6, WINDOW({3, 5}, {1, 2}, {2, 1}, {0, 0, 0, 0}), .groups = 6),
         "Conv2d(6,6,3x5,stride 1x2,dilation 2x1,groups 6)"},
        {{.kind = NT_LAYER_MAXPOOL2D, .kernel = 2}, "MaxPool2d(2)"},
        {{.kind = NT_LAYER_MAXPOOL2D, WINDOW({3, 3}, {2, 2}, {1, 1}, {0, 0, 0, 0})}, "MaxPool2d(3,stride 2)"},
        {{.kind = NT_LAYER_AVGPOOL2D, .kernel = 4}, "AvgPool2d(4)"},
        {{.kind = NT_LAYER_LEAKYRELU, .slope = 0.01f}, "LeakyReLU(0.01)"},
        {{.kind = NT_LAYER_BATCHNORM2D}, "BatchNorm2d(6)"},
        {{.kind = NT_LAYER_ADD}, "Add(layer 0)"},
        {{.kind = NT_LAYER_GELU, .name = "the bend"}, "the bend"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        nt_net *net = NULL;
        struct nt_error error = {0};
        if (nt_net_create(&net, (struct nt_shape){6, 9, 9}, &cases[i].layer, 1, nt_allocator_default(), &error) !=
            NT_OK) {
            fail_msg("%s", error.text);
        }
        assert_string_equal(nt_net_layer(net, 1)->name, cases[i].name);
        nt_net_free(net);
    }
}

static void layers_that_cannot_be_are_refused(void **state) {
    (void)state;
    static const struct {
        struct nt_layer layer[2];
        uint32_t layers;
        const char *words;
    } cases[] = {
        {{CONV(4, WINDOW({9, 3}))}, 1, "a window of 9 x 3 over 8 x 9"},
        {{CONV(4, WINDOW({3, 3}, {1, 1}, {5, 1}))}, 1, "a window of 11 x 3"},
        {{CONV(4, WINDOW({3, 0}))}, 1, "a kernel of 3 x 0"},
        {{CONV(4, WINDOW({3, 3}, {5000, 1}))}, 1, "stride 5000 x 1"},
        {{CONV(4, WINDOW({3, 3}, {1, 1}, {1, 1}, {0, 4097, 0, 0}))}, 1, "padding 0 4097 0 0"},
        {{CONV(6, WINDOW({3, 3}, {1, 1}, {1, 1}, {4096, 4096, 4096, 4096}))}, 1, "values"},
        {{CONV(1, WINDOW({2, 2}, {4096, 4096}, {1, 1}, {4096, 4096, 4096, 4096}))}, 1, "padded input passes"},
        {{CONV(4, .kernel = 3, .groups = 4)}, 1, "4 groups do not divide 6"},
        {{CONV(4, .kernel = 3, .groups = 3)}, 1, "3 groups do not divide 6 channels and 4"},
        {{{.kind = NT_LAYER_MAXPOOL2D, WINDOW({2, 2}, {1, 1}, {1, 1}, {2, 0, 0, 0})}}, 1, "with padding 2 and 0"},
        {{{.kind = NT_LAYER_MAXPOOL2D, WINDOW({2, 2}, {1, 1}, {1, 1}, {0, 0, 0, 2})}}, 1, "with padding 0 and 2"},
        {{{.kind = NT_LAYER_MAXPOOL2D, WINDOW({2, 2}, {1, 1}, {9, 1}, {8, 0, 8, 0})}}, 1, "dilation 9"},
        {{{.kind = NT_LAYER_AVGPOOL2D, WINDOW({2, 2}, {1, 1}, {2, 2})}}, 1, "dilation 2"},
        {{{.kind = NT_LAYER_AVGPOOL2D, .kernel = 0}}, 1, "window of 0"},
        {{{.kind = NT_LAYER_FLATTEN}, {.kind = NT_LAYER_GLOBALAVGPOOL2D}}, 2, "globalavgpool2d of flattened"},
        {{{.kind = NT_LAYER_FLATTEN}, {.kind = NT_LAYER_AVGPOOL2D, .kernel = 1}}, 2, "avgpool2d of flattened"},
        {{{.kind = NT_LAYER_LEAKYRELU, .slope = INFINITY}}, 1, "slope of inf"},
        {{CONV(4, .kernel = 3), {.kind = NT_LAYER_ADD, .back = {1, 2}}},
         2,
         "layer 1 has 4 x 8 x 9 values, layer 0 6 x 8 x 9"},
        {{{.kind = NT_LAYER_RELU, .back = {2}}}, 1, "2 layers before it"},
        {{{.kind = NT_LAYER_RELU}, {.kind = NT_LAYER_ADD, .back = {1, 3}}}, 2, "3 layers before it"},
        {{{.kind = NT_LAYER_KIND_COUNT}}, 1, "cannot follow"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        nt_net *net = NULL;
        struct nt_error error = {0};
        enum nt_status status = nt_net_create(&net, (struct nt_shape){6, 8, 9}, cases[i].layer, cases[i].layers,
                                              nt_allocator_default(), &error);
        if (net != NULL) {
            fail_msg("case %zu was not refused", i);
        }
        assert_true(status == NT_E_SHAPE || status == NT_E_ARG || status == NT_E_VALUE);
        if (strstr(error.text, cases[i].words) == NULL) {
            fail_msg("'%s' does not say '%s'", error.text, cases[i].words);
        }
    }
}

static void sums_of_values_in_different_orders_are_refused(void **state) {
    (void)state;
    const struct nt_layer layer[] = {{.kind = NT_LAYER_FLATTEN},
                                     {.kind = NT_LAYER_LINEAR, .shape.channels = 24},
                                     {.kind = NT_LAYER_ADD, .back = {1, 2}}};
    struct nt_error error = {0};
    nt_net *net = NULL;
    assert_int_equal(nt_net_create(&net, (struct nt_shape){2, 3, 4}, layer, 3, nt_allocator_default(), &error),
                     NT_E_SHAPE);
    assert_non_null(strstr(error.text, "flattened from other shapes"));
    assert_int_equal(nt_net_create(&net, (struct nt_shape){24, 1, 1}, layer, 3, nt_allocator_default(), &error), NT_OK);
    nt_net_free(net);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_layer_equals_pytorch),
        cmocka_unit_test(every_gradient_equals_pytorch),
        cmocka_unit_test(the_input_gradient_equals_pytorch),
        cmocka_unit_test(every_target_gives_the_same_bits),
        cmocka_unit_test(samples_and_layers_do_not_depend_on_what_else_is_computed),
        cmocka_unit_test(a_gradient_is_the_same_whichever_others_are_wanted),
        cmocka_unit_test(networks_survive_writing_and_reading),
        cmocka_unit_test(gradients_pass_finite_differences),
        cmocka_unit_test(a_layer_that_leads_nowhere_has_no_gradient),
        cmocka_unit_test(only_plain_networks_are_trained),
        cmocka_unit_test(curves_and_softmax_hold_at_the_ends),
        cmocka_unit_test(probabilities_of_large_logits_are_finite),
        cmocka_unit_test(layers_have_readable_names),
        cmocka_unit_test(layers_that_cannot_be_are_refused),
        cmocka_unit_test(sums_of_values_in_different_orders_are_refused),
    };
    return cmocka_run_group_tests(tests, open_vectors, close_vectors);
}
