#include "ntrace/overlap.h"

#include <assert.h>
#include <stdbool.h>
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

/* Adds |N_k(a) ∩ N_k(b)| for the layers a of `index` and b of `other`: sum [layers, others]. */
static void add_between(uint64_t *sum, const uint32_t *index, uint32_t layers, const uint32_t *other, uint32_t others,
                        uint32_t k, uint64_t *mask) {
    for (uint32_t first = 0; first < others; first += BITS) {
        uint32_t some = others - first < BITS ? others - first : BITS;
        const uint32_t *marked = other + (size_t)first * k;
        mark(mask, marked, some, k);
        for (uint32_t l = 0; l < layers; l++) {
            uint64_t *row = sum + (size_t)l * others + first;
            for (uint32_t i = 0; i < k; i++) {
                for (uint64_t left = mask[index[(size_t)l * k + i]]; left != 0; left &= left - 1) {
                    row[__builtin_ctzll(left)]++;
                }
            }
        }
        unmark(mask, marked, some, k);
    }
}

void nt_overlap_add(uint64_t *sum, const uint32_t *index, uint32_t layers, uint32_t k, uint64_t *mask) {
    assert(layers <= NT_OVERLAP_MAX_LAYERS);
    add_between(sum, index, layers, index, layers, k, mask);
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

static enum nt_status check_side(const struct nt_overlap_side *side, uint32_t k, struct nt_error *error) {
    uint32_t n = nt_bundle_samples(side->bundle), most = n - 1 < NT_BUNDLE_MAX_K ? n - 1 : NT_BUNDLE_MAX_K;
    if (side->layers < 1 || side->layers > NT_OVERLAP_MAX_LAYERS) {
        return nt_error_set(error, NT_E_ARG, "%u layers: expected 1 to %d, the reference among them", side->layers,
                            NT_OVERLAP_MAX_LAYERS);
    }
    for (uint32_t l = 0; l < side->layers; l++) {
        if (side->graph == NULL && side->layer[l] >= nt_bundle_layers(side->bundle)) {
            return nt_error_set(error, NT_E_ARG, "layer %u: expected 0 to %u", side->layer[l],
                                nt_bundle_layers(side->bundle) - 1);
        }
        most = side->graph != NULL && nt_graph_k(side->graph[l]) < most ? nt_graph_k(side->graph[l]) : most;
    }
    return k >= 1 && k <= most ? NT_OK : nt_error_set(error, NT_E_ARG, "k = %u: expected 1 to %u", k, most);
}

static enum nt_status check_samples(const uint32_t *sample, uint32_t count, uint32_t n, struct nt_error *error) {
    for (uint32_t i = 0; i < count; i++) {
        if (sample[i] >= n) {
            return nt_error_set(error, NT_E_ARG, "sample %u: expected 0 to %u", sample[i], n - 1);
        }
    }
    return NT_OK;
}

static enum nt_status check(const struct nt_overlap_request *r, struct nt_error *error) {
    const struct nt_overlap_side side = {r->graph, r->bundle, r->layer, r->layers};
    NT_TRY(check_side(&side, r->k, error));
    if (r->reference >= r->layers) {
        return nt_error_set(error, NT_E_ARG, "%u layers: expected 1 to %d, the reference among them", r->layers,
                            NT_OVERLAP_MAX_LAYERS);
    }
    return check_samples(r->sample, r->count, nt_bundle_samples(r->bundle), error);
}

static enum nt_status gather(uint32_t *index, const struct nt_overlap_side *side, uint32_t sample, uint32_t k,
                             uint32_t *scratch) {
    if (side->graph == NULL) {
        return nt_overlap_on_codes(index, side->bundle, side->layer, side->layers, sample, k, scratch);
    }
    nt_overlap_gather(index, side->graph, side->layers, sample, k);
    return NT_OK;
}

static enum nt_status overlap_all(uint16_t *overlap, uint64_t *sum, const struct nt_overlap_request *r,
                                  const struct room *room) {
    const struct nt_overlap_side side = {r->graph, r->bundle, r->layer, r->layers};
    for (uint32_t i = 0; i < r->count; i++) {
        NT_TRY(gather(room->index, &side, r->sample[i], r->k, room->scratch));
        if (overlap != NULL) {
            nt_overlap_with(overlap + (size_t)i * r->layers, room->index, r->layers, r->reference, r->k, room->mask);
        }
        if (sum != NULL) {
            nt_overlap_add(sum, room->index, r->layers, r->k, room->mask);
        }
    }
    return NT_OK;
}

static bool take_room(struct room *room, const struct nt_allocator *al, uint32_t layers, uint32_t k, uint32_t n) {
    room->index = nt_allocate(al, (size_t)layers * k, sizeof *room->index);
    room->scratch = nt_allocate(al, 3 * (size_t)n, sizeof *room->scratch);
    room->mask = nt_allocate_zeroed(al, n, sizeof *room->mask);
    return room->index != NULL && room->scratch != NULL && room->mask != NULL;
}

/* Gives the room back, and puts what failed into words. */
static enum nt_status finish(struct room *room, const struct nt_allocator *al, enum nt_status status,
                             struct nt_error *error) {
    nt_release(al, room->index);
    nt_release(al, room->scratch);
    nt_release(al, room->mask);
    if (status == NT_OK) {
        return status;
    }
    return nt_error_set(error, status,
                        status == NT_E_MEMORY ? "not enough memory for overlaps"
                                              : "the codes of a layer are not loaded");
}

enum nt_status nt_overlap(uint16_t *overlap, uint64_t *sum, const struct nt_overlap_request *r,
                          struct nt_error *error) {
    NT_TRY(check(r, error));
    const struct nt_allocator *al = r->bundle->allocator;
    struct room room;
    bool there = take_room(&room, al, r->layers, r->k, nt_bundle_samples(r->bundle));
    return finish(&room, al, there ? overlap_all(overlap, sum, r, &room) : NT_E_MEMORY, error);
}

/* ---- Between two models. ---- */

static enum nt_status between_all(uint64_t *sum, const struct nt_overlap_between_request *r, const struct room *room) {
    const struct nt_overlap_side *a = &r->side[0], *b = &r->side[1];
    uint32_t *other = room->index + (size_t)a->layers * r->k;
    for (uint32_t i = 0; i < r->count; i++) {
        NT_TRY(gather(room->index, a, r->sample[i], r->k, room->scratch));
        NT_TRY(gather(other, b, r->sample[i], r->k, room->scratch));
        add_between(sum, room->index, a->layers, other, b->layers, r->k, room->mask);
    }
    return NT_OK;
}

enum nt_status nt_overlap_between(uint64_t *sum, const struct nt_overlap_between_request *r, struct nt_error *error) {
    const struct nt_bundle *one = r->side[0].bundle, *other = r->side[1].bundle;
    uint32_t n = nt_bundle_samples(one);
    NT_TRY(check_side(&r->side[0], r->k, error));
    NT_TRY(check_side(&r->side[1], r->k, error));
    NT_TRY(check_samples(r->sample, r->count, n, error));
    if (nt_bundle_samples(other) != n) {
        return nt_error_set(error, NT_E_ARG, "two models of %u and %u samples: expected the same samples", n,
                            nt_bundle_samples(other));
    }
    struct room room;
    bool there = take_room(&room, one->allocator, r->side[0].layers + r->side[1].layers, r->k, n);
    return finish(&room, one->allocator, there ? between_all(sum, r, &room) : NT_E_MEMORY, error);
}
