/* Samples whose list turned out incomplete: limits were likely ones (knn/shortlist.h), and for these too low. They are
 * few or none; all their distances are measured, some samples at a time while all rows pass by once more. */
#include <math.h>

#include "knn/graph_search.h"
#include "ntrace/knn.h"

enum { BATCH = NT_REDUCTION_BATCH, TOGETHER = 16 };

static uint32_t min(uint32_t a, uint32_t b) { return a < b ? a : b; }
static uint32_t batches(const nt_graph_search *s) { return (s->samples + BATCH - 1) / BATCH; }

uint32_t nt_search_again_units(const nt_graph_search *s) {
    return (uint32_t)((s->work.again + TOGETHER - 1) / TOGETHER) * batches(s);
}

/* The k nearest of a sample by the keys of all its distances; key [3 samples], behind it room. */
static enum nt_status end_row(nt_graph_search *s, uint32_t sample, const uint32_t *key, uint32_t *scratch) {
    uint32_t *index = nt_allocate(s->allocator, 2 * (size_t)s->k, sizeof *index);
    float *distance = (float *)(void *)(index + s->k);
    if (index == NULL) {
        return NT_E_MEMORY;
    }
    nt_knn_select(index, key, s->samples, s->k, sample, scratch);
    for (uint32_t i = 0; i < s->k; i++) {
        distance[i] = sqrtf(nt_knn_value(key[index[i]]));
    }
    nt_graph_set(s->graph, sample, index, distance);
    nt_release(s->allocator, index);
    return NT_OK;
}

static enum nt_status take_room(nt_graph_search *s) {
    if (s->own == NULL) {
        s->own = nt_allocate(s->allocator, TOGETHER, s->size * sizeof *s->own);
        s->key = nt_allocate(s->allocator, (TOGETHER + 2) * (size_t)s->samples, sizeof *s->key);
    }
    return s->own != NULL && s->key != NULL ? NT_OK : NT_E_MEMORY;
}

enum nt_status nt_search_again(nt_graph_search *s, uint32_t unit, struct nt_error *error) {
    uint32_t from = unit / batches(s) * TOGETHER, count = min(TOGETHER, (uint32_t)s->work.again - from), row[BATCH];
    uint32_t first = unit % batches(s) * BATCH, rows = min(BATCH, s->samples - first);
    NT_TRY(take_room(s));
    if (first == 0) {
        NT_TRY(s->rows.read(s->rows.context, s->own, s->again + from, count, error));
    }
    for (uint32_t i = 0; i < rows; i++) {
        row[i] = first + i;
    }
    NT_TRY(s->rows.read(s->rows.context, s->buffer, row, rows, error));
    for (size_t a = 0; a < count; a++) {
        for (size_t i = 0; i < rows; i++) {
            float square = nt_distance_squared(s->own + a * s->size, s->buffer + i * s->size, s->size);
            s->key[a * s->samples + first + i] = nt_knn_key(square);
        }
    }
    for (size_t a = 0; first + rows == s->samples && a < count; a++) {
        NT_TRY(end_row(s, s->again[from + a], s->key + a * s->samples, s->key + (size_t)TOGETHER * s->samples));
    }
    return NT_OK;
}
