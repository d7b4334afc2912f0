#if defined(__AVX512BW__)
#include <immintrin.h>

#include "knn/fixed.h"

static inline uint64_t distance(const int16_t *a, const int16_t *b, uint32_t width) {
    __m512i p = _mm512_setzero_si512();
    _Static_assert(NT_FIXED_STRIP <= 512, "32 squares a lane, which fit into 32 bits");
    for (uint32_t i = 0; i < width; i += 32) {
        __m512i gap = _mm512_sub_epi16(_mm512_loadu_si512(a + i), _mm512_loadu_si512(b + i));
        p = _mm512_add_epi32(p, _mm512_madd_epi16(gap, gap));
    }
    __m512i wide = _mm512_add_epi64(_mm512_cvtepu32_epi64(_mm512_castsi512_si256(p)),
                                    _mm512_cvtepu32_epi64(_mm512_extracti64x4_epi64(p, 1)));
    return (uint64_t)_mm512_reduce_add_epi64(wide);
}

NT_FIXED_COMPARE(nt_fixed_compare_avx512, distance)
#else
typedef int nt_nothing_for_this_target;
#endif
