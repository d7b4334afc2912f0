#if defined(__AVX512BW__)
#include <immintrin.h>
#include <string.h>

#include "knn/bound.h"

typedef __m512i nt_bound_vector;
enum { ROWS = 8, VECTORS = 1, LANES = 16 };

static inline __m512i pair_of(const int16_t *a) {
    int32_t two;
    memcpy(&two, a, sizeof two);
    return _mm512_set1_epi32(two);
}

static inline void multiply(__m512i sum[ROWS][VECTORS], const int16_t *a, const int16_t *b, uint32_t depth) {
    for (uint32_t k = 0; k < depth; k += 2, a += 2 * NT_BOUND_GROUP, b += 2 * NT_BOUND_GROUP) {
        __m512i right = _mm512_loadu_si512(b);
#pragma GCC unroll 8
        for (uint32_t i = 0; i < ROWS; i++) {
            sum[i][0] = _mm512_add_epi32(sum[i][0], _mm512_madd_epi16(pair_of(a + 2 * i), right));
        }
    }
}

/* Which of sixteen products of row i with rows from j on are large enough. */
static inline uint32_t large(__m512i sum, const struct nt_bound_block *a, const struct nt_bound_block *b,
                             const float *left, const float *right, uint32_t i, uint32_t j) {
    __m512 by_a = _mm512_add_ps(_mm512_set1_ps(a->reach[i]), _mm512_loadu_ps(b->half + j));
    __m512 by_b = _mm512_add_ps(_mm512_loadu_ps(b->reach + j), _mm512_set1_ps(a->half[i]));
    __m512 rests = _mm512_mul_ps(_mm512_set1_ps(left[i]), _mm512_loadu_ps(right + j));
    __m512 product = _mm512_add_ps(_mm512_cvtepi32_ps(sum), rests);
    return (uint32_t)_mm512_cmp_ps_mask(product, _mm512_min_ps(by_b, by_a), _CMP_GE_OQ);
}

#include "knn/bound_kernels.h"

size_t nt_bound_pairs_avx512(struct nt_fixed_pair *pair, const struct nt_bound_block *a, const struct nt_bound_block *b,
                             uint32_t depth) {
    return bound_pairs(pair, a, b, depth);
}
#else
typedef int nt_nothing_for_this_target;
#endif
