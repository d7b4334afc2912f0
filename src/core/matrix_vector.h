/* The product of a matrix in 16 bits and a vector in float32. */
#ifndef NTRACE_CORE_MATRIX_VECTOR_H
#define NTRACE_CORE_MATRIX_VECTOR_H

#include <stddef.h>
#include <stdint.h>

/* y [rows] = a [rows, columns] · x [columns], each row of a in its unit [rows]. Every sum is taken in 16 interleaved
 * parts and a fixed tree: the same bits on every target. */
void nt_matrix_vector(float *y, const int16_t *a, const float *unit, const float *x, size_t rows, size_t columns);

/* Puts a matrix of finite values into 16 bits: the largest of each row is 32,767 of its units. */
void nt_matrix_round(int16_t *a, float *unit, const float *exact, size_t rows, size_t columns);

#endif
