/* Which instruction set the kernels use: the best that this machine has, or a lesser one on request. */
#ifndef NTRACE_CORE_TARGET_H
#define NTRACE_CORE_TARGET_H

#include <stdbool.h>

enum nt_target { NT_SCALAR, NT_SIMD128, NT_AVX2, NT_AVX512, NT_TARGET_COUNT };

/* The target in force. The first call finds the best one. Thread-safe once any thread has called it. WebAssembly with
 * SIMD has that one alone: what is decided when it is compiled leaves the scalar kernels out of a module that a reader
 * waits for. */
#if defined(__wasm_simd128__)
static inline enum nt_target nt_target(void) { return NT_SIMD128; }
#else
enum nt_target nt_target(void);
#endif

/* "scalar", "simd128", "avx2" or "avx512". */
const char *nt_target_name(enum nt_target target);

/* Whether this build and this machine can run it. */
bool nt_target_available(enum nt_target target);

/* Takes another target, for tests and benchmarks. Asserts that it is available. Not thread-safe. */
void nt_target_select(enum nt_target target);

#endif
