#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "ntrace/net.h"
#include "ntrace/random.h"
#include "ntrace/safetensors.h"

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

static void weights_survive_writing_and_reading(void **state) {
    (void)state;
    const char *classes[] = {"a", "bee", "smiley \"face\""};
    uint8_t *bytes = NULL;
    size_t size = 0;
    struct nt_error error = {0};
    nt_net *net = random_net(3), *read = NULL;
    assert_int_equal(nt_net_serialize(&bytes, &size, net, classes, nt_allocator_default(), &error), NT_OK);
    assert_int_equal(nt_net_parse(&read, bytes, size, "x", nt_allocator_default(), &error), NT_OK);
    assert_memory_equal(nt_net_values(net), nt_net_values(read), nt_net_parameters(net) * sizeof(float));
    assert_string_equal(nt_net_class(read, 2), classes[2]);
    assert_null(nt_net_class(read, 3));
    assert_null(nt_net_class(net, 0));
    nt_net_free(net);
    nt_net_free(read);
    nt_release(nt_allocator_default(), bytes);
}

/* Writes the network with one tensor changed, and expects the reader to refuse it with words. */
static void refuses(void (*spoil)(struct nt_tensor *tensor, uint32_t *tensors), enum nt_status status,
                    const char *words) {
    uint8_t *bytes = NULL, *spoiled = NULL;
    size_t size = 0, spoiled_size = 0;
    struct nt_error error = {0};
    nt_net *net = random_net(3), *read = NULL;
    nt_safetensors *file = NULL;
    struct nt_tensor tensor[16];
    const struct nt_allocator *allocator = nt_allocator_default();
    assert_int_equal(nt_net_serialize(&bytes, &size, net, NULL, allocator, NULL), NT_OK);
    assert_int_equal(nt_safetensors_parse(&file, bytes, size, "x", allocator, NULL), NT_OK);
    uint32_t tensors = nt_safetensors_count(file);
    for (uint32_t t = 0; t < tensors; t++) {
        tensor[t] = *nt_safetensors_tensor(file, t);
    }
    spoil(tensor, &tensors);
    const char *text[1][2] = {{"ntrace.network", nt_safetensors_text(file, "ntrace.network")}};
    assert_int_equal(nt_safetensors_write(&spoiled, &spoiled_size, tensor, tensors, (const char *const(*)[2])text, 1,
                                          allocator, NULL),
                     NT_OK);
    assert_int_equal(nt_net_parse(&read, spoiled, spoiled_size, "w.safetensors", allocator, &error), status);
    assert_null(read);
    if (strstr(error.text, words) == NULL || strstr(error.text, "w.safetensors") == NULL) {
        fail_msg("'%s' does not say '%s'", error.text, words);
    }
    nt_safetensors_free(file);
    nt_net_free(net);
    nt_release(allocator, bytes);
    nt_release(allocator, spoiled);
}

static void spoil_value(struct nt_tensor *tensor, uint32_t *tensors) {
    static float weights[144];
    (void)tensors;
    weights[5] = NAN;
    tensor[0].data = weights;
}
static void spoil_shape(struct nt_tensor *tensor, uint32_t *tensors) {
    (void)tensors;
    tensor[2].shape[0] = 16;
    tensor[2].shape[1] = 32;
}
static void spoil_type(struct nt_tensor *tensor, uint32_t *tensors) {
    (void)tensors;
    tensor[1].type = NT_NPY_INT32;
}
static void spoil_count(struct nt_tensor *tensor, uint32_t *tensors) {
    tensor[*tensors] = tensor[0];
    (void)snprintf(tensor[*tensors].name, sizeof tensor->name, "77.weight");
    (*tensors)++;
}
static void spoil_name(struct nt_tensor *tensor, uint32_t *tensors) {
    (void)tensors;
    (void)snprintf(tensor[3].name, sizeof tensor->name, "conv.bias");
}

static void weights_that_do_not_fit_are_refused_by_name(void **state) {
    (void)state;
    refuses(spoil_value, NT_E_VALUE, "'0.weight': value 5 is nan");
    refuses(spoil_shape, NT_E_SHAPE, "'3.weight' is 16 x 32 x 3 x 3; expected 32 x 16 x 3 x 3");
    refuses(spoil_type, NT_E_FORMAT, "'0.bias' is int32");
    refuses(spoil_count, NT_E_FORMAT, "11 tensors");
    refuses(spoil_name, NT_E_FORMAT, "no tensor '3.bias'");
}

/* Writes a safetensors file of the reference network with other metadata, and expects words about them. */
static void refuses_text(const char *key, const char *value, enum nt_status status, const char *words) {
    uint8_t *bytes = NULL, *spoiled = NULL;
    size_t size = 0, spoiled_size = 0;
    struct nt_error error = {0};
    nt_net *net = random_net(3), *read = NULL;
    nt_safetensors *file = NULL;
    struct nt_tensor tensor[16];
    const struct nt_allocator *allocator = nt_allocator_default();
    assert_int_equal(nt_net_serialize(&bytes, &size, net, NULL, allocator, NULL), NT_OK);
    assert_int_equal(nt_safetensors_parse(&file, bytes, size, "x", allocator, NULL), NT_OK);
    for (uint32_t t = 0; t < nt_safetensors_count(file); t++) {
        tensor[t] = *nt_safetensors_tensor(file, t);
    }
    const char *text[1][2] = {{key, value}};
    assert_int_equal(nt_safetensors_write(&spoiled, &spoiled_size, tensor, nt_safetensors_count(file),
                                          (const char *const(*)[2])text, 1, allocator, NULL),
                     NT_OK);
    assert_int_equal(nt_net_parse(&read, spoiled, spoiled_size, "w.safetensors", allocator, &error), status);
    if (strstr(error.text, words) == NULL) {
        fail_msg("'%s' does not say '%s'", error.text, words);
    }
    nt_safetensors_free(file);
    nt_net_free(net);
    nt_release(allocator, bytes);
    nt_release(allocator, spoiled);
}

static void descriptions_that_make_no_sense_are_refused(void **state) {
    (void)state;
    refuses_text("ntrace.network", "{", NT_E_FORMAT, "expected a JSON object");
    refuses_text("ntrace.network", "{\"input\":[1,28],\"layers\":[]}", NT_E_FORMAT, "[channels, height, width]");
    refuses_text("ntrace.network", "{\"input\":[1,28,-1],\"layers\":[{\"kind\":\"relu\"}]}", NT_E_FORMAT,
                 "[channels, height, width]");
    refuses_text("ntrace.network", "{\"input\":[1,28,28],\"layers\":5}", NT_E_FORMAT, "'layers': expected a list");
    refuses_text("ntrace.network", "{\"input\":[1,28,28],\"layers\":[5]}", NT_E_FORMAT, "an object for each layer");
    refuses_text("ntrace.network", "{\"input\":[1,28,28],\"layers\":[]}", NT_E_FORMAT, "0 layers");
    refuses_text("ntrace.network", "{\"input\":[1,9999999,9999999],\"layers\":[{\"kind\":\"relu\"}]}", NT_E_SHAPE,
                 "9999999 x 9999999");
    refuses_text("ntrace.network",
                 "{\"input\":[1,1,1],\"layers\":[{\"kind\":\"linear\",\"outputs\":16000000},{\"kind\":\"relu\"}]}",
                 NT_E_SHAPE, "more than");
    refuses_text("ntrace.network",
                 "{\"input\":[1,1,1],\"layers\":[{\"kind\":\"linear\",\"outputs\":8000000},{\"kind\":\"relu\"}]}",
                 NT_E_SHAPE, "expected 8000000 x 1");
    refuses_text("ntrace.classes", "[\"a\",\"b\"]", NT_E_FORMAT, "not 3 names");
    refuses_text("ntrace.classes", "[\"a\",\"b\",3]", NT_E_FORMAT, "not 3 names");
    refuses_text("ntrace.classes", "[\"a\",\"b\",\"c\",\"d\"]", NT_E_FORMAT, "not 3 names");
}

/* One layer's description, after a ReLU. */
static void refuses_layer(const char *layer, const char *words) {
    char text[256];
    (void)snprintf(text, sizeof text, "{\"input\":[1,28,28],\"layers\":[{\"kind\":\"relu\"},{%s}]}", layer);
    refuses_text("ntrace.network", text, NT_E_FORMAT, words);
}

static void layers_described_wrongly_are_refused_by_number_and_key(void **state) {
    (void)state;
    refuses_layer("\"kind\":\"attention\"", "layer 2: kind 'attention'; the list of known layers: conv2d, relu");
    refuses_layer("\"type\":\"relu\"", "layer 2: kind '(none)'");
    refuses_layer("\"kind\":\"input\"", "layer 2: kind 'input'");
    refuses_layer("\"kind\":\"relu\",\"slope\":1", "a relu has no 'slope'");
    refuses_layer("\"kind\":\"conv2d\",\"outputs\":4,\"kernel\":3,\"strides\":2",
                  "no 'strides'; known: outputs kernel");
    refuses_layer("\"kind\":\"conv2d\",\"outputs\":4", "'kernel': expected the sides");
    refuses_layer("\"kind\":\"conv2d\",\"outputs\":4,\"kernel\":3.5", "'kernel': expected a whole number up to 4096");
    refuses_layer("\"kind\":\"conv2d\",\"outputs\":4,\"kernel\":[3,3,3]", "'kernel': expected a whole number");
    refuses_layer("\"kind\":\"conv2d\",\"outputs\":4,\"kernel\":[3,0]", "'kernel': expected sides of at least 1");
    refuses_layer("\"kind\":\"conv2d\",\"outputs\":4,\"kernel\":5000", "'kernel': expected a whole number");
    refuses_layer("\"kind\":\"conv2d\",\"outputs\":-1,\"kernel\":3", "'outputs': expected how many");
    refuses_layer("\"kind\":\"conv2d\",\"outputs\":4,\"kernel\":3,\"groups\":0", "'groups': expected");
    refuses_layer("\"kind\":\"conv2d\",\"outputs\":4,\"kernel\":3,\"stride\":2", "cannot keep height and width");
    refuses_layer("\"kind\":\"conv2d\",\"outputs\":4,\"kernel\":3,\"padding\":\"full\"", "'padding': expected numbers");
    refuses_layer("\"kind\":\"conv2d\",\"outputs\":4,\"kernel\":3,\"padding\":[1,1,1]",
                  "list of two (down, across) or");
    refuses_layer("\"kind\":\"maxpool2d\",\"kernel\":3,\"padding\":\"same\"", "'padding': expected numbers");
    refuses_layer("\"kind\":\"maxpool2d\",\"kernel\":3,\"ceil_mode\":1", "'ceil_mode': expected true or false");
    refuses_layer("\"kind\":\"linear\",\"outputs\":4,\"bias\":\"no\"", "'bias': expected true or false");
    refuses_layer("\"kind\":\"linear\",\"outputs\":4,\"weights\":\"\"", "'weights': expected a text of 1 to 111");
    refuses_layer("\"kind\":\"batchnorm2d\",\"eps\":\"small\"", "'eps': expected a number");
    refuses_layer("\"kind\":\"gelu\",\"approximate\":\"erf\"", "'approximate': expected");
    refuses_layer("\"kind\":\"add\"", "'from': expected the numbers");
    refuses_layer("\"kind\":\"add\",\"from\":[1,2]", "'from': expected the numbers");
    refuses_layer("\"kind\":\"add\",\"from\":[1]", "'from': expected the numbers");
    refuses_layer("\"kind\":\"relu\",\"from\":2", "'from': expected the number of a layer before it");
}

static void too_many_layers_are_refused(void **state) {
    (void)state;
    char text[8192] = "{\"input\":[1,28,28],\"layers\":[{\"kind\":\"relu\"}";
    for (int i = 0; i < NT_NET_MAX_LAYERS; i++) {
        strcat(text, ",{\"kind\":\"relu\"}");
    }
    strcat(text, "]}");
    refuses_text("ntrace.network", text, NT_E_FORMAT, "more than 127 layers");
}

/* A normalisation of two channels with these variances and weights. */
static enum nt_status parse_norm(const float variance[2], double weight, const char *description,
                                 struct nt_error *error) {
    const double weights[2] = {weight, 1};
    const float zeros[2] = {0, 0};
    const int64_t batches = 7;
    const struct nt_tensor tensor[] = {
        {.name = "3.weight", .type = NT_NPY_FLOAT64, .dimensions = 1, .shape = {2}, .data = weights},
        {.name = "3.bias", .type = NT_NPY_FLOAT32, .dimensions = 1, .shape = {2}, .data = zeros},
        {.name = "3.running_mean", .type = NT_NPY_FLOAT32, .dimensions = 1, .shape = {2}, .data = zeros},
        {.name = "3.running_var", .type = NT_NPY_FLOAT32, .dimensions = 1, .shape = {2}, .data = variance},
        {.name = "3.num_batches_tracked", .type = NT_NPY_INT64, .dimensions = 0, .data = &batches}};
    uint8_t *bytes = NULL;
    size_t size = 0;
    nt_net *net = NULL;
    const struct nt_allocator *allocator = nt_allocator_default();
    assert_int_equal(nt_safetensors_write(&bytes, &size, tensor, 5, NULL, 0, allocator, NULL), NT_OK);
    enum nt_status status = nt_net_parse_described(&net, bytes, size, description, "bn.safetensors", allocator, error);
    if (status == NT_OK) {
        assert_true(fabsf(nt_net_values(net)[0] - (float)(weight / sqrt((double)variance[0] + 1e-5))) < 1e-6f);
    }
    nt_net_free(net);
    nt_release(allocator, bytes);
    return status;
}

static void normalisations_are_folded_and_checked(void **state) {
    (void)state;
    static const char description[] = "{\"input\":[2,3,3],\"layers\":[{\"kind\":\"batchnorm2d\",\"weights\":\"3\"}]}";
    struct nt_error error = {0};
    assert_int_equal(parse_norm((float[2]){4, 2}, 3, description, &error), NT_OK);
    assert_int_equal(parse_norm((float[2]){1, -0.5f}, 3, description, &error), NT_E_VALUE);
    assert_non_null(strstr(error.text, "'3.running_var': value 1 is -0.5"));
    assert_int_equal(parse_norm((float[2]){1, 1}, 1e39, description, &error), NT_E_VALUE);
    assert_non_null(strstr(error.text, "'3.running_var': value 0 is 1, with eps 1e-05: no factor"));
    assert_int_equal(
        parse_norm((float[2]){1, 1}, 1, "{\"input\":[2,3,3],\"layers\":[{\"kind\":\"batchnorm2d\"}]}", &error),
        NT_E_FORMAT);
    assert_non_null(strstr(error.text, "no tensor '0.weight'"));
}

static void a_missing_bias_has_to_be_described(void **state) {
    (void)state;
    const float weights[2] = {2, 3};
    const struct nt_tensor tensor = {
        .name = "0.weight", .type = NT_NPY_FLOAT32, .dimensions = 2, .shape = {1, 2}, .data = weights};
    uint8_t *bytes = NULL;
    size_t size = 0;
    nt_net *net = NULL;
    struct nt_error error = {0};
    const struct nt_allocator *allocator = nt_allocator_default();
    assert_int_equal(nt_safetensors_write(&bytes, &size, &tensor, 1, NULL, 0, allocator, NULL), NT_OK);
    assert_int_equal(nt_net_parse_described(&net, bytes, size,
                                            "{\"input\":[2,1,1],\"layers\":[{\"kind\":\"linear\",\"outputs\":1}]}", "w",
                                            allocator, &error),
                     NT_E_FORMAT);
    assert_non_null(strstr(error.text, "\"bias\": false"));
    assert_int_equal(
        nt_net_parse_described(&net, bytes, size,
                               "{\"input\":[2,1,1],\"layers\":[{\"kind\":\"linear\",\"outputs\":1,\"bias\":false}]}",
                               "w", allocator, &error),
        NT_OK);
    assert_int_equal(nt_net_parameters(net), 2);
    nt_net_free(net);
    nt_release(allocator, bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_survive_writing_and_reading),
        cmocka_unit_test(weights_that_do_not_fit_are_refused_by_name),
        cmocka_unit_test(descriptions_that_make_no_sense_are_refused),
        cmocka_unit_test(layers_described_wrongly_are_refused_by_number_and_key),
        cmocka_unit_test(too_many_layers_are_refused),
        cmocka_unit_test(normalisations_are_folded_and_checked),
        cmocka_unit_test(a_missing_bias_has_to_be_described),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
