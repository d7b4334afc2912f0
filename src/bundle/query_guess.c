/* Which samples are worth an exact look. What a code gets wrong is chance, and chance differs from layer to layer,
 * while true distances at neighbouring layers go together: so the squared distance at a layer is predicted by least
 * squares from the squared distances on codes at this layer and at those up to two away, fitted to the samples
 * evaluated so far. A sample is passed over where the prediction exceeds the k-th smallest exact distance by three
 * standard errors of the fit. Evaluating in rounds of growing caution keeps that k-th distance small before the
 * doubtful ones come. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "bundle/query.h"
#include "core/cholesky.h"
#include "ntrace/knn.h"

enum { REACH = 2, FEATURES = 8, FIRST = 48, OCCASION = 2 };

/* Standard errors that a sample may lie beyond the k-th distance, round by round after the first. */
static const double CAUTION[] = {0, 1.5, 3};
enum { ROUNDS = 1 + sizeof CAUTION / sizeof *CAUTION };

struct fit {
    const struct nt_query_side *feature[FEATURES];
    uint32_t features;
    double mean[FEATURES], weight[FEATURES], target; /* prediction = target + weight · (square - mean) */
    double error; /* standard error; larger than any distance where there is no fit */
    double limit; /* k-th smallest exact distance, squared */
};

static bool is_known(const struct nt_query_side *side, uint32_t slot) { return side->exact[slot] < INFINITY; }

static bool is_candidate(const struct nt_query_side *side, const nt_query *q, uint32_t slot) {
    return q->rows[slot] != q->exclude && side->rank[q->rows[slot]] < side->candidates;
}

static void pick_features(struct fit *fit, const nt_query *q, const struct nt_query_side *side) {
    fit->feature[fit->features++] = side;
    for (uint32_t t = 0; t < q->sides && fit->features < FEATURES; t++) {
        const struct nt_query_side *other = &q->side[t];
        uint32_t far = other->layer > side->layer ? other->layer - side->layer : side->layer - other->layer;
        if (far > 0 && far <= REACH) {
            fit->feature[fit->features++] = other;
        }
    }
}

static double feature_of(const struct fit *fit, uint32_t f, uint32_t sample) {
    return (double)fit->feature[f]->square[sample] - fit->mean[f];
}

/* The samples that a side's fit rests on: known[count] slots. Their means become the fit's. */
static uint32_t known_candidates(uint32_t *known, struct fit *fit, const struct nt_query_side *side,
                                 const nt_query *q) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < q->rows_count; i++) {
        if (is_known(side, i) && is_candidate(side, q, i)) {
            known[count++] = i;
            fit->target += (double)side->exact[i];
            for (uint32_t f = 0; f < fit->features; f++) {
                fit->mean[f] += (double)fit->feature[f]->square[q->rows[i]];
            }
        }
    }
    fit->target /= count;
    for (uint32_t f = 0; f < fit->features; f++) {
        fit->mean[f] /= count;
    }
    return count;
}

/* Least squares by normal equations. The ridge is for features that are the same, as of a layer and its flattening. */
static bool solve(struct fit *fit, const struct nt_query_side *side, const nt_query *q, const uint32_t *known,
                  uint32_t count) {
    uint32_t m = fit->features;
    double gram[FEATURES * FEATURES] = {0}, x[FEATURES];
    memset(fit->weight, 0, sizeof fit->weight);
    for (uint32_t i = 0; i < count; i++) {
        double y = (double)side->exact[known[i]] - fit->target;
        for (uint32_t f = 0; f < m; f++) {
            x[f] = feature_of(fit, f, q->rows[known[i]]);
            fit->weight[f] += x[f] * y;
            for (uint32_t g = 0; g <= f; g++) {
                gram[f * m + g] += x[f] * x[g];
            }
        }
    }
    for (uint32_t f = 0; f < m; f++) {
        gram[f * m + f] += 1e-6 * gram[f * m + f] + DBL_MIN;
    }
    if (!nt_cholesky_factor(gram, m)) {
        return false;
    }
    nt_cholesky_solve(fit->weight, gram, m);
    return true;
}

static double predict(const struct fit *fit, uint32_t sample) {
    double sum = fit->target;
    for (uint32_t f = 0; f < fit->features; f++) {
        sum += fit->weight[f] * feature_of(fit, f, sample);
    }
    return sum;
}

/* The k-th smallest exact distance at a side, more than any while fewer are known. room [3 rows] */
static double limit_of(const struct nt_query_side *side, const nt_query *q, uint32_t *room) {
    uint32_t count = 0, *key = room, *order = key + q->rows_count, *scratch = order + q->rows_count;
    for (uint32_t i = 0; i < q->rows_count; i++) {
        if (is_known(side, i) && q->rows[i] != q->exclude) {
            key[count++] = nt_knn_key(side->exact[i]);
        }
    }
    if (count < q->k) {
        return FLT_MAX;
    }
    nt_knn_order(order, key, count, scratch);
    return (double)nt_knn_value(key[order[q->k - 1]]);
}

static struct fit fit_side(const struct nt_query_side *side, const nt_query *q) {
    struct fit fit = {.error = FLT_MAX};
    uint32_t *room = q->chosen.room;
    fit.limit = limit_of(side, q, room);
    pick_features(&fit, q, side);
    uint32_t count = known_candidates(room, &fit, side, q);
    if (count > 2 * fit.features && solve(&fit, side, q, room, count)) {
        double sum = 0;
        for (uint32_t i = 0; i < count; i++) {
            double gap = (double)side->exact[room[i]] - predict(&fit, q->rows[room[i]]);
            sum += gap * gap;
        }
        fit.error = sqrt(sum / (count - fit.features - 1)) + 1e-6 * fit.limit; /* never quite certain */
    }
    return fit;
}

/* ---- Choosing. ---- */

static nt_layer_bits bit(uint32_t s) { return (nt_layer_bits)1 << s; }

/* Marks a side of a sample: as a reason to evaluate it in this round, or as one that is met on the occasion. */
static void mark(nt_query *q, uint32_t slot, uint32_t s, bool reason) {
    q->chosen.sides[slot] |= bit(s);
    q->chosen.reason[slot] |= reason;
}

static void choose_first(nt_query *q) {
    uint32_t first = q->k > FIRST ? q->k : FIRST;
    for (uint32_t s = 0; s < q->sides; s++) {
        const struct nt_query_side *side = &q->side[s];
        for (uint32_t i = 0; i < OCCASION * first && i < side->candidates; i++) {
            mark(q, q->slot[side->order[i]], s, i < first);
        }
    }
}

static void choose_near(nt_query *q, double caution) {
    for (uint32_t s = 0; s < q->sides; s++) {
        const struct nt_query_side *side = &q->side[s];
        struct fit fit = fit_side(side, q);
        for (uint32_t i = 0; i < side->candidates; i++) {
            uint32_t slot = q->slot[side->order[i]];
            if (!is_known(side, slot)) {
                double beyond = predict(&fit, side->order[i]) - fit.limit;
                if (beyond <= CAUTION[ROUNDS - 2] * fit.error) {
                    mark(q, slot, s, beyond <= caution * fit.error);
                }
            }
        }
    }
}

static uint32_t deepest(const nt_query *q, nt_layer_bits sides) {
    uint32_t layer = 0;
    for (uint32_t s = 0; s < q->sides; s++) {
        layer = sides >> s & 1 && q->side[s].layer > layer ? q->side[s].layer : layer;
    }
    return layer;
}

/* Lists whom a round chose, deepest layers first, so that a batch needs the same layers; a row that is computed anyway
 * is measured at all sides on the way where it is a candidate. */
static void list_chosen(nt_query *q) {
    uint32_t start[NT_BUNDLE_MAX_LAYERS + 1] = {0}, *depth = q->chosen.room;
    for (uint32_t i = 0; i < q->rows_count; i++) {
        if (!q->chosen.reason[i]) {
            continue;
        }
        depth[i] = deepest(q, q->chosen.sides[i]);
        for (uint32_t s = 0; s < q->sides; s++) {
            bool more = q->side[s].layer <= depth[i] && !is_known(&q->side[s], i) && is_candidate(&q->side[s], q, i);
            q->chosen.sides[i] |= more ? bit(s) : 0;
        }
        start[NT_BUNDLE_MAX_LAYERS - 1 - depth[i]]++;
    }
    uint32_t sum = 0;
    for (uint32_t l = 0; l < NT_BUNDLE_MAX_LAYERS; l++) {
        uint32_t count = start[l];
        start[l] = sum;
        sum += count;
    }
    for (uint32_t i = 0; i < q->rows_count; i++) {
        if (q->chosen.reason[i]) {
            q->chosen.slot[start[NT_BUNDLE_MAX_LAYERS - 1 - depth[i]]++] = i;
        }
    }
    q->chosen.count = sum;
    q->chosen.at = 0;
}

void nt_query_choose(nt_query *q) {
    q->chosen.count = 0;
    for (; q->chosen.count == 0 && q->chosen.round < ROUNDS; q->chosen.round++) {
        memset(q->chosen.sides, 0, q->rows_count * sizeof *q->chosen.sides);
        memset(q->chosen.reason, 0, q->rows_count);
        if (q->chosen.round == 0) {
            choose_first(q);
        } else {
            choose_near(q, CAUTION[q->chosen.round - 1]);
        }
        list_chosen(q);
    }
    q->chosen.at = 0;
}
