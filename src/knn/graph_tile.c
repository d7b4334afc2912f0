/* All pairs of two blocks: a lower bound from one product of the leading values, then from the others where that one
 * lets a pair pass. The bound by leading values and the norm of the rest is the one of Hwang, Han and Ahn, "A Fast
 * Nearest Neighbor Search Algorithm by Nonlinear Embedding", CVPR 2012. */
#include <float.h>
#include <math.h>
#include <stdbool.h>

#include "knn/graph_search.h"
#include "ntrace/knn.h"

/* Rounding of sums and products of float32, per unit of squared norms. */
static const float ROUNDING = 1e-6f;

/* The square of what two rests differ by at least. */
static float apart(const nt_graph_search *s, uint32_t i, uint32_t j) {
    float gap = fabsf(s->rest[i] - s->rest[j]) - s->rest_slack[i] - s->rest_slack[j];
    return gap > 0 ? gap * gap : 0;
}

/* How large a squared distance of reduced rows may be, in its units, for a pair to be within the limit of one of its
 * lists; false where what is left out decides already. */
static bool limit_on_z(uint64_t *stop, const nt_graph_search *s, uint32_t i, uint32_t j) {
    float a = s->lists.list[i].limit, b = s->lists.list[j].limit;
    float root = (sqrtf(a > b ? a : b) + s->slack[i] + s->slack[j]) * (1 + 2 * NT_SHORT_ROUNDING);
    float most = (root * root - apart(s, i, j)) * s->per_unit;
    *stop = most < 1e18f ? (uint64_t)(most > 0 ? most : 0) + 1 : UINT64_MAX;
    return most >= 0;
}

/* Puts a pair on the lists that it may belong to; its sum is that of all reduced values. */
static enum nt_status add_pair(nt_graph_search *s, uint32_t i, uint32_t j, uint64_t sum) {
    float root = sqrtf((float)sum / s->per_unit + apart(s, i, j)) * (1 - NT_SHORT_ROUNDING) - s->slack[i] - s->slack[j];
    float lower = root > 0 ? root * root : 0;
    if (lower <= s->lists.list[i].limit) {
        NT_TRY(nt_shortlists_add(&s->lists, i, (struct nt_short){j, lower}));
    }
    return lower <= s->lists.list[j].limit ? nt_shortlists_add(&s->lists, j, (struct nt_short){i, lower}) : NT_OK;
}

/* Strip by strip: those of the blocks stay in the cache. */
enum nt_status nt_search_compare(nt_graph_search *s, uint32_t first, uint32_t from, size_t pairs) {
    s->work.reduced += pairs;
    for (uint32_t at = 0; at < s->width; at += NT_FIXED_STRIP) {
        uint32_t width = nt_fixed_strip_width(at, s->width);
        const int16_t *strip = s->z + (size_t)at * s->samples;
        pairs = nt_fixed_compare(s->passed, pairs, strip + (size_t)first * width, strip + (size_t)from * width, width);
    }
    for (size_t p = 0; p < pairs; p++) {
        NT_TRY(add_pair(s, first + s->passed[p].a, from + s->passed[p].b, s->passed[p].sum));
    }
    return NT_OK;
}

static float largest(const float *x, uint32_t from, uint32_t to) {
    float most = 0;
    for (uint32_t i = from; i < to; i++) {
        most = x[i] > most ? x[i] : most;
    }
    return most;
}

/* One block of a tile: reach [NT_SEARCH_BLOCK] of its positions to those of the other block, from `from` on up to `to`.
 */
static struct nt_bound_block block_of(float *reach, const nt_graph_search *s, uint32_t first, uint32_t end,
                                      uint32_t from, uint32_t to) {
    uint32_t groups = (end - first + NT_BOUND_GROUP - 1) / NT_BOUND_GROUP;
    float slack = largest(s->lead_slack, from, to), half = largest(s->half, from, to);
    for (uint32_t i = 0; i < groups * NT_BOUND_GROUP; i++) {
        reach[i] = INFINITY;
    }
    for (uint32_t i = first; i < end; i++) {
        float root = (sqrtf(s->lists.list[i].limit) * (1 + NT_SHORT_ROUNDING) + s->lead_slack[i] + slack) / s->unit;
        float away = s->half[i] - root * root / 2 - ROUNDING * (s->half[i] + half);
        reach[i - first] = away > -FLT_MAX ? away : -FLT_MAX;
    }
    return (struct nt_bound_block){s->lead + nt_bound_at(first, s->depth),
                                   s->half + first,
                                   reach,
                                   s->tail + first,
                                   s->filled,
                                   s->square + first,
                                   groups};
}

/* Finds how far each pair may be apart, and leaves out what is decided already. */
static size_t pass(nt_graph_search *s, uint32_t first, uint32_t from, size_t pairs) {
    size_t kept = 0;
    for (size_t p = 0; p < pairs; p++) {
        struct nt_fixed_pair pair = s->passed[p];
        bool may = limit_on_z(&pair.stop, s, first + pair.a, from + pair.b) && pair.sum <= pair.stop;
        s->passed[kept] = pair;
        kept += may;
    }
    return kept;
}

enum nt_status nt_search_tile(nt_graph_search *s, uint32_t a, uint32_t b) {
    uint32_t first = s->start[a], end = s->start[a + 1], from = s->start[b], to = s->start[b + 1];
    float reach[2][NT_SEARCH_BLOCK];
    struct nt_bound_block left = block_of(reach[0], s, first, end, from, to),
                          right = block_of(reach[1], s, from, to, first, end);
    uint64_t many = end - first;
    s->work.pairs += a == b ? many * (many - 1) / 2 : many * (to - from);
    return nt_search_compare(s, first, from, pass(s, first, from, nt_bound_pairs(s->passed, &left, &right, s->depth)));
}
