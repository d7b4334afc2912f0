/* Solving small positive definite systems by Cholesky's factorisation, in double. */
#ifndef NTRACE_CORE_CHOLESKY_H
#define NTRACE_CORE_CHOLESKY_H

#include <stdbool.h>
#include <stddef.h>

/* Factors a = l · lᵀ in place: the lower triangle of a [n,n] becomes l, the upper one is left as it is. Returns false
 * where a is not positive definite; a is then undefined. O(n^3). */
bool nt_cholesky_factor(double *a, size_t n);

/* Solves l · lᵀ · x = x in place: x [n]. O(n^2). */
void nt_cholesky_solve(double *x, const double *l, size_t n);

#endif
