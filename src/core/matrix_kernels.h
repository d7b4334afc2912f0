/* One tile of a matrix product: ROWS x (VECTORS * NT_LANES) sums in registers. */
#include "core/matrix_tile.h"

#if NT_LANES == 16
enum { ROWS = 12, VECTORS = 2 };
#elif NT_LANES == 8
enum { ROWS = 6, VECTORS = 2 };
#else
enum { ROWS = 4, VECTORS = 2 };
#endif

static void tile(float *c, size_t stride, const float *a, const float *b, size_t k) {
    nt_vf sum[ROWS][VECTORS];
    for (size_t i = 0; i < ROWS; i++) {
        for (size_t j = 0; j < VECTORS; j++) {
            sum[i][j] = nt_vf_splat(0);
        }
    }
    for (size_t p = 0; p < k; p++) {
        nt_vf right[VECTORS];
        for (size_t j = 0; j < VECTORS; j++) {
            right[j] = nt_vf_load(b + (p * VECTORS + j) * NT_LANES);
        }
        NT_UNROLL
        for (size_t i = 0; i < ROWS; i++) {
            nt_vf left = nt_vf_splat(a[p * ROWS + i]);
            NT_UNROLL
            for (size_t j = 0; j < VECTORS; j++) {
                sum[i][j] = sum[i][j] + left * right[j];
            }
        }
    }
    for (size_t i = 0; i < ROWS; i++) {
        for (size_t j = 0; j < VECTORS; j++) {
            float *to = c + i * stride + j * NT_LANES;
            nt_vf_store(to, nt_vf_load(to) + sum[i][j]);
        }
    }
}

const struct nt_matrix_kernel NT_KERNEL(nt_matrix_kernel) = {ROWS, VECTORS *NT_LANES, tile};
