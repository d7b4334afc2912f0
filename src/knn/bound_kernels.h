/* All pairs of two blocks, written once: included by each target's file after its ROWS, VECTORS, LANES,
 * nt_bound_vector, multiply (adds the products of ROWS rows with VECTORS * LANES others to sums) and large (which of
 * LANES products of row i with rows from j on are large enough, a bit each). */
#include <string.h>

enum { COLUMNS = LANES * VECTORS };

/* Of the products of row i with the rows from j on those that are large enough; of a block with itself, those of
 * rows behind i. */
static inline uint32_t large_of_row(const nt_bound_vector *sum, const struct nt_bound_block *a,
                                    const struct nt_bound_block *b, uint32_t i, uint32_t j) {
    uint32_t mask = 0;
    for (uint32_t v = 0; v < VECTORS; v++) {
        mask |= large(sum[v], a, b, i, j + v * LANES) << v * LANES;
    }
    if (a->packed != b->packed || i < j) {
        return mask;
    }
    return i - j < COLUMNS ? mask & ~((2u << (i - j)) - 1) : 0;
}

static inline size_t bound_pairs(struct nt_fixed_pair *pair, const struct nt_bound_block *a,
                                 const struct nt_bound_block *b, uint32_t depth) {
    size_t pairs = 0;
    int same = a->packed == b->packed;
    for (uint32_t j = 0; j < b->groups * NT_BOUND_GROUP; j += COLUMNS) {
        for (uint32_t i = 0; i < a->groups * NT_BOUND_GROUP && !(same && i >= j + COLUMNS); i += ROWS) {
            nt_bound_vector sum[ROWS][VECTORS];
            memset(sum, 0, sizeof sum);
            multiply(sum, a->packed + nt_bound_at(i, depth), b->packed + nt_bound_at(j, depth), depth);
            for (uint32_t r = i; r < i + ROWS; r++) {
                pairs = nt_bound_keep(pair, pairs, large_of_row(sum[r - i], a, b, r, j), r, j);
            }
        }
    }
    return pairs;
}
