#include <assert.h>
#include <math.h>
#include <string.h>

#include "bundle/handle.h"
#include "ntrace/knn.h"

enum { BATCH = 32 };

/* One layer of a query. */
struct side {
    uint32_t layer, candidates;
    uint32_t *square;  /* [N] on codes */
    uint32_t *order;   /* [N-1] on codes, nearest first, without the sample itself */
    uint32_t *rank;    /* [N] place in order */
    float *own;        /* [size] the sample's own activation */
    float *exact;      /* [rows] squared distances */
    uint32_t *nearest; /* [rows] slots by exact distance, once all are known; the sample itself left out */
    uint32_t *place;   /* [rows] place in nearest */
};

struct nt_query {
    nt_bundle *bundle;
    uint32_t sample, k, sides, rows_count, done;
    struct side side[NT_BUNDLE_MAX_LAYERS];
    uint32_t *rows; /* [rows_count] ascending: the sample itself and the candidates of all sides */
    uint32_t *slot; /* [N] where a sample stands in rows */
    float *activation[NT_BUNDLE_MAX_LAYERS]; /* per layer, a batch; NULL where not asked for */
    float *input;
    void *scratch;
    bool prepared;
};

static enum nt_status no_memory(struct nt_error *error) {
    return nt_error_set(error, NT_E_MEMORY, "not enough memory for this query");
}

static enum nt_status find_on_codes(struct side *side, const nt_query *q, uint32_t *scratch) {
    const nt_bundle *b = q->bundle;
    uint32_t n = nt_bundle_samples(b), at = 0;
    const struct nt_allocator *al = b->allocator;
    side->candidates = nt_bundle_candidates_for(b, side->layer, q->k);
    side->square = nt_allocate(al, n, sizeof *side->square);
    side->order = nt_allocate(al, n, sizeof *side->order);
    side->rank = nt_allocate(al, n, sizeof *side->rank);
    if (side->square == NULL || side->order == NULL || side->rank == NULL) {
        return NT_E_MEMORY;
    }
    nt_codes_scan(side->square, nt_bundle_codes(b, side->layer), q->sample);
    nt_knn_order(side->order, side->square, n, scratch);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t sample = side->order[i];
        if (sample != q->sample) {
            side->rank[sample] = at;
            side->order[at++] = sample;
        }
    }
    side->rank[q->sample] = 0;
    return NT_OK;
}

/* The union of the candidates, ascending by sample number. */
static enum nt_status gather_rows(nt_query *q) {
    uint32_t n = nt_bundle_samples(q->bundle);
    q->slot = nt_allocate(q->bundle->allocator, n, sizeof *q->slot);
    if (q->slot == NULL) {
        return NT_E_MEMORY;
    }
    memset(q->slot, 0xff, n * sizeof *q->slot);
    q->slot[q->sample] = 0;
    for (uint32_t s = 0; s < q->sides; s++) {
        for (uint32_t i = 0; i < q->side[s].candidates; i++) {
            q->slot[q->side[s].order[i]] = 0;
        }
    }
    for (uint32_t i = 0; i < n; i++) {
        q->rows_count += q->slot[i] == 0;
    }
    q->rows = nt_allocate(q->bundle->allocator, q->rows_count, sizeof *q->rows);
    if (q->rows == NULL) {
        return NT_E_MEMORY;
    }
    for (uint32_t i = 0, at = 0; i < n; i++) {
        if (q->slot[i] == 0) {
            q->slot[i] = at;
            q->rows[at++] = i;
        }
    }
    return NT_OK;
}

static enum nt_status check_query(const nt_bundle *b, uint32_t sample, const uint32_t *layer, uint32_t layers,
                                  uint32_t k, struct nt_error *error) {
    uint32_t n = nt_bundle_samples(b), most = n - 1 < NT_BUNDLE_MAX_K ? n - 1 : NT_BUNDLE_MAX_K;
    if (sample >= n) {
        return nt_error_set(error, NT_E_ARG, "sample %u: expected 0 to %u", sample, n - 1);
    }
    if (k < 1 || k > most) {
        return nt_error_set(error, NT_E_ARG, "k = %u: expected 1 to %u", k, most);
    }
    if (layers < 1 || layers > NT_BUNDLE_MAX_LAYERS) {
        return nt_error_set(error, NT_E_ARG, "%u layers: expected 1 to %d", layers, NT_BUNDLE_MAX_LAYERS);
    }
    for (uint32_t s = 0; s < layers; s++) {
        if (layer[s] >= nt_bundle_layers(b)) {
            return nt_error_set(error, NT_E_ARG, "layer %u: expected 0 to %u", layer[s], nt_bundle_layers(b) - 1);
        }
        if (nt_bundle_codes(b, layer[s]) == NULL) {
            return nt_error_set(error, NT_E_MISSING, "the codes of layer %u are not loaded", layer[s]);
        }
    }
    return NT_OK;
}

enum nt_status nt_query_create(nt_query **query, nt_bundle *bundle, uint32_t sample, const uint32_t *layer,
                               uint32_t layers, uint32_t k, struct nt_error *error) {
    *query = NULL;
    NT_TRY(check_query(bundle, sample, layer, layers, k, error));
    nt_query *q = nt_allocate_zeroed(bundle->allocator, 1, sizeof *q);
    if (q == NULL) {
        return no_memory(error);
    }
    *q = (nt_query){.bundle = bundle, .sample = sample, .k = k, .sides = layers};
    uint32_t *scratch = nt_allocate(bundle->allocator, nt_bundle_samples(bundle), sizeof *scratch);
    enum nt_status status = scratch != NULL ? NT_OK : NT_E_MEMORY;
    for (uint32_t s = 0; s < layers && status == NT_OK; s++) {
        q->side[s].layer = layer[s];
        status = find_on_codes(&q->side[s], q, scratch);
    }
    nt_release(bundle->allocator, scratch);
    if (status == NT_OK) {
        status = gather_rows(q);
    }
    if (status != NT_OK) {
        nt_query_free(q);
        return no_memory(error);
    }
    *query = q;
    return NT_OK;
}

void nt_query_free(nt_query *q) {
    if (q == NULL) {
        return;
    }
    const struct nt_allocator *al = q->bundle->allocator;
    for (uint32_t s = 0; s < q->sides; s++) {
        struct side *side = &q->side[s];
        void *const held[] = {side->square, side->order,   side->rank, side->own,
                              side->exact,  side->nearest, side->place};
        for (size_t i = 0; i < sizeof held / sizeof *held; i++) {
            nt_release(al, held[i]);
        }
    }
    for (uint32_t l = 0; l < NT_BUNDLE_MAX_LAYERS; l++) {
        nt_release(al, q->activation[l]);
    }
    nt_release(al, q->rows);
    nt_release(al, q->slot);
    nt_release(al, q->input);
    nt_release(al, q->scratch);
    nt_release(al, q);
}

const uint32_t *nt_query_rows(const nt_query *q, uint32_t *count) {
    *count = q->rows_count;
    return q->rows;
}

int nt_query_exact(const nt_query *q) { return q->done == q->rows_count; }

/* ---- Exact distances. ---- */

static enum nt_status compute(nt_query *q, const uint32_t *rows, uint32_t count, struct nt_error *error) {
    size_t bytes = nt_bundle_image_bytes(q->bundle);
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *image = nt_bundle_image(q->bundle, rows[i]);
        if (image == NULL) {
            return nt_error_set(error, NT_E_MISSING, "the image of sample %u is not loaded", rows[i]);
        }
        nt_net_input(q->input + i * bytes, image, bytes);
    }
    return nt_net_forward(q->activation, q->bundle->net, q->input, count, q->scratch);
}

/* Takes memory where none was taken yet: a step that failed for want of it can be tried again. */
static void *take(void *held, const nt_query *q, size_t count, size_t size) {
    return held != NULL ? held : nt_allocate(q->bundle->allocator, count, size);
}

/* Room for a batch, and the sample's own activations. */
static enum nt_status prepare(nt_query *q, struct nt_error *error) {
    const nt_bundle *b = q->bundle;
    q->input = take(q->input, q, BATCH * nt_bundle_image_bytes(b), sizeof *q->input);
    q->scratch = take(q->scratch, q, nt_net_forward_bytes(b->net, BATCH), 1);
    bool there = q->input != NULL && q->scratch != NULL;
    for (uint32_t s = 0; s < q->sides; s++) {
        struct side *side = &q->side[s];
        size_t size = b->manifest.layer[side->layer].size;
        float **batch = &q->activation[side->layer];
        *batch = take(*batch, q, BATCH * size, sizeof **batch);
        side->own = take(side->own, q, size, sizeof *side->own);
        side->exact = take(side->exact, q, q->rows_count, sizeof *side->exact);
        side->nearest = take(side->nearest, q, q->rows_count, sizeof *side->nearest);
        side->place = take(side->place, q, q->rows_count, sizeof *side->place);
        there = there && *batch && side->own && side->exact && side->nearest && side->place;
    }
    if (!there) {
        return no_memory(error);
    }
    NT_TRY(compute(q, &q->sample, 1, error));
    for (uint32_t s = 0; s < q->sides; s++) {
        size_t size = b->manifest.layer[q->side[s].layer].size;
        memcpy(q->side[s].own, q->activation[q->side[s].layer], size * sizeof(float));
    }
    q->prepared = true;
    return NT_OK;
}

/* Ranks a side by (exact distance, sample number): rows ascend by number, and the sort is stable. */
static enum nt_status rank_side(struct side *side, const nt_query *q) {
    uint32_t n = q->rows_count, at = 0;
    uint32_t *key = nt_allocate(q->bundle->allocator, 2 * (size_t)n, sizeof *key);
    if (key == NULL) {
        return NT_E_MEMORY;
    }
    for (uint32_t i = 0; i < n; i++) {
        key[i] = nt_knn_key(side->exact[i]);
    }
    nt_knn_order(side->nearest, key, n, key + n);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t slot = side->nearest[i];
        if (q->rows[slot] != q->sample) {
            side->place[slot] = at;
            side->nearest[at++] = slot;
        }
    }
    nt_release(q->bundle->allocator, key);
    return NT_OK;
}

enum nt_status nt_query_step(uint32_t *done, nt_query *q, uint32_t samples, struct nt_error *error) {
    *done = q->done;
    if (q->bundle->net == NULL) {
        return nt_error_set(error, NT_E_MISSING, "exact neighbours need the network's weights, which are not loaded");
    }
    if (!q->prepared) {
        NT_TRY(prepare(q, error));
    }
    while (samples > 0 && q->done < q->rows_count) {
        uint32_t left = q->rows_count - q->done, count = left < BATCH ? left : BATCH;
        count = count < samples ? count : samples;
        NT_TRY(compute(q, q->rows + q->done, count, error));
        for (uint32_t s = 0; s < q->sides; s++) {
            size_t size = q->bundle->manifest.layer[q->side[s].layer].size;
            const float *x = q->activation[q->side[s].layer];
            for (uint32_t i = 0; i < count; i++) {
                q->side[s].exact[q->done + i] = nt_distance_squared(q->side[s].own, x + i * size, size);
            }
        }
        *done = q->done + count;
        for (uint32_t s = 0; *done == q->rows_count && s < q->sides; s++) {
            if (rank_side(&q->side[s], q) != NT_OK) {
                *done = q->done;
                return no_memory(error);
            }
        }
        q->done += count;
        samples -= count;
    }
    return NT_OK;
}

/* ---- Answers. ---- */

static float distance_of(const nt_query *q, const struct side *side, uint32_t sample) {
    if (nt_query_exact(q)) {
        return sqrtf(side->exact[q->slot[sample]]);
    }
    return nt_codes_distance(nt_bundle_codes(q->bundle, side->layer), side->square[sample]);
}

static uint32_t rank_of(const nt_query *q, const struct side *side, uint32_t sample) {
    if (!nt_query_exact(q)) {
        return side->rank[sample];
    }
    uint32_t place = side->place[q->slot[sample]];
    return place < side->candidates || side->rank[sample] < place ? place : side->rank[sample];
}

enum nt_status nt_query_neighbors(uint32_t *index, float *distance, const nt_query *q, uint32_t at) {
    if (at >= q->sides) {
        return NT_E_ARG;
    }
    const struct side *side = &q->side[at];
    for (uint32_t i = 0; i < q->k; i++) {
        index[i] = nt_query_exact(q) ? q->rows[side->nearest[i]] : side->order[i];
        distance[i] = distance_of(q, side, index[i]);
    }
    return NT_OK;
}

enum nt_status nt_query_trace(struct nt_trace *trace, const nt_query *q, struct nt_error *error) {
    *trace = (struct nt_trace){0};
    const nt_bundle *b = q->bundle;
    if (q->sides < 2 || b->label == NULL) {
        return nt_error_set(error, q->sides < 2 ? NT_E_ARG : NT_E_MISSING, "a trace needs two layers and the labels");
    }
    uint32_t k = q->k;
    uint32_t *index = nt_allocate(b->allocator, 4 * (size_t)k, sizeof *index), *rank = index + 2 * (size_t)k;
    float *distance = nt_allocate(b->allocator, 4 * (size_t)k, sizeof *distance), *other = distance + 2 * (size_t)k;
    enum nt_status status = index != NULL && distance != NULL ? NT_OK : NT_E_MEMORY;
    struct nt_trace_side sides[2];
    for (uint32_t s = 0; s < 2 && status == NT_OK; s++) {
        const struct side *opposite = &q->side[1 - s];
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
    return status == NT_E_MEMORY ? no_memory(error) : status;
}
