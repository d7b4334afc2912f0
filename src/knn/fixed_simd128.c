#if defined(__wasm_simd128__)
#include <wasm_simd128.h>

#include "knn/fixed.h"

#define UNROLL _Pragma("clang loop unroll(full)")

enum { STRETCH = 128, TOGETHER = 4 }; /* values whose squares are summed in 32 bits; pairs with one row of a */

static inline v128_t widen(v128_t v) {
    return wasm_i64x2_add(wasm_u64x2_extend_low_u32x4(v), wasm_u64x2_extend_high_u32x4(v));
}

static inline uint64_t both(v128_t wide) {
    return (uint64_t)wasm_i64x2_extract_lane(wide, 0) + (uint64_t)wasm_i64x2_extract_lane(wide, 1);
}

/* Distances of one row and of `rows` others. */
static inline void distances(uint64_t *out, const int16_t *a, const int16_t *const *b, uint32_t rows, uint32_t width) {
    v128_t wide[TOGETHER];
    UNROLL
    for (uint32_t r = 0; r < rows; r++) {
        wide[r] = wasm_i64x2_splat(0);
    }
    for (uint32_t from = 0; from < width;) {
        uint32_t end = width - from < STRETCH ? width : from + STRETCH;
        v128_t sum[TOGETHER];
        UNROLL
        for (uint32_t r = 0; r < rows; r++) {
            sum[r] = wasm_i32x4_splat(0);
        }
        for (; from < end; from += 16) {
            v128_t low = wasm_v128_load(a + from), high = wasm_v128_load(a + from + 8);
            UNROLL
            for (uint32_t r = 0; r < rows; r++) {
                v128_t p = wasm_i16x8_sub(low, wasm_v128_load(b[r] + from)),
                       q = wasm_i16x8_sub(high, wasm_v128_load(b[r] + from + 8));
                sum[r] = wasm_i32x4_add(sum[r], wasm_i32x4_dot_i16x8(p, p));
                sum[r] = wasm_i32x4_add(sum[r], wasm_i32x4_dot_i16x8(q, q));
            }
        }
        UNROLL
        for (uint32_t r = 0; r < rows; r++) {
            wide[r] = wasm_i64x2_add(wide[r], widen(sum[r]));
        }
    }
    UNROLL
    for (uint32_t r = 0; r < rows; r++) {
        out[r] = both(wide[r]);
    }
}

/* Several pairs at once where they have the same row of a, which is then read once for all of them. */
size_t nt_fixed_compare_simd128(struct nt_fixed_pair *pair, size_t pairs, const int16_t *a, const int16_t *b,
                                uint32_t width) {
    size_t kept = 0;
    for (size_t p = 0; p < pairs;) {
        const int16_t *left = a + (size_t)pair[p].a * width, *right[TOGETHER] = {b + (size_t)pair[p].b * width};
        uint64_t sum[TOGETHER];
        uint32_t same = 1;
        for (; same < TOGETHER && p + same < pairs && pair[p + same].a == pair[p].a; same++) {
            right[same] = b + (size_t)pair[p + same].b * width;
        }
        if (same == TOGETHER) {
            distances(sum, left, right, TOGETHER, width);
        } else if (same > 1) {
            same = 2;
            distances(sum, left, right, 2, width);
        } else {
            distances(sum, left, right, 1, width);
        }
        for (uint32_t r = 0; r < same; r++, p++) {
            struct nt_fixed_pair own = pair[p];
            own.sum += sum[r];
            pair[kept] = own;
            kept += own.sum <= own.stop;
        }
    }
    return kept;
}
#else
typedef int nt_nothing_for_this_target;
#endif
