/* nt_distance_squared, one function per target. */
#ifndef NTRACE_KNN_DISTANCE_H
#define NTRACE_KNN_DISTANCE_H

#include <stddef.h>

typedef float nt_distance_kernel(const float *a, const float *b, size_t d);

nt_distance_kernel nt_distance_scalar, nt_distance_simd128, nt_distance_avx2, nt_distance_avx512;

#endif
