/* All pairs of two blocks of rows in 16 bits: which of them may be near, by products in whole numbers. The same pairs
 * on every target. */
#ifndef NTRACE_KNN_BOUND_H
#define NTRACE_KNN_BOUND_H

#include <stddef.h>
#include <stdint.h>

#include "knn/fixed.h"

enum {
    NT_BOUND_GROUP = 16,       /* rows that lie side by side */
    NT_BOUND_CHUNK = 256,      /* values after which rows are looked at */
    NT_BOUND_MOST_ROWS = 352,  /* of a block, those that fill it up included */
    NT_BOUND_MOST_NORM = 46000 /* a row's largest norm, in units: products fit into 32 bits */
};

/* Rows, group by group: packed [groups][depth / 2][NT_BOUND_GROUP][2]; depth is even. Of each row half its squared norm
 * with all that is not packed, and that less half the squared distance up to which others are near to it; infinite for
 * rows that only fill up a group. */
struct nt_bound_block {
    const int16_t *packed;
    const float *half, *reach;
    const float *rest; /* [chunks][stride] norm of what follows each chunk of NT_BOUND_CHUNK values, packed or not */
    size_t stride;
    const uint32_t *square; /* squared norm of what is packed */
    uint32_t groups;
};

/* Finds the pairs of a row i of a and a row j of b whose product, with that of their rests, is at least reach_i +
 * half_j or reach_j + half_i, after each chunk; of a block with itself (a.packed == b.packed) those with i < j. Row by
 * row, in ascending order.
 *
 * pair  out  [16 groups of a * 16 groups of b] their numbers in the blocks, and the squared distance of what is packed;
 *            `stop` is undefined
 *
 * Returns how many. */
size_t nt_bound_pairs(struct nt_fixed_pair *pair, const struct nt_bound_block *a, const struct nt_bound_block *b,
                      uint32_t depth);

/* One function per target. */
typedef size_t nt_bound_kernel(struct nt_fixed_pair *pair, const struct nt_bound_block *a,
                               const struct nt_bound_block *b, uint32_t depth);
nt_bound_kernel nt_bound_pairs_scalar, nt_bound_pairs_simd128, nt_bound_pairs_avx2, nt_bound_pairs_avx512;

/* Puts one row [depth] among packed ones. */
void nt_bound_put(int16_t *packed, uint32_t row, const int16_t *value, uint32_t depth);

/* Where a row's first two values are in packed rows; the next two are 2 * NT_BOUND_GROUP further. */
static inline size_t nt_bound_at(uint32_t row, uint32_t depth) {
    return (size_t)(row / NT_BOUND_GROUP) * NT_BOUND_GROUP * depth + row % NT_BOUND_GROUP * 2;
}

#endif
