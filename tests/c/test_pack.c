/* Packing activations without a network, in one block and in many. */
#include <dirent.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ntrace/folder.h"
#include "ntrace/knn.h"
#include "ntrace/pack.h"
#include "ntrace/random.h"
#include "scratch.h"

enum { N = 700, LAYERS = 3, K = 100, CLASSES = 4 };

static const struct nt_pack_layer LAYER[LAYERS] = {
    {"tokens", {12, 5, 1}, 60}, {"block.0", {40, 1, 1}, 40}, {"logits", {CLASSES, 1, 1}, CLASSES}};

static const struct nt_allocator *allocator;
static struct nt_random random_of_world;
static float *x[LAYERS];
static uint16_t label[N], prediction[N];
static float confidence[N];
static char name[CLASSES][64] = {"un", "deux", "trois", "quatre"};
static uint32_t reads, largest_read, poisoned = UINT32_MAX;

static int start(void **state) {
    allocator = nt_allocator_default();
    nt_random_seed(&random_of_world, 5, 1);
    for (uint32_t l = 0; l < LAYERS; l++) {
        x[l] = malloc((size_t)N * LAYER[l].size * sizeof(float));
        for (uint32_t i = 0; i < N; i++) {
            label[i] = (uint16_t)(i * CLASSES / N);
            prediction[i] = (uint16_t)((label[i] + (i % 10 == 0)) % CLASSES);
            confidence[i] = 0.5f + 0.5f * (float)(i % 7) / 7;
            for (uint32_t d = 0; d < LAYER[l].size; d++) {
                float centre = d % CLASSES == label[i] ? (float)(l + 1) : 0;
                x[l][i * LAYER[l].size + d] = centre + nt_random_normal(&random_of_world) / (1 + (float)d / 8);
            }
        }
    }
    return scratch_make(state);
}

static int stop(void **state) {
    for (uint32_t l = 0; l < LAYERS; l++) {
        free(x[l]);
    }
    return scratch_remove(state);
}

static enum nt_status read_rows(void *context, float *out, uint32_t layer, const uint32_t *sample, uint32_t count,
                                struct nt_error *error) {
    uint32_t size = LAYER[layer].size;
    (void)context;
    (void)error;
    reads++;
    largest_read = layer == 0 && count > largest_read ? count : largest_read;
    for (uint32_t i = 0; i < count; i++) {
        memcpy(out + (size_t)i * size, x[layer] + (size_t)sample[i] * size, size * sizeof *out);
        if (sample[i] == poisoned && layer == 1) {
            out[(size_t)i * size + 3] = NAN;
        }
    }
    return NT_OK;
}

static struct nt_pack_activations source = {LAYERS, LAYER, read_rows, NULL};

static struct nt_pack_data world(void) {
    return (struct nt_pack_data){.samples = N,
                                 .classes = CLASSES,
                                 .label = label,
                                 .class_name = (const char(*)[64])name,
                                 .named = true,
                                 .activations = &source};
}

static enum nt_status pack(const char *folder, const struct nt_pack_data *data, size_t memory,
                           struct nt_pack_result *result, struct nt_error *error) {
    const struct nt_pack_options options = {
        .title = "t", .source = "s", .licence = "l", .command = "c", .workers = 2, .memory = memory};
    return nt_pack(result, folder, data, &options, allocator, error);
}

static nt_bundle *packed(const char *folder, const struct nt_pack_data *data, size_t memory) {
    struct nt_pack_result result;
    struct nt_error error = {0};
    nt_bundle *bundle;
    if (pack(folder, data, memory, &result, &error) != NT_OK ||
        nt_folder_open(&bundle, folder, allocator, &error) != NT_OK) {
        fail_msg("%s", error.text);
    }
    return bundle;
}

static void load(nt_bundle *bundle, const char *folder, enum nt_role role, uint32_t layer) {
    struct nt_error error = {0};
    if (nt_folder_load(bundle, folder, role, layer, NULL, 0, allocator, &error) != NT_OK) {
        fail_msg("%s", error.text);
    }
}

/* The k nearest by brute force, marked. */
static void find_truth(uint8_t *near, uint32_t layer, uint32_t sample) {
    static uint32_t key[N], index[K], scratch[2 * N];
    uint32_t size = LAYER[layer].size;
    for (uint32_t i = 0; i < N; i++) {
        key[i] = nt_knn_key(nt_distance_squared(x[layer] + sample * size, x[layer] + i * size, size));
    }
    nt_knn_select(index, key, N, K, sample, scratch);
    memset(near, 0, N);
    for (uint32_t i = 0; i < K; i++) {
        near[index[i]] = 1;
    }
}

/* How many samples keep another number of neighbours than brute force says, and by how much in all. */
static void check_stability(const nt_bundle *bundle) {
    const uint16_t *stability = nt_bundle_stability(bundle);
    uint32_t wrong = 0, apart = 0;
    for (uint32_t i = 0; i < N; i++) {
        uint8_t first[N], other[N];
        find_truth(first, 0, i);
        for (uint32_t l = 0; l < LAYERS; l++) {
            uint32_t overlap = 0, found = stability[l * N + i];
            find_truth(other, l, i);
            for (uint32_t j = 0; j < N; j++) {
                overlap += first[j] & other[j];
            }
            wrong += overlap != found;
            apart += overlap > found ? overlap - found : found - overlap;
        }
    }
    print_message("%u of %u overlaps differ, by %u of %u in all\n", wrong, N * LAYERS, apart, N * LAYERS * K);
    assert_true(apart <= N * LAYERS * K / 2000); /* of 0.9995 are to be found */
}

static void activations_alone_become_a_bundle(void **state) {
    (void)state;
    struct nt_pack_data data = world();
    const char *folder = scratch_path("alone");
    nt_bundle *bundle = packed(folder, &data, 0);
    assert_int_equal(nt_bundle_samples(bundle), N);
    assert_int_equal(nt_bundle_layers(bundle), LAYERS);
    assert_int_equal(nt_bundle_classes(bundle), CLASSES);
    assert_string_equal(nt_bundle_class(bundle, 3), "quatre");
    for (uint32_t l = 0; l < LAYERS; l++) {
        const struct nt_bundle_layer *layer = nt_bundle_layer(bundle, l);
        assert_string_equal(layer->name, LAYER[l].name);
        assert_int_equal(layer->kind, NT_BUNDLE_LAYER_OTHER);
        assert_memory_equal(&layer->shape, &LAYER[l].shape, sizeof layer->shape);
        assert_true(layer->recall >= 0.9995 && layer->recall_codes > 0.7);
        load(bundle, folder, NT_ROLE_CODES, l);
        load(bundle, folder, NT_ROLE_MAP, l);
        load(bundle, folder, NT_ROLE_MEASURES, l);
    }
    load(bundle, folder, NT_ROLE_SAMPLES, 0);
    load(bundle, folder, NT_ROLE_STABILITY, 0);
    load(bundle, folder, NT_ROLE_SUGGESTIONS, 0);
    assert_memory_equal(nt_bundle_labels(bundle), label, sizeof label);
    assert_memory_equal(nt_bundle_predictions(bundle), label, sizeof label); /* nothing is known of them */
    assert_int_equal(nt_bundle_answers(bundle), NT_ANSWERS_NONE);
    check_stability(bundle);
    nt_bundle_close(bundle);
}

static void queries_answer_from_codes_and_say_that_no_network_is_there(void **state) {
    (void)state;
    static const uint32_t layers[2] = {0, 2};
    const char *folder = scratch_path("alone");
    struct nt_pack_data data = world();
    nt_bundle *bundle = packed(folder, &data, 0);
    nt_query *query;
    struct nt_error error = {0};
    uint32_t index[K], done, found = 0;
    float distance[K];
    uint8_t near[N];
    load(bundle, folder, NT_ROLE_CODES, 0);
    load(bundle, folder, NT_ROLE_CODES, 2);
    load(bundle, folder, NT_ROLE_SAMPLES, 0);
    load(bundle, folder, NT_ROLE_WEIGHTS, 0);
    load(bundle, folder, NT_ROLE_IMAGES, 0);
    assert_null(nt_bundle_net(bundle));
    assert_null(nt_bundle_image(bundle, 5));
    assert_int_equal(nt_query_create(&query, bundle, 5, layers, 2, K, &error), NT_OK);
    assert_int_equal(nt_query_neighbors(index, distance, query, 0), NT_OK);
    find_truth(near, 0, 5);
    for (uint32_t i = 0; i < K; i++) {
        found += near[index[i]];
    }
    assert_true(found > K * 6 / 10);
    struct nt_trace trace;
    assert_int_equal(nt_query_trace(&trace, query, &error), NT_OK);
    nt_trace_clear(&trace, allocator);
    assert_int_equal(nt_query_step(&done, query, 64, &error), NT_E_MISSING);
    nt_query_free(query);
    nt_bundle_close(bundle);
}

static void predictions_and_confidences_are_kept_where_they_are_given(void **state) {
    (void)state;
    struct nt_pack_data data = world();
    const char *folder = scratch_path("answers");
    data.prediction = prediction;
    nt_bundle *bundle = packed(folder, &data, 0);
    assert_int_equal(nt_bundle_answers(bundle), NT_ANSWERS_CLASSES);
    load(bundle, folder, NT_ROLE_SAMPLES, 0);
    assert_memory_equal(nt_bundle_predictions(bundle), prediction, sizeof prediction);
    assert_true(nt_bundle_confidences(bundle)[3] == 1);
    nt_bundle_close(bundle);
    data.confidence = confidence;
    bundle = packed(folder, &data, 0);
    assert_int_equal(nt_bundle_answers(bundle), NT_ANSWERS_SURE);
    load(bundle, folder, NT_ROLE_SAMPLES, 0);
    assert_memory_equal(nt_bundle_confidences(bundle), confidence, sizeof confidence);
    nt_bundle_close(bundle);
}

static void little_memory_reads_more_often_and_finds_the_same(void **state) {
    (void)state;
    struct nt_pack_data data = world();
    const char *folder = scratch_path("blocks");
    reads = 0;
    nt_bundle_close(packed(folder, &data, 0));
    uint32_t at_once = reads;
    reads = largest_read = 0;
    nt_bundle *bundle = packed(folder, &data, 60 * 1024); /* 187 rows of the first layer in a block */
    assert_true(reads > at_once);
    assert_true(largest_read <= 192);
    load(bundle, folder, NT_ROLE_STABILITY, 0);
    check_stability(bundle);
    nt_bundle_close(bundle);
}

/* ---- Interrupted and taken up again. ---- */

struct interruption {
    const char *at; /* cancels when this is what is being done */
    uint32_t calls;
};

static int interrupt(void *context, const char *doing, double done) {
    struct interruption *i = context;
    (void)done;
    i->calls++;
    return i->at != NULL && strstr(doing, i->at) != NULL;
}

static enum nt_status pack_in_steps(const char *folder, const char *state, const char *at, uint8_t input,
                                    struct nt_pack_result *result) {
    struct interruption interruption = {at, 0};
    const struct nt_pack_options options = {.title = "t",
                                            .source = "s",
                                            .licence = "l",
                                            .command = "c",
                                            .workers = 1,
                                            .state = state,
                                            .inputs = {input},
                                            .report = interrupt,
                                            .context = &interruption};
    struct nt_pack_data data = world();
    struct nt_error error = {0};
    enum nt_status status = nt_pack(result, folder, &data, &options, allocator, &error);
    if (status != NT_OK && status != NT_E_CANCELLED) {
        fail_msg("%s", error.text);
    }
    return status;
}

/* What current.json says: it names the manifest by its hash, and that names every chunk by its own. */
static void read_current(char *text, const char *folder) {
    char path[SCRATCH_PATH + 16];
    (void)snprintf(path, sizeof path, "%s/current.json", folder);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    text[fread(text, 1, 200, file)] = 0;
    (void)fclose(file);
}

static void an_interrupted_pack_goes_on_where_it_stopped_to_the_same_bundle(void **state) {
    (void)state;
    char folder[SCRATCH_PATH], kept[SCRATCH_PATH], whole[256], resumed[256];
    struct nt_pack_result result;
    (void)strcpy(folder, scratch_path("steps"));
    (void)strcpy(kept, scratch_path("steps.packing"));
    assert_int_equal(pack_in_steps(folder, NULL, NULL, 1, &result), NT_OK);
    read_current(whole, folder);
    scratch_empty(folder);
    assert_int_equal(pack_in_steps(folder, kept, "layer 2 of 3", 1, &result), NT_E_CANCELLED);
    assert_int_equal(result.resumed, 0);
    assert_int_equal(pack_in_steps(folder, kept, "mapping layer 3 of 3", 1, &result), NT_E_CANCELLED);
    assert_int_equal(result.resumed, 1);
    assert_int_equal(pack_in_steps(folder, kept, NULL, 1, &result), NT_OK);
    assert_int_equal(result.resumed, 2);
    read_current(resumed, folder);
    assert_string_equal(resumed, whole);
    assert_int_not_equal(access(kept, F_OK), 0); /* nothing is left beside the bundle */
    uint64_t bytes = 0;
    for (uint32_t l = 0; l < LAYERS; l++) {
        bytes += result.layer_bytes[l];
        assert_true(result.layer_bytes[l] > 0);
    }
    assert_int_equal(bytes, result.code_bytes);
}

static void what_was_kept_is_not_taken_up_for_other_inputs_or_damaged(void **state) {
    (void)state;
    char folder[SCRATCH_PATH], kept[SCRATCH_PATH], path[SCRATCH_PATH + 16];
    struct nt_pack_result result;
    (void)strcpy(folder, scratch_path("other"));
    (void)strcpy(kept, scratch_path("other.packing"));
    (void)snprintf(path, sizeof path, "%s/layer-000", kept);
    assert_int_equal(pack_in_steps(folder, kept, "layer 2 of 3", 1, &result), NT_E_CANCELLED);
    assert_int_equal(pack_in_steps(folder, kept, "layer 2 of 3", 2, &result), NT_E_CANCELLED);
    assert_int_equal(result.resumed, 0);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, 5000, SEEK_SET), 0);
    assert_int_equal(fwrite("damage", 1, 6, file), 6);
    (void)fclose(file);
    assert_int_equal(pack_in_steps(folder, kept, "layer 2 of 3", 2, &result), NT_E_CANCELLED);
    assert_int_equal(result.resumed, 0);
    char chunks[SCRATCH_PATH + 16];
    (void)snprintf(chunks, sizeof chunks, "%s/c", folder);
    scratch_empty(chunks); /* its chunks are gone */
    assert_int_equal(pack_in_steps(folder, kept, NULL, 2, &result), NT_OK);
    assert_int_equal(result.resumed, 0);
}

static uint32_t count_files(const char *folder) {
    uint32_t count = 0;
    DIR *opened = opendir(folder);
    for (struct dirent *entry; opened != NULL && (entry = readdir(opened)) != NULL;) {
        count += entry->d_name[0] != '.';
    }
    if (opened != NULL) {
        (void)closedir(opened);
    }
    return count;
}

static void a_failure_leaves_the_former_bundle_and_nothing_else(void **state) {
    (void)state;
    char folder[SCRATCH_PATH], chunks[SCRATCH_PATH + 16], before[256], now[256];
    struct nt_pack_result result;
    struct nt_error error = {0};
    struct nt_pack_data data = world();
    (void)strcpy(folder, scratch_path("failing"));
    (void)snprintf(chunks, sizeof chunks, "%s/c", folder);
    poisoned = 33; /* is met at the second layer, when the first one's chunks are written */
    assert_int_equal(pack(folder, &data, 0, &result, &error), NT_E_VALUE);
    assert_int_not_equal(access(folder, F_OK), 0);
    assert_int_equal(pack_in_steps(folder, NULL, "layer 2 of 3", 1, &result), NT_E_CANCELLED); /* keeps no state */
    assert_int_not_equal(access(folder, F_OK), 0);
    poisoned = UINT32_MAX;
    nt_bundle_close(packed(folder, &data, 0));
    read_current(before, folder);
    uint32_t files = count_files(chunks);
    poisoned = 33;
    label[5] = (uint16_t)(CLASSES - 1); /* so that chunks differ from the former bundle's */
    assert_int_equal(pack(folder, &data, 0, &result, &error), NT_E_VALUE);
    poisoned = UINT32_MAX;
    label[5] = 0;
    read_current(now, folder);
    assert_string_equal(now, before);
    assert_int_equal(count_files(chunks), files);
    data.samples = 2;
    assert_int_equal(nt_pack_check(&data, &(struct nt_pack_options){.title = "t"}, &error), NT_E_SHAPE);
}

static enum nt_status read_images(void *context, uint8_t *out, const uint32_t *sample, uint32_t count,
                                  struct nt_error *error) {
    (void)context;
    (void)error;
    for (uint32_t i = 0; i < count; i++) {
        memset(out + 6 * (size_t)i, (int)(sample[i] % 251), 6);
    }
    return NT_OK;
}

static void thumbnails_go_with_activations(void **state) {
    (void)state;
    struct nt_pack_data data = world();
    const char *folder = scratch_path("pictures");
    data.images = (struct nt_pack_images){{3, 1, 2}, read_images, NULL};
    nt_bundle *bundle = packed(folder, &data, 0);
    load(bundle, folder, NT_ROLE_IMAGES, 0);
    for (uint32_t i = 0; i < N; i++) {
        assert_int_equal(nt_bundle_image(bundle, i)[5], i % 251);
    }
    nt_bundle_close(bundle);
}

static void refuses(const struct nt_pack_data *data, enum nt_status status, const char *words) {
    struct nt_pack_result result;
    struct nt_error error = {0};
    assert_int_equal(pack(scratch_path("refused"), data, 0, &result, &error), status);
    if (strstr(error.text, words) == NULL) {
        fail_msg("'%s' does not say '%s'", error.text, words);
    }
    assert_int_not_equal(access(scratch_path("refused/current.json"), F_OK), 0);
}

static void what_does_not_fit_is_refused_in_words(void **state) {
    (void)state;
    struct nt_pack_data data = world();
    poisoned = 33;
    refuses(&data, NT_E_VALUE, "layer 1 (block.0): activations that are not finite, one of sample 33");
    poisoned = UINT32_MAX;
    data.classes = 3;
    refuses(&data, NT_E_VALUE, "label 3 of sample 525: expected 0 to 2");
    data = world();
    prediction[7] = 9;
    data.prediction = prediction;
    refuses(&data, NT_E_VALUE, "prediction 9 of sample 7");
    prediction[7] = 0;
    confidence[8] = 1.5f;
    data.confidence = confidence;
    refuses(&data, NT_E_VALUE, "confidence 1.5 of sample 8: expected 0 to 1");
    confidence[8] = 1;
    data.samples = 2;
    refuses(&data, NT_E_SHAPE, "expected 3 to");
    data = world();
    data.activations = NULL;
    refuses(&data, NT_E_ARG, "expected a network or activations");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(activations_alone_become_a_bundle),
        cmocka_unit_test(queries_answer_from_codes_and_say_that_no_network_is_there),
        cmocka_unit_test(predictions_and_confidences_are_kept_where_they_are_given),
        cmocka_unit_test(little_memory_reads_more_often_and_finds_the_same),
        cmocka_unit_test(an_interrupted_pack_goes_on_where_it_stopped_to_the_same_bundle),
        cmocka_unit_test(what_was_kept_is_not_taken_up_for_other_inputs_or_damaged),
        cmocka_unit_test(a_failure_leaves_the_former_bundle_and_nothing_else),
        cmocka_unit_test(thumbnails_go_with_activations),
        cmocka_unit_test(what_does_not_fit_is_refused_in_words),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
