/* All pairs of two blocks, written once: included by each target's file after its ROWS, VECTORS, LANES,
 * nt_bound_vector, multiply (adds the products of ROWS rows with VECTORS * LANES others to sums) and large (which of
 * LANES products of row i with rows from j on are large enough, a bit each). */
#include <string.h>

enum { COLUMNS = LANES * VECTORS, WORD = 32 };

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

/* Group by group of rows of a, which stay in the nearest cache; pairs are kept row by row, so that what compares them
 * reads a row of a once for several pairs. */
static inline size_t bound_pairs(struct nt_fixed_pair *pair, const struct nt_bound_block *a,
                                 const struct nt_bound_block *b, uint32_t depth) {
    size_t pairs = 0;
    uint32_t columns = b->groups * NT_BOUND_GROUP;
    for (uint32_t i = 0; i < a->groups * NT_BOUND_GROUP; i += NT_BOUND_GROUP) {
        uint32_t near[NT_BOUND_GROUP][NT_BOUND_MOST_ROWS / WORD] = {{0}}, first = a->packed == b->packed ? i : 0;
        for (uint32_t j = first; j < columns; j += COLUMNS) {
            for (uint32_t r = 0; r < NT_BOUND_GROUP; r += ROWS) {
                nt_bound_vector sum[ROWS][VECTORS];
                memset(sum, 0, sizeof sum);
                multiply(sum, a->packed + nt_bound_at(i + r, depth), b->packed + nt_bound_at(j, depth), depth);
                for (uint32_t c = 0; c < ROWS; c++) {
                    near[r + c][j / WORD] |= large_of_row(sum[c], a, b, i + r + c, j) << j % WORD;
                }
            }
        }
        for (uint32_t r = 0; r < NT_BOUND_GROUP; r++) {
            for (uint32_t j = first / WORD * WORD; j < columns; j += WORD) {
                pairs = nt_bound_keep(pair, pairs, near[r][j / WORD], i + r, j);
            }
        }
    }
    return pairs;
}
