#include "core/target.h"

#include <assert.h>
#include <stddef.h>

bool nt_target_available(enum nt_target target) {
    switch (target) {
#if defined(__wasm_simd128__)
    case NT_SIMD128:
        return true;
#else
    case NT_SCALAR:
        return true;
#endif
#if defined(__x86_64__)
    case NT_AVX2:
        return __builtin_cpu_supports("avx2") != 0;
    case NT_AVX512:
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#endif
    default:
        return false;
    }
}

#if !defined(__wasm_simd128__)
static int selected = -1;

enum nt_target nt_target(void) {
    if (selected < 0) {
        int best = NT_TARGET_COUNT - 1;
        while (!nt_target_available((enum nt_target)best)) {
            best--;
        }
        selected = best;
    }
    return (enum nt_target)selected;
}

void nt_target_select(enum nt_target target) {
    assert(nt_target_available(target));
    selected = (int)target;
}
#endif

const char *nt_target_name(enum nt_target target) {
    static const char *const names[NT_TARGET_COUNT] = {"scalar", "simd128", "avx2", "avx512"};
    return (unsigned)target < NT_TARGET_COUNT ? names[target] : "unknown";
}
