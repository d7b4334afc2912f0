/* Explanations of networks with sums, normalisations and a softmax at the end: see tests/reference/networks.py. */
#include "vectors.h"

#include "ntrace/explain.h"

enum { STEPS = 6 };

/* The first sample of a reference network, [H, W, C]. */
static uint8_t *image_of(const char *name, struct nt_shape shape) {
    const uint8_t *chw = vector(name, "input")->data;
    size_t area = (size_t)shape.height * shape.width, size = area * shape.channels;
    uint8_t *image = malloc(size);
    for (size_t i = 0; i < size; i++) {
        image[i] = chw[i % shape.channels * area + i / shape.channels];
    }
    return image;
}

/* Runs an explanation to its end and compares what `values` picks of it with a vector. */
static void agrees(const char *name, const nt_net *net, enum nt_explain_method method, const char *what) {
    struct nt_shape shape = nt_net_layer(net, 0)->shape;
    uint8_t *image = image_of(name, shape);
    struct nt_explain_request request = {.method = method, .label = NT_EXPLAIN_TOP, .steps = STEPS, .image = image};
    request.layer = (nt_net_layers(net) - 1) / 2;
    nt_explain *explain = NULL;
    struct nt_error error = {0};
    if (nt_explain_create(&explain, net, NULL, &request, nt_allocator_default(), &error) != NT_OK) {
        fail_msg("%s: %s", name, error.text);
    }
    const struct nt_explanation *result = nt_explain_result(explain);
    while (result->done < result->units) {
        assert_int_equal(nt_explain_step(explain, 1, &error), NT_OK);
    }
    const struct nt_tensor *wanted = vector(name, what);
    bool map = method == NT_EXPLAIN_GRAD_CAM;
    struct nt_shape lies = map ? result->map_shape : result->shape;
    uint64_t size = (uint64_t)lies.channels * lies.height * lies.width, step = size / 41 > 1 ? size / 41 : 1;
    float *chw = floats((size_t)size);
    double worst = 0, largest = 0;
    assert_int_equal(wanted->items, (size + step - 1) / step);
    nt_net_to_chw(chw, map ? result->map : result->values, lies, 1);
    for (uint64_t i = 0; i < wanted->items; i++) {
        float value;
        memcpy(&value, (const char *)wanted->data + i * sizeof value, sizeof value);
        worst = fmax(worst, fabs((double)value - (double)chw[i * step]));
        largest = fmax(largest, fabs((double)value));
    }
    if (!(worst < 1e-5 * largest)) {
        fail_msg("%s: %s deviates by %.1e of %.1e", name, what, worst, largest);
    }
    release(chw);
    free(image);
    nt_explain_free(explain);
}

static void explanations_equal_pytorch(void **state) {
    (void)state;
    for (int n = 0; n < VECTOR_NETS; n++) {
        nt_net *net = load_vector_net(vector_net[n]);
        agrees(vector_net[n], net, NT_EXPLAIN_GRADIENT, "top");
        agrees(vector_net[n], net, NT_EXPLAIN_INTEGRATED_GRADIENTS, "integrated");
        agrees(vector_net[n], net, NT_EXPLAIN_GRAD_CAM, "map");
        agrees(vector_net[n], net, NT_EXPLAIN_LAYER, "squared");
        nt_net_free(net);
    }
}

static void probabilities_are_the_softmax_that_the_network_ends_with(void **state) {
    (void)state;
    struct batch b;
    batch_open(&b, load_vector_net("depthwise"), 2);
    batch_fill(&b, "depthwise");
    batch_forward(&b);
    uint8_t *image = image_of("depthwise", nt_net_layer(b.net, 0)->shape);
    struct nt_explain_request request = {.label = NT_EXPLAIN_TOP, .image = image};
    nt_explain *explain = NULL;
    assert_int_equal(nt_explain_create(&explain, b.net, NULL, &request, nt_allocator_default(), NULL), NT_OK);
    assert_int_equal(nt_explain_step(explain, 1, NULL), NT_OK);
    const struct nt_explanation *result = nt_explain_result(explain);
    uint32_t last = nt_net_layers(b.net) - 1;
    assert_int_equal(nt_net_logits(b.net), last - 1);
    for (uint32_t c = 0; c < nt_net_classes(b.net); c++) {
        assert_true(result->logits[c] == b.activation[last - 1][c]);
        assert_true(fabsf(result->probabilities[c] - b.activation[last][c]) < 1e-6f);
    }
    nt_explain_free(explain);
    free(image);
    batch_close(&b);
}

static void occlusion_goes_by_logits(void **state) {
    (void)state;
    nt_net *net = load_vector_net("resnet");
    struct nt_shape shape = nt_net_layer(net, 0)->shape;
    uint8_t *image = image_of("resnet", shape);
    struct nt_explain_request request = {.method = NT_EXPLAIN_OCCLUSION, .label = NT_EXPLAIN_TOP, .image = image};
    nt_explain *explain = NULL;
    assert_int_equal(nt_explain_create(&explain, net, NULL, &request, nt_allocator_default(), NULL), NT_OK);
    const struct nt_explanation *result = nt_explain_result(explain);
    while (result->done < result->units) {
        assert_int_equal(nt_explain_step(explain, 100, NULL), NT_OK);
    }
    /* The corner's value is that of the one window that covers it. */
    struct batch b;
    batch_open(&b, net, 1);
    for (size_t i = 0; i < (size_t)shape.height * shape.width * shape.channels; i++) {
        size_t y = i / shape.channels / shape.width, x = i / shape.channels % shape.width;
        b.input[i] = y < 3 && x < 3 ? 0 : (float)image[i] / 255.0f;
    }
    batch_forward(&b);
    float hidden = b.activation[nt_net_logits(net)][result->label];
    assert_true(fabsf(result->values[0] - (result->logit - hidden)) < 1e-6f);
    nt_explain_free(explain);
    free(image);
    batch_close(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(explanations_equal_pytorch),
        cmocka_unit_test(probabilities_are_the_softmax_that_the_network_ends_with),
        cmocka_unit_test(occlusion_goes_by_logits),
    };
    return cmocka_run_group_tests(tests, open_vectors, close_vectors);
}
