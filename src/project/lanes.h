/* Four lanes of float32, as compilers give them to every target: SSE2, SIMD128, or four numbers. One operation a lane
 * and no contraction, so that all targets give the same bits. */
#ifndef NTRACE_PROJECT_LANES_H
#define NTRACE_PROJECT_LANES_H

#include <stdint.h>
#include <string.h>

#if defined(__wasm_simd128__)
#include <wasm_simd128.h>
#elif defined(__SSE2__)
#include <emmintrin.h>
#endif

typedef float nt_v4 __attribute__((vector_size(16)));
typedef int32_t nt_v4i __attribute__((vector_size(16)));
typedef uint32_t nt_v4u __attribute__((vector_size(16)));

static inline nt_v4 nt_v4_splat(float x) { return (nt_v4){x, x, x, x}; }

/* Lane by lane between low and high; x is a number. */
static inline nt_v4 nt_v4_clamp(nt_v4 x, nt_v4 low, nt_v4 high) {
#if defined(__wasm_simd128__)
    return (nt_v4)wasm_f32x4_pmin(wasm_f32x4_pmax((v128_t)x, (v128_t)low), (v128_t)high);
#elif defined(__SSE2__)
    return (nt_v4)_mm_min_ps(_mm_max_ps((__m128)x, (__m128)low), (__m128)high);
#else
    for (int i = 0; i < 4; i++) {
        x[i] = x[i] < low[i] ? low[i] : x[i] > high[i] ? high[i] : x[i];
    }
    return x;
#endif
}

/* Points [.,2] at four indexes: their first and their second coordinates. */
static inline void nt_v4_gather(nt_v4 *x, nt_v4 *y, const float *point, nt_v4u at) {
#if defined(__wasm_simd128__)
    v128_t low = wasm_v128_load64_zero(point + 2 * (size_t)at[0]),
           high = wasm_v128_load64_zero(point + 2 * (size_t)at[2]);
    low = wasm_v128_load64_lane(point + 2 * (size_t)at[1], low, 1);
    high = wasm_v128_load64_lane(point + 2 * (size_t)at[3], high, 1);
    *x = (nt_v4)wasm_i32x4_shuffle(low, high, 0, 2, 4, 6);
    *y = (nt_v4)wasm_i32x4_shuffle(low, high, 1, 3, 5, 7);
#elif defined(__SSE2__)
    __m128 low = _mm_setzero_ps(), high = low;
    low = _mm_loadl_pi(low, (const __m64 *)(point + 2 * (size_t)at[0]));
    low = _mm_loadh_pi(low, (const __m64 *)(point + 2 * (size_t)at[1]));
    high = _mm_loadl_pi(high, (const __m64 *)(point + 2 * (size_t)at[2]));
    high = _mm_loadh_pi(high, (const __m64 *)(point + 2 * (size_t)at[3]));
    *x = (nt_v4)_mm_shuffle_ps(low, high, 0x88);
    *y = (nt_v4)_mm_shuffle_ps(low, high, 0xdd);
#else
    for (int i = 0; i < 4; i++) {
        (*x)[i] = point[2 * (size_t)at[i]];
        (*y)[i] = point[2 * (size_t)at[i] + 1];
    }
#endif
}

/* Adds to points [.,2] at the first `count` of four indexes, one after the other: an index may come twice. */
static inline void nt_v4_scatter_add(float *point, nt_v4u at, nt_v4 x, nt_v4 y, int count) {
#if defined(__wasm_simd128__)
    v128_t low = wasm_i32x4_shuffle((v128_t)x, (v128_t)y, 0, 4, 1, 5);
    v128_t high = wasm_i32x4_shuffle((v128_t)x, (v128_t)y, 2, 6, 3, 7);
    for (int i = 0; i < count; i++) {
        float *p = point + 2 * (size_t)at[i];
        v128_t pair = i < 2 ? low : high, old = wasm_v128_load64_zero(p);
        pair = i % 2 == 0 ? pair : wasm_i64x2_shuffle(pair, pair, 1, 1);
        wasm_v128_store64_lane(p, wasm_f32x4_add(old, pair), 0);
    }
#elif defined(__SSE2__)
    __m128 low = _mm_unpacklo_ps((__m128)x, (__m128)y), high = _mm_unpackhi_ps((__m128)x, (__m128)y);
    for (int i = 0; i < count; i++) {
        __m64 *p = (__m64 *)(point + 2 * (size_t)at[i]);
        __m128 pair = i < 2 ? low : high, old = _mm_loadl_pi(_mm_setzero_ps(), p);
        pair = i % 2 == 0 ? pair : _mm_movehl_ps(pair, pair);
        _mm_storel_pi(p, _mm_add_ps(old, pair));
    }
#else
    for (int i = 0; i < count; i++) {
        point[2 * (size_t)at[i]] += x[i];
        point[2 * (size_t)at[i] + 1] += y[i];
    }
#endif
}

/* Whole numbers of 0 .. 2^22 - 1 rounded to the nearest, the even one of two. */
static inline nt_v4u nt_v4_round(nt_v4 x) { return (nt_v4u)((nt_v4i)(x + 12582912.0f) - 0x4b400000); }

/* Base-2 logarithm of positive numbers, within 3e-6 (a polynomial in m - 1 over one octave around 1, fitted for the
 * least greatest error). Of 0 it gives about -127. */
static inline nt_v4 nt_v4_log2(nt_v4 x) {
    nt_v4i bits = (nt_v4i)x;
    nt_v4i octave = (bits - 0x3f3504f3) >> 23;
    nt_v4 t = (nt_v4)(bits - (octave << 23)) - 1.0f;
    nt_v4 p = -0.20659163817608603f * t + 0.3221547751389731f;
    p = p * t - 0.3674899940186528f;
    p = p * t + 0.4793480211300767f;
    p = p * t - 0.7211318577646563f;
    p = p * t + 1.4427134813688158f;
    return p * t + __builtin_convertvector(octave, nt_v4);
}

/* 2 to the power of -126 to 126, within a relative error of 3e-6 (fitted alike, around 0). */
static inline nt_v4 nt_v4_exp2(nt_v4 x) {
    const float shift = 12582912.0f; /* 3 * 2^22: adding it rounds to a whole number */
    nt_v4 rounded = x + shift;
    nt_v4i whole = (nt_v4i)rounded - 0x4b400000;
    nt_v4 t = x - (rounded - shift);
    nt_v4 p = 0.009570101433355085f * t + 0.055917860281917406f;
    p = p * t + 0.2402474483966336f;
    p = p * t + 0.6931218147436753f;
    p = p * t + 0.9999992614421622f;
    return (nt_v4)((nt_v4i)p + (whole << 23));
}

#endif
