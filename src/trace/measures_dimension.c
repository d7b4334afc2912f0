/* E. Facco, M. d'Errico, A. Rodriguez and A. Laio, "Estimating the intrinsic dimension of datasets by a minimal
 * neighborhood information", 2017. Samples that coincide with their nearest are left out, for their ratio is undefined.
 */
#include <math.h>
#include <stdlib.h>

#include "ntrace/measures.h"

/* log(r2 / r1) of one sample, or a negative number where it has none. near [k], distance [k] are scratch. */
static double log_ratio(const nt_graph *graph, const uint8_t *member, uint32_t sample, uint32_t *near,
                        float *distance) {
    uint32_t k = nt_graph_k(graph), found = 0;
    double nearest = 0;
    uint32_t looked_at = member == NULL && k > 2 ? 2 : k;
    nt_graph_get(near, distance, graph, sample, looked_at);
    for (uint32_t d = 0; d < looked_at; d++) {
        if (member != NULL && !member[near[d]]) {
            continue;
        }
        if (found++ == 0) {
            nearest = (double)distance[d];
        } else {
            return nearest > 0 ? log((double)distance[d] / nearest) : -1;
        }
    }
    return -1;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Slope through the origin of -log(1 - i / n) against the first of the ascending logs. */
static double slope(const double *log_of, uint32_t n, double discard) {
    double kept = floor(n * (1 - discard)), product = 0, square = 0;
    for (uint32_t i = 0; i < n - 1 && i < kept; i++) { /* at i = n the distribution function is 1, its log infinite */
        product -= log_of[i] * log1p(-(double)(i + 1) / n);
        square += log_of[i] * log_of[i];
    }
    return square > 0 ? product / square : 0;
}

size_t nt_measure_dimension_bytes(const nt_graph *graph) {
    return nt_graph_samples(graph) * sizeof(double) + nt_graph_k(graph) * (sizeof(uint32_t) + sizeof(float));
}

enum nt_status nt_measure_dimension(double *dimension, uint32_t *used, const nt_graph *graph, const uint8_t *member,
                                    double discard, void *scratch) {
    if (!(discard >= 0 && discard < 1)) {
        return NT_E_ARG;
    }
    uint32_t n = nt_graph_samples(graph), count = 0;
    double *log_of = scratch;
    uint32_t *near = (uint32_t *)(log_of + n);
    float *distance = (float *)(near + nt_graph_k(graph));
    for (uint32_t i = 0; i < n; i++) {
        if (member == NULL || member[i]) {
            log_of[count] = log_ratio(graph, member, i, near, distance);
            count += log_of[count] >= 0;
        }
    }
    qsort(log_of, count, sizeof *log_of, ascending);
    *used = count;
    *dimension = count >= 3 ? slope(log_of, count, discard) : 0;
    return NT_OK;
}
