/* Matrix products by packed panels and register tiles, after Goto and van de Geijn, "Anatomy of High-Performance Matrix
 * Multiplication", ACM TOMS 34(3), 2008; only two of its loops are blocked, which is enough for the sizes met here. */
#include "core/matrix.h"

#include <string.h>

#include "core/matrix_tile.h"
#include "core/parallel.h"
#include "core/target.h"

enum { BLOCK_ROWS = 96, BLOCK_DEPTH = NT_MATRIX_DEPTH }; /* 96 is a multiple of every target's tile rows */

static const struct nt_matrix_kernel *kernel(void) {
    switch (nt_target()) {
#if defined(__wasm_simd128__)
    case NT_SIMD128:
        return &nt_matrix_kernel_simd128;
#endif
#if defined(__x86_64__)
    case NT_AVX2:
        return &nt_matrix_kernel_avx2;
    case NT_AVX512:
        return &nt_matrix_kernel_avx512;
#endif
    default:
        return &nt_matrix_kernel_scalar;
    }
}

/* Packs rows first .. first+count of a matrix, columns from .. from+depth, into panels of `width` rows. */
static void pack(float *out, struct nt_matrix x, size_t first, size_t count, size_t from, size_t depth, size_t width) {
    for (size_t panel = 0; panel < count; panel += width) {
        size_t rows = count - panel < width ? count - panel : width;
        for (size_t p = 0; p < depth; p++) {
            const float *in = x.data + (first + panel) * x.row + (from + p) * x.column;
            for (size_t i = 0; i < rows; i++) {
                out[i] = in[i * x.row];
            }
            memset(out + rows, 0, (width - rows) * sizeof *out);
            out += width;
        }
    }
}

struct product {
    const struct nt_matrix_kernel *kernel;
    struct nt_matrix a, b;
    float *c, *right, *left,
        *block;            /* packed b; per worker, packed a and a block of c whose rows and columns are whole tiles */
    size_t m, n, k, width; /* width: n rounded up to whole tiles */
};

static size_t min(size_t a, size_t b) { return a < b ? a : b; }

static void multiply_block(void *context, size_t item, unsigned worker) {
    const struct product *p = context;
    const struct nt_matrix_kernel *kn = p->kernel;
    float *left = p->left + worker * (size_t)BLOCK_ROWS * BLOCK_DEPTH,
          *block = p->block + worker * BLOCK_ROWS * p->width;
    size_t first = item * BLOCK_ROWS, rows = min(BLOCK_ROWS, p->m - first);
    memset(block, 0, BLOCK_ROWS * p->width * sizeof *block);
    for (size_t from = 0; from < p->k; from += BLOCK_DEPTH) {
        size_t depth = min(BLOCK_DEPTH, p->k - from);
        pack(left, p->a, first, rows, from, depth, kn->rows);
        for (size_t j = 0; j < p->width; j += kn->columns) {
            const float *right = p->right + j * p->k + from * kn->columns;
            for (size_t i = 0; i < rows; i += kn->rows) {
                kn->tile(block + i * p->width + j, p->width, left + i * depth, right, depth);
            }
        }
    }
    for (size_t i = 0; i < rows; i++) {
        memcpy(p->c + (first + i) * p->n, block + i * p->width, p->n * sizeof *block);
    }
}

static void pack_right(void *context, size_t item, unsigned worker) {
    const struct product *p = context;
    (void)worker;
    size_t j = item * p->kernel->columns;
    pack(p->right + j * p->k, p->b, j, min(p->kernel->columns, p->n - j), 0, p->k, p->kernel->columns);
}

enum nt_status nt_matrix_product(float *c, struct nt_matrix a, struct nt_matrix b, size_t m, size_t n, size_t k,
                                 unsigned workers, const struct nt_allocator *allocator) {
    if (workers == 0) {
        workers = nt_parallel_processors();
    }
    struct product p = {.kernel = kernel(), .a = a, .b = b, .c = c, .m = m, .n = n, .k = k};
    p.width = (n + p.kernel->columns - 1) / p.kernel->columns * p.kernel->columns;
    p.right = nt_allocate(allocator, p.width, k * sizeof(float));
    p.left = nt_allocate(allocator, workers, BLOCK_ROWS * BLOCK_DEPTH * sizeof(float));
    p.block = nt_allocate(allocator, workers * (size_t)BLOCK_ROWS, p.width * sizeof(float));
    enum nt_status status = p.right != NULL && p.left != NULL && p.block != NULL ? NT_OK : NT_E_MEMORY;
    if (status == NT_OK) {
        nt_parallel_for(p.width / p.kernel->columns, workers, pack_right, &p);
        nt_parallel_for((m + BLOCK_ROWS - 1) / BLOCK_ROWS, workers, multiply_block, &p);
    }
    nt_release(allocator, p.right);
    nt_release(allocator, p.left);
    nt_release(allocator, p.block);
    return status;
}
