/* Dense matrix products in float32, for principal axes and projections. */
#ifndef NTRACE_CORE_MATRIX_H
#define NTRACE_CORE_MATRIX_H

#include <stddef.h>

#include "ntrace/allocator.h"
#include "ntrace/status.h"

/* A matrix as strides: element (i, j) is data[i * row + j * column]. Swap the strides for its transpose. */
struct nt_matrix {
    const float *data;
    size_t row, column;
};

enum { NT_MATRIX_DEPTH = 256 };

/* c [M,N] = a [M,K] · b [N,K] transposed.
 *
 * c        out  [M,N] row-major; undefined on failure
 * workers  in   threads, 0 for one per processor; the result does not depend on it
 *
 * Every sum runs over K in ascending order in float32, NT_MATRIX_DEPTH terms at a time from zero, so all targets give
 * the same bits, and rounding stays below (NT_MATRIX_DEPTH + K / NT_MATRIX_DEPTH) 2^-24 of the sum of the terms' sizes.
 * Returns NT_OK or NT_E_MEMORY. Needs room for a packed copy of b and, per worker, of a block of a. */
enum nt_status nt_matrix_product(float *c, struct nt_matrix a, struct nt_matrix b, size_t m, size_t n, size_t k,
                                 unsigned workers, const struct nt_allocator *allocator);

#endif
