/* Figures of the engine on a bundle: medians of several runs, each with what it is compared to. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "core/target.h"
#include "ntrace/folder.h"
#include "ntrace/knn.h"
#include "ntrace/random.h"

enum { RUNS = 7, BATCH = 64, K = 100 };

struct bench {
    nt_bundle *bundle;
    const nt_net *net;
    uint32_t samples, layers, queries;
    struct nt_random random;
    float *x, *input;    /* one layer's activations of all samples; all images as floats */
    nt_knn_table *table; /* of x */
    void *scratch;       /* of its searches */
};

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *value, size_t count) {
    qsort(value, count, sizeof *value, ascending);
    return value[count / 2];
}

static void print_machine(void) {
    char line[256], model[200] = "unknown processor", date[32];
    FILE *file = fopen("/proc/cpuinfo", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "model name : %199[^\n]", model) == 1) {
            break;
        }
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    time_t now = time(NULL);
    (void)strftime(date, sizeof date, "%Y-%m-%d %H:%M UTC", gmtime(&now));
    printf("machine    %s, %s, %s\n", model, nt_target_name(nt_target()), date);
}

/* ---- The forward pass. ---- */

static double forward_seconds(const struct bench *b, uint32_t count, void *scratch, float *out) {
    float *activation[NT_NET_MAX_LAYERS] = {NULL};
    activation[b->layers - 1] = out;
    double start = nt_seconds();
    (void)nt_net_forward(activation, b->net, b->input, count, scratch);
    return nt_seconds() - start;
}

static void bench_forward(struct bench *b) {
    void *scratch = nt_allocate(nt_allocator_default(), nt_net_forward_bytes(b->net, BATCH), 1);
    float *out = nt_allocate(nt_allocator_default(), BATCH, nt_net_classes(b->net) * sizeof *out);
    enum nt_target best = nt_target();
    for (int t = 0; scratch != NULL && out != NULL && t < NT_TARGET_COUNT; t++) {
        double many[RUNS * 8], one[RUNS * 8];
        if (!nt_target_available((enum nt_target)t)) {
            continue;
        }
        nt_target_select((enum nt_target)t);
        for (int r = 0; r < RUNS * 8; r++) {
            many[r] = forward_seconds(b, BATCH, scratch, out);
            one[r] = forward_seconds(b, 1, scratch, out);
        }
        printf("forward    %-8s %8.0f sketches/s in batches of %d, %8.0f one at a time, one thread\n",
               nt_target_name((enum nt_target)t), BATCH / median(many, RUNS * 8), BATCH, 1 / median(one, RUNS * 8));
    }
    nt_target_select(best);
    nt_release(nt_allocator_default(), scratch);
    nt_release(nt_allocator_default(), out);
}

/* ---- Recall. ---- */

static int compute_layer(struct bench *b, uint32_t layer) {
    size_t image = nt_net_layer(b->net, 0)->size, size = nt_net_layer(b->net, layer)->size;
    void *scratch = nt_allocate(nt_allocator_default(), nt_net_forward_bytes(b->net, BATCH), 1);
    b->x = nt_allocate(nt_allocator_default(), b->samples, size * sizeof *b->x);
    for (uint32_t at = 0; scratch != NULL && b->x != NULL && at < b->samples; at += BATCH) {
        float *activation[NT_NET_MAX_LAYERS] = {NULL};
        activation[layer] = b->x + at * size;
        uint32_t count = b->samples - at < BATCH ? b->samples - at : BATCH;
        (void)nt_net_forward(activation, b->net, b->input + at * image, count, scratch);
    }
    nt_release(nt_allocator_default(), scratch);
    return scratch != NULL && b->x != NULL;
}

/* Share of the true neighbours that a query finds, on codes and exactly, over random samples. */
static enum nt_status measure_recall(double *codes, double *exact, struct bench *b, uint32_t layer,
                                     struct nt_error *error) {
    size_t size = nt_net_layer(b->net, layer)->size;
    uint32_t truth[K], found[K], room[2 * K], done, hits[2] = {0};
    float distance[K];
    for (uint32_t i = 0; i < b->queries; i++) {
        uint32_t sample = nt_random_below(&b->random, b->samples);
        nt_query *query;
        nt_knn_table_search(truth, NULL, b->table, b->x + sample * size, K, sample, b->scratch);
        NT_TRY(nt_query_create(&query, b->bundle, sample, &layer, 1, K, error));
        enum nt_status status = nt_query_neighbors(found, distance, query, 0);
        hits[0] += nt_trace_overlap(truth, found, K, room);
        if (status == NT_OK) {
            status = nt_query_step(&done, query, b->samples, error);
        }
        if (status == NT_OK) {
            status = nt_query_neighbors(found, distance, query, 0);
            hits[1] += nt_trace_overlap(truth, found, K, room);
        }
        nt_query_free(query);
        NT_TRY(status);
    }
    *codes = hits[0] / (double)(K * b->queries);
    *exact = hits[1] / (double)(K * b->queries);
    return NT_OK;
}

/* The same of a layer, whose activations are computed first. */
static enum nt_status recall_of(double *codes, double *exact, struct bench *b, uint32_t layer, struct nt_error *error) {
    const struct nt_allocator *al = nt_allocator_default();
    enum nt_status status = compute_layer(b, layer) ? NT_OK : NT_E_MEMORY;
    b->table = NULL;
    b->scratch = NULL;
    if (status == NT_OK) {
        status = nt_knn_table_create(&b->table, b->x, b->samples, nt_net_layer(b->net, layer)->size, al);
    }
    if (status == NT_OK) {
        b->scratch = nt_allocate(al, nt_knn_table_scratch(b->table), 1);
        status = b->scratch != NULL ? measure_recall(codes, exact, b, layer, error) : NT_E_MEMORY;
    }
    nt_release(al, b->scratch);
    nt_knn_table_free(b->table);
    nt_release(al, b->x);
    return status;
}

static uint64_t code_bytes(const nt_bundle *bundle, uint32_t layer) {
    uint64_t bytes = 0;
    for (uint32_t c = 0; c < nt_bundle_chunks(bundle); c++) {
        const struct nt_bundle_chunk *chunk = nt_bundle_chunk(bundle, c);
        bytes += chunk->role == NT_ROLE_CODES && chunk->layer == layer ? chunk->bytes : 0;
    }
    return bytes;
}

static enum nt_status bench_recall(struct bench *b, struct nt_error *error) {
    double total = 0, worst = 1;
    for (uint32_t l = 0; l < b->layers; l++) {
        double codes = 0, exact = 0, bytes = (double)code_bytes(b->bundle, l) / b->samples;
        const struct nt_bundle_layer *layer = nt_bundle_layer(b->bundle, l);
        NT_TRY(recall_of(&codes, &exact, b, l, error));
        printf("recall     %2u %-16s %6.1f bytes a sample, recall@%d %.5f of %u re-ranked, %.4f on codes alone\n", l,
               layer->name, bytes, K, exact, layer->candidates, codes);
        total += bytes;
        worst = exact < worst ? exact : worst;
    }
    printf("codes      %.1f bytes a sample, all layers; lowest recall@%d %.5f, %u random samples a layer\n", total, K,
           worst, b->queries);
    return NT_OK;
}

/* ---- Queries. ---- */

static enum nt_status time_query(double *codes, double *exact, struct bench *b, const uint32_t *layer, uint32_t layers,
                                 uint32_t k, struct nt_error *error) {
    nt_query *query;
    uint32_t done, sample = nt_random_below(&b->random, b->samples);
    double start = nt_seconds();
    NT_TRY(nt_query_create(&query, b->bundle, sample, layer, layers, k, error));
    *codes = nt_seconds() - start;
    enum nt_status status = nt_query_step(&done, query, b->samples, error);
    struct nt_trace trace = {0};
    if (status == NT_OK && layers > 1) {
        status = nt_query_trace(&trace, query, error);
    }
    *exact = nt_seconds() - start;
    nt_trace_clear(&trace, nt_allocator_default());
    nt_query_free(query);
    return status;
}

static enum nt_status bench_query(struct bench *b, const char *what, const uint32_t *layer, uint32_t layers, uint32_t k,
                                  struct nt_error *error) {
    double codes[3 * RUNS], exact[3 * RUNS];
    for (int r = 0; r < 3 * RUNS; r++) {
        NT_TRY(time_query(&codes[r], &exact[r], b, layer, layers, k, error));
    }
    printf("query      %-28s k = %4u: on codes %6.2f ms, exact %7.2f ms\n", what, k, 1e3 * median(codes, 3 * RUNS),
           1e3 * median(exact, 3 * RUNS));
    return NT_OK;
}

static enum nt_status bench_queries(struct bench *b, struct nt_error *error) {
    uint32_t every[NT_BUNDLE_MAX_LAYERS], ends[2] = {0, b->layers - 1},
                                          most = b->samples - 1 < 1000 ? b->samples - 1 : 1000;
    for (uint32_t l = 0; l < b->layers; l++) {
        every[l] = l;
    }
    NT_TRY(bench_query(b, "trace, input to output", ends, 2, K, error));
    NT_TRY(bench_query(b, "trace, input to output", ends, 2, most, error));
    NT_TRY(bench_query(b, "neighbours at all layers", every, b->layers, K, error));
    return bench_query(b, "neighbours at all layers", every, b->layers, most, error);
}

/* ---- The whole. ---- */

static enum nt_status load_all(struct bench *b, const char *path, struct nt_error *error) {
    const struct nt_allocator *allocator = nt_allocator_default();
    NT_TRY(nt_folder_open(&b->bundle, path, allocator, error));
    b->samples = nt_bundle_samples(b->bundle);
    b->layers = nt_bundle_layers(b->bundle);
    if (b->samples <= K) {
        return nt_error_set(error, NT_E_ARG, "%s: expected more than %d samples, found %u", path, K, b->samples);
    }
    NT_TRY(nt_folder_load_exact(b->bundle, path, allocator, error));
    for (uint32_t l = 0; l < b->layers; l++) {
        NT_TRY(nt_folder_load(b->bundle, path, NT_ROLE_CODES, l, NULL, 0, allocator, error));
    }
    b->net = nt_bundle_net(b->bundle);
    size_t image = nt_net_layer(b->net, 0)->size;
    b->input = nt_allocate(allocator, b->samples, image * sizeof *b->input);
    for (uint32_t i = 0; b->input != NULL && i < b->samples; i++) {
        nt_net_input(b->input + i * image, nt_bundle_image(b->bundle, i), image);
    }
    return b->input != NULL ? NT_OK : nt_error_set(error, NT_E_MEMORY, "not enough memory for %u images", b->samples);
}

int nt_command_bench(int count, char **arguments) {
    const char *path = NULL;
    uint64_t queries = 500;
    const struct nt_option option[] = {
        {"BUNDLE", NT_OPTION_PLACE, &path, 0, 0, "folder of the bundle", true},
        {"--queries", NT_OPTION_COUNT, &queries, 1, 1e6, "random samples on which recall is measured, default 500",
         false},
    };
    int status = nt_options_parse(option, 2, count, arguments, "bench", "measure the engine on a bundle");
    if (status != NT_OPTIONS_GO_ON) {
        return status;
    }
    struct bench b = {.queries = (uint32_t)queries};
    struct nt_error error = {0};
    nt_random_seed(&b.random, 2026, 7);
    print_machine();
    enum nt_status outcome = load_all(&b, path, &error);
    if (outcome == NT_OK) {
        printf("bundle     %s: %u samples, %u layers\n", path, b.samples, b.layers);
        bench_forward(&b);
        outcome = bench_queries(&b, &error);
    }
    if (outcome == NT_OK) {
        outcome = bench_recall(&b, &error);
    }
    nt_bundle_close(b.bundle);
    nt_release(nt_allocator_default(), b.input);
    return outcome == NT_OK ? 0 : nt_command_failed("bench", error.text[0] != 0 ? error.text : "not enough memory");
}
