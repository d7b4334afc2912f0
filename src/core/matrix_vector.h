/* The product of a matrix and a vector in float32. */
#ifndef NTRACE_CORE_MATRIX_VECTOR_H
#define NTRACE_CORE_MATRIX_VECTOR_H

#include <stddef.h>

/* y [rows] = a [rows, columns] · x [columns]. Every sum is taken in 16 interleaved parts and a fixed tree: the same
 * bits on every target. */
void nt_matrix_vector(float *y, const float *a, const float *x, size_t rows, size_t columns);

#endif
