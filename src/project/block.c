#include "project/block.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "project/lanes.h"

enum { MAX_SWEEPS = 20, MAX_TRIES = 4 };

void nt_block_multiply(float *out, const float *x, const float *before, const struct nt_sparse *matrix, float scale,
                       float shift) {
    for (size_t i = 0; i < matrix->rows; i++) {
        nt_v4 sum[2] = {{0}, {0}}, row[2], old[2] = {{0}, {0}};
        for (size_t e = matrix->start[i]; e < matrix->start[i + 1]; e++) {
            nt_v4 other[2];
            memcpy(other, x + (size_t)matrix->to[e] * NT_BLOCK, sizeof other);
            sum[0] += matrix->weight[e] * other[0];
            sum[1] += matrix->weight[e] * other[1];
        }
        memcpy(row, x + i * NT_BLOCK, sizeof row);
        if (before != NULL) {
            memcpy(old, before + i * NT_BLOCK, sizeof old);
        }
        row[0] = scale * sum[0] + shift * row[0] - old[0];
        row[1] = scale * sum[1] + shift * row[1] - old[1];
        memcpy(out + i * NT_BLOCK, row, sizeof row);
    }
}

/* Takes from one vector what it has in common with those before it and with `away`; returns its squared length before.
 */
static double subtract_others(float *x, int column, const float *away, double away_square, uint32_t rows) {
    double dot[NT_BLOCK] = {0}, common = 0;
    for (size_t i = 0; i < rows; i++) {
        const float *row = x + i * NT_BLOCK;
        double value = (double)row[column];
        for (int j = 0; j < NT_BLOCK; j++) {
            dot[j] += value * (double)row[j];
        }
        common += value * (double)away[i];
    }
    for (size_t i = 0; i < rows; i++) {
        float *row = x + i * NT_BLOCK;
        double value = (double)row[column] - common / away_square * (double)away[i];
        for (int j = 0; j < column; j++) {
            value -= dot[j] * (double)row[j];
        }
        row[column] = (float)value;
    }
    return dot[column];
}

static double square_of(const float *x, size_t stride, uint32_t rows) {
    double sum = 0;
    for (size_t i = 0; i < rows; i++) {
        sum += (double)x[i * stride] * (double)x[i * stride];
    }
    return sum;
}

/* Gram and Schmidt's method, twice for each vector. */
void nt_block_orthonormalise(float *x, const float *away, uint32_t rows, struct nt_random *random) {
    double away_square = square_of(away, 1, rows);
    for (int column = 0; column < NT_BLOCK; column++) {
        for (int tries = 0; tries < MAX_TRIES; tries++) {
            double first = subtract_others(x, column, away, away_square, rows);
            (void)subtract_others(x, column, away, away_square, rows);
            double left = square_of(x + column, NT_BLOCK, rows);
            if (left > 1e-10 * first && left > 0) {
                float scale = (float)(1 / sqrt(left));
                for (size_t i = 0; i < rows; i++) {
                    x[i * NT_BLOCK + (size_t)column] *= scale;
                }
                break;
            }
            for (size_t i = 0; i < rows; i++) {
                x[i * NT_BLOCK + (size_t)column] = nt_random_between(random, -1, 1);
            }
        }
    }
}

/* Jacobi's method for a small symmetric matrix: a turns diagonal, the columns of v are its eigenvectors. Golub and Van
 * Loan, "Matrix Computations", 4th edition, 2013, section 8.5. */
static void diagonalise(double a[NT_BLOCK][NT_BLOCK], double v[NT_BLOCK][NT_BLOCK]) {
    for (int i = 0; i < NT_BLOCK; i++) {
        for (int j = 0; j < NT_BLOCK; j++) {
            v[i][j] = i == j;
        }
    }
    for (int turn = 0; turn < MAX_SWEEPS * NT_BLOCK * NT_BLOCK; turn++) {
        int p = turn / NT_BLOCK % NT_BLOCK, q = turn % NT_BLOCK;
        if (p >= q || fabs(a[p][q]) < 1e-300) {
            continue;
        }
        double tau = (a[q][q] - a[p][p]) / (2 * a[p][q]), root = sqrt(1 + tau * tau);
        double t = tau >= 0 ? 1 / (tau + root) : 1 / (tau - root), c = 1 / sqrt(1 + t * t), s = t * c;
        for (int k = 0; k < NT_BLOCK; k++) {
            double x = a[k][p], y = a[k][q];
            a[k][p] = c * x - s * y;
            a[k][q] = s * x + c * y;
        }
        for (int k = 0; k < NT_BLOCK; k++) {
            double x = a[p][k], y = a[q][k];
            a[p][k] = c * x - s * y;
            a[q][k] = s * x + c * y;
            x = v[k][p], y = v[k][q];
            v[k][p] = c * x - s * y;
            v[k][q] = s * x + c * y;
        }
    }
}

/* Columns in the order of falling eigenvalues. */
static void order(int *column, double *value, double a[NT_BLOCK][NT_BLOCK]) {
    bool taken[NT_BLOCK] = {false};
    for (int i = 0; i < NT_BLOCK; i++) {
        int best = -1;
        for (int j = 0; j < NT_BLOCK; j++) {
            best = !taken[j] && (best < 0 || a[j][j] > a[best][best]) ? j : best;
        }
        taken[best] = true;
        column[i] = best;
        value[i] = a[best][best];
    }
}

double nt_block_rotate(double *value, float *x, const float *mx, uint32_t rows) {
    double a[NT_BLOCK][NT_BLOCK] = {{0}}, v[NT_BLOCK][NT_BLOCK], lack[2] = {0};
    int column[NT_BLOCK];
    for (size_t i = 0; i < rows; i++) {
        for (int p = 0; p < NT_BLOCK; p++) {
            for (int q = 0; q < NT_BLOCK; q++) {
                a[p][q] += (double)x[i * NT_BLOCK + (size_t)p] * (double)mx[i * NT_BLOCK + (size_t)q];
            }
        }
    }
    for (int p = 0; p < NT_BLOCK; p++) {
        for (int q = 0; q < p; q++) {
            a[p][q] = a[q][p] = (a[p][q] + a[q][p]) / 2;
        }
    }
    diagonalise(a, v);
    order(column, value, a);
    for (size_t i = 0; i < rows; i++) {
        double turned[NT_BLOCK] = {0}, turned_mx[2] = {0};
        for (int c = 0; c < NT_BLOCK; c++) {
            for (int p = 0; p < NT_BLOCK; p++) {
                turned[c] += (double)x[i * NT_BLOCK + (size_t)p] * v[p][column[c]];
                if (c < 2) {
                    turned_mx[c] += (double)mx[i * NT_BLOCK + (size_t)p] * v[p][column[c]];
                }
            }
        }
        for (int c = 0; c < NT_BLOCK; c++) {
            x[i * NT_BLOCK + (size_t)c] = (float)turned[c];
        }
        for (int c = 0; c < 2; c++) {
            double rest = turned_mx[c] - value[c] * turned[c];
            lack[c] += rest * rest;
        }
    }
    return sqrt(lack[0] > lack[1] ? lack[0] : lack[1]);
}
