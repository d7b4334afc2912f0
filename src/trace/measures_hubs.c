/* M. Radovanovic, A. Nanopoulos and M. Ivanovic, "Hubs in Space: Popular Nearest Neighbors in High-Dimensional Data",
 * 2010. */
#include <math.h>

#include "ntrace/measures.h"
#include "trace/measures.h"

enum nt_status nt_measure_occurrences(uint32_t *occurrence, const nt_graph *graph, const uint32_t *sample,
                                      uint32_t count, uint32_t k, uint32_t *scratch) {
    NT_TRY(nt_measure_check(graph, sample, count, k));
    for (uint32_t i = 0; i < count; i++) {
        nt_graph_get(scratch, NULL, graph, nt_measure_sample(sample, i), k);
        for (uint32_t d = 0; d < k; d++) {
            occurrence[scratch[d]]++;
        }
    }
    return NT_OK;
}

double nt_measure_skewness(const uint32_t *occurrence, uint32_t n) {
    double mean = 0, second = 0, third = 0;
    for (uint32_t i = 0; i < n; i++) {
        mean += (double)occurrence[i] / n;
    }
    for (uint32_t i = 0; i < n; i++) {
        double gap = occurrence[i] - mean;
        second += gap * gap / n;
        third += gap * gap * gap / n;
    }
    /* equal counts leave a remainder of rounding in the mean */
    return second > 1e-12 * mean * mean ? third / (second * sqrt(second)) : 0;
}
