#define NT_TARGET_SCALAR
#include "core/simd.h"

#include "knn/distance_kernels.h"
