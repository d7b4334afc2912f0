/* The product of a matrix in 8 bits and a vector in float32. */
#ifndef NTRACE_CORE_MATRIX_VECTOR_H
#define NTRACE_CORE_MATRIX_VECTOR_H

#include <stddef.h>
#include <stdint.h>

enum { NT_MATRIX_STRIP = 64 /* values of a row that share a unit */ };

/* Units of a row of so many values. */
static inline size_t nt_matrix_strips(size_t columns) { return (columns + NT_MATRIX_STRIP - 1) / NT_MATRIX_STRIP; }

/* y [rows] = a [rows, columns] · x [columns], the strips of a row in units [rows, strips]. Every sum is taken in 16
 * interleaved parts and a fixed tree: the same bits on every target. */
void nt_matrix_vector(float *y, const int8_t *a, const float *unit, const float *x, size_t rows, size_t columns);

/* Puts a matrix of finite values into 8 bits: the largest of each strip is 127 of its units. */
void nt_matrix_round(int8_t *a, float *unit, const float *exact, size_t rows, size_t columns);

#endif
