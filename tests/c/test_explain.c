/* Explanations against PyTorch (tests/reference/explain.py), finite differences, brute force and their own axioms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <math.h>

#include "core/target.h"
#include "ntrace/explain.h"
#include "ntrace/folder.h"
#include "ntrace/pack.h"
#include "ntrace/random.h"
#include "ntrace/safetensors.h"

static const char *const NETS[] = {"net", "odd"};

static const struct nt_allocator *memory(void) { return nt_allocator_default(); }

/* ---- Reference vectors and networks. ---- */

static struct {
    uint8_t *bytes[2];
    nt_safetensors *inputs, *expected;
    nt_net *net[2];
} world;

static uint8_t *read_reference(const char *file, size_t *size) {
    char path[256];
    uint8_t *bytes = NULL;
    (void)snprintf(path, sizeof path, "tests/reference/%s", file);
    assert_int_equal(nt_folder_read_file(&bytes, size, path, 1 << 20, memory(), NULL), NT_OK);
    return bytes;
}

static int open_world(void **state) {
    (void)state;
    size_t size;
    world.bytes[0] = read_reference("net_expected.safetensors", &size);
    assert_int_equal(nt_safetensors_parse(&world.inputs, world.bytes[0], size, "inputs", memory(), NULL), NT_OK);
    world.bytes[1] = read_reference("explain.safetensors", &size);
    assert_int_equal(nt_safetensors_parse(&world.expected, world.bytes[1], size, "expected", memory(), NULL), NT_OK);
    for (int n = 0; n < 2; n++) {
        char file[32];
        (void)snprintf(file, sizeof file, "%s.safetensors", NETS[n]);
        uint8_t *bytes = read_reference(file, &size);
        assert_int_equal(nt_net_parse(&world.net[n], bytes, size, file, memory(), NULL), NT_OK);
        nt_release(memory(), bytes);
    }
    return 0;
}

static int close_world(void **state) {
    (void)state;
    for (int n = 0; n < 2; n++) {
        nt_net_free(world.net[n]);
    }
    nt_safetensors_free(world.inputs);
    nt_safetensors_free(world.expected);
    nt_release(memory(), world.bytes[0]);
    nt_release(memory(), world.bytes[1]);
    return 0;
}

static size_t size_of(struct nt_shape s) { return (size_t)s.channels * s.height * s.width; }

/* Sample `number` of a network's reference images, in this library's order. To be freed. */
static uint8_t *reference_image(int n, uint32_t number) {
    char key[32];
    struct nt_shape shape = nt_net_layer(world.net[n], 0)->shape;
    size_t size = size_of(shape), area = size / shape.channels;
    (void)snprintf(key, sizeof key, "%s.input", NETS[n]);
    const uint8_t *chw = (const uint8_t *)nt_safetensors_find(world.inputs, key)->data + number * size;
    uint8_t *image = malloc(size);
    for (size_t i = 0; i < size; i++) {
        image[i] = chw[i % shape.channels * area + i / shape.channels];
    }
    return image;
}

/* Largest deviation from a vector in PyTorch's order, relative to the vector's largest value. */
static double deviation(const char *key, const float *found, struct nt_shape shape) {
    size_t size = size_of(shape), area = size / shape.channels;
    const struct nt_tensor *wanted = nt_safetensors_find(world.expected, key);
    assert_non_null(wanted);
    assert_int_equal(wanted->items, size);
    double worst = 0, largest = 0;
    for (size_t i = 0; i < size; i++) {
        float value;
        memcpy(&value, (const char *)wanted->data + i * sizeof value, sizeof value);
        double gap = fabs((double)value - (double)found[i % area * shape.channels + i / area]);
        worst = gap > worst ? gap : worst;
        largest = fabs((double)value) > largest ? fabs((double)value) : largest;
    }
    assert_true(largest > 0);
    return worst / largest;
}

/* ---- Asking. ---- */

static nt_explain *start(const nt_net *net, const nt_bundle *bundle, struct nt_explain_request request) {
    nt_explain *explain;
    struct nt_error error = {0};
    if (nt_explain_create(&explain, net, bundle, &request, memory(), &error) != NT_OK) {
        fail_msg("%s", error.text);
    }
    return explain;
}

static nt_explain *explain_all(const nt_net *net, const nt_bundle *bundle, struct nt_explain_request request) {
    nt_explain *explain = start(net, bundle, request);
    const struct nt_explanation *result = nt_explain_result(explain);
    assert_int_equal(nt_explain_step(explain, UINT32_MAX, NULL), NT_OK);
    assert_int_equal(result->done, result->units);
    return explain;
}

static void agree(int n, uint32_t sample, const char *what, struct nt_explain_request request) {
    char key[64];
    nt_explain *explain = explain_all(world.net[n], NULL, request);
    const struct nt_explanation *found = nt_explain_result(explain);
    (void)snprintf(key, sizeof key, "%s.%u.%s", NETS[n], sample, what);
    double worst = deviation(key, found->values, found->shape);
    print_message("%s deviates by %.1e\n", key, worst);
    assert_true(worst < 1e-5);
    if (request.method == NT_EXPLAIN_GRAD_CAM) {
        (void)snprintf(key, sizeof key, "%s.%u.map", NETS[n], sample);
        assert_true(deviation(key, found->map, found->map_shape) < 1e-5);
    }
    if (request.method == NT_EXPLAIN_INTEGRATED_GRADIENTS) {
        const float ends[2] = {found->baseline, found->logit};
        (void)snprintf(key, sizeof key, "%s.%u.ends", NETS[n], sample);
        assert_true(deviation(key, ends, (struct nt_shape){1, 1, 2}) < 1e-5);
    }
    if (request.method == NT_EXPLAIN_LAYER) {
        (void)snprintf(key, sizeof key, "%s.%u.%s.value", NETS[n], sample, what);
        assert_true(deviation(key, &found->value, (struct nt_shape){1, 1, 1}) < 1e-5);
    }
    nt_explain_free(explain);
}

static void explanations_equal_pytorch(void **state) {
    (void)state;
    for (int n = 0; n < 2; n++) {
        uint32_t last = nt_net_layers(world.net[n]) - 1;
        for (uint32_t sample = 0; sample < 2; sample++) {
            char apart[16];
            uint8_t *image = reference_image(n, sample), *other = reference_image(n, sample + 1);
            struct nt_explain_request r = {.label = NT_EXPLAIN_TOP, .image = image, .steps = 20};
            (void)snprintf(apart, sizeof apart, "apart.%u", last);
            agree(n, sample, "gradient", (r.method = NT_EXPLAIN_GRADIENT, r));
            agree(n, sample, "integrated", (r.method = NT_EXPLAIN_INTEGRATED_GRADIENTS, r));
            agree(n, sample, "stretched", (r.method = NT_EXPLAIN_GRAD_CAM, r));
            agree(n, sample, "occlusion", (r.method = NT_EXPLAIN_OCCLUSION, r));
            agree(n, sample, "layer.0", (r.method = NT_EXPLAIN_LAYER, r));
            agree(n, sample, "layer.4", (r.layer = 4, r));
            agree(n, sample, apart, (r.layer = last, r.other = other, r));
            agree(n, sample, "gradient.1", (r.method = NT_EXPLAIN_GRADIENT, r.label = 1, r));
            free(image);
            free(other);
        }
    }
}

static void probabilities_are_the_softmax_and_the_top_class_is_explained(void **state) {
    (void)state;
    uint8_t *image = reference_image(0, 1);
    struct nt_explain_request r = {.method = NT_EXPLAIN_PROBABILITIES, .label = NT_EXPLAIN_TOP, .image = image};
    nt_explain *explain = explain_all(world.net[0], NULL, r);
    const struct nt_explanation *found = nt_explain_result(explain);
    double sum = 0, total = 0;
    assert_int_equal(size_of(found->shape), nt_net_classes(world.net[0]));
    for (uint32_t c = 0; c < found->classes; c++) {
        sum += exp((double)found->logits[c]);
    }
    for (uint32_t c = 0; c < found->classes; c++) {
        total += (double)found->values[c];
        assert_true(found->logit >= found->logits[c]);
        assert_true(fabs((double)found->values[c] - exp((double)found->logits[c]) / sum) < 1e-6);
    }
    assert_float_equal(total, 1, 1e-6);
    assert_float_equal(found->probability, found->high, 0);
    assert_float_equal(found->logit, found->logits[found->label], 0);
    nt_explain_free(explain);
    free(image);
}

/* ---- Axioms. ---- */

static void integrated_gradients_are_complete_and_their_gap_is_told(void **state) {
    (void)state;
    for (int n = 0; n < 2; n++) {
        for (uint32_t steps = 1; steps <= 4096; steps *= 64) {
            uint8_t *image = reference_image(n, 0);
            struct nt_explain_request r = {
                NT_EXPLAIN_INTEGRATED_GRADIENTS, 2, steps, 0, 0, 0, image, NULL, NULL, NULL, 0, 0};
            nt_explain *explain = explain_all(world.net[n], NULL, r);
            const struct nt_explanation *found = nt_explain_result(explain);
            double sum = 0, difference = (double)found->logit - (double)found->baseline;
            for (size_t i = 0; i < size_of(found->shape); i++) {
                sum += (double)found->values[i];
            }
            print_message("%s, %4u steps: %f of %f\n", NETS[n], steps, sum, difference);
            assert_true(fabs(sum - difference - (double)found->gap) < 1e-5);
            if (steps > 1) {
                assert_true(fabs((double)found->gap) < fabs(difference) / steps);
            }
            nt_explain_free(explain);
            free(image);
        }
    }
}

static void a_black_image_gives_nothing_to_hide_and_nothing_to_attribute(void **state) {
    (void)state;
    uint8_t *black = calloc(784, 1);
    struct nt_explain_request r = {NT_EXPLAIN_OCCLUSION, NT_EXPLAIN_TOP, 8, 0, 0, 0, black, NULL, NULL, NULL, 0, 0};
    for (int m = 0; m < 2; m++) {
        nt_explain *explain = explain_all(world.net[0], NULL, r);
        const struct nt_explanation *found = nt_explain_result(explain);
        assert_true(found->logit != 0);
        assert_true(found->low == 0 && found->high == 0);
        assert_int_equal(found->units, m == 0 ? 1 : 9);
        nt_explain_free(explain);
        r.method = NT_EXPLAIN_INTEGRATED_GRADIENTS;
    }
    free(black);
}

static double logit_of(const struct nt_explanation *found) { return (double)found->logit; }
static double value_of(const struct nt_explanation *found) { return (double)found->value; }

static double ask(double (*what)(const struct nt_explanation *), const nt_net *net, struct nt_explain_request r) {
    nt_explain *explain = explain_all(net, NULL, r);
    double answer = what(nt_explain_result(explain));
    nt_explain_free(explain);
    return answer;
}

/* How many gradients differ from what a byte more and a byte less tell: those with a kink between them. */
static size_t count_kinks(struct nt_explain_request r, double (*what)(const struct nt_explanation *)) {
    enum { SIZE = 3 * 11 * 13 };
    struct nt_random random;
    uint8_t image[SIZE];
    size_t kinks = 0;
    nt_random_seed(&random, 3, 1);
    for (size_t i = 0; i < SIZE; i++) {
        image[i] = (uint8_t)(1 + nt_random_below(&random, 254));
    }
    r.image = image;
    nt_explain *explain = explain_all(world.net[1], NULL, r);
    const struct nt_explanation *found = nt_explain_result(explain);
    for (size_t i = 0; i < SIZE; i++) {
        image[i]++;
        double above = ask(what, world.net[1], r);
        image[i] -= 2;
        double difference = (above - ask(what, world.net[1], r)) * 255 / 2;
        image[i]++;
        kinks += fabs(difference - (double)found->values[i]) > 3e-3 * (double)(found->high - found->low);
    }
    print_message("layer %u: %zu of %d places with a kink\n", r.layer, kinks, SIZE);
    nt_explain_free(explain);
    return kinks;
}

static void gradients_pass_finite_differences(void **state) {
    (void)state;
    uint8_t *other = reference_image(1, 1);
    struct nt_explain_request r = {.method = NT_EXPLAIN_GRADIENT, .label = 3};
    assert_true(count_kinks(r, logit_of) <= 60);
    r.method = NT_EXPLAIN_LAYER;
    for (uint32_t l = 0; l < nt_net_layers(world.net[1]); l++) {
        r.layer = l;
        r.other = l % 2 ? other : NULL;
        assert_true(count_kinks(r, value_of) <= (l < 2 ? 0 : 60)); /* the first convolution has none */
    }
    free(other);
}

/* ---- The same whatever the way. ---- */

static void steps_of_any_size_and_every_target_give_the_same_bits(void **state) {
    (void)state;
    const enum nt_target best = nt_target();
    uint8_t *image = reference_image(0, 1), *other = reference_image(0, 2);
    for (uint32_t m = 0; m < NT_EXPLAIN_METHOD_COUNT; m++) {
        struct nt_explain_request r = {(enum nt_explain_method)m, 3, 30, 7, 0, 0, image, other, NULL, NULL, 0, 0};
        if (m == NT_EXPLAIN_NEIGHBOR_MEAN) {
            continue;
        }
        nt_explain *whole = explain_all(world.net[0], NULL, r);
        const struct nt_explanation *wanted = nt_explain_result(whole);
        for (int t = 0; t < NT_TARGET_COUNT; t++) {
            if (!nt_target_available((enum nt_target)t)) {
                continue;
            }
            nt_target_select((enum nt_target)t);
            nt_explain *part = start(world.net[0], NULL, r);
            const struct nt_explanation *found = nt_explain_result(part);
            for (uint32_t step = 1; found->done < found->units; step += 2) {
                uint32_t before = found->done;
                assert_null(found->values);
                assert_int_equal(nt_explain_step(part, step, NULL), NT_OK);
                assert_true(found->done > before && found->done - before <= step);
            }
            assert_memory_equal(found->values, wanted->values, size_of(wanted->shape) * sizeof(float));
            nt_explain_free(part);
        }
        nt_target_select(best);
        nt_explain_free(whole);
    }
    free(image);
    free(other);
}

static int budget; /* allocations that still succeed */

static void *allocate_within_budget(void *context, size_t bytes) {
    (void)context;
    return budget-- > 0 ? memory()->allocate(NULL, bytes) : NULL;
}

static void release(void *context, void *pointer) {
    (void)context;
    memory()->release(NULL, pointer);
}

static void lack_of_memory_is_told_at_every_allocation(void **state) {
    (void)state;
    const struct nt_allocator tight = {allocate_within_budget, release, NULL};
    uint8_t *image = reference_image(1, 0);
    for (uint32_t m = 0; m < NT_EXPLAIN_METHOD_COUNT; m++) {
        struct nt_explain_request r = {(enum nt_explain_method)m, 3, 30, 3, 0, 0, image, image, NULL, NULL, 0, 0};
        enum nt_status status = m == NT_EXPLAIN_NEIGHBOR_MEAN ? NT_OK : NT_E_MEMORY;
        for (int room = 0; status == NT_E_MEMORY; room++) {
            struct nt_error error = {0};
            nt_explain *explain;
            budget = room;
            status = nt_explain_create(&explain, world.net[1], NULL, &r, &tight, &error);
            assert_true(status == NT_OK ? room > 5 : explain == NULL && error.status == NT_E_MEMORY);
            nt_explain_free(explain);
        }
        assert_int_equal(status, NT_OK);
    }
    free(image);
}

/* ---- Refusals. ---- */

static void refused(const nt_net *net, struct nt_explain_request r, enum nt_status wanted, const char *words) {
    struct nt_error error = {0};
    nt_explain *explain;
    assert_int_equal(nt_explain_create(&explain, net, NULL, &r, memory(), &error), wanted);
    assert_null(explain);
    if (strstr(error.text, words) == NULL) {
        fail_msg("expected '%s' in '%s'", words, error.text);
    }
}

static void what_cannot_be_explained_is_refused_in_words(void **state) {
    (void)state;
    const struct nt_layer layer[] = {{.kind = NT_LAYER_FLATTEN}, {.kind = NT_LAYER_LINEAR, .shape.channels = 3}};
    const uint8_t image[784] = {0};
    nt_net *flat;
    assert_int_equal(nt_net_create(&flat, (struct nt_shape){1, 2, 5}, layer, 2, memory(), NULL), NT_OK);
    struct nt_explain_request r = {.method = NT_EXPLAIN_GRAD_CAM, .label = NT_EXPLAIN_TOP, .image = image};
    refused(flat, r, NT_E_ARG, "needs a convolution");
    refused(flat, (r.label = 3, r), NT_E_ARG, "class 3: the network has 3");
    refused(NULL, r, NT_E_MISSING, "needs the network");
    refused(flat, (r.label = 0, r.method = NT_EXPLAIN_NEIGHBOR_MEAN, r), NT_E_MISSING, "needs a bundle");
    refused(flat, (r.method = NT_EXPLAIN_INTEGRATED_GRADIENTS, r), NT_E_ARG, "0 steps");
    refused(flat, (r.steps = NT_EXPLAIN_MAX_STEPS + 1, r), NT_E_ARG, "100001 steps");
    refused(flat, (r.method = NT_EXPLAIN_LAYER, r.layer = 3, r), NT_E_ARG, "layer 3: expected 0 to 2");
    refused(flat, (r.method = NT_EXPLAIN_METHOD_COUNT, r), NT_E_ARG, "no method");
    nt_net_free(flat);
}

static void a_narrow_image_gets_a_narrow_window(void **state) {
    (void)state;
    const struct nt_layer layer[] = {{.kind = NT_LAYER_FLATTEN}, {.kind = NT_LAYER_LINEAR, .shape.channels = 1}};
    const uint8_t image[10] = {51, 0, 0, 0, 0, 0, 0, 0, 0, 102};
    nt_net *flat;
    assert_int_equal(nt_net_create(&flat, (struct nt_shape){1, 2, 5}, layer, 2, memory(), NULL), NT_OK);
    for (int i = 0; i < 10; i++) {
        nt_net_values(flat)[i] = 1;
    }
    nt_net_changed(flat);
    struct nt_explain_request r = {.method = NT_EXPLAIN_OCCLUSION, .label = 0, .image = image};
    nt_explain *explain = explain_all(flat, NULL, r);
    const struct nt_explanation *found = nt_explain_result(explain);
    const double drop[5] = {0.2, 0.1, 0.6 / 3, 0.2, 0.4};
    for (int i = 0; i < 10; i++) {
        assert_float_equal(found->values[i], drop[i % 5], 1e-6);
    }
    nt_explain_free(explain);
    nt_net_free(flat);
}

/* ---- The mean of the nearest. ---- */

enum { SAMPLES = 130, PIXELS = 3 * 5 * 4, K = 9 };

/* Coarse colour images, so that many are equal, with black ones among them. */
static nt_bundle *pack_bundle(char *folder, uint8_t *image, uint16_t *label) {
    struct nt_random random;
    struct nt_error error = {0};
    struct nt_pack_result result;
    struct nt_pack_options options = {.title = "t", .source = "t", .licence = "t", .command = "t", .workers = 1};
    char name[2][64] = {"a", "b"};
    const char *names[2] = {name[0], name[1]};
    const struct nt_layer layer[] = {{.kind = NT_LAYER_FLATTEN}, {.kind = NT_LAYER_LINEAR, .shape.channels = 2}};
    struct nt_dataset data = {SAMPLES, 2, {3, 5, 4}, image, label, name, true};
    uint8_t *weights;
    size_t bytes;
    nt_net *net;
    nt_bundle *bundle;
    nt_random_seed(&random, 1, 1);
    for (uint32_t i = 0; i < SAMPLES * PIXELS; i++) {
        uint32_t sample = i / PIXELS;
        image[i] = sample % 20 == 7 ? 0 : (uint8_t)(85 * nt_random_below(&random, 4));
        image[i] = sample % 20 == 9 ? image[i - PIXELS] : image[i];
        label[sample] = sample % 2;
    }
    assert_int_equal(nt_net_create(&net, data.shape, layer, 2, memory(), NULL), NT_OK);
    for (uint64_t i = 0; i < nt_net_parameters(net); i++) {
        nt_net_values(net)[i] = nt_random_normal(&random);
    }
    nt_net_changed(net);
    assert_int_equal(nt_net_serialize(&weights, &bytes, net, names, memory(), NULL), NT_OK);
    struct nt_pack_data packed = nt_pack_dataset(&data, net, weights, bytes);
    if (nt_pack(&result, folder, &packed, &options, memory(), &error) != NT_OK ||
        nt_folder_open(&bundle, folder, memory(), &error) != NT_OK) {
        fail_msg("%s", error.text);
    }
    nt_release(memory(), weights);
    nt_net_free(net);
    return bundle;
}

/* The k nearest of `sample` by sorting again and again. */
static void brute_force(uint32_t *index, double *cosine, const uint8_t *image, const uint8_t *query, uint32_t sample) {
    double all[SAMPLES], own = 0;
    for (uint32_t i = 0; i < SAMPLES; i++) {
        double norm = 0, product = 0;
        own = 0;
        for (uint32_t j = 0; j < PIXELS; j++) {
            norm += pow(image[i * PIXELS + j], 2);
            own += pow(query[j], 2);
            product += (double)image[i * PIXELS + j] * query[j];
        }
        all[i] = i == sample ? -1 : norm * own > 0 ? product / sqrt(norm * own) : 0;
    }
    for (uint32_t k = 0; k < K; k++) {
        index[k] = 0;
        for (uint32_t i = 1; i < SAMPLES; i++) {
            index[k] = all[i] > all[index[k]] ? i : index[k];
        }
        cosine[k] = all[index[k]];
        all[index[k]] = -1;
    }
}

static void the_mean_of_the_nearest_is_that_of_brute_force(void **state) {
    (void)state;
    char folder[] = "/tmp/ntrace-explain-XXXXXX", command[64];
    static uint8_t image[SAMPLES * PIXELS];
    static uint16_t label[SAMPLES];
    uint32_t rows[SAMPLES], index[K];
    double cosine[K];
    struct nt_error error = {0};
    assert_non_null(mkdtemp(folder));
    nt_bundle *bundle = pack_bundle(folder, image, label);
    struct nt_explain_request r = {.method = NT_EXPLAIN_NEIGHBOR_MEAN, .label = NT_EXPLAIN_TOP, .k = K, .image = image};
    nt_explain *early = start(NULL, bundle, r);
    assert_int_equal(nt_explain_step(early, 100, &error), NT_E_MISSING);
    assert_non_null(strstr(error.text, "the image of sample 0"));
    for (uint32_t i = 0; i < SAMPLES; i++) {
        rows[i] = i;
    }
    assert_int_equal(nt_folder_load(bundle, folder, NT_ROLE_IMAGES, 0, rows, SAMPLES, memory(), NULL), NT_OK);
    assert_int_equal(nt_explain_step(early, 100, &error), NT_OK);
    nt_explain_free(early);
    for (uint32_t i = 0; i <= SAMPLES; i++) {
        r.sample = i < SAMPLES ? i : NT_EXPLAIN_OUTSIDE;
        r.image = image + (i < SAMPLES ? i : 5) * PIXELS;
        nt_explain *explain = explain_all(NULL, bundle, r);
        const struct nt_explanation *found = nt_explain_result(explain);
        brute_force(index, cosine, image, r.image, r.sample);
        assert_memory_equal(found->index, index, sizeof index);
        for (uint32_t j = 0; j < PIXELS; j++) {
            double sum = 0;
            for (uint32_t k = 0; k < K; k++) {
                assert_float_equal(found->cosine[k], cosine[k], 1e-7);
                sum += image[index[k] * PIXELS + j];
            }
            assert_float_equal(found->values[j], sum / K / 255, 1e-7);
        }
        nt_explain_free(explain);
    }
    refused(NULL, r, NT_E_MISSING, "network");
    struct nt_explain_request many = {
        .method = NT_EXPLAIN_NEIGHBOR_MEAN, .label = NT_EXPLAIN_TOP, .k = SAMPLES, .image = image};
    assert_int_equal(nt_explain_create(&early, NULL, bundle, &many, memory(), &error), NT_E_ARG);
    assert_non_null(strstr(error.text, "k = 130: expected 1 to 129"));
    nt_bundle_close(bundle);
    (void)snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(explanations_equal_pytorch),
        cmocka_unit_test(probabilities_are_the_softmax_and_the_top_class_is_explained),
        cmocka_unit_test(integrated_gradients_are_complete_and_their_gap_is_told),
        cmocka_unit_test(a_black_image_gives_nothing_to_hide_and_nothing_to_attribute),
        cmocka_unit_test(gradients_pass_finite_differences),
        cmocka_unit_test(steps_of_any_size_and_every_target_give_the_same_bits),
        cmocka_unit_test(lack_of_memory_is_told_at_every_allocation),
        cmocka_unit_test(what_cannot_be_explained_is_refused_in_words),
        cmocka_unit_test(a_narrow_image_gets_a_narrow_window),
        cmocka_unit_test(the_mean_of_the_nearest_is_that_of_brute_force),
    };
    return cmocka_run_group_tests_name("explain", tests, open_world, close_world);
}
