#if defined(__AVX2__)
#include <immintrin.h>

#include "knn/fixed.h"

static __m256i squares(const int16_t *a, const int16_t *b) {
    __m256i gap = _mm256_sub_epi16(_mm256_loadu_si256((const __m256i *)(const void *)a),
                                   _mm256_loadu_si256((const __m256i *)(const void *)b));
    return _mm256_madd_epi16(gap, gap);
}

/* Four sums of eight of 32 bits. */
static __m256i widen(__m256i v) {
    return _mm256_add_epi64(_mm256_cvtepu32_epi64(_mm256_castsi256_si128(v)),
                            _mm256_cvtepu32_epi64(_mm256_extracti128_si256(v, 1)));
}

static inline uint64_t distance(const int16_t *a, const int16_t *b, uint32_t width) {
    __m256i p = _mm256_setzero_si256(), q = p;
    uint64_t part[4];
    _Static_assert(NT_FIXED_STRIP <= 512, "32 squares a lane, which fit into 32 bits");
    for (uint32_t i = 0; i < width; i += 32) {
        p = _mm256_add_epi32(p, squares(a + i, b + i));
        q = _mm256_add_epi32(q, squares(a + i + 16, b + i + 16));
    }
    _mm256_storeu_si256((__m256i *)(void *)part, _mm256_add_epi64(widen(p), widen(q)));
    return part[0] + part[1] + part[2] + part[3];
}

NT_FIXED_COMPARE(nt_fixed_compare_avx2, distance)
#else
typedef int nt_nothing_for_this_target;
#endif
