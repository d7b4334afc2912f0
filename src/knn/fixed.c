#include "knn/fixed.h"

#include <math.h>
#include <string.h>

#include "core/target.h"

enum { LANES = 16 };

size_t nt_fixed_compare(struct nt_fixed_pair *pair, size_t pairs, const int16_t *a, const int16_t *b, uint32_t width) {
    switch (nt_target()) {
#if defined(__wasm_simd128__)
    case NT_SIMD128:
        return nt_fixed_compare_simd128(pair, pairs, a, b, width);
#endif
#if defined(__x86_64__)
    case NT_AVX2:
        return nt_fixed_compare_avx2(pair, pairs, a, b, width);
    case NT_AVX512:
        return nt_fixed_compare_avx512(pair, pairs, a, b, width);
#endif
    default:
        return nt_fixed_compare_scalar(pair, pairs, a, b, width);
    }
}

/* Compilers make vectors of this, whatever the target. The squared changes are added to `changed`, lane by lane. */
static void round_lanes(int16_t *out, float *changed, const float *value, uint32_t count, float step) {
    const float most = NT_FIXED_MOST, inverse = 1 / step;
    for (uint32_t j = 0; j < count; j++) {
        float whole = rintf(value[j] * inverse);
        whole = whole > -most ? whole : -most; /* also what is not a number */
        whole = whole < most ? whole : most;
        float gap = value[j] - step * whole;
        out[j] = (int16_t)whole;
        changed[j] += gap * gap;
    }
}

float nt_fixed_round(int16_t *out, const float *value, uint32_t count, float step) {
    float changed[LANES] = {0};
    double sum = 0;
    uint32_t i = 0;
    memset(out + count, 0, (nt_fixed_filled(count) - count) * sizeof *out);
    for (; i + LANES <= count; i += LANES) {
        round_lanes(out + i, changed, value + i, LANES, step);
    }
    round_lanes(out + i, changed, value + i, count - i, step);
    for (uint32_t j = 0; j < LANES; j++) {
        sum += (double)changed[j];
    }
    return (float)sqrt(sum) * (1 + 1e-4f);
}
