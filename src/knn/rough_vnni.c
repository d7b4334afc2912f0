#if defined(__AVX512VNNI__)
#include <immintrin.h>

#define NT_TARGET_AVX512
#include "core/simd.h"
#include "knn/rough.h"
#include "knn/rough_avx512.h"

static inline __m512i add(__m512i sum, int32_t a, int32_t b, const int8_t *right, const int8_t *further) {
    sum = _mm512_dpbusd_epi32(sum, _mm512_set1_epi32(a), _mm512_loadu_si512(right));
    return _mm512_dpbusd_epi32(sum, _mm512_set1_epi32(b), _mm512_loadu_si512(further));
}

static inline int32_t dot(const uint8_t *raised, const int8_t *row, uint32_t stride) {
    __m512i sum = _mm512_setzero_si512();
    for (uint32_t j = 0; j < stride; j += 64) {
        sum = _mm512_dpbusd_epi32(sum, _mm512_loadu_si512(raised + j), _mm512_loadu_si512(row + j));
    }
    return _mm512_reduce_add_epi32(sum);
}

#define NAME nt_rough_vnni
#include "knn/rough_kernels.h"
#else
typedef int nt_nothing_for_this_target;
#endif
