#include "ntrace/graph.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

enum { NARROW_SAMPLES = 1 << 16, MOST_SAMPLES = 1 << 24, STEPS = UINT16_MAX };

struct nt_graph {
    const struct nt_allocator *allocator;
    uint32_t samples, k;
    uint16_t *index;    /* [samples, k] low 16 bits */
    uint8_t *high;      /* [samples, k] the 8 bits above them, NULL where there are few samples */
    uint16_t *fraction; /* [samples, k] of the way from the first distance to the last */
    float *range;       /* [samples, 2] first and last distance */
};

enum nt_status nt_graph_create(nt_graph **graph, uint32_t samples, uint32_t k, const struct nt_allocator *allocator) {
    *graph = NULL;
    if (k < 1 || k >= samples || samples > MOST_SAMPLES) {
        return NT_E_ARG;
    }
    nt_graph *g = nt_allocate_zeroed(allocator, 1, sizeof *g);
    if (g == NULL) {
        return NT_E_MEMORY;
    }
    *g = (nt_graph){.allocator = allocator, .samples = samples, .k = k};
    g->index = nt_allocate_zeroed(allocator, samples, k * sizeof *g->index);
    g->high = samples > NARROW_SAMPLES ? nt_allocate_zeroed(allocator, samples, k) : NULL;
    g->fraction = nt_allocate_zeroed(allocator, samples, k * sizeof *g->fraction);
    g->range = nt_allocate_zeroed(allocator, samples, 2 * sizeof *g->range);
    bool there = g->index != NULL && (g->high != NULL || samples <= NARROW_SAMPLES);
    if (!there || g->fraction == NULL || g->range == NULL) {
        nt_graph_free(g);
        return NT_E_MEMORY;
    }
    *graph = g;
    return NT_OK;
}

void nt_graph_free(nt_graph *g) {
    if (g != NULL) {
        nt_release(g->allocator, g->index);
        nt_release(g->allocator, g->high);
        nt_release(g->allocator, g->fraction);
        nt_release(g->allocator, g->range);
        nt_release(g->allocator, g);
    }
}

uint32_t nt_graph_samples(const nt_graph *g) { return g->samples; }
uint32_t nt_graph_k(const nt_graph *g) { return g->k; }

size_t nt_graph_bytes(const nt_graph *g) { return sizeof *g + nt_graph_packed_bytes(g->samples, g->k); }

void nt_graph_set(nt_graph *g, uint32_t sample, const uint32_t *index, const float *distance) {
    assert(sample < g->samples);
    size_t at = (size_t)sample * g->k;
    float first = distance[0], last = distance[g->k - 1], span = last - first;
    g->range[2 * (size_t)sample] = first;
    g->range[2 * (size_t)sample + 1] = last;
    for (uint32_t i = 0; i < g->k; i++) {
        g->index[at + i] = (uint16_t)index[i];
        if (g->high != NULL) {
            g->high[at + i] = (uint8_t)(index[i] >> 16);
        }
        g->fraction[at + i] = span > 0 ? (uint16_t)((distance[i] - first) / span * STEPS + 0.5f) : 0;
    }
}

void nt_graph_get(uint32_t *index, float *distance, const nt_graph *g, uint32_t sample, uint32_t m) {
    assert(sample < g->samples && m <= g->k);
    size_t at = (size_t)sample * g->k;
    for (uint32_t i = 0; index != NULL && i < m; i++) {
        index[i] = g->index[at + i];
    }
    for (uint32_t i = 0; index != NULL && g->high != NULL && i < m; i++) {
        index[i] |= (uint32_t)g->high[at + i] << 16;
    }
    float first = g->range[2 * (size_t)sample], last = g->range[2 * (size_t)sample + 1];
    for (uint32_t i = 0; distance != NULL && i < m; i++) {
        distance[i] = first + (last - first) * ((float)g->fraction[at + i] / STEPS);
    }
}

/* ---- As bytes: the four tables. ---- */

struct parts {
    size_t index, high, fraction, range;
};

static struct parts parts_of(uint32_t samples, uint32_t k) {
    size_t neighbours = (size_t)samples * k;
    return (struct parts){.index = neighbours * sizeof(uint16_t),
                          .high = samples > NARROW_SAMPLES ? neighbours : 0,
                          .fraction = neighbours * sizeof(uint16_t),
                          .range = (size_t)samples * 2 * sizeof(float)};
}

size_t nt_graph_packed_bytes(uint32_t samples, uint32_t k) {
    struct parts parts = parts_of(samples, k);
    return parts.index + parts.high + parts.fraction + parts.range;
}

/* Goes through the tables: to bytes, or from them. */
static void copy(const nt_graph *g, uint8_t *out, const uint8_t *in) {
    struct parts parts = parts_of(g->samples, g->k);
    const struct {
        void *table;
        size_t bytes;
    } each[] = {{g->index, parts.index}, {g->high, parts.high}, {g->fraction, parts.fraction}, {g->range, parts.range}};
    size_t at = 0;
    for (size_t i = 0; i < sizeof each / sizeof *each; at += each[i].bytes, i++) {
        if (each[i].bytes > 0) {
            memcpy(out != NULL ? out + at : each[i].table, out != NULL ? each[i].table : in + at, each[i].bytes);
        }
    }
}

void nt_graph_pack(void *bytes, const nt_graph *g) { copy(g, bytes, NULL); }

enum nt_status nt_graph_unpack(nt_graph **graph, const void *bytes, uint32_t samples, uint32_t k,
                               const struct nt_allocator *allocator) {
    NT_TRY(nt_graph_create(graph, samples, k, allocator));
    nt_graph *g = *graph;
    size_t bad = 0;
    copy(g, NULL, bytes);
    for (size_t i = 0; i < (size_t)samples * k; i++) {
        uint32_t sample = g->index[i] | (g->high != NULL ? (uint32_t)g->high[i] << 16 : 0);
        bad += sample >= samples || sample == i / k;
    }
    if (bad > 0) {
        nt_graph_free(g);
        *graph = NULL;
        return NT_E_VALUE;
    }
    return NT_OK;
}
