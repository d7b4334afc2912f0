#if defined(__AVX2__)
#include <immintrin.h>
#include <string.h>

#include "knn/bound.h"

typedef __m256i nt_bound_vector;
enum { ROWS = 4, VECTORS = 2, LANES = 8 };

static inline __m256i pair_of(const int16_t *a) {
    int32_t two;
    memcpy(&two, a, sizeof two);
    return _mm256_set1_epi32(two);
}

static inline void multiply(__m256i sum[ROWS][VECTORS], const int16_t *a, const int16_t *b, uint32_t depth) {
    for (uint32_t k = 0; k < depth; k += 2, a += 2 * NT_BOUND_GROUP, b += 2 * NT_BOUND_GROUP) {
        const __m256i *right = (const __m256i *)(const void *)b;
        __m256i first = _mm256_loadu_si256(right), second = _mm256_loadu_si256(right + 1);
#pragma GCC unroll 4
        for (uint32_t i = 0; i < ROWS; i++) {
            __m256i left = pair_of(a + 2 * i);
            sum[i][0] = _mm256_add_epi32(sum[i][0], _mm256_madd_epi16(left, first));
            sum[i][1] = _mm256_add_epi32(sum[i][1], _mm256_madd_epi16(left, second));
        }
    }
}

/* Which of eight products of row i with rows from j on are large enough. */
static inline uint32_t large(__m256i sum, const struct nt_bound_block *a, const struct nt_bound_block *b,
                             const float *left, const float *right, uint32_t i, uint32_t j) {
    __m256 by_a = _mm256_add_ps(_mm256_set1_ps(a->reach[i]), _mm256_loadu_ps(b->half + j));
    __m256 by_b = _mm256_add_ps(_mm256_loadu_ps(b->reach + j), _mm256_set1_ps(a->half[i]));
    __m256 least = _mm256_min_ps(by_b, by_a);
    __m256 rests = _mm256_mul_ps(_mm256_set1_ps(left[i]), _mm256_loadu_ps(right + j));
    __m256 product = _mm256_add_ps(_mm256_cvtepi32_ps(sum), rests);
    return (uint32_t)_mm256_movemask_ps(_mm256_cmp_ps(product, least, _CMP_GE_OQ));
}

#include "knn/bound_kernels.h"

size_t nt_bound_pairs_avx2(struct nt_fixed_pair *pair, const struct nt_bound_block *a, const struct nt_bound_block *b,
                           uint32_t depth) {
    return bound_pairs(pair, a, b, depth);
}
#else
typedef int nt_nothing_for_this_target;
#endif
