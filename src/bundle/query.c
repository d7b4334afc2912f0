/* Queries: the neighbourhoods of one centre on codes, and the samples that an exact answer has to look at. */
#include "bundle/query.h"

#include <math.h>
#include <string.h>

#include "bundle/place.h"
#include "ntrace/knn.h"

static enum nt_status no_memory(struct nt_error *error) {
    return nt_error_set(error, NT_E_MEMORY, "not enough memory for this query");
}

/* ---- Candidates on codes. ---- */

static enum nt_status sort_on_codes(struct nt_query_side *side, const nt_query *q, uint32_t *scratch) {
    uint32_t n = nt_bundle_samples(q->bundle), at = 0;
    const struct nt_allocator *al = q->bundle->allocator;
    side->order = nt_allocate(al, n, sizeof *side->order);
    side->rank = nt_allocate(al, n, sizeof *side->rank);
    if (side->order == NULL || side->rank == NULL) {
        return NT_E_MEMORY;
    }
    nt_knn_order(side->order, side->square, n, scratch);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t sample = side->order[i];
        if (sample != q->exclude) {
            side->rank[sample] = at;
            side->order[at++] = sample;
        }
    }
    if (q->exclude != NT_QUERY_NOBODY) {
        side->rank[q->exclude] = 0;
    }
    return NT_OK;
}

static enum nt_status find_on_codes(struct nt_query_side *side, const nt_query *q, const nt_place *place,
                                    uint32_t *scratch, struct nt_error *error) {
    const struct nt_codes *codes = nt_bundle_codes(q->bundle, side->layer);
    side->square = nt_allocate(q->bundle->allocator, nt_bundle_samples(q->bundle), sizeof *side->square);
    enum nt_status status = side->square != NULL ? NT_OK : NT_E_MEMORY;
    if (status == NT_OK && q->sample != NT_QUERY_NOBODY) {
        nt_codes_scan(side->square, codes, q->sample);
        side->unit = codes->step;
    } else if (status == NT_OK) {
        status = nt_place_scan(side->square, &side->unit, place, side->layer, side->own, error);
    }
    if (status == NT_OK) {
        status = sort_on_codes(side, q, scratch);
    }
    return status == NT_E_MEMORY ? no_memory(error) : status;
}

/* How many of the nearest on codes are looked at. An image's place on the axes is estimated, and twice as many make up
 * for that; where only promising ones are evaluated, more can be looked at for the same work. */
static uint32_t candidates_of(const nt_query *q, uint32_t layer) {
    uint32_t wanted = nt_bundle_candidates_for(q->bundle, layer, q->k), others = nt_query_others(q);
    wanted *= (q->sample == NT_QUERY_NOBODY ? 2u : 1u) * (q->effort == NT_QUERY_PROMISING ? 2u : 1u);
    return q->effort == NT_QUERY_ALL || wanted > others ? others : wanted;
}

/* Marks in slot [N] with 0 whom the exact answer looks at. */
static void mark_rows(nt_query *q) {
    uint32_t n = nt_bundle_samples(q->bundle);
    memset(q->slot, q->effort == NT_QUERY_ALL ? 0 : 0xff, n * sizeof *q->slot);
    if (q->sample != NT_QUERY_NOBODY) {
        q->slot[q->sample] = 0;
    }
    for (uint32_t s = 0; s < q->sides; s++) {
        struct nt_query_side *side = &q->side[s];
        side->candidates = candidates_of(q, side->layer);
        for (uint32_t i = 0; q->effort != NT_QUERY_ALL && i < side->candidates; i++) {
            q->slot[side->order[i]] = 0;
        }
    }
}

/* The union of the candidates, ascending by sample number. */
static enum nt_status gather_rows(nt_query *q, struct nt_error *error) {
    const struct nt_allocator *al = q->bundle->allocator;
    uint32_t n = nt_bundle_samples(q->bundle), count = 0;
    nt_release(al, q->rows);
    q->rows = NULL;
    q->rows_count = 0;
    mark_rows(q);
    for (uint32_t i = 0; i < n; i++) {
        count += q->slot[i] == 0;
    }
    q->rows = nt_allocate(al, count, sizeof *q->rows);
    if (q->rows == NULL) {
        return no_memory(error);
    }
    for (uint32_t i = 0; i < n; i++) {
        if (q->slot[i] == 0) {
            q->slot[i] = q->rows_count;
            q->rows[q->rows_count++] = i;
        }
    }
    return NT_OK;
}

/* ---- Making. ---- */

static enum nt_status check(const nt_query *q, const uint32_t *layer, uint32_t layers, bool on_codes,
                            struct nt_error *error) {
    const nt_bundle *b = q->bundle;
    uint32_t n = nt_bundle_samples(b);
    if (q->exclude != NT_QUERY_NOBODY && q->exclude >= n) {
        return nt_error_set(error, NT_E_ARG, "sample %u: expected 0 to %u", q->exclude, n - 1);
    }
    uint32_t most = nt_query_others(q) < NT_BUNDLE_MAX_K ? nt_query_others(q) : NT_BUNDLE_MAX_K;
    if (q->k < 1 || q->k > most) {
        return nt_error_set(error, NT_E_ARG, "k = %u: expected 1 to %u", q->k, most);
    }
    if (layers < 1 || layers > NT_BUNDLE_MAX_LAYERS) {
        return nt_error_set(error, NT_E_ARG, "%u layers: expected 1 to %d", layers, NT_BUNDLE_MAX_LAYERS);
    }
    for (uint32_t s = 0; s < layers; s++) {
        if (layer[s] >= nt_bundle_layers(b)) {
            return nt_error_set(error, NT_E_ARG, "layer %u: expected 0 to %u", layer[s], nt_bundle_layers(b) - 1);
        }
        if (on_codes && nt_bundle_codes(b, layer[s]) == NULL) {
            return nt_error_set(error, NT_E_MISSING, "the codes of layer %u are not loaded", layer[s]);
        }
    }
    return NT_OK;
}

/* An outside image is computed at once: its place among the codes follows from its activations. */
static enum nt_status compute_image(nt_query *q, const uint8_t *image, const uint32_t *layer, uint32_t layers,
                                    struct nt_error *error) {
    const nt_bundle *b = q->bundle;
    size_t bytes = nt_bundle_image_bytes(b);
    NT_TRY(nt_pass_open(&q->pass, b, layer, layers, "neighbours of an image", error));
    q->image = nt_allocate(b->allocator, bytes, 1);
    if (q->image == NULL) {
        return no_memory(error);
    }
    memcpy(q->image, image, bytes);
    NT_TRY(nt_pass_image(&q->pass, q->image, error));
    for (uint32_t s = 0; s < layers; s++) {
        size_t size = b->manifest.layer[layer[s]].size * sizeof(float);
        q->side[s].own = nt_allocate(b->allocator, size, 1);
        if (q->side[s].own == NULL) {
            return no_memory(error);
        }
        memcpy(q->side[s].own, q->pass.activation[layer[s]], size);
    }
    return NT_OK;
}

/* Fills a zeroed query; what was taken until a failure is left for nt_query_free. */
static enum nt_status fill(nt_query *q, const nt_place *place, const uint8_t *image, const uint32_t *layer,
                           uint32_t layers, struct nt_error *error) {
    const struct nt_allocator *al = q->bundle->allocator;
    bool on_codes = image == NULL || place != NULL;
    q->sides = layers;
    for (uint32_t s = 0; s < layers; s++) {
        q->side[s].layer = layer[s];
    }
    if (image != NULL) {
        NT_TRY(compute_image(q, image, layer, layers, error));
    }
    uint32_t n = nt_bundle_samples(q->bundle), *scratch = nt_allocate(al, n, sizeof *scratch);
    q->slot = nt_allocate(al, n, sizeof *q->slot);
    enum nt_status status = scratch != NULL && q->slot != NULL ? NT_OK : no_memory(error);
    for (uint32_t s = 0; on_codes && s < layers && status == NT_OK; s++) {
        status = find_on_codes(&q->side[s], q, place, scratch, error);
    }
    nt_release(al, scratch);
    q->effort = on_codes ? NT_QUERY_CANDIDATES : NT_QUERY_ALL;
    return status == NT_OK ? gather_rows(q, error) : status;
}

static enum nt_status create(nt_query **query, const nt_query *made, const nt_place *place, const uint8_t *image,
                             const uint32_t *layer, uint32_t layers, struct nt_error *error) {
    *query = NULL;
    NT_TRY(check(made, layer, layers, image == NULL || place != NULL, error));
    nt_query *q = nt_allocate(made->bundle->allocator, 1, sizeof *q);
    if (q == NULL) {
        return no_memory(error);
    }
    *q = *made;
    enum nt_status status = fill(q, place, image, layer, layers, error);
    if (status != NT_OK) {
        nt_query_free(q);
        return status;
    }
    *query = q;
    return NT_OK;
}

enum nt_status nt_query_create(nt_query **query, nt_bundle *bundle, uint32_t sample, const uint32_t *layer,
                               uint32_t layers, uint32_t k, struct nt_error *error) {
    nt_query made = {.bundle = bundle, .sample = sample, .exclude = sample, .k = k};
    if (sample == NT_QUERY_NOBODY) {
        *query = NULL;
        return nt_error_set(error, NT_E_ARG, "sample %u: expected 0 to %u", sample, nt_bundle_samples(bundle) - 1);
    }
    return create(query, &made, NULL, NULL, layer, layers, error);
}

enum nt_status nt_query_create_image(nt_query **query, nt_bundle *bundle, const nt_place *place, const uint8_t *image,
                                     uint32_t exclude, const uint32_t *layer, uint32_t layers, uint32_t k,
                                     struct nt_error *error) {
    nt_query made = {.bundle = bundle, .sample = NT_QUERY_NOBODY, .exclude = exclude, .k = k};
    return create(query, &made, place, image, layer, layers, error);
}

enum nt_status nt_query_set_effort(nt_query *q, enum nt_query_effort effort, struct nt_error *error) {
    bool on_codes = q->side[0].square != NULL;
    if (q->prepared || (!on_codes && effort != NT_QUERY_ALL)) {
        return nt_error_set(error, NT_E_ARG,
                            q->prepared ? "a query's effort is to be set before its first step"
                                        : "without a place every sample has to be evaluated");
    }
    q->effort = effort;
    return gather_rows(q, error);
}

void nt_query_free(nt_query *q) {
    if (q == NULL) {
        return;
    }
    const struct nt_allocator *al = q->bundle->allocator;
    for (uint32_t s = 0; s < q->sides; s++) {
        struct nt_query_side *side = &q->side[s];
        void *const held[] = {side->square, side->order,   side->rank, side->own,
                              side->exact,  side->nearest, side->place};
        for (size_t i = 0; i < sizeof held / sizeof *held; i++) {
            nt_release(al, held[i]);
        }
    }
    nt_pass_close(&q->pass);
    void *const held[] = {q->rows,         q->slot,          q->image,      q->chosen.slot,
                          q->chosen.sides, q->chosen.reason, q->chosen.room};
    for (size_t i = 0; i < sizeof held / sizeof *held; i++) {
        nt_release(al, held[i]);
    }
    nt_release(al, q);
}

const uint32_t *nt_query_rows(const nt_query *q, uint32_t *count) {
    *count = q->rows_count;
    return q->rows;
}
