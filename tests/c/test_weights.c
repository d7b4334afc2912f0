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
    refuses_text("ntrace.network", "{", NT_E_FORMAT, "list of known layers");
    refuses_text("ntrace.network", "{\"input\":[1,28,28],\"layers\":[{\"kind\":\"attention\"}]}", NT_E_FORMAT,
                 "list of known layers");
    refuses_text("ntrace.network", "{\"input\":[1,28,28],\"layers\":[{\"kind\":\"conv2d\",\"kernel\":3.5}]}",
                 NT_E_FORMAT, "list of known layers");
    refuses_text("ntrace.network", "{\"input\":[1,28,-1],\"layers\":[{\"kind\":\"relu\"}]}", NT_E_FORMAT,
                 "list of known layers");
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_survive_writing_and_reading),
        cmocka_unit_test(weights_that_do_not_fit_are_refused_by_name),
        cmocka_unit_test(descriptions_that_make_no_sense_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
