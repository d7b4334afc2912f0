#include <assert.h>
#include <string.h>

#include "ntrace/measures.h"
#include "trace/measures.h"

enum nt_status nt_measure_purity(float *purity, const nt_graph *graph, const uint16_t *label, const uint32_t *sample,
                                 uint32_t count, uint32_t k, uint32_t *scratch) {
    NT_TRY(nt_measure_check(graph, sample, count, k));
    for (uint32_t i = 0; i < count; i++) {
        uint32_t self = nt_measure_sample(sample, i), same = 0;
        nt_graph_get(scratch, NULL, graph, self, k);
        for (uint32_t d = 0; d < k; d++) {
            same += label[scratch[d]] == label[self];
        }
        purity[i] = (float)same / (float)k;
    }
    return NT_OK;
}

enum nt_status nt_measure_labels(uint16_t *counts, const nt_graph *graph, const uint16_t *label, const uint32_t *sample,
                                 uint32_t count, uint32_t k, uint32_t classes, uint32_t *scratch) {
    NT_TRY(nt_measure_check(graph, sample, count, k));
    for (uint32_t i = 0; i < count; i++) {
        uint16_t *row = counts + (size_t)i * classes;
        nt_graph_get(scratch, NULL, graph, nt_measure_sample(sample, i), k);
        for (uint32_t d = 0; d < k; d++) {
            assert(label[scratch[d]] < classes);
            row[label[scratch[d]]]++;
        }
    }
    return NT_OK;
}

/* The most frequent label of near [k]; *times is how often it is there. */
static uint16_t most_frequent(uint32_t *times, const uint32_t *near, const uint16_t *label, uint32_t k,
                              uint32_t *frequency, uint32_t classes) {
    memset(frequency, 0, classes * sizeof *frequency);
    for (uint32_t d = 0; d < k; d++) {
        assert(label[near[d]] < classes);
        frequency[label[near[d]]]++;
    }
    uint16_t best = label[near[0]];
    for (uint32_t d = 1; d < k; d++) { /* nearest first: a later label has to be more frequent to win */
        best = frequency[label[near[d]]] > frequency[best] ? label[near[d]] : best;
    }
    *times = frequency[best];
    return best;
}

enum nt_status nt_measure_majority(uint16_t *majority, float *share, const nt_graph *graph, const uint16_t *label,
                                   const uint32_t *sample, uint32_t count, uint32_t k, uint32_t classes,
                                   uint32_t *scratch) {
    NT_TRY(nt_measure_check(graph, sample, count, k));
    for (uint32_t i = 0; i < count; i++) {
        uint32_t times;
        nt_graph_get(scratch, NULL, graph, nt_measure_sample(sample, i), k);
        majority[i] = most_frequent(&times, scratch, label, k, scratch + k, classes);
        if (share != NULL) {
            share[i] = (float)times / (float)k;
        }
    }
    return NT_OK;
}
