/* What matrix.c and the kernels of matrix products share. */
#ifndef NTRACE_CORE_MATRIX_TILE_H
#define NTRACE_CORE_MATRIX_TILE_H

#include <stddef.h>

/* Both sides come packed in panels: a as [panels][K][tile_rows], b as [panels][K][panel], the last panels filled up
 * with zeros. c [tile_rows, panel] += a panel · b panel, with `stride` floats from row to row of c; c has room for
 * whole tiles. */
typedef void nt_matrix_tile(float *c, size_t stride, const float *a, const float *b, size_t k);

struct nt_matrix_kernel {
    size_t rows, columns; /* of a tile */
    nt_matrix_tile *tile;
};

extern const struct nt_matrix_kernel nt_matrix_kernel_scalar, nt_matrix_kernel_simd128, nt_matrix_kernel_avx2,
    nt_matrix_kernel_avx512;

#endif
