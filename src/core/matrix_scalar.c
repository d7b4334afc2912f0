#define NT_TARGET_SCALAR
#include "core/simd.h"

#include "core/matrix_kernels.h"
