/* All pairs of two blocks: a lower bound from one matrix product, then from reduced rows where that one lets a pair
 * pass. The bound by leading axes and the norm of the rest is the one of Hwang, Han and Ahn, "A Fast Nearest Neighbor
 * Search Algorithm by Nonlinear Embedding", CVPR 2012, with principal axes. */
#include <math.h>
#include <stdbool.h>

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

/* How large a squared distance of z may be, in its units, for a pair to be within the limit of one of its lists; false
 * where what is left out decides already. */
static bool limit_on_z(uint64_t *stop, const nt_graph_search *s, uint32_t i, uint32_t j) {
    float a = s->lists.list[i].limit, b = s->lists.list[j].limit, gap = s->rest[i] - s->rest[j];
    float root = (sqrtf(a > b ? a : b) + s->slack[i] + s->slack[j]) * (1 + 2 * NT_SHORT_ROUNDING);
    float most = (root * root - gap * gap) * s->per_unit;
    *stop = most < 1e18f ? (uint64_t)(most > 0 ? most : 0) + 1 : UINT64_MAX;
    return most >= 0;
}

/* Puts a pair on the lists that it may belong to; its sum is that of all values of z. */
static enum nt_status add_pair(nt_graph_search *s, uint32_t i, uint32_t j, uint64_t sum) {
    float gap = s->rest[i] - s->rest[j];
    float root = sqrtf((float)sum / s->per_unit + gap * gap) * (1 - NT_SHORT_ROUNDING) - s->slack[i] - s->slack[j];
    float lower = root > 0 ? root * root : 0;
    if (lower <= s->lists.list[i].limit) {
        NT_TRY(nt_shortlists_add(&s->lists, i, (struct nt_short){j, lower}));
    }
    return lower <= s->lists.list[j].limit ? nt_shortlists_add(&s->lists, j, (struct nt_short){i, lower}) : NT_OK;
}

/* Compares the pairs that passed, strip by strip: those of the blocks stay in the cache. */
static enum nt_status compare(nt_graph_search *s, uint32_t first, uint32_t from, size_t pairs) {
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

/* Position i and those that it meets in a tile, whose blocks begin with `first` and `from`. */
struct row {
    uint32_t i, start, end, first, from;
    float limit;
};

/* One row of a tile: which pairs of position i with start .. end pass. product and limits are theirs. */
static size_t pass_row(nt_graph_search *s, size_t pairs, struct row row, const float *product, const float *limits) {
    uint32_t hits = 0;
    for (uint32_t j = row.start; j < row.end; j++) {
        float square = s->norm[row.i] + (s->norm[j] - 2 * product[j - row.start]);
        s->hit[hits] = j;
        hits += square <= row.limit || square <= limits[j - row.start];
    }
    for (uint32_t h = 0; h < hits; h++) {
        struct nt_fixed_pair pair = {.a = row.i - row.first, .b = s->hit[h] - row.from};
        bool may = limit_on_z(&pair.stop, s, row.i, s->hit[h]);
        s->passed[pairs] = pair;
        pairs += may;
    }
    return pairs;
}

enum nt_status nt_search_tile(nt_graph_search *s, uint32_t a, uint32_t b) {
    uint32_t first = s->start[a], end = s->start[a + 1], from = s->start[b], to = s->start[b + 1];
    struct nt_matrix left = {s->y + (size_t)first * s->columns, s->columns, 1},
                     right = {s->y + (size_t)from * s->columns, s->columns, 1};
    NT_TRY(nt_matrix_product(s->buffer, left, right, end - first, to - from, s->columns, 1, s->allocator));
    float limits[NT_SEARCH_BLOCK], norm[2] = {largest(s->norm, first, end), largest(s->norm, from, to)};
    float slack[2] = {largest(s->slack, first, end) + s->axes_slack * sqrtf(norm[0]),
                      largest(s->slack, from, to) + s->axes_slack * sqrtf(norm[1])};
    size_t pairs = 0;
    for (uint32_t j = from; j < to; j++) {
        limits[j - from] = limit_on_axes(s, j, slack[0], norm[0]);
    }
    for (uint32_t i = first; i < end; i++) {
        uint32_t start = a == b ? i + 1 : from;
        struct row row = {i, start, to, first, from, limit_on_axes(s, i, slack[1], norm[1])};
        const float *product = s->buffer + (size_t)(i - first) * (to - from) + (start - from);
        s->work.pairs += to - start;
        pairs = pass_row(s, pairs, row, product, limits + (start - from));
    }
    return compare(s, first, from, pairs);
}
