#if defined(__AVX512BW__)
#include <immintrin.h>

#include "codes/scan.h"

void nt_codes_scan_avx512(uint32_t *square, const int8_t *code, const uint32_t *norm, const int16_t *query,
                          uint32_t query_norm, uint32_t samples, uint32_t stride) {
    for (uint32_t i = 0; i < samples; i++, code += stride) {
        __m512i a = _mm512_setzero_si512();
        for (uint32_t j = 0; j < stride; j += 32) {
            __m512i c = _mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)(const void *)(code + j)));
            a = _mm512_add_epi32(a, _mm512_madd_epi16(c, _mm512_loadu_si512(query + j)));
        }
        square[i] = norm[i] + query_norm - 2 * (uint32_t)_mm512_reduce_add_epi32(a);
    }
}
#else
typedef int nt_nothing_for_this_target;
#endif
