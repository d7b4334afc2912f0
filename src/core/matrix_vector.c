#include "core/matrix_vector.h"

enum { SUMS = 16 };

/* Compilers make vectors of the inner loops, whatever the target: no sum depends on another. */
static float dot(const float *a, const float *x, size_t columns) {
    float sum[SUMS] = {0};
    size_t i = 0;
    for (; i + SUMS <= columns; i += SUMS) {
        for (size_t j = 0; j < SUMS; j++) {
            sum[j] += a[i + j] * x[i + j];
        }
    }
    for (size_t j = 0; i + j < columns; j++) {
        sum[j] += a[i + j] * x[i + j];
    }
    for (size_t half = SUMS / 2; half > 0; half /= 2) {
        for (size_t j = 0; j < half; j++) {
            sum[j] += sum[j + half];
        }
    }
    return sum[0];
}

void nt_matrix_vector(float *y, const float *a, const float *x, size_t rows, size_t columns) {
    for (size_t r = 0; r < rows; r++) {
        y[r] = dot(a + r * columns, x, columns);
    }
}
