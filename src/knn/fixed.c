#include "knn/fixed.h"

#include <math.h>
#include <string.h>

#include "core/target.h"

uint64_t nt_fixed_distance(const int16_t *a, const int16_t *b, uint32_t count, uint64_t stop) {
    switch (nt_target()) {
#if defined(__wasm_simd128__)
    case NT_SIMD128:
        return nt_fixed_distance_simd128(a, b, count, stop);
#endif
#if defined(__x86_64__)
    case NT_AVX2:
        return nt_fixed_distance_avx2(a, b, count, stop);
    case NT_AVX512:
        return nt_fixed_distance_avx512(a, b, count, stop);
#endif
    default:
        return nt_fixed_distance_scalar(a, b, count, stop);
    }
}

float nt_fixed_round(int16_t *out, const float *value, uint32_t count, float step) {
    double changed = 0;
    memset(out + count, 0, (nt_fixed_filled(count) - count) * sizeof *out);
    for (uint32_t i = 0; i < count; i++) {
        float whole = rintf(value[i] / step);
        whole = whole < -NT_FIXED_MOST ? -NT_FIXED_MOST : whole > NT_FIXED_MOST ? NT_FIXED_MOST : whole;
        double gap = (double)value[i] - (double)step * (double)whole;
        out[i] = gap == gap ? (int16_t)whole : 0;
        changed += gap * gap;
    }
    return (float)sqrt(changed) * (1 + 1e-6f);
}
