/* Eigenvectors of symmetric matrices. */
#ifndef NTRACE_CODES_EIGEN_H
#define NTRACE_CODES_EIGEN_H

#include <stddef.h>

#include "ntrace/allocator.h"
#include "ntrace/status.h"

/* Eigenvalues and eigenvectors of a symmetric matrix.
 *
 * value  out     [n] falling
 * a      in/out  [n,n] the matrix; on return row i is the unit eigenvector of value[i]
 *
 * Returns NT_OK, NT_E_MEMORY, or NT_E_VALUE where the iteration does not converge (values that are not finite). O(n^3).
 */
enum nt_status nt_eigen_symmetric(double *value, double *a, size_t n, const struct nt_allocator *allocator);

#endif
