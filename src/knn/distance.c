#include "knn/distance.h"

#include "core/target.h"
#include "ntrace/knn.h"

float nt_distance_squared(const float *a, const float *b, size_t d) {
    switch (nt_target()) {
#if defined(__wasm_simd128__)
    case NT_SIMD128:
        return nt_distance_simd128(a, b, d);
#endif
#if defined(__x86_64__)
    case NT_AVX2:
        return nt_distance_avx2(a, b, d);
    case NT_AVX512:
        return nt_distance_avx512(a, b, d);
#endif
    default:
        return nt_distance_scalar(a, b, d);
    }
}
