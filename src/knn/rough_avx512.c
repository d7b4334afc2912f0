#if defined(__AVX512BW__)
#include <immintrin.h>

#define NT_TARGET_AVX512
#include "core/simd.h"
#include "knn/rough.h"
#include "knn/rough_avx512.h"

/* Four products of 127 * 63 fit into 16 bits. */
static inline __m512i add(__m512i sum, int32_t a, int32_t b, const int8_t *right, const int8_t *further) {
    __m512i low = _mm512_maddubs_epi16(_mm512_set1_epi32(a), _mm512_loadu_si512(right));
    __m512i high = _mm512_maddubs_epi16(_mm512_set1_epi32(b), _mm512_loadu_si512(further));
    return _mm512_add_epi32(sum, _mm512_madd_epi16(_mm512_add_epi16(low, high), _mm512_set1_epi16(1)));
}

static inline int32_t dot(const uint8_t *raised, const int8_t *row, uint32_t stride) {
    __m512i sum = _mm512_setzero_si512();
    for (uint32_t j = 0; j < stride; j += 64) {
        __m512i two = _mm512_maddubs_epi16(_mm512_loadu_si512(raised + j), _mm512_loadu_si512(row + j));
        sum = _mm512_add_epi32(sum, _mm512_madd_epi16(two, _mm512_set1_epi16(1)));
    }
    return _mm512_reduce_add_epi32(sum);
}

#define NAME nt_rough_avx512
#include "knn/rough_kernels.h"
#else
typedef int nt_nothing_for_this_target;
#endif
