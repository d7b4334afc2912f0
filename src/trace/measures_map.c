/* J. Venna and S. Kaski, "Neighborhood preservation in nonlinear projection methods: an experimental study", 2001. */
#include <string.h>

#include "ntrace/knn.h"
#include "ntrace/measures.h"

void nt_measure_keys(uint32_t *key, const float *x, uint32_t sample, uint32_t n, uint32_t d) {
    for (uint32_t i = 0; i < n; i++) {
        key[i] = nt_knn_key(nt_distance_squared(x + (size_t)sample * d, x + (size_t)i * d, d));
    }
}

static void map_keys(uint32_t *key, const float *map, uint32_t sample, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        double x = (double)map[2 * (size_t)i] - (double)map[2 * (size_t)sample];
        double y = (double)map[2 * (size_t)i + 1] - (double)map[2 * (size_t)sample + 1];
        key[i] = nt_knn_key((float)(x * x + y * y));
    }
}

/* Ranks of all samples from one, 1 the nearest, 0 the sample itself: the graph's neighbours where there is a graph,
 * then the others by key. rank [n], scratch [2n]. */
static void rank_by(uint32_t *rank, const uint32_t *key, const nt_graph *graph, uint32_t sample, uint32_t n,
                    uint32_t *scratch) {
    uint32_t *order = scratch, *work = scratch + n, known = graph != NULL ? nt_graph_k(graph) : 0;
    nt_knn_order(order, key, n, work);
    memset(rank, 0, n * sizeof *rank);
    if (graph != NULL) {
        nt_graph_get(work, NULL, graph, sample, known);
    }
    for (uint32_t r = 0; r < known; r++) {
        rank[work[r]] = r + 1;
    }
    for (uint32_t i = 0, next = known + 1; i < n; i++) {
        if (rank[order[i]] == 0 && order[i] != sample) {
            rank[order[i]] = next++;
        }
    }
}

/* Sum of how far beyond k the other's ranks are, over the k nearest by `rank`. */
static double beyond(const uint32_t *rank, const uint32_t *other, uint32_t n, uint32_t k) {
    double sum = 0;
    for (uint32_t i = 0; i < n; i++) {
        sum += rank[i] >= 1 && rank[i] <= k && other[i] > k ? other[i] - k : 0;
    }
    return sum;
}

enum nt_status nt_measure_map(float *trustworthiness, float *continuity, const uint32_t *key, const nt_graph *graph,
                              const float *map, uint32_t sample, uint32_t n, uint32_t k, uint32_t *scratch) {
    if (sample >= n || k < 1 || k >= n - k ||
        (graph != NULL && (nt_graph_samples(graph) != n || nt_graph_k(graph) < k))) {
        return NT_E_ARG;
    }
    uint32_t *at_layer = scratch, *on_map = scratch + n, *work = scratch + 2 * (size_t)n;
    map_keys(at_layer, map, sample, n);
    rank_by(on_map, at_layer, NULL, sample, n, work);
    rank_by(at_layer, key, graph, sample, n, work);
    double scale = 2 / ((double)k * (2.0 * n - 3.0 * k - 1));
    *trustworthiness = (float)(1 - scale * beyond(on_map, at_layer, n, k));
    *continuity = (float)(1 - scale * beyond(at_layer, on_map, n, k));
    return NT_OK;
}
