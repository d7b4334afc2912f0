#include "knn/distance.h"

#include <string.h>

#include "core/target.h"
#include "ntrace/knn.h"

static const struct nt_distance_kernels *kernels(void) {
    switch (nt_target()) {
#if defined(__wasm_simd128__)
    case NT_SIMD128:
        return &nt_distance_kernels_simd128;
#endif
#if defined(__x86_64__)
    case NT_AVX2:
        return &nt_distance_kernels_avx2;
    case NT_AVX512:
        return &nt_distance_kernels_avx512;
#endif
    default:
        return &nt_distance_kernels_scalar;
    }
}

float nt_distance_squared(const float *a, const float *b, size_t d) { return kernels()->squared(a, b, d); }

void nt_strips_put(float *strips, size_t rows, size_t first, const float *row, size_t count, size_t d) {
    for (size_t from = 0; from < d; from += NT_DISTANCE_STRIP) {
        size_t width = nt_strip_width(from, d);
        float *to = strips + nt_strip_at(from, rows) + first * width;
        for (size_t i = 0; i < count; i++) {
            memcpy(to + i * width, row + i * d + from, width * sizeof *to);
        }
    }
}

void nt_distance_of_pairs(float *square, float *sums, const struct nt_distance_pair *pair, size_t pairs,
                          struct nt_strips a, struct nt_strips b) {
    kernels()->squared_pairs(square, sums, pair, pairs, a, b);
}
