#include "ntrace/graph.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

enum { NARROW_SAMPLES = 1 << 16, STEPS = UINT16_MAX };

struct nt_graph {
    const struct nt_allocator *allocator;
    uint32_t samples, k;
    bool narrow;        /* indexes in 16 bits */
    void *index;        /* [samples, k] uint16 or uint32 */
    uint16_t *fraction; /* [samples, k] of the way from the first distance to the last */
    float *range;       /* [samples, 2] first and last distance */
};

enum nt_status nt_graph_create(nt_graph **graph, uint32_t samples, uint32_t k, const struct nt_allocator *allocator) {
    *graph = NULL;
    if (k < 1 || k >= samples) {
        return NT_E_ARG;
    }
    nt_graph *g = nt_allocate_zeroed(allocator, 1, sizeof *g);
    if (g == NULL) {
        return NT_E_MEMORY;
    }
    *g = (nt_graph){.allocator = allocator, .samples = samples, .k = k, .narrow = samples <= NARROW_SAMPLES};
    g->index = nt_allocate_zeroed(allocator, samples, k * (g->narrow ? sizeof(uint16_t) : sizeof(uint32_t)));
    g->fraction = nt_allocate_zeroed(allocator, samples, k * sizeof *g->fraction);
    g->range = nt_allocate_zeroed(allocator, samples, 2 * sizeof *g->range);
    if (g->index == NULL || g->fraction == NULL || g->range == NULL) {
        nt_graph_free(g);
        return NT_E_MEMORY;
    }
    *graph = g;
    return NT_OK;
}

void nt_graph_free(nt_graph *g) {
    if (g != NULL) {
        nt_release(g->allocator, g->index);
        nt_release(g->allocator, g->fraction);
        nt_release(g->allocator, g->range);
        nt_release(g->allocator, g);
    }
}

uint32_t nt_graph_samples(const nt_graph *g) { return g->samples; }
uint32_t nt_graph_k(const nt_graph *g) { return g->k; }

size_t nt_graph_bytes(const nt_graph *g) {
    size_t neighbour = (g->narrow ? sizeof(uint16_t) : sizeof(uint32_t)) + sizeof *g->fraction;
    return sizeof *g + (size_t)g->samples * (g->k * neighbour + 2 * sizeof *g->range);
}

void nt_graph_set(nt_graph *g, uint32_t sample, const uint32_t *index, const float *distance) {
    assert(sample < g->samples);
    size_t at = (size_t)sample * g->k;
    float first = distance[0], last = distance[g->k - 1], span = last - first;
    g->range[2 * (size_t)sample] = first;
    g->range[2 * (size_t)sample + 1] = last;
    for (uint32_t i = 0; i < g->k; i++) {
        if (g->narrow) {
            ((uint16_t *)g->index)[at + i] = (uint16_t)index[i];
        } else {
            ((uint32_t *)g->index)[at + i] = index[i];
        }
        g->fraction[at + i] = span > 0 ? (uint16_t)((distance[i] - first) / span * STEPS + 0.5f) : 0;
    }
}

void nt_graph_get(uint32_t *index, float *distance, const nt_graph *g, uint32_t sample, uint32_t m) {
    assert(sample < g->samples && m <= g->k);
    size_t at = (size_t)sample * g->k;
    for (uint32_t i = 0; index != NULL && i < m; i++) {
        index[i] = g->narrow ? ((const uint16_t *)g->index)[at + i] : ((const uint32_t *)g->index)[at + i];
    }
    float first = g->range[2 * (size_t)sample], last = g->range[2 * (size_t)sample + 1];
    for (uint32_t i = 0; distance != NULL && i < m; i++) {
        distance[i] = first + (last - first) * ((float)g->fraction[at + i] / STEPS);
    }
}

static size_t index_bytes(uint32_t samples, uint32_t k) {
    return (size_t)samples * k * (samples <= NARROW_SAMPLES ? sizeof(uint16_t) : sizeof(uint32_t));
}

size_t nt_graph_packed_bytes(uint32_t samples, uint32_t k) {
    return index_bytes(samples, k) + (size_t)samples * k * sizeof(uint16_t) + (size_t)samples * 2 * sizeof(float);
}

void nt_graph_pack(void *bytes, const nt_graph *g) {
    uint8_t *at = bytes;
    size_t index = index_bytes(g->samples, g->k), fraction = (size_t)g->samples * g->k * sizeof *g->fraction;
    memcpy(at, g->index, index);
    memcpy(at + index, g->fraction, fraction);
    memcpy(at + index + fraction, g->range, (size_t)g->samples * 2 * sizeof *g->range);
}

enum nt_status nt_graph_unpack(nt_graph **graph, const void *bytes, uint32_t samples, uint32_t k,
                               const struct nt_allocator *allocator) {
    NT_TRY(nt_graph_create(graph, samples, k, allocator));
    nt_graph *g = *graph;
    const uint8_t *at = bytes;
    size_t index = index_bytes(samples, k), fraction = (size_t)samples * k * sizeof *g->fraction, bad = 0;
    memcpy(g->index, at, index);
    memcpy(g->fraction, at + index, fraction);
    memcpy(g->range, at + index + fraction, (size_t)samples * 2 * sizeof *g->range);
    for (size_t i = 0; i < (size_t)samples * k; i++) {
        uint32_t sample = g->narrow ? ((const uint16_t *)g->index)[i] : ((const uint32_t *)g->index)[i];
        bad += sample >= samples || sample == i / k;
    }
    if (bad > 0) {
        nt_graph_free(g);
        *graph = NULL;
        return NT_E_VALUE;
    }
    return NT_OK;
}
