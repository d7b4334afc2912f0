/* Memory that runs short: the n-th allocation fails, for every n, in opening, in asking and in packing. Each says that
 * memory is short, gives everything back, and works when it is tried again. */
#include <cjson/cJSON.h>

#include "bundle/handle.h"
#include "bundle_world.h"
#include "ntrace/distances.h"
#include "ntrace/explain.h"
#include "ntrace/place.h"
#include "ntrace/project.h"

/* Under sanitizers, which take their time, not every allocation fails, but every third. */
#if defined(__SANITIZE_ADDRESS__)
enum { STRIDE = 3 };
#else
enum { STRIDE = 1 };
#endif

enum { NEVER = -1, SMALL = 24 };

/* Counts what is asked for and what is held; the one whose number is `fails` gets nothing. */
static struct {
    long asked, fails, held;
    bool skips_json, of_json; /* skipped: not counted; the failed one was cJSON's, which does not tell want of memory
                                 from a text that is no JSON */
} count = {.fails = NEVER};

static void *count_allocate(void *context, size_t bytes) {
    (void)context;
    if (count.asked++ == count.fails) {
        return NULL;
    }
    void *pointer = nt_allocate(memory(), bytes, 1);
    count.held += pointer != NULL;
    return pointer;
}

static void count_release(void *context, void *pointer) {
    (void)context;
    count.held -= pointer != NULL;
    nt_release(memory(), pointer);
}

static const struct nt_allocator counting = {count_allocate, count_release, NULL};

static void *json_allocate(size_t bytes) {
    long asked = count.asked, fails = count.fails;
    count.fails = count.skips_json ? NEVER : fails;
    void *pointer = count_allocate(NULL, bytes);
    count.fails = fails;
    count.asked = count.skips_json ? asked : count.asked;
    count.of_json = count.of_json || pointer == NULL;
    return pointer;
}
static void json_release(void *pointer) { count_release(NULL, pointer); }

static void count_from_here(long fails) {
    count.asked = 0;
    count.fails = fails;
    count.of_json = false;
}

/* Runs something with every allocation failing in turn, until none does; at least `least` did. `whole` is asked after
 * each run whether all is still in order, and then a failure may be passed over; NULL: none may. */
static void fail_each(enum nt_status (*run)(struct nt_error *error), enum nt_status (*whole)(void), long least) {
    long n = 0;
    for (enum nt_status status = NT_E_MEMORY;; n += STRIDE) {
        struct nt_error error = {0};
        long held = count.held;
        count_from_here(n);
        status = run(&error);
        bool failed = count.asked > n, of_json = count.of_json;
        count_from_here(NEVER);
        if (count.held != held) {
            fail_msg("allocation %ld failed, and %ld were not given back", n, count.held - held);
        }
        assert_int_equal(whole != NULL ? whole() : NT_OK, NT_OK);
        if (!failed) {
            assert_int_equal(status, NT_OK);
            break;
        }
        if (status != NT_E_MEMORY && !(of_json && status == NT_E_FORMAT) && !(whole != NULL && status == NT_OK)) {
            fail_msg("allocation %ld failed, and the status is %s: %s", n, nt_status_name(status), error.text);
        }
    }
    assert_true(n >= least);
}

/* ---- Opening. ---- */

static enum nt_status feed_all(nt_bundle *bundle, const char *folder, bool again, struct nt_error *error) {
    for (uint32_t c = 0; c < nt_bundle_chunks(bundle); c++) {
        char path[128];
        uint8_t *bytes;
        size_t size;
        (void)snprintf(path, sizeof path, "%s/%s", folder, nt_bundle_chunk(bundle, c)->file);
        assert_int_equal(nt_folder_read_file(&bytes, &size, path, 1 << 24, memory(), NULL), NT_OK);
        enum nt_status status = nt_bundle_feed(bundle, c, bytes, size, error);
        if (status != NT_OK && again) {
            assert_false(nt_bundle_chunk(bundle, c)->loaded);
            status = nt_bundle_feed(bundle, c, bytes, size, error);
        }
        nt_release(memory(), bytes);
        NT_TRY(status);
    }
    return NT_OK;
}

static enum nt_status open_folder(struct nt_error *error) {
    nt_bundle *bundle;
    enum nt_status status = nt_folder_open(&bundle, world.folder, &counting, error);
    assert_int_equal(status == NT_OK, bundle != NULL);
    nt_bundle_close(bundle);
    return status;
}

static enum nt_status open_and_feed(struct nt_error *error) {
    nt_bundle *bundle;
    long fails = count.fails;
    count.fails = NEVER; /* opening has a test of its own */
    assert_int_equal(nt_folder_open(&bundle, world.folder, &counting, error), NT_OK);
    count_from_here(fails);
    enum nt_status status = feed_all(bundle, world.folder, false, error);
    nt_bundle_close(bundle);
    return status;
}

static void opening_gives_everything_back(void **state) {
    (void)state;
    fail_each(open_folder, NULL, 5);
}

static void feeding_gives_everything_back(void **state) {
    (void)state;
    fail_each(open_and_feed, NULL, 50);
}

static void a_chunk_for_which_memory_was_short_can_be_fed_again(void **state) {
    (void)state;
    long n = 0;
    do {
        nt_bundle *bundle;
        assert_int_equal(nt_folder_open(&bundle, world.folder, &counting, NULL), NT_OK);
        count_from_here(n++);
        assert_int_equal(feed_all(bundle, world.folder, true, NULL), NT_OK);
        nt_bundle_close(bundle);
        assert_int_equal(count.held, 0);
    } while (count.asked > count.fails);
    count_from_here(NEVER);
    assert_true(n > 50);
}

/* ---- Asking. ---- */

static nt_bundle *loaded;

static int load_counted(void **state) {
    (void)state;
    count_from_here(NEVER);
    return nt_folder_open(&loaded, world.folder, &counting, NULL) != NT_OK ||
           feed_all(loaded, world.folder, false, NULL) != NT_OK;
}

static int close_counted(void **state) {
    (void)state;
    nt_bundle_close(loaded);
    return count.held != 0;
}

static const uint32_t BOTH[2] = {0, LAYERS - 1};

static enum nt_status answer(nt_query *query, struct nt_error *error) {
    uint32_t done, index[K], overlap[2];
    float distance[K];
    while (!nt_query_exact(query)) {
        NT_TRY(nt_query_step(&done, query, 50, error));
    }
    NT_TRY(nt_query_neighbors(index, distance, query, 0));
    return nt_query_overlap(overlap, query, 0, error);
}

static enum nt_status search(enum nt_query_effort effort, struct nt_error *error) {
    nt_query *query;
    struct nt_trace trace;
    NT_TRY(nt_query_create(&query, loaded, 7, BOTH, 2, K, error));
    enum nt_status status = nt_query_set_effort(query, effort, error);
    status = status == NT_OK ? answer(query, error) : status;
    if (status == NT_OK && effort == NT_QUERY_CANDIDATES) {
        status = nt_query_trace(&trace, query, error);
        nt_trace_clear(&trace, &counting);
    }
    nt_query_free(query);
    return status;
}

static enum nt_status search_candidates(struct nt_error *error) { return search(NT_QUERY_CANDIDATES, error); }
static enum nt_status search_promising(struct nt_error *error) { return search(NT_QUERY_PROMISING, error); }
static enum nt_status search_all(struct nt_error *error) { return search(NT_QUERY_ALL, error); }

static enum nt_status search_image(struct nt_error *error) {
    nt_place *place;
    nt_query *query = NULL;
    uint32_t done = 0;
    NT_TRY(nt_place_create(&place, loaded, BOTH, 2, error));
    enum nt_status status = NT_OK;
    while (status == NT_OK && done < nt_place_steps(place)) {
        status = nt_place_step(&done, place, 10, error);
    }
    const uint8_t *image = world.dataset.image + 5 * PIXELS;
    if (status == NT_OK) {
        status = nt_query_create_image(&query, loaded, place, image, NT_QUERY_NOBODY, BOTH, 2, K, error);
    }
    status = status == NT_OK ? answer(query, error) : status;
    nt_query_free(query);
    nt_place_free(place);
    return status;
}

static enum nt_status measure_distances(struct nt_error *error) {
    nt_distances *distances;
    uint32_t done = 0;
    NT_TRY(nt_distances_create(&distances, loaded, 3, BOTH, 2, error));
    enum nt_status status = NT_OK;
    while (status == NT_OK && done < SAMPLES) {
        status = nt_distances_step(&done, distances, 100, error);
    }
    nt_distances_free(distances);
    return status;
}

static enum nt_explain_method method;

static enum nt_status explain(struct nt_error *error) {
    nt_explain *explained;
    struct nt_explain_request request = {.method = method,
                                         .image = world.dataset.image,
                                         .label = NT_EXPLAIN_TOP,
                                         .steps = 4,
                                         .layer = 1,
                                         .k = K,
                                         .sample = 0};
    NT_TRY(nt_explain_create(&explained, nt_bundle_net(loaded), loaded, &request, &counting, error));
    enum nt_status status = NT_OK;
    while (status == NT_OK && nt_explain_result(explained)->done < nt_explain_result(explained)->units) {
        status = nt_explain_step(explained, 1000, error);
    }
    nt_explain_free(explained);
    return status;
}

static enum nt_status find_graph(nt_graph **graph, struct nt_error *error) {
    nt_graph_search *found;
    double done = 0;
    *graph = NULL;
    NT_TRY(nt_bundle_graph_search(&found, loaded, LAYERS - 1, K, NT_GRAPH_ROOM_MIN, error));
    enum nt_status status = NT_OK;
    while (status == NT_OK && done < 1) {
        status = nt_graph_search_step(&done, found, error);
    }
    if (status == NT_OK) {
        *graph = nt_graph_search_take(found);
    }
    nt_graph_search_free(found);
    return status;
}

static enum nt_status draw_map(struct nt_error *error) {
    nt_graph *graph;
    nt_umap *umap = NULL;
    struct nt_umap_options options;
    uint32_t epoch = 0;
    nt_umap_defaults(&options, SAMPLES, NT_UMAP_SPECTRAL);
    options.epochs = 5;
    enum nt_status status = find_graph(&graph, error);
    if (status == NT_OK) {
        status = nt_umap_create(&umap, graph, &options, NULL, &counting, error);
    }
    while (status == NT_OK && epoch < options.epochs) {
        status = nt_umap_step(&epoch, umap, error);
    }
    nt_umap_free(umap);
    nt_graph_free(graph);
    return status;
}

static void searching_gives_everything_back(void **state) {
    (void)state;
    fail_each(search_candidates, NULL, 10);
    fail_each(search_promising, NULL, 10);
    fail_each(search_all, NULL, 10);
    fail_each(search_image, NULL, 10);
}

static void distances_and_explanations_give_everything_back(void **state) {
    (void)state;
    fail_each(measure_distances, NULL, 3);
    for (method = 0; method < NT_EXPLAIN_METHOD_COUNT; method++) {
        fail_each(explain, NULL, 3);
    }
}

static void graphs_and_maps_give_everything_back(void **state) {
    (void)state;
    fail_each(draw_map, NULL, 10);
}

/* ---- Packing. ---- */

static struct {
    struct nt_dataset dataset;
    nt_net *net;
    uint8_t *weights;
    size_t weights_bytes;
    char folder[64];
} small;

/* Every so many samples, so that all classes are there, and a network that is soon computed. */
static void make_small(void) {
    const struct nt_layer layer[2] = {{.kind = NT_LAYER_FLATTEN}, {.kind = NT_LAYER_LINEAR, .shape = {CLASSES, 0, 0}}};
    struct nt_random random;
    (void)snprintf(small.folder, sizeof small.folder, "%s/small", world.folder);
    small.dataset = world.dataset;
    small.dataset.samples = SMALL;
    small.dataset.image = nt_allocate(memory(), SMALL, PIXELS);
    small.dataset.label = nt_allocate(memory(), SMALL, sizeof *small.dataset.label);
    for (uint32_t i = 0, from = 0; i < SMALL; i++, from += SAMPLES / SMALL) {
        memcpy(small.dataset.image + i * PIXELS, world.dataset.image + from * PIXELS, PIXELS);
        small.dataset.label[i] = world.dataset.label[from];
    }
    nt_random_seed(&random, 3, 1);
    assert_int_equal(nt_net_create(&small.net, small.dataset.shape, layer, 2, memory(), NULL), NT_OK);
    for (uint64_t i = 0; i < nt_net_parameters(small.net); i++) {
        nt_net_values(small.net)[i] = nt_random_normal(&random);
    }
    nt_net_changed(small.net);
    assert_int_equal(nt_net_serialize(&small.weights, &small.weights_bytes, small.net, NULL, memory(), NULL), NT_OK);
}

static void clear_small(void) {
    nt_release(memory(), small.dataset.image);
    nt_release(memory(), small.dataset.label);
    nt_release(memory(), small.weights);
    nt_net_free(small.net);
}

static enum nt_status pack_small(struct nt_error *error) {
    struct nt_pack_options options = {
        .title = "test", .source = "tests", .licence = "CC0", .command = "pack", .workers = 1};
    struct nt_pack_result result;
    struct nt_pack_data data = nt_pack_dataset(&small.dataset, small.net, small.weights, small.weights_bytes);
    return nt_pack(&result, small.folder, &data, &options, &counting, error);
}

static enum nt_status small_is_whole(void) {
    nt_bundle *bundle;
    NT_TRY(nt_folder_open(&bundle, small.folder, memory(), NULL));
    enum nt_status status = feed_all(bundle, small.folder, false, NULL);
    nt_bundle_close(bundle);
    return status;
}

static enum nt_status write_network(struct nt_error *error) {
    const char *const names[CLASSES] = {"class 0", "class 1", "class 2"};
    uint8_t *bytes;
    size_t size;
    enum nt_status status = nt_net_serialize(&bytes, &size, world.net, names, &counting, error);
    nt_release(&counting, bytes);
    return status;
}

static void writing_a_network_gives_everything_back(void **state) {
    (void)state;
    fail_each(write_network, NULL, 50);
}

static void packing_leaves_the_former_bundle_whole_and_gives_everything_back(void **state) {
    (void)state;
    make_small();
    count.skips_json = true;                   /* the manifest's some thousand are below, where they take no time */
    assert_int_equal(pack_small(NULL), NT_OK); /* the bundle that is there before */
    fail_each(pack_small, small_is_whole, 100);
    count.skips_json = false;
    clear_small();
}

static struct nt_manifest manifest;

static enum nt_status print_manifest(struct nt_error *error) {
    char *json;
    (void)error;
    enum nt_status status = nt_manifest_print(&json, &manifest, &counting);
    nt_release(&counting, json);
    return status;
}

static void the_manifest_is_written_whole_or_not_at_all(void **state) {
    (void)state;
    manifest = loaded->manifest;
    fail_each(print_manifest, NULL, 1000);
}

int main(void) {
    cJSON_Hooks hooks = {json_allocate, json_release};
    cJSON_InitHooks(&hooks);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opening_gives_everything_back),
        cmocka_unit_test(feeding_gives_everything_back),
        cmocka_unit_test(a_chunk_for_which_memory_was_short_can_be_fed_again),
        cmocka_unit_test_setup_teardown(searching_gives_everything_back, load_counted, close_counted),
        cmocka_unit_test_setup_teardown(distances_and_explanations_give_everything_back, load_counted, close_counted),
        cmocka_unit_test_setup_teardown(graphs_and_maps_give_everything_back, load_counted, close_counted),
        cmocka_unit_test_setup_teardown(the_manifest_is_written_whole_or_not_at_all, load_counted, close_counted),
        cmocka_unit_test(writing_a_network_gives_everything_back),
        cmocka_unit_test(packing_leaves_the_former_bundle_whole_and_gives_everything_back),
    };
    return cmocka_run_group_tests_name("memory", tests, make_world, remove_world);
}
