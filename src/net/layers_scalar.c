#define NT_TARGET_SCALAR
#include "core/simd.h"

#include "net/layers_kernels.h"
