#include "knn/bound.h"

#include "core/target.h"

size_t nt_bound_pairs(struct nt_fixed_pair *pair, const struct nt_bound_block *a, const struct nt_bound_block *b,
                      uint32_t depth) {
    switch (nt_target()) {
#if defined(__wasm_simd128__)
    case NT_SIMD128:
        return nt_bound_pairs_simd128(pair, a, b, depth);
#endif
#if defined(__x86_64__)
    case NT_AVX2:
        return nt_bound_pairs_avx2(pair, a, b, depth);
    case NT_AVX512:
        return nt_bound_pairs_avx512(pair, a, b, depth);
#endif
    default:
        return nt_bound_pairs_scalar(pair, a, b, depth);
    }
}

void nt_bound_put(int16_t *packed, uint32_t row, const int16_t *value, uint32_t depth) {
    int16_t *to = packed + nt_bound_at(row, depth);
    for (uint32_t k = 0; k < depth; k += 2, to += 2 * NT_BOUND_GROUP) {
        to[0] = value[k];
        to[1] = value[k + 1];
    }
}
