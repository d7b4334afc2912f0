/* The small dataset of tests/reference/measures.json, and what SciPy, scikit-learn and NumPy make of it. */
#ifndef NTRACE_TESTS_MEASURES_WORLD_H
#define NTRACE_TESTS_MEASURES_WORLD_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <cjson/cJSON.h>

#include "ntrace/graph.h"
#include "ntrace/knn.h"

enum { N = 60, D = 5, C = 4, LAYERS = 3, K = 7 };

struct world {
    cJSON *json;
    float x[LAYERS][N * D], map[2 * N];
    uint16_t label[N], prediction[N];
    nt_graph *graph[LAYERS]; /* of all N - 1 neighbours */
};

static const cJSON *world_item(const struct world *w, const char *name) {
    const cJSON *item = cJSON_GetObjectItem(w->json, name);
    return item != NULL ? item : cJSON_GetObjectItem(cJSON_GetObjectItem(w->json, "summary"), name);
}

static inline double world_number(const struct world *w, const char *name) { return world_item(w, name)->valuedouble; }

/* Copies an array of exactly `count` numbers. */
static void world_numbers(double *out, const struct world *w, const char *name, int count) {
    const cJSON *item;
    int i = 0;
    cJSON_ArrayForEach(item, world_item(w, name)) {
        if (i < count) {
            out[i] = item->valuedouble;
        }
        i++;
    }
    assert_int_equal(i, count);
}

static void world_floats(float *out, const struct world *w, const char *name, int count) {
    double number[N * D];
    world_numbers(number, w, name, count);
    for (int i = 0; i < count; i++) {
        out[i] = (float)number[i];
    }
}

static void world_labels(uint16_t *out, const struct world *w, const char *name) {
    double number[N];
    world_numbers(number, w, name, N);
    for (int i = 0; i < N; i++) {
        out[i] = (uint16_t)number[i];
    }
}

/* Every sample's k nearest by brute force; `name` [n] numbers the rows of x, so that they can be shuffled. */
static nt_graph *brute_force(const float *x, uint32_t n, uint32_t d, uint32_t k) {
    nt_graph *graph;
    uint32_t *key = malloc(n * sizeof *key), *scratch = malloc(2 * n * sizeof *scratch),
             *index = malloc(k * sizeof *index);
    float *distance = malloc(k * sizeof *distance);
    assert_non_null(key);
    assert_non_null(scratch);
    assert_non_null(index);
    assert_non_null(distance);
    assert_int_equal(nt_graph_create(&graph, n, k, nt_allocator_default()), NT_OK);
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t j = 0; j < n; j++) {
            key[j] = nt_knn_key(nt_distance_squared(x + i * d, x + j * d, d));
        }
        nt_knn_select(index, key, n, k, i, scratch);
        for (uint32_t r = 0; r < k; r++) {
            distance[r] = sqrtf(nt_distance_squared(x + i * d, x + index[r] * d, d));
        }
        nt_graph_set(graph, i, index, distance);
    }
    free(key);
    free(scratch);
    free(index);
    free(distance);
    return graph;
}

static int world_open(void **state) {
    static char text[1 << 20];
    static struct world w;
    FILE *file = fopen("tests/reference/measures.json", "rb");
    if (file == NULL) {
        return -1;
    }
    size_t size = fread(text, 1, sizeof text - 1, file);
    (void)fclose(file);
    text[size] = 0;
    w.json = cJSON_Parse(text);
    if (w.json == NULL) {
        return -1;
    }
    static const char *const names[LAYERS] = {"layer0", "layer1", "layer2"};
    for (int l = 0; l < LAYERS; l++) {
        world_floats(w.x[l], &w, names[l], N * D);
        w.graph[l] = brute_force(w.x[l], N, D, N - 1);
    }
    world_floats(w.map, &w, "map", 2 * N);
    world_labels(w.label, &w, "label");
    world_labels(w.prediction, &w, "prediction");
    *state = &w;
    return 0;
}

static int world_close(void **state) {
    struct world *w = *state;
    cJSON_Delete(w->json);
    for (int l = 0; l < LAYERS; l++) {
        nt_graph_free(w->graph[l]);
    }
    return 0;
}

static inline void assert_close(double found, double expected, double tolerance) {
    if (!(fabs(found - expected) <= tolerance)) {
        fail_msg("expected %.17g, found %.17g", expected, found);
    }
}

/* Asserts that floats are the reference's numbers. */
static inline void assert_near(const float *found, const struct world *w, const char *name, int count) {
    double expected[N * D];
    world_numbers(expected, w, name, count);
    for (int i = 0; i < count; i++) {
        if (fabs((double)found[i] - expected[i]) > 1e-6) {
            fail_msg("%s[%d]: expected %.9g, found %.9g", name, i, expected[i], (double)found[i]);
        }
    }
}

#endif
