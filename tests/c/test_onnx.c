/* ONNX models against PyTorch (see tests/reference/onnx_models.py), and what is refused. */
#include "vectors.h"

#include "onnx_maker.h"

static nt_net *load_onnx(const char *file) {
    struct nt_error error = {0};
    size_t size;
    nt_net *net = NULL;
    uint8_t *bytes = read_whole(file, &size);
    if (nt_net_parse_onnx(&net, bytes, size, file, nt_allocator_default(), &error) != NT_OK) {
        fail_msg("%s", error.text);
    }
    free(bytes);
    return net;
}

static void every_layer_equals_pytorch(void **state) {
    (void)state;
    for (int n = 0; n < VECTOR_NETS; n++) {
        const char *name = vector_net[n];
        char file[64];
        double worst = 0;
        struct batch b;
        (void)snprintf(file, sizeof file, "%s.onnx", name);
        nt_net *described = load_vector_net(name);
        batch_open(&b, load_onnx(file), 2);
        assert_int_equal(nt_net_layers(b.net), nt_net_layers(described));
        batch_fill(&b, name);
        batch_forward(&b);
        for (uint32_t l = 0; l < nt_net_layers(b.net); l++) {
            char key[32];
            (void)snprintf(key, sizeof key, "activation.%u", l);
            double gap = deviation(&b, vector(name, key), l, b.activation[l]);
            if (!(gap < 1e-5)) {
                fail_msg("%s: layer %u, %s, deviates by %.1e", file, l, nt_net_layer(b.net, l)->name, gap);
            }
            assert_string_equal(nt_net_layer(b.net, l)->name, nt_net_layer(described, l)->name);
            worst = gap > worst ? gap : worst;
        }
        print_message("%s: %u layers deviate by at most %.1e\n", file, nt_net_layers(b.net), worst);
        nt_net_free(described);
        batch_close(&b);
    }
}

static void what_pytorch_exports_gives_what_pytorch_gives(void **state) {
    (void)state;
    static const struct {
        const char *name, *layers;
    } nets[] = {
        {"residual", "conv2d relu conv2d conv2d add relu globalavgpool2d flatten linear"},
        {"preserved",
         "conv2d batchnorm2d relu conv2d batchnorm2d conv2d batchnorm2d add relu globalavgpool2d flatten linear"},
        {"curved", "conv2d gelu conv2d gelu conv2d silu globalavgpool2d flatten linear logsoftmax"},
        {"viewed", "conv2d leakyrelu maxpool2d avgpool2d flatten linear linear softmax"},
        {"fixed", "conv2d leakyrelu maxpool2d avgpool2d flatten linear linear softmax"},
        {"vector", "flatten linear relu linear"},
    };
    nt_safetensors *kept = vectors;
    size_t size;
    uint8_t *bytes = read_whole("exported.safetensors", &size);
    assert_int_equal(nt_safetensors_parse(&vectors, bytes, size, "exported", nt_allocator_default(), NULL), NT_OK);
    for (size_t n = 0; n < sizeof nets / sizeof *nets; n++) {
        char file[64], kinds[256] = "";
        struct batch b;
        (void)snprintf(file, sizeof file, "exported_%s.onnx", nets[n].name);
        batch_open(&b, load_onnx(file), 2);
        for (uint32_t l = 1; l < nt_net_layers(b.net); l++) {
            strcat(strcat(kinds, l > 1 ? " " : ""), nt_layer_kind_name(nt_net_layer(b.net, l)->kind));
        }
        assert_string_equal(kinds, nets[n].layers);
        const struct nt_tensor *image = vector(nets[n].name, "input");
        float *chw = floats((size_t)image->items);
        nt_net_input(chw, image->data, (size_t)image->items);
        nt_net_to_hwc(b.input, chw, nt_net_layer(b.net, 0)->shape, 2);
        batch_forward(&b);
        double gap = deviation(&b, vector(nets[n].name, "output"), nt_net_layers(b.net) - 1,
                               b.activation[nt_net_layers(b.net) - 1]);
        print_message("%s deviates by %.1e\n", file, gap);
        assert_true(gap < 1e-5);
        release(chw);
        batch_close(&b);
    }
    nt_safetensors_free(vectors);
    free(bytes);
    vectors = kept;
}

/* ---- The same in other words. ---- */

static struct maker graph, model, list;

static void put_scalar(const char *name, float value) {
    static struct maker t;
    make_tensor(&t, name, FLOAT, (const uint64_t[]){0}, &value, sizeof value);
    put_message(&graph, 5, &t);
}

/* A graph with an input image of 2 x 3 x 4, some numbers, and weights. */
static void start(void) {
    graph.size = list.size = 0;
    put_value(&graph, 11, "x", FLOAT, (uint64_t[]){0, 2, 3, 4}, 4);
    put_scalar("half", 0.5f);
    put_scalar("one", 1);
    put_scalar("three", 3);
    put_scalar("root", 1.41421356f);
    put_scalar("inverse", 0.70710678f);
    put_scalar("kappa", 0.044715f);
    put_scalar("beta", 0.79788456f);
    put_floats(&graph, "matrix", SHAPE(24, 3));
    put_floats(&graph, "turned", SHAPE(3, 24));
    put_floats(&graph, "bias", SHAPE(1, 3));
    put_floats(&graph, "w", SHAPE(3, 2, 2, 2));
}

/* The network of the graph, whose layers' kinds are these. */
static nt_net *end(const char *kinds) {
    struct nt_error error = {0};
    nt_net *net = NULL;
    char found[256] = "";
    put_value(&graph, 12, "y", FLOAT, NULL, 0);
    make_model(&model, &graph, 15);
    if (nt_net_parse_onnx(&net, model.bytes, model.size, "m.onnx", nt_allocator_default(), &error) != NT_OK) {
        fail_msg("%s", error.text);
    }
    for (uint32_t l = 1; l < nt_net_layers(net); l++) {
        strcat(strcat(found, l > 1 ? " " : ""), nt_layer_kind_name(nt_net_layer(net, l)->kind));
    }
    assert_string_equal(found, kinds);
    return net;
}

static void node(const char *type, const char *inputs, const char *output) {
    put_node(&graph, type, inputs, output, NULL);
}

static void activation_functions_are_known_however_they_are_spelt(void **state) {
    (void)state;
    start(); /* x / 2 times 1 + erf of x times the inverse root */
    node("Mul", "inverse x", "a");
    node("Erf", "a", "b");
    node("Add", "one b", "c");
    node("Mul", "half x", "d");
    node("Mul", "c d", "y");
    nt_net *net = end("gelu");
    assert_false(nt_net_layer(net, 1)->tanh);
    nt_net_free(net);
    start(); /* with a power, and the half at the end */
    node("Pow", "x three", "a");
    node("Mul", "a kappa", "b");
    node("Add", "b x", "c");
    node("Mul", "c beta", "d");
    node("Tanh", "d", "e");
    node("Add", "e one", "f");
    node("Mul", "f x", "g");
    node("Mul", "g half", "y");
    net = end("gelu");
    assert_true(nt_net_layer(net, 1)->tanh);
    nt_net_free(net);
    start();
    node("Relu", "x", "r");
    node("Sigmoid", "r", "s");
    node("Mul", "s r", "t");
    node("Sigmoid", "r", "nobody takes it");
    node("Identity", "t", "y");
    net = end("relu silu identity");
    nt_net_free(net);
}

/* The last layer of the graph's network for some input. */
static void answer(float *out, const char *kinds) {
    struct batch b;
    batch_open(&b, end(kinds), 1);
    for (int i = 0; i < 24; i++) {
        b.input[i] = (float)(i * 5 % 7) / 4 - 0.5f;
    }
    batch_forward(&b);
    uint32_t last = nt_net_layers(b.net) - 1;
    memcpy(out, b.activation[last], nt_net_layer(b.net, last)->size * sizeof *out);
    batch_close(&b);
}

static void products_are_the_same_in_every_form(void **state) {
    (void)state;
    float gemm[3], product[3], scaled[3], turned[3], viewed[3];
    start();
    node("Flatten", "x", "f");
    node("Gemm", "f matrix bias", "y");
    answer(gemm, "flatten linear");
    start();
    node("Identity", "matrix", "m"); /* weights by another name */
    node("Flatten", "x", "f");
    node("MatMul", "f m", "p");
    node("Add", "p bias", "y");
    answer(product, "flatten linear");
    assert_memory_equal(product, gemm, sizeof gemm);
    start();
    attribute_number(&list, "alpha", 2);
    attribute_number(&list, "beta", -1);
    node("Flatten", "x", "f");
    put_node(&graph, "Gemm", "f matrix bias", "y", &list);
    answer(scaled, "flatten linear");
    start();
    node("Flatten", "x", "f");
    node("MatMul", "f matrix", "y");
    answer(product, "flatten linear");
    for (int i = 0; i < 3; i++) {
        float bias = gemm[i] - product[i];
        assert_true(fabsf(scaled[i] - (2 * product[i] - bias)) < 1e-5f);
    }
    start(); /* [3, 24] is not the transpose, so that the answer is another one */
    attribute_integer(&list, "transB", 1);
    node("Flatten", "x", "f");
    put_node(&graph, "Gemm", "f turned one", "y", &list);
    answer(turned, "flatten linear");
    start();
    static struct maker constant;
    constant.size = 0;
    attribute_integers(&constant, "value_ints", (const int64_t[]){-1, 24}, 2);
    put_node(&graph, "Constant", "", "sizes", &constant);
    attribute_integer(&list, "transB", 1);
    node("Reshape", "x sizes", "f");
    put_node(&graph, "Gemm", "f turned one", "y", &list);
    answer(viewed, "flatten linear");
    assert_memory_equal(viewed, turned, sizeof turned);
    assert_true(fabsf(turned[0] - gemm[0]) > 0.1f);
}

static void padding_before_a_convolution_is_its_own(void **state) {
    (void)state;
    float own[48], before[48];
    const int64_t pads[4] = {1, 0, 0, 1}, around[8] = {0, 0, 1, 0, 0, 0, 0, 1};
    start();
    attribute_integers(&list, "pads", pads, 4);
    put_node(&graph, "Conv", "x w", "y", &list);
    answer(own, "conv2d");
    start();
    attribute_integers(&list, "pads", around, 8);
    put_node(&graph, "Pad", "x", "p", &list);
    node("Conv", "p w", "y");
    answer(before, "conv2d");
    assert_memory_equal(own, before, 36 * sizeof *own);
}

/* Values one by one, and the shape in one list. */
static void tensors_may_be_packed_or_not(void **state) {
    (void)state;
    static struct maker t, sides, packed;
    float usual[18], spelt[18];
    start();
    node("Conv", "x w", "y");
    answer(usual, "conv2d");
    graph.size = t.size = sides.size = packed.size = 0;
    put_value(&graph, 11, "x", FLOAT, (uint64_t[]){0, 2, 3, 4}, 4);
    for (int i = 0; i < 4; i++) {
        put_varint(&sides, i == 0 ? 3 : 2);
    }
    put_bytes(&t, 1, sides.bytes, sides.size);
    put_number(&t, 2, FLOAT);
    put_text(&t, 8, "w");
    for (size_t i = 0; i < 24; i++) {
        const float value = (float)(i * 7 % 11) / 8;
        if (i < 5) { /* some alone, the rest together: both may stand in one file */
            put_varint(&t, 4 << 3 | 5);
            put_raw(&t, &value, sizeof value);
        } else {
            put_raw(&packed, &value, sizeof value);
        }
    }
    put_bytes(&t, 4, packed.bytes, packed.size);
    put_message(&graph, 5, &t);
    node("Conv", "x w", "y");
    answer(spelt, "conv2d");
    assert_memory_equal(usual, spelt, sizeof usual);
}

static void sums_may_take_any_earlier_layer(void **state) {
    (void)state;
    start();
    node("Relu", "x", "a");
    node("Relu", "a", "b");
    node("Add", "x b", "c");
    node("Add", "a c", "d");
    node("Add", "d d", "y");
    nt_net *net = end("relu relu add add add");
    assert_int_equal(nt_net_from(net, 3, 0), 0);
    assert_int_equal(nt_net_from(net, 3, 1), 2);
    assert_int_equal(nt_net_from(net, 4, 0), 1);
    assert_string_equal(nt_net_layer(net, 4)->name, "Add(layer 1)");
    nt_net_free(net);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_layer_equals_pytorch),
        cmocka_unit_test(what_pytorch_exports_gives_what_pytorch_gives),
        cmocka_unit_test(activation_functions_are_known_however_they_are_spelt),
        cmocka_unit_test(products_are_the_same_in_every_form),
        cmocka_unit_test(padding_before_a_convolution_is_its_own),
        cmocka_unit_test(tensors_may_be_packed_or_not),
        cmocka_unit_test(sums_may_take_any_earlier_layer),
    };
    return cmocka_run_group_tests(tests, open_vectors, close_vectors);
}
