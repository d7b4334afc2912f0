#if defined(__wasm_simd128__)
#include <wasm_simd128.h>

#include "knn/bound.h"

typedef v128_t nt_bound_vector;
enum { ROWS = 4, VECTORS = 2, LANES = 4 };

#define UNROLL _Pragma("clang loop unroll(full)")

static inline void multiply(v128_t sum[ROWS][VECTORS], const int16_t *a, const int16_t *b, uint32_t depth) {
    for (uint32_t k = 0; k < depth; k += 2, a += 2 * NT_BOUND_GROUP, b += 2 * NT_BOUND_GROUP) {
        v128_t right[VECTORS] = {wasm_v128_load(b), wasm_v128_load(b + 8)};
        UNROLL
        for (uint32_t i = 0; i < ROWS; i++) {
            v128_t left = wasm_v128_load32_splat(a + 2 * i);
            UNROLL
            for (uint32_t v = 0; v < VECTORS; v++) {
                sum[i][v] = wasm_i32x4_add(sum[i][v], wasm_i32x4_dot_i16x8(left, right[v]));
            }
        }
    }
}

/* Which of four products of row i with rows from j on are large enough. */
static inline uint32_t large(v128_t sum, const struct nt_bound_block *a, const struct nt_bound_block *b,
                             const float *left, const float *right, uint32_t i, uint32_t j) {
    v128_t by_a = wasm_f32x4_add(wasm_v128_load32_splat(a->reach + i), wasm_v128_load(b->half + j));
    v128_t by_b = wasm_f32x4_add(wasm_v128_load(b->reach + j), wasm_v128_load32_splat(a->half + i));
    v128_t rests = wasm_f32x4_mul(wasm_v128_load32_splat(left + i), wasm_v128_load(right + j));
    v128_t product = wasm_f32x4_add(wasm_f32x4_convert_i32x4(sum), rests);
    return (uint32_t)wasm_i32x4_bitmask(wasm_f32x4_ge(product, wasm_f32x4_pmin(by_a, by_b)));
}

#include "knn/bound_kernels.h"

size_t nt_bound_pairs_simd128(struct nt_fixed_pair *pair, const struct nt_bound_block *a,
                              const struct nt_bound_block *b, uint32_t depth) {
    return bound_pairs(pair, a, b, depth);
}
#else
typedef int nt_nothing_for_this_target;
#endif
