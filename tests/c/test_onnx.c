/* ONNX models against PyTorch (see tests/reference/onnx_models.py), and what is refused. */
#include "vectors.h"

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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_layer_equals_pytorch),
        cmocka_unit_test(what_pytorch_exports_gives_what_pytorch_gives),
    };
    return cmocka_run_group_tests(tests, open_vectors, close_vectors);
}
