#include "knn/bound.h"

enum { ROWS = 4, COLUMNS = 2 };

static void multiply(int32_t sum[ROWS][COLUMNS], const int16_t *a, const int16_t *b, uint32_t depth) {
    for (uint32_t k = 0; k < depth; k += 2, a += 2 * NT_BOUND_GROUP, b += 2 * NT_BOUND_GROUP) {
        for (uint32_t i = 0; i < ROWS; i++) {
            for (uint32_t j = 0; j < COLUMNS; j++) {
                sum[i][j] += a[2 * i] * b[2 * j] + a[2 * i + 1] * b[2 * j + 1];
            }
        }
    }
}

size_t nt_bound_pairs_scalar(struct nt_fixed_pair *pair, const struct nt_bound_block *a, const struct nt_bound_block *b,
                             uint32_t depth) {
    size_t pairs = 0;
    int same = a->packed == b->packed;
    for (uint32_t j = 0; j < b->groups * NT_BOUND_GROUP; j += COLUMNS) {
        for (uint32_t i = 0; i < a->groups * NT_BOUND_GROUP && !(same && i >= j + COLUMNS); i += ROWS) {
            int32_t sum[ROWS][COLUMNS] = {{0}};
            multiply(sum, a->packed + nt_bound_at(i, depth), b->packed + nt_bound_at(j, depth), depth);
            for (uint32_t r = i; r < i + ROWS; r++) {
                for (uint32_t c = j; c < j + COLUMNS; c++) {
                    float by_a = a->reach[r] + b->half[c], by_b = b->reach[c] + a->half[r];
                    float least = by_b < by_a ? by_b : by_a;
                    pair[pairs].a = r;
                    pair[pairs].b = c;
                    pairs += (float)sum[r - i][c - j] >= least && (!same || r < c);
                }
            }
        }
    }
    return pairs;
}
