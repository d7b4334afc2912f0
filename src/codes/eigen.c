/* Householder's reduction to tridiagonal form, then implicit QL with Wilkinson's shift: Golub and Van Loan, "Matrix
 * Computations", 4th edition, 2013, sections 8.3.1 and 8.3.3. The transformations are applied to the rows of an
 * orthogonal matrix, whose rows end as the eigenvectors. */
#include "codes/eigen.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { MAX_SWEEPS = 60 };

/* Reflects rows and columns 0 .. i of the matrix so that row i keeps one number beside the diagonal; the reflector
 * stays in row i. Returns its 2 / (v·v), or 0 where nothing was to be done. p [n] scratch. */
static double reflect(double *a, double *beside, double *p, size_t n, size_t i) {
    double *v = a + i * n, norm = 0;
    for (size_t j = 0; j < i; j++) {
        norm += v[j] * v[j];
    }
    norm = sqrt(norm);
    double tip = v[i - 1], length = tip > 0 ? -norm : norm;
    *beside = length;
    if (norm <= fabs(tip) * (1 + 1e-16) || norm == 0) {
        *beside = tip;
        return 0;
    }
    v[i - 1] = tip - length;
    double factor = 1 / (norm * norm - tip * length), dot = 0;
    for (size_t r = 0; r < i; r++) { /* p = matrix · v, from the lower triangle, row by row */
        const double *row = a + r * n;
        double sum = row[r] * v[r];
        for (size_t c = 0; c < r; c++) {
            sum += row[c] * v[c];
            p[c] += row[c] * v[r];
        }
        p[r] = sum;
    }
    for (size_t r = 0; r < i; r++) {
        p[r] *= factor;
        dot += p[r] * v[r];
    }
    for (size_t r = 0; r < i; r++) {
        p[r] -= 0.5 * factor * dot * v[r];
    }
    for (size_t r = 0; r < i; r++) {
        for (size_t c = 0; c <= r; c++) {
            a[r * n + c] -= v[r] * p[c] + p[r] * v[c];
        }
    }
    return factor;
}

/* diagonal [n], beside [n] (beside[i] couples i - 1 and i), q [n,n]: rows of the transformation, matrix = qᵀ T q. */
static void tridiagonalise(double *diagonal, double *beside, double *q, double *a, double *p, size_t n) {
    memset(q, 0, n * n * sizeof *q);
    double *factor = p + n;
    beside[0] = 0;
    for (size_t i = n - 1; i > 0; i--) {
        factor[i] = reflect(a, &beside[i], p, n, i);
    }
    for (size_t i = 0; i < n; i++) {
        diagonal[i] = a[i * n + i];
        q[i * n + i] = 1;
    }
    for (size_t i = 1; i < n;
         i++) { /* q = H_1 H_2 ... applied from the smallest: only columns 0 .. i - 1 are touched */
        const double *v = a + i * n;
        for (size_t r = 0; r < i && factor[i] != 0; r++) {
            double dot = 0;
            for (size_t c = 0; c < i; c++) {
                dot += q[r * n + c] * v[c];
            }
            dot *= factor[i];
            for (size_t c = 0; c < i; c++) {
                q[r * n + c] -= dot * v[c];
            }
        }
    }
}

/* One rotation of rows i and i + 1 of q. */
static void rotate_rows(double *q, double c, double s, size_t n, size_t i) {
    double *x = q + i * n, *y = x + n;
    for (size_t j = 0; j < n; j++) {
        double t = y[j];
        y[j] = s * x[j] + c * t;
        x[j] = c * x[j] - s * t;
    }
}

/* One implicit QL step on the block first .. last. e[i] couples i and i + 1. */
static void ql_step(double *d, double *e, double *q, size_t n, size_t first, size_t last) {
    double g = (d[first + 1] - d[first]) / (2 * e[first]), r = hypot(g, 1);
    g = d[last] - d[first] + e[first] / (g + (g >= 0 ? r : -r));
    double s = 1, c = 1, p = 0;
    for (size_t i = last; i-- > first;) {
        double f = s * e[i], b = c * e[i];
        r = hypot(f, g);
        e[i + 1] = r;
        if (r == 0) {
            d[i + 1] -= p;
            e[last] = 0;
            return;
        }
        s = f / r;
        c = g / r;
        g = d[i + 1] - p;
        r = (d[i] - g) * s + 2 * c * b;
        p = s * r;
        d[i + 1] = g + p;
        g = c * r - b;
        rotate_rows(q, c, s, n, i);
    }
    d[first] -= p;
    e[first] = g;
    e[last] = 0;
}

static enum nt_status diagonalise(double *d, double *e, double *q, size_t n) {
    for (size_t i = 1; i < n; i++) {
        e[i - 1] = e[i];
    }
    e[n - 1] = 0;
    for (size_t first = 0; first < n; first++) {
        for (int sweep = 0;; sweep++) {
            size_t last = first;
            while (last + 1 < n && fabs(e[last]) > 1e-16 * (fabs(d[last]) + fabs(d[last + 1]))) {
                last++;
            }
            if (last == first) {
                break;
            }
            if (sweep == MAX_SWEEPS || !isfinite(d[first])) {
                return NT_E_VALUE;
            }
            ql_step(d, e, q, n, first, last);
        }
    }
    return NT_OK;
}

/* Selection sort of the rows by falling value: n swaps of rows at most. */
static void sort_rows(double *value, double *q, size_t n, double *row) {
    for (size_t i = 0; i < n; i++) {
        size_t best = i;
        for (size_t j = i + 1; j < n; j++) {
            best = value[j] > value[best] ? j : best;
        }
        if (best != i) {
            double v = value[i];
            value[i] = value[best];
            value[best] = v;
            memcpy(row, q + i * n, n * sizeof *q);
            memcpy(q + i * n, q + best * n, n * sizeof *q);
            memcpy(q + best * n, row, n * sizeof *q);
        }
    }
}

enum nt_status nt_eigen_symmetric(double *value, double *a, size_t n, const struct nt_allocator *allocator) {
    double *q = nt_allocate(allocator, n * n, sizeof *q), *work = nt_allocate(allocator, 3 * n, sizeof *work);
    enum nt_status status = q != NULL && work != NULL ? NT_OK : NT_E_MEMORY;
    if (status == NT_OK) {
        tridiagonalise(value, work + 2 * n, q, a, work, n);
        status = diagonalise(value, work + 2 * n, q, n);
    }
    if (status == NT_OK) {
        sort_rows(value, q, n, work);
        memcpy(a, q, n * n * sizeof *q);
    }
    nt_release(allocator, q);
    nt_release(allocator, work);
    return status;
}
