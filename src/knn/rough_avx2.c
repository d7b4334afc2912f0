#if defined(__AVX2__)
#include <immintrin.h>

#define NT_TARGET_AVX2
#include "core/simd.h"
#include "knn/rough.h"

enum { ROWS = 4, LANES = 8 };
typedef __m256i nt_rough_vector;

static inline __m256i load(const void *bytes) { return _mm256_loadu_si256(bytes); }

static inline __m256i zero(void) { return _mm256_setzero_si256(); }

/* Four products of 127 * 63 fit into 16 bits. */
static inline __m256i add(__m256i sum, int32_t a, int32_t b, const int8_t *right, const int8_t *further) {
    __m256i low = _mm256_maddubs_epi16(_mm256_set1_epi32(a), load(right));
    __m256i high = _mm256_maddubs_epi16(_mm256_set1_epi32(b), load(further));
    return _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_add_epi16(low, high), _mm256_set1_epi16(1)));
}

static inline void sums(int32_t *product, __m256i sum, const int32_t *start) {
    _mm256_storeu_si256((void *)product, _mm256_add_epi32(sum, load(start)));
}

static inline int32_t dot(const uint8_t *raised, const int8_t *row, uint32_t stride) {
    __m256i sum = _mm256_setzero_si256();
    int32_t lane[LANES], all = 0;
    for (uint32_t j = 0; j < stride; j += 32) {
        __m256i two = _mm256_maddubs_epi16(load(raised + j), load(row + j));
        sum = _mm256_add_epi32(sum, _mm256_madd_epi16(two, _mm256_set1_epi16(1)));
    }
    _mm256_storeu_si256((void *)lane, sum);
    for (uint32_t i = 0; i < LANES; i++) {
        all += lane[i];
    }
    return all;
}

static uint32_t within(const int32_t *product, const float *base, float unit, float reach) {
    uint32_t mask = 0;
    for (uint32_t i = 0; i < 32; i += LANES) {
        __m256 scaled = _mm256_mul_ps(_mm256_set1_ps(unit), _mm256_cvtepi32_ps(load(product + i)));
        __m256 gap = _mm256_sub_ps(_mm256_loadu_ps(base + i), scaled);
        mask |= (uint32_t)_mm256_movemask_ps(_mm256_cmp_ps(gap, _mm256_set1_ps(reach), _CMP_LE_OQ)) << i;
    }
    return mask;
}

#define NAME nt_rough_avx2
#include "knn/rough_kernels.h"
#else
typedef int nt_nothing_for_this_target;
#endif
