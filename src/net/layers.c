#include "net/layers.h"

#include "core/target.h"

const struct nt_layer_kernels *nt_layer_kernels(void) {
    switch (nt_target()) {
#if defined(__wasm_simd128__)
    case NT_SIMD128:
        return &nt_layer_kernels_simd128;
#endif
#if defined(__x86_64__)
    case NT_AVX2:
        return &nt_layer_kernels_avx2;
    case NT_AVX512:
        return &nt_layer_kernels_avx512;
#endif
    default:
        return &nt_layer_kernels_scalar;
    }
}
