#if defined(__AVX512BW__)
#define NT_TARGET_AVX512
#include "core/simd.h"

#include "net/layers_kernels.h"
#else
typedef int nt_nothing_for_this_target;
#endif
