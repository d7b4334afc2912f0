/* All pairs of two blocks, written once: included by each target's file after its ROWS, VECTORS, LANES,
 * nt_bound_vector, multiply (adds the products of ROWS rows with VECTORS * LANES others to sums) and large (which of
 * LANES products of row i with rows from j on are large enough, a bit each, given the rests of both). */
#include <string.h>

enum { COLUMNS = LANES * VECTORS, WORD = 32, GROUP = NT_BOUND_GROUP };

/* Rows of a group of a beside COLUMNS rows of b from j on. */
struct strip {
    nt_bound_vector sum[GROUP][VECTORS];
    uint32_t mask[GROUP]; /* which of them may be near */
};

/* Of a block with itself only the rows behind i count. */
static inline uint32_t others_of(const struct nt_bound_block *a, const struct nt_bound_block *b, uint32_t i,
                                 uint32_t j) {
    if (a->packed != b->packed || i < j) {
        return UINT32_MAX;
    }
    return i - j < COLUMNS ? ~((2u << (i - j)) - 1) : 0;
}

/* Adds one chunk of `count` values to the sums of ROWS rows from the r-th on. Returns the union of their masks. */
static inline uint32_t add_chunk(struct strip *s, const struct nt_bound_block *a, const struct nt_bound_block *b,
                                 uint32_t i, uint32_t j, uint32_t r, uint32_t depth, uint32_t at, uint32_t count) {
    size_t from = (size_t)at * GROUP, chunk = at / NT_BOUND_CHUNK;
    const float *left = a->rest + chunk * a->stride, *right = b->rest + chunk * b->stride;
    nt_bound_vector sum[ROWS][VECTORS];
    uint32_t any = 0;
    memcpy(sum, s->sum[r], sizeof sum);
    multiply(sum, a->packed + nt_bound_at(i + r, depth) + from, b->packed + nt_bound_at(j, depth) + from, count);
    for (uint32_t c = 0; c < ROWS; c++) {
        uint32_t mask = 0;
        for (uint32_t v = 0; v < VECTORS; v++) {
            mask |= large(sum[c][v], a, b, left, right, i + r + c, j + v * LANES) << v * LANES;
        }
        any |= s->mask[r + c] &= mask;
    }
    memcpy(s->sum[r], sum, sizeof sum);
    return any;
}

static inline void fill_strip(struct strip *s, const struct nt_bound_block *a, const struct nt_bound_block *b,
                              uint32_t i, uint32_t j, uint32_t depth) {
    uint32_t any[GROUP / ROWS], left = 1;
    memset(s->sum, 0, sizeof s->sum);
    memset(any, -1, sizeof any);
    for (uint32_t r = 0; r < GROUP; r++) {
        s->mask[r] = others_of(a, b, i + r, j);
    }
    for (uint32_t at = 0; at < depth && left != 0; at += NT_BOUND_CHUNK) {
        uint32_t count = depth - at < NT_BOUND_CHUNK ? depth - at : NT_BOUND_CHUNK;
        left = 0;
        for (uint32_t r = 0; r < GROUP; r += ROWS) {
            any[r / ROWS] = any[r / ROWS] != 0 ? add_chunk(s, a, b, i, j, r, depth, at, count) : 0;
            left |= any[r / ROWS];
        }
    }
}

/* The pairs of row i, whose products with rows of b are given. */
static inline size_t keep(struct nt_fixed_pair *pair, size_t pairs, const uint32_t *near, const int32_t *product,
                          const struct nt_bound_block *a, const struct nt_bound_block *b, uint32_t i) {
    for (uint32_t from = 0; from < b->groups * GROUP; from += WORD) {
        for (uint32_t mask = near[from / WORD]; mask != 0; mask &= mask - 1) {
            uint32_t j = from + (uint32_t)__builtin_ctz(mask);
            pair[pairs].a = i;
            pair[pairs].b = j;
            pair[pairs++].sum = (uint64_t)((int64_t)a->square[i] + b->square[j] - 2 * (int64_t)product[j]);
        }
    }
    return pairs;
}

/* Group by group of rows of a, chunk by chunk: both sides of a chunk stay in the nearest cache. Pairs are kept row by
 * row, so that what compares them reads a row of a once for several pairs. */
static inline size_t bound_pairs(struct nt_fixed_pair *pair, const struct nt_bound_block *a,
                                 const struct nt_bound_block *b, uint32_t depth) {
    size_t pairs = 0;
    int32_t product[GROUP][NT_BOUND_MOST_ROWS];
    for (uint32_t i = 0; i < a->groups * GROUP; i += GROUP) {
        uint32_t near[GROUP][NT_BOUND_MOST_ROWS / WORD] = {{0}};
        for (uint32_t j = a->packed == b->packed ? i : 0; j < b->groups * GROUP; j += COLUMNS) {
            struct strip s;
            fill_strip(&s, a, b, i, j, depth);
            for (uint32_t r = 0; r < GROUP; r++) {
                near[r][j / WORD] |= s.mask[r] << j % WORD;
                memcpy(product[r] + j, s.sum[r], sizeof s.sum[r]);
            }
        }
        for (uint32_t r = 0; r < GROUP; r++) {
            pairs = keep(pair, pairs, near[r], product[r], a, b, i + r);
        }
    }
    return pairs;
}
