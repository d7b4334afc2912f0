/* All pairs of two blocks: a lower bound from one matrix product, then from reduced rows where that one lets a pair
 * pass. The bound by leading axes and the norm of the rest is the one of Hwang, Han and Ahn, "A Fast Nearest Neighbor
 * Search Algorithm by Nonlinear Embedding", CVPR 2012, with principal axes. */
#include <math.h>

#include "core/matrix.h"
#include "knn/graph_search.h"
#include "ntrace/knn.h"

/* Rounding of squared distances from a product of at most 256 terms, per unit of the sum of squared norms. */
static const float PRODUCT_ROUNDING = 3.5e-5f;

static float largest(const float *x, uint32_t from, uint32_t to) {
    float most = 0;
    for (uint32_t i = from; i < to; i++) {
        most = x[i] > most ? x[i] : most;
    }
    return most;
}

/* Up to which squared distance of y a pair of `at` with any of positions from .. to can be within the limit of `at`. */
static float limit_on_axes(const nt_graph_search *s, uint32_t at, float slack, float norm) {
    float own = s->slack[at] + s->axes_slack * sqrtf(s->norm[at]);
    float root = sqrtf(s->lists.list[at].limit) * (1 + NT_SHORT_ROUNDING) + own + slack;
    return root * root + PRODUCT_ROUNDING * (s->norm[at] + norm);
}

/* How large a squared distance of z may be, in its units, for a root of at most `root` with what is left out. */
static uint64_t limit_on_z(const nt_graph_search *s, float root, float gap) {
    float most = (root * root - gap * gap) / (s->unit * s->unit);
    return most < 0 ? 0 : most < 1e18f ? (uint64_t)most + 1 : UINT64_MAX;
}

static enum nt_status compare(nt_graph_search *s, uint32_t i, uint32_t j) {
    const struct nt_shortlist *a = &s->lists.list[i], *b = &s->lists.list[j];
    float slack = s->slack[i] + s->slack[j], limit = a->limit > b->limit ? a->limit : b->limit;
    float gap = s->rest[i] - s->rest[j], root = (sqrtf(limit) + slack) * (1 + 2 * NT_SHORT_ROUNDING);
    uint64_t stop = limit_on_z(s, root, gap);
    uint64_t fixed = nt_fixed_distance(s->z + (size_t)i * s->width, s->z + (size_t)j * s->width, s->width, stop);
    s->work.reduced++;
    if (fixed > stop) {
        return NT_OK;
    }
    root = sqrtf((float)fixed * (s->unit * s->unit) + gap * gap) * (1 - NT_SHORT_ROUNDING) - slack;
    float lower = root > 0 ? root * root : 0;
    if (lower <= a->limit) {
        NT_TRY(nt_shortlists_add(&s->lists, i, (struct nt_short){j, lower}));
    }
    return lower <= b->limit ? nt_shortlists_add(&s->lists, j, (struct nt_short){i, lower}) : NT_OK;
}

/* One row of a tile: pairs of position i with from .. to, whose products are given. */
static enum nt_status compare_row(nt_graph_search *s, uint32_t i, uint32_t from, uint32_t to, const float *product,
                                  float limit, const float *limits) {
    uint32_t hits = 0;
    for (uint32_t j = from; j < to; j++) {
        float square = s->norm[i] + (s->norm[j] - 2 * product[j - from]);
        s->hit[hits] = j;
        hits += square <= limit || square <= limits[j - from];
    }
    for (uint32_t h = 0; h < hits; h++) {
        NT_TRY(compare(s, i, s->hit[h]));
    }
    return NT_OK;
}

enum nt_status nt_search_tile(nt_graph_search *s, uint32_t a, uint32_t b) {
    uint32_t first = s->start[a], end = s->start[a + 1], from = s->start[b], to = s->start[b + 1];
    struct nt_matrix left = {s->y + (size_t)first * s->columns, s->columns, 1},
                     right = {s->y + (size_t)from * s->columns, s->columns, 1};
    NT_TRY(nt_matrix_product(s->buffer, left, right, end - first, to - from, s->columns, 1, s->allocator));
    float limits[NT_SEARCH_BLOCK], norm[2] = {largest(s->norm, first, end), largest(s->norm, from, to)};
    float slack[2] = {largest(s->slack, first, end) + s->axes_slack * sqrtf(norm[0]),
                      largest(s->slack, from, to) + s->axes_slack * sqrtf(norm[1])};
    for (uint32_t j = from; j < to; j++) {
        limits[j - from] = limit_on_axes(s, j, slack[0], norm[0]);
    }
    for (uint32_t i = first; i < end; i++) {
        uint32_t start = a == b ? i + 1 : from;
        s->work.pairs += to - start;
        NT_TRY(compare_row(s, i, start, to, s->buffer + (size_t)(i - first) * (to - from) + (start - from),
                           limit_on_axes(s, i, slack[1], norm[1]), limits + (start - from)));
    }
    return NT_OK;
}
