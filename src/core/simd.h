/* Vector types for kernels that are written once and compiled once per target.
 *
 * A kernel's body lives in `x_kernels.h`, which uses NT_LANES, nt_vf and NT_KERNEL(name). Each target has a four-line
 * file `x_<target>.c` that defines NT_TARGET_<NAME>, includes this header and then the body; the Makefile gives
 * files named *_avx2.c, *_avx512.c and *_simd128.c their flags (native x86: scalar, avx2, avx512; WebAssembly: scalar,
 * simd128). `x.c` dispatches with nt_target(). No target contracts a*b+c, and every sum is taken in one order that does
 * not depend on NT_LANES, so that all targets, native and WebAssembly, agree bit for bit. */
#ifndef NTRACE_CORE_SIMD_H
#define NTRACE_CORE_SIMD_H

#include <stdint.h>
#include <string.h>

#if defined(NT_TARGET_AVX512)
#define NT_LANES 16
#define NT_KERNEL(name) name##_avx512
#elif defined(NT_TARGET_AVX2)
#define NT_LANES 8
#define NT_KERNEL(name) name##_avx2
#elif defined(NT_TARGET_SIMD128)
#define NT_LANES 4
#define NT_KERNEL(name) name##_simd128
#elif defined(NT_TARGET_SCALAR)
#define NT_LANES 1
#define NT_KERNEL(name) name##_scalar
#else
#error "define NT_TARGET_SCALAR, NT_TARGET_SIMD128, NT_TARGET_AVX2 or NT_TARGET_AVX512 first"
#endif

/* Before a short loop of constant length over sums that have to stay in registers. Clang does not know GCC's pragma. */
#if defined(__clang__)
#define NT_UNROLL _Pragma("clang loop unroll(full)")
#else
#define NT_UNROLL _Pragma("GCC unroll 16")
#endif

#if NT_LANES == 1
typedef float nt_vf;
static inline nt_vf nt_vf_load(const float *p) { return *p; }
static inline void nt_vf_store(float *p, nt_vf v) { *p = v; }
static inline nt_vf nt_vf_splat(float x) { return x; }
static inline nt_vf nt_vf_max(nt_vf a, nt_vf b) { return a > b ? a : b; }
#else
typedef float nt_vf __attribute__((vector_size(4 * NT_LANES)));
typedef int32_t nt_vi __attribute__((vector_size(4 * NT_LANES)));
static inline nt_vf nt_vf_load(const float *p) {
    nt_vf v;
    memcpy(&v, p, sizeof v);
    return v;
}
static inline void nt_vf_store(float *p, nt_vf v) { memcpy(p, &v, sizeof v); }
/* Minus and not plus: x - 0 is x for every x, so that nothing is left to compute, whereas -0 + 0 is +0. */
static inline nt_vf nt_vf_splat(float x) { return x - (nt_vf){0}; }
/* Lane by lane a > b ? a : b: so max(x, 0) gives +0 for -0 and for NaN. */
static inline nt_vf nt_vf_max(nt_vf a, nt_vf b) {
#if defined(NT_TARGET_SIMD128)
    return (nt_vf)__builtin_wasm_pmax_f32x4(b, a); /* compilers do not see that it is one instruction */
#endif
    nt_vi mask = a > b;
    return (nt_vf)(((nt_vi)a & mask) | ((nt_vi)b & ~mask));
}
#endif

#endif
