/* Principal axes. Wide layers: randomised subspace iteration, Halko, Martinsson and Tropp, "Finding Structure with
 * Randomness", SIAM Review 53(2), 2011, algorithm 4.4, with rows kept orthonormal by shifted Cholesky QR, Fukaya,
 * Kannan, Nakatsukasa, Yamamoto and Yanagisawa, "Shifted Cholesky QR", SIAM J. Sci. Comput. 42(1), 2020. Axes need not
 * be exact: any orthonormal axes give valid codes, better ones smaller codes. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "codes/eigen.h"
#include "core/matrix.h"
#include "core/parallel.h"
#include "ntrace/codes.h"

enum { OVERSAMPLE = 16, NARROW = 320 };

struct workshop {
    const struct nt_allocator *allocator;
    unsigned workers;
};

static struct nt_matrix rows_of(const float *data, size_t columns) { return (struct nt_matrix){data, columns, 1}; }
static struct nt_matrix columns_of(const float *data, size_t columns) { return (struct nt_matrix){data, 1, columns}; }

static enum nt_status product(float *c, struct nt_matrix a, struct nt_matrix b, size_t m, size_t n, size_t k,
                              struct workshop shop) {
    return nt_matrix_product(c, a, b, m, n, k, shop.workers, shop.allocator);
}

static void subtract_centre(float *x, const float *centre, size_t n, size_t size) {
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < size; j++) {
            x[i * size + j] -= centre[j];
        }
    }
}

static enum nt_status find_centre(float *centre, const float *x, size_t n, size_t size, struct workshop shop) {
    double *sum = nt_allocate_zeroed(shop.allocator, size, sizeof *sum);
    if (sum == NULL) {
        return NT_E_MEMORY;
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < size; j++) {
            sum[j] += (double)x[i * size + j];
        }
    }
    for (size_t j = 0; j < size; j++) {
        centre[j] = (float)(sum[j] / (double)n);
    }
    nt_release(shop.allocator, sum);
    return NT_OK;
}

/* Inverse of the Cholesky factor of a [q,q] in place: lower triangle l with l·a·lᵀ = 1. False where a is not positive.
 */
static int invert_cholesky(float *inverse, double *a, size_t q) {
    for (size_t j = 0; j < q; j++) {
        for (size_t i = j; i < q; i++) {
            double sum = a[i * q + j];
            for (size_t k = 0; k < j; k++) {
                sum -= a[i * q + k] * a[j * q + k];
            }
            if (i == j && !(sum > 0)) {
                return 0;
            }
            a[i * q + j] = i == j ? sqrt(sum) : sum / a[j * q + j];
        }
    }
    for (size_t j = 0; j < q; j++) { /* forward substitution, column by column, kept above the diagonal */
        for (size_t i = j; i < q; i++) {
            double sum = i == j;
            for (size_t k = j; k < i; k++) {
                sum -= a[i * q + k] * (k == j ? (double)inverse[k * q + j] : a[j * q + k]);
            }
            double x = sum / a[i * q + i];
            inverse[i * q + j] = (float)x;
            if (i > j) {
                a[j * q + i] = x;
            }
        }
    }
    return 1;
}

/* Makes the rows of z [q,size] orthonormal, in two passes roughly, in three to rounding; other [q,size] and gram [2q,q]
 * are room. */
static enum nt_status orthonormalise(float **z, float **other, float *gram, double *work, size_t q, size_t size,
                                     int passes, struct workshop shop) {
    for (int pass = 0; pass < passes; pass++) {
        NT_TRY(product(gram, rows_of(*z, size), rows_of(*z, size), q, q, size, shop));
        double trace = 0;
        for (size_t i = 0; i < q; i++) {
            trace += (double)gram[i * q + i];
        }
        double shift = pass == 0 ? 1e-5 * trace / (double)q + 1e-30 : 0;
        for (int tries = 0;; tries++, shift = shift > 0 ? 10 * shift : 1e-7 * trace / (double)q) {
            for (size_t i = 0; i < q * q; i++) {
                work[i] = (double)gram[i] + (i / q == i % q ? shift : 0);
            }
            memset(gram + q * q, 0, q * q * sizeof *gram);
            if (invert_cholesky(gram + q * q, work, q)) {
                break;
            }
            if (tries == 12) {
                return NT_E_VALUE;
            }
        }
        NT_TRY(product(*other, rows_of(gram + q * q, q), columns_of(*z, size), q, size, q, shop));
        float *swap = *z;
        *z = *other;
        *other = swap;
    }
    return NT_OK;
}

/* Eigenvectors of the covariance of the columns of y [n,q], as float rows [q,q]. */
static enum nt_status principal(float *vectors, const float *y, size_t n, size_t q, struct workshop shop) {
    double *a = nt_allocate(shop.allocator, q * q, sizeof *a), *value = nt_allocate(shop.allocator, q, sizeof *value);
    enum nt_status status = a != NULL && value != NULL ? NT_OK : NT_E_MEMORY;
    if (status == NT_OK) {
        status = product(vectors, columns_of(y, q), columns_of(y, q), q, q, n, shop);
    }
    for (size_t i = 0; status == NT_OK && i < q * q; i++) {
        a[i] = (double)vectors[i];
    }
    if (status == NT_OK) {
        status = nt_eigen_symmetric(value, a, q, shop.allocator);
    }
    for (size_t i = 0; status == NT_OK && i < q * q; i++) {
        vectors[i] = (float)a[i];
    }
    nt_release(shop.allocator, a);
    nt_release(shop.allocator, value);
    return status;
}

/* basis [q,size] = yᵀ·x. A product packs its right side whole: the narrow y here, not x. other [q,size] is room. */
static enum nt_status multiply_back(float *basis, float *other, const float *y, const float *x, size_t n, size_t size,
                                    size_t q, struct workshop shop) {
    NT_TRY(product(other, columns_of(x, size), columns_of(y, q), size, q, n, shop));
    for (size_t i = 0; i < q; i++) {
        for (size_t j = 0; j < size; j++) {
            basis[i * size + j] = other[j * q + i];
        }
    }
    return NT_OK;
}

/* Subspace iteration: the rows of axes end as the leading principal axes. Room: q axes, y [n,q]. */
static enum nt_status iterate(float **basis, float **other, float *y, float *gram, double *work, const float *x,
                              size_t n, size_t size, size_t q, uint32_t rounds, struct workshop shop) {
    for (uint32_t i = 0; i < rounds; i++) {
        NT_TRY(product(y, rows_of(x, size), rows_of(*basis, size), n, q, size, shop));
        NT_TRY(multiply_back(*basis, *other, y, x, n, size, q, shop));
        NT_TRY(orthonormalise(basis, other, gram, work, q, size, i + 1 < rounds ? 2 : 3, shop));
    }
    NT_TRY(product(y, rows_of(x, size), rows_of(*basis, size), n, q, size, shop));
    NT_TRY(principal(gram, y, n, q, shop));
    return product(*other, rows_of(gram, q), columns_of(*basis, size), q, size, q, shop);
}

static enum nt_status wide(struct nt_axes *axes, const float *x, size_t n, uint32_t rounds, struct nt_random *random,
                           struct workshop shop) {
    size_t size = axes->size, q = axes->count + OVERSAMPLE < size ? axes->count + OVERSAMPLE : size;
    q = q < n ? q : n;
    const struct nt_allocator *al = shop.allocator;
    float *basis = nt_allocate(al, q, size * sizeof(float)), *other = nt_allocate(al, q, size * sizeof(float));
    float *y = nt_allocate(al, n, q * sizeof(float)), *gram = nt_allocate(al, 2 * q, q * sizeof(float));
    double *work = nt_allocate(al, q, q * sizeof(double));
    enum nt_status status = basis && other && y && gram && work ? NT_OK : NT_E_MEMORY;
    for (size_t i = 0; status == NT_OK && i < q * size; i++) {
        basis[i] = nt_random_normal(random);
    }
    if (status == NT_OK) {
        status = iterate(&basis, &other, y, gram, work, x, n, size, q, rounds, shop);
    }
    if (status == NT_OK) {
        axes->count = axes->count < q ? axes->count : (uint32_t)q;
        memcpy(axes->axis, other, axes->count * size * sizeof(float));
    }
    nt_release(al, basis);
    nt_release(al, other);
    nt_release(al, y);
    nt_release(al, gram);
    nt_release(al, work);
    return status;
}

static enum nt_status narrow(struct nt_axes *axes, const float *x, size_t n, struct workshop shop) {
    size_t size = axes->size;
    float *vectors = nt_allocate(shop.allocator, size, size * sizeof *vectors);
    enum nt_status status = vectors != NULL ? principal(vectors, x, n, size, shop) : NT_E_MEMORY;
    if (status == NT_OK) {
        memcpy(axes->axis, vectors, axes->count * size * sizeof *vectors);
    }
    nt_release(shop.allocator, vectors);
    return status;
}

enum nt_status nt_axes_find(struct nt_axes *axes, float *x, uint32_t n, uint32_t size, uint32_t limit, uint32_t rounds,
                            struct nt_random *random, unsigned workers, const struct nt_allocator *allocator) {
    *axes = (struct nt_axes){0};
    if (n == 0 || size == 0 || limit == 0 || limit > NT_CODES_MAX_AXES || rounds == 0) {
        return NT_E_ARG;
    }
    struct workshop shop = {allocator, workers};
    axes->size = size;
    axes->count = limit < size ? limit : size;
    axes->centre = nt_allocate(allocator, size, sizeof(float));
    axes->axis = nt_allocate(allocator, axes->count, size * sizeof(float));
    enum nt_status status = axes->centre != NULL && axes->axis != NULL ? NT_OK : NT_E_MEMORY;
    if (status == NT_OK) {
        status = find_centre(axes->centre, x, n, size, shop);
    }
    if (status == NT_OK) {
        subtract_centre(x, axes->centre, n, size);
        status = size <= NARROW ? narrow(axes, x, n, shop) : wide(axes, x, n, rounds, random, shop);
    }
    if (status != NT_OK) {
        nt_axes_clear(axes, allocator);
    }
    return status;
}

void nt_axes_clear(struct nt_axes *axes, const struct nt_allocator *allocator) {
    nt_release(allocator, axes->centre);
    nt_release(allocator, axes->axis);
    *axes = (struct nt_axes){0};
}

struct projection {
    const struct nt_axes *axes;
    const float *y, *x;
    float *rest;
};

static void find_rest(void *context, size_t item, unsigned worker) {
    const struct projection *p = context;
    const float *x = p->x + item * p->axes->size, *y = p->y + item * p->axes->count;
    double all = 0, kept = 0;
    (void)worker;
    for (size_t j = 0; j < p->axes->size; j++) {
        all += (double)x[j] * (double)x[j];
    }
    for (size_t j = 0; j < p->axes->count; j++) {
        kept += (double)y[j] * (double)y[j];
    }
    p->rest[item] = all > kept ? (float)sqrt(all - kept) : 0;
}

enum nt_status nt_axes_project(float *y, float *rest, float *x, const struct nt_axes *axes, uint32_t n,
                               unsigned workers, const struct nt_allocator *allocator) {
    size_t size = axes->size, count = axes->count;
    struct projection projection = {axes, y, x, rest};
    subtract_centre(x, axes->centre, n, size);
    NT_TRY(nt_matrix_product(y, rows_of(x, size), rows_of(axes->axis, size), n, count, size, workers, allocator));
    nt_parallel_for(n, workers, find_rest, &projection);
    return NT_OK;
}
