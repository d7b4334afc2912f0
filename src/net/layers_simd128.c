#if defined(__wasm_simd128__)
#define NT_TARGET_SIMD128
#include "core/simd.h"

#include "net/layers_kernels.h"
#else
typedef int nt_nothing_for_this_target;
#endif
