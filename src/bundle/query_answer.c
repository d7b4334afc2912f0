/* What a query answers: neighbours, traces, overlaps; from codes, or exact once every step is done. */
#include <math.h>

#include "bundle/query.h"
#include "ntrace/knn.h"

static float distance_of(const nt_query *q, const struct nt_query_side *side, uint32_t sample) {
    if (q->ranked) {
        return sqrtf(side->exact[q->slot[sample]]);
    }
    return side->unit * sqrtf((float)side->square[sample]);
}

static uint32_t rank_of(const nt_query *q, const struct nt_query_side *side, uint32_t sample) {
    if (!q->ranked) {
        return side->rank[sample];
    }
    uint32_t place = side->place[q->slot[sample]];
    return place < side->candidates || side->rank[sample] < place ? place : side->rank[sample];
}

/* Whether anything can be answered yet. */
static enum nt_status check(const nt_query *q, struct nt_error *error) {
    bool there = q->ranked || q->side[0].square != NULL;
    return there ? NT_OK
                 : nt_error_set(error, NT_E_MISSING, "without a place nothing is known before all steps are done");
}

enum nt_status nt_query_neighbors(uint32_t *index, float *distance, const nt_query *q, uint32_t at) {
    if (at >= q->sides) {
        return NT_E_ARG;
    }
    NT_TRY(check(q, NULL));
    const struct nt_query_side *side = &q->side[at];
    for (uint32_t i = 0; i < q->k; i++) {
        index[i] = q->ranked ? q->rows[side->nearest[i]] : side->order[i];
        distance[i] = distance_of(q, side, index[i]);
    }
    return NT_OK;
}

enum nt_status nt_query_overlap(uint32_t *overlap, const nt_query *q, uint32_t reference, struct nt_error *error) {
    if (reference >= q->sides) {
        return nt_error_set(error, NT_E_ARG, "reference %u: expected 0 to %u", reference, q->sides - 1);
    }
    NT_TRY(check(q, error));
    const struct nt_allocator *al = q->bundle->allocator;
    uint32_t k = q->k, *here = nt_allocate(al, 4 * (size_t)k, sizeof *here), *there = here + k, *scratch = there + k;
    float *distance = nt_allocate(al, k, sizeof *distance);
    enum nt_status status =
        here != NULL && distance != NULL ? NT_OK : nt_error_set(error, NT_E_MEMORY, "not enough memory for overlaps");
    if (status == NT_OK) {
        status = nt_query_neighbors(there, distance, q, reference);
    }
    for (uint32_t s = 0; s < q->sides && status == NT_OK; s++) {
        status = nt_query_neighbors(here, distance, q, s);
        overlap[s] = nt_trace_overlap(here, there, k, scratch);
    }
    nt_release(al, here);
    nt_release(al, distance);
    return status;
}

static enum nt_status check_trace(const nt_query *q, struct nt_error *error) {
    if (q->sides < 2 || q->bundle->label == NULL) {
        return nt_error_set(error, q->sides < 2 ? NT_E_ARG : NT_E_MISSING, "a trace needs two layers and the labels");
    }
    if (q->effort == NT_QUERY_PROMISING) {
        return nt_error_set(error, NT_E_ARG,
                            "a trace needs its samples at both layers: a query of promising ones lacks some");
    }
    return check(q, error);
}

enum nt_status nt_query_trace(struct nt_trace *trace, const nt_query *q, struct nt_error *error) {
    *trace = (struct nt_trace){0};
    NT_TRY(check_trace(q, error));
    const nt_bundle *b = q->bundle;
    uint32_t k = q->k;
    uint32_t *index = nt_allocate(b->allocator, 4 * (size_t)k, sizeof *index), *rank = index + 2 * (size_t)k;
    float *distance = nt_allocate(b->allocator, 4 * (size_t)k, sizeof *distance), *other = distance + 2 * (size_t)k;
    enum nt_status status = index != NULL && distance != NULL ? NT_OK : NT_E_MEMORY;
    struct nt_trace_side sides[2];
    for (uint32_t s = 0; s < 2 && status == NT_OK; s++) {
        const struct nt_query_side *opposite = &q->side[1 - s];
        size_t from = s * (size_t)k;
        status = nt_query_neighbors(index + from, distance + from, q, s);
        for (size_t i = from; i < from + k; i++) {
            other[i] = distance_of(q, opposite, index[i]);
            rank[i] = rank_of(q, opposite, index[i]);
        }
        sides[s] = (struct nt_trace_side){index + from, distance + from, other + from, rank + from};
    }
    if (status == NT_OK) {
        status =
            nt_trace_layout(trace, sides, b->label, q->sample, q->side[0].layer, q->side[1].layer, k, b->allocator);
    }
    nt_release(b->allocator, index);
    nt_release(b->allocator, distance);
    return status == NT_E_MEMORY ? nt_error_set(error, NT_E_MEMORY, "not enough memory for this trace") : status;
}
