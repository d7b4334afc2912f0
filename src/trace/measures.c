#include "trace/measures.h"

#include "ntrace/measures.h"

enum nt_status nt_measure_check_samples(const uint32_t *sample, uint32_t count, uint32_t n) {
    if (sample == NULL) {
        return count == n ? NT_OK : NT_E_ARG;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (sample[i] >= n) {
            return NT_E_ARG;
        }
    }
    return NT_OK;
}

enum nt_status nt_measure_check(const nt_graph *graph, const uint32_t *sample, uint32_t count, uint32_t k) {
    if (k < 1 || k > nt_graph_k(graph)) {
        return NT_E_ARG;
    }
    return nt_measure_check_samples(sample, count, nt_graph_samples(graph));
}

double nt_measure_mean(const float *value, uint32_t count) {
    double sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        sum += (double)value[i];
    }
    return count > 0 ? sum / count : 0;
}
