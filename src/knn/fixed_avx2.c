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

uint64_t nt_fixed_distance_avx2(const int16_t *a, const int16_t *b, uint32_t count, uint64_t stop) {
    uint64_t sum = 0, part[4];
    for (uint32_t from = 0; from < count && sum <= stop; from += NT_FIXED_STRETCH) {
        uint32_t end = count - from < NT_FIXED_STRETCH ? count : from + NT_FIXED_STRETCH;
        __m256i p = _mm256_setzero_si256(), q = p;
        for (uint32_t i = from; i < end; i += 32) {
            p = _mm256_add_epi32(p, squares(a + i, b + i));
            q = _mm256_add_epi32(q, squares(a + i + 16, b + i + 16));
        }
        _mm256_storeu_si256((__m256i *)(void *)part, _mm256_add_epi64(widen(p), widen(q)));
        sum += part[0] + part[1] + part[2] + part[3];
    }
    return sum;
}
#else
typedef int nt_nothing_for_this_target;
#endif
