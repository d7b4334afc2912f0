#if defined(__wasm_simd128__)
#include <wasm_simd128.h>

#include "codes/scan.h"

void nt_codes_scan_simd128(uint32_t *square, const int8_t *code, const uint32_t *norm, const int16_t *query,
                           uint32_t query_norm, uint32_t samples, uint32_t stride) {
    for (uint32_t i = 0; i < samples; i++, code += stride) {
        v128_t a = wasm_i32x4_splat(0), b = a;
        for (uint32_t j = 0; j < stride; j += 16) {
            v128_t c = wasm_v128_load(code + j);
            a = wasm_i32x4_add(a, wasm_i32x4_dot_i16x8(wasm_i16x8_extend_low_i8x16(c), wasm_v128_load(query + j)));
            b = wasm_i32x4_add(b, wasm_i32x4_dot_i16x8(wasm_i16x8_extend_high_i8x16(c), wasm_v128_load(query + j + 8)));
        }
        a = wasm_i32x4_add(a, b);
        int32_t dot = wasm_i32x4_extract_lane(a, 0) + wasm_i32x4_extract_lane(a, 1) + wasm_i32x4_extract_lane(a, 2) +
                      wasm_i32x4_extract_lane(a, 3);
        square[i] = norm[i] + query_norm - 2 * (uint32_t)dot;
    }
}
#else
typedef int nt_nothing_for_this_target;
#endif
