/* Eight vectors side by side, row by row: what a round of subspace iteration does to them. */
#ifndef NTRACE_PROJECT_BLOCK_H
#define NTRACE_PROJECT_BLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "ntrace/random.h"

enum { NT_BLOCK = 8 };

/* A symmetric sparse matrix by rows. */
struct nt_sparse {
    const size_t *start; /* [rows + 1] */
    const uint32_t *to;
    const float *weight;
    uint32_t rows;
};

/* out = scale · matrix · x + shift · x - before, all [rows, NT_BLOCK]; before may be NULL, for 0. */
void nt_block_multiply(float *out, const float *x, const float *before, const struct nt_sparse *matrix, float scale,
                       float shift);

/* Makes the vectors orthonormal, and orthogonal to one more: vectors that are not independent are drawn anew.
 *
 * x     in/out [rows, NT_BLOCK]
 * away  in     [rows] not 0
 *
 * Needs rows > NT_BLOCK. */
void nt_block_orthonormalise(float *x, const float *away, uint32_t rows, struct nt_random *random);

/* Turns orthonormal vectors to the matrix's own directions in their span (Rayleigh and Ritz).
 *
 * value  out    [NT_BLOCK] the matrix's eigenvalues there, falling
 * x      in/out [rows, NT_BLOCK] orthonormal; on return in the order of `value`
 * mx     in     [rows, NT_BLOCK] the matrix times x
 *
 * Returns the larger length of what the first two vectors lack to be eigenvectors. */
double nt_block_rotate(double *value, float *x, const float *mx, uint32_t rows);

#endif
