#if defined(__wasm_simd128__)
#include <wasm_simd128.h>

#define NT_TARGET_SIMD128
#include "core/simd.h"
#include "knn/rough.h"

enum { ROWS = 2, LANES = 4 };

/* Of two rows each, the sums of first and third and of second and fourth values' pairs. */
typedef struct {
    v128_t low, high;
} nt_rough_vector;

static inline nt_rough_vector zero(void) { return (nt_rough_vector){wasm_i32x4_splat(0), wasm_i32x4_splat(0)}; }

static inline nt_rough_vector add_four(nt_rough_vector sum, int32_t a, const int8_t *right) {
    v128_t left = wasm_u16x8_extend_low_u8x16(wasm_i32x4_splat(a)), bytes = wasm_v128_load(right);
    sum.low = wasm_i32x4_add(sum.low, wasm_i32x4_dot_i16x8(left, wasm_i16x8_extend_low_i8x16(bytes)));
    sum.high = wasm_i32x4_add(sum.high, wasm_i32x4_dot_i16x8(left, wasm_i16x8_extend_high_i8x16(bytes)));
    return sum;
}

static inline nt_rough_vector add(nt_rough_vector sum, int32_t a, int32_t b, const int8_t *right,
                                  const int8_t *further) {
    return add_four(add_four(sum, a, right), b, further);
}

static inline void sums(int32_t *product, nt_rough_vector sum, const int32_t *start) {
    v128_t even = wasm_i32x4_shuffle(sum.low, sum.high, 0, 2, 4, 6);
    v128_t odd = wasm_i32x4_shuffle(sum.low, sum.high, 1, 3, 5, 7);
    wasm_v128_store(product, wasm_i32x4_add(wasm_v128_load(start), wasm_i32x4_add(even, odd)));
}

static inline int32_t dot(const uint8_t *raised, const int8_t *row, uint32_t stride) {
    v128_t sum = wasm_i32x4_splat(0);
    for (uint32_t j = 0; j < stride; j += 16) {
        v128_t a = wasm_v128_load(raised + j), b = wasm_v128_load(row + j);
        v128_t low = wasm_i32x4_dot_i16x8(wasm_u16x8_extend_low_u8x16(a), wasm_i16x8_extend_low_i8x16(b));
        v128_t high = wasm_i32x4_dot_i16x8(wasm_u16x8_extend_high_u8x16(a), wasm_i16x8_extend_high_i8x16(b));
        sum = wasm_i32x4_add(sum, wasm_i32x4_add(low, high));
    }
    return wasm_i32x4_extract_lane(sum, 0) + wasm_i32x4_extract_lane(sum, 1) + wasm_i32x4_extract_lane(sum, 2) +
           wasm_i32x4_extract_lane(sum, 3);
}

static uint32_t within(const int32_t *product, const float *base, float unit, float reach) {
    uint32_t mask = 0;
    for (uint32_t i = 0; i < 32; i += LANES) {
        v128_t scaled = wasm_f32x4_mul(wasm_f32x4_splat(unit), wasm_f32x4_convert_i32x4(wasm_v128_load(product + i)));
        v128_t gap = wasm_f32x4_sub(wasm_v128_load(base + i), scaled);
        mask |= (uint32_t)wasm_i32x4_bitmask(wasm_f32x4_le(gap, wasm_f32x4_splat(reach))) << i;
    }
    return mask;
}

#define NAME nt_rough_simd128
#include "knn/rough_kernels.h"
#else
typedef int nt_nothing_for_this_target;
#endif
