#include "knn/bound.h"

typedef int32_t nt_bound_vector;
enum { ROWS = 4, VECTORS = 2, LANES = 1 };

static inline void multiply(int32_t sum[ROWS][VECTORS], const int16_t *a, const int16_t *b, uint32_t depth) {
    for (uint32_t k = 0; k < depth; k += 2, a += 2 * NT_BOUND_GROUP, b += 2 * NT_BOUND_GROUP) {
        for (uint32_t i = 0; i < ROWS; i++) {
            for (uint32_t j = 0; j < VECTORS; j++) {
                sum[i][j] += a[2 * i] * b[2 * j] + a[2 * i + 1] * b[2 * j + 1];
            }
        }
    }
}

static inline uint32_t large(int32_t sum, const struct nt_bound_block *a, const struct nt_bound_block *b,
                             const float *left, const float *right, uint32_t i, uint32_t j) {
    float by_a = a->reach[i] + b->half[j], by_b = b->reach[j] + a->half[i];
    float rests = left[i] * right[j], product = (float)sum + rests;
    return product >= (by_b < by_a ? by_b : by_a);
}

#include "knn/bound_kernels.h"

size_t nt_bound_pairs_scalar(struct nt_fixed_pair *pair, const struct nt_bound_block *a, const struct nt_bound_block *b,
                             uint32_t depth) {
    return bound_pairs(pair, a, b, depth);
}
