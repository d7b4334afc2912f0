/* Packing a small dataset and asking the bundle: answers against brute force, damage always found. */
#include "bundle_world.h"

static uint32_t count_common(const uint32_t *a, const uint32_t *b, uint32_t k) {
    uint32_t scratch[2 * SAMPLES];
    return nt_trace_overlap(a, b, k, scratch);
}

static void finish(nt_query *query) {
    uint32_t done = 0, count;
    const uint32_t *rows = nt_query_rows(query, &count);
    assert_non_null(rows);
    while (!nt_query_exact(query)) {
        uint32_t before = done;
        assert_int_equal(nt_query_step(&done, query, 7, NULL), NT_OK);
        assert_true(done > before && done <= count);
    }
}

static void exact_neighbours_are_those_of_brute_force_at_every_layer(void **state) {
    (void)state;
    nt_bundle *bundle = open_world();
    uint32_t index[K], truth[K], found = 0, asked = 0;
    float distance[K], exact[K];
    load(bundle, NT_ROLE_WEIGHTS, 0, NULL, 0);
    for (uint32_t layer = 0; layer < LAYERS; layer++) {
        load(bundle, NT_ROLE_CODES, layer, NULL, 0);
        for (uint32_t sample = layer; sample < SAMPLES; sample += 37) {
            nt_query *query;
            assert_int_equal(nt_query_create(&query, bundle, sample, &layer, 1, K, NULL), NT_OK);
            assert_false(nt_query_exact(query));
            uint32_t count;
            const uint32_t *rows = nt_query_rows(query, &count);
            load(bundle, NT_ROLE_IMAGES, 0, rows, count);
            finish(query);
            assert_int_equal(nt_query_neighbors(index, distance, query, 0), NT_OK);
            brute_force(truth, exact, sample, layer, K);
            found += count_common(index, truth, K);
            asked += K;
            for (uint32_t i = 0; i < K && index[i] == truth[i]; i++) {
                assert_true(distance[i] * distance[i] >= exact[i] * 0.999999f &&
                            distance[i] * distance[i] <= exact[i] * 1.000001f);
            }
            nt_query_free(query);
        }
    }
    nt_bundle_close(bundle);
    assert_true(found >= 0.999 * asked);
}

static void answers_on_codes_come_before_images_and_are_close(void **state) {
    (void)state;
    nt_bundle *bundle = open_world();
    uint32_t index[K], truth[K], found = 0, asked = 0, layer = 0, done;
    float distance[K], exact[K];
    load(bundle, NT_ROLE_CODES, 0, NULL, 0);
    for (uint32_t sample = 0; sample < SAMPLES; sample += 13, asked += K) {
        nt_query *query;
        assert_int_equal(nt_query_create(&query, bundle, sample, &layer, 1, K, NULL), NT_OK);
        assert_int_equal(nt_query_neighbors(index, distance, query, 0), NT_OK);
        brute_force(truth, exact, sample, 0, K);
        found += count_common(index, truth, K);
        assert_int_equal(nt_query_step(&done, query, 1, NULL), NT_E_MISSING);
        nt_query_free(query);
    }
    nt_bundle_close(bundle);
    assert_true(found >= 0.8 * asked);
}

static void traces_hold_both_neighbourhoods_and_their_ranks(void **state) {
    (void)state;
    nt_bundle *bundle = open_world();
    const uint32_t layer[2] = {0, LAYERS - 1}, sample = 100;
    uint32_t truth[2][K], count;
    float exact[2][K];
    nt_query *query;
    load(bundle, NT_ROLE_SAMPLES, 0, NULL, 0);
    load(bundle, NT_ROLE_WEIGHTS, 0, NULL, 0);
    load(bundle, NT_ROLE_CODES, 0, NULL, 0);
    load(bundle, NT_ROLE_CODES, LAYERS - 1, NULL, 0);
    assert_int_equal(nt_query_create(&query, bundle, sample, layer, 2, K, NULL), NT_OK);
    const uint32_t *rows = nt_query_rows(query, &count);
    load(bundle, NT_ROLE_IMAGES, 0, rows, count);
    finish(query);
    struct nt_trace trace;
    assert_int_equal(nt_query_trace(&trace, query, NULL), NT_OK);
    for (int s = 0; s < 2; s++) {
        brute_force(truth[s], exact[s], sample, layer[s], K);
        uint32_t members = 0;
        for (uint32_t i = 0; i < trace.points_count; i++) {
            const struct nt_trace_point *p = &trace.points[i];
            if (p->member & (s == 0 ? NT_TRACE_IN_FROM : NT_TRACE_IN_TO)) {
                assert_int_equal(truth[s][p->rank[s]], p->sample);
                members++;
            } else {
                assert_true(p->rank[s] >= K);
            }
            assert_int_equal(p->label, world.dataset.label[p->sample]);
        }
        assert_int_equal(members, K);
    }
    assert_int_equal(trace.overlap, count_common(truth[0], truth[1], K));
    nt_trace_clear(&trace, memory());
    nt_query_free(query);
    nt_bundle_close(bundle);
}

static void stability_and_predictions_are_recorded(void **state) {
    (void)state;
    nt_bundle *bundle = open_world();
    uint32_t k = 100, truth[2][SAMPLES], off = 0;
    float exact[SAMPLES];
    load(bundle, NT_ROLE_STABILITY, 0, NULL, 0);
    load(bundle, NT_ROLE_SAMPLES, 0, NULL, 0);
    for (uint32_t sample = 0; sample < SAMPLES; sample += 29) {
        brute_force(truth[0], exact, sample, 0, k);
        for (uint32_t l = 0; l < LAYERS; l++) {
            brute_force(truth[1], exact, sample, l, k);
            int32_t gap = (int32_t)nt_bundle_stability(bundle)[l * SAMPLES + sample] -
                          (int32_t)count_common(truth[0], truth[1], k);
            off += (uint32_t)abs(gap);
        }
        const float *logit = world.activation[LAYERS - 1] + sample * CLASSES;
        for (uint32_t c = 0; c < CLASSES; c++) {
            assert_true(logit[c] <= logit[nt_bundle_predictions(bundle)[sample]]);
        }
    }
    assert_int_equal(off, 0);
    nt_bundle_close(bundle);
}

static void the_bundle_does_not_depend_on_the_number_of_threads(void **state) {
    (void)state;
    char path[64];
    uint8_t *before, *after;
    size_t before_bytes, after_bytes;
    (void)snprintf(path, sizeof path, "%s/current.json", world.folder);
    assert_int_equal(nt_folder_read_file(&before, &before_bytes, path, 1000, memory(), NULL), NT_OK);
    assert_int_equal(pack(2, NULL), NT_OK);
    assert_int_equal(nt_folder_read_file(&after, &after_bytes, path, 1000, memory(), NULL), NT_OK);
    assert_int_equal(before_bytes, after_bytes);
    assert_memory_equal(before, after, before_bytes);
    nt_release(memory(), before);
    nt_release(memory(), after);
}

static void a_changed_byte_in_any_chunk_is_detected_and_named(void **state) {
    (void)state;
    nt_bundle *bundle = open_world();
    struct nt_random random;
    nt_random_seed(&random, 6, 1);
    for (uint32_t c = 0; c < nt_bundle_chunks(bundle); c++) {
        const struct nt_bundle_chunk *chunk = nt_bundle_chunk(bundle, c);
        char path[96];
        uint8_t *bytes;
        size_t size;
        (void)snprintf(path, sizeof path, "%s/%s", world.folder, chunk->file);
        assert_int_equal(nt_folder_read_file(&bytes, &size, path, 1 << 24, memory(), NULL), NT_OK);
        for (int i = 0; i < 20; i++) {
            uint32_t at = nt_random_below(&random, (uint32_t)size);
            struct nt_error error = {0};
            bytes[at] ^= (uint8_t)(1u << nt_random_below(&random, 8));
            uint8_t changed = bytes[at];
            assert_int_equal(nt_bundle_feed(bundle, c, bytes, size, &error), NT_E_DAMAGED);
            assert_non_null(strstr(error.text, chunk->file));
            bytes[at] = changed;
        }
        assert_int_equal(nt_bundle_feed(bundle, c, bytes, size - 1, NULL), NT_E_DAMAGED);
        assert_false(chunk->loaded);
        nt_release(memory(), bytes);
    }
    nt_bundle_close(bundle);
}

static void manifests_with_any_byte_changed_never_open_with_sizes_that_do_not_fit(void **state) {
    (void)state;
    char path[128], name[80] = {0};
    uint8_t *current, *json;
    size_t bytes;
    (void)snprintf(path, sizeof path, "%s/current.json", world.folder);
    assert_int_equal(nt_folder_read_file(&current, &bytes, path, 1000, memory(), NULL), NT_OK);
    assert_int_equal(sscanf((const char *)current, "{\"manifest\": \"%71[^\"]", name), 1);
    (void)snprintf(path, sizeof path, "%s/%s", world.folder, name);
    assert_int_equal(nt_folder_read_file(&json, &bytes, path, 1 << 24, memory(), NULL), NT_OK);
    struct nt_random random;
    nt_random_seed(&random, 7, 1);
    uint32_t refused = 0;
    for (int i = 0; i < 3000; i++) {
        uint32_t at = nt_random_below(&random, (uint32_t)bytes);
        uint8_t before = json[at];
        json[at] = (uint8_t)nt_random_below(&random, 256);
        nt_bundle *bundle;
        struct nt_error error = {0};
        if (nt_bundle_open(&bundle, (const char *)json, bytes, memory(), &error) != NT_OK) {
            assert_null(bundle);
            assert_true(error.text[0] != 0);
            refused++;
        }
        nt_bundle_close(bundle);
        json[at] = before;
    }
    assert_true(refused > 1000);
    nt_release(memory(), current);
    nt_release(memory(), json);
}

static void questions_out_of_range_are_refused_in_words(void **state) {
    (void)state;
    nt_bundle *bundle = open_world();
    nt_query *query;
    struct nt_error error = {0};
    uint32_t layer = 0, beyond = LAYERS;
    assert_int_equal(nt_query_create(&query, bundle, 0, &layer, 1, K, &error), NT_E_MISSING);
    load(bundle, NT_ROLE_CODES, 0, NULL, 0);
    assert_int_equal(nt_query_create(&query, bundle, SAMPLES, &layer, 1, K, &error), NT_E_ARG);
    assert_non_null(strstr(error.text, "sample 260: expected 0 to 259"));
    assert_int_equal(nt_query_create(&query, bundle, 0, &layer, 1, 0, &error), NT_E_ARG);
    assert_int_equal(nt_query_create(&query, bundle, 0, &layer, 1, SAMPLES, &error), NT_E_ARG);
    assert_int_equal(nt_query_create(&query, bundle, 0, &beyond, 1, K, &error), NT_E_ARG);
    assert_null(query);
    nt_bundle_close(bundle);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_neighbours_are_those_of_brute_force_at_every_layer),
        cmocka_unit_test(answers_on_codes_come_before_images_and_are_close),
        cmocka_unit_test(traces_hold_both_neighbourhoods_and_their_ranks),
        cmocka_unit_test(stability_and_predictions_are_recorded),
        cmocka_unit_test(the_bundle_does_not_depend_on_the_number_of_threads),
        cmocka_unit_test(a_changed_byte_in_any_chunk_is_detected_and_named),
        cmocka_unit_test(manifests_with_any_byte_changed_never_open_with_sizes_that_do_not_fit),
        cmocka_unit_test(questions_out_of_range_are_refused_in_words),
    };
    return cmocka_run_group_tests_name("bundle", tests, make_world, remove_world);
}
