/* Several models in one bundle: what current.json may say, what joining checks, and two models against one another. */
#include "bundle_world.h"
#include "scratch.h"

#include "ntrace/models.h"
#include "ntrace/overlap.h"

#define M(digit) "m." digit digit ".json"
#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static struct nt_models models;

static int make_all(void **state) { return scratch_make(state) != 0 || make_world(state) != 0 ? -1 : 0; }
static int remove_all(void **state) { return scratch_remove(state) != 0 || remove_world(state) != 0 ? -1 : 0; }

static enum nt_status reads(const char *text, struct nt_error *error) {
    (void)scratch_text("current.json", text);
    *error = (struct nt_error){0};
    return nt_models_read(&models, scratch_folder, memory(), error);
}

static void is_refused(const char *text, enum nt_status status, const char *words) {
    struct nt_error error;
    assert_int_equal(reads(text, &error), status);
    if (strstr(error.text, words) == NULL || strstr(error.text, "current.json") == NULL) {
        fail_msg("'%s' does not say '%s'", error.text, words);
    }
}

static void a_list_names_models_and_the_one_that_is_opened(void **state) {
    (void)state;
    struct nt_error error;
    assert_int_equal(reads("{\"manifest\": \"" M(B) "\", \"models\": [{\"name\": \"né\", \"manifest\": \"" M(
                               A) "\"}, {\"name\": \"two\", \"manifest\": \"" M(B) "\"}]}",
                           &error),
                     NT_OK);
    assert_int_equal(models.count, 2);
    assert_int_equal(models.first, 1);
    assert_string_equal(models.model[0].name, "né");
    assert_string_equal(models.model[1].manifest, M(B));
    assert_int_equal(reads("{\"manifest\": \"" M(A) "\"}", &error), NT_OK);
    assert_int_equal(models.count, 1);
    assert_string_equal(models.model[0].name, "");
}

static void lists_that_lie_are_refused_in_words(void **state) {
    (void)state;
    static char many[16384] = "{\"manifest\": \"" M(A) "\", \"models\": [";
    is_refused("", NT_E_FORMAT, "expected {\"manifest\"");
    is_refused("[]", NT_E_FORMAT, "expected {\"manifest\"");
    is_refused("{\"manifest\": \"../m.json\"}", NT_E_FORMAT, "expected {\"manifest\"");
    is_refused("{\"manifest\": \"" M(A) "\", \"models\": {}}", NT_E_FORMAT, "expected {\"manifest\"");
    is_refused("{\"manifest\": \"" M(A) "\", \"models\": []}", NT_E_FORMAT, "expected {\"manifest\"");
    is_refused("{\"manifest\": \"" M(A) "\", \"models\": [3]}", NT_E_FORMAT, "model 0: expected");
    is_refused("{\"manifest\": \"" M(A) "\", \"models\": [{\"name\": 1, \"manifest\": \"" M(A) "\"}]}", NT_E_FORMAT,
               "model 0: expected");
    is_refused("{\"manifest\": \"" M(A) "\", \"models\": [{\"name\": \"a\", \"manifest\": \"c/x\"}]}", NT_E_FORMAT,
               "model 0: expected");
    is_refused("{\"manifest\": \"" M(A) "\", \"models\": [{\"name\": \"\", \"manifest\": \"" M(A) "\"}]}", NT_E_VALUE,
               "");
    is_refused("{\"manifest\": \"" M(A) "\", \"models\": [{\"name\": \"a\\u0001\", \"manifest\": \"" M(A) "\"}]}",
               NT_E_VALUE, "");
    is_refused("{\"manifest\": \"" M(A) "\", \"models\": [{\"name\": \"a\", \"manifest\": \"" M(B) "\"}]}", NT_E_FORMAT,
               "none of its models'");
    is_refused("{\"manifest\": \"" M(A) "\", \"models\": [{\"name\": \"a\", \"manifest\": \"" M(
                   A) "\"}, {\"name\": \"a\", \"manifest\": \"" M(B) "\"}]}",
               NT_E_VALUE, "two models named 'a'");
    for (int i = 0; i <= NT_MODELS_MAX; i++) {
        size_t used = strlen(many);
        (void)snprintf(many + used, sizeof many - used, "%s{\"name\": \"n%d\", \"manifest\": \"" M(A) "\"}",
                       i > 0 ? ", " : "", i);
    }
    (void)strcat(many, "]}");
    is_refused(many, NT_E_FORMAT, "more than 64 models");
}

static void joined_models_are_opened_by_name(void **state) {
    (void)state;
    struct nt_models_joined joined;
    struct nt_error error = {0};
    const char *output = scratch_path("joined");
    const struct nt_models_part part[] = {{world.folder, NULL, "one"}, {world.folder, NULL, "other"}};
    assert_int_equal(nt_models_join(&joined, output, part, 2, 1, memory(), &error), NT_OK);
    assert_true(joined.bytes > 0 && joined.shared_bytes == joined.bytes);
    assert_int_equal(nt_models_read(&models, output, memory(), NULL), NT_OK);
    nt_bundle *bundle;
    assert_int_equal(nt_models_open(&bundle, output, "one", memory(), NULL), NT_OK);
    assert_int_equal(nt_bundle_samples(bundle), SAMPLES);
    nt_bundle_close(bundle);
    assert_int_equal(nt_models_open(&bundle, output, "nobody", memory(), &error), NT_E_MISSING);
    assert_null(bundle);
    assert_non_null(strstr(error.text, "'one', 'other'"));
    assert_int_equal(nt_models_join(&joined, output, part, 2, 0, memory(), &error), NT_E_ARG);
    assert_non_null(strstr(error.text, "there is a bundle already"));
}

/* ---- Overlaps between models, against counting. ---- */

enum { N = 70, NEAR = 9, ROWS = 3, COLUMNS = 66 /* more than bits in a mask */ };

static nt_graph *random_graph(struct nt_random *random) {
    nt_graph *graph;
    assert_int_equal(nt_graph_create(&graph, N, NEAR, memory()), NT_OK);
    for (uint32_t i = 0; i < N; i++) {
        uint32_t index[NEAR], count = 0;
        float distance[NEAR];
        while (count < NEAR) {
            uint32_t candidate = nt_random_below(random, N);
            bool fresh = candidate != i;
            for (uint32_t c = 0; c < count; c++) {
                fresh = fresh && index[c] != candidate;
            }
            index[count] = candidate;
            distance[count] = (float)count;
            count += fresh ? 1 : 0;
        }
        nt_graph_set(graph, i, index, distance);
    }
    return graph;
}

static uint64_t count_common(const nt_graph *a, const nt_graph *b, uint32_t sample, uint32_t k) {
    uint32_t one[NEAR], other[NEAR];
    uint64_t common = 0;
    nt_graph_get(one, NULL, a, sample, k);
    nt_graph_get(other, NULL, b, sample, k);
    for (uint32_t i = 0; i < k * k; i++) {
        common += one[i / k] == other[i % k] ? 1 : 0;
    }
    return common;
}

static void neighbours_in_common_between_two_models_are_counted(void **state) {
    (void)state;
    static const uint32_t sample[] = {3, 69, 0};
    struct nt_random random;
    nt_graph *one[ROWS], *other[COLUMNS];
    static uint64_t sum[ROWS * COLUMNS];
    nt_bundle *bundle = open_world();
    assert_true(nt_bundle_samples(bundle) >= N);
    nt_random_seed(&random, 5, 5);
    for (uint32_t l = 0; l < ROWS; l++) {
        one[l] = random_graph(&random);
    }
    for (uint32_t l = 0; l < COLUMNS; l++) {
        other[l] = random_graph(&random);
    }
    struct nt_overlap_between_request request = {
        {{(const nt_graph *const *)one, bundle, NULL, ROWS}, {(const nt_graph *const *)other, bundle, NULL, COLUMNS}},
        sample,
        NEAR - 2,
        3};
    assert_int_equal(nt_overlap_between(sum, &request, NULL), NT_OK);
    for (uint32_t a = 0; a < ROWS; a++) {
        for (uint32_t b = 0; b < COLUMNS; b++) {
            uint64_t expected = 0;
            for (uint32_t i = 0; i < 3; i++) {
                expected += count_common(one[a], other[b], sample[i], NEAR - 2);
            }
            assert_int_equal(sum[a * COLUMNS + b], expected);
        }
    }
    struct nt_error error = {0};
    request.k = NEAR + 1;
    assert_int_equal(nt_overlap_between(sum, &request, &error), NT_E_ARG);
    request.k = NEAR;
    request.side[1].graph = NULL;
    static const uint32_t layer[] = {0};
    request.side[1].layer = layer;
    request.side[1].layers = 1;
    assert_int_equal(nt_overlap_between(sum, &request, &error), NT_E_MISSING);
    for (uint32_t l = 0; l < COLUMNS; l++) {
        nt_graph_free(l < ROWS ? one[l] : NULL);
        nt_graph_free(other[l]);
    }
    nt_bundle_close(bundle);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_names_models_and_the_one_that_is_opened),
        cmocka_unit_test(lists_that_lie_are_refused_in_words),
        cmocka_unit_test(joined_models_are_opened_by_name),
        cmocka_unit_test(neighbours_in_common_between_two_models_are_counted),
    };
    return cmocka_run_group_tests(tests, make_all, remove_all);
}
