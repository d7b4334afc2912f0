/* What both kinds of AVX-512 have in common. */
enum { ROWS = 8, LANES = 16 };
typedef __m512i nt_rough_vector;

static inline __m512i zero(void) { return _mm512_setzero_si512(); }

static inline void sums(int32_t *product, __m512i sum, const int32_t *start) {
    _mm512_storeu_si512(product, _mm512_add_epi32(sum, _mm512_loadu_si512(start)));
}

static inline uint32_t sixteen_within(const int32_t *product, const float *base, __m512 unit, __m512 reach) {
    __m512 gap =
        _mm512_sub_ps(_mm512_loadu_ps(base), _mm512_mul_ps(unit, _mm512_cvtepi32_ps(_mm512_loadu_si512(product))));
    return _mm512_cmp_ps_mask(gap, reach, _CMP_LE_OQ);
}

static uint32_t within(const int32_t *product, const float *base, float unit, float reach) {
    __m512 u = _mm512_set1_ps(unit), r = _mm512_set1_ps(reach);
    return sixteen_within(product, base, u, r) | sixteen_within(product + 16, base + 16, u, r) << 16;
}
