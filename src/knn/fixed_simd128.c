#if defined(__wasm_simd128__)
#include <wasm_simd128.h>

#include "knn/fixed.h"

static v128_t squares(const int16_t *a, const int16_t *b) {
    v128_t gap = wasm_i16x8_sub(wasm_v128_load(a), wasm_v128_load(b));
    return wasm_i32x4_dot_i16x8(gap, gap);
}

uint64_t nt_fixed_distance_simd128(const int16_t *a, const int16_t *b, uint32_t count, uint64_t stop) {
    uint64_t sum = 0;
    for (uint32_t from = 0; from < count && sum <= stop; from += NT_FIXED_STRETCH) {
        uint32_t end = count - from < NT_FIXED_STRETCH ? count : from + NT_FIXED_STRETCH;
        v128_t p = wasm_i32x4_splat(0), q = p;
        for (uint32_t i = from; i < end; i += 32) {
            p = wasm_i32x4_add(p, squares(a + i, b + i));
            q = wasm_i32x4_add(q, squares(a + i + 8, b + i + 8));
            p = wasm_i32x4_add(p, squares(a + i + 16, b + i + 16));
            q = wasm_i32x4_add(q, squares(a + i + 24, b + i + 24));
        }
        v128_t wide = wasm_i64x2_add(wasm_u64x2_extend_low_u32x4(p), wasm_u64x2_extend_high_u32x4(p));
        wide = wasm_i64x2_add(wide, wasm_u64x2_extend_low_u32x4(q));
        wide = wasm_i64x2_add(wide, wasm_u64x2_extend_high_u32x4(q));
        sum += (uint64_t)wasm_i64x2_extract_lane(wide, 0) + (uint64_t)wasm_i64x2_extract_lane(wide, 1);
    }
    return sum;
}
#else
typedef int nt_nothing_for_this_target;
#endif
