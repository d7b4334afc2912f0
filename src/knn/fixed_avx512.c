#if defined(__AVX512BW__)
#include <immintrin.h>

#include "knn/fixed.h"

uint64_t nt_fixed_distance_avx512(const int16_t *a, const int16_t *b, uint32_t count, uint64_t stop) {
    uint64_t sum = 0;
    for (uint32_t from = 0; from < count && sum <= stop; from += NT_FIXED_STRETCH) {
        uint32_t end = count - from < NT_FIXED_STRETCH ? count : from + NT_FIXED_STRETCH;
        __m512i p = _mm512_setzero_si512();
        for (uint32_t i = from; i < end; i += 32) {
            __m512i gap = _mm512_sub_epi16(_mm512_loadu_si512(a + i), _mm512_loadu_si512(b + i));
            p = _mm512_add_epi32(p, _mm512_madd_epi16(gap, gap));
        }
        __m512i wide = _mm512_add_epi64(_mm512_cvtepu32_epi64(_mm512_castsi512_si256(p)),
                                        _mm512_cvtepu32_epi64(_mm512_extracti64x4_epi64(p, 1)));
        sum += (uint64_t)_mm512_reduce_add_epi64(wide);
    }
    return sum;
}
#else
typedef int nt_nothing_for_this_target;
#endif
