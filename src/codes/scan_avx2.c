#if defined(__AVX2__)
#include <immintrin.h>

#include "codes/scan.h"

static __m256i sixteen(const int8_t *code) {
    return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(const void *)code));
}

static int32_t sum_of(__m256i v) {
    __m128i s = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    s = _mm_add_epi32(s, _mm_shuffle_epi32(s, 0x4e));
    return _mm_cvtsi128_si32(_mm_add_epi32(s, _mm_shuffle_epi32(s, 0xb1)));
}

void nt_codes_scan_avx2(uint32_t *square, const int8_t *code, const uint32_t *norm, const int16_t *query,
                        uint32_t query_norm, uint32_t samples, uint32_t stride) {
    for (uint32_t i = 0; i < samples; i++, code += stride) {
        __m256i a = _mm256_setzero_si256(), b = a;
        for (uint32_t j = 0; j < stride; j += 32) {
            const __m256i *q = (const __m256i *)(const void *)(query + j);
            a = _mm256_add_epi32(a, _mm256_madd_epi16(sixteen(code + j), _mm256_loadu_si256(q)));
            b = _mm256_add_epi32(b, _mm256_madd_epi16(sixteen(code + j + 16), _mm256_loadu_si256(q + 1)));
        }
        square[i] = norm[i] + query_norm - 2 * (uint32_t)sum_of(_mm256_add_epi32(a, b));
    }
}
#else
typedef int nt_nothing_for_this_target;
#endif
