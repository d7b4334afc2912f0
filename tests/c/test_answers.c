/* What packing ships worked out: against brute force, and nothing out of its range is taken. */
#include "bundle_world.h"

#include <cjson/cJSON.h>

#include "ntrace/chunk.h"
#include "ntrace/measures.h"
#include "ntrace/sha256.h"

static void shipped_measures_are_those_of_the_true_neighbours(void **state) {
    (void)state;
    static uint32_t near[SAMPLES][SAMPLES];
    static float distance[SAMPLES];
    const uint32_t k = 100;
    nt_bundle *bundle = open_world();
    for (uint32_t l = 0; l < LAYERS; l += 3) {
        uint32_t occurrence[SAMPLES] = {0}, off = 0;
        assert_null(nt_bundle_measured(bundle, l));
        load(bundle, NT_ROLE_MEASURES, l, NULL, 0);
        const struct nt_bundle_measured *m = nt_bundle_measured(bundle, l);
        assert_non_null(m);
        for (uint32_t i = 0; i < SAMPLES; i++) {
            uint32_t same = 0;
            brute_force(near[i], distance, i, l, k);
            for (uint32_t d = 0; d < k; d++) {
                same += world.dataset.label[near[i][d]] == world.dataset.label[i];
                occurrence[near[i][d]]++;
            }
            off += (uint32_t)abs((int)same - (int)(m->purity[i] * (float)k + 0.5f));
            assert_true(m->rbo[i] >= 0 && m->rbo[i] <= 1 && m->prediction_purity[i] <= 1);
            assert_true(l > 0 || m->rbo[i] > 0.9999f);
        }
        for (uint32_t i = 0; i < SAMPLES; i++) {
            off += (uint32_t)abs((int)occurrence[i] - (int)m->occurrence[i]);
        }
        assert_int_equal(off, 0);
        assert_true(m->dimension[CLASSES] > 0 && m->dimension_used[CLASSES] <= SAMPLES);
    }
    nt_bundle_close(bundle);
}

static void shipped_maps_are_as_true_as_they_say(void **state) {
    (void)state;
    static uint32_t key[SAMPLES], scratch[4 * SAMPLES];
    nt_bundle *bundle = open_world();
    for (uint32_t l = 0; l < LAYERS; l++) {
        const struct nt_bundle_layer *layer = nt_bundle_layer(bundle, l);
        double sum = 0, said = 0;
        load(bundle, NT_ROLE_MAP, l, NULL, 0);
        const struct nt_bundle_mapped *map = nt_bundle_mapped(bundle, l);
        assert_true((layer->map.moved < 0) == (l == 0));
        for (uint32_t i = 0; i < SAMPLES; i++) {
            float trust, continuity;
            nt_measure_keys(key, world.activation[l], i, SAMPLES, layer->size);
            assert_int_equal(
                nt_measure_map(&trust, &continuity, key, NULL, map->point, i, SAMPLES, layer->map.k, scratch), NT_OK);
            sum += (double)trust;
            said += (double)map->trustworthiness[i];
            assert_true(map->trustworthiness[i] - trust < 0.1f && trust - map->trustworthiness[i] < 0.1f);
            assert_true(map->continuity[i] - continuity < 0.1f && continuity - map->continuity[i] < 0.1f);
        }
        assert_true(sum - said < 0.01 * SAMPLES && said - sum < 0.01 * SAMPLES);
        assert_true(said - layer->map.trustworthiness * SAMPLES < SAMPLES / 255.0);
        assert_true(said > 0.7 * SAMPLES); /* 0.5 is chance */
    }
    assert_ptr_equal(nt_bundle_mapped(bundle, 7), nt_bundle_mapped(bundle, 6)); /* Flatten */
    nt_bundle_close(bundle);
}

static void shipped_suggestions_and_credibility_speak_of_the_samples(void **state) {
    (void)state;
    nt_bundle *bundle = open_world();
    uint32_t count, seen[NT_REASON_COUNT] = {0};
    assert_null(nt_bundle_suggestions(bundle, &count));
    load(bundle, NT_ROLE_SUGGESTIONS, 0, NULL, 0);
    load(bundle, NT_ROLE_CREDIBILITY, 0, NULL, 0);
    load(bundle, NT_ROLE_SAMPLES, 0, NULL, 0);
    const struct nt_suggestion *s = nt_bundle_suggestions(bundle, &count);
    for (uint32_t i = 0; i < count; i++) {
        assert_true(i == 0 || s[i].reason >= s[i - 1].reason);
        seen[s[i].reason]++;
    }
    assert_int_equal(seen[NT_REASON_MOST_STABLE], 10);
    assert_int_equal(seen[NT_REASON_TYPICAL], 10 * CLASSES);
    const struct nt_bundle_credible *credible = nt_bundle_credible(bundle);
    double right = 0, wrong = 0;
    for (uint32_t i = 0; i < SAMPLES; i++) {
        bool agrees = credible->prediction[i] == world.dataset.label[i];
        right += agrees ? 1 : 0;
        wrong += agrees ? 0 : 1;
        assert_true(credible->credibility[i] >= 0 && credible->credibility[i] <= 1 && credible->confidence[i] <= 1);
    }
    assert_true(right > 2 * wrong);
    nt_bundle_close(bundle);
}

/* The manifest of the world, to be given to cJSON_Delete. */
static cJSON *read_manifest(void) {
    char path[128], name[80] = {0};
    uint8_t *bytes;
    size_t size;
    (void)snprintf(path, sizeof path, "%s/current.json", world.folder);
    assert_int_equal(nt_folder_read_file(&bytes, &size, path, 1000, memory(), NULL), NT_OK);
    assert_int_equal(sscanf((const char *)bytes, "{\"manifest\": \"%71[^\"]", name), 1);
    nt_release(memory(), bytes);
    (void)snprintf(path, sizeof path, "%s/%s", world.folder, name);
    assert_int_equal(nt_folder_read_file(&bytes, &size, path, 1 << 24, memory(), NULL), NT_OK);
    cJSON *manifest = cJSON_ParseWithLength((const char *)bytes, size);
    nt_release(memory(), bytes);
    assert_non_null(manifest);
    return manifest;
}

static cJSON *chunk_of(const cJSON *manifest, const char *role, uint32_t *number) {
    cJSON *chunk;
    *number = 0;
    cJSON_ArrayForEach(chunk, cJSON_GetObjectItem(manifest, "chunks")) {
        if (strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(chunk, "role")), role) == 0) {
            return chunk;
        }
        ++*number;
    }
    fail_msg("no chunk of %s", role);
    return NULL;
}

/* Feeds a chunk whose raw bytes at `at` were replaced, under hashes that fit. */
static enum nt_status feed_replaced(const char *role, size_t at, const void *bytes, size_t count,
                                    struct nt_error *error) {
    uint32_t number;
    cJSON *manifest = read_manifest(), *chunk = chunk_of(manifest, role, &number);
    char path[128], hex[65], crc[9], name[48];
    uint8_t *stored, *raw, *made, digest[NT_SHA256_BYTES];
    size_t size;
    struct nt_chunk_header header;
    (void)snprintf(path, sizeof path, "%s/%s", world.folder, cJSON_GetStringValue(cJSON_GetObjectItem(chunk, "file")));
    assert_int_equal(nt_folder_read_file(&stored, &size, path, 1 << 24, memory(), NULL), NT_OK);
    assert_int_equal(nt_chunk_header(&header, stored, size, role, NULL), NT_OK);
    raw = nt_allocate(memory(), header.raw_bytes, 1);
    assert_int_equal(nt_chunk_read(raw, &header, stored, size, role, memory(), NULL), NT_OK);
    memcpy(raw + at, bytes, count);
    assert_int_equal(nt_chunk_write(&made, &size, &header, raw, header.raw_bytes, memory()), NT_OK);
    nt_sha256(digest, made, size);
    nt_sha256_hex(hex, digest, sizeof digest);
    (void)snprintf(crc, sizeof crc, "%08x", (unsigned)nt_chunk_crc32(made));
    (void)snprintf(name, sizeof name, "c/%.32s.bin", hex);
    cJSON_SetValuestring(cJSON_GetObjectItem(chunk, "sha256"), hex);
    cJSON_SetValuestring(cJSON_GetObjectItem(chunk, "crc32"), crc);
    cJSON_SetValuestring(cJSON_GetObjectItem(chunk, "file"), name);
    cJSON_SetNumberValue(cJSON_GetObjectItem(chunk, "bytes"), (double)size);
    char *json = cJSON_PrintUnformatted(manifest);
    nt_bundle *bundle;
    assert_int_equal(nt_bundle_open(&bundle, json, strlen(json), memory(), error), NT_OK);
    enum nt_status status = nt_bundle_feed(bundle, number, made, size, error);
    nt_bundle_close(bundle);
    cJSON_free(json);
    cJSON_Delete(manifest);
    nt_release(memory(), stored);
    nt_release(memory(), raw);
    nt_release(memory(), made);
    return status;
}

static void shipped_answers_out_of_their_range_are_refused_in_words(void **state) {
    (void)state;
    const uint8_t high = 101, byte = 255, nan[8] = {0, 0, 0, 0, 0, 0, 0xf8, 0x7f};
    const uint32_t beyond = SAMPLES, infinite = 0x7f800000;
    struct nt_error error = {0};
    const size_t planes = (size_t)SAMPLES * 10;
    assert_int_equal(feed_replaced("measures", 3, &high, 0, &error), NT_OK); /* unchanged */
    assert_int_equal(feed_replaced("measures", 3, &high, 1, &error), NT_E_VALUE);
    assert_non_null(strstr(error.text, "measures out of their range"));
    assert_int_equal(feed_replaced("measures", SAMPLES * 7 + 5, &byte, 1, NULL), NT_E_VALUE);
    assert_int_equal(feed_replaced("measures", planes, nan, 8, NULL), NT_E_VALUE);
    assert_int_equal(feed_replaced("measures", planes + 8 * (CLASSES + 1), &beyond, 4, NULL), NT_OK);
    assert_int_equal(feed_replaced("measures", planes + 8 * (CLASSES + 1) + 3, &high, 1, NULL), NT_E_VALUE);
    assert_int_equal(feed_replaced("credibility", SAMPLES * 5 - 1, &byte, 1, &error), NT_E_VALUE);
    assert_non_null(strstr(error.text, "sample 259 has class"));
    for (size_t field = 0; field < 6; field++) {
        assert_int_equal(feed_replaced("suggestions", 36 + 4 * field, &beyond, 4, &error), NT_E_VALUE);
        assert_non_null(strstr(error.text, "suggestion 1 is out of its range"));
    }
    assert_int_equal(feed_replaced("suggestions", 24, &infinite, 4, NULL), NT_E_VALUE);
    assert_int_equal(feed_replaced("map", 0, nan, 8, NULL), NT_OK); /* any number is a place */
}

static void a_second_chunk_of_what_one_holds_is_refused(void **state) {
    (void)state;
    const char *roles[] = {"samples", "stability", "map", "measures", "credibility", "suggestions"};
    for (size_t r = 0; r < sizeof roles / sizeof *roles; r++) {
        uint32_t number;
        cJSON *manifest = read_manifest(), *chunks = cJSON_GetObjectItem(manifest, "chunks");
        cJSON *chunk = chunk_of(manifest, roles[r], &number);
        uint32_t second = (uint32_t)cJSON_GetArraySize(chunks);
        cJSON_AddItemToArray(chunks, cJSON_Duplicate(chunk, true));
        char path[128], *json = cJSON_PrintUnformatted(manifest);
        uint8_t *bytes;
        size_t size;
        struct nt_error error = {0};
        nt_bundle *bundle;
        (void)snprintf(path, sizeof path, "%s/%s", world.folder,
                       cJSON_GetStringValue(cJSON_GetObjectItem(chunk, "file")));
        assert_int_equal(nt_folder_read_file(&bytes, &size, path, 1 << 24, memory(), NULL), NT_OK);
        assert_int_equal(nt_bundle_open(&bundle, json, strlen(json), memory(), &error), NT_OK);
        assert_int_equal(nt_bundle_feed(bundle, number, bytes, size, &error), NT_OK);
        assert_int_equal(nt_bundle_feed(bundle, second, bytes, size, &error), NT_E_FORMAT);
        assert_non_null(strstr(error.text, roles[r]));
        nt_bundle_close(bundle);
        nt_release(memory(), bytes);
        cJSON_free(json);
        cJSON_Delete(manifest);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shipped_measures_are_those_of_the_true_neighbours),
        cmocka_unit_test(shipped_maps_are_as_true_as_they_say),
        cmocka_unit_test(shipped_suggestions_and_credibility_speak_of_the_samples),
        cmocka_unit_test(shipped_answers_out_of_their_range_are_refused_in_words),
        cmocka_unit_test(a_second_chunk_of_what_one_holds_is_refused),
    };
    return cmocka_run_group_tests_name("answers", tests, make_world, remove_world);
}
