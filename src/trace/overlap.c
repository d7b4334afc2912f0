#include "ntrace/overlap.h"

#include <assert.h>
#include <string.h>

#include "bundle/handle.h"
#include "ntrace/knn.h"

enum { BITS = 64 };

/* Bit l of mask[j]: sample j is a neighbour at layer l. Needs layers <= BITS. */
static void mark(uint64_t *mask, const uint32_t *index, uint32_t layers, uint32_t k) {
    for (uint32_t l = 0; l < layers; l++) {
        for (uint32_t i = 0; i < k; i++) {
            mask[index[(size_t)l * k + i]] |= (uint64_t)1 << l;
        }
    }
}

static void unmark(uint64_t *mask, const uint32_t *index, uint32_t layers, uint32_t k) {
    for (size_t i = 0; i < (size_t)layers * k; i++) {
        mask[index[i]] = 0;
    }
}

void nt_overlap_add(uint64_t *sum, const uint32_t *index, uint32_t layers, uint32_t k, uint64_t *mask) {
    assert(layers <= NT_OVERLAP_MAX_LAYERS);
    for (uint32_t first = 0; first < layers; first += BITS) {
        uint32_t some = layers - first < BITS ? layers - first : BITS;
        const uint32_t *marked = index + (size_t)first * k;
        mark(mask, marked, some, k);
        for (uint32_t l = 0; l < layers; l++) {
            uint64_t *row = sum + (size_t)l * layers + first;
            for (uint32_t i = 0; i < k; i++) {
                for (uint64_t left = mask[index[(size_t)l * k + i]]; left != 0; left &= left - 1) {
                    row[__builtin_ctzll(left)]++;
                }
            }
        }
        unmark(mask, marked, some, k);
    }
}

void nt_overlap_with(uint16_t *overlap, const uint32_t *index, uint32_t layers, uint32_t reference, uint32_t k,
                     uint64_t *mask) {
    mark(mask, index + (size_t)reference * k, 1, k);
    for (uint32_t l = 0; l < layers; l++) {
        overlap[l] = 0;
        for (uint32_t i = 0; i < k; i++) {
            overlap[l] = (uint16_t)(overlap[l] + (uint16_t)mask[index[(size_t)l * k + i]]);
        }
    }
    unmark(mask, index + (size_t)reference * k, 1, k);
}

void nt_overlap_gather(uint32_t *index, const nt_graph *const *graph, uint32_t layers, uint32_t sample, uint32_t k) {
    for (uint32_t l = 0; l < layers; l++) {
        nt_graph_get(index + (size_t)l * k, NULL, graph[l], sample, k);
    }
}

enum nt_status nt_overlap_on_codes(uint32_t *index, const nt_bundle *bundle, const uint32_t *layer, uint32_t layers,
                                   uint32_t sample, uint32_t k, uint32_t *scratch) {
    uint32_t n = nt_bundle_samples(bundle);
    for (uint32_t l = 0; l < layers; l++) {
        const struct nt_codes *codes = nt_bundle_codes(bundle, layer[l]);
        if (codes == NULL) {
            return NT_E_MISSING;
        }
        nt_codes_scan(scratch, codes, sample);
        nt_knn_select(index + (size_t)l * k, scratch, n, k, sample, scratch + n);
    }
    return NT_OK;
}

/* ---- Many samples. ---- */

struct room {
    uint32_t *index, *scratch; /* [layers, k], [3 N] */
    uint64_t *mask;            /* [N] */
};

static enum nt_status check(const struct nt_overlap_request *r, struct nt_error *error) {
    uint32_t n = nt_bundle_samples(r->bundle), most = n - 1 < NT_BUNDLE_MAX_K ? n - 1 : NT_BUNDLE_MAX_K;
    if (r->layers < 1 || r->layers > NT_OVERLAP_MAX_LAYERS || r->reference >= r->layers) {
        return nt_error_set(error, NT_E_ARG, "%u layers: expected 1 to %d, the reference among them", r->layers,
                            NT_OVERLAP_MAX_LAYERS);
    }
    for (uint32_t l = 0; l < r->layers; l++) {
        if (r->graph == NULL && r->layer[l] >= nt_bundle_layers(r->bundle)) {
            return nt_error_set(error, NT_E_ARG, "layer %u: expected 0 to %u", r->layer[l],
                                nt_bundle_layers(r->bundle) - 1);
        }
        most = r->graph != NULL && nt_graph_k(r->graph[l]) < most ? nt_graph_k(r->graph[l]) : most;
    }
    if (r->k < 1 || r->k > most) {
        return nt_error_set(error, NT_E_ARG, "k = %u: expected 1 to %u", r->k, most);
    }
    for (uint32_t i = 0; i < r->count; i++) {
        if (r->sample[i] >= n) {
            return nt_error_set(error, NT_E_ARG, "sample %u: expected 0 to %u", r->sample[i], n - 1);
        }
    }
    return NT_OK;
}

static enum nt_status overlap_all(uint16_t *overlap, uint64_t *sum, const struct nt_overlap_request *r,
                                  const struct room *room) {
    for (uint32_t i = 0; i < r->count; i++) {
        if (r->graph != NULL) {
            nt_overlap_gather(room->index, r->graph, r->layers, r->sample[i], r->k);
        } else {
            NT_TRY(nt_overlap_on_codes(room->index, r->bundle, r->layer, r->layers, r->sample[i], r->k, room->scratch));
        }
        if (overlap != NULL) {
            nt_overlap_with(overlap + (size_t)i * r->layers, room->index, r->layers, r->reference, r->k, room->mask);
        }
        if (sum != NULL) {
            nt_overlap_add(sum, room->index, r->layers, r->k, room->mask);
        }
    }
    return NT_OK;
}

enum nt_status nt_overlap(uint16_t *overlap, uint64_t *sum, const struct nt_overlap_request *r,
                          struct nt_error *error) {
    NT_TRY(check(r, error));
    const struct nt_allocator *al = r->bundle->allocator;
    uint32_t n = nt_bundle_samples(r->bundle);
    struct room room = {nt_allocate(al, (size_t)r->layers * r->k, sizeof *room.index),
                        nt_allocate(al, 3 * (size_t)n, sizeof *room.scratch),
                        nt_allocate_zeroed(al, n, sizeof *room.mask)};
    enum nt_status status = NT_E_MEMORY;
    if (room.index != NULL && room.scratch != NULL && room.mask != NULL) {
        status = overlap_all(overlap, sum, r, &room);
    }
    nt_release(al, room.index);
    nt_release(al, room.scratch);
    nt_release(al, room.mask);
    if (status == NT_OK) {
        return status;
    }
    return nt_error_set(error, status,
                        status == NT_E_MEMORY ? "not enough memory for overlaps"
                                              : "the codes of a layer are not loaded");
}
