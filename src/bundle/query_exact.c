/* The exact part of a query: activations recomputed from images, distances, and the ranking by them. */
#include <math.h>
#include <string.h>

#include "bundle/query.h"
#include "ntrace/knn.h"

int nt_query_exact(const nt_query *q) { return q->ranked; }

static enum nt_status no_memory(struct nt_error *error) {
    return nt_error_set(error, NT_E_MEMORY, "not enough memory for this query");
}

/* Takes memory where none was taken yet: a step that failed for want of it can be tried again. */
static bool take(void *held, const nt_query *q, size_t count, size_t size) {
    void **at = held;
    *at = *at != NULL ? *at : nt_allocate(q->bundle->allocator, count, size);
    return *at != NULL;
}

static bool take_room(nt_query *q) {
    uint32_t rows = q->rows_count;
    bool there = true;
    for (uint32_t s = 0; s < q->sides; s++) {
        struct nt_query_side *side = &q->side[s];
        there = there && take(&side->own, q, q->bundle->manifest.layer[side->layer].size, sizeof *side->own) &&
                take(&side->exact, q, rows, sizeof *side->exact) &&
                take(&side->nearest, q, rows, sizeof *side->nearest) &&
                take(&side->place, q, rows, sizeof *side->place);
    }
    if (q->effort == NT_QUERY_PROMISING) {
        there = there && take(&q->chosen.slot, q, rows, sizeof *q->chosen.slot) &&
                take(&q->chosen.sides, q, rows, sizeof *q->chosen.sides) && take(&q->chosen.reason, q, rows, 1) &&
                take(&q->chosen.room, q, 3 * (size_t)rows, sizeof *q->chosen.room);
    }
    return there;
}

/* Room for a batch, and the centre's own activations. */
static enum nt_status prepare(nt_query *q, struct nt_error *error) {
    uint32_t layer[NT_BUNDLE_MAX_LAYERS];
    for (uint32_t s = 0; s < q->sides; s++) {
        layer[s] = q->side[s].layer;
    }
    if (q->pass.bundle == NULL) {
        NT_TRY(nt_pass_open(&q->pass, q->bundle, layer, q->sides, "exact neighbours", error));
    }
    if (!take_room(q)) {
        return no_memory(error);
    }
    if (q->sample != NT_QUERY_NOBODY) {
        NT_TRY(nt_pass_rows(&q->pass, &q->sample, 1, NT_PASS_ALL, error));
    }
    for (uint32_t s = 0; s < q->sides; s++) {
        struct nt_query_side *side = &q->side[s];
        if (q->sample != NT_QUERY_NOBODY) {
            memcpy(side->own, q->pass.activation[layer[s]], q->bundle->manifest.layer[layer[s]].size * sizeof(float));
        }
        for (uint32_t i = 0; i < q->rows_count; i++) {
            side->exact[i] = INFINITY;
        }
    }
    q->prepared = true;
    return NT_OK;
}

/* ---- Ranking. ---- */

/* Ranks a side by (exact distance, sample number): rows ascend by number, and the sort is stable. */
static enum nt_status rank_side(struct nt_query_side *side, const nt_query *q) {
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
        if (q->rows[slot] != q->exclude) {
            side->place[slot] = at;
            side->nearest[at++] = slot;
        }
    }
    nt_release(q->bundle->allocator, key);
    return NT_OK;
}

static enum nt_status rank_all(nt_query *q, struct nt_error *error) {
    for (uint32_t s = 0; s < q->sides; s++) {
        if (rank_side(&q->side[s], q) != NT_OK) {
            return no_memory(error);
        }
    }
    q->ranked = true;
    return NT_OK;
}

/* ---- Steps. ---- */

static void measure(nt_query *q, const uint32_t *slot, uint32_t count, const nt_layer_bits *sides) {
    for (uint32_t s = 0; s < q->sides; s++) {
        struct nt_query_side *side = &q->side[s];
        size_t size = q->bundle->manifest.layer[side->layer].size;
        const float *x = q->pass.activation[side->layer];
        for (uint32_t i = 0; i < count; i++) {
            if (sides == NULL || sides[slot[i]] >> s & 1) {
                side->exact[slot[i]] = nt_distance_squared(side->own, x + i * size, size);
            }
        }
    }
}

/* Evaluates rows one after the other, at all sides. */
static enum nt_status step_all(nt_query *q, uint32_t count, struct nt_error *error) {
    uint32_t slot[NT_PASS_BATCH], left = q->rows_count - q->done;
    count = count < left ? count : left;
    for (uint32_t i = 0; i < count; i++) {
        slot[i] = q->done + i;
    }
    NT_TRY(nt_pass_rows(&q->pass, q->rows + q->done, count, NT_PASS_ALL, error));
    measure(q, slot, count, NULL);
    q->done += count;
    return NT_OK;
}

/* Evaluates chosen rows, only at the sides for which they were chosen, and chooses again when none are left. */
static enum nt_status step_chosen(nt_query *q, uint32_t count, struct nt_error *error) {
    if (q->chosen.at == q->chosen.count) {
        nt_query_choose(q);
        q->done = q->chosen.count == 0 ? q->rows_count : q->done;
        return NT_OK;
    }
    const uint32_t *slot = q->chosen.slot + q->chosen.at;
    uint32_t rows[NT_PASS_BATCH], left = q->chosen.count - q->chosen.at;
    nt_layer_bits sides = 0, layers = 0;
    count = count < left ? count : left;
    for (uint32_t i = 0; i < count; i++) {
        rows[i] = q->rows[slot[i]];
        sides |= q->chosen.sides[slot[i]];
    }
    for (uint32_t s = 0; s < q->sides; s++) {
        layers |= (sides >> s & 1) << q->side[s].layer;
    }
    NT_TRY(nt_pass_rows(&q->pass, rows, count, layers, error));
    measure(q, slot, count, q->chosen.sides);
    q->chosen.at += count;
    q->done += q->done + count < q->rows_count ? count : 0; /* a sample that is evaluated twice was not settled yet */
    return NT_OK;
}

enum nt_status nt_query_step(uint32_t *done, nt_query *q, uint32_t samples, struct nt_error *error) {
    *done = q->ranked || q->done < q->rows_count ? q->done : q->rows_count - 1;
    if (!q->prepared) {
        NT_TRY(prepare(q, error));
    }
    while (samples > 0 && q->done < q->rows_count) {
        uint32_t count = samples < NT_PASS_BATCH ? samples : NT_PASS_BATCH;
        NT_TRY(q->effort == NT_QUERY_PROMISING ? step_chosen(q, count, error) : step_all(q, count, error));
        samples -= count;
    }
    if (q->done == q->rows_count && !q->ranked) {
        NT_TRY(rank_all(q, error));
    }
    *done = q->done;
    return NT_OK;
}
