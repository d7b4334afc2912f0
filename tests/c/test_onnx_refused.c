/* ONNX models that are damaged, hostile or beyond what is read: each is refused in words. */
#include "vectors.h"

#include "onnx_maker.h"

static struct maker graph, model, list;

/* A graph with an input image of 4 x 6 x 6 and tensors for any node. */
static void start(void) {
    graph.size = list.size = 0;
    put_value(&graph, 11, "x", FLOAT, (uint64_t[]){0, 4, 6, 6}, 4);
    put_floats(&graph, "w", SHAPE(2, 4, 3, 3));
    put_floats(&graph, "b", SHAPE(2));
    put_floats(&graph, "four", SHAPE(4));
    put_floats(&graph, "matrix", SHAPE(144, 3));
    put_floats(&graph, "three", SHAPE(3));
    put_integers(&graph, "flat", (int64_t[]){0, -1}, 2);
    put_integers(&graph, "row", (int64_t[]){1, 100}, 2);
}

static void expect(enum nt_status status, const char *words) {
    struct nt_error error = {0};
    nt_net *net = NULL;
    enum nt_status found = nt_net_parse_onnx(&net, model.bytes, model.size, "m.onnx", nt_allocator_default(), &error);
    nt_net_free(net);
    if (found != status ||
        (status != NT_OK && (strstr(error.text, words) == NULL || strstr(error.text, "m.onnx") == NULL))) {
        fail_msg("%s, '%s': expected %s, '%s'", nt_status_name(found), error.text, nt_status_name(status), words);
    }
}

/* Ends the graph with an output `y` that is not described. */
static void finish(uint64_t opset) {
    put_value(&graph, 12, "y", FLOAT, NULL, 0);
    make_model(&model, &graph, opset);
}

static void refuses_graph(enum nt_status status, const char *words) {
    finish(13);
    expect(status, words);
    list.size = 0;
}

/* One node with the attributes in `list`, of x or its flattened values, f. */
static void node_alone(const char *type, const char *inputs, uint64_t opset, enum nt_status status, const char *words) {
    struct maker *attributes = malloc(sizeof *attributes);
    memcpy(attributes, &list, sizeof list);
    start();
    put_node(&graph, "Flatten", "x", "f", NULL);
    put_node(&graph, type, inputs, "y", attributes);
    free(attributes);
    finish(opset);
    expect(status, words);
    list.size = 0;
}

static void refuses(const char *type, const char *inputs, const char *words) {
    char named[64];
    node_alone(type, inputs, 13, NT_E_FORMAT, words);
    (void)snprintf(named, sizeof named, "node 'the node' (%s)", type);
    struct nt_error error = {0};
    nt_net *net = NULL;
    (void)nt_net_parse_onnx(&net, model.bytes, model.size, "m.onnx", nt_allocator_default(), &error);
    assert_non_null(strstr(error.text, named));
    assert_non_null(strstr(error.text, ": byte "));
}

static void misfits(const char *type, const char *inputs, const char *words) {
    node_alone(type, inputs, 13, NT_E_SHAPE, words);
}

static void accepts(const char *type, const char *inputs) { node_alone(type, inputs, 13, NT_OK, ""); }

#define INTEGERS(name, ...)                                                                                            \
    attribute_integers(&list, name, (const int64_t[]){__VA_ARGS__}, sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t))

static void the_same_models_without_what_is_wrong_are_read(void **state) {
    (void)state;
    accepts("Relu", "x");
    accepts("Conv", "x w b");
    accepts("Conv", "x w -");
    accepts("BatchNormalization", "x four four four four");
    accepts("Gemm", "f matrix three");
    accepts("MatMul", "f matrix");
    accepts("Add", "x x");
    accepts("Dropout", "x");
    INTEGERS("kernel_shape", 2, 3);
    accepts("MaxPool", "x");
    start();
    put_node(&graph, "Reshape", "x flat", "f", NULL);
    put_node(&graph, "Gemm", "f matrix three", "y", NULL);
    refuses_graph(NT_OK, "");
}

static void operators_that_are_not_read_are_named_with_their_node(void **state) {
    (void)state;
    refuses("LSTM", "x", "this operator is not read. Read are: Conv BatchNormalization");
    refuses("Clip", "x", "this operator is not read");
    refuses("", "x", "this operator is not read");
    refuses("Relu", "x x", "2 inputs and 1 outputs; expected 1 to 1");
    refuses("Conv", "x", "1 inputs");
    refuses("Relu", "nobody", "its input 'nobody' is given by no node before it");
    refuses("Relu", "y", "its input 'y' is given by no node");
    refuses("Relu", "w", "its input 'w' is constant");
    refuses("Conv", "x f", "its weight 'f' is computed");
    attribute_integer(&list, "axis", 1);
    refuses("Relu", "x", "attribute 'axis' is not read");
    start();
    put_node(&graph, "Relu", "x", "x", NULL);
    put_node(&graph, "Relu", "x", "y", NULL);
    refuses_graph(NT_E_FORMAT, "gives 'x', which is there already");
    start();
    put_node(&graph, "MaxPool", "x", "m places", (INTEGERS("kernel_shape", 2, 2), &list));
    put_node(&graph, "Add", "m places", "y", NULL);
    refuses_graph(NT_E_FORMAT, "its output number 2 is used");
}

static void other_domains_are_refused(void **state) {
    (void)state;
    struct maker *node = calloc(1, sizeof *node);
    start();
    put_text(node, 1, "x");
    put_text(node, 2, "y");
    put_text(node, 4, "Relu");
    put_text(node, 7, "com.example");
    put_message(&graph, 1, node);
    refuses_graph(NT_E_FORMAT, "this operator is not read");
    free(node);
}

static void convolutions_that_do_not_fit_are_refused(void **state) {
    (void)state;
    misfits("Conv", "x four", "its weight 'four' has 1 dimensions; expected 4");
    misfits("Conv", "x w three", "its bias 'three' has 1 dimensions, 3 x 1 x 1 x 1; expected 1, 2 x 1");
    misfits("Conv", "f w", "expected 4, 2 x 144 x 3 x 3");
    attribute_integer(&list, "group", 2);
    misfits("Conv", "x w", "its weight 'w' has 4 dimensions, 2 x 4 x 3 x 3; expected 4, 2 x 2 x 3 x 3");
    attribute_integer(&list, "group", 0);
    misfits("Conv", "x w", "0 groups of 4 channels");
    attribute_integer(&list, "group", -4294967295);
    misfits("Conv", "x w", "-4294967295 groups");
    INTEGERS("kernel_shape", 3, 2);
    misfits("Conv", "x w", "expected 4, 2 x 4 x 3 x 2");
    INTEGERS("kernel_shape", 3, 0);
    misfits("Conv", "x w", "a kernel of 3 x 0");
    INTEGERS("strides", 1);
    misfits("Conv", "x w", "strides has 1 numbers; expected 2");
    INTEGERS("strides", 1, -1);
    misfits("Conv", "x w", "strides: -1; expected 0 to 4096");
    INTEGERS("dilations", 1, 5000);
    misfits("Conv", "x w", "dilations: 5000");
    INTEGERS("dilations", 9, 1);
    misfits("Conv", "x w", "a window of 19 x 3 over 6 x 6");
    INTEGERS("pads", 1, 1);
    misfits("Conv", "x w", "pads has 2 numbers; expected 4");
    INTEGERS("pads", 1, 1, 1, 1, 1, 1, 1, 1, 1);
    refuses("Conv", "x w", "attribute 'pads': more than 8 numbers");
    attribute_text(&list, "auto_pad", "SOMEHOW");
    refuses("Conv", "x w", "auto_pad is 'SOMEHOW'");
}

static void pooling_that_does_not_fit_is_refused(void **state) {
    (void)state;
    misfits("MaxPool", "x", "a kernel of 0 x 0");
    INTEGERS("kernel_shape", 7, 7);
    misfits("MaxPool", "x", "a window of 7 x 7 over 6 x 6");
    INTEGERS("kernel_shape", 2, 2);
    INTEGERS("pads", 2, 0, 0, 0);
    misfits("AveragePool", "x", "with padding 2 and 0");
    misfits("GlobalAveragePool", "f", "of flattened values");
    INTEGERS("axes", 1, 2);
    refuses("ReduceMean", "x", "only a mean over height and width");
    refuses("ReduceMean", "x", "only a mean over height and width");
}

static void padding_that_is_not_zeros_around_an_image_is_refused(void **state) {
    (void)state;
    INTEGERS("pads", 0, 1, 0, 0, 0, 0, 0, 0);
    refuses("Pad", "x", "only padding of height and width with constant zeros");
    INTEGERS("pads", 0, 0, -1, 0, 0, 0, 0, 0);
    refuses("Pad", "x", "only padding");
    INTEGERS("pads", 0, 0, 1, 1);
    refuses("Pad", "x", "only padding");
    INTEGERS("pads", 0, 0, 1, 1, 0, 0, 1, 1);
    attribute_text(&list, "mode", "reflect");
    refuses("Pad", "x", "only padding");
    INTEGERS("pads", 0, 0, 1, 1, 0, 0, 1, 1);
    attribute_number(&list, "value", 1);
    refuses("Pad", "x", "only padding");
    start();
    put_node(&graph, "Pad", "x", "p", (INTEGERS("pads", 0, 0, 1, 1, 0, 0, 1, 1), &list));
    put_node(&graph, "Relu", "p", "y", NULL);
    refuses_graph(NT_E_FORMAT, "its input 'p' is padded, which only Conv");
}

static void vectors_that_do_not_fit_are_refused(void **state) {
    (void)state;
    misfits("Gemm", "x matrix", "expected a vector: flatten it first");
    misfits("MatMul", "x matrix", "expected a vector");
    misfits("Gemm", "f four", "its weight 'four' has 1 dimensions");
    misfits("Gemm", "f matrix four", "its bias 'four' has 4 values; expected 3");
    attribute_integer(&list, "transB", 1);
    misfits("Gemm", "f matrix", "its weight 'matrix' has 2 dimensions, 144 x 3 x 1 x 1; expected 2, 144 x 144");
    attribute_integer(&list, "transA", 1);
    refuses("Gemm", "f matrix", "transA 1");
    attribute_number(&list, "alpha", 0);
    refuses("Gemm", "f matrix", "alpha 0");
    attribute_number(&list, "alpha", NAN);
    node_alone("Gemm", "f matrix", 13, NT_E_VALUE, "alpha is nan");
    attribute_integer(&list, "axis", 2);
    misfits("Flatten", "x", "axis 2; expected 1");
    misfits("Reshape", "x row", "into 2 dimensions, 1 x 100; only flattening to batch x 144");
    refuses("Reshape", "x w", "its input 'w' is not a few sizes that are known");
    list.size = 0;
    node_alone("Reshape", "x b", 13, NT_E_FORMAT, "tensor 'b' is float32; expected int32 or int64");
    misfits("Add", "x f", "layer 0 has 4 x 6 x 6 values, layer 1 144");
    attribute_integer(&list, "axis", 2);
    misfits("Softmax", "x", "over axis 2");
    attribute_integer(&list, "axis", 1);
    node_alone("Softmax", "x", 11, NT_E_SHAPE, "over axis 1 of 4 x 6 x 6");
}

static void normalisations_that_do_not_fit_are_refused(void **state) {
    (void)state;
    misfits("BatchNormalization", "x four four b four", "its mean 'b' has 1 dimensions, 2");
    attribute_integer(&list, "training_mode", 1);
    refuses("BatchNormalization", "x four four four four", "in training mode; export the network in evaluation mode");
    attribute_number(&list, "epsilon", 0);
    node_alone("BatchNormalization", "x four four four four", 13, NT_E_VALUE, "'four': value 0 is 0, with epsilon 0");
    attribute_number(&list, "alpha", INFINITY);
    node_alone("LeakyRelu", "x", 13, NT_E_VALUE, "alpha is inf");
    attribute_text(&list, "approximate", "most");
    refuses("Gelu", "x", "approximate is 'most'");
    refuses("Dropout", "x four x", "in training mode");
}

static void parts_that_make_no_known_function_are_refused(void **state) {
    (void)state;
    refuses("Tanh", "x", "is read only where it is part of GELU or SiLU");
    refuses("Erf", "x", "is read only where");
    refuses("Mul", "x f", "is read only where");
    refuses("Mul", "x four", "is read only where");
    refuses("Add", "x four", "or adds two layers up");
    refuses("Div", "x x", "is read only where");
    refuses("Pow", "x x", "is read only where");
    start();
    put_node(&graph, "Sigmoid", "x", "s", NULL);
    put_node(&graph, "Relu", "s", "y", NULL);
    refuses_graph(NT_E_FORMAT, "its input 's' is not a layer's values but a part of an activation function");
    start();
    put_node(&graph, "Sigmoid", "x", "y", NULL);
    refuses_graph(NT_E_FORMAT, "output 'y' is given by no layer");
    start();
    put_node(&graph, "Sigmoid", "x", "s", NULL);
    put_node(&graph, "Sigmoid", "s", "y", NULL);
    refuses_graph(NT_E_FORMAT, "(Sigmoid): is read only where");
    start();
    put_node(&graph, "Relu", "x", "r", NULL);
    put_node(&graph, "Sigmoid", "r", "s", NULL);
    put_node(&graph, "Mul", "x s", "y", NULL);
    refuses_graph(NT_E_FORMAT, "(Mul): is read only where");
}

static void sizes_that_cannot_be_worked_out_are_refused(void **state) {
    (void)state;
    refuses("Shape", "w", "its input 'w' is constant");
    refuses("Gather", "x flat", "its input 'x' is not a few sizes");
    misfits("Gather", "flat row", "place 100 of 2 sizes");
    refuses("Cast", "x", "not a few sizes");
    refuses("Concat", "flat x", "not a few sizes");
    misfits("Concat", "flat flat flat flat flat", "more than 8 sizes");
    refuses("Constant", "", "a constant of a kind that is not read");
    attribute_number(&list, "value_float", 1);
    refuses("Constant", "", "attribute 'value_float' is not read");
}

/* ---- Tensors. ---- */

/* A convolution whose weight is this message. */
static void refuses_tensor(const struct maker *tensor, enum nt_status status, const char *words) {
    start();
    put_message(&graph, 5, tensor);
    put_node(&graph, "Conv", "x v", "y", NULL);
    refuses_graph(status, words);
}

static void tensors_that_cannot_be_are_refused(void **state) {
    (void)state;
    static struct maker t;
    static float value[72] = {0};
    const uint64_t *shape = SHAPE(2, 4, 3, 3);
    make_tensor(&t, "v", FLOAT, shape, value, sizeof value);
    refuses_tensor(&t, NT_OK, "");
    make_tensor(&t, "v", FLOAT, shape, value, sizeof value - 4);
    refuses_tensor(&t, NT_E_SHAPE, "tensor 'v': its shape takes 72 values, its data are not as many");
    make_tensor(&t, "v", FLOAT, shape, value, 16);
    refuses_tensor(&t, NT_E_SHAPE, "its shape takes 72 values, its data are fewer");
    make_tensor(&t, "v", FLOAT, shape, value, sizeof value - 1);
    refuses_tensor(&t, NT_E_SHAPE, "not as many");
    make_tensor(&t, "v", FLOAT, shape, value, sizeof value);
    put_bytes(&t, 9, value, sizeof value);
    refuses_tensor(&t, NT_E_SHAPE, "not as many");
    make_tensor(&t, "v", 9, shape, value, sizeof value);
    refuses_tensor(&t, NT_E_FORMAT, "tensor 'v' is bool; expected float32, float16 or float64");
    make_tensor(&t, "v", 16, shape, value, sizeof value);
    refuses_tensor(&t, NT_E_FORMAT, "tensor 'v' is bfloat16");
    make_tensor(&t, "v", 900, shape, value, sizeof value);
    refuses_tensor(&t, NT_E_FORMAT, "of an unknown type");
    value[5] = INFINITY;
    make_tensor(&t, "v", FLOAT, shape, value, sizeof value);
    refuses_tensor(&t, NT_E_VALUE, "tensor 'v': value 5 is inf; expected finite");
    value[5] = 0;
    make_tensor(&t, "v", FLOAT, SHAPE(1u << 31, 1u << 31, 3), value, 4);
    refuses_tensor(&t, NT_E_SHAPE, "a tensor whose size overflows");
    make_tensor(&t, "v", FLOAT, SHAPE(UINT64_MAX), value, 4);
    refuses_tensor(&t, NT_E_SHAPE, "a tensor whose size overflows");
    make_tensor(&t, "v", FLOAT, SHAPE(1, 1, 1, 1, 1, 1, 1, 1, 1), value, 4);
    refuses_tensor(&t, NT_E_SHAPE, "a tensor of more than 8 dimensions");
    make_tensor(&t, "v", FLOAT, shape, value, sizeof value);
    put_number(&t, 14, 1);
    refuses_tensor(&t, NT_E_FORMAT, "tensor 'v' has its data in another file, which is not read");
    make_tensor(&t, "v", FLOAT, shape, value, sizeof value);
    put_text(&t, 13, "location");
    refuses_tensor(&t, NT_E_FORMAT, "has its data in another file");
    make_tensor(&t, "v", FLOAT, shape, value, sizeof value);
    put_text(&t, 3, "");
    refuses_tensor(&t, NT_E_FORMAT, "a tensor in segments");
    make_tensor(&t, "v", FLOAT, shape, value, sizeof value);
    put_number(&t, 9, 3);
    refuses_tensor(&t, NT_E_FORMAT, "a tensor's data: expected another type of field");
    make_tensor(&t, "v", FLOAT, shape, value, sizeof value);
    put_number(&t, 8, 3);
    refuses_tensor(&t, NT_E_FORMAT, "a tensor's name: expected another type of field");
}

static void a_constant_is_checked_as_a_tensor_is(void **state) {
    (void)state;
    static struct maker t, attributes;
    attributes.size = 0;
    make_tensor(&t, "c", FLOAT, SHAPE(1u << 31, 1u << 31), "", 0);
    attribute_tensor(&attributes, "value", &t);
    start();
    put_node(&graph, "Constant", "", "c", &attributes);
    put_node(&graph, "Mul", "x c", "y", NULL);
    refuses_graph(NT_E_SHAPE, "a tensor whose size overflows");
}

/* ---- Graphs and files. ---- */

static void graphs_that_are_no_network_are_refused(void **state) {
    (void)state;
    start();
    put_value(&graph, 11, "z", FLOAT, (uint64_t[]){0, 4, 6, 6}, 4);
    put_node(&graph, "Add", "x z", "y", NULL);
    refuses_graph(NT_E_FORMAT, "a graph with 2 inputs and 1 outputs");
    start();
    put_node(&graph, "Relu", "x", "y", NULL);
    put_value(&graph, 12, "x", FLOAT, NULL, 0);
    refuses_graph(NT_E_FORMAT, "a graph with 1 inputs and 2 outputs");
    start();
    refuses_graph(NT_E_FORMAT, "output 'y' is given by no layer");
    start();
    put_value(&graph, 12, "x", FLOAT, NULL, 0);
    make_model(&model, &graph, 13);
    expect(NT_E_FORMAT, "output 'x' is given by no layer");
    start();
    put_value(&graph, 12, "w", FLOAT, NULL, 0);
    make_model(&model, &graph, 13);
    expect(NT_E_FORMAT, "a graph with 1 inputs and 0 outputs");
    start();
    put_node(&graph, "Relu", "x", "y", NULL);
    put_text(&graph, 15, "");
    refuses_graph(NT_E_FORMAT, "sparse tensors");
    start();
    put_node(&graph, "Relu", "r", "y", NULL);
    put_node(&graph, "Relu", "x", "r", NULL);
    refuses_graph(NT_E_FORMAT, "its input 'r' is given by no node before it");
}

static void shapes_of_inputs_and_outputs_are_checked(void **state) {
    (void)state;
    static const struct {
        int type;
        uint64_t side[9];
        size_t dimensions;
        enum nt_status status;
        const char *words;
    } inputs[] = {
        {FLOAT, {0}, 0, NT_E_SHAPE, "input 'x' has another number of dimensions"},
        {FLOAT, {0, 4, 6}, 3, NT_E_SHAPE, "input 'x' has another number of dimensions"},
        {FLOAT, {0, 4, 0, 6}, 4, NT_E_SHAPE, "input 'x' has a free size"},
        {FLOAT, {0, 4, 6, 1u << 25}, 4, NT_E_SHAPE, "input 'x' has a size out of range"},
        {FLOAT, {0, 1u << 24, 1u << 24, 1u << 24}, 4, NT_E_SHAPE, "values; expected 1 to"},
        {FLOAT, {0, 50}, 2, NT_E_SHAPE, "is a vector that is no square image"},
        {INT64, {0, 4, 6, 6}, 4, NT_E_FORMAT, "input 'x' holds other elements"},
        {FLOAT, {1, 1, 1, 1, 1, 1, 1, 1, 1}, 9, NT_E_SHAPE, "'x' has more than 8 dimensions"},
        {FLOAT, {3, 4, 6, 6}, 4, NT_OK, ""},
        {FLOAT, {0, 49}, 2, NT_E_SHAPE, "output 'y' is a flattened image"}, /* in which order? */
    };
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
        graph.size = 0;
        put_value(&graph, 11, "x", inputs[i].type, inputs[i].side, inputs[i].dimensions);
        put_node(&graph, "Relu", "x", "y", NULL);
        refuses_graph(inputs[i].status, inputs[i].words);
    }
    start();
    put_node(&graph, "Relu", "x", "y", NULL);
    put_value(&graph, 12, "y", FLOAT, (uint64_t[]){0, 4, 6, 5}, 4);
    make_model(&model, &graph, 13);
    expect(NT_E_SHAPE, "output 'y' is not 4 x 6 x 6, which layer 1 gives");
    start();
    put_node(&graph, "Flatten", "x", "y", NULL);
    refuses_graph(NT_E_SHAPE, "output 'y' is a flattened image");
}

static void too_much_is_refused(void **state) {
    (void)state;
    char from[16], to[16];
    start();
    for (int i = 0; i < 200; i++) {
        (void)snprintf(from, sizeof from, i == 0 ? "x" : "v%d", i);
        (void)snprintf(to, sizeof to, i == 199 ? "y" : "v%d", i + 1);
        put_node(&graph, "Relu", from, to, NULL);
    }
    refuses_graph(NT_E_FORMAT, "more than 127 layers");
    start();
    for (int i = 0; i < 1025; i++) {
        put_node(&graph, "Relu", "x", "y", NULL);
    }
    refuses_graph(NT_E_FORMAT, "1025 nodes and 7 tensors; at most 1024");
    start();
    put_node(&graph, "Concat", "x x x x x x x x x x x x x x x x x", "y", NULL);
    refuses_graph(NT_E_FORMAT, "a node of more than 16 inputs");
    start();
    list.size = 0;
    for (int i = 0; i < 33; i++) {
        attribute_integer(&list, "axis", 1);
    }
    put_node(&graph, "Relu", "x", "y", &list);
    refuses_graph(NT_E_FORMAT, "a node of more than 32 attributes");
}

static void versions_outside_9_to_21_are_refused(void **state) {
    (void)state;
    for (uint64_t opset = 7; opset <= 23; opset++) {
        list.size = 0;
        node_alone("Relu", "x", opset, opset < 9 || opset > 21 ? NT_E_VERSION : NT_OK, "versions 9 to 21 are read");
    }
    start();
    put_node(&graph, "Relu", "x", "y", NULL);
    put_value(&graph, 12, "y", FLOAT, NULL, 0);
    model.size = 0;
    put_message(&model, 7, &graph);
    expect(NT_E_VERSION, "operators of version 0");
}

static void files_of_other_kinds_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        const char *words;
    } files[] = {
        {"", 0, "it holds no graph"},
        {"PK\3\4whatever", 12, "a zip archive, as PyTorch's own files are"},
        {"\x93NUMPY\1\0", 8, "byte 0: not an ONNX model"},
        {"\x0b\x08", 2, "byte 0: not an ONNX model: a tag that protocol buffers do not have"},
        {"\x00\x08", 2, "a tag that protocol buffers do not have"},
        {"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 11, "a number of more than 64 bits"},
        {"\x08\xff", 2, "a number that is cut off"},
        {"\x3d\1\2", 3, "a number that is cut off"},
        {"\x3a\x7f\x00", 3, "a field that ends beyond what it is part of"},
        {"\x3a\xff\xff\xff\xff\xff\xff\xff\xff\xff\1", 11, "a field that ends beyond"},
        {"\x38\x01", 2, "the graph: expected another type of field"},
        {"\x42\x01\xff", 3, "byte 2: not an ONNX model: a number that is cut off"},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        model.size = 0;
        put_raw(&model, files[i].bytes, files[i].size);
        expect(NT_E_FORMAT, files[i].words);
    }
}

static void names_are_shown_without_what_cannot_be_shown(void **state) {
    (void)state;
    struct nt_error error = {0};
    nt_net *net = NULL;
    start();
    put_node(&graph, "\x1b[31mRed\n and a name that is much longer than anybody would like to read in an error", "x",
             "y", NULL);
    finish(13);
    assert_int_equal(nt_net_parse_onnx(&net, model.bytes, model.size, "m.onnx", nt_allocator_default(), &error),
                     NT_E_FORMAT);
    assert_non_null(strstr(error.text, "(?[31mRed? and a name that is much longer than"));
    assert_non_null(strstr(error.text, "...): this operator is not read"));
    assert_null(strstr(error.text, "an error"));
}

/* ---- All of a model. ---- */

static void every_beginning_and_every_changed_byte_of_a_model_is_survived(void **state) {
    (void)state;
    size_t size, read = 0, refused = 0;
    uint8_t *bytes = read_whole("exported_vector.onnx", &size);
    for (size_t end = 0; end < size; end++) {
        uint8_t *part = malloc(end > 0 ? end : 1); /* reading beyond it is seen */
        nt_net *net = NULL;
        memcpy(part, bytes, end);
        assert_int_not_equal(nt_net_parse_onnx(&net, part, end, "m.onnx", nt_allocator_default(), NULL), NT_OK);
        free(part);
    }
    for (size_t i = 0; i < 3 * size; i++) {
        static const uint8_t flips[3] = {0x01, 0x80, 0xff};
        nt_net *net = NULL;
        bytes[i / 3] ^= flips[i % 3];
        enum nt_status status = nt_net_parse_onnx(&net, bytes, size, "m.onnx", nt_allocator_default(), NULL);
        read += status == NT_OK;
        refused += status != NT_OK;
        nt_net_free(net);
        bytes[i / 3] ^= flips[i % 3];
    }
    print_message("of %zu changed models %zu are refused\n", read + refused, refused);
    assert_true(refused > size / 8 && read > 0);
    free(bytes);
}

static size_t budget;

static void *allocate_within_budget(void *context, size_t bytes) {
    (void)context;
    return budget-- > 0 ? nt_allocate(nt_allocator_default(), bytes, 1) : NULL;
}

static void give_back(void *context, void *pointer) {
    (void)context;
    nt_release(nt_allocator_default(), pointer);
}

static void lack_of_memory_is_told_at_every_allocation(void **state) {
    (void)state;
    const struct nt_allocator poor = {allocate_within_budget, give_back, NULL};
    size_t size, given = 0;
    uint8_t *bytes = read_whole("exported_curved.onnx", &size);
    enum nt_status status = NT_E_MEMORY;
    for (; status == NT_E_MEMORY; given++) {
        nt_net *net = NULL;
        struct nt_error error = {0};
        budget = given;
        status = nt_net_parse_onnx(&net, bytes, size, "m.onnx", &poor, &error);
        assert_true((status == NT_OK) == (net != NULL));
        assert_true(status == NT_OK || strstr(error.text, "memory") != NULL);
        budget = SIZE_MAX;
        nt_net_free(net);
    }
    assert_int_equal(status, NT_OK);
    assert_true(given > 10);
    free(bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_models_without_what_is_wrong_are_read),
        cmocka_unit_test(operators_that_are_not_read_are_named_with_their_node),
        cmocka_unit_test(other_domains_are_refused),
        cmocka_unit_test(convolutions_that_do_not_fit_are_refused),
        cmocka_unit_test(pooling_that_does_not_fit_is_refused),
        cmocka_unit_test(padding_that_is_not_zeros_around_an_image_is_refused),
        cmocka_unit_test(vectors_that_do_not_fit_are_refused),
        cmocka_unit_test(normalisations_that_do_not_fit_are_refused),
        cmocka_unit_test(parts_that_make_no_known_function_are_refused),
        cmocka_unit_test(sizes_that_cannot_be_worked_out_are_refused),
        cmocka_unit_test(tensors_that_cannot_be_are_refused),
        cmocka_unit_test(a_constant_is_checked_as_a_tensor_is),
        cmocka_unit_test(graphs_that_are_no_network_are_refused),
        cmocka_unit_test(shapes_of_inputs_and_outputs_are_checked),
        cmocka_unit_test(too_much_is_refused),
        cmocka_unit_test(versions_outside_9_to_21_are_refused),
        cmocka_unit_test(files_of_other_kinds_are_refused),
        cmocka_unit_test(names_are_shown_without_what_cannot_be_shown),
        cmocka_unit_test(every_beginning_and_every_changed_byte_of_a_model_is_survived),
        cmocka_unit_test(lack_of_memory_is_told_at_every_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
