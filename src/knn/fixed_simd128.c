#if defined(__wasm_simd128__)
#include <wasm_simd128.h>

#include "knn/fixed.h"

enum { STRETCH = 256 }; /* values whose squares are summed in 32 bits, eight lanes of them */

static v128_t squares(const int16_t *a, const int16_t *b) {
    v128_t gap = wasm_i16x8_sub(wasm_v128_load(a), wasm_v128_load(b));
    return wasm_i32x4_dot_i16x8(gap, gap);
}

static v128_t widen(v128_t v) {
    return wasm_i64x2_add(wasm_u64x2_extend_low_u32x4(v), wasm_u64x2_extend_high_u32x4(v));
}

static inline uint64_t distance(const int16_t *a, const int16_t *b, uint32_t width) {
    v128_t wide = wasm_i64x2_splat(0);
    for (uint32_t left = width; left > 0;) {
        uint32_t count = left < STRETCH ? left : STRETCH;
        v128_t p = wasm_i32x4_splat(0), q = p;
        left -= count;
        for (; count > 0; count -= 32, a += 32, b += 32) {
            p = wasm_i32x4_add(p, squares(a, b));
            q = wasm_i32x4_add(q, squares(a + 8, b + 8));
            p = wasm_i32x4_add(p, squares(a + 16, b + 16));
            q = wasm_i32x4_add(q, squares(a + 24, b + 24));
        }
        wide = wasm_i64x2_add(wide, wasm_i64x2_add(widen(p), widen(q)));
    }
    return (uint64_t)wasm_i64x2_extract_lane(wide, 0) + (uint64_t)wasm_i64x2_extract_lane(wide, 1);
}

NT_FIXED_COMPARE(nt_fixed_compare_simd128, distance)
#else
typedef int nt_nothing_for_this_target;
#endif
